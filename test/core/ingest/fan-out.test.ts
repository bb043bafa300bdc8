import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { parseFilter } from '../../../functions/core/subscription/filter/filter.ts';
import { healthOf } from '../../../functions/core/subscription/health.ts';
import { makeSubscription, NOW, subscriptionId } from '../../support/domain.ts';
import { ingestSetup } from '../../support/memory-ingest.ts';

const body = (rest: object = {}): string =>
  JSON.stringify({ tenantId: 'acme', type: 'employee.created', data: { id: 1 }, ...rest });
const subscriptions = (count: number, rest: Parameters<typeof makeSubscription>[0] = {}) =>
  Array.from({ length: count }, (_, index) => makeSubscription({ id: subscriptionId(index + 1), ...rest }));

/** Alternatives within alternatives, all of which look at the same objects. */
function nested(levels: number): Record<string, unknown> {
  let filter: Record<string, unknown> = { n: [0] };
  for (let level = 0; level < levels; level += 1) filter = { $or: [filter, { n: [1] }, { n: [2] }] };
  return { data: { l: filter } };
}
const objects = Array.from({ length: 20_000 }, () => ({}));

describe('large messages', () => {
  const large = (id: string) => ({ body: body({ id, data: { text: 'x'.repeat(40_000) } }) });

  it('let others have their turn before each is read', async () => {
    const setup = ingestSetup();
    await setup.ingest(large('a'), { body: body({ id: 'b' }) }, large('c'));
    expect(setup.turns).toBe(2);
    expect(setup.pauses).toBe(0);
  });

  it('give way once more before a filter looks at them', async () => {
    const setup = ingestSetup();
    setup.store.subscriptions = [makeSubscription({ filter: { data: { text: ['y'] } } })];
    await setup.ingest({ body: body({ id: 'b' }) });
    expect(setup.pauses).toBe(0);
    await setup.ingest(large('a'), large('c'));
    expect(setup.pauses).toBe(1);
  });
});

describe('filters that take many steps', () => {
  it('do not hold up the event of another tenant', async () => {
    const setup = ingestSetup();
    const filter = nested(12);
    expect(parseFilter(filter).ok).toBe(true);
    setup.store.subscriptions = [
      ...subscriptions(20, { tenantId: 'hostile', filter }),
      makeSubscription({ id: subscriptionId(99), tenantId: 'acme' }),
    ];
    setup.store.tenants.add('hostile');
    let pausesBefore = Number.NaN;
    setup.send = async () => {
      pausesBefore = setup.pauses;
    };
    const hostile = (id: string) => ({ body: body({ tenantId: 'hostile', id, data: { l: objects.slice(0, 4_000) } }) });
    await setup.ingest(hostile('a'), hostile('b'), hostile('c'), { body: body({ id: 'd' }) });
    expect(setup.pauses).toBeGreaterThan(15);
    expect(pausesBefore).toBeLessThan(8);
  });

  it('come after the events of tenants that have none, and take turns with those that have', async () => {
    const setup = ingestSetup();
    const filter = { $or: [nested(12), { type: ['employee.created'] }] };
    setup.store.subscriptions = [
      ...subscriptions(1, { tenantId: 'hostile', filter }),
      ...subscriptions(1, { tenantId: 'other', filter }),
      ...subscriptions(1_200, { tenantId: 'acme' }),
    ];
    for (const tenant of ['hostile', 'other']) setup.store.tenants.add(tenant);
    const order: string[] = [];
    setup.send = async (messages) => {
      await setTimeout(50);
      order.push(...new Set(messages.flatMap(({ message }) => ('tenantId' in message ? [message.tenantId] : []))));
    };
    const heavy = (tenantId: string) => ({
      body: body({ tenantId, id: tenantId, data: { l: objects.slice(0, 500) } }),
    });
    await setup.ingest(heavy('hostile'), heavy('other'), { body: body({ id: 'd' }) });
    expect(order.slice(0, -2)).toEqual(Array(order.length - 2).fill('acme'));
    expect(order.slice(-2).sort()).toEqual(['hostile', 'other']);
    expect(order.length).toBeGreaterThan(4);
  });

  it('give way in the middle of a filter', async () => {
    const setup = ingestSetup();
    setup.store.subscriptions = subscriptions(1, { filter: { $or: [nested(12), { type: ['employee.created'] }] } });
    await setup.ingest({ body: body({ id: 'a', data: { l: objects } }) });
    expect(setup.pauses).toBeGreaterThan(50);
    expect(setup.targets()).toEqual([`a ${subscriptionId(1)}`]);
  });

  it('stop where time runs out, and the next invocation goes on from there', async () => {
    const setup = ingestSetup();
    setup.store.subscriptions = subscriptions(10, { filter: { $or: [nested(10), { type: ['employee.created'] }] } });
    setup.hasTime = () => setup.pauses % 3 !== 0;
    expect(await setup.ingestUntilDone({ body: body({ id: 'a', data: { l: objects } }) })).toBeGreaterThan(2);
    expect(setup.targets()).toEqual(subscriptions(10).map(({ id }) => `a ${id}`));
  });

  it('become deliveries that are to be cancelled where they take too many', async () => {
    const setup = ingestSetup();
    // As it may have been stored before there was a bound.
    const filter = { data: { n: [{ 'anything-but': { prefix: Array.from({ length: 300 }, (_, at) => `a${at}`) } }] } };
    expect(parseFilter(filter).ok).toBe(false);
    setup.store.subscriptions = [
      makeSubscription({ id: subscriptionId(1) }),
      makeSubscription({ id: subscriptionId(2), filter }),
    ];
    await setup.ingest({ body: body({ id: 'a', data: { n: Array(50_000).fill('a1') } }) });
    expect(setup.queued.map(({ message }) => message)).toEqual([
      expect.not.objectContaining({ cancel: expect.anything() }),
      expect.objectContaining({ subscriptionId: subscriptionId(2), cancel: 'filter_over_budget' }),
    ]);
    expect(setup.reports.map(({ kind }) => kind)).toEqual(['accepted', 'filter_over_budget']);
  });

  it('go on as a job once they have taken what a tenant may have at once', async () => {
    const setup = ingestSetup();
    const costly = subscriptions(40, { filter: { $or: [nested(12), { type: ['employee.created'] }] } });
    setup.store.subscriptions = [...costly, makeSubscription({ id: subscriptionId(99), tenantId: 'other' })];
    setup.store.tenants.add('other');
    const large = (tenantId: string) => ({ body: body({ tenantId, id: tenantId, data: { l: objects } }) });
    await setup.ingest(large('acme'), large('other'));
    const [rest, ...others] = setup.rest;
    const reached = costly.findIndex(({ id }) => id === rest?.cursor) + 1;
    expect(rest).toEqual({ tenantId: 'acme', eventIds: ['acme'], cursor: subscriptionId(reached), queued: reached });
    expect(reached).toBeGreaterThan(0);
    expect(reached).toBeLessThan(20);
    expect(others).toEqual([]);
    const before = costly.slice(0, reached).map(({ id }) => `acme ${id}`);
    expect(setup.targets().sort()).toEqual([...before, `other ${subscriptionId(99)}`].sort());
  });

  it('are read with pauses, and not again as long as their subscriptions are kept', async () => {
    const setup = ingestSetup();
    const filter = { $or: Array.from({ length: 20 }, (_, at) => ({ data: { name: [`none ${at}`] } })) };
    setup.store.subscriptions = subscriptions(100, { filter });
    await setup.ingest({ body: body({ id: 'a' }) });
    const first = setup.pauses;
    expect(first).toBeGreaterThan(25);
    await setup.ingest({ body: body({ id: 'b' }) });
    expect(setup.pauses - first).toBeLessThan(first / 10);
  });
});

describe('the lane of first attempts', () => {
  const health = healthOf(makeSubscription());
  const lastFailure = { outcome: 'http_error', status: 404, message: '', at: NOW } as const;
  const failing = { since: NOW, failures: 1, lastFailure, warnings: 0, warnedAt: null };

  it('is kept free of what is slow or failing, which goes with the retries', async () => {
    const setup = ingestSetup();
    setup.store.subscriptions = [
      ...[null, { ...health, slowUntil: NOW + 1 }, { ...health, slowUntil: NOW }, { ...health, failing }].map(
        (one, index) => makeSubscription({ id: subscriptionId(index + 1), health: one }),
      ),
      makeSubscription({ id: subscriptionId(5), health: { ...health, failing }, generation: 1 }),
    ];
    await setup.ingest({ body: body({ id: 'a' }) });
    expect(setup.targets()).toEqual([1, 3, 5].map((number) => `a ${subscriptionId(number)}`));
    expect(setup.slow).toMatchObject([2, 4].map((number) => ({ message: { subscriptionId: subscriptionId(number) } })));
    expect(setup.store.calls.filter((call) => call === 'readMatchable')).toHaveLength(1);
  });

  it('and the other one are both tried before a failure is reported', async () => {
    const setup = ingestSetup();
    setup.store.subscriptions = [
      makeSubscription(),
      makeSubscription({ id: subscriptionId(2), health: { ...health, failing } }),
    ];
    setup.send = async () => {
      throw new Error('the queue is slow');
    };
    expect((await setup.ingest({ body: body({ id: 'a' }) })).retry).toEqual(new Set(['m1']));
    expect(setup.slow).toHaveLength(1);
  });
});

describe('a fan-out to a page of thousands', () => {
  it('sends and saves its place every 500 messages', async () => {
    const setup = ingestSetup();
    setup.store.subscriptions = subscriptions(400);
    setup.store.pageSize = 400;
    const sizes: number[] = [];
    setup.send = async (messages) => {
      sizes.push(messages.length);
    };
    await setup.ingest(...['a', 'b', 'c', 'd', 'e'].map((id) => ({ body: body({ id }) })));
    expect(sizes).toEqual([500, 500, 500, 500]);
    // Three places and the end, for each of five events.
    expect(setup.store.calls.filter((call) => call === 'saveFanOutCursor')).toHaveLength(20);
    expect([...setup.store.events.values()].map(({ fanOutCursor }) => fanOutCursor)).toEqual(Array(5).fill(null));
  });

  it('stops within the page where time runs out, and goes on to each of the others once', async () => {
    const setup = ingestSetup();
    setup.store.subscriptions = subscriptions(1_200);
    setup.store.pageSize = 1_200;
    setup.hasTime = () => false;
    expect(await setup.ingestUntilDone({ body: body({ id: 'a' }) })).toBe(3);
    expect(setup.targets()).toEqual(subscriptions(1_200).map(({ id }) => `a ${id}`));
  });

  it('goes on from its place when the queue fails', async () => {
    const setup = ingestSetup();
    setup.store.subscriptions = subscriptions(1_200);
    setup.store.pageSize = 1_200;
    const send = setup.send;
    let sends = 0;
    setup.send = async (messages) => {
      sends += 1;
      if (sends === 2) throw new Error('the queue is slow');
      await send(messages);
    };
    expect((await setup.ingest({ body: body({ id: 'a' }) })).retry).toEqual(new Set(['m1']));
    await setup.ingest({ body: body({ id: 'a' }), receivedBefore: true });
    expect(setup.targets()).toEqual(subscriptions(1_200).map(({ id }) => `a ${id}`));
  });
});
