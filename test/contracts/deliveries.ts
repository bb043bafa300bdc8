import { beforeEach, describe, expect, it } from 'vitest';
import { cancelDelivery, type Delivery, parkDelivery, requestAttempt } from '../../functions/core/delivery/delivery.ts';
import type { DeliveryStore, WaitingPage } from '../../functions/core/delivery/delivery-store.ts';
import type { DeliverMessage } from '../../functions/core/delivery/queue-message.ts';
import { scheduleAttempt } from '../../functions/core/delivery/wake.ts';
import type { Event } from '../../functions/core/event/event.ts';
import type { Subscription } from '../../functions/core/subscription/subscription.ts';
import { WAITS } from '../support/deliver-setup.ts';
import { answered, HOUR, makeDelivery, makeEvent, makeMessage, makeSubscription, NOW } from '../support/domain.ts';
import { describeNewestFirst, type ListSubject } from './newest-first.ts';
import { freshSubscription, freshTenant, RETENTION_MS, readPages, type Subject, WHOLE } from './subject.ts';

/** What `deliver` uses of the port. */
type RecordStore = Pick<
  DeliveryStore,
  'loadForMessages' | 'getDelivery' | 'saveDelivery' | 'putSucceededDeliveries' | 'listWaitingDeliveries'
>;

/** A store of deliveries, and how events and subscriptions get beside them. */
export interface DeliverySubject<Store> extends Subject<Store> {
  add: (thing: Subscription | Event) => Promise<void>;
}

let tenantId = '';
let sub = '';
const own = (rest: Partial<Delivery> = {}) => makeDelivery({ tenantId, subscriptionId: sub, ...rest });
const numbered = (count: number, rest: (index: number) => Partial<Delivery> = () => ({})) =>
  Array.from({ length: count }, (_, index) => own({ eventId: `e${index}`, ...rest(index) }));
const makeAttempt = (number: number, body = '') => ({
  id: `att_${number}`,
  number,
  trigger: 'automatic' as const,
  startedAt: NOW,
  ...answered(500, { 'retry-after': '5', 'x-ü': '' }),
  response: { status: 500, headers: { 'retry-after': '5' }, body, truncated: false },
  request: { url: 'https://receiver.example/', headers: { 'webhook-id': 'evt_1' } },
});
const succeeded = (rest: Partial<Delivery> = {}) =>
  own({ status: 'succeeded', completedAt: NOW, attempts: [makeAttempt(1)], ...rest });

/** Every shape that a delivery can have; `own` needs the tenant of the test. */
const SHAPES: [string, () => Delivery][] = [
  ['new', () => own()],
  ['waiting', () => scheduleAttempt(own({ attempts: [makeAttempt(1)] }), NOW + HOUR, NOW, WAITS)],
  ['under way', () => own({ claim: { attemptId: 'att_1', endsAt: NOW + 45_000 }, attempts: [makeAttempt(1)] })],
  ['parked', () => parkDelivery(own(), NOW, 'paused: ü😀\u0000')],
  ['cancelled', () => cancelDelivery(own(), NOW, 'event_gone', 'gone')],
  ['asked for again after it succeeded', () => requestAttempt(succeeded(), 'manual', NOW, WAITS)],
  [
    'owing an effect',
    () =>
      own({
        status: 'failed',
        effects: [
          {
            kind: 'deactivate_subscription',
            deactivation: 'disable',
            generation: 2,
            reason: { code: 'receiver_gone', message: 'ü' },
            url: 'https://receiver.example/',
            at: NOW,
          },
          {
            kind: 'emit_system_event',
            id: 'sys_1',
            at: NOW,
            event: {
              type: 'posthorn.event.rejected',
              data: { tenantId: null, rejectedEventId: 'rej_1', reason: { code: 'x', message: 'ü' }, count: 2 },
            },
          },
        ],
        dueAt: NOW + 60_000,
      }),
  ],
  ['of another profile', () => own({ profile: 'own', profileVersion: 12, ticket: 40 })],
  [
    'with a long history',
    () => own({ attempts: Array.from({ length: 60 }, (_, i) => makeAttempt(i + 1, 'ü😀'.repeat(500))) }),
  ],
];

export function describeDeliveryRecords(
  name: string,
  { store, setNow, losing, add }: DeliverySubject<RecordStore>,
): void {
  beforeEach(() => {
    setNow(NOW);
    tenantId = freshTenant();
    sub = freshSubscription();
  });

  describe(`a delivery in ${name}`, () => {
    it.each(SHAPES)('comes back as it was (%s)', async (_, make) => {
      expect(await store.saveDelivery(make(), 0)).toBe(true);
      expect(await store.getDelivery(own())).toEqual({ ...make(), revision: 1 });
      expect(await store.saveDelivery(own({ ticket: 7 }), 1)).toBe(true);
      expect(await store.getDelivery(own())).toEqual(own({ ticket: 7, revision: 2 }));
    });

    it('that is absent is null, also where another differs in one part of its key', async () => {
      expect(await store.getDelivery(own())).toBeNull();
      await store.saveDelivery(own(), 0);
      for (const other of [{ eventAt: NOW + 1 }, { eventId: 'evt_' }, { subscriptionId: freshSubscription() }])
        expect(await store.getDelivery(own(other))).toBeNull();
    });

    it('is written only over the revision that was read', async () => {
      expect(await store.saveDelivery(own(), 1)).toBe(false);
      expect(await store.getDelivery(own())).toBeNull();
      expect(await store.saveDelivery(own({ ticket: 1 }), 0)).toBe(true);
      expect(await store.saveDelivery(own({ ticket: 2 }), 0)).toBe(false);
      expect(await store.saveDelivery(own({ ticket: 2 }), 2)).toBe(false);
      expect(await store.saveDelivery(own({ ticket: 2, revision: 9 }), 1)).toBe(true);
      expect(await store.getDelivery(own())).toEqual(own({ ticket: 2, revision: 2 }));
    });

    it.each([0, 1])(
      'that several write at the same moment is written by one of them (revision %i)',
      async (revision) => {
        if (revision > 0) await store.saveDelivery(own(), 0);
        const saved = await Promise.all([10, 11, 12].map((ticket) => store.saveDelivery(own({ ticket }), revision)));
        expect(saved.filter((one) => one)).toHaveLength(1);
        expect(await store.getDelivery(own())).toMatchObject({
          ticket: 10 + saved.indexOf(true),
          revision: revision + 1,
        });
      },
    );

    if (losing !== null) {
      it('whose write had its effect is written, although the answer was lost', async () => {
        expect(await losing(() => store.saveDelivery(own(), 0))).toBe(true);
        expect(await losing(() => store.saveDelivery(own({ ticket: 7 }), 1))).toBe(true);
        expect(await store.getDelivery(own())).toEqual(own({ ticket: 7, revision: 2 }));
      });
    }
  });

  describe(`deliveries that succeed at once, in ${name}`, () => {
    it('are written in any number, whatever there is', async () => {
      await store.saveDelivery(scheduleAttempt(own({ eventId: 'e1' }), NOW + HOUR, NOW, WAITS), 0);
      const done = numbered(60, () => succeeded());
      const each = done.map((one, index) => ({ ...one, eventId: `e${index}` }));
      await store.putSucceededDeliveries(each);
      for (const one of each) {
        const { revision } = (await store.getDelivery(one)) ?? { revision: 0 };
        expect(await store.getDelivery(one)).toEqual({ ...one, revision });
      }
    });

    if (losing !== null) {
      it('stay as others have changed them while the answer to their write was lost', async () => {
        const done = ['a', 'b', 'c'].map((eventId) => succeeded({ eventId }));
        await losing(
          () => store.putSucceededDeliveries(done),
          async () => {
            const stored = await store.getDelivery(own({ eventId: 'b' }));
            if (stored === null) throw new Error('the write has had no effect');
            expect(await store.saveDelivery(requestAttempt(stored, 'manual', NOW, WAITS), stored.revision)).toBe(true);
          },
        );
        const requests = await Promise.all(done.map(async (one) => (await store.getDelivery(one))?.requested));
        expect(requests).toEqual([null, 'manual', null]);
      });
    }

    it('are not written over by a writer that has read what was there before', async () => {
      await store.saveDelivery(own({ attempts: [makeAttempt(1)] }), 0);
      await store.putSucceededDeliveries([succeeded()]);
      for (const revision of [0, 1, 2]) expect(await store.saveDelivery(own(), revision)).toBe(false);
      const stored = await store.getDelivery(own());
      expect(stored).toMatchObject({ status: 'succeeded' });
      expect(await store.saveDelivery(succeeded({ ticket: 3 }), stored?.revision ?? 0)).toBe(true);
    });
  });

  describe(`an expired delivery in ${name}`, () => {
    const expired = async () => {
      await store.saveDelivery(parkDelivery(own(), NOW, ''), 0);
      setNow(NOW + RETENTION_MS - 1);
      expect(await store.getDelivery(own())).not.toBeNull();
      setNow(NOW + RETENTION_MS);
    };

    it('is absent, whether or not the store has removed it', async () => {
      await expired();
      expect(await store.getDelivery(own())).toBeNull();
      expect(await store.listWaitingDeliveries(sub, 'parked', null)).toEqual({ deliveries: [], cursor: null });
      const [loaded] = await store.loadForMessages([makeMessage({ tenantId, subscriptionId: sub })], true);
      expect(loaded?.delivery).toBeNull();
    });

    it('is not written over as if it were live, and its key is free', async () => {
      await expired();
      expect(await store.saveDelivery(own(), 1)).toBe(false);
      expect(await store.saveDelivery(own({ ticket: 5 }), 0)).toBe(true);
      expect(await store.getDelivery(own())).toEqual(own({ ticket: 5, revision: 1 }));
    });

    it('would have lived longer after another write', async () => {
      await store.saveDelivery(own(), 0);
      setNow(NOW + HOUR);
      await store.saveDelivery(own(), 1);
      setNow(NOW + RETENTION_MS + HOUR - 1);
      expect(await store.getDelivery(own())).not.toBeNull();
    });
  });

  describe(`what a batch of messages needs, in ${name}`, () => {
    const message = (rest: Partial<DeliverMessage> = {}) => makeMessage({ tenantId, subscriptionId: sub, ...rest });

    it.each([true, false])(
      'is read in the order of the messages, null for what is absent (consistent: %s)',
      async (consistent) => {
        const [subscription, event] = [makeSubscription({ tenantId, id: sub, revision: 0 }), makeEvent({ tenantId })];
        await add(subscription);
        await add(event);
        await store.saveDelivery(own(), 0);
        const found = { delivery: own({ revision: 1 }), subscription: { ...subscription, revision: 1 }, event };
        expect(
          await store.loadForMessages(
            [message({ subscriptionId: freshSubscription() }), message(), message({ eventId: 'evt_2' }), message()],
            consistent,
          ),
        ).toEqual([
          { delivery: null, subscription: null, event },
          found,
          { ...found, delivery: null, event: null },
          found,
        ]);
      },
    );

    it('is read for any number of messages', async () => {
      const many = numbered(60);
      for (const one of many) await store.saveDelivery(one, 0);
      const loaded = await store.loadForMessages(
        many.map(({ eventId }) => message({ eventId })),
        true,
      );
      expect(loaded.map(({ delivery }) => delivery?.eventId)).toEqual(many.map(({ eventId }) => eventId));
    });

    it("never is another tenant's", async () => {
      await add(makeSubscription({ tenantId, id: sub, revision: 0 }));
      await add(makeEvent({ tenantId }));
      const [loaded] = await store.loadForMessages([message({ tenantId: `${tenantId}-x` })], true);
      expect(loaded).toMatchObject({ subscription: null, event: null });
    });

    it('is no event that has expired', async () => {
      await add(makeEvent({ tenantId }));
      setNow(NOW + RETENTION_MS);
      expect(await store.loadForMessages([message()], true)).toMatchObject([{ event: null }]);
    });
  });

  describe(`waiting deliveries in ${name}`, () => {
    const waiting = (count: number) =>
      numbered(count, (index) => ({
        ...parkDelivery(own(), NOW, ''),
        eventId: `e${(index * 7_919) % 1_000}`,
        eventAt: NOW + (index % 50),
      }));
    async function readAll(between: (page: WaitingPage) => Promise<void> = async () => {}): Promise<Delivery[]> {
      const all: Delivery[] = [];
      let cursor: string | null = null;
      do {
        const page: WaitingPage = await store.listWaitingDeliveries(sub, 'parked', cursor);
        all.push(...page.deliveries);
        cursor = page.cursor;
        await between(page);
      } while (cursor !== null);
      return all;
    }
    const oldestFirst = (list: readonly Delivery[]) =>
      list.toSorted((a, b) => a.eventAt - b.eventAt || (a.eventId < b.eventId ? -1 : 1)).map(({ eventId }) => eventId);

    it.each([99, 100, 101, 230])('come oldest first, whole, none twice (%i)', async (count) => {
      const all = waiting(count);
      await Promise.all(all.map((one) => store.saveDelivery(one, 0)));
      expect((await readAll()).map(({ eventId }) => eventId)).toEqual(oldestFirst(all));
    });

    it('come each once, though they are released on the way, and older ones are parked behind', async () => {
      const all = waiting(230);
      await Promise.all(all.map((one) => store.saveDelivery(one, 0)));
      let round = 0;
      const seen = await readAll(async ({ deliveries }) => {
        round += 1;
        await store.saveDelivery({ ...parkDelivery(own(), NOW, ''), eventId: `old${round}`, eventAt: NOW - HOUR }, 0);
        for (const one of deliveries) await store.saveDelivery({ ...one, status: 'pending' }, one.revision);
      });
      expect(seen.map(({ eventId }) => eventId)).toEqual(oldestFirst(all));
      expect((await readAll()).every(({ eventId }) => eventId.startsWith('old'))).toBe(true);
    });

    it('are those of one status and one subscription, as they stand now', async () => {
      await store.saveDelivery(own({ eventId: 'pending', ticket: 3 }), 0);
      await store.saveDelivery(parkDelivery(own({ eventId: 'parked' }), NOW, ''), 0);
      await store.saveDelivery(parkDelivery(own({ subscriptionId: freshSubscription() }), NOW, ''), 0);
      await store.putSucceededDeliveries([succeeded({ eventId: 'done' })]);
      expect(await store.listWaitingDeliveries(sub, 'pending', null)).toEqual({
        deliveries: [own({ eventId: 'pending', ticket: 3, revision: 1 })],
        cursor: null,
      });
      expect((await readAll()).map(({ eventId }) => eventId)).toEqual(['parked']);
      const again = { ...succeeded({ eventId: 'again' }), requested: 'replay' as const, parkedAt: NOW, dueAt: NOW };
      await store.saveDelivery(again, 0);
      // A success that waits to be sent again.
      expect((await readAll()).map(({ eventId }) => eventId)).toEqual(['again', 'parked']);
      expect(await store.listWaitingDeliveries(freshSubscription(), 'parked', null)).toEqual({
        deliveries: [],
        cursor: null,
      });
    });
  });
}

export function describeDeliveryStore(name: string, subject: DeliverySubject<DeliveryStore>): void {
  const { store, setNow } = subject;
  describeDeliveryRecords(name, subject);

  describe(`deliveries by their refs, in ${name}`, () => {
    it('are found in the order of the refs, null where there is none', async () => {
      await store.putSucceededDeliveries([succeeded({ eventId: 'b' }), succeeded({ eventId: 'a' })]);
      const found = await store.getDeliveries(['a', 'x', 'b', 'a'].map((eventId) => own({ eventId })));
      expect(found.map((one) => one?.eventId ?? null)).toEqual(['a', null, 'b', 'a']);
      expect(await store.getDeliveries([])).toEqual([]);
      setNow(NOW + RETENTION_MS);
      expect(await store.getDeliveries([own({ eventId: 'a' })])).toEqual([null]);
    });

    it('are found in any number', async () => {
      const many = numbered(130);
      await store.putSucceededDeliveries(many.map((one) => ({ ...succeeded(), eventId: one.eventId })));
      expect((await store.getDeliveries(many)).filter((one) => one !== null)).toHaveLength(130);
    });
  });

  function fresh(
    status: Delivery['status'],
    list: ListSubject<Delivery>['list'],
    isOpen: boolean,
  ): ListSubject<Delivery> {
    setNow(NOW);
    sub = freshSubscription();
    return {
      async add(entries) {
        const deliveries = entries.map(({ id, at }) => own({ eventId: id, eventAt: at, status }));
        if (!isOpen) return store.putSucceededDeliveries(deliveries);
        await Promise.all(deliveries.map((one) => store.saveDelivery(one, 0)));
      },
      remove: isOpen
        ? async (one) => {
            expect(await store.saveDelivery({ ...one, status: 'succeeded' }, one.revision)).toBe(true);
          }
        : null,
      list,
      idOf: ({ eventId }) => eventId,
      setNow,
    };
  }

  describe(`the deliveries of a subscription, in ${name}`, () => {
    describeNewestFirst(() => fresh('succeeded', (...args) => store.listDeliveries(sub, ...args), false));

    it('are listed with every status', async () => {
      const statuses = ['pending', 'parked', 'failed', 'cancelled'] as const;
      for (const [index, status] of statuses.entries())
        await store.saveDelivery(own({ eventId: status, eventAt: NOW - index, status }), 0);
      await store.putSucceededDeliveries([succeeded({ eventAt: NOW - 9 })]);
      const { values } = await store.listDeliveries(sub, WHOLE, null);
      expect(values.map(({ status }) => status)).toEqual([...statuses, 'succeeded']);
    });

    it('that are rare are found by a bounded reading: a page without any still has a next one', async () => {
      await store.putSucceededDeliveries(
        numbered(700, (index) => ({
          ...succeeded(),
          eventAt: NOW - index,
          eventType: index === 699 ? 'rare' : 'usual',
        })).map((one, index) => ({ ...one, eventId: `e${index}` })),
      );
      const rare = ({ eventType }: Delivery) => eventType === 'rare';
      const first = await store.listDeliveries(sub, WHOLE, rare);
      expect(first.values).toEqual([]);
      expect(first.next).not.toBeNull();
      const rest = await readPages((after) =>
        store.listDeliveries(sub, { ...WHOLE, after: after ?? first.next }, rare),
      );
      expect(rest.map(({ eventId }) => eventId)).toEqual(['e699']);
    });
  });

  describe(`the deliveries of one status, in ${name}`, () => {
    describeNewestFirst(() => fresh('failed', (...args) => store.listDeliveriesByStatus(sub, 'failed', ...args), true));

    it('are found among many that succeeded', async () => {
      await store.putSucceededDeliveries(numbered(60).map(({ eventId }) => succeeded({ eventId })));
      await store.saveDelivery(own({ eventId: 'bad', eventAt: NOW - HOUR, status: 'failed' }), 0);
      const page = await store.listDeliveriesByStatus(sub, 'failed', WHOLE, null);
      expect(page).toEqual({
        values: [own({ eventId: 'bad', eventAt: NOW - HOUR, status: 'failed', revision: 1 })],
        next: null,
      });
      const again = succeeded({ eventId: 'again', requested: 'replay', parkedAt: NOW, dueAt: NOW });
      await store.saveDelivery(again, 0);
      for (const status of ['pending', 'parked', 'cancelled'])
        expect((await store.listDeliveriesByStatus(sub, status, WHOLE, null)).values).toEqual([]);
    });
  });
}
