import { randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Event } from '../../functions/core/event/event.ts';
import { type EventStore, eventKey } from '../../functions/core/event/event-store.ts';
import { newId } from '../../functions/core/ids.ts';
import { HOUR, makeEvent, NOW } from '../support/domain.ts';
import { describeNewestFirst } from './newest-first.ts';
import { freshTenant, RETENTION_MS, readPages, type Subject, WHOLE } from './subject.ts';

let tenantId = '';
const own = (rest: Partial<Event> = {}) => makeEvent({ tenantId, ...rest });
const numbered = (count: number) => Array.from({ length: count }, (_, index) => own({ id: `e${index}` }));

/** Texts that a store must not change. */
const DATA: [string, string | null][] = [
  ['short', '{"n":1.0,"10":1,"9":2,"n":1e400}'],
  ['empty text', '""'],
  ['any characters', '"ü😀\\u0000\\ud800\ufeff\u2028"'],
  ['just below the length from which it is compressed', `"${'x'.repeat(509)}"`],
  ['just above the length from which it is compressed', `"${'ü'.repeat(511)}"`],
  ['long', JSON.stringify('ü😀'.repeat(10_000))],
  ['256 KiB', `"${'x'.repeat(262_142)}"`],
  ['256 KiB that cannot be compressed', `"${randomBytes(196_605).toString('base64')}"`],
  ['expunged', null],
];

/** What `ingest` reads and writes. */
export function describeEventRecords(
  name: string,
  { store, setNow, losing }: Subject<Pick<EventStore, 'getEvents' | 'createEvent' | 'putEvents' | 'saveFanOutCursor'>>,
): void {
  describe(`events on record in ${name}`, () => {
    beforeEach(() => {
      setNow(NOW);
      tenantId = freshTenant();
    });
    const get = async (event: Event) => (await store.getEvents([event], true)).get(eventKey(event)) ?? null;

    it.each(DATA)('come back as they were (%s)', async (_, data) => {
      await store.putEvents([own({ data })]);
      expect(await get(own())).toEqual({ event: own({ data }), fanOutCursor: null });
      expect(await store.createEvent(own({ id: 'other', data, occurredAt: NOW - 0.5 }))).toBe(true);
      expect((await get(own({ id: 'other' })))?.event).toEqual(own({ id: 'other', data, occurredAt: NOW - 0.5 }));
    });

    it('keep the trace of their publisher, if it named one', async () => {
      const traced = own({ traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' });
      await store.putEvents([traced]);
      expect((await get(own()))?.event).toEqual(traced);
    });

    it.each([true, false])(
      'are read in any number, by their keys, without those that are absent (consistent: %s)',
      async (consistent) => {
        const many = numbered(130);
        await store.putEvents(many);
        const found = await store.getEvents([...many, own({ id: 'absent' })], consistent);
        expect(found.size).toBe(130);
        for (const event of many) expect(found.get(eventKey(event))?.event).toEqual(event);
        expect(await store.getEvents([], consistent)).toEqual(new Map());
      },
    );

    it('are read once, although they are asked for twice', async () => {
      await store.putEvents([own()]);
      expect([...(await store.getEvents([own(), own()], true)).keys()]).toEqual([eventKey(own())]);
    });

    it("are their tenant's", async () => {
      await store.putEvents([own()]);
      for (const other of [`${tenantId}0`, tenantId.slice(0, -1)])
        expect(await get(own({ tenantId: other }))).toBeNull();
      expect(await store.createEvent(own({ tenantId: `${tenantId}-x`, data: '2' }))).toBe(true);
      expect((await get(own()))?.event.data).toBe(own().data);
    });

    it('are created once', async () => {
      expect(await store.createEvent(own())).toBe(true);
      expect(await store.createEvent(own({ data: '2' }))).toBe(false);
      expect(await get(own())).toEqual({ event: own(), fanOutCursor: null });
    });

    it('can be created before their fan-out begins', async () => {
      expect(await store.createEvent(own(), 'sub_')).toBe(true);
      expect(await get(own())).toEqual({ event: own(), fanOutCursor: 'sub_' });
    });

    it('that several create at the same moment are created by one of them', async () => {
      const created = await Promise.all(['1', '2', '3'].map((data) => store.createEvent(own({ data }))));
      expect(created.filter((one) => one)).toHaveLength(1);
      expect((await get(own()))?.event.data).toBe(String(created.indexOf(true) + 1));
    });

    it('that are put are written over what is there', async () => {
      await store.createEvent(own());
      await store.saveFanOutCursor(own(), 'sub_1');
      await store.putEvents([own({ data: '2' })]);
      expect(await get(own())).toEqual({ event: own({ data: '2' }), fanOutCursor: null });
    });

    it('remember where their fan-out goes on', async () => {
      await store.createEvent(own());
      for (const cursor of ['sub_1', 'sub_2', null]) {
        await store.saveFanOutCursor(own(), cursor);
        expect(await get(own())).toEqual({ event: own(), fanOutCursor: cursor });
      }
    });

    it('that are absent have no fan-out', async () => {
      await expect(store.saveFanOutCursor(own(), 'sub_1')).rejects.toThrow(/not on record/);
      expect(await get(own())).toBeNull();
    });

    it('expire, whether or not the store has removed them, and their ids are free', async () => {
      await store.createEvent(own());
      setNow(NOW + RETENTION_MS - 1);
      expect(await get(own())).not.toBeNull();
      expect(await store.createEvent(own())).toBe(false);
      setNow(NOW + RETENTION_MS);
      expect(await get(own())).toBeNull();
      expect(await store.getEvents([own()], false)).toEqual(new Map());
      await expect(store.saveFanOutCursor(own(), 'sub_1')).rejects.toThrow(/not on record/);
      const anew = own({ acceptedAt: NOW + RETENTION_MS, data: '2' });
      expect(await store.createEvent(anew)).toBe(true);
      expect(await get(own())).toEqual({ event: anew, fanOutCursor: null });
      setNow(NOW + 2 * RETENTION_MS - 1);
      expect(await get(own())).not.toBeNull();
    });

    if (losing !== null) {
      it('whose write had its effect are written, although the answer was lost', async () => {
        expect(await losing(() => store.createEvent(own()))).toBe(true);
        await losing(() => store.saveFanOutCursor(own(), 'sub_1'));
        expect(await get(own())).toEqual({ event: own(), fanOutCursor: 'sub_1' });
        expect(await store.createEvent(own())).toBe(false);
      });
    }
  });
}

export function describeEventStore(name: string, subject: Subject<EventStore>): void {
  const { store, setNow, losing } = subject;
  describeEventRecords(name, subject);

  describe(`one event in ${name}`, () => {
    beforeEach(() => {
      setNow(NOW);
      tenantId = freshTenant();
    });

    it('is read by its id, while it is live', async () => {
      expect(await store.getEvent(tenantId, 'evt_1')).toBeNull();
      await store.createEvent(own());
      expect(await store.getEvent(tenantId, 'evt_1')).toEqual(own());
      expect(await store.getEvent(`${tenantId}0`, 'evt_1')).toBeNull();
      setNow(NOW + RETENTION_MS);
      expect(await store.getEvent(tenantId, 'evt_1')).toBeNull();
    });

    it('loses its data for good when it is expunged, and nothing else', async () => {
      await store.createEvent(own());
      await store.saveFanOutCursor(own(), 'sub_1');
      expect(await store.expungeEvent(own())).toBe(true);
      expect(await store.expungeEvent(own())).toBe(true);
      const found = await store.getEvents([own()], true);
      expect(found.get(eventKey(own()))).toEqual({ event: own({ data: null }), fanOutCursor: 'sub_1' });
      expect((await store.listEvents(tenantId, WHOLE, null)).values).toEqual([own({ data: null })]);
    });

    it('that is absent, expired or another tenant’s is not expunged', async () => {
      await store.createEvent(own());
      expect(await store.expungeEvent(own({ id: 'absent' }))).toBe(false);
      expect(await store.expungeEvent(own({ tenantId: `${tenantId}-x` }))).toBe(false);
      setNow(NOW + RETENTION_MS);
      expect(await store.expungeEvent(own())).toBe(false);
    });

    if (losing !== null) {
      it('is expunged, although the answer was lost', async () => {
        await store.createEvent(own());
        expect(await losing(() => store.expungeEvent(own()))).toBe(true);
      });
    }
  });

  describe(`a tenant's events in ${name}`, () => {
    const fresh = () => {
      setNow(NOW);
      const owner = freshTenant();
      return {
        add: (entries: readonly { id: string; at: number }[]) =>
          store.putEvents(entries.map(({ id, at }) => makeEvent({ tenantId: owner, id, acceptedAt: at }))),
        remove: null,
        list: (...args: [typeof WHOLE, ((event: Event) => boolean) | null]) => store.listEvents(owner, ...args),
        idOf: ({ id }: Event) => id,
        setNow,
      };
    };
    describeNewestFirst(fresh);

    beforeEach(() => {
      setNow(NOW);
      tenantId = freshTenant();
    });

    it('are listed together, whether their ids are ours or the publisher’s', async () => {
      const events = Array.from({ length: 24 }, (_, index) => {
        const acceptedAt = NOW - index * HOUR;
        return own({ id: index % 3 === 0 ? `p${index}` : newId('evt', acceptedAt, Math.random), acceptedAt });
      });
      await store.putEvents(events);
      for (const limit of [1, 5, 24]) {
        const listed = await readPages((after) => store.listEvents(tenantId, { ...WHOLE, limit, after }, null));
        expect(listed).toEqual(events);
      }
      const range = { from: NOW - 5 * HOUR, to: NOW - 2 * HOUR };
      expect((await store.listEvents(tenantId, { ...WHOLE, ...range }, null)).values).toEqual(events.slice(2, 6));
    });

    it('are listed by when they were accepted, also if their publisher gave them ids of our form', async () => {
      const events = [
        own({ id: newId('evt', NOW - 26 * HOUR, Math.random), acceptedAt: NOW }),
        // Ids whose time is in the years 10889 and 1970.
        own({ id: 'evt_7ZX3B1N6Q2T5V8Y0A4C7E9G1HJ', acceptedAt: NOW - HOUR }),
        own({ id: newId('evt', 1, Math.random), acceptedAt: NOW - 2 * HOUR }),
        own({ id: newId('evt', NOW - 3 * HOUR, Math.random), acceptedAt: NOW - 3 * HOUR }),
      ];
      await store.putEvents(events);
      for (const limit of [1, 2, 10])
        expect(await readPages((after) => store.listEvents(tenantId, { ...WHOLE, limit, after }, null))).toEqual(
          events,
        );
      const range = { from: NOW - 2 * HOUR, to: NOW };
      expect((await store.listEvents(tenantId, { ...WHOLE, ...range }, null)).values).toEqual(events.slice(0, 3));
      expect((await store.listEvents(tenantId, { ...WHOLE, from: 0, to: NOW - 4 * HOUR }, null)).values).toEqual([]);
      for (const event of events)
        expect((await store.getEvents([event], true)).get(eventKey(event))?.event).toEqual(event);
    });

    it("are the tenant's own", async () => {
      await store.putEvents([own(), own({ id: newId('evt', NOW, Math.random) })]);
      for (const other of [tenantId.slice(0, -1), `${tenantId}0`, `${tenantId}#0`])
        expect((await store.listEvents(other, WHOLE, null)).values).toEqual([]);
    });

    it('are listed whole, although they are larger than one answer may be', async () => {
      const data = `"${randomBytes(180_000).toString('base64')}"`;
      const events = Array.from({ length: 24 }, (_, index) => own({ id: `e${index}`, acceptedAt: NOW - index, data }));
      await store.putEvents(events);
      let pages = 0;
      const listed = await readPages((after) => {
        pages += 1;
        return store.listEvents(tenantId, { ...WHOLE, limit: 100, after }, null);
      });
      expect(listed.map(({ id }) => id)).toEqual(events.map(({ id }) => id));
      expect(pages).toBeGreaterThan(1);
    });

    it('that are rare are found by a bounded reading: a page without any still has a next one', async () => {
      await store.putEvents(
        Array.from({ length: 700 }, (_, index) =>
          own({ id: `e${index}`, acceptedAt: NOW - index, type: index === 699 ? 'rare' : 'usual' }),
        ),
      );
      const rare = ({ type }: Event) => type === 'rare';
      const first = await store.listEvents(tenantId, WHOLE, rare);
      expect(first.values).toEqual([]);
      expect(first.next).not.toBeNull();
      const rest = await readPages((after) =>
        store.listEvents(tenantId, { ...WHOLE, after: after ?? first.next }, rare),
      );
      expect(rest.map(({ id }) => id)).toEqual(['e699']);
    });
  });
}
