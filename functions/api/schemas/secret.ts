import * as z from 'zod';
import { Timestamp, viewOf } from './values.ts';

export const SecretView = z
  .object({
    secret: z.string().nullable().meta({ description: 'whsec_…, for v1 signatures (HMAC-SHA256).' }),
    publicKey: z
      .string()
      .nullable()
      .meta({ description: 'whpk_…, for v1a signatures (ed25519), if the subscription asks for them.' }),
    previous: z
      .array(z.object({ secret: z.string().nullable(), publicKey: z.string().nullable(), endsAt: Timestamp }))
      .meta({ description: 'Keys that still sign after a rotation, until they end.' }),
  })
  .meta({ id: 'Secret' });

export const secretView = viewOf(SecretView);
