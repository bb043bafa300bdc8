import * as z from 'zod';
import type { Principal } from './principal.ts';

/** The company's own OIDC provider, by which people sign in to the console, and what it says of them. */
export const SignIn = z.object({
  issuer: z.url(),
  clientId: z.string().min(1),
  /** The claim whose values decide. */
  claim: z.string().min(1),
  adminValues: z.array(z.string()),
  readValues: z.array(z.string()),
});
export type SignIn = z.infer<typeof SignIn>;

/** What is read of an ID token whose signature, issuer, audience and times were found right. `exp` in seconds. */
const Claims = z.looseObject({
  sub: z.string().min(1).max(255),
  exp: z.number(),
  name: z.string().optional().catch(undefined),
  email: z.string().optional().catch(undefined),
});

/** Who a person is to Posthorn; null if the claim gives no role. People see all tenants: customers have portal tokens. */
export function personOf(claims: unknown, { claim, adminValues, readValues }: SignIn): Principal | null {
  const parsed = Claims.safeParse(claims);
  if (!parsed.success) return null;
  const { sub, exp, email, name } = parsed.data;
  const values = [Object.hasOwn(parsed.data, claim) ? parsed.data[claim] : undefined].flat();
  const has = (wanted: readonly string[]) =>
    values.some((value) => typeof value === 'string' && wanted.includes(value));
  const role = has(adminValues) ? 'admin' : has(readValues) ? 'read' : null;
  if (role === null) return null;
  return { kind: 'person', id: `usr_${sub}`, name: email ?? name ?? null, role, tenantId: null, endsAt: exp * 1_000 };
}

/** Whether a text has the form of a signed token, which no key of Posthorn's own has. */
export function isSignedToken(text: string): boolean {
  return /^[\w-]+\.[\w-]+\.[\w-]+$/.test(text);
}
