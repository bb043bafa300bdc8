import { expect } from 'vitest';
import * as z from 'zod';
import type { Client, Delivery, ReceivedRequest } from './client.ts';
import { eventually } from './eventually.ts';
import { scene } from './use-system.ts';

/** The sweep runs once a minute. */
export const SWEEP_SECONDS = 61;
/** So long before its planned time a premature attempt is provoked. */
const EARLY_SECONDS = 3;

/** When an attempt was over, by the record: planned gaps count from here. Epoch milliseconds. */
export const endOf = ({ startedAt, durationMs }: Delivery['attempts'][number]) => startedAt + durationMs;

/** Seconds from the last attempt's end to the next one, as planned. */
export function plannedGap({ attempts, nextAttemptAt }: Delivery): number {
  const last = attempts.at(-1);
  if (last === undefined || nextAttemptAt === null) throw new Error('no attempt was made, or none is planned');
  return (nextAttemptAt - endOf(last)) / 1_000;
}

/** Waits for the journal to know of so many attempts. */
export function attempted({ deliveryOf }: Client, tenant: string, eventId: string, count: number): Promise<Delivery> {
  return eventually(async () => {
    const delivery = await deliveryOf(tenant, eventId);
    expect(delivery.attempts).toHaveLength(count);
    return delivery;
  });
}

export interface Watch {
  /** Returns once everything that the queues held ready has been handled. */
  settle(): Promise<void>;
}

/**
 * Shows that work goes on while nothing is expected: a delivery of its own is retried by hand, which takes the way of all
 * retries, through their queue and the function, and an event is published, which takes the way of the first attempts.
 */
export async function startWatch(client: Client): Promise<Watch> {
  const { tenant, path } = scene('watch');
  const { subscribe, publish, received, deliveryOf, ask } = client;
  await subscribe(tenant, path);
  const event = await publish(tenant);
  const { id } = await eventually(() => deliveryOf(tenant, event));
  let expected = 1;
  return {
    async settle() {
      await ask(z.unknown(), 'POST', `/v1/tenants/${tenant}/deliveries/${id}/retry`);
      await publish(tenant);
      expected += 2;
      await eventually(async () => expect((await received(path)).total).toBe(expected));
    },
  };
}

/**
 * Takes a delivery to its next attempt. First the clock stops short of the planned time, and the system is given every
 * chance to be early; then it passes it. Fails if the attempt came before its time.
 */
export async function passGap(
  client: Client,
  watch: Watch,
  { tenant, path, delivery }: { tenant: string; path: string; delivery: Delivery },
): Promise<{ delivery: Delivery; request: ReceivedRequest }> {
  const planned = delivery.nextAttemptAt;
  if (planned === null) throw new Error('no attempt is planned');
  const before = (await client.received(path)).total;
  const leftSeconds = (planned - (await client.now())) / 1_000;
  if (leftSeconds > EARLY_SECONDS) await client.advance(leftSeconds - EARLY_SECONDS);
  await watch.settle();
  await client.advance(EARLY_SECONDS + SWEEP_SECONDS);
  const made = await attempted(client, tenant, delivery.eventId, delivery.attempts.length + 1);
  const { total, requests } = await client.received(path);
  expect(total).toBe(before + 1);
  const request = requests.at(-1);
  if (request === undefined) throw new Error('the receiver kept no request');
  // By the receiver's own clock, and by the record: never before its time.
  expect(request.receivedAt).toBeGreaterThanOrEqual(planned);
  expect(made.attempts.at(-1)?.startedAt).toBeGreaterThanOrEqual(planned);
  return { delivery: made, request };
}
