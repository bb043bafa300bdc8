import { setImmediate } from 'node:timers/promises';
import { rememberOf } from '../../functions/adapters/remember.ts';
import type { Outgoing } from '../../functions/core/delivery/queue-message.ts';
import type { Event } from '../../functions/core/event/event.ts';
import { type EventRef, eventKey, type RecordedEvent } from '../../functions/core/event/event-store.ts';
import type { EventType } from '../../functions/core/event/event-type.ts';
import type { RejectedEvent } from '../../functions/core/event/rejected-event.ts';
import { compileDataCheck } from '../../functions/core/event/validate-data.ts';
import type { ReceivedEventMessage } from '../../functions/core/ingest/accepted.ts';
import {
  type FanOutRest,
  type IngestDeps,
  type IngestReport,
  type IngestStore,
  ingestBatch,
} from '../../functions/core/ingest/ingest.ts';
import { createMatcher } from '../../functions/core/subscription/match.ts';
import type { Subscription } from '../../functions/core/subscription/subscription.ts';
import type { FanOutPage } from '../../functions/core/subscription/subscription-store.ts';
import { makeSubscription, NOW } from './domain.ts';
import { MemoryCounts } from './memory-counts.ts';

type Operation = keyof IngestStore;

/** The two tables as `ingest` uses them. Their contracts are in test/contracts. */
export class MemoryIngestStore implements IngestStore {
  readonly events = new Map<string, RecordedEvent>();
  readonly rejected: RejectedEvent[] = [];
  readonly tenants = new Set<string>(['acme']);
  /** The event types, by name. */
  readonly types = new Map<string, EventType>();
  readonly calls: Operation[] = [];
  subscriptions: Subscription[] = [makeSubscription()];
  pageSize = 100;
  /** What eventually consistent reads see instead of what is there. */
  stale: Map<string, RecordedEvent> | null = null;
  /** Runs before a call takes effect; when it throws, the call has done nothing. */
  before: (operation: Operation) => void | Promise<void> = () => {};

  /** When the journal forgets an event, epoch milliseconds, by `eventKey`. */
  private readonly ends = new Map<string, number>();

  private readonly now: () => number;
  private readonly retentionMs: number;

  constructor(now = (): number => NOW, retentionMs = Number.POSITIVE_INFINITY) {
    this.now = now;
    this.retentionMs = retentionMs;
  }

  private isLive(key: string): boolean {
    return this.events.has(key) && (this.ends.get(key) ?? Number.POSITIVE_INFINITY) > this.now();
  }

  private record(event: Event, fanOutCursor: string | null = null): void {
    this.events.set(eventKey(event), { event, fanOutCursor });
    this.ends.set(eventKey(event), this.now() + this.retentionMs);
  }

  private async run<T>(operation: Operation, act: () => T): Promise<T> {
    this.calls.push(operation);
    await this.before(operation);
    return act();
  }

  getEvents(events: readonly EventRef[], consistent: boolean): Promise<Map<string, RecordedEvent>> {
    return this.run('getEvents', () => {
      const source = consistent ? this.events : (this.stale ?? this.events);
      return new Map(
        events.flatMap((event) => {
          const found = source.get(eventKey(event));
          return found === undefined || !this.isLive(eventKey(event)) ? [] : [[eventKey(event), found] as const];
        }),
      );
    });
  }

  createEvent(event: Event, fanOutCursor?: string): Promise<boolean> {
    return this.run('createEvent', () => {
      if (this.isLive(eventKey(event))) return false;
      this.record(event, fanOutCursor);
      return true;
    });
  }

  putEvents(events: readonly Event[]): Promise<void> {
    return this.run('putEvents', () => {
      for (const event of events) this.record(event);
    });
  }

  putRejectedEvents(rejected: readonly RejectedEvent[]): Promise<void> {
    return this.run('putRejectedEvents', () => {
      this.rejected.push(...rejected);
    });
  }

  saveFanOutCursor(event: EventRef, cursor: string | null): Promise<void> {
    return this.run('saveFanOutCursor', () => {
      const recorded = this.events.get(eventKey(event));
      if (recorded === undefined || !this.isLive(eventKey(event))) throw new Error('the event is not on record');
      this.events.set(eventKey(event), { ...recorded, fanOutCursor: cursor });
    });
  }

  async *readMatchable(tenantId: string, after: string | null) {
    let cursor = after;
    do {
      const page: FanOutPage = await this.run('readMatchable', () => this.pageAfter(tenantId, cursor));
      yield page;
      cursor = page.cursor;
    } while (cursor !== null);
  }

  private pageAfter(tenantId: string, cursor: string | null): FanOutPage {
    const own = this.subscriptions
      .filter((one) => one.tenantId === tenantId && (cursor === null || one.id > cursor))
      .toSorted((a, b) => (a.id < b.id ? -1 : 1));
    const page = own.slice(0, this.pageSize);
    return {
      tenantExists: this.tenants.has(tenantId),
      subscriptions: page,
      cursor: own.length > page.length ? (page.at(-1)?.id ?? null) : null,
    };
  }

  createTenant(tenantId: string): Promise<void> {
    return this.run('createTenant', () => {
      this.tenants.add(tenantId);
    });
  }

  findType(type: string): Promise<EventType | null> {
    return this.run('findType', () => this.types.get(type) ?? null);
  }
}

export function ingestSetup() {
  const store = new MemoryIngestStore();
  const queued: Outgoing[] = [];
  const counts = new MemoryCounts();
  /** What goes to the retries queue. */
  const slow: Outgoing[] = [];
  const reports: IngestReport[] = [];
  const matcherOf = rememberOf(createMatcher);
  const setup = {
    store,
    queued,
    putOnBus: null as IngestDeps['putOnBus'],
    /** What tells of rejected events, beside the deliveries. */
    counted: [] as Outgoing[],
    counts,
    slow,
    reports,
    now: NOW,
    eventTypes: 'open' as IngestDeps['eventTypes'],
    hasTime: () => true,
    /** What was too long for one invocation. */
    rest: [] as FanOutRest[],
    goOn: async (rest: FanOutRest): Promise<void> => {
      setup.rest.push(rest);
    },
    /** How often a filter let others go on, */
    pauses: 0,
    /** and what else is long. */
    turns: 0,
    send: async (messages: readonly Outgoing[]): Promise<void> => {
      queued.push(...messages);
    },
    /** Takes bodies, or messages with more to say. */
    ingest: (...messages: (Partial<ReceivedEventMessage> & { body: string })[]) =>
      ingestBatch(
        {
          store,
          deliveries: {
            send: async (outgoing) => {
              const counted = outgoing.filter(({ message }) => message.kind === 'tell_counted');
              if (counted.length > 0) setup.counted.push(...counted);
              if (outgoing.length > counted.length) await setup.send(outgoing);
            },
          },
          retries: {
            send: async (outgoing) => {
              slow.push(...outgoing);
            },
          },
          systemEventCounts: counts,
          putOnBus: setup.putOnBus,
          eventTypes: setup.eventTypes,
          checkOf: compileDataCheck,
          matcherOf,
          now: () => setup.now,
          pause: () => {
            setup.turns += 1;
            return setImmediate();
          },
          giveWay: () => {
            setup.pauses += 1;
            return setImmediate();
          },
          hasTime: () => setup.hasTime(),
          goOn: (rest) => setup.goOn(rest),
          report: (report) => reports.push(report),
        },
        messages.map((message, index) => ({
          messageId: `m${index + 1}`,
          sentAt: NOW,
          origin: null,
          madeId: null,
          receivedBefore: false,
          ...message,
        })),
      ),
    /** A message that comes back until its fan-out is over, as one does where no job can be started. Gives how often it was handed out. */
    async ingestUntilDone(message: { body: string }): Promise<number> {
      setup.goOn = () => Promise.reject(new Error('the jobs are away'));
      for (let times = 1; ; times += 1) {
        const { retry } = await setup.ingest({ ...message, receivedBefore: times > 1 });
        if (retry.size === 0) return times;
      }
    },
    /** What each queued message is for. */
    targets: () =>
      queued.map(({ message }) =>
        message.kind === 'deliver' ? `${message.eventId} ${message.subscriptionId}` : 'release',
      ),
  };
  return setup;
}
