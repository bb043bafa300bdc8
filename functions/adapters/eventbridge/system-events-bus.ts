import * as z from 'zod';
import type { Event } from '../../core/event/event.ts';
import { type Caller, postSigned } from '../aws/signed-post.ts';

/** EventBridge takes as many in a call. */
const MAX_ENTRIES = 10;

const Put = z.object({ FailedEntryCount: z.int(), Entries: z.array(z.unknown()) });

export interface BusOptions {
  /** Name or ARN. */
  bus: string;
  /** Null: the region's own. */
  endpoint: string | null;
}

/**
 * Puts events on an EventBridge bus, in one attempt: `detail` is the event as the API shows it. Rejects unless all are on the bus;
 * some may be then, and done again they are there twice, with the same `detail.id`.
 */
export function createSystemEventsBus(caller: Caller, { bus, endpoint }: BusOptions) {
  return async (events: readonly Event[]): Promise<void> => {
    const origin = endpoint ?? originIn(await caller.region());
    for (let start = 0; start < events.length; start += MAX_ENTRIES) {
      const body = JSON.stringify({
        Entries: events.slice(start, start + MAX_ENTRIES).map((event) => entryOf(event, bus)),
      });
      const { status, text } = await postSigned(caller, {
        service: 'events',
        origin,
        contentType: 'application/x-amz-json-1.1',
        target: 'AWSEvents.PutEvents',
        body,
      });
      // HTTP 200 can hide entries that were not taken.
      const isDone = status === 200 && Put.parse(JSON.parse(text)).FailedEntryCount === 0;
      if (!isDone) throw new Error(`EventBridge did not take all events: ${status} ${text.slice(0, 1_000)}`);
    }
  };
}

function entryOf({ id, type, occurredAt, data }: Event, bus: string) {
  const happened = new Date(occurredAt).toISOString();
  return {
    EventBusName: bus,
    Source: 'posthorn',
    DetailType: type,
    Time: Math.floor(occurredAt / 1_000),
    Detail: `${JSON.stringify({ id, type, occurredAt: happened }).slice(0, -1)},"data":${data ?? 'null'}}`,
  };
}

function originIn(region: string): string {
  return `https://events.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`;
}
