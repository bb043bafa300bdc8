import * as z from 'zod';
import type { Event } from '../../core/event/event.ts';
import type { AwsCall } from '../aws/calls.ts';

/** EventBridge takes as many in a call. */
const MAX_ENTRIES = 10;

const Put = z.object({ FailedEntryCount: z.int() });

/**
 * Puts events on an EventBridge bus (its name or ARN), in one attempt: `detail` is the event as the API shows it. Rejects unless all are on the bus;
 * some may be then, and done again they are there twice, with the same `detail.id`.
 */
export function createSystemEventsBus(call: AwsCall, bus: string) {
  return async (events: readonly Event[]): Promise<void> => {
    for (let start = 0; start < events.length; start += MAX_ENTRIES) {
      const input = {
        Entries: events.slice(start, start + MAX_ENTRIES).map((event) => entryOf(event, bus)),
      };
      // HTTP 200 can hide entries that were not taken.
      const { FailedEntryCount: failed } = Put.parse(await call('PutEvents', input));
      if (failed > 0) throw new Error(`EventBridge did not take ${failed} event(s)`);
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
