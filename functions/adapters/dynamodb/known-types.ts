import type { EventType } from '../../core/event/event-type.ts';
import type { EventTypeStore } from '../../core/event/event-type-store.ts';
import { remember } from '../remember.ts';

/** How long event types are remembered: changing or archiving a type takes up to this long to show in publishing. */
const REMEMBER_MS = 30_000;

/**
 * The event types, remembered for a while; archived ones, too.
 * @param confirms whether a type that is not remembered, or is as archived, is looked up: where only known event types are accepted a type that
 * is new or brought back works without delay
 */
export function createKnownTypes(
  catalog: Pick<EventTypeStore, 'listEventTypes' | 'getEventType'>,
  now: () => number,
  confirms: boolean,
): (name: string) => Promise<EventType | null> {
  const lists = remember<Promise<Map<string, EventType>>>({ max: 1, ttlMs: REMEMBER_MS, now });
  return async (name) => {
    const known = await lists(
      'all',
      async () => new Map((await catalog.listEventTypes()).map((type) => [type.name, type])),
    );
    let type = known.get(name) ?? null;
    if ((type === null || type.archived) && confirms) {
      type = await catalog.getEventType(name);
      if (type !== null) known.set(name, type);
    }
    return type;
  };
}
