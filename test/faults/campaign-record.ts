import * as z from 'zod';
import type { Attempt } from '../../functions/core/delivery/attempt.ts';
import type { Delivery } from '../../functions/core/delivery/delivery.ts';
import type { Event } from '../../functions/core/event/event.ts';
import { deliveryId } from '../../functions/core/ids.ts';
import type { Job } from '../../functions/core/jobs/job.ts';
import type { CountedSubscription } from '../../functions/core/stats/counters.ts';
import type { Health } from '../../functions/core/subscription/health.ts';

/*
 * All that is known of a campaign once it is quiet: what was asked, what receivers got, and what the journal says. Times
 * are epoch milliseconds of the machine; only the deliveries' own are of the system's clock, which `jumps` tells apart.
 */

/** When a call began, and when its answer came; null if none came. */
export interface Span {
  startedAt: number;
  endedAt: number | null;
}

export interface Publication extends Span {
  /** Stands in the event's data, and nowhere else. `endedAt` is null unless it was accepted. */
  mark: string;
  tenantId: string;
  type: string;
}

/** An event in the journal. */
export interface RecordedEvent {
  tenantId: string;
  id: string;
  /** Empty for an event of Posthorn's own. */
  mark: string;
  type: string;
  /** Of an event of Posthorn's own: the subscription or the job that it tells of, and how many such things. */
  about: string | null;
  count: number;
}

export interface SubscriptionHistory {
  id: string;
  tenantId: string;
  /** What the types of its events begin with; empty for all. */
  typePrefix: string;
  /** Of its profile, without jitter. */
  gapsMs: readonly number[];
  /** When its creation was answered. */
  createdAt: number;
  pauses: Span[];
  resumes: Span[];
  /** Each gave it another URL. */
  moves: Span[];
  /** Those of the resumes that discarded what was parked. */
  discards: Span[];
  /** The path of its URL at the end; empty if a move was never answered. */
  path: string;
  deletion: Span | null;
  /** As the API says at the end; null if there is no such subscription. */
  status: string | null;
}

/** A request that a receiver got. */
export interface ReceivedRequest {
  /** Unique. The receiver sends it back with its answer, and the journal keeps it. */
  mark: string;
  at: number;
  path: string;
  deliveryId: string;
  /** The attempt's number as it was sent. */
  number: number;
  eventMark: string;
  /** Null if no whole answer went out. */
  status: number | null;
}

export interface Command extends Span {
  kind: 'retry' | 'cancel';
  deliveryId: string;
}

export interface CampaignRecord {
  publications: Publication[];
  events: RecordedEvent[];
  subscriptions: SubscriptionHistory[];
  requests: ReceivedRequest[];
  commands: Command[];
  deliveries: Delivery[];
  jobs: Pick<Job, 'id' | 'status' | 'dueAt'>[];
  /** Whether a queue was purged: with it goes what is only counted. */
  emptied: boolean;
  /** What is left in the queues: none of it should be. */
  leftMessages: { queue: string; count: number }[];
  /** When the functions' process was killed. */
  kills: number[];
  /** The deliveries, and the marks of the events, of which there were two messages, one of which could not know of the other. */
  doubled: ReadonlySet<string>;
  /** When the write of a delivery was refused, or its answer lost, by the delivery's id. */
  refusedWrites: ReadonlyMap<string, readonly number[]>;
  /** What the statistics say of each subscription, an entry for each hour. */
  counters: CountedSubscription[];
  /** What was recorded and is known not to have been counted. */
  lostCounts: CountedSubscription[];
  /** When invocations ended of which it is not known what they had recorded and not yet counted. */
  uncountedEnds: number[];
  /** The health of each subscription that is there, by its id. */
  health: ReadonlyMap<string, Health>;
  /** When the write of a subscription's health may have been lost, by its id. */
  unwrittenHealth: ReadonlyMap<string, readonly number[]>;
  /** From then on, by the system's clock, nothing failed, and nothing that had begun before was under way. */
  restedAt: number;
  /** When the system's clock was moved ahead, and by how much. */
  jumps: { at: number; byMs: number }[];
}

/** The response header that carries a request's mark: the journal keeps it as that of any receiver. */
export const MARK_HEADER = 'x-request-id';
/** The request header that carries the attempt's number, as the campaign's profiles set it. */
export const NUMBER_HEADER = 'x-attempt';

/** What the system's clock showed at a time of the machine. */
export function systemTime({ jumps }: Pick<CampaignRecord, 'jumps'>, at: number): number {
  return jumps.reduce((time, jump) => (jump.at <= at ? time + jump.byMs : time), at);
}

/**
 * How long after the end of an attempt something happened, by the clock of the machine. Its end is what counts: where the
 * clock jumps while it waits for its answer, its start is on record as if it had begun after the jump.
 */
export function sinceEnd({ jumps }: Pick<CampaignRecord, 'jumps'>, attempt: Attempt, at: number): number {
  const end = attempt.startedAt + attempt.durationMs;
  return at - jumps.reduce((time, jump) => (time - jump.byMs >= jump.at ? time - jump.byMs : time), end);
}

/**
 * How many attempts of each delivery the success of a twin may have overwritten, by the delivery's id: requests without a
 * record, of a first message that was handed out twice.
 */
export function overwrittenAttempts({ deliveries, requests, doubled }: CampaignRecord): Map<string, number> {
  const recorded = new Map(
    deliveries.map((one) => [deliveryId(one), one.attempts.filter(({ outcome }) => outcome !== 'interrupted').length]),
  );
  const ofTwins = requests.filter((one) => doubled.has(one.deliveryId) || doubled.has(one.eventMark));
  const groups = Map.groupBy(ofTwins, (request) => request.deliveryId);
  return new Map(
    [...groups].flatMap(([id, own]) => {
      const unrecorded = own.length - (recorded.get(id) ?? 0);
      return unrecorded > 0 ? [[id, unrecorded]] : [];
    }),
  );
}

/**
 * The deliveries, by id, whose first message a second fan-out sent once more while the first one waited: that one cannot know
 * of the other. Known by two first requests, of which one came after the event was handed out again.
 * @param handedOut when a message with the event was handed out, by the event's mark: one that came again, or one of two
 */
export function twinsOfFanOuts(
  requests: readonly ReceivedRequest[],
  handedOut: ReadonlyMap<string, readonly number[]>,
): string[] {
  const first = Map.groupBy(
    requests.filter(({ number }) => number === 1),
    (request) => request.deliveryId,
  );
  return [...first].flatMap(([id, twins]) => {
    const isOfSecond = ({ at, eventMark }: ReceivedRequest) => at >= (handedOut.get(eventMark)?.[1] ?? Infinity);
    return twins.length > 1 && twins.some(isOfSecond) ? [id] : [];
  });
}

const Content = z.object({
  mark: z.string().default(''),
  subscriptionId: z.string().nullish(),
  job: z.object({ id: z.string() }).optional(),
  count: z.int().default(1),
});

export function recordedEvent({ tenantId, id, type, data }: Event): RecordedEvent {
  const { mark, subscriptionId, job, count } = Content.parse(JSON.parse(data ?? '{}'));
  return { tenantId, id, type, mark, about: job?.id ?? subscriptionId ?? null, count };
}
