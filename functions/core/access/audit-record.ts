import * as z from 'zod';
import { newId, type Random, TenantId } from '../ids.ts';
import { AuditChange } from './audit-changes.ts';
import type { Principal } from './principal.ts';

/** Who changed what, or was shown a secret. It holds only such values as every reader of the thing is shown, so no secret. */
export const AuditRecord = z.object({
  id: z.string(),
  /** Epoch milliseconds. */
  at: z.number(),
  action: z.enum(['change', 'reveal']),
  by: z.object({ kind: z.enum(['key', 'token', 'person', 'anonymous']), id: z.string(), name: z.string().nullable() }),
  /** The operation id of the API, or method and path of a vendor's own route. */
  operation: z.string(),
  /** Null for what is the company's. */
  tenantId: TenantId.nullable(),
  /** What it was done to, from the path and from the answer. */
  resourceIds: z.array(z.string()),
  /** The fields that the request named. */
  fields: z.array(z.string()),
  /** What the change made of them, by path; empty where that is not known. */
  changes: z.record(z.string(), AuditChange).default({}),
  /** As in the access log, which has the caller's address. */
  requestId: z.string(),
});
export type AuditRecord = z.infer<typeof AuditRecord>;

const MAX_FIELDS = 50;
const MAX_FIELD_LENGTH = 100;

/** @param now epoch milliseconds */
export function newAuditRecord(
  { principal, fields, ...rest }: Omit<AuditRecord, 'id' | 'at' | 'by'> & { principal: Principal },
  now: number,
  random: Random,
): AuditRecord {
  const { kind, id, name } = principal;
  return {
    ...rest,
    id: newId('aud', now, random),
    at: now,
    by: { kind, id, name },
    // A vendor's route takes members of any name.
    fields: fields.slice(0, MAX_FIELDS).map((field) => field.slice(0, MAX_FIELD_LENGTH)),
  };
}
