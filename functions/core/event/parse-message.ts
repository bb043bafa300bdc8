import { createHash } from 'node:crypto';
import * as z from 'zod';
import { type FieldError, fieldErrors } from '../field-error.ts';
import { deriveId, EventId, SYSTEM_TENANT, TenantId, timeOfEventId } from '../ids.ts';
import { cutJsonMember } from '../json/json-text.ts';
import type { Event } from './event.ts';
import { prepareData } from './event-data.ts';
import { PublishedMessage } from './published-event.ts';
import type { RejectionReason } from './rejected-event.ts';
import { readTraceparent } from './traceparent.ts';

export type ParsedMessage =
  /** `idGiven`: another message may bring the same id. */
  | { kind: 'event'; event: Event; idGiven: boolean }
  /** It names an event of Posthorn's own, which is on record already. */
  | { kind: 'system_event'; id: string }
  | ({ kind: 'rejected' } & Rejected);

interface Rejected {
  tenantId: string | null;
  reason: RejectionReason;
}

/** A queue message as the parser needs it. `sentAt` in epoch milliseconds. */
export interface IncomingMessage {
  messageId: string;
  body: string;
  sentAt: number;
  /** The message that it was before it came back from a dead-letter queue; null if it never was there. */
  origin: MessageOrigin | null;
  /** Null: its id, if it has one, is not the API's. */
  madeId: MadeId | null;
  /** The trace that the publisher was in, as it came. */
  traceparent?: string | null;
}

/**
 * What the API says of an event whose id it made. `first`: no other event has the id, so the event is written without looking.
 * `again`: the sender got no answer to the first message, so there may be two.
 */
export const MadeId = z.enum(['first', 'again']);
export type MadeId = z.infer<typeof MadeId>;

/** What identifies a message for good. `sentAt` in epoch milliseconds. */
export interface MessageOrigin {
  messageId: string;
  sentAt: number;
}

/** The message as it was first sent. */
export function originOf({ origin, messageId, sentAt }: IncomingMessage): MessageOrigin {
  return origin ?? { messageId, sentAt };
}

/** What EventBridge wraps around `detail` when one of its rules targets the queue. */
const EventBridgeEnvelope = z.object({
  id: z.string(),
  time: z.iso.datetime(),
  'detail-type': z.string(),
  source: z.string(),
  detail: z.unknown(),
});

/** Most messages have none: what is no envelope by its look is not parsed as one, since a failed parse costs more than a good one. */
function readEnvelope(json: unknown): z.infer<typeof EventBridgeEnvelope> | null {
  if (typeof json !== 'object' || json === null || !('detail-type' in json)) return null;
  return EventBridgeEnvelope.safeParse(json).data ?? null;
}

const OfTenant = z.object({ tenantId: TenantId });

/** The message by which Posthorn publishes an event of its own. */
const SystemEventMessage = z.strictObject({ tenantId: z.literal(SYSTEM_TENANT), id: EventId });

/** Why a publisher's message for the reserved tenant is no event. */
export const RESERVED_TENANT: Rejected = {
  tenantId: SYSTEM_TENANT,
  reason: {
    code: 'reserved_tenant',
    message: `The tenant "${SYSTEM_TENANT}" is reserved for Posthorn's own events. Publish to another tenant.`,
    errors: [{ path: '/tenantId', message: 'is reserved' }],
  },
};

/** Reads a message of the events queue. Never throws: what is wrong with it comes back as the reason of its rejection. */
export function parseMessage(message: IncomingMessage, now: number): ParsedMessage {
  let json: unknown;
  try {
    json = JSON.parse(message.body);
  } catch (error) {
    return reject(
      null,
      'malformed_json',
      // It can quote one half of a surrogate pair.
      `The message is not JSON: ${error instanceof Error ? error.message : String(error)}`.toWellFormed(),
    );
  }
  let text = message.body;
  const { messageId, sentAt } = originOf(message);
  let identity = { text: messageId, at: sentAt };
  const envelope = readEnvelope(json);
  if (envelope !== null) {
    json = envelope.detail;
    text = cutJsonMember(text, 'detail') ?? 'null';
    // EventBridge can deliver an event more than once, as messages that differ in all but these.
    identity = { text: envelope.id, at: Date.parse(envelope.time) };
  }
  const parsed = PublishedMessage.safeParse(json);
  const named = parsed.success ? parsed.data.tenantId : OfTenant.safeParse(json).data?.tenantId;
  if (named === SYSTEM_TENANT) {
    const system = SystemEventMessage.safeParse(json);
    return system.success ? { kind: 'system_event', id: system.data.id } : { kind: 'rejected', ...RESERVED_TENANT };
  }
  if (!parsed.success) {
    return reject(
      named ?? null,
      'invalid_event',
      'The message is JSON but not an event. Correct the fields that are listed.',
      fieldErrors(parsed.error, json),
    );
  }
  const { tenantId, id, ...published } = parsed.data;
  const traceparent = readTraceparent(message.traceparent);
  // Both messages with an id of the API's make the same event to the letter: what one writes over the other changes nothing.
  const madeAt = message.madeId === null || id === undefined ? null : timeOfEventId(id);
  const acceptedAt = madeAt ?? sentAt;
  const isFirst = madeAt !== null && message.madeId === 'first';
  const prepared = prepareData(text, json);
  if (!prepared.ok)
    return reject(tenantId, prepared.code, prepared.message, [{ path: '/data', message: prepared.message }]);
  return {
    kind: 'event',
    idGiven: (id !== undefined && !isFirst) || envelope !== null || message.origin !== null,
    event: {
      tenantId,
      id: id ?? deriveId('evt', identity.at, createHash('sha256').update(identity.text).digest()),
      type: published.type,
      environment: published.environment,
      occurredAt: published.occurredAt ?? acceptedAt,
      acceptedAt,
      recordedAt: now,
      contentHash: hashContent(published.type, published.environment, published.occurredAt, prepared.data),
      data: prepared.data,
      ...(traceparent !== null && { traceparent }),
    },
  };
}

/**
 * What must be equal for a repeated id to mean the same event.
 * @param occurredAt epoch milliseconds: the same instant in another notation is the same event
 */
function hashContent(type: string, environment: string, occurredAt: number | undefined, data: string): string {
  return createHash('sha256')
    .update(`${type}\n${environment}\n${occurredAt ?? ''}\n${data}`)
    .digest('base64url')
    .slice(0, 22);
}

function reject(
  tenantId: string | null,
  code: RejectionReason['code'],
  message: string,
  errors: FieldError[] = [],
): ParsedMessage {
  return { kind: 'rejected', tenantId, reason: { code, message, errors } };
}
