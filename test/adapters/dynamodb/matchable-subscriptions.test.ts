import { setImmediate } from 'node:timers/promises';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Tables } from '../../../functions/adapters/dynamodb/client.ts';
import { createMatchableSubscriptions } from '../../../functions/adapters/dynamodb/matchable-subscriptions.ts';
import { createSubscriptions } from '../../../functions/adapters/dynamodb/subscriptions.ts';
import { createTenants } from '../../../functions/adapters/dynamodb/tenants.ts';
import type { Subscription } from '../../../functions/core/subscription/subscription.ts';
import type { FanOutPage, MatchableSubscriptions } from '../../../functions/core/subscription/subscription-store.ts';
import { emptyTally } from '../../../testing/tally.ts';
import { freshTenant } from '../../contracts/subject.ts';
import { HOUR, MINUTE, makeSubscription, NOW, SECOND, subscriptionId } from '../../support/domain.ts';
import { useTables } from '../../support/emulators.ts';

const tally = emptyTally();
const tables = useTables(tally);
let now = NOW;
const storeOf = (parts: Partial<Tables> = {}) => createSubscriptions({ ...tables, ...parts }, () => now);
const store = storeOf();
const tenants = createTenants(tables);
const newReader = () => createMatchableSubscriptions(tables, () => now);

const EVENT = { environment: 'production', type: 'employee.created' } as const;
const wants = (...eventTypes: string[]) => ({ eventTypes, environment: EVENT.environment });

async function fill(tenantId: string, count: number, rest: Partial<Subscription> = {}): Promise<void> {
  await tenants.createTenant(tenantId, now);
  const numbers = Array.from({ length: count }, (_, index) => index);
  await Promise.all(numbers.map((number) => add(tenantId, number, rest)));
}
async function add(tenantId: string, number: number, rest: Partial<Subscription> = {}): Promise<void> {
  const one = makeSubscription({ tenantId, id: subscriptionId(number), revision: 0, ...wants('*'), ...rest });
  expect(await store.saveSubscription(one, 0)).toBe(true);
}
async function change(tenantId: string, number: number, rest: Partial<Subscription>): Promise<void> {
  const one = await store.getSubscription(tenantId, subscriptionId(number));
  if (one === null) throw new Error('there is no such subscription');
  expect(await store.saveSubscription({ ...one, ...rest }, one.revision)).toBe(true);
}

async function changeFirst(tenantId: string, count: number): Promise<void> {
  await Promise.all(Array.from({ length: count }, (_, number) => change(tenantId, number, {})));
}

type Read = MatchableSubscriptions['readMatchable'];
async function pagesOf(...[reader, ...asked]: [MatchableSubscriptions, ...Parameters<Read>]): Promise<FanOutPage[]> {
  const pages: FanOutPage[] = [];
  for await (const page of reader.readMatchable(...asked)) pages.push(page);
  return pages;
}
async function read(reader: MatchableSubscriptions, tenantId: string, after: string | null = null, events = [EVENT]) {
  const pages = await pagesOf(reader, tenantId, after, events);
  return pages.flatMap(({ subscriptions }) => subscriptions);
}
const idsOf = (found: readonly { id: string }[]) => found.map(({ id }) => id);
const ids = (...numbers: number[]) => numbers.map((number) => subscriptionId(number));
const upTo = (count: number) => ids(...Array.from({ length: count }, (_, index) => index));

/** The calls, and the read units, that something takes. */
async function costOf(act: () => Promise<unknown>): Promise<{ calls: string[]; readUnits: number }> {
  tally.calls = {};
  tally.readUnits = 0;
  await act();
  const calls = Object.entries(tally.calls).flatMap(([name, count]) => Array<string>(count).fill(name));
  return { calls: calls.map((name) => name.split(' ')[1] ?? ''), readUnits: tally.readUnits };
}
const later = (ms: number): void => {
  now += ms;
};

describe('the subscriptions that fan-out reads', () => {
  it('are few and read whole, or many and read once', async () => {
    const [few, many] = [freshTenant(), freshTenant()];
    await fill(few, 4);
    await fill(many, 200);
    later(2 * MINUTE);
    const reader = newReader();
    for (const expected of [1, 1]) expect((await costOf(() => read(reader, few))).calls).toHaveLength(expected);
    const first = await costOf(() => read(reader, many));
    const second = await costOf(() => read(reader, many));
    expect(first.readUnits).toBeGreaterThan(15);
    expect(second.calls).toEqual(['Query']);
    expect(second.readUnits).toBeLessThanOrEqual(1);
    expect(idsOf(await read(reader, many))).toEqual(upTo(200));
  });

  it('are read once for all that miss them at the same moment', async () => {
    const tenantId = freshTenant();
    await fill(tenantId, 60);
    later(2 * MINUTE);
    const reader = newReader();
    const found: string[][] = [];
    const readOnce = async (): Promise<void> => void found.push(idsOf(await read(reader, tenantId)));
    const { calls, readUnits } = await costOf(() =>
      Promise.all([readOnce(), readOnce(), setImmediate().then(readOnce)]),
    );
    expect(found).toEqual([upTo(60), upTo(60), upTo(60)]);
    // One for the subscriptions, and one for what has changed since, for whoever came while they were read.
    expect(calls).toEqual(['Query', 'Query']);
    expect(readUnits).toBeLessThan(20);
  });

  it('are read once more for all, where too much has changed for what is read already', async () => {
    const tenantId = freshTenant();
    await fill(tenantId, 110);
    const reader = newReader();
    await read(reader, tenantId);
    await changeFirst(tenantId, 101);
    const { readUnits } = await costOf(() => Promise.all([1, 2, 3, 4].map(() => read(reader, tenantId))));
    // Each asks what has changed; the subscriptions take 23.
    expect(readUnits).toBeLessThan(23 + 4 * 7);
  });

  it('are read by the next, if whoever reads them for others fails', async () => {
    const tenantId = freshTenant();
    await fill(tenantId, 25);
    const reader = newReader();
    tables.faults.fails = (operation) => {
      tables.faults.fails = () => null;
      return operation === 'Query' ? new Error('throttled') : null;
    };
    const first = read(reader, tenantId);
    const next = setImmediate().then(() => read(reader, tenantId));
    const outcomes = await Promise.allSettled([first, next]);
    expect(outcomes).toMatchObject([{ status: 'rejected' }, { status: 'fulfilled', value: Array(25).fill({}) }]);
  });

  it('of a tenant that had few are kept once it has many', async () => {
    const tenantId = freshTenant();
    await fill(tenantId, 4);
    const reader = newReader();
    await read(reader, tenantId);
    await add(tenantId, 4);
    later(2 * MINUTE);
    for (let count = 0; count < 2; count += 1) expect(idsOf(await read(reader, tenantId))).toEqual(upTo(5));
    const { calls, readUnits } = await costOf(() => read(reader, tenantId));
    expect(calls).toEqual(['Query']);
    expect(readUnits).toBeLessThanOrEqual(1);
  });

  it('are those that may want the events, oldest first, and go on after one of them', async () => {
    const tenantId = freshTenant();
    await fill(tenantId, 30, wants('other.*'));
    await add(tenantId, 41, wants('employee.*'));
    await add(tenantId, 40, wants('payrun.ended'));
    await add(tenantId, 42, wants('employee.created', 'payrun.*'));
    await add(tenantId, 43, { ...wants('*'), environment: 'development' });
    const reader = newReader();
    await read(reader, tenantId);
    const both = [EVENT, { ...EVENT, type: 'payrun.ended' }, EVENT] as (typeof EVENT)[];
    expect(idsOf(await read(reader, tenantId))).toEqual(ids(41, 42));
    expect(idsOf(await read(reader, tenantId, null, both))).toEqual(ids(40, 41, 42));
    expect(idsOf(await read(reader, tenantId, subscriptionId(40), both))).toEqual(ids(41, 42));
    expect(await read(reader, tenantId, subscriptionId(42), both)).toEqual([]);
  });

  it('are known as they are, whatever was written since, and whoever wrote it', async () => {
    const tenantId = freshTenant();
    await fill(tenantId, 25);
    const reader = newReader();
    await read(reader, tenantId);
    later(HOUR / 30);
    await add(tenantId, 30);
    expect(idsOf(await read(reader, tenantId))).toEqual([...upTo(25), ...ids(30)]);
    await change(tenantId, 3, wants('other'));
    await store.removeSubscription(tenantId, subscriptionId(4), null);
    const five = await store.getSubscription(tenantId, subscriptionId(5));
    expect(await store.deleteSubscription({ tenantId, id: subscriptionId(5), revision: five?.revision ?? 0 })).toBe(
      true,
    );
    const left = [...upTo(25).filter((id) => !ids(3, 4, 5).includes(id)), ...ids(30)];
    expect(idsOf(await read(reader, tenantId))).toEqual(left);
  });

  it('have one whose write took its time from when it had its effect on', async () => {
    const tenantId = freshTenant();
    await fill(tenantId, 25);
    const reader = newReader();
    await read(reader, tenantId);
    later(2 * MINUTE);
    const gate = Promise.withResolvers<void>();
    const putItem: Tables['documents']['putItem'] = async (input) => {
      if (input.TableName === tables.catalogTable) await gate.promise;
      return tables.documents.putItem(input);
    };
    const slow = storeOf({ documents: { ...tables.documents, putItem } });
    const one = makeSubscription({ tenantId, id: subscriptionId(30), revision: 0, ...wants('*') });
    const saved = slow.saveSubscription(one, 0);
    for (let second = 0; second < 25; second += 5) {
      expect(idsOf(await read(reader, tenantId))).toEqual(upTo(25));
      later(5 * SECOND);
    }
    gate.resolve();
    expect(await saved).toBe(true);
    expect(idsOf(await read(reader, tenantId))).toEqual([...upTo(25), ...ids(30)]);
    // Once it can have been no later, nothing of it is read again.
    later(2 * MINUTE);
    await read(reader, tenantId);
    expect((await costOf(() => read(reader, tenantId))).calls).toEqual(['Query']);
  });

  it('are read whole again after many changes, and after a while', async () => {
    const tenantId = freshTenant();
    await fill(tenantId, 110);
    const reader = newReader();
    const isWhole = async () => (await costOf(() => read(reader, tenantId))).readUnits > 10;
    expect(await isWhole()).toBe(true);
    // Added a moment ago, and read since.
    expect(await isWhole()).toBe(false);
    await changeFirst(tenantId, 100);
    expect((await costOf(() => read(reader, tenantId))).calls).toEqual(['Query', 'BatchGetItem']);
    expect(await isWhole()).toBe(false);
    await changeFirst(tenantId, 101);
    expect(await isWhole()).toBe(true);
    for (let minute = 0; minute < 4; minute += 1) {
      later(MINUTE);
      expect(await isWhole()).toBe(false);
    }
    later(2 * MINUTE);
    expect(await isWhole()).toBe(true);
  });

  it('are read again for a change until it has been seen, and for a deletion a minute and a half', async () => {
    const tenantId = freshTenant();
    await fill(tenantId, 25);
    later(2 * MINUTE);
    const reader = newReader();
    await read(reader, tenantId);
    const calls = async () => (await costOf(() => read(reader, tenantId))).calls;
    await change(tenantId, 3, wants('other'));
    expect(await calls()).toEqual(['Query', 'BatchGetItem']);
    expect(await calls()).toEqual(['Query']);
    await store.removeSubscription(tenantId, subscriptionId(4), null);
    for (let count = 0; count < 2; count += 1) expect(await calls()).toEqual(['Query', 'BatchGetItem']);
    later(2 * MINUTE);
    await calls();
    expect(await calls()).toEqual(['Query']);
  });

  it('are kept from any page on, and not where they are more than may be kept', async () => {
    const tenantId = freshTenant();
    await fill(tenantId, 30);
    const [reader, tight] = [newReader(), createMatchableSubscriptions(tables, () => now, 1_000)];
    const after = subscriptionId(9);
    for (const one of [reader, tight, reader, tight])
      expect(idsOf(await read(one, tenantId, after))).toEqual(upTo(30).slice(10));
    expect((await costOf(() => read(reader, tenantId, after))).readUnits).toBeLessThan(2);
    expect((await costOf(() => read(tight, tenantId, after))).readUnits).toBeGreaterThan(3);
    expect(idsOf(await read(tight, tenantId))).toEqual(upTo(30));
  });

  it('are not kept where they are too large together, nor once they have become so', async () => {
    const tenantId = freshTenant();
    await fill(tenantId, 25);
    later(2 * MINUTE);
    const bytes = JSON.stringify(await read(newReader(), tenantId)).length;
    const costs = async (reader: MatchableSubscriptions) => (await costOf(() => read(reader, tenantId))).readUnits;
    const [tight, roomy] = [bytes - 1_000, bytes + 1_000].map((max) =>
      createMatchableSubscriptions(tables, () => now, max),
    );
    if (tight === undefined || roomy === undefined) throw new Error('there are two');
    for (const reader of [tight, roomy]) expect(await costs(reader)).toBeGreaterThan(3);
    expect(await costs(tight)).toBeGreaterThan(3);
    expect(await costs(roomy)).toBeLessThanOrEqual(1);
    await change(tenantId, 3, wants(...Array.from({ length: 200 }, (_, index) => `employee.event-${index}`)));
    await read(roomy, tenantId);
    later(2 * MINUTE);
    expect(await costs(roomy)).toBeGreaterThan(3);
    expect(idsOf(await read(roomy, tenantId))).toEqual(upTo(25));
  });

  it('of a tenant that was deleted are none, and it is on record no more', async () => {
    const tenantId = freshTenant();
    await fill(tenantId, 22);
    const reader = newReader();
    await read(reader, tenantId);
    for (const id of upTo(22)) await store.removeSubscription(tenantId, id, null);
    await tenants.deleteTenant(tenantId);
    const [page] = await pagesOf(reader, tenantId, null, [EVENT]);
    expect(page).toEqual({ tenantExists: false, subscriptions: [], cursor: null });
  });

  it('are the same as without anything kept, for two readers, however writes and time go on', async () => {
    const number = fc.integer({ min: 0, max: 12 });
    const command = fc.oneof(
      fc.record({ kind: fc.constant('toggle' as const), number }),
      fc.record({ kind: fc.constant('change' as const), number, type: fc.constantFrom('*', 'employee.*', 'other') }),
      fc.record({ kind: fc.constant('wait' as const), ms: fc.constantFrom(1, SECOND, MINUTE, 5 * MINUTE) }),
      fc.record({ kind: fc.constant('read' as const), reader: fc.nat(1) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(command, { minLength: 10, maxLength: 40 }), async (commands) => {
        const tenantId = freshTenant();
        await fill(tenantId, 7);
        const readers = [newReader(), newReader()];
        for (const one of [...commands, ...[0, 1].map((reader) => ({ kind: 'read' as const, reader }))]) {
          if (one.kind === 'wait') later(one.ms);
          else if (one.kind === 'read') {
            const known = readers[one.reader];
            if (known === undefined) throw new Error('there are two readers');
            const wanted = (found: Awaited<ReturnType<typeof read>>) =>
              found.filter(({ eventTypes }) => !eventTypes.includes('other'));
            expect(wanted(await read(known, tenantId))).toEqual(wanted(await read(newReader(), tenantId)));
          } else {
            const found = await store.getSubscription(tenantId, subscriptionId(one.number));
            if (one.kind === 'change') {
              if (found !== null) await change(tenantId, one.number, wants(one.type));
            } else if (found === null) await add(tenantId, one.number);
            else await store.removeSubscription(tenantId, found.id, null);
          }
        }
      }),
      { numRuns: 60 },
    );
  });
});
