import * as z from 'zod';
import { templateValues } from '../../core/delivery/template-values.ts';
import { EventTypeName, PublishableTypeName } from '../../core/event/event-type.ts';
import { schemaMistake } from '../../core/event/validate-data.ts';
import { cutJsonMember, isWellFormedJson } from '../../core/json/json-text.ts';
import { ProfileName } from '../../core/profile/profile.ts';
import { Text } from '../http/fields.ts';
import { JsonText } from '../http/json.ts';
import { modify } from '../http/modify.ts';
import { pageByName } from '../http/page-by-name.ts';
import { invalid, notFound, Problem } from '../http/problem.ts';
import { type ApiDeps, pageQuery, route } from '../http/route.ts';
import { EventTypeView, eventTypeView, listOf } from './views.ts';

const params = { name: EventTypeName };
const Json = z.unknown().meta({ description: 'Any JSON.' });
/** Both are kept in one item of 400 KB, and read whenever the catalogue is. */
const MAX_TEXT_BYTES = 100_000;
const fields = {
  description: Text.max(2_000),
  group: Text.min(1).max(100).nullable(),
  schema: z.record(z.string(), z.unknown()).nullable().meta({ description: 'JSON Schema of data.' }),
  validate: z.boolean().meta({ description: 'Whether events are rejected whose data does not fit the schema.' }),
};
const One = { 200: { description: 'The event type.', schema: EventTypeView } };

export const eventTypeRoutes = [
  route('GET', '/v1/event-types', {
    summary: 'List event types, by name',
    tag: 'Event types',
    access: 'company',
    query: pageQuery,
    responses: { 200: { description: 'A page of event types.', schema: listOf(EventTypeView) } },
    run: async ({ query, deps }) => {
      const { data, nextCursor } = pageByName(await deps.catalog.listEventTypes(), query);
      return { status: 200, body: { data: data.map(eventTypeView), nextCursor } };
    },
  }),
  route('POST', '/v1/event-types', {
    summary: 'Add an event type',
    tag: 'Event types',
    access: 'company',
    body: z
      .strictObject({
        name: PublishableTypeName,
        description: fields.description.default(''),
        group: fields.group.default(null),
        schema: fields.schema.default(null),
        validate: fields.validate.default(false),
        example: Json.optional(),
      })
      .meta({ id: 'EventTypeInput' }),
    responses: { 201: { description: 'Added.', schema: EventTypeView } },
    run: async ({ body, bodyText, deps }) => {
      const now = deps.now();
      const schema = jsonText(bodyText, 'schema') ?? null;
      if (schema !== null) checkSchema(schema);
      const type = {
        ...body,
        schema,
        example: jsonText(bodyText, 'example') ?? null,
        archived: false,
        createdAt: now,
        updatedAt: now,
        revision: 0,
      };
      if (!(await deps.catalog.saveEventType(type, 0))) {
        throw new Problem('conflict', `There is an event type "${body.name}" already. Change it with PATCH.`);
      }
      return { status: 201, body: eventTypeView(type), revision: 1 };
    },
  }),
  route('GET', '/v1/event-types/{name}', {
    summary: 'Read an event type',
    tag: 'Event types',
    access: 'company',
    params,
    responses: One,
    run: async ({ params, deps }) => {
      const type = await read(deps, params.name);
      return { status: 200, body: eventTypeView(type), revision: type.revision };
    },
  }),
  route('PATCH', '/v1/event-types/{name}', {
    summary: 'Change an event type (merge patch: null clears)',
    tag: 'Event types',
    access: 'company',
    params,
    body: z
      .strictObject({
        description: fields.description.nullable(),
        group: fields.group,
        schema: fields.schema,
        validate: fields.validate,
        example: Json,
        archived: z.boolean(),
      })
      .partial()
      .meta({ id: 'EventTypePatch' }),
    conditional: true,
    responses: One,
    run: async ({ params, body, bodyText, ifMatch, deps }) => {
      const texts = { schema: jsonText(bodyText, 'schema'), example: jsonText(bodyText, 'example') };
      const { description, group, archived, validate } = body;
      if (typeof texts.schema === 'string') checkSchema(texts.schema);
      const changes = { ...texts, group, archived, validate, description: description === null ? '' : description };
      const type = await modify({
        what: 'event type',
        ifMatch,
        read: () => deps.catalog.getEventType(params.name),
        change: (current) => ({
          ...current,
          ...Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined)),
          updatedAt: deps.now(),
        }),
        save: deps.catalog.saveEventType,
      });
      return { status: 200, body: eventTypeView(type), revision: type.revision };
    },
  }),
  route('POST', '/v1/event-types/{name}/archive', {
    summary: 'Take an event type out of use',
    tag: 'Event types',
    access: 'company',
    params,
    responses: One,
    run: async ({ params, deps }) => {
      const type = await modify({
        what: 'event type',
        ifMatch: null,
        read: () => deps.catalog.getEventType(params.name),
        change: (current) => ({ ...current, archived: true, updatedAt: deps.now() }),
        save: deps.catalog.saveEventType,
      });
      return { status: 200, body: eventTypeView(type), revision: type.revision };
    },
  }),
  route('GET', '/v1/event-types/{name}/example', {
    summary: 'Read the example of its data',
    tag: 'Event types',
    access: 'company',
    params,
    responses: { 200: { description: 'The example as it was written.', schema: Json } },
    run: async ({ params, deps }) => {
      const { example } = await read(deps, params.name);
      if (example === null) throw notFound('example: the event type has none');
      return { status: 200, body: new JsonText(example) };
    },
  }),
  route('GET', '/v1/event-types/{name}/samples', {
    summary: 'Read samples shaped like deliveries: a list, as Zapier wants it',
    tag: 'Event types',
    access: 'company',
    params,
    query: { profile: ProfileName.optional() },
    responses: { 200: { description: 'Bodies as the profile would send them.', schema: z.array(Json) } },
    run: async ({ params, query, deps }) => {
      const { name, example } = await read(deps, params.name);
      if (example === null) return { status: 200, body: [] };
      return { status: 200, body: [new JsonText(await renderSample(deps, name, example, query.profile))] };
    },
  }),
];

export function checkSchema(schema: string, path = '/schema'): void {
  const mistake = schemaMistake(schema);
  if (mistake !== null) throw invalid([{ path, message: `is not a JSON Schema that can be used: ${mistake}` }]);
}

export function checkLength(text: string, path: string): void {
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_TEXT_BYTES)
    throw invalid([{ path, message: `is ${bytes} bytes; at most ${MAX_TEXT_BYTES} are allowed` }]);
}

/** A member of the request as its author wrote it; null for null, undefined if it is not there. */
function jsonText(bodyText: string, key: 'schema' | 'example'): string | null | undefined {
  const text = cutJsonMember(bodyText, key);
  if (text === null) return undefined;
  checkLength(text, `/${key}`);
  if (!isWellFormedJson(JSON.parse(text)))
    throw invalid([{ path: `/${key}`, message: 'contains an unpaired surrogate' }]);
  return text === 'null' ? null : text;
}

async function read(deps: ApiDeps, name: string) {
  const type = await deps.catalog.getEventType(name);
  if (type === null) throw notFound('event type');
  return type;
}

/** The example of an event type as the body of a delivery. */
export async function renderSample(
  deps: ApiDeps,
  type: string,
  example: string,
  profileName: string | undefined,
): Promise<string> {
  const profile = await deps.profiles.get(profileName ?? deps.defaultProfile, null);
  if (profile === null)
    throw invalid([{ path: '?profile', message: 'does not exist: GET /v1/profiles lists what there is' }]);
  const at = deps.now();
  const id = 'evt_00000000000000000000000000';
  const event = {
    tenantId: 'sample',
    id,
    type,
    environment: 'production' as const,
    occurredAt: at,
    acceptedAt: at,
    recordedAt: at,
    contentHash: '',
    data: example,
  };
  const subscription = {
    id: 'sub_00000000000000000000000000',
    name: null,
    url: 'https://example.com/hooks',
    metadata: {},
  };
  const ref = { subscriptionId: subscription.id, eventId: id, eventAt: at };
  return profile.render(templateValues(event, subscription, { ref, attempt: 1, at }), {
    subscription: [],
    tenant: null,
  }).body;
}
