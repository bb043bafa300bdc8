import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createInFlight } from '../../functions/adapters/dynamodb/in-flight.ts';
import { createRateLimits } from '../../functions/adapters/dynamodb/rate-limits.ts';
import { createStores } from '../../functions/adapters/dynamodb/stores.ts';
import { createSystemEventCounts } from '../../functions/adapters/dynamodb/system-event-counts.ts';
import { createHttpSender } from '../../functions/adapters/http/http-sender.ts';
import { type DeliverDeps, deliverBatch } from '../../functions/core/delivery/deliver.ts';
import type { WorkMessage } from '../../functions/core/delivery/queue-message.ts';
import { builtInProfile } from '../../functions/core/profile/built-in-profiles.ts';
import type { Subscription } from '../../functions/core/subscription/subscription.ts';
import { createAddressPolicy } from '../../functions/core/target/address-policy.ts';
import { DISABLE_AFTER_MS, WAITS } from '../support/deliver-setup.ts';
import { makeEvent, makeMessage, makeSubscription, SECOND, subscriptionId } from '../support/domain.ts';
import { useTables } from '../support/emulators.ts';

/*
 * Workers that know nothing of each other but what DynamoDB tells them, and a receiver that counts. The two queues are in
 * memory, and wait in whole seconds as SQS does.
 */

const WORKERS = 4;
/** Time goes at half its pace, so that two busy cores do the work of the second that it takes. */
const SLOWDOWN = 2;
const START = Date.now();
const now = (): number => START + (Date.now() - START) / SLOWDOWN;
const pause = (ms: number): Promise<void> => sleep(Math.max(0, ms * SLOWDOWN));

const tables = useTables();
const stores = createStores({ tables, retentionDays: 30, statsRetentionDays: 30, now });
const sender = createHttpSender({
  addressPolicy: createAddressPolicy({ allowedPrivateRanges: ['127.0.0.0/8'] }),
  allowedPorts: [],
  allowHttp: true,
});
let receiver: Server;
let url = '';
/** When requests came, and the most that were under way at the same moment. */
const arrivals: number[] = [];
let underWay = 0;
let most = 0;
let answerMs = 0;

beforeAll(async () => {
  receiver = createServer((request, response) => {
    arrivals.push(now());
    underWay += 1;
    most = Math.max(most, underWay);
    request.resume().on('end', async () => {
      await pause(answerMs);
      underWay -= 1;
      response.writeHead(200).end();
    });
  }).listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
});
afterAll(async () => {
  await sender.close();
  receiver.close();
});

/** Events of one subscription, delivered by four workers until `isOver`. */
async function run(rest: Partial<Subscription> & { id: string }, count: number, isOver: () => boolean): Promise<void> {
  arrivals.length = 0;
  most = 0;
  const subscription = makeSubscription({ tenantId: rest.id, url, ...rest });
  const events = Array.from({ length: count }, (_, index) =>
    makeEvent({ tenantId: rest.id, id: `evt_${index}`, acceptedAt: Math.floor(now()) }),
  );
  await stores.subscriptions.saveSubscription(subscription, 0);
  await stores.events.putEvents(events);
  const queue = events.map((event) => ({
    message: makeMessage({
      tenantId: rest.id,
      subscriptionId: rest.id,
      eventId: event.id,
      eventAt: event.acceptedAt,
    }) as WorkMessage,
    fromRetries: false,
    visibleAt: 0,
  }));
  const deps = (): DeliverDeps => ({
    store: { ...stores.deliveries, ...stores.subscriptions, ...stores.tenants },
    // Each worker sees the limits through a store of its own.
    rates: createRateLimits(tables),
    inFlight: createInFlight(tables),
    retries: {
      send: async (messages) => {
        for (const { message, delaySeconds } of messages)
          queue.push({ message, fromRetries: true, visibleAt: now() + delaySeconds * SECOND });
      },
    },
    systemEvents: {
      events: stores.events,
      publish: async () => {},
      counts: createSystemEventCounts(tables, now),
      later: { send: async () => {} },
      now,
    },
    sender,
    opener: { open: async (sealed) => sealed },
    profiles: { get: async (name) => builtInProfile(name) },
    waits: WAITS,
    attemptTimeoutMs: 15_000,
    disableAfterMs: DISABLE_AFTER_MS,
    userAgent: 'Posthorn/test',
    now,
    sleep: pause,
    patience: () => pause(SECOND),
    hasCaughtUp: async () => true,
    remainingMs: () => 30_000,
    newAttemptId: () => randomBytes(6).toString('base64url'),
    random: Math.random,
    report: (report) => {
      if (report.kind === 'error') throw report.error;
    },
  });
  const work = async (): Promise<void> => {
    const ports = deps();
    while (!isOver()) {
      const fromRetries = queue.some((one) => one.fromRetries && one.visibleAt <= now());
      const batch = queue.filter((one) => one.fromRetries === fromRetries && one.visibleAt <= now()).slice(0, 10);
      for (const one of batch) one.visibleAt = Number.POSITIVE_INFINITY;
      if (batch.length === 0) await pause(20);
      else {
        const received = batch.flatMap(({ message }) =>
          message.kind === 'deliver' ? [{ message, fromRetries, receivedBefore: false }] : [],
        );
        const decisions = await deliverBatch(ports, received);
        for (const [index, one] of batch.entries()) {
          const decision = decisions[index];
          if (decision?.kind === 'hide') one.visibleAt = now() + decision.seconds * SECOND;
          else queue.splice(queue.indexOf(one), 1);
        }
      }
    }
  };
  await Promise.all(Array.from({ length: WORKERS }, work));
}

/** The most and the fewest that came in any ten seconds from `from` to `until`. */
function tenSecondCounts(from: number, until: number): { most: number; fewest: number } {
  const counts: number[] = [];
  for (let at = from; at + 10 * SECOND <= until; at += 50)
    counts.push(arrivals.filter((arrival) => arrival >= at && arrival < at + 10 * SECOND).length);
  return { most: Math.max(...counts), fewest: Math.min(...counts) };
}

describe('a subscription that four workers deliver to', () => {
  it('gets 50 requests a second, within 10 % over 10 seconds', { timeout: 180_000 }, async () => {
    const begin = now();
    await run({ id: subscriptionId(50), maxPerSecond: 50 }, 800, () => now() - begin > 13 * SECOND);
    const from = arrivals[0] ?? begin;
    // The burst at the beginning included.
    expect(tenSecondCounts(from, from + 12.5 * SECOND)).toEqual({
      most: expect.toSatisfy((n) => n <= 550),
      fewest: expect.toSatisfy((n) => n >= 450),
    });
  });

  it('has at most three requests at the same moment, and gets them all', { timeout: 180_000 }, async () => {
    answerMs = 100;
    const id = subscriptionId(3);
    // A worker that was killed: its places are free when its lease ends.
    const killed = { count: 2, max: 3, now: now(), endsAt: now() + 3 * SECOND };
    expect(await createInFlight(tables).takePlaces(id, killed)).toMatchObject({ places: 2 });
    const begin = now();
    await run({ id, maxConcurrent: 3 }, 90, () => arrivals.length === 90 && underWay === 0);
    expect(most).toBe(3);
    // At best it takes 4 s: one place for 3 s, three places from then on.
    expect(now() - begin).toBeLessThan(30 * SECOND);
  });
});
