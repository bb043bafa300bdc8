import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { isAlive } from '../../testing/is-alive.ts';
import {
  newStateFolder,
  type Running,
  readEndpoints,
  removeStateFolder,
  runRunner,
  startRunner,
} from '../../testing/runner-process.ts';
import { type Client, createClient } from './client.ts';
import { eventually } from './eventually.ts';
import { startCountingReceiver } from './fixtures/counting-receiver.ts';

const EVENTS = 1_000;
/** Longer than every visibility timeout of the stack, so that what a dead process had in hand comes back. */
const PAST_VISIBILITY_SECONDS = 400;

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

function stateFolder(): string {
  const state = newStateFolder();
  cleanups.push(() => removeStateFolder(state));
  return state;
}

async function start(state: string, ...args: string[]): Promise<{ running: Running; client: Client }> {
  const running = await startRunner({ state, args });
  cleanups.push(() => running.kill());
  const client = await createClient(running.endpoints);
  cleanups.push(client.close);
  return { running, client };
}

async function receiver() {
  const started = await startCountingReceiver();
  cleanups.push(started.close);
  return started;
}

const ids = Array.from({ length: EVENTS }, (_, number) => `event-${number}`);

async function publishAll({ send }: Client, some = ids): Promise<void> {
  for (let start = 0; start < some.length; start += 100) {
    const messages = some
      .slice(start, start + 100)
      .map((id) => ({ tenantId: 'restart', id, type: 'a.b', data: { id } }));
    await send(...messages);
  }
}

/** Each event has arrived, and the journal says so for each. */
async function expectAll(client: Client, subscription: string, counts: Map<string, number>): Promise<void> {
  await eventually(() => expect(ids.filter((id) => !counts.has(id))).toEqual([]), 80_000);
  const Entry = z.object({ eventId: z.string(), status: z.string() });
  await eventually(async () => {
    const deliveries = await client.all(Entry, `/v1/tenants/restart/subscriptions/${subscription}/deliveries`);
    const succeeded = new Set(deliveries.filter(({ status }) => status === 'succeeded').map(({ eventId }) => eventId));
    expect(ids.filter((id) => !succeeded.has(id))).toEqual([]);
    expect(deliveries).toHaveLength(EVENTS);
  }, 80_000);
  const sizes = Object.entries(await client.queueSizes());
  expect(sizes.filter(([name, size]) => name.includes('DeadLetters') && size > 0)).toEqual([]);
}

describe('kill -9 while 1,000 events are on their way', () => {
  test('of the functions: the runner starts them again, and each event arrives', { timeout: 240_000 }, async () => {
    const state = stateFolder();
    const { client, running } = await start(state);
    const { url, counts, total } = await receiver();
    const { id } = await client.subscribe('restart', '', { url });
    // Twice: each time half of the events are on their way, and all that the functions have received waits in the queues.
    for (const half of [ids.slice(0, EVENTS / 2), ids.slice(EVENTS / 2)]) {
      const before = total();
      const published = publishAll(client, half);
      await eventually(() => expect(total()).toBeGreaterThan(before + 20), 80_000);
      const { handlersPid } = readEndpoints(state) ?? running.endpoints;
      process.kill(handlersPid, 'SIGKILL');
      expect(counts.size).toBeLessThan(EVENTS);
      await eventually(() => expect(readEndpoints(state)?.handlersPid).not.toBe(handlersPid));
      await published;
      await client.advance(PAST_VISIBILITY_SECONDS, { anyway: true });
    }
    await expectAll(client, id, counts);
    expect(running.output()).not.toMatch(/dead-letter/i);
  });

  test('of everything: started again on the same state, each event arrives', { timeout: 240_000 }, async () => {
    const state = stateFolder();
    const first = await start(state);
    const { url, counts, total } = await receiver();
    const { id } = await first.client.subscribe('restart', '', { url });
    await publishAll(first.client);
    await eventually(() => expect(total()).toBeGreaterThan(100), 80_000);
    await first.running.kill();
    const before = counts.size;
    expect(before).toBeLessThan(EVENTS);
    await eventually(() => expect(isAlive(first.running.endpoints.handlersPid)).toBe(false));

    const { client } = await start(state);
    await client.advance(PAST_VISIBILITY_SECONDS, { anyway: true });
    await expectAll(client, id, counts);
  });
});

test('a clean restart keeps everything, --fresh nothing; and it ends without a trace', {
  timeout: 240_000,
}, async () => {
  const state = stateFolder();
  const first = await start(state);
  const { url, counts } = await receiver();
  await first.client.subscribe('kept', '', { url, eventTypes: ['good.*'] });
  await first.client.subscribe('kept', '', { url: 'http://127.0.0.1:1/refused', eventTypes: ['bad.*'] });
  await first.client.publish('kept', { id: 'done', type: 'good.one' });
  await first.client.publish('kept', { id: 'open', type: 'bad.one' });
  const failed = await eventually(async () => {
    const found = (await first.client.deliveriesOf('kept', 'open'))[0];
    expect(found).toMatchObject({ status: 'pending', attempts: [{ outcome: 'connection_refused' }] });
    return found;
  });
  await eventually(() => expect(counts.get('done')).toBe(1));
  expect(await first.running.stop()).toBe(0);
  expect(readEndpoints(state)).toBeNull();
  expect(isAlive(first.running.endpoints.handlersPid)).toBe(false);

  const second = await start(state);
  expect(second.running.endpoints.adminKey).toBe(first.running.endpoints.adminKey);
  expect((await second.client.deliveriesOf('kept', 'done'))[0]).toMatchObject({ status: 'succeeded' });
  // What was still to be retried goes on by itself.
  await second.client.advance(60);
  await eventually(async () => {
    const delivery = (await second.client.deliveriesOf('kept', 'open'))[0];
    expect(delivery?.attempts.length).toBeGreaterThan(failed?.attempts.length ?? 0);
  });
  await second.client.publish('kept', { id: 'again', type: 'good.one' });
  await eventually(() => expect(counts.get('again')).toBe(1));
  expect(await second.running.stop()).toBe(0);

  const fresh = await start(state, '--fresh');
  expect(await fresh.client.all(z.unknown(), '/v1/tenants')).toEqual([]);
  expect(await fresh.running.stop()).toBe(0);
  expect(existsSync(join(state, 'endpoints.json'))).toBe(false);
});

test('a taken port gets a message that says which, and what to do', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => server.close());
  const address = server.address();
  const port = String(typeof address === 'object' ? address?.port : '');
  const state = stateFolder();
  for (const option of ['--port', '--receiver-port', '--sqs-port', '--dynamodb-port']) {
    const others = ['--port', '--receiver-port', '--sqs-port', '--dynamodb-port'].filter((one) => one !== option);
    const runner = runRunner(['--state', state, option, port, ...others.flatMap((one) => [one, '0'])]);
    expect(await runner.exit).toBe(1);
    expect(runner.output()).toContain(port);
    expect(runner.output()).toContain(option);
    expect(runner.output()).not.toMatch(/\n\s+at /);
  }
});
