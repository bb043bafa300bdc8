import { describe, expect, it } from 'vitest';
import { createEventTypes } from '../../../functions/adapters/dynamodb/event-types.ts';
import { createKnownTypes } from '../../../functions/adapters/dynamodb/known-types.ts';
import type { EventType } from '../../../functions/core/event/event-type.ts';
import { makeEventType, NOW } from '../../support/domain.ts';
import { useTables } from '../../support/emulators.ts';

const catalog = createEventTypes(useTables());
const makeType = (name: string, rest: Partial<EventType> = {}): EventType =>
  makeEventType({ name, validate: true, ...rest });

describe('known event types', () => {
  it('that are strict work at once, and are known as archived half a minute after they were', async () => {
    let now = NOW;
    const findType = createKnownTypes(catalog, () => now, true);
    expect(await findType('known.late')).toBeNull();
    await catalog.saveEventType(makeType('known.late'), 0);
    expect(await findType('known.late')).toEqual(makeType('known.late', { revision: 1 }));
    await catalog.saveEventType(makeType('known.late', { archived: true }), 1);
    now += 31_000;
    expect(await findType('known.late')).toMatchObject({ archived: true });
    await catalog.saveEventType(makeType('known.late'), 2);
    expect(await findType('known.late')).toMatchObject({ archived: false });
  });

  it('are listed once for all messages of a batch', async () => {
    let reads = 0;
    const listEventTypes = async () => {
      reads += 1;
      return catalog.listEventTypes();
    };
    const findType = createKnownTypes({ ...catalog, listEventTypes }, () => NOW, false);
    await Promise.all(['a.one', 'b.two', 'c.three'].map(findType));
    expect(reads).toBe(1);
  });

  it('that are open are looked up at most twice a minute, known or not', async () => {
    let now = NOW;
    let reads = 0;
    const listEventTypes = () => {
      reads += 1;
      return catalog.listEventTypes();
    };
    const findType = createKnownTypes({ ...catalog, listEventTypes }, () => now, false);
    expect(await findType('open.late')).toBeNull();
    await catalog.saveEventType(makeType('open.late'), 0);
    expect(await findType('open.late')).toBeNull();
    expect(reads).toBe(1);
    now += 31_000;
    expect(await findType('open.late')).toMatchObject({ name: 'open.late', validate: true });
    expect(reads).toBe(2);
  });
});
