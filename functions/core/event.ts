import { createHash } from 'node:crypto';
import * as z from 'zod';
import { PublishableTypeName } from './event-type.ts';
import { deriveId, EventId, TenantId } from './ids.ts';
import { cutJsonMember, isWellFormedJson } from './json-text.ts';

export const ENVIRONMENTS = ['production', 'development'] as const;
export const Environment = z.enum(ENVIRONMENTS);
export type Environment = z.infer<typeof Environment>;

/** 256 KiB of JSON without insignificant white space, in UTF-8. */
export const MAX_DATA_BYTES = 262_144;

/** RFC 3339 has four digits for the year; an offset can lead past them. */
export function isCommonEra(text: string): boolean {
  const at = Date.parse(text);
  return at >= -62_167_219_200_000 && at <= 253_402_300_799_999;
}

/** An event as a publisher writes it, without the tenant (over HTTP the path names it). The contract of docs/event.schema.json. */
export const PublishedEvent = z
  .strictObject({
    type: PublishableTypeName.meta({ description: 'The event type, as in employee.created.' }),
    data: z.unknown().meta({
      description: 'What happened: any JSON, at most 256 KiB. Its numbers and key order reach the receiver unchanged.',
    }),
    id: EventId.optional().meta({
      description:
        'Idempotency: an id is delivered once for a tenant, however often it is published. Without it each message is an event of its own.',
    }),
    environment: Environment.default('production').meta({
      description: 'Only subscriptions of this environment receive it.',
    }),
    occurredAt: z.iso
      .datetime({
        offset: true,
        abort: true,
        error: 'must be an RFC 3339 date and time with an offset, as in 2026-11-22T10:00:00Z',
      })
      .refine(isCommonEra, 'must be in the years 0000 to 9999 in UTC')
      .optional()
      .meta({ description: 'When it happened. Without it: when Posthorn accepted it.' }),
  })
  .refine((event) => event.data !== undefined, { path: ['data'], error: 'is required; it may be null' })
  .meta({ id: 'PublishedEvent' });

/** The SQS message that publishes an event. */
export const PublishedMessage = z
  .strictObject({ tenantId: TenantId, ...PublishedEvent.shape })
  .refine((event) => event.data !== undefined, {
    path: ['data'],
    error: 'is required; it may be null',
  });

/** An event in the journal. `data` is JSON text; null once it has been expunged. Times are epoch milliseconds. */
export const Event = z.object({
  tenantId: TenantId,
  id: EventId,
  type: z.string(),
  environment: Environment,
  occurredAt: z.number(),
  /** When the queue took it: part of its deliveries' keys. */
  acceptedAt: z.number(),
  /** When it was first written: a repetition goes only to subscriptions that are older. */
  recordedAt: z.number(),
  contentHash: z.string(),
  data: z.string().nullable(),
});
export type Event = z.infer<typeof Event>;

export interface FieldError {
  /** A JSON pointer into what was sent. */
  path: string;
  message: string;
}

export const REJECTION_CODES = [
  'malformed_json',
  'invalid_event',
  'payload_too_large',
  'unknown_event_type',
  'invalid_data',
  'id_reused',
] as const;

export const RejectionReason = z.object({
  code: z.enum(REJECTION_CODES),
  message: z.string(),
  errors: z.array(z.object({ path: z.string(), message: z.string() })),
});
export type RejectionReason = z.infer<typeof RejectionReason>;

/** A message that was not an event, with the original body. */
export const RejectedEvent = z.object({
  id: z.string(),
  tenantId: z.string().nullable(),
  rejectedAt: z.number(),
  reason: RejectionReason,
  body: z.string(),
  /** True if the body was too long to be kept whole. */
  bodyTruncated: z.boolean(),
});
export type RejectedEvent = z.infer<typeof RejectedEvent>;

export type ParsedMessage =
  /** `idGiven`: the id comes from outside, so another message may bring the same. */
  | { kind: 'event'; event: Event; idGiven: boolean }
  | { kind: 'rejected'; tenantId: string | null; reason: RejectionReason };

/** A queue message as the parser needs it. `sentAt` in epoch milliseconds. */
export interface IncomingMessage {
  messageId: string;
  body: string;
  sentAt: number;
}

/** What EventBridge wraps around `detail` when one of its rules targets the queue. */
const EventBridgeEnvelope = z.object({
  id: z.string(),
  time: z.iso.datetime(),
  'detail-type': z.string(),
  source: z.string(),
  detail: z.unknown(),
});

/** Reads a message of the events queue. Never throws: what is wrong with it comes back as the reason of its rejection. */
export function parseMessage(message: IncomingMessage, now: number): ParsedMessage {
  let json: unknown;
  try {
    json = JSON.parse(message.body);
  } catch (error) {
    return reject(
      null,
      'malformed_json',
      `The message is not JSON: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  let text = message.body;
  let identity = { text: message.messageId, at: message.sentAt };
  const envelope = EventBridgeEnvelope.safeParse(json);
  if (envelope.success) {
    json = envelope.data.detail;
    text = cutJsonMember(text, 'detail') ?? 'null';
    // EventBridge can deliver an event more than once, as messages that differ in all but these.
    identity = { text: envelope.data.id, at: Date.parse(envelope.data.time) };
  }
  const parsed = PublishedMessage.safeParse(json);
  if (!parsed.success) {
    const tenantId = z.object({ tenantId: TenantId }).safeParse(json);
    return reject(
      tenantId.data?.tenantId ?? null,
      'invalid_event',
      'The message is JSON but not an event. Correct the fields that are listed.',
      fieldErrors(parsed.error, json),
    );
  }
  const { tenantId, id, ...published } = parsed.data;
  const prepared = prepareData(text, json);
  if (!prepared.ok)
    return reject(tenantId, prepared.code, prepared.message, [{ path: '/data', message: prepared.message }]);
  return {
    kind: 'event',
    idGiven: id !== undefined || envelope.success,
    event: {
      tenantId,
      id: id ?? deriveId('evt', identity.at, createHash('sha256').update(identity.text).digest()),
      type: published.type,
      environment: published.environment,
      occurredAt: published.occurredAt === undefined ? message.sentAt : Date.parse(published.occurredAt),
      acceptedAt: message.sentAt,
      recordedAt: now,
      contentHash: hashContent(published.type, published.environment, published.occurredAt, prepared.data),
      data: prepared.data,
    },
  };
}

type PreparedData =
  | { ok: true; data: string }
  | { ok: false; code: 'invalid_event' | 'payload_too_large'; message: string };

/**
 * Cuts `data` out of an event's text.
 * @param json the same text, parsed
 */
export function prepareData(text: string, json: unknown): PreparedData {
  const data = cutJsonMember(text, 'data');
  if (data === null) return { ok: false, code: 'invalid_event', message: 'is required; it may be null' };
  const bytes = Buffer.byteLength(data);
  if (bytes > MAX_DATA_BYTES) {
    return {
      ok: false,
      code: 'payload_too_large',
      message: `is ${bytes} bytes without white space; at most ${MAX_DATA_BYTES} are allowed. Publish a reference to the rest.`,
    };
  }
  // Only an escape can bring half of a surrogate pair this far, so most payloads need not be walked.
  if (/\\u[dD][89a-fA-F]/.test(data) && !isWellFormedJson(json)) {
    return {
      ok: false,
      code: 'invalid_event',
      message: 'contains an unpaired surrogate (\\ud800 to \\udfff), which UTF-8 cannot carry',
    };
  }
  return { ok: true, data };
}

/** What must be equal for a repeated id to mean the same event. */
function hashContent(type: string, environment: string, occurredAt: string | undefined, data: string): string {
  return createHash('sha256')
    .update(`${type}\n${environment}\n${occurredAt ?? ''}\n${data}`)
    .digest('base64url')
    .slice(0, 22);
}

/** So many mistakes are listed; a list of twenty thousand helps nobody, and would not fit where it is kept. */
const MAX_ERRORS = 50;
const MAX_PATH = 200;

/** zod's issues as field errors; unknown fields are named one by one. */
export function fieldErrors(error: z.ZodError, input: unknown): FieldError[] {
  const all = error.issues.flatMap((issue): FieldError[] => {
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({ path: pointer([...issue.path, key]), message: 'is not a known field' }));
    }
    if (issue.code === 'invalid_type' && valueAt(input, issue.path) === undefined) {
      return [{ path: pointer(issue.path), message: 'is required' }];
    }
    // zod says no more of a wrong name than that it is one; the schema of the names says why.
    const message = issue.code === 'invalid_key' ? (issue.issues[0]?.message ?? issue.message) : issue.message;
    return [{ path: pointer(issue.path), message }];
  });
  return listErrors(all);
}

/** As many mistakes as are worth listing, with how many more there are. */
export function listErrors(all: readonly FieldError[]): FieldError[] {
  const listed = all.slice(0, MAX_ERRORS).map(({ path, message }) => ({ path: shorten(path), message }));
  const more = all.length - listed.length;
  return more === 0 ? listed : [...listed, { path: '', message: `and ${more} more mistakes` }];
}

function shorten(path: string): string {
  // toWellFormed: the cut can fall between the halves of a surrogate pair.
  return path.length <= MAX_PATH ? path : `${path.slice(0, MAX_PATH).toWellFormed()}…`;
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined),
    input,
  );
}

/** RFC 6901. */
function pointer(path: readonly PropertyKey[]): string {
  return path.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

function reject(
  tenantId: string | null,
  code: RejectionReason['code'],
  message: string,
  errors: FieldError[] = [],
): ParsedMessage {
  return { kind: 'rejected', tenantId, reason: { code, message, errors } };
}
