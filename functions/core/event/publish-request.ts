import * as z from 'zod';
import { type FieldError, fieldErrors } from '../field-error.ts';
import { splitJsonArray } from '../json/json-text.ts';
import { invalidFields, type Refusal } from '../refusal.ts';
import { prepareData } from './event-data.ts';
import { PublishedEvent } from './published-event.ts';

const MAX_EVENTS = 100;

/** What a request publishes. `readPublishRequest` checks it event by event, so that each mistake is named with its place. */
export const PublishRequest = z
  .union([PublishedEvent, z.strictObject({ events: z.array(PublishedEvent).min(1).max(MAX_EVENTS) })])
  .meta({ id: 'PublishRequest' });
const Batch = z.strictObject({ events: z.array(z.unknown()).min(1).max(MAX_EVENTS) });

export interface EventToPublish {
  event: z.infer<typeof PublishedEvent>;
  /** `data` as JSON text, as it was sent, and as SQS takes it. */
  data: string;
}

/** All events of a request, or every mistake in them: nothing is published by halves. */
export function readPublishRequest(body: unknown, bodyText: string): EventToPublish[] | Refusal {
  const isBatch = typeof body === 'object' && body !== null && 'events' in body;
  const batch = isBatch ? Batch.safeParse(body) : null;
  if (batch?.success === false) return invalidFields(fieldErrors(batch.error, body));
  const texts = isBatch ? splitJsonArray(bodyText, 'events') : [bodyText];
  const read = (batch?.data.events ?? [body]).map((event, index) =>
    readEvent(event, texts[index] ?? 'null', isBatch ? `/events/${index}` : ''),
  );
  const errors = read.flatMap((one) => ('errors' in one ? one.errors : []));
  return errors.length > 0 ? invalidFields(errors) : read.flatMap((one) => ('errors' in one ? [] : [one]));
}

function readEvent(json: unknown, text: string, path: string): EventToPublish | { errors: FieldError[] } {
  const parsed = PublishedEvent.safeParse(json);
  if (!parsed.success)
    return { errors: fieldErrors(parsed.error, json).map((error) => ({ ...error, path: path + error.path })) };
  // Its length counts as the queue carries it: what is accepted here must not be too long there.
  const prepared = prepareData(fitForQueue(text), json);
  if (!prepared.ok) return { errors: [{ path: `${path}/data`, message: prepared.message }] };
  return { event: parsed.data, data: prepared.data };
}

/** The SQS message, with `data` as it was sent. */
export function publishMessage(tenantId: string, id: string, { event, data }: EventToPublish): string {
  const { type, environment, occurredAt } = event;
  const happened = occurredAt === undefined ? undefined : new Date(occurredAt).toISOString();
  return `${JSON.stringify({ tenantId, id, type, environment, occurredAt: happened }).slice(0, -1)},"data":${data}}`;
}

/** SQS refuses these two characters in a message; in JSON they can only stand in strings, where an escape means the same. */
export function fitForQueue(json: string): string {
  return json.replace(/[\ufffe\uffff]/g, (character) => `\\u${character.charCodeAt(0).toString(16)}`);
}
