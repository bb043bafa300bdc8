import type { DueStore } from '../delivery/due-store.ts';
import { OVERDUE_MS } from '../delivery/wake.ts';
import type { Event } from '../event/event.ts';
import type { EventStore } from '../event/event-store.ts';
import { SYSTEM_TENANT } from '../ids.ts';
import { SystemEvent } from '../system-event/system-event.ts';
import { QUEUE_NAMES, type QueueName, type QueueSize, type Queues } from './queues.ts';

type FailingSubscription = Extract<SystemEvent, { type: 'posthorn.subscription.failing' }>['data'];

/** How Posthorn fares as a whole. Times are epoch milliseconds. */
export interface SystemState {
  queues: { name: QueueName; size: QueueSize; deadLetters: QueueSize }[];
  /** Deliveries that should have been woken, and were not. */
  overdue: {
    count: number;
    /** There are more than were counted. */
    isCapped: boolean;
    oldestDueAt: number | null;
  };
  /** Those that the company has been warned of, and whose receivers have not recovered. */
  failing: FailingSubscription[];
}

export interface SystemStatePorts {
  queues: Pick<Queues, 'measureQueue' | 'measureDeadLetters'>;
  due: Pick<DueStore<unknown>, 'shards' | 'pageSize' | 'listDue'>;
  events: Pick<EventStore, 'listEvents'>;
  now: () => number;
}

/** How many warnings are looked at, and how old they may be. A warning comes after a day and after three; after five it ends. */
const WARNINGS = 100;
const WARNINGS_MS = 7 * 24 * 60 * 60_000;

/** Reads a bounded part of each: one page of each shard of the due index, and the last system events. */
export async function readSystemState({ queues, due, events, now }: SystemStatePorts): Promise<SystemState> {
  const [sizes, overdue, failing] = await Promise.all([
    Promise.all(
      QUEUE_NAMES.map(async (name) => {
        const [size, deadLetters] = await Promise.all([queues.measureQueue(name), queues.measureDeadLetters(name)]);
        return { name, size, deadLetters };
      }),
    ),
    countOverdue(due, now() - OVERDUE_MS),
    listFailing(events, now() - WARNINGS_MS),
  ]);
  return { queues: sizes, overdue, failing };
}

async function countOverdue(due: SystemStatePorts['due'], until: number): Promise<SystemState['overdue']> {
  const pages = await Promise.all(due.shards.map((shard) => due.listDue(shard, until)));
  const dueAts = pages.flat().map(({ dueAt }) => dueAt);
  return {
    count: dueAts.length,
    isCapped: pages.some((page) => page.length >= due.pageSize),
    oldestDueAt: dueAts.length === 0 ? null : Math.min(...dueAts),
  };
}

const TELLING = ['failing', 'recovered', 'disabled'].map((kind) => `posthorn.subscription.${kind}`);

async function listFailing(events: SystemStatePorts['events'], from: number): Promise<FailingSubscription[]> {
  const options = { limit: WARNINGS, after: null, from, to: null };
  const { values } = await events.listEvents(SYSTEM_TENANT, options, ({ type }) => TELLING.includes(type));
  const latest = new Map<string, SystemEvent>();
  for (const event of values.map(readSystemEvent)) {
    if (event === null || !('subscriptionId' in event.data)) continue;
    const id = event.data.subscriptionId ?? '';
    // They come newest first.
    if (!latest.has(id)) latest.set(id, event);
  }
  return [...latest.values()].flatMap((event) => (event.type === 'posthorn.subscription.failing' ? [event.data] : []));
}

/** Null for one whose data was expunged. */
function readSystemEvent({ type, data }: Event): SystemEvent | null {
  return data === null ? null : SystemEvent.parse({ type, data: JSON.parse(data) });
}
