import { afterEach, expect, test } from 'vitest';
import * as z from 'zod';
import {
  newStateFolder,
  type Running,
  readEndpoints,
  removeStateFolder,
  startRunner,
} from '../../testing/runner-process.ts';
import { type Client, createClient, Delivery } from './client.ts';
import { eventually } from './eventually.ts';
import { startCountingReceiver } from './fixtures/counting-receiver.ts';

const EVENTS = 300;
/** Longer than every visibility timeout of the stack, and than `sweep` leaves a job to its message. */
const PAST_VISIBILITY_SECONDS = 400;

const Job = z.looseObject({
  id: z.string(),
  kind: z.string(),
  status: z.string(),
  progress: z.object({ done: z.int(), failed: z.int(), total: z.int().nullable() }),
  error: z.looseObject({ code: z.string() }).nullable(),
});
type Job = z.infer<typeof Job>;

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

async function start(): Promise<{ running: Running; client: Client }> {
  const state = newStateFolder();
  cleanups.push(() => removeStateFolder(state));
  const running = await startRunner({ state });
  cleanups.push(() => running.kill());
  const client = await createClient(running.endpoints);
  cleanups.push(client.close);
  // A profile whose failures are final, so that nothing arrives but by a replay, which no breaker holds up.
  const { document } = await client.ask(
    z.object({ document: z.looseObject({ retry: z.looseObject({ on: z.looseObject({}) }) }) }),
    'GET',
    '/v1/profiles/standard',
  );
  const { provenance: _, ...rest } = document;
  const on = { ...rest.retry.on, statuses: [] };
  await client.ask(z.unknown(), 'POST', '/v1/profiles', {
    body: { ...rest, name: 'once', breaker: null, retry: { ...rest.retry, on } },
  });
  return { running, client };
}

const ids = Array.from({ length: EVENTS }, (_, number) => `event-${number}`);

async function publishAll({ send }: Client, tenantId: string): Promise<void> {
  for (let begin = 0; begin < EVENTS; begin += 100)
    await send(...ids.slice(begin, begin + 100).map((id) => ({ tenantId, id, type: 'a.b', data: { id } })));
}

async function statusesOf(client: Client, subscription: string): Promise<Record<string, number>> {
  const deliveries = await client.all(Delivery, `${subscription}/deliveries`);
  return Object.fromEntries(
    [...Map.groupBy(deliveries, ({ status }) => status)].map(([status, group]) => [status, group.length]),
  );
}

/** All events have come to a receiver that was broken, which is mended now. */
async function broken(client: Client, tenant: string) {
  const receiver = await startCountingReceiver();
  cleanups.push(receiver.close);
  receiver.break(true);
  const { id } = await client.subscribe(tenant, '', { url: receiver.url, profile: 'once' });
  const one = `/v1/tenants/${tenant}/subscriptions/${id}`;
  await publishAll(client, tenant);
  await eventually(async () => expect(await statusesOf(client, one)).toEqual({ failed: EVENTS }), 80_000);
  receiver.break(false);
  receiver.counts.clear();
  return { one, counts: receiver.counts };
}

const FROM = '2020-01-01T00:00:00Z';
const replay = (client: Client, one: string, body: object): Promise<Job> =>
  client.ask(Job, 'POST', `${one}/replays`, { body: { from: FROM, ...body } });

async function ended(client: Client, tenant: string, { id }: Job): Promise<Job> {
  return eventually(async () => {
    const job = await client.ask(Job, 'GET', `/v1/tenants/${tenant}/jobs/${id}`);
    expect(job.status).not.toBe('running');
    return job;
  }, 80_000);
}

/** Each event has arrived once, and the journal has one attempt more for it. */
async function expectReplayed(client: Client, one: string, counts: Map<string, number>): Promise<void> {
  await eventually(() => expect(counts.size).toBe(EVENTS), 80_000);
  await eventually(async () => expect(await statusesOf(client, one)).toEqual({ succeeded: EVENTS }), 80_000);
  const deliveries = await client.all(Delivery, `${one}/deliveries`);
  for (const { attempts } of deliveries)
    expect(attempts.map(({ trigger }) => trigger)).toEqual(['automatic', 'replay']);
}

test('a range that failed arrives once its receiver is mended', { timeout: 280_000 }, async () => {
  const { client } = await start();
  const { one, counts } = await broken(client, 'mended');

  const dry = await ended(client, 'mended', await replay(client, one, { dryRun: true }));
  expect(dry).toMatchObject({ status: 'done', progress: { done: EVENTS, failed: 0, total: EVENTS } });
  expect(counts.size).toBe(0);

  const job = await ended(client, 'mended', await replay(client, one, { status: 'failed' }));
  expect(job).toMatchObject({ kind: 'replay', status: 'done', progress: { done: EVENTS, failed: 0, total: EVENTS } });
  await expectReplayed(client, one, counts);
  expect(new Set(counts.values())).toEqual(new Set([1]));

  const listed = await client.all(Job, '/v1/tenants/mended/jobs');
  expect(listed.map(({ id }) => id)).toEqual([job.id, dry.id]);
  expect((await client.call('GET', `/v1/tenants/other/jobs/${job.id}`)).status).toBe(404);
  const tooLate = await client.ask(Job, 'POST', `/v1/tenants/mended/jobs/${job.id}/cancel`);
  expect(tooLate.status).toBe('done');

  // Who subscribes late gets what it missed.
  const late = await startCountingReceiver();
  cleanups.push(late.close);
  await client.advance(120);
  const { id } = await client.subscribe('mended', '', { url: late.url });
  const lateOne = `/v1/tenants/mended/subscriptions/${id}`;
  const missed = await ended(client, 'mended', await replay(client, lateOne, { status: 'missing' }));
  expect(missed).toMatchObject({ status: 'done', progress: { done: EVENTS, failed: 0 } });
  await eventually(async () => expect(await statusesOf(client, lateOne)).toEqual({ succeeded: EVENTS }), 80_000);
  expect([late.counts.size, new Set(late.counts.values())]).toEqual([EVENTS, new Set([1])]);
});

test('a replay that is cancelled stops in the middle', { timeout: 280_000 }, async () => {
  const { client } = await start();
  const { one, counts } = await broken(client, 'stopped');
  const { id } = await replay(client, one, { maxPerSecond: 5 });
  await eventually(async () => {
    const { progress } = await client.ask(Job, 'GET', `/v1/jobs/${id}`);
    expect(progress.done).toBeGreaterThan(0);
  });
  expect(await client.ask(Job, 'POST', `/v1/jobs/${id}/cancel`)).toMatchObject({ status: 'cancelled' });
  // Time passes, in which the rest would have come.
  await client.advance(300);
  await eventually(async () => {
    const statuses = await statusesOf(client, one);
    expect(statuses.pending ?? 0).toBe(0);
    expect(statuses.failed).toBeGreaterThanOrEqual(EVENTS - 100);
  });
  expect(counts.size).toBeLessThanOrEqual(100);
  expect(await client.ask(Job, 'GET', `/v1/jobs/${id}`)).toMatchObject({ status: 'cancelled' });
});

test('a replay goes on at its cursor after kill -9, and asks for nothing twice', { timeout: 280_000 }, async () => {
  const { client, running } = await start();
  const { one, counts } = await broken(client, 'killed');
  const job = await replay(client, one, { maxPerSecond: 20 });
  await eventually(() => expect(counts.size).toBeGreaterThan(20));
  const { handlersPid } = readEndpoints(running.state) ?? running.endpoints;
  process.kill(handlersPid, 'SIGKILL');
  expect(counts.size).toBeLessThan(EVENTS);
  await eventually(() => expect(readEndpoints(running.state)?.handlersPid).not.toBe(handlersPid));
  for (let rounds = 0; rounds < 3; rounds += 1) await client.advance(PAST_VISIBILITY_SECONDS, { anyway: true });
  expect(await ended(client, 'killed', job)).toMatchObject({ status: 'done' });
  await eventually(() => expect(counts.size).toBe(EVENTS), 80_000);
  await eventually(async () => expect(await statusesOf(client, one)).toEqual({ succeeded: EVENTS }), 80_000);
  const deliveries = await client.all(Delivery, `${one}/deliveries`);
  // An attempt that the kill cut off is on record as interrupted, and is made again.
  for (const { attempts } of deliveries)
    expect(attempts.filter(({ outcome }) => outcome !== 'interrupted').map(({ trigger }) => trigger)).toEqual([
      'automatic',
      'replay',
    ]);
});
