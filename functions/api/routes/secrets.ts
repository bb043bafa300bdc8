import * as z from 'zod';
import { Problem } from '../problem.ts';
import { route } from '../route.ts';
import { makeKeys, revealSecret, SecretInput } from '../secrets.ts';
import { SecretView } from '../views.ts';
import { change, readSubscription, subscriptionParams } from './subscriptions.ts';

const DEFAULT_OVERLAP_SECONDS = 86_400;
/** Each signs every delivery until it ends, so a rotation too many ends the oldest early. */
const MAX_PREVIOUS_KEYS = 6;

export const secretRoutes = [
  route('GET', '/v1/tenants/{tenantId}/subscriptions/{subscriptionId}/secret', {
    summary: 'Read the signing secret',
    tag: 'Subscriptions',
    access: 'tenant',
    params: subscriptionParams,
    responses: { 200: { description: 'The keys.', schema: SecretView } },
    run: async ({ params, principal, deps }) => {
      if (principal.kind === 'tenant' && principal.readOnly) {
        throw new Problem('forbidden', 'A read-only token cannot read signing secrets.');
      }
      const subscription = await readSubscription(deps, params);
      return { status: 200, body: await revealSecret(deps, subscription) };
    },
  }),
  route('POST', '/v1/tenants/{tenantId}/subscriptions/{subscriptionId}/secret/rotate', {
    summary: 'Change the signing secret; the old one signs beside it for a while',
    tag: 'Subscriptions',
    access: 'tenant',
    params: subscriptionParams,
    body: z
      .strictObject({
        secret: SecretInput.optional(),
        overlapSeconds: z.int().min(0).max(604_800).default(DEFAULT_OVERLAP_SECONDS),
      })
      .meta({ id: 'RotateInput' }),
    bodyOptional: true,
    responses: { 200: { description: 'The new keys, and when the old ones end.', schema: SecretView } },
    run: async ({ params, body, deps }) => {
      const now = deps.now();
      const rotated = await change(deps, params, null, async (current) => {
        const fresh = await makeKeys(deps, params, current.signatureVersions, body.secret);
        const previous = current.keys
          .map((key) => ({ ...key, endsAt: key.endsAt ?? now + body.overlapSeconds * 1_000 }))
          .filter(({ endsAt }) => endsAt > now);
        return { ...current, keys: [...fresh, ...previous.slice(0, MAX_PREVIOUS_KEYS)] };
      });
      return { status: 200, body: await revealSecret(deps, rotated) };
    },
  }),
];
