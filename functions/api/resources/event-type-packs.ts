import * as z from 'zod';
import { EventTypePack, type PackedEventType } from '../../core/event/event-type-pack.ts';
import type { EventTypeStore } from '../../core/event/event-type-store.ts';
import { EVENT_TYPE_PACKS } from '../../vendors/event-type-packs.ts';
import { pageByName } from '../http/page-by-name.ts';
import { notFound } from '../http/problem.ts';
import { pageQuery, route } from '../http/route.ts';
import { checkLength, checkSchema } from '../schemas/event-type-texts.ts';

const PackName = z.string().max(63);
const LoadedView = z
  .object({ created: z.int(), changed: z.int(), unchanged: z.int() })
  .meta({ id: 'LoadedEventTypes' });

export interface EventTypePackRouteDeps {
  store: Pick<EventTypeStore, 'getEventType' | 'saveEventType'>;
  now: () => number;
}

export const createEventTypePackRoutes = (deps: EventTypePackRouteDeps) => [
  route('GET', '/v1/event-type-packs', {
    id: 'listEventTypePacks',
    summary: 'List the event-type packs that Posthorn brings',
    tag: 'Event types',
    access: 'company',
    query: pageQuery,
    responses: {
      200: {
        description: 'Their names, and how many event types each has.',
        schema: z.object({
          data: z.array(
            z.object({ name: z.string(), title: z.string(), description: z.string(), eventTypes: z.int() }),
          ),
          nextCursor: z.string().nullable(),
        }),
      },
    },
    run: async ({ query }) => {
      const { data, nextCursor } = pageByName(EVENT_TYPE_PACKS, query);
      const views = data.map(({ eventTypes, name, title, description }) => ({
        name,
        title,
        description,
        eventTypes: eventTypes.length,
      }));
      return { status: 200, body: { data: views, nextCursor } };
    },
  }),
  route('POST', '/v1/event-type-packs/{pack}/load', {
    id: 'loadEventTypePack',
    summary: 'Load one of them into the event types; loading it again changes nothing',
    tag: 'Event types',
    access: 'company',
    params: { pack: PackName },
    responses: { 200: { description: 'What was done.', schema: LoadedView } },
    run: async ({ params }) => {
      const found = EVENT_TYPE_PACKS.find(({ name }) => name === params.pack);
      if (found === undefined)
        throw notFound(`event-type pack; there are ${EVENT_TYPE_PACKS.map(({ name }) => name).join(', ')}`);
      return { status: 200, body: await load(deps, found.eventTypes) };
    },
  }),
  route('POST', '/v1/event-type-packs', {
    id: 'loadOwnEventTypePack',
    summary: 'Load an event-type pack of your own',
    tag: 'Event types',
    access: 'company',
    body: EventTypePack.meta({ id: 'EventTypePack' }),
    responses: { 200: { description: 'What was done.', schema: LoadedView } },
    run: async ({ body }) => ({ status: 200, body: await load(deps, body.eventTypes) }),
  }),
];

/** Event types that are there keep whether they are archived and whether they validate; what describes them is replaced. */
async function load(
  deps: EventTypePackRouteDeps,
  eventTypes: readonly PackedEventType[],
): Promise<z.infer<typeof LoadedView>> {
  const done = { created: 0, changed: 0, unchanged: 0 };
  const types = eventTypes.map(({ name, description, group, ...texts }, index) => {
    const [schema, example] = [JSON.stringify(texts.schema), JSON.stringify(texts.example)];
    // All are checked before any is written.
    for (const [field, text] of Object.entries({ schema, example })) checkLength(text, `/eventTypes/${index}/${field}`);
    checkSchema(schema, `/eventTypes/${index}/schema`);
    return { name, wanted: { description, group, schema, example } };
  });
  for (const { name, wanted } of types) {
    const now = deps.now();
    const current = await deps.store.getEventType(name);
    if (current === null) {
      const fresh = { name, ...wanted, validate: false, archived: false, createdAt: now, updatedAt: now, revision: 0 };
      if (await deps.store.saveEventType(fresh, 0)) done.created += 1;
    } else if (Object.entries(wanted).every(([field, value]) => Reflect.get(current, field) === value)) {
      done.unchanged += 1;
    } else if (await deps.store.saveEventType({ ...current, ...wanted, updatedAt: now }, current.revision)) {
      done.changed += 1;
    }
  }
  return done;
}
