import type { Catalog } from './dynamodb/catalog.ts';

/** How long the catalogue is remembered: archiving a type takes up to this long to show in a strict catalogue. */
const REMEMBER_MS = 30_000;

/** Whether a strict catalogue takes a type. A type that is not remembered is looked up, so that a new one works at once. */
export function createKnownTypes(catalog: Pick<Catalog, 'listEventTypes' | 'getEventType'>, now: () => number) {
  let known = new Set<string>();
  let readAt = Number.NEGATIVE_INFINITY;
  return async (type: string): Promise<boolean> => {
    if (now() - readAt > REMEMBER_MS) {
      known = new Set((await catalog.listEventTypes()).filter(({ archived }) => !archived).map(({ name }) => name));
      readAt = now();
    }
    if (known.has(type)) return true;
    const found = await catalog.getEventType(type);
    if (found === null || found.archived) return false;
    known.add(type);
    return true;
  };
}
