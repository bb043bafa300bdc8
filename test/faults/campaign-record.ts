import * as z from 'zod';
import type { Delivery } from '../../functions/core/delivery/delivery.ts';
import type { Event } from '../../functions/core/event/event.ts';
import type { Job } from '../../functions/core/jobs/job.ts';

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
  /** When the system's clock was moved ahead, and by how much. */
  jumps: { at: number; byMs: number }[];
}

/** The response header that carries a request's mark: the journal keeps it as that of any receiver. */
export const MARK_HEADER = 'x-request-id';
/** The request header that carries the attempt's number, as the campaign's profiles set it. */
export const NUMBER_HEADER = 'x-attempt';

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
