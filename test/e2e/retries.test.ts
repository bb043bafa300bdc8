import { beforeAll, describe, expect, test } from 'vitest';
import { type Client, Delivery, Subscription } from './client.ts';
import { eventually } from './eventually.ts';
import { attempted, endOf, passGap, plannedGap, SWEEP_SECONDS, startWatch, type Watch } from './scheduled.ts';
import { scene, useSystem } from './use-system.ts';
import { verifyWithPackages } from './verify.ts';

const system = useSystem();
let watch: Watch;
beforeAll(async () => {
  watch = await startWatch(system());
});

const MINUTE = 60;
const HOUR = 3_600;
const DAY = 86_400;
const GAPS = [5, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR];

function expectGap(delivery: Delivery, seconds: number): void {
  expect(plannedGap(delivery)).toBeGreaterThanOrEqual(seconds * 0.8 - 0.002);
  // The attempt's end is on record in whole milliseconds.
  expect(plannedGap(delivery)).toBeLessThanOrEqual(seconds * 1.2 + 0.002);
}

/** An event on its way to a receiver that answers as told, after its first attempt. */
async function failing(name: string, responses: object[], then?: object) {
  const client = system();
  const { tenant, path } = scene(name);
  await client.behave(path, responses, then);
  const { id: subscriptionId, secret } = await client.subscribe(tenant, path);
  const eventId = await client.publish(tenant);
  const delivery = await attempted(client, tenant, eventId, 1);
  const one = `/v1/tenants/${tenant}/deliveries/${delivery.id}`;
  return { client, tenant, path, subscriptionId, secret: secret ?? '', eventId, delivery, one };
}

const retry = (client: Client, one: string) => client.ask(Delivery, 'POST', `${one}/retry`);

describe('the schedule', () => {
  test('a receiver that fails twice gets the third attempt, each after its gap', async () => {
    const { client, secret, ...rest } = await failing('twice', [{ status: 500, body: 'broken' }, { status: 404 }], {});
    expect(rest.delivery).toMatchObject({ status: 'pending', statusReason: null, completedAt: null });
    expectGap(rest.delivery, 5);
    const second = await passGap(client, watch, rest);
    expect(second.delivery.status).toBe('pending');
    expectGap(second.delivery, 5 * MINUTE);
    const third = await passGap(client, watch, { ...rest, delivery: second.delivery });

    expect(third.delivery).toMatchObject({
      status: 'succeeded',
      statusReason: null,
      nextAttemptAt: null,
      attempts: [
        {
          number: 1,
          trigger: 'automatic',
          outcome: 'http_error',
          response: { status: 500, body: 'broken' },
          error: { code: 'http_status' },
        },
        { number: 2, trigger: 'automatic', outcome: 'http_error', response: { status: 404 } },
        { number: 3, trigger: 'automatic', outcome: 'success', response: { status: 200 }, error: null },
      ],
    });
    const { requests } = await client.received(rest.path);
    expect(new Set(requests.map(({ headers }) => headers['webhook-id']))).toEqual(new Set([rest.eventId]));
    expect(new Set(requests.map(({ body }) => body)).size).toBe(1);
    // Standard Webhooks: the time of the attempt, not of the event, so each is signed anew.
    for (const request of requests) {
      verifyWithPackages(request, secret);
      expect(Math.abs(Number(request.headers['webhook-timestamp']) - request.receivedAt / 1_000)).toBeLessThan(10);
    }
    expect(new Set(requests.map(({ headers }) => headers['webhook-signature'])).size).toBe(3);
    await client.advance(DAY);
    await watch.settle();
    expect((await client.received(rest.path)).total).toBe(3);
  });

  test('ends after ten attempts, every one after its gap, and a retry by hand does not begin it anew', async () => {
    const { client, one, ...rest } = await failing('exhausted', [{ status: 503 }]);
    let { delivery } = rest;
    for (const gap of GAPS) {
      expect(delivery.status).toBe('pending');
      expectGap(delivery, gap);
      ({ delivery } = await passGap(client, watch, { ...rest, delivery }));
    }
    expect(delivery).toMatchObject({
      status: 'failed',
      statusReason: { code: 'attempts_exhausted' },
      nextAttemptAt: null,
    });
    expect(delivery.completedAt).toBeGreaterThanOrEqual(delivery.attempts.at(-1)?.startedAt ?? Number.NaN);
    expect(delivery.attempts.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    // That one event failed is no reason to stop the others.
    const subscription = `/v1/tenants/${rest.tenant}/subscriptions/${rest.subscriptionId}`;
    expect(await client.ask(Subscription, 'GET', subscription)).toMatchObject({ status: 'active' });
    await client.advance(DAY);
    await watch.settle();
    expect((await client.received(rest.path)).total).toBe(10);

    expect(await retry(client, one)).toMatchObject({ status: 'pending', statusReason: null, completedAt: null });
    expect(await attempted(client, rest.tenant, rest.eventId, 11)).toMatchObject({
      status: 'failed',
      statusReason: { code: 'attempts_exhausted' },
      nextAttemptAt: null,
    });
    await client.behave(rest.path, [{ status: 204 }]);
    await retry(client, one);
    const sent = await attempted(client, rest.tenant, rest.eventId, 12);
    expect(sent).toMatchObject({ status: 'succeeded', statusReason: null, nextAttemptAt: null });
    expect(sent.attempts.slice(10).map(({ number, trigger }) => ({ number, trigger }))).toEqual([
      { number: 11, trigger: 'manual' },
      { number: 12, trigger: 'manual' },
    ]);
  });

  test('is spread, so that what failed together does not return together', async () => {
    const client = system();
    const { tenant, path } = scene('spread');
    await client.behave(path, [{ status: 404 }]);
    await client.subscribe(tenant, path);
    const ids = await Promise.all(Array.from({ length: 20 }, () => client.publish(tenant)));
    const gaps = await Promise.all(ids.map(async (id) => plannedGap(await attempted(client, tenant, id, 1))));
    // Of twenty uniform values the extremes are less than a quarter of the range apart once in 10^10 runs.
    expect(Math.max(...gaps) - Math.min(...gaps)).toBeGreaterThan(0.5);
  });

  test('a redirect is a failure, and the next attempt goes to the same URL', async () => {
    const elsewhere = scene('elsewhere').path;
    const location = system().endpoints.receiverUrl + elsewhere;
    const { client, ...rest } = await failing('moved', [{ status: 308, headers: { location } }], { status: 200 });
    expect(rest.delivery).toMatchObject({
      status: 'pending',
      attempts: [{ outcome: 'http_error', response: { status: 308 }, error: { code: 'redirect' } }],
    });
    expect((await passGap(client, watch, rest)).delivery.status).toBe('succeeded');
    expect((await client.received(elsewhere)).total).toBe(0);
  });
});

describe('a retry by hand', () => {
  test('of a pending delivery comes at once, and leaves the schedule as it was', async () => {
    const { client, one, ...rest } = await failing('by-hand', [{ status: 500 }]);
    const second = await passGap(client, watch, rest);
    expectGap(second.delivery, 5 * MINUTE);
    await retry(client, one);
    const third = await attempted(client, rest.tenant, rest.eventId, 3);
    expect(third).toMatchObject({ status: 'pending', attempts: [{}, {}, { number: 3, trigger: 'manual' }] });
    expect(third.attempts[2]?.startedAt).toBeLessThan(second.delivery.nextAttemptAt ?? 0);
    expectGap(third, 5 * MINUTE);
    // The message that waited for the earlier plan brings no attempt of its own: passGap would count it.
    const fourth = await passGap(client, watch, { ...rest, delivery: third });
    expect(fourth.delivery.attempts[3]).toMatchObject({ number: 4, trigger: 'automatic' });
    expectGap(fourth.delivery, 30 * MINUTE);
    await client.behave(rest.path, [{ status: 200 }]);
    await retry(client, one);
    expect(await attempted(client, rest.tenant, rest.eventId, 5)).toMatchObject({ status: 'succeeded' });
    await client.advance(DAY);
    await watch.settle();
    expect((await client.received(rest.path)).total).toBe(5);
  });

  test('of a succeeded delivery sends it again, and does not undo the success', async () => {
    const { client, one, secret, ...rest } = await failing('again', [{ status: 200 }, { status: 500 }]);
    expect(rest.delivery.status).toBe('succeeded');
    expect((await retry(client, one)).status).toBe('succeeded');
    const again = await attempted(client, rest.tenant, rest.eventId, 2);
    expect(again).toMatchObject({
      status: 'succeeded',
      nextAttemptAt: null,
      completedAt: rest.delivery.completedAt,
      attempts: [{ outcome: 'success' }, { trigger: 'manual', outcome: 'http_error', response: { status: 500 } }],
    });
    const { requests } = await client.received(rest.path);
    expect(requests.map(({ headers }) => headers['webhook-id'])).toEqual([rest.eventId, rest.eventId]);
    for (const request of requests) verifyWithPackages(request, secret);
    await client.advance(DAY);
    await watch.settle();
    expect((await client.received(rest.path)).total).toBe(2);
  });

  test('asked for ten times at once is an attempt or more, and never disturbs the end', async () => {
    const { client, one, ...rest } = await failing('impatient', [{ status: 500 }], { status: 200 });
    const answers = await Promise.all(Array.from({ length: 10 }, () => client.call('POST', `${one}/retry`)));
    for (const { status } of answers) expect([202, 409]).toContain(status);
    expect(answers.map(({ status }) => status)).toContain(202);
    await eventually(async () =>
      expect(await client.deliveryOf(rest.tenant, rest.eventId)).toMatchObject({
        status: 'succeeded',
        nextAttemptAt: null,
      }),
    );
    await client.advance(DAY);
    await watch.settle();
    const { total } = await client.received(rest.path);
    expect(total).toBeGreaterThanOrEqual(2);
    expect(total).toBeLessThanOrEqual(11);
    // Every request is on record, those that met another one's write included.
    expect(await attempted(client, rest.tenant, rest.eventId, total)).toMatchObject({ status: 'succeeded' });
  });
});

describe('Retry-After', () => {
  const PLANNED = { least: 4, most: 6 };
  /** An HTTP date has whole seconds. */
  const inSeconds = (seconds: number) => async () => new Date((await system().now()) + seconds * 1_000).toUTCString();
  const text = (value: string) => async () => value;

  test.each([
    ['429, in seconds', 429, text('120'), { least: 120, most: 120 }],
    ['503, in seconds', 503, text('120'), { least: 120, most: 120 }],
    ['429, as a date', 429, inSeconds(600), { least: 590, most: 600 }],
    ['503, as a date', 503, inSeconds(600), { least: 590, most: 600 }],
    ['sooner than planned', 429, text('1'), PLANNED],
    ['0', 503, text('0'), PLANNED],
    ['a date that is past', 503, inSeconds(-600), PLANNED],
    ['beyond 24 hours', 429, text('864000'), { least: DAY, most: DAY }],
    ['beyond all numbers', 429, text('9'.repeat(200)), { least: DAY, most: DAY }],
    ['a date in ten days', 503, inSeconds(10 * DAY), { least: DAY, most: DAY }],
    ['what is neither', 503, text('soon'), PLANNED],
    ['less than nothing', 429, text('-5'), PLANNED],
    ['with a status that it does not belong to', 500, text('120'), PLANNED],
  ])('%s', async (_, status, value, { least, most }) => {
    const { delivery } = await failing('retry-after', [{ status, retryAfter: await value() }]);
    expect(delivery).toMatchObject({ status: 'pending', attempts: [{ response: { status } }] });
    expect(plannedGap(delivery)).toBeGreaterThanOrEqual(least - 0.002);
    expect(plannedGap(delivery)).toBeLessThanOrEqual(most + 0.002);
  });

  test.each([
    ['a wait within the queue', 120],
    ['a wait for the sweep', 7_200],
  ])('is kept to: %s', async (_, retryAfter) => {
    const { client, ...rest } = await failing('patient', [{ status: 429, retryAfter }], { status: 200 });
    const { delivery } = await passGap(client, watch, rest);
    expect(delivery.status).toBe('succeeded');
    const [first, second] = delivery.attempts;
    if (first === undefined || second === undefined) throw new Error('unreachable');
    expect((second.startedAt - endOf(first)) / 1_000).toBeGreaterThanOrEqual(retryAfter - 0.002);
  });
});

test('410 disables the subscription; what comes later is parked, and delivered once it is resumed', async () => {
  const { client, tenant, path, subscriptionId, delivery, one } = await failing('gone', [{ status: 410 }]);
  expect(delivery).toMatchObject({ status: 'failed', statusReason: { code: 'receiver_gone' }, nextAttemptAt: null });
  const subscription = `/v1/tenants/${tenant}/subscriptions/${subscriptionId}`;
  await eventually(async () =>
    expect(await client.ask(Subscription, 'GET', subscription)).toMatchObject({
      status: 'disabled',
      statusReason: { code: 'receiver_gone', message: expect.stringContaining('410') },
    }),
  );
  expect((await client.call('POST', `${one}/retry`)).status).toBe(409);
  expect((await client.call('POST', `${subscription}/pause`)).status).toBe(409);
  expect((await client.call('POST', `${subscription}/test`)).status).toBe(409);

  const later = [await client.publish(tenant), await client.publish(tenant)];
  for (const id of later)
    await eventually(async () => expect(await client.deliveryOf(tenant, id)).toMatchObject({ status: 'parked' }));
  await client.advance(DAY);
  await watch.settle();
  expect((await client.received(path)).total).toBe(1);

  await client.behave(path, [{ status: 200 }]);
  expect(await client.ask(Subscription, 'POST', `${subscription}/resume`)).toMatchObject({
    status: 'active',
    statusReason: null,
  });
  for (const id of later)
    await eventually(async () => expect(await client.deliveryOf(tenant, id)).toMatchObject({ status: 'succeeded' }));
  const ids = (await client.received(path)).requests.map(({ headers }) => headers['webhook-id']);
  expect(ids.slice(1).sort()).toEqual(later.sort());
  // What the receiver refused for good is not sent again by itself.
  await client.advance(SWEEP_SECONDS);
  await watch.settle();
  expect(await client.deliveryOf(tenant, delivery.eventId)).toMatchObject({ status: 'failed', attempts: [{}] });
});

describe('of two subscriptions one is down', () => {
  test.each([
    ['refuses', { url: 'http://127.0.0.1:1/' }, []],
    ['answers 500', {}, [{ status: 500 }]],
    ['never answers', {}, [{ hang: true }]],
  ])('and %s: the other gets its events at once', async (_, target, responses) => {
    const { behave, subscribe, publish, received, deliveriesOf } = system();
    const { tenant, path } = scene('neighbours');
    if (responses.length > 0) await behave(`${path}/down`, responses);
    const down = await subscribe(tenant, `${path}/down`, target);
    await subscribe(tenant, `${path}/up`);
    const ids = await Promise.all(Array.from({ length: 40 }, () => publish(tenant)));
    // An attempt that gets no answer takes 15 s: nothing here may wait for one.
    await eventually(async () => expect((await received(`${path}/up`)).total).toBe(ids.length), 12_000);
    const deliveries = (await Promise.all(ids.map((id) => deliveriesOf(tenant, id)))).flat();
    expect(deliveries.filter((one) => one.subscriptionId === down.id && one.status === 'succeeded')).toEqual([]);
  });
});
