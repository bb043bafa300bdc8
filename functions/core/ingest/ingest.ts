import type { Event } from '../event/event.ts';
import { type EventStore, eventKey, type RecordedEvent } from '../event/event-store.ts';
import type { EventType } from '../event/event-type.ts';
import { parseMessage } from '../event/parse-message.ts';
import type { RejectedEvent, RejectionReason } from '../event/rejected-event.ts';
import type { DataCheck } from '../event/validate-data.ts';
import { undoneOf } from '../partial-failure.ts';
import { StepBudget } from '../step-budget.ts';
import type { FanOutPage, MatchableSubscriptions } from '../subscription/subscription-store.ts';
import type { Accepted, IngestResult, ReceivedEventMessage } from './accepted.ts';
import {
  type FannedOut,
  type FanOutDeps,
  type FanOutEnd,
  type FanOutReport,
  fanOutFrom,
  LARGE,
  STEPS_AT_ONCE,
} from './fan-out.ts';
import {
  archivedType,
  idReused,
  type Rejection,
  type RejectionPorts,
  recordRejections,
  rejection,
  unknownType,
} from './rejections.ts';
import { readSystemEvents, type SystemMessage, type SystemMessagePorts, shareSystemEvents } from './system-messages.ts';
import { pausesUntilOthersAreDone } from './take-turns.ts';

export type IngestStore = FanOutDeps['store'] &
  MatchableSubscriptions &
  RejectionPorts['store'] &
  Pick<EventStore, 'getEvents' | 'createEvent' | 'putEvents'> & {
    /** The type as the Catalog has it, if it does. It may be archived. */
    findType(type: string): Promise<EventType | null>;
  };

export interface IngestDeps extends Omit<FanOutDeps, 'steps'> {
  store: IngestStore;
  eventTypes: 'open' | 'strict';
  /** The schema, ready for use; the same schema comes again and again. */
  checkOf: (schema: string) => DataCheck;
  systemEventCounts: RejectionPorts['systemEventCounts'];
  putOnBus: SystemMessagePorts['putOnBus'];
  /** Takes over the rest of a fan-out that is too long for one invocation. */
  goOn: (rest: FanOutRest) => Promise<unknown>;
  /** Lets what else this process does go first, for costly filters; resolves in the end, however much that is. */
  giveWay: () => Promise<void>;
  report: (report: IngestReport) => void;
}

/** What is left of a fan-out: events that go on to a tenant's subscriptions after `cursor`. `queued` deliveries are on their way. */
export interface FanOutRest extends FanOutEnd {
  tenantId: string;
  eventIds: string[];
  cursor: string;
}

/** For metrics and logs. `error` is for faults of ours alone. */
export type IngestReport =
  | { kind: 'accepted'; event: Event }
  | { kind: 'repeated'; event: Event }
  | { kind: 'rejected'; rejected: RejectedEvent }
  | FanOutReport
  | { kind: 'error'; about: readonly Event[]; error: unknown };

/**
 * Records a batch of published events and puts a message for each of their deliveries on the queue. Bad messages become
 * rejected-event records. One that cannot be written comes back, and does not hold up the others.
 */
export async function ingestBatch(deps: IngestDeps, messages: readonly ReceivedEventMessage[]): Promise<IngestResult> {
  const result: IngestResult = { retry: new Set() };
  const rejections: Rejection[] = [];
  const systemMessages: SystemMessage[] = [];
  const published = await accept(deps, messages, systemMessages, rejections, result);
  const firstPages = beginReading(deps, published);
  const accepted = await recognise(deps, published, rejections);
  const systemEvents = await readSystemEvents(deps, systemMessages, rejections);
  // A bus that does not answer holds up no webhook.
  const shared = shareSystemEvents(deps, systemEvents, result);
  const recorded = [...(await record(deps, accepted, rejections, result)), ...systemEvents];
  await recordRejections(deps, rejections, result);
  for (const { event, recorded: known } of recorded)
    deps.report({ kind: known === null ? 'accepted' : 'repeated', event });

  const tenants = [...Map.groupBy(recorded, ({ event }) => event.tenantId)];
  const pauses = pausesUntilOthersAreDone(tenants.length, deps.giveWay);
  await Promise.all([
    shared,
    ...tenants.map(async ([tenantId, group]) => {
      const { pause, leave } = pauses();
      const failed = await fanOut({ ...deps, pause }, tenantId, group, firstPages.get(tenantId)).finally(leave);
      for (const { message, twins } of failed) for (const id of [message.messageId, ...twins]) result.retry.add(id);
    }),
  ]);
  return result;
}

type Pages = AsyncIterable<FanOutPage>;

/** Reads the tenants' subscriptions from the first on, while the events are looked for and written: neither waits for the other. */
function beginReading({ store }: IngestDeps, published: readonly Accepted[]): Map<string, Pages> {
  const groups = Map.groupBy(published, ({ event }) => event.tenantId);
  const begin = (tenantId: string, group: readonly Accepted[]): Pages =>
    begun(
      store.readMatchable(
        tenantId,
        null,
        group.map(({ event }) => event),
      ),
    );
  return new Map([...groups].map(([tenantId, group]) => [tenantId, begin(tenantId, group)]));
}

/** Asks for the first item at once. Whoever reads them learns of a failure. */
function begun<T>(items: AsyncIterable<T>): AsyncIterable<T> {
  const iterator = items[Symbol.asyncIterator]();
  const first = iterator.next();
  first.catch(() => {});
  return (async function* () {
    for (let next = await first; next.done !== true; next = await iterator.next()) yield next.value;
  })();
}

/** Parses, checks against the event types, and folds repetitions within the batch together. */
async function accept(
  deps: IngestDeps,
  messages: readonly ReceivedEventMessage[],
  systemMessages: SystemMessage[],
  rejections: Rejection[],
  result: IngestResult,
): Promise<Accepted[]> {
  const accepted = new Map<string, Accepted>();
  for (const message of messages) {
    try {
      await acceptOne(message);
    } catch (error) {
      // What is wrong with one, or with the reading of its type, is nothing of the others.
      deps.report({ kind: 'error', about: [], error });
      result.retry.add(message.messageId);
    }
  }
  return [...accepted.values()];

  async function acceptOne(message: ReceivedEventMessage): Promise<void> {
    if (message.body.length > LARGE) await deps.pause();
    const parsed = parseMessage(message, deps.now());
    if (parsed.kind === 'rejected') {
      rejections.push(rejection(message, parsed.tenantId, parsed.reason));
      return;
    }
    if (parsed.kind === 'system_event') {
      systemMessages.push({ message, id: parsed.id });
      return;
    }
    const { event, idGiven } = parsed;
    const refusal = await checkType(deps, event);
    if (refusal !== null) {
      rejections.push(rejection(message, event.tenantId, refusal));
      return;
    }
    const first = accepted.get(eventKey(event));
    if (first === undefined) accepted.set(eventKey(event), { message, twins: [], event, idGiven, recorded: null });
    else if (first.event.contentHash === event.contentHash) first.twins.push(message.messageId);
    else rejections.push(rejection(message, event.tenantId, idReused(event.id)));
  }
}

/**
 * Finds out which events the journal has already: the same id published again, or a message that SQS hands out again.
 * A repetition goes on as the event on record; one with different content is rejected.
 */
async function recognise(
  deps: IngestDeps,
  accepted: readonly Accepted[],
  rejections: Rejection[],
): Promise<Accepted[]> {
  // An event that brings no id, or a new one of the API's, and comes for the first time cannot be there.
  const suspects = accepted.filter(({ idGiven, message }) => idGiven || message.receivedBefore);
  if (suspects.length === 0) return [...accepted];
  const known = await deps.store.getEvents(
    suspects.map(({ event }) => event),
    // An unfinished fan-out may come back before an eventually consistent read would show where it stopped.
    suspects.some(({ message }) => message.receivedBefore),
  );
  return accepted.filter((one) => matchesRecord(one, known.get(eventKey(one.event)) ?? null, rejections));
}

/** Writes what is new. Returns the events that are on record; the messages of those that are not come back. */
async function record(
  deps: IngestDeps,
  accepted: readonly Accepted[],
  rejections: Rejection[],
  result: IngestResult,
): Promise<Accepted[]> {
  const dropped = new Set<Accepted>();
  const fail = (one: Accepted, error: unknown): void => {
    dropped.add(one);
    deps.report({ kind: 'error', about: [one.event], error });
    for (const id of [one.message.messageId, ...one.twins]) result.retry.add(id);
  };
  const fresh = accepted.filter(({ recorded }) => recorded === null);
  const [given, own] = [fresh.filter(({ idGiven }) => idGiven), fresh.filter(({ idGiven }) => !idGiven)];

  async function createGiven(): Promise<void> {
    const created = await Promise.allSettled(given.map(({ event }) => deps.store.createEvent(event)));
    const lost: Accepted[] = [];
    for (const [index, one] of given.entries()) {
      const outcome = created[index];
      if (outcome?.status === 'rejected') fail(one, outcome.reason);
      else if (outcome?.value === false) lost.push(one);
    }
    if (lost.length === 0) return;
    // Published twice at the same moment, and the other was first.
    const known = await deps.store.getEvents(
      lost.map(({ event }) => event),
      true,
    );
    for (const one of lost) {
      if (!matchesRecord(one, known.get(eventKey(one.event)) ?? null, rejections)) dropped.add(one);
    }
  }

  /** No other event can have their ids. */
  async function putOwn(): Promise<void> {
    const events = own.map(({ event }) => event);
    try {
      await deps.store.putEvents(events);
    } catch (error) {
      const unwritten = new Set(undoneOf(error, events));
      for (const one of own) if (unwritten.has(one.event)) fail(one, error);
    }
  }

  await Promise.all([createGiven(), putOwn()]);
  return accepted.filter((one) => !dropped.has(one));
}

/** Whether the event may go on; it does so as the one on record, if there is one. */
function matchesRecord(one: Accepted, recorded: RecordedEvent | null, rejections: Rejection[]): boolean {
  if (recorded === null) return true;
  if (recorded.event.contentHash !== one.event.contentHash) {
    rejections.push(rejection(one.message, one.event.tenantId, idReused(one.event.id)));
    return false;
  }
  one.event = recorded.event;
  one.recorded = recorded;
  return true;
}

/**
 * How long the messages of a repetition wait at least after the event was first recorded: by then its first attempts are
 * on record, so that deliver can tell that they have been made.
 */
const SETTLE_MS = 60_000;

/**
 * Sends a message for each delivery of a tenant's events. Gives those that have to come back.
 * @param firstPages for the new ones: all of the tenant's subscriptions
 */
async function fanOut(
  deps: IngestDeps,
  tenantId: string,
  group: readonly Accepted[],
  firstPages: Pages | undefined,
): Promise<readonly Accepted[]> {
  // Repetitions may each be at another place, and are rare: they go alone. New events share the pages that are read.
  const runs = [
    group.filter(({ recorded }) => recorded === null),
    ...group.filter(({ recorded }) => recorded !== null).map((one) => [one]),
  ];
  const ports = { ...deps, steps: new StepBudget(STEPS_AT_ONCE) };
  try {
    for (const run of runs) {
      const recorded = run[0]?.recorded ?? null;
      const start = recorded?.fanOutCursor ?? null;
      if (run.length === 0) continue;
      const events = run.map(({ event }) => event);
      const pages = recorded === null ? firstPages : undefined;
      const { cursor, queued } = await fanOutFrom(
        ports,
        tenantId,
        run.map((one) => fannedOut(one, deps.now())),
        pages ?? deps.store.readMatchable(tenantId, start, events),
        start,
      );
      if (cursor === null) continue;
      await deps.goOn({ tenantId, eventIds: events.map(({ id }) => id), cursor, queued });
      // As after its end: a repetition starts at the beginning.
      await Promise.all(events.map((event) => deps.store.saveFanOutCursor(event, null)));
    }
    return [];
  } catch (error) {
    deps.report({ kind: 'error', about: group.map(({ event }) => event), error });
    return group;
  }
}

function fannedOut({ event, recorded, message }: Accepted, now: number): FannedOut {
  // An unfinished fan-out goes on to subscriptions that have seen nothing of it, so nothing has to settle.
  const settles = recorded !== null && recorded.fanOutCursor === null;
  return {
    event,
    isRepetition: recorded !== null,
    mayHaveTwins: recorded !== null || message.receivedBefore || message.madeId === 'again',
    notBefore: settles ? event.recordedAt + SETTLE_MS : now,
  };
}

/** Null for an event whose type is accepted and whose data fits it. */
async function checkType(deps: IngestDeps, { type: name, data }: Event): Promise<RejectionReason | null> {
  const type = await deps.store.findType(name);
  if (type === null || type.archived) {
    if (deps.eventTypes === 'open') return null;
    return type === null ? unknownType(name) : archivedType(name);
  }
  if (!type.validate || type.schema === null || data === null) return null;
  const verdict = deps.checkOf(type.schema)(JSON.parse(data));
  // A schema may take tens of milliseconds: other work of this process has its turn after it.
  await deps.pause();
  if (verdict.fits) return null;
  const message =
    verdict.code === 'invalid_data'
      ? `The data does not fit the schema of the event type "${name}". Correct the fields that are listed.`
      : `To check the data against the schema of the event type "${name}" would take too many steps. Make the schema simpler or the data smaller.`;
  return { code: verdict.code, message, errors: verdict.errors };
}
