import * as z from 'zod';
import { Problem } from './problem.ts';

/** An ETag as resources carry it. */
const ETag = z.string().regex(/^(?:W\/)?"[0-9]{1,15}"$/);
/** One string, not a union with `*`: generators of clients leave out operations with a union in a header. */
export const IfMatch = z.string().regex(/^(\*|(W\/)?"[0-9]{1,15}")$/);
/** A set of one, not a literal, which they do not take in a header either. */
export const IfNoneMatch = z.enum(['*']);

/** Whether the header wants the resource to be made, not replaced (RFC 9110 §13.1.2). */
export function readIfNoneMatch(value: string | undefined): boolean {
  if (value === undefined || value === '*') return value !== undefined;
  throw new Problem('malformed_request', 'If-None-Match must be *, which creates and never replaces.');
}

/** The revision that the header names; null if it is absent, or takes any. */
export function readIfMatch(value: string | undefined): number | null {
  if (value === undefined || value === '*') return null;
  if (ETag.safeParse(value).success) return Number(value.replace(/\D/g, ''));
  throw new Problem('malformed_request', 'If-Match must be * or the ETag of one answer, as in "3", with its quotes.');
}
