import type { Attempt } from '../../functions/core/delivery/attempt.ts';
import { type Delivery, isParked } from '../../functions/core/delivery/delivery.ts';
import { deliveryId, SYSTEM_TENANT } from '../../functions/core/ids.ts';
import {
  type CampaignRecord,
  MARK_HEADER,
  NUMBER_HEADER,
  type ReceivedRequest,
  type SubscriptionHistory,
  systemTime,
} from './campaign-record.ts';
import { checkCounters } from './check-counters.ts';
import { checkHealth } from './check-health.ts';
import { FAULT_KINDS, type Finding, type Report } from './findings.ts';

export interface Verdict {
  findings: Finding[];
  /** Requests that are not on record, and why that may be. */
  repeats: number;
}

/** The clock of the journal and that of the machine differ by moments; attempts are planned to the millisecond. */
const CLOCK_SLACK_MS = 20;
/** An attempt reads its subscription at most this long before its request: a function runs no longer. */
const READ_BEFORE_MS = 20_000;
/** A kill explains a repetition if the invocation that sent the request can still have run. */
const KILLED_WITHIN_MS = 20_000;
/** The answer to a claim can be lost a moment before the attempt's recorded start. */
const INTERRUPTED_BEFORE_MS = 1_000;
/** By the system's clock, which jumps while an invocation runs. */
const INTERRUPTED_WITHIN_MS = 60_000;
/** A write that is refused is tried again for some seconds; then the message comes back, and with it the request. */
const WRITTEN_WITHIN_MS = 20_000;
/** An attempt of the campaign's profiles takes two seconds at most, and a busy machine is late. */
const ATTEMPT_LIMIT_MS = 4_000;

/** Compares what was asked, what arrived and what is on record. */
export function checkCampaign(record: CampaignRecord): Verdict {
  const findings: Finding[] = [];
  const report: Report = (kind, id, message) => {
    findings.push({ kind, id, message });
  };
  const facts = gatherFacts(record);
  checkEvents(facts, report);
  for (const delivery of record.deliveries) {
    checkEnd(facts, delivery, report);
    checkOpen(facts, delivery, report);
    checkPlan(facts, delivery, report);
    checkAttempts(facts, delivery, report);
  }
  checkDuplicates(facts, report);
  checkCommands(facts, report);
  for (const subscription of record.subscriptions) checkVerdicts(facts, subscription, report);
  checkTold(facts, report);
  checkCounters(record, report);
  checkHealth(record, report);
  for (const { queue, count } of record.leftMessages) report('stuck', queue, `${count} messages are left in it`);
  return { findings, repeats: checkRepeats(facts, report) };
}

interface Facts {
  record: CampaignRecord;
  subscriptions: ReadonlyMap<string, SubscriptionHistory>;
  requests: ReadonlyMap<string, ReceivedRequest>;
  requestsOf: ReadonlyMap<string, ReceivedRequest[]>;
  /** By event: its mark. */
  marks: ReadonlyMap<string, string>;
  /** Subscriptions whose receiver answered 410. */
  goneOf: ReadonlyMap<string, ReceivedRequest[]>;
}

function gatherFacts(record: CampaignRecord): Facts {
  const requestsOf = Map.groupBy(record.requests, (request) => request.deliveryId);
  const subscriptionOf = new Map(record.deliveries.map((one) => [deliveryId(one), one.subscriptionId]));
  return {
    record,
    subscriptions: new Map(record.subscriptions.map((one) => [one.id, one])),
    requests: new Map(record.requests.map((one) => [one.mark, one])),
    requestsOf,
    marks: new Map(record.events.map(({ tenantId, id, mark }) => [`${tenantId} ${id}`, mark])),
    goneOf: Map.groupBy(
      record.requests.filter(({ status }) => status === 410),
      (request) => subscriptionOf.get(request.deliveryId) ?? '',
    ),
  };
}

/** Every accepted event is on record, with a delivery to each subscription that was there before and stayed. */
function checkEvents({ record, goneOf }: Facts, report: Report): void {
  const known = new Set(record.deliveries.map(({ subscriptionId, eventId }) => `${subscriptionId} ${eventId}`));
  const events = Map.groupBy(record.events, ({ mark }) => mark);
  for (const publication of record.publications) {
    const { mark, tenantId, type, startedAt, endedAt } = publication;
    const ofMark = events.get(mark) ?? [];
    if (endedAt !== null && ofMark.length === 0) report('lost', mark, 'the event was accepted and is not on record');
    for (const event of ofMark) {
      for (const one of record.subscriptions) {
        const wants = one.tenantId === tenantId && type.startsWith(one.typePrefix) && one.createdAt < startedAt;
        const stayed = one.deletion === null && !(one.status === null && goneOf.has(one.id));
        if (wants && stayed && !known.has(`${one.id} ${event.id}`))
          report('lost', event.id, `there is no delivery to ${one.id}`);
      }
    }
  }
}

/** What has ended has a reason that fits what happened. */
function checkEnd(facts: Facts, delivery: Delivery, report: Report): void {
  const reason = explainEnd(facts, delivery);
  if (reason !== null) report('lost', deliveryId(delivery), `it is ${delivery.status}, but ${reason}`);
}

function explainEnd({ record, requestsOf, subscriptions, goneOf }: Facts, delivery: Delivery): string | null {
  const id = deliveryId(delivery);
  const statuses = (requestsOf.get(id) ?? []).map(({ status }) => status ?? 0);
  const subscription = subscriptions.get(delivery.subscriptionId);
  const code = delivery.statusReason?.code ?? 'none';
  switch (delivery.status) {
    case 'pending':
    case 'parked':
      return null;
    case 'succeeded':
      return statuses.some((status) => status >= 200 && status < 300) ? null : 'no receiver answered 2xx';
    case 'failed': {
      if (code === 'receiver_gone') return statuses.includes(410) ? null : 'no receiver answered 410';
      const rounds = (subscription?.gapsMs.length ?? 0) + 1;
      const failures = delivery.attempts.filter(countsForSchedule).length;
      if (code !== 'attempts_exhausted') return `its reason is ${code}`;
      return failures >= rounds ? null : `only ${failures} of ${rounds} attempts of its schedule were made`;
    }
    case 'cancelled':
      if (code === 'cancelled') {
        const asked = record.commands.some(({ kind, deliveryId }) => kind === 'cancel' && deliveryId === id);
        return asked ? null : 'its cancellation was not asked for';
      }
      if (code === 'discarded') return (subscription?.discards.length ?? 0) > 0 ? null : 'nothing was discarded';
      if (code === 'subscription_deleted') {
        const isGone = subscription?.deletion !== null || goneOf.has(delivery.subscriptionId);
        return isGone ? null : 'its subscription was not deleted';
      }
      return `its reason is ${code}`;
    default:
      return delivery.status satisfies never;
  }
}

/** Nothing waits that nothing will wake, and nothing is still owed. */
function checkOpen({ subscriptions }: Facts, delivery: Delivery, report: Report): void {
  const id = deliveryId(delivery);
  const { status, effects, requested, claim, dueAt } = delivery;
  const subscription = subscriptions.get(delivery.subscriptionId);
  if (effects.length > 0) report('stuck', id, `it still owes ${effects.map(({ kind }) => kind).join(', ')}`);
  const waitsForSubscription =
    isParked(delivery) && dueAt !== null && ![null, undefined, 'active'].includes(subscription?.status);
  if (requested !== null && !waitsForSubscription)
    report('stuck', id, `the ${requested} attempt that was asked for was never made`);
  if (status !== 'pending' && status !== 'parked') {
    if (claim !== null) report('stuck', id, 'it is at its end, and claimed');
    return;
  }
  if (dueAt === null) report('stuck', id, `it is ${status} without a time at which it is looked at`);
  const isGone = subscription === undefined || subscription.status === null;
  if (isGone) report('effects_undone', id, `it is ${status}, though its subscription is gone`);
  else if (status === 'pending') report('stuck', id, 'it is pending after everything else is over');
  else if (subscription.status === 'active') report('stuck', id, 'it is parked beside an active subscription');
}

/** No automatic attempt begins before the gap of the profile is over, or before what Retry-After asks for. */
function checkPlan({ subscriptions, record }: Facts, delivery: Delivery, report: Report): void {
  const subscription = subscriptions.get(delivery.subscriptionId);
  if (subscription === undefined) return;
  let failures = 0;
  delivery.attempts.forEach((attempt, index) => {
    if (countsForSchedule(attempt)) failures += 1;
    const next = delivery.attempts[index + 1];
    if (next?.trigger !== 'automatic' || attempt.outcome === 'interrupted' || attempt.outcome === 'success') return;
    // The first attempt of a message that was handed out twice: it was planned by nothing.
    if (next.request.headers[NUMBER_HEADER] === '1') return;
    const endedAt = attempt.startedAt + attempt.durationMs;
    const plannedAt = endedAt + Math.max(subscription.gapsMs[Math.max(failures, 1) - 1] ?? 0, retryAfterMs(attempt));
    if (next.startedAt >= plannedAt - CLOCK_SLACK_MS) return;
    // What a pause has parked is delivered when it is resumed.
    const isResumed = subscription.resumes.some(
      ({ startedAt, endedAt: answeredAt }) =>
        systemTime(record, startedAt) <= next.startedAt &&
        systemTime(record, answeredAt ?? Number.POSITIVE_INFINITY) >= attempt.startedAt,
    );
    if (isResumed) return;
    const early = Math.round(plannedAt - next.startedAt);
    report('early', deliveryId(delivery), `attempt ${next.number} began ${early} ms before its time`);
  });
}

/** Waits of at most 5 s are honoured by the campaign's profiles. */
export const MAX_RETRY_AFTER_MS = 5_000;

function retryAfterMs({ response }: Attempt): number {
  if (response?.status !== 503) return 0;
  return Math.min(Number(response.headers['retry-after'] ?? 0) * 1_000, MAX_RETRY_AFTER_MS);
}

/** What is on record as answered was answered so, by a receiver that got this delivery. */
function checkAttempts(facts: Facts, delivery: Delivery, report: Report): void {
  const { requests, requestsOf, marks } = facts;
  const id = deliveryId(delivery);
  for (const { number, outcome, response, request, startedAt } of delivery.attempts) {
    if (outcome === 'interrupted' && !isInterrupted(facts, id, startedAt))
      report('phantom', id, `attempt ${number} is on record as interrupted, and nothing interrupted it`);
    if (outcome === 'timeout') {
      const sent = Number(request.headers[NUMBER_HEADER]);
      const seen = (requestsOf.get(id) ?? []).some((one) => one.number === sent);
      if (!seen) report('phantom', id, `attempt ${number} timed out, but no receiver got its request`);
    }
    if (response === null) {
      if (outcome === 'success') report('phantom', id, `attempt ${number} is a success without an answer`);
      continue;
    }
    const seen = requests.get(response.headers[MARK_HEADER] ?? '');
    if (seen === undefined) report('phantom', id, `attempt ${number} has an answer that no receiver gave`);
    else if (seen.deliveryId !== id) report('phantom', id, `attempt ${number} has the answer to ${seen.deliveryId}`);
    else if (seen.status !== null && seen.status !== response.status)
      report('phantom', id, `attempt ${number} has ${response.status} on record, and the answer was ${seen.status}`);
    else if (seen.eventMark !== marks.get(`${delivery.tenantId} ${delivery.eventId}`))
      report('phantom', id, `attempt ${number} carried the data of another event`);
  }
}

/** Whether an attempt that began then, by the system's clock, was cut off: by a kill, or by a write that failed. */
function isInterrupted({ record }: Facts, id: string, startedAt: number): boolean {
  const cuts = [...record.kills, ...(record.refusedWrites.get(id) ?? [])];
  return cuts.some((at) => {
    const afterMs = systemTime(record, at) - startedAt;
    return afterMs > -INTERRUPTED_BEFORE_MS && afterMs < INTERRUPTED_WITHIN_MS;
  });
}

/** One request has one record, one delivery one item, one event one item. */
function checkDuplicates({ record }: Facts, report: Report): void {
  const seen = new Set<string>();
  const once = (key: string, id: string, what: string): void => {
    if (seen.has(key)) report('recorded_twice', id, what);
    seen.add(key);
  };
  for (const { tenantId, id } of record.events) once(`event ${tenantId} ${id}`, id, 'the event is on record twice');
  for (const delivery of record.deliveries) {
    const id = deliveryId(delivery);
    const { subscriptionId, eventId, attempts } = delivery;
    once(`delivery ${subscriptionId} ${eventId}`, id, 'another delivery has the same event and subscription');
    for (const attempt of attempts) {
      once(`id ${id} ${attempt.id}`, id, `two attempts have the id ${attempt.id}`);
      once(`number ${id} ${attempt.number}`, id, `two attempts have the number ${attempt.number}`);
      const mark = attempt.response?.headers[MARK_HEADER];
      if (mark !== undefined) once(`mark ${mark}`, id, `the request ${mark} is on record twice`);
    }
  }
}

/** A retry that was accepted is made, unless its delivery was stopped otherwise. */
function checkCommands({ record, requestsOf, subscriptions, goneOf }: Facts, report: Report): void {
  const byId = new Map(record.deliveries.map((one) => [deliveryId(one), one]));
  const cancelled = new Set(record.commands.flatMap(({ kind, deliveryId: id }) => (kind === 'cancel' ? [id] : [])));
  for (const { kind, deliveryId: id, startedAt, endedAt } of record.commands) {
    if (kind !== 'retry' || endedAt === null) continue;
    const delivery = byId.get(id);
    if (delivery === undefined) {
      report('lost', id, 'its retry was accepted, and it is not on record');
      continue;
    }
    const subscription = subscriptions.get(delivery.subscriptionId);
    const isStopped =
      cancelled.has(id) ||
      subscription?.deletion !== null ||
      subscription.pauses.length > 0 ||
      goneOf.has(subscription.id);
    // A replay's attempt that was under way then, or came later, is the answer to both.
    const asked = systemTime(record, startedAt);
    const isMade = delivery.attempts.some((one) => one.trigger === 'manual' || one.startedAt + one.durationMs >= asked);
    // A success, got by a copy that could not know of the other, overwrote what was asked for.
    const isOverwritten =
      delivery.status === 'succeeded' &&
      (record.doubled.has(id) || requestsOf.get(id)?.some(({ eventMark }) => record.doubled.has(eventMark)) === true);
    if (!isMade && !isStopped && !isOverwritten && delivery.requested === null)
      report('lost', id, 'its retry was accepted and never made');
  }
}

/** The requests whose answers are on record. */
function recordedMarks({ deliveries }: CampaignRecord): Set<string | undefined> {
  return new Set(deliveries.flatMap(({ attempts }) => attempts.map(({ response }) => response?.headers[MARK_HEADER])));
}

/** A 410 that is on record, and that nothing has overruled since, has had its effect; and nothing else has that effect. */
function checkVerdicts({ record, goneOf }: Facts, subscription: SubscriptionHistory, report: Report): void {
  const { id, status, path, resumes, moves, deletion } = subscription;
  const recorded = recordedMarks(record);
  const gone = goneOf.get(id) ?? [];
  const standing = gone.find(
    (request) =>
      request.path === path &&
      recorded.has(request.mark) &&
      !resumes.some((resume) => (resume.endedAt ?? Number.POSITIVE_INFINITY) > request.at - READ_BEFORE_MS),
  );
  if (status === 'active' && standing !== undefined)
    report('effects_undone', id, `its receiver answered 410 to ${standing.deliveryId}, and it is active`);
  // Before a move was answered, the receiver of the URL before could still disable it.
  const movedAt = Math.max(...moves.map(({ endedAt }) => endedAt ?? Number.POSITIVE_INFINITY));
  const isDue = path === '' || gone.some((request) => request.path === path || request.at < movedAt);
  if (status === 'disabled' && !isDue)
    report('effects_undone', id, 'it is disabled, but the receiver of its URL never said 410');
  if (status === null && deletion === null && gone.length === 0)
    report('effects_undone', id, 'it is gone, though nobody deleted it and its receiver never said 410');
}

/** The company is told of each end of a job, of each subscription that a receiver ended, and of all that failed for good. */
function checkTold({ record, goneOf }: Facts, report: Report): void {
  const told = Map.groupBy(record.events, ({ type, about }) => `${type} ${about}`);
  const onRecord = recordedMarks(record);
  const countOf = (type: string, about: string): number =>
    (told.get(`posthorn.${type} ${about}`) ?? []).reduce((sum, { count }) => sum + count, 0);
  for (const { id, status, dueAt } of record.jobs) {
    if (status === 'running' || dueAt !== null) report('stuck', id, `the job is ${status}, and due at ${dueAt}`);
    else if (countOf('job.ended', id) !== 1) report('effects_undone', id, 'the end of the job was not told once');
  }
  for (const { id, tenantId, gapsMs, status, deletion } of record.subscriptions) {
    if (tenantId === SYSTEM_TENANT) continue;
    const gone = goneOf.get(id) ?? [];
    const isEnded = status === 'disabled' || (status === null && deletion === null && gone.length > 0);
    // A 2xx, got by a copy that could not know of the other, overwrote the 410 and what that still owed.
    const isOverwritten = ({ mark, deliveryId: of }: ReceivedRequest): boolean =>
      record.doubled.has(of) && !onRecord.has(mark);
    const isExplained = gone.length > 0 && gone.every(isOverwritten);
    if (isEnded && !isExplained && countOf('subscription.disabled', id) === 0)
      report(
        'effects_undone',
        id,
        `it is ${status ?? 'gone'} after 410 to ${gone[0]?.deliveryId}, and nobody was told`,
      );
    const failed = record.deliveries.filter(
      (one) => one.subscriptionId === id && one.statusReason?.code === 'attempts_exhausted',
    );
    if (!record.emptied && countOf('delivery.exhausted', id) < failed.length)
      report('effects_undone', id, `${failed.length} deliveries failed for good, and fewer were told`);
    if (gone.length === 0 && countOf('subscription.disabled', id) > 0)
      report('phantom', id, 'the company was told of its end, and its receiver never said 410');
    const mayHaveFailed = record.deliveries.some(
      (one) => one.subscriptionId === id && one.attempts.filter(countsForSchedule).length > gapsMs.length,
    );
    if (!mayHaveFailed && countOf('delivery.exhausted', id) > 0)
      report('phantom', id, 'the company was told of deliveries that failed for good, and none did');
  }
}

/** Counts the requests that are not on record. */
function checkRepeats({ record, requestsOf }: Facts, report: Report): number {
  let repeats = 0;
  const byId = new Map(record.deliveries.map((one) => [deliveryId(one), one]));
  for (const [id, requests] of requestsOf) {
    const attempts = byId.get(id)?.attempts ?? [];
    const marks = new Set(attempts.map(({ response }) => response?.headers[MARK_HEADER]));
    // An attempt without an answer has no mark: it takes the last request of its number.
    const unmarked = attempts.filter(({ response }) => response === null);
    for (const request of requests.filter(({ mark }) => !marks.has(mark)).toReversed()) {
      const match = unmarked.findIndex(({ number, outcome, request: { headers } }) =>
        outcome === 'interrupted' ? number === request.number : Number(headers[NUMBER_HEADER]) === request.number,
      );
      const [taken] = match < 0 ? [] : unmarked.splice(match, 1);
      if (taken !== undefined && taken.outcome !== 'interrupted') continue;
      repeats += 1;
      const isKilled = record.kills.some((at) => at >= request.at - 1_000 && at - request.at < KILLED_WITHIN_MS);
      const isDoubled = record.doubled.has(id) || record.doubled.has(request.eventMark);
      const isRefused = record.refusedWrites
        .get(id)
        ?.some((at) => at >= request.at && at - request.at < WRITTEN_WITHIN_MS);
      const isExplained = isKilled || isDoubled || isRefused || isSentAgain(request, requests);
      if (isExplained) continue;
      const what = taken === undefined ? 'not on record' : 'on record as interrupted, and nothing interrupted it';
      report('repeated_without_cause', id, `attempt ${request.number} (${request.mark}) is ${what}`);
    }
  }
  return repeats;
}

/**
 * Whether the sender sent it again as part of the same attempt: a connection that was used before and breaks without an
 * answer may have been closed for idleness.
 */
function isSentAgain({ mark, at, number, status }: ReceivedRequest, ofDelivery: readonly ReceivedRequest[]): boolean {
  const isSame = (one: ReceivedRequest): boolean =>
    one.mark !== mark && one.number === number && one.at >= at && one.at - at < ATTEMPT_LIMIT_MS;
  return status === null && ofDelivery.some(isSame);
}

function countsForSchedule({ trigger, outcome }: Attempt): boolean {
  return trigger === 'automatic' && outcome !== 'success' && outcome !== 'interrupted';
}

/** For the console: each kind with its count, then what was found. */
export function describeVerdict({ findings, repeats }: Verdict): string {
  const counts = FAULT_KINDS.map((kind) => `${kind} ${findings.filter((one) => one.kind === kind).length}`);
  const shown = findings.slice(0, 50).map(({ kind, id, message }) => `  ${kind}  ${id}: ${message}`);
  const rest = findings.length > shown.length ? [`  … and ${findings.length - shown.length} more`] : [];
  return [`${counts.join(' · ')} · explained repeats ${repeats}`, ...shown, ...rest].join('\n');
}
