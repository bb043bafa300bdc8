import * as z from 'zod';

/** One customer of the company that runs Posthorn. Times are epoch milliseconds. */
export const Tenant = z.object({
  id: z.string(),
  name: z.string().nullable(),
  metadata: z.record(z.string(), z.string()),
  /** For subscriptions that name none; the deployment's if null. */
  defaultProfile: z.string().nullable().default(null),
  /** Copied to its subscriptions that name none, when they are written. */
  defaultMaxPerSecond: z.number().nullable().default(null),
  defaultMaxConcurrent: z.number().nullable().default(null),
  /** Encrypted; for profiles whose key belongs to the tenant. Null until one is needed. */
  signingKey: z.string().nullable().default(null),
  createdAt: z.number(),
  updatedAt: z.number(),
  revision: z.int(),
});
export type Tenant = z.infer<typeof Tenant>;
