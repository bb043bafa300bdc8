import { beforeEach, describe, expect, it } from 'vitest';
import type { EventType } from '../../functions/core/event/event-type.ts';
import type { EventTypeStore } from '../../functions/core/event/event-type-store.ts';
import { makeEventType, NOW } from '../support/domain.ts';
import type { Subject } from './subject.ts';

/** @param subject that holds no event types but those of this contract */
export function describeEventTypeStore(name: string, { store, losing }: Subject<EventTypeStore>): void {
  describe(`an event type in ${name}`, () => {
    let number = 0;
    let typeName = '';
    beforeEach(() => {
      number += 1;
      typeName = `type-${number}.created`;
    });
    const makeType = (rest: Partial<EventType> = {}) => makeEventType({ name: typeName, ...rest });

    it.each<[string, Partial<EventType>]>([
      ['with nothing', {}],
      [
        'with everything, its texts byte for byte',
        {
          description: 'Ümlaut 😀 \u0000',
          group: 'Gruppe ü',
          schema: '{"b":1,"a":1.0,"n":12345678901234567000, "e":1e400}',
          validate: true,
          example: '{"n":1.0,"10":1,"9":2,"__proto__":3}',
          archived: true,
          updatedAt: NOW + 1,
        },
      ],
      ['of 300 KB', { schema: `"${'ü'.repeat(150_000)}"` }],
    ])('comes back as it was (%s)', async (_, rest) => {
      expect(await store.saveEventType(makeType(rest), 0)).toBe(true);
      expect(await store.getEventType(typeName)).toEqual(makeType({ ...rest, revision: 1 }));
    });

    it('that is absent is null, also where another name begins with its own', async () => {
      await store.saveEventType(makeType(), 0);
      expect(await store.getEventType(typeName.slice(0, -1))).toBeNull();
      expect(await store.getEventType(`${typeName}.x`)).toBeNull();
      expect(await store.getEventType(typeName.toUpperCase())).toBeNull();
    });

    it('is written only over the revision that was read', async () => {
      expect(await store.saveEventType(makeType({ group: 'a' }), 1)).toBe(false);
      expect(await store.saveEventType(makeType({ group: 'a' }), 0)).toBe(true);
      expect(await store.saveEventType(makeType({ group: 'b' }), 0)).toBe(false);
      expect(await store.saveEventType(makeType({ group: 'b' }), 2)).toBe(false);
      expect(await store.saveEventType(makeType({ group: 'b', revision: 9 }), 1)).toBe(true);
      expect(await store.getEventType(typeName)).toEqual(makeType({ group: 'b', revision: 2 }));
    });

    it('that several write at the same moment is written by one of them', async () => {
      const groups = ['a', 'b', 'c'];
      const saved = await Promise.all(groups.map((group) => store.saveEventType(makeType({ group }), 0)));
      expect(saved.filter((one) => one)).toHaveLength(1);
      expect(await store.getEventType(typeName)).toMatchObject({ group: groups[saved.indexOf(true)], revision: 1 });
    });

    if (losing !== null) {
      it('whose write had its effect is written, although the answer was lost', async () => {
        expect(await losing(() => store.saveEventType(makeType(), 0))).toBe(true);
        expect(await losing(() => store.saveEventType(makeType({ group: 'b' }), 1))).toBe(true);
        expect(await store.getEventType(typeName)).toMatchObject({ group: 'b', revision: 2 });
      });
    }
  });

  describe(`the list of event types in ${name}`, () => {
    it('is whole, by name, archived ones included, also where a store gives it in several answers', async () => {
      const before = (await store.listEventTypes()).map((one) => one.name);
      // 1.4 MB together: DynamoDB gives at most 1 MB at once.
      const large = { schema: `"${'x'.repeat(200_000)}"` };
      const names = ['z.last', 'a-first', 'b.two', 'B.upper', 'b-two', 'b_two', 'b.two.more'];
      for (const [index, one] of names.entries())
        await store.saveEventType(makeEventType({ name: one, archived: index % 2 === 0, ...large }), 0);
      const listed = await store.listEventTypes();
      expect(listed.map((one) => one.name)).toEqual([...before, ...names].toSorted());
      expect(listed).toContainEqual(makeEventType({ name: 'b.two', archived: true, ...large, revision: 1 }));
    });
  });
}
