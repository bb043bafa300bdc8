import * as z from 'zod';
import { EventTypePack } from '../../core/event/event-type-pack.ts';
import type { EventTypeStore } from '../../core/event/event-type-store.ts';
import { loadEventTypes } from '../../core/event/load-event-types.ts';
import { EVENT_TYPE_PACKS } from '../../vendors/event-type-packs.ts';
import { pageByName } from '../http/page-by-name.ts';
import { notFound } from '../http/problem.ts';
import { answer, pageQuery, routesOf } from '../http/route.ts';
import { listOf, pageAnswer } from '../schemas/list.ts';
import { viewOf } from '../schemas/values.ts';

const route = routesOf('Event types', 'company');

export const PackView = z.object({ name: z.string(), title: z.string(), description: z.string(), eventTypes: z.int() });
export const LoadedView = z
  .object({ created: z.int(), changed: z.int(), unchanged: z.int() })
  .meta({ id: 'LoadedEventTypes' });
const loadedView = viewOf(LoadedView);

export interface EventTypePackRouteDeps {
  store: Pick<EventTypeStore, 'getEventType' | 'saveEventType'>;
  now: () => number;
}

export const createEventTypePackRoutes = ({ store, now }: EventTypePackRouteDeps) => [
  route('GET', '/v1/event-type-packs', {
    id: 'listEventTypePacks',
    summary: 'List the event-type packs that Posthorn brings',
    query: pageQuery,
    responses: {
      200: {
        description: 'Their names, and how many event types each has.',
        schema: listOf(PackView),
      },
    },
    run: async ({ query }) => {
      return pageAnswer(pageByName(EVENT_TYPE_PACKS, query), (pack) =>
        PackView.parse({ ...pack, eventTypes: pack.eventTypes.length }),
      );
    },
  }),
  route('POST', '/v1/event-type-packs/{pack}/load', {
    id: 'loadEventTypePack',
    summary: 'Load one of them into the event types; loading it again changes nothing',
    responses: { 200: { description: 'What was done.', schema: LoadedView } },
    run: async ({ params }) => {
      const found = EVENT_TYPE_PACKS.find(({ name }) => name === params.pack);
      if (found === undefined)
        throw notFound(`event-type pack; there are ${EVENT_TYPE_PACKS.map(({ name }) => name).join(', ')}`);
      return answer(200, await loadEventTypes(store, found.eventTypes, now()), loadedView);
    },
  }),
  route('POST', '/v1/event-type-packs', {
    id: 'loadOwnEventTypePack',
    summary: 'Load an event-type pack of your own',
    body: EventTypePack.meta({ id: 'EventTypePack' }),
    responses: { 200: { description: 'What was done.', schema: LoadedView } },
    run: async ({ body }) => answer(200, await loadEventTypes(store, body.eventTypes, now()), loadedView),
  }),
];
