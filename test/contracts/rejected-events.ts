import { randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import type { RejectedEvent } from '../../functions/core/event/rejected-event.ts';
import type { RejectedEventStore } from '../../functions/core/event/rejected-event-store.ts';
import { newId } from '../../functions/core/ids.ts';
import { NOW } from '../support/domain.ts';
import { describeNewestFirst } from './newest-first.ts';
import { RETENTION_MS, readPages, type Subject, WHOLE } from './subject.ts';

function makeRejected(rest: Partial<RejectedEvent> = {}): RejectedEvent {
  return {
    id: 'rej_1',
    tenantId: null,
    rejectedAt: NOW,
    reason: { code: 'malformed_json', message: 'no JSON', errors: [] },
    body: '{',
    bodyTruncated: false,
    messageId: null,
    republishedAt: null,
    ...rest,
  };
}

/** @param clear empties the store: rejected events belong to no tenant, so there is one list of them */
export function describeRejectedEventStore(
  name: string,
  { store, setNow, clear }: Subject<RejectedEventStore> & { clear: () => Promise<void> },
): void {
  describe(`rejected events in ${name}`, () => {
    beforeEach(async () => {
      setNow(NOW);
      await clear();
    });
    describeNewestFirst<RejectedEvent>(async () => {
      setNow(NOW);
      await clear();
      return {
        add: (entries) => store.putRejectedEvents(entries.map(({ id, at }) => makeRejected({ id, rejectedAt: at }))),
        remove: null,
        list: (...args) => store.listRejectedEvents(...args),
        idOf: ({ id }) => id,
        setNow,
      };
    });
    const listAll = (limit = 25) => readPages((after) => store.listRejectedEvents({ ...WHOLE, limit, after }, null));

    it.each<[string, Partial<RejectedEvent>]>([
      ['with nothing', { body: '' }],
      [
        'with everything',
        {
          tenantId: 'acme',
          reason: { code: 'invalid_data', message: 'ü', errors: [{ path: '/data/ü', message: '😀' }] },
          body: 'ü😀\u0000'.repeat(1_000),
          bodyTruncated: true,
          messageId: 'm-1',
          republishedAt: NOW,
        },
      ],
      ['with a body of 300 KB', { body: 'x'.repeat(300_000) }],
      ['with a body of 300 KB that cannot be compressed', { body: randomBytes(225_000).toString('base64') }],
    ])('come back as they were (%s)', async (_, rest) => {
      await store.putRejectedEvents([makeRejected(rest)]);
      expect(await listAll()).toEqual([makeRejected(rest)]);
    });

    it('are written over: a message that is handed out again makes one record', async () => {
      await store.putRejectedEvents([makeRejected(), makeRejected({ id: 'rej_2' })]);
      await store.putRejectedEvents([makeRejected({ body: 'again' })]);
      expect((await listAll()).map(({ id, body }) => `${id} ${body}`)).toEqual(['rej_2 {', 'rej_1 again']);
    });

    it('are found by their ids, and marked once they are published again', async () => {
      const id = newId('rej', NOW, Math.random);
      const one = makeRejected({ id });
      expect(await store.getRejectedEvent(id)).toBeNull();
      expect(await store.markRepublished(one, NOW + 1)).toBe(false);
      await store.putRejectedEvents([one]);
      expect(await store.getRejectedEvent(id)).toEqual(one);
      expect(await store.markRepublished(one, NOW + 1)).toBe(true);
      expect(await store.getRejectedEvent(id)).toEqual({ ...one, republishedAt: NOW + 1 });
      await store.putRejectedEvents([one]);
      expect(await listAll()).toEqual([one]);
      setNow(NOW + RETENTION_MS);
      expect(await store.getRejectedEvent(id)).toBeNull();
      expect(await store.markRepublished(one, NOW)).toBe(false);
    });

    it('are written in any number, and none is nothing', async () => {
      await store.putRejectedEvents([]);
      await store.putRejectedEvents(Array.from({ length: 60 }, (_, index) => makeRejected({ id: `rej_${index}` })));
      expect(await listAll()).toHaveLength(60);
    });

    it('are listed whole, although they are larger than one answer may be', async () => {
      const body = randomBytes(225_000).toString('base64');
      const rejected = Array.from({ length: 30 }, (_, index) =>
        makeRejected({ id: `r${index}`, rejectedAt: NOW + index, body }),
      );
      await store.putRejectedEvents(rejected);
      expect((await listAll()).map(({ id }) => id)).toEqual(rejected.map(({ id }) => id).toReversed());
    });
  });
}
