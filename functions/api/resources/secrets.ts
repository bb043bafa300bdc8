import * as z from 'zod';
import type { ProfileDocument } from '../../core/profile/profile.ts';
import type { Subscription } from '../../core/subscription/subscription.ts';
import { forbidReadOnly, Problem } from '../http/problem.ts';
import { type ApiDeps, route } from '../http/route.ts';
import { chooseSecret, generateTextSecret, makeKeys, revealSecret, SecretInput } from '../secrets.ts';
import { changeSubscription, readSubscription } from '../subscriptions.ts';
import { subscriptionParams } from './subscriptions.ts';
import { SecretView } from './views.ts';

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
      forbidReadOnly(principal);
      const subscription = await readSubscription(deps, params);
      return { status: 200, body: await revealSecret(deps, subscription) };
    },
  }),
  route('POST', '/v1/tenants/{tenantId}/subscriptions/{subscriptionId}/secret/rotate', {
    summary: 'Change the signing secret; the old one signs beside it for a while, if the profile has room for both',
    tag: 'Subscriptions',
    access: 'tenant',
    params: subscriptionParams,
    body: z
      .strictObject({
        secret: SecretInput.optional(),
        overlapSeconds: z
          .int()
          .min(0)
          .max(604_800)
          .default(DEFAULT_OVERLAP_SECONDS)
          .meta({ description: 'No older secret signs longer than this, those of earlier rotations included.' }),
      })
      .meta({ id: 'RotateInput' }),
    bodyOptional: true,
    responses: { 200: { description: 'The new keys, and when the old ones end.', schema: SecretView } },
    run: async ({ params, body, deps }) => {
      const now = deps.now();
      const rotated = await changeSubscription(deps, params, null, async (current) => {
        const document = await profileOf(deps, current);
        const fresh = await makeKeys(deps, params, current.signatureVersions, nextSecret(document, body.secret));
        const overlapMs = carriesSeveral(document) ? body.overlapSeconds * 1_000 : 0;
        const previous = current.keys
          .map((key) => ({ ...key, endsAt: Math.min(key.endsAt ?? Number.POSITIVE_INFINITY, now + overlapMs) }))
          .filter(({ endsAt }) => endsAt > now);
        return { ...current, keys: [...fresh, ...previous.slice(0, MAX_PREVIOUS_KEYS)] };
      });
      return { status: 200, body: await revealSecret(deps, rotated) };
    },
  }),
];

async function profileOf(deps: ApiDeps, { profile: name }: Subscription): Promise<ProfileDocument> {
  const profile = await deps.profiles.get(name, null);
  if (profile === null) throw new Problem('conflict', `The profile ${name} was deleted. Change it first.`);
  return profile.document;
}

/** Whether an old secret can sign beside a new one: a header without a separator has room for one signature. */
function carriesSeveral({ signatures }: ProfileDocument): boolean {
  return signatures.some(({ key, separator }) => key === 'subscription' && separator !== null);
}

/** By the profile's rules; to rotate asks for a secret even where one is optional. */
function nextSecret(document: ProfileDocument, brought: string | undefined): string {
  if (document.subscription.secret === 'none') {
    throw new Problem('conflict', `Subscriptions with the profile ${document.name} have no secret of their own.`);
  }
  return chooseSecret(document, brought) ?? generateTextSecret();
}
