import * as z from 'zod';

/** Who asks. The authorizer finds it out; the API decides what it may do. */
export const Principal = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('company') }),
  z.object({ kind: z.literal('tenant'), tenantId: z.string(), readOnly: z.boolean() }),
  z.object({ kind: z.literal('anonymous') }),
]);
export type Principal = z.infer<typeof Principal>;
