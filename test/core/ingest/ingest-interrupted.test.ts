import { describe, expect, it } from 'vitest';
import { makeSubscription, NOW, subscriptionId } from '../../support/domain.ts';
import { ingestSetup } from '../../support/memory-ingest.ts';

const body = (rest: object = {}): string =>
  JSON.stringify({ tenantId: 'acme', type: 'employee.created', data: { id: 1 }, ...rest });
const NONE = { retry: new Set() };
const manySubscriptions = (count: number) =>
  Array.from({ length: count }, (_, index) => makeSubscription({ id: subscriptionId(index + 1) }));

describe('a crash', () => {
  it.each([
    ['with an id', { id: 'a' }],
    ['without one', {}],
  ])('after the event was written repeats its fan-out (%s)', async (_, rest) => {
    const setup = ingestSetup();
    setup.store.before = (operation) => {
      if (operation === 'readMatchable') throw new Error('crashed');
    };
    expect((await setup.ingest({ body: body(rest) })).retry).toEqual(new Set(['m1']));
    setup.store.before = () => {};
    setup.now = NOW + 90_000;
    expect(await setup.ingest({ body: body(rest), receivedBefore: true })).toEqual(NONE);
    expect(setup.store.events.size).toBe(1);
    expect(setup.queued).toHaveLength(1);
  });

  it.each(['putEvents', 'createEvent', 'putRejectedEvents'] as const)(
    'of %s brings back the messages that it is about, and no other',
    async (faulty) => {
      const setup = ingestSetup();
      setup.store.before = (operation) => {
        if (operation === faulty) throw new Error('the store is away');
      };
      const messages = { putEvents: body(), createEvent: body({ id: 'a' }), putRejectedEvents: '{' };
      const names = ['putEvents', 'createEvent', 'putRejectedEvents'] as const;
      const result = await setup.ingest(...names.map((name) => ({ body: messages[name] })));
      expect(result).toEqual({ retry: new Set([`m${names.indexOf(faulty) + 1}`]) });
      expect(setup.queued).toHaveLength(faulty === 'putRejectedEvents' ? 2 : 1);
      expect(setup.reports.filter(({ kind }) => kind === 'error')).toHaveLength(1);
    },
  );

  it('before anything was read fails the whole batch', async () => {
    const setup = ingestSetup();
    setup.store.before = (operation) => {
      // Both are asked at once.
      if (operation === 'getEvents' || operation === 'readMatchable') throw new Error('the store is away');
    };
    await expect(setup.ingest({ body: body({ id: 'a' }) })).rejects.toThrow('the store is away');
    expect(setup.queued).toEqual([]);
  });

  it("of one tenant's fan-out leaves the others alone", async () => {
    const setup = ingestSetup();
    setup.store.subscriptions.push(makeSubscription({ tenantId: 'other', id: subscriptionId(2) }));
    setup.send = async (messages) => {
      if (messages.some(({ message }) => message.kind === 'deliver' && message.tenantId === 'acme'))
        throw new Error('refused');
      setup.queued.push(...messages);
    };
    const result = await setup.ingest({ body: body() }, { body: body({ tenantId: 'other', id: 'b' }) });
    expect(result).toEqual({ retry: new Set(['m1']) });
    expect(setup.targets()).toEqual([`b ${subscriptionId(2)}`]);
  });
});

describe('a fan-out that is too long for one invocation', () => {
  it('is handed over, and on record as one that a repetition begins anew', async () => {
    const setup = ingestSetup();
    setup.store.subscriptions = manySubscriptions(10);
    setup.store.pageSize = 3;
    setup.hasTime = () => false;
    expect(await setup.ingest({ body: body({ id: 'a' }) }, { body: body({ id: 'b' }) })).toEqual(NONE);
    expect(setup.rest).toEqual([{ tenantId: 'acme', eventIds: ['a', 'b'], cursor: subscriptionId(3), queued: 6 }]);
    expect([...setup.store.events.values()].map(({ fanOutCursor }) => fanOutCursor)).toEqual([null, null]);
  });

  it('goes on from its cursor where it could not be handed over, to each subscription once', async () => {
    const setup = ingestSetup();
    setup.store.subscriptions = manySubscriptions(10);
    setup.store.pageSize = 3;
    setup.hasTime = () => false;
    expect(await setup.ingestUntilDone({ body: body({ id: 'a' }) })).toBe(4);
    expect(setup.targets()).toEqual(manySubscriptions(10).map(({ id }) => `a ${id}`));
    expect(setup.queued.every(({ delaySeconds }) => delaySeconds === 0)).toBe(true);
  });

  it('goes on from its cursor although an eventually consistent read does not show it yet', async () => {
    for (const rest of [{ id: 'a' }, {}]) {
      const setup = ingestSetup();
      setup.store.subscriptions = manySubscriptions(6);
      setup.store.pageSize = 3;
      setup.hasTime = () => false;
      setup.store.stale = new Map();
      setup.goOn = () => Promise.reject(new Error('the jobs are away'));
      await setup.ingest({ body: body(rest) });
      setup.store.stale = new Map([...setup.store.events].map(([key, one]) => [key, { ...one, fanOutCursor: null }]));
      await setup.ingest({ body: body(rest), receivedBefore: true });
      expect(setup.targets().map((target) => target.split(' ')[1])).toEqual(manySubscriptions(6).map(({ id }) => id));
    }
  });

  it('shares its pages among the new events of a tenant', async () => {
    const setup = ingestSetup();
    setup.store.subscriptions = manySubscriptions(4);
    setup.store.pageSize = 2;
    await setup.ingest({ body: body({ id: 'a' }) }, { body: body({ id: 'b' }) });
    expect(setup.store.calls.filter((call) => call === 'readMatchable')).toHaveLength(2);
    expect(setup.queued).toHaveLength(8);
  });
});
