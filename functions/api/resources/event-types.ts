import * as z from 'zod';
import { changeStored } from '../../core/change-stored.ts';
import type { Samples } from '../../core/delivery/samples.ts';
import { type EventType, PublishableTypeName } from '../../core/event/event-type.ts';
import type { EventTypeStore } from '../../core/event/event-type-store.ts';
import { exampleErrors, lengthErrors, schemaErrors } from '../../core/event/event-type-texts.ts';
import { cutJsonMember, isWellFormedJson } from '../../core/json/json-text.ts';
import { ProfileName } from '../../core/profile/profile.ts';
import { invalidFields } from '../../core/refusal.ts';
import { Text } from '../../core/text-fields.ts';
import { JsonText } from '../http/json.ts';
import { pageByName } from '../http/page-by-name.ts';
import { existing, invalid, notFound, Problem } from '../http/problem.ts';
import { answer, pageQuery, routesOf, taggedAnswer } from '../http/route.ts';
import { listOf, pageAnswer } from '../schemas/list.ts';
import { Json, JsonAsWritten, Timestamp, viewOf } from '../schemas/values.ts';

const route = routesOf('Event types', 'company');
/** A tenant chooses from the event types, so each key and token may read them. */
const forReaders = routesOf('Event types', 'any');

export const EventTypeView = z
  .object({
    name: z.string(),
    description: z.string(),
    group: z.string().nullable(),
    schema: JsonAsWritten,
    validate: z.boolean(),
    example: JsonAsWritten,
    archived: z.boolean(),
    createdAt: Timestamp,
    updatedAt: Timestamp,
  })
  .meta({ id: 'EventType' });

const eventTypeView = viewOf(EventTypeView);

const fields = {
  description: Text.max(2_000),
  group: Text.min(1).max(100).nullable(),
  schema: z.record(z.string(), z.unknown()).nullable().meta({ description: 'JSON Schema of data.' }),
  validate: z.boolean().meta({
    description: 'Whether events are rejected whose data does not fit the schema. The example must fit it then, too.',
  }),
};
export const EventTypeInput = z
  .strictObject({
    name: PublishableTypeName,
    description: fields.description.default(''),
    group: fields.group.default(null),
    schema: fields.schema.default(null),
    validate: fields.validate.default(false),
    example: Json.optional(),
  })
  .meta({ id: 'EventTypeInput' });
export const EventTypePatch = z
  .strictObject({
    description: fields.description.nullable(),
    group: fields.group,
    schema: fields.schema,
    validate: fields.validate,
    example: Json,
    archived: z.boolean(),
  })
  .partial()
  .meta({ id: 'EventTypePatch' });
const AUDITED = Object.keys(EventTypePatch.shape);
/** What decides whether the example fits. */
const CHECKED = ['schema', 'validate', 'example'] as const;
const One = { 200: { description: 'The event type.', schema: EventTypeView } };

export interface EventTypeRouteDeps {
  store: Pick<EventTypeStore, 'getEventType' | 'listEventTypes' | 'saveEventType'>;
  samples: Samples;
  now: () => number;
}

export const createEventTypeRoutes = ({ store, samples, now }: EventTypeRouteDeps) => {
  const change = (name: string, ifMatch: number | null, changes: Partial<EventType>) =>
    changeStored({
      what: 'event type',
      ifMatch,
      read: () => store.getEventType(name),
      change: (current) => {
        const next = { ...current, ...changes, updatedAt: now() };
        // Nothing else is held up by an example that fitted its schema by rules of an earlier version.
        const errors = CHECKED.some((field) => field in changes) ? exampleErrors(next, '/example') : [];
        return errors.length > 0 ? invalidFields(errors) : next;
      },
      save: store.saveEventType,
    });
  const read = async ({ name }: { name: string }) =>
    taggedAnswer(200, existing('event type', await store.getEventType(name)), eventTypeView);
  const shows = { members: AUDITED, before: read };
  return [
    forReaders('GET', '/v1/event-types', {
      id: 'listEventTypes',
      summary: 'List event types, by name',
      query: pageQuery,
      responses: { 200: { description: 'A page of event types.', schema: listOf(EventTypeView) } },
      run: async ({ query }) => pageAnswer(pageByName(await store.listEventTypes(), query), eventTypeView),
    }),
    route('POST', '/v1/event-types', {
      id: 'createEventType',
      summary: 'Add an event type',
      shows: { members: AUDITED },
      body: EventTypeInput,
      responses: { 201: { description: 'Added.', schema: EventTypeView } },
      run: async ({ body, bodyText }) => {
        const at = now();
        const texts = readTexts(bodyText);
        const type = {
          ...body,
          schema: texts.schema ?? null,
          example: texts.example ?? null,
          archived: false,
          createdAt: at,
          updatedAt: at,
          revision: 0,
        };
        const errors = exampleErrors(type, '/example');
        if (errors.length > 0) throw invalid(errors);
        if (!(await store.saveEventType(type, 0))) {
          throw new Problem('conflict', `There is an event type "${body.name}" already. Change it with PATCH.`);
        }
        return { status: 201, body: eventTypeView(type), revision: 1 };
      },
    }),
    forReaders('GET', '/v1/event-types/{name}', {
      id: 'getEventType',
      summary: 'Read an event type',
      responses: One,
      run: ({ params }) => read(params),
    }),
    route('PATCH', '/v1/event-types/{name}', {
      id: 'updateEventType',
      summary: 'Change an event type (merge patch: null clears)',
      shows,
      body: EventTypePatch,
      conditional: true,
      responses: One,
      run: async ({ params, body, bodyText, ifMatch }) => {
        const texts = readTexts(bodyText);
        const { description, group, archived, validate } = body;
        const changes = { ...texts, group, archived, validate, description: description === null ? '' : description };
        const written = Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined));
        return taggedAnswer(200, await change(params.name, ifMatch, written), eventTypeView);
      },
    }),
    route('POST', '/v1/event-types/{name}/archive', {
      id: 'archiveEventType',
      summary: 'Take an event type out of use',
      shows,
      responses: One,
      run: async ({ params }) => taggedAnswer(200, await change(params.name, null, { archived: true }), eventTypeView),
    }),
    forReaders('GET', '/v1/event-types/{name}/example', {
      id: 'getEventTypeExample',
      summary: 'Read the example of its data',
      responses: { 200: { description: 'The example as it was written.', schema: Json } },
      run: async ({ params }) => {
        const { example } = existing('event type', await store.getEventType(params.name));
        if (example === null) throw notFound('example: the event type has none');
        return { status: 200, body: new JsonText(example) };
      },
    }),
    forReaders('GET', '/v1/event-types/{name}/samples', {
      id: 'listEventTypeSamples',
      summary: 'Read samples shaped like deliveries: a list, as Zapier wants it',
      query: { profile: ProfileName.optional() },
      responses: { 200: { description: 'Bodies as the profile would send them.', schema: z.array(Json) } },
      run: async ({ params, query }) => {
        const { name, example } = existing('event type', await store.getEventType(params.name));
        if (example === null) return { status: 200, body: [] };
        return answer(200, await samples.render(name, example, query.profile), (sample) => [new JsonText(sample)]);
      },
    }),
  ];
};

/** The texts of a request as their author wrote them; null for null, undefined for what is not there. */
function readTexts(bodyText: string) {
  const texts = { schema: jsonText(bodyText, 'schema'), example: jsonText(bodyText, 'example') };
  const errors = typeof texts.schema === 'string' ? schemaErrors(texts.schema, '/schema') : [];
  if (errors.length > 0) throw invalid(errors);
  return texts;
}

function jsonText(bodyText: string, key: 'schema' | 'example'): string | null | undefined {
  const text = cutJsonMember(bodyText, key);
  if (text === null) return undefined;
  const errors = lengthErrors(text, `/${key}`);
  if (!isWellFormedJson(JSON.parse(text))) errors.push({ path: `/${key}`, message: 'contains an unpaired surrogate' });
  if (errors.length > 0) throw invalid(errors);
  return text === 'null' ? null : text;
}
