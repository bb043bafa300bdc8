import * as z from 'zod';
import { SecretInput } from '../../core/profile/secret.ts';
import type { Secrets } from '../../core/subscription/secrets.ts';
import { answer, routesOf } from '../http/route.ts';
import { SecretView, secretView } from '../schemas/secret.ts';

const route = routesOf('Subscriptions', 'tenant');

const DEFAULT_OVERLAP_SECONDS = 86_400;

export const createSecretRoutes = ({ secrets }: { secrets: Secrets }) => [
  route('GET', '/v1/tenants/{tenantId}/subscriptions/{subscriptionId}/secret', {
    id: 'getSubscriptionSecret',
    summary: 'Read the signing secret',
    reveals: 'secrets',
    responses: { 200: { description: 'The keys.', schema: SecretView } },
    run: async ({ params }) => answer(200, await secrets.reveal(params), secretView),
  }),
  route('POST', '/v1/tenants/{tenantId}/subscriptions/{subscriptionId}/secret/rotate', {
    id: 'rotateSubscriptionSecret',
    summary: 'Change the signing secret; the old one signs beside it for a while, if the profile has room for both',
    body: z
      .strictObject({
        secret: SecretInput.optional(),
        overlapSeconds: z.int().min(0).max(604_800).default(DEFAULT_OVERLAP_SECONDS).meta({
          description:
            'No older secret signs longer than this, those of earlier rotations included. Six older keys sign at most: the seventh rotation within the overlap ends the oldest early, the fourth if signatureVersions are v1 and v1a.',
        }),
      })
      .meta({ id: 'RotateInput' }),
    bodyOptional: true,
    responses: { 200: { description: 'The new keys, and when the old ones end.', schema: SecretView } },
    run: async ({ params, body }) =>
      answer(200, await secrets.rotate(params, body.secret, body.overlapSeconds), secretView),
  }),
];
