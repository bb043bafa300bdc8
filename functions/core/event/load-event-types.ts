import { invalidFields, type Refusal } from '../refusal.ts';
import type { PackedEventType } from './event-type-pack.ts';
import type { EventTypeStore } from './event-type-store.ts';
import { exampleErrors, lengthErrors, schemaErrors } from './event-type-texts.ts';

export interface LoadedEventTypes {
  created: number;
  changed: number;
  unchanged: number;
}

/**
 * Loads a pack's event types; none, if one is wrong. Those that are there keep whether they are archived and whether they
 * validate; what describes them is replaced.
 */
export async function loadEventTypes(
  store: Pick<EventTypeStore, 'getEventType' | 'saveEventType'>,
  eventTypes: readonly PackedEventType[],
  now: number,
): Promise<LoadedEventTypes | Refusal> {
  const types = eventTypes.map(({ name, description, group, ...texts }) => {
    const [schema, example] = [JSON.stringify(texts.schema), JSON.stringify(texts.example)];
    return { name, wanted: { description, group, schema, example } };
  });
  const errors = types.flatMap(({ wanted: { schema, example } }, index) => [
    ...lengthErrors(schema, `/eventTypes/${index}/schema`),
    ...lengthErrors(example, `/eventTypes/${index}/example`),
    ...schemaErrors(schema, `/eventTypes/${index}/schema`),
  ]);
  if (errors.length > 0) return invalidFields(errors);
  const loads = [];
  for (const { name, wanted } of types) loads.push({ name, wanted, current: await store.getEventType(name) });
  const misfits = loads.flatMap(({ wanted, current }, index) =>
    exampleErrors({ ...wanted, validate: current?.validate ?? false }, `/eventTypes/${index}/example`),
  );
  if (misfits.length > 0) return invalidFields(misfits);
  const done = { created: 0, changed: 0, unchanged: 0 };
  for (const { name, wanted, current } of loads) {
    if (current === null) {
      const fresh = { name, ...wanted, validate: false, archived: false, createdAt: now, updatedAt: now, revision: 0 };
      if (await store.saveEventType(fresh, 0)) done.created += 1;
    } else if (Object.entries(wanted).every(([field, value]) => Reflect.get(current, field) === value)) {
      done.unchanged += 1;
    } else if (await store.saveEventType({ ...current, ...wanted, updatedAt: now }, current.revision)) {
      done.changed += 1;
    }
  }
  return done;
}
