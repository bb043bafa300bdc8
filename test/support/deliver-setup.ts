import type { CommitStep, DeliverReport } from '../../functions/core/delivery/commit.ts';
import { type DeliverDeps, deliverBatch } from '../../functions/core/delivery/deliver.ts';
import type { DeliverMessage, Outgoing } from '../../functions/core/delivery/queue-message.ts';
import type { Decision, ReceivedMessage } from '../../functions/core/delivery/received-message.ts';
import { builtInProfiles } from '../../functions/core/profile/built-in-profiles.ts';
import type { SendResult, WebhookRequest } from '../../functions/core/target/webhook.ts';
import { answered, HOUR, MINUTE, makeEvent, makeMessage, makeSubscription, NOW } from './domain.ts';
import { MemoryCounts } from './memory-counts.ts';
import { MemoryInFlight } from './memory-in-flight.ts';
import { MemoryJournal } from './memory-journal.ts';
import { MemoryRateLimits } from './memory-rate-limits.ts';

export const DISABLE_AFTER_MS = 5 * 24 * HOUR;
export const WAITS = { maxQueueWaitMs: 2 * MINUTE, lostAfterMs: 10 * MINUTE };

/** `deliverBatch` over a journal in memory, with a scripted receiver and a clock that stands still. */
export function deliverSetup() {
  const journal = new MemoryJournal().add(makeSubscription(), makeEvent());
  const rates = new MemoryRateLimits();
  const inFlight = new MemoryInFlight();
  const queued: Outgoing[] = [];
  const counts = new MemoryCounts();
  const requests: WebhookRequest[] = [];
  /** Bodies sent to the events queue. */
  const published: string[] = [];
  const reports: DeliverReport[] = [];
  const setup = {
    journal,
    rates,
    inFlight,
    queued,
    counts,
    /** For what is done without a delivery. */
    get systemEvents() {
      return deps.systemEvents;
    },
    requests,
    published,
    reports,
    now: NOW,
    remainingMs: 30_000,
    /** How long each attempt waited for its slot, in milliseconds. */
    slept: [] as number[],
    /** By name; versions that are not the latest by `name version`. */
    profiles: new Map(builtInProfiles().map((profile) => [profile.document.name, profile])),
    /** Endless: all attempts of a batch are waited for. */
    patience: new Promise<void>(() => {}),
    hasCaughtUp: true,
    /** What the receiver does. */
    receive: (_request: WebhookRequest): SendResult | Promise<SendResult> => answered(200),
    send: async (messages: readonly Outgoing[]): Promise<void> => {
      queued.push(...messages);
    },
    publish: async (messages: readonly { body: string }[]): Promise<void> => {
      published.push(...messages.map(({ body }) => body));
    },
    /** The queue of messages that do not say theirs. */
    fromRetries: false,
    /** Opens what is sealed. */
    open: async (sealed: string): Promise<string> => sealed,
    /** After each step of `commit`. */
    reached: (_step: CommitStep): void => {},
    deliver: (...received: (Partial<ReceivedMessage> | DeliverMessage)[]): Promise<Decision[]> =>
      deliverBatch(
        deps,
        received.map((one) => asReceived(one, setup.fromRetries)),
      ),
  };
  const deps: DeliverDeps = {
    store: journal,
    retries: { send: (messages) => setup.send(messages) },
    systemEvents: {
      events: journal,
      publish: (messages) => setup.publish(messages),
      counts,
      later: { send: (messages) => setup.send(messages) },
      now: () => setup.now,
    },
    sender: {
      send: async (request) => {
        requests.push(request);
        return setup.receive(request);
      },
    },
    rates,
    inFlight,
    sleep: async (ms) => {
      setup.slept.push(ms);
    },
    opener: { open: (sealed) => setup.open(sealed) },
    profiles: {
      get: async (name, version) =>
        setup.profiles.get(version === null ? name : `${name} ${version}`) ?? setup.profiles.get(name) ?? null,
    },
    waits: WAITS,
    attemptTimeoutMs: 15_000,
    disableAfterMs: DISABLE_AFTER_MS,
    userAgent: 'Posthorn/test',
    remainingMs: () => setup.remainingMs,
    newAttemptId: () => `attempt ${requests.length + 1}`,
    now: () => setup.now,
    patience: () => setup.patience,
    hasCaughtUp: async () => setup.hasCaughtUp,
    // The middle of the jitter: gaps are exactly as planned.
    random: () => 0.5,
    report: (report) => reports.push(report),
    reached: (step) => setup.reached(step),
  };
  return setup;
}

function asReceived(one: Partial<ReceivedMessage> | DeliverMessage, fromRetries: boolean): ReceivedMessage {
  const usual = { message: makeMessage(), fromRetries, receivedBefore: false };
  return 'kind' in one ? { ...usual, message: one } : { ...usual, ...one };
}
