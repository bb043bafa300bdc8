import { ulidToUUID, uuidToULID } from 'ulid';
import * as z from 'zod';
import { SubscriptionId } from '../../core/ids.ts';

/*
 * Staffology's ids are GUIDs, and its clients may hold them in such a type. A ULID is 128 bits as well, so ours can be
 * written as one and read again.
 */

const GUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const OURS = /^(?:sub|evt)_([0-7][0-9A-HJKMNP-TV-Z]{25})$/;

/** An id of ours as a GUID. One that a publisher brought stays what it is. */
export function toGuid(id: string): string {
  const ulid = OURS.exec(id)?.[1];
  return ulid === undefined ? id : ulidToUUID(ulid).toLowerCase();
}

/** The other way round. Null for what is no GUID. */
export function fromGuid(prefix: 'sub' | 'evt', text: string): string | null {
  return GUID.test(text) ? `${prefix}_${uuidToULID(text)}` : null;
}

/** A subscription's id in a path: as a GUID, or as /v1 has it. */
export const WebhookId = z
  .string()
  .transform((id) => fromGuid('sub', id) ?? id)
  .pipe(SubscriptionId);
