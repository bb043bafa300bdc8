import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { openApiDocument } from '../../functions/api/http/openapi.ts';
import { PROBLEMS } from '../../functions/api/http/problem.ts';
import type { Route } from '../../functions/api/http/route.ts';
import { PublishedEvent } from '../../functions/core/event/published-event.ts';
import { ROUTES } from '../support/routes.ts';

const Schema = z.record(z.string(), z.unknown());
const Content = z.record(z.string(), z.object({ schema: Schema }));
const Operation = z.looseObject({
  operationId: z.string().min(1),
  summary: z.string().min(1),
  tags: z.array(z.string()).length(1),
  security: z.array(Schema).optional(),
  parameters: z
    .array(
      z.looseObject({
        name: z.string(),
        in: z.enum(['path', 'query', 'header']),
        required: z.boolean().optional(),
        schema: Schema,
      }),
    )
    .default([]),
  requestBody: z.object({ required: z.boolean().optional(), content: Content }).optional(),
  responses: z.record(z.string(), z.object({ description: z.string().min(1), content: Content.optional() })),
});
const Document = z.looseObject({
  openapi: z.literal('3.1.0'),
  info: z.looseObject({ title: z.string(), version: z.string() }),
  paths: z.record(
    z.string().startsWith('/v1/'),
    z.record(z.enum(['get', 'post', 'put', 'patch', 'delete']).or(z.string()), Operation),
  ),
  components: z.looseObject({ schemas: z.record(z.string(), Schema), securitySchemes: Schema }),
});

const text = JSON.stringify(openApiDocument(ROUTES));
const document = Document.parse(JSON.parse(text));

function operationOf({ method, path }: Route): z.infer<typeof Operation> {
  const operation = document.paths[path]?.[method.toLowerCase()];
  if (operation === undefined) throw new Error(`${method} ${path} is not documented`);
  return operation;
}

/** Every value under a key, wherever it stands. */
function valuesOf(value: unknown, name: string): unknown[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) => [
    ...(key === name ? [member] : []),
    ...valuesOf(member, name),
  ]);
}

/** Every object, wherever it stands. */
function schemasOf(value: unknown): unknown[] {
  if (typeof value !== 'object' || value === null) return [];
  return [value, ...Object.values(value).flatMap(schemasOf)];
}

it('refers to no schema from within itself, which generators of clients do not follow', () => {
  const names = (schema: unknown) => valuesOf(schema, '$ref').map((reference) => String(reference).split('/').at(-1));
  const own = Object.entries(document.components.schemas).filter(([name, schema]) => names(schema).includes(name));
  expect(own.map(([name]) => name)).toEqual([]);
});

it('describes each header by one type, as generators of clients demand', () => {
  const headers = ROUTES.flatMap((route) => operationOf(route).parameters.filter((one) => one.in === 'header'));
  expect(headers.length).toBeGreaterThan(0);
  expect(headers.filter(({ schema }) => schema.type !== 'string' || 'const' in schema)).toEqual([]);
});

it('names the schema of each body, without which oapi-codegen sends a choice of schemas as {}', () => {
  const bodies = ROUTES.flatMap((route) => operationOf(route).requestBody ?? []);
  const schemas = bodies.map(({ content }) => content['application/json']?.schema ?? {});
  expect(schemas.length).toBeGreaterThan(10);
  expect(schemas.filter((schema) => !('$ref' in schema))).toEqual([]);
});

it('gives no choice of schemas a default, which generators of clients leave out', () => {
  const schemas = valuesOf(document, 'properties').flatMap((properties) => Object.values(Schema.parse(properties)));
  const choices = schemas.map((schema) => Schema.catch({}).parse(schema)).filter((schema) => 'oneOf' in schema);
  expect(choices.length).toBeGreaterThan(0);
  expect(choices.filter((schema) => 'default' in schema)).toEqual([]);
});

it('names the values of a closed set apart in capital letters, as generators of clients write them', () => {
  const Named = z.looseObject({ enum: z.array(z.string()), 'x-enum-varnames': z.array(z.string()).optional() });
  const sets = schemasOf(document).flatMap((schema) => Named.safeParse(schema).data ?? []);
  expect(sets.length).toBeGreaterThan(10);
  for (const { enum: values, 'x-enum-varnames': names = values } of sets) {
    expect(names).toHaveLength(values.length);
    expect(new Set(names.map((name) => name.toUpperCase())).size, String(values)).toBe(values.length);
  }
});

/** Keywords that document; as the name of a property each is an object. */
const NOTES = ['$schema', 'id', '$id', 'description', 'default'];

/**
 * A schema without references, and without what only documents it. One that holds itself is cut there, with how many
 * references further out it begins.
 * @param schemas what references mean
 */
function inlined(
  schema: unknown,
  schemas: Readonly<Record<string, unknown>> = document.components.schemas,
  open: readonly string[] = [],
): unknown {
  if (Array.isArray(schema)) return schema.map((one) => inlined(one, schemas, open));
  if (typeof schema !== 'object' || schema === null) return schema;
  const reference = Reflect.get(schema, '$ref');
  if (typeof reference === 'string') {
    const name = reference.split('/').at(-1) ?? '';
    if (open.includes(name)) return { recursive: open.length - open.indexOf(name) };
    return inlined(schemas[name], schemas, [...open, name]);
  }
  return Object.fromEntries(
    Object.entries(schema)
      .filter(([key, member]) => key !== '$defs' && !(NOTES.includes(key) && typeof member !== 'object'))
      // Said once more beside the alternatives, which say it themselves.
      .filter(([key, member]) => !(key === 'type' && member === 'object' && 'oneOf' in schema))
      .map(([key, member]) => [key, inlined(member, schemas, open)]),
  );
}

/** A schema as it validates what comes in, in the same form. */
function validatingSchema(schema: z.ZodType): unknown {
  const made = z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
    // What a schema wants to be documented as, which zod itself takes for one more note.
    override: ({ jsonSchema }) => {
      const { override, ...rest } = jsonSchema;
      delete jsonSchema.override;
      Object.assign(jsonSchema, rest, override);
    },
  });
  const json = Schema.parse(JSON.parse(JSON.stringify(made)));
  return inlined(json, Schema.catch({}).parse(json.$defs));
}

describe('the OpenAPI document', () => {
  it('refers only to what is in it', () => {
    const references = valuesOf(JSON.parse(text), '$ref').map(String);
    expect(references.length).toBeGreaterThan(10);
    const missing = references.filter((one) => {
      const [, , kind, name = ''] = one.split('/');
      return kind !== 'schemas' || !Object.hasOwn(document.components.schemas, name);
    });
    expect([...new Set(missing)]).toEqual([]);
  });

  it('has every route, and no other', () => {
    const documented = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(documented.toSorted()).toEqual(ROUTES.map(({ method, path }) => `${method} ${path}`).toSorted());
  });

  it('names each operation once', () => {
    const ids = ROUTES.map((route) => operationOf(route).operationId);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('documents every problem code', () => {
    expect(document.components.schemas.Problem).toMatchObject({
      properties: { code: { enum: Object.keys(PROBLEMS) } },
      required: expect.arrayContaining(['type', 'title', 'status', 'code', 'detail', 'errors']),
    });
  });
});

describe('publishing', () => {
  it('is documented with the schema that checks each event', () => {
    const operation = document.paths['/v1/tenants/{tenantId}/events']?.post;
    const validating = validatingSchema(PublishedEvent);
    const [one, many] = valuesOf(inlined(operation?.requestBody?.content['application/json']?.schema), 'anyOf').flat();
    expect(one).toEqual(validating);
    expect(many).toMatchObject({ properties: { events: { items: validating, minItems: 1, maxItems: 100 } } });
  });
});

describe.each(ROUTES.map((route) => ({ route, name: `${route.method} ${route.path}` })))('$name', ({ route }) => {
  const operation = operationOf(route);
  const named = (place: string) => operation.parameters.filter((one) => one.in === place);

  it('is documented with the parameters that it parses', () => {
    const inPath = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    expect(Object.keys(route.params.shape).toSorted()).toEqual(inPath.toSorted());
    expect(
      named('path')
        .map(({ name }) => name)
        .toSorted(),
    ).toEqual(inPath.toSorted());
    expect(named('path').every(({ required }) => required)).toBe(true);
    expect(
      named('query')
        .map(({ name }) => name)
        .toSorted(),
    ).toEqual(Object.keys(route.query.shape).toSorted());
  });

  it('is documented with the body that it parses', () => {
    const { bodyDocumented: body } = route;
    if (body === null) {
      expect(operation.requestBody).toBeUndefined();
      return;
    }
    expect(operation.requestBody?.required ?? false).toBe(!route.bodyOptional);
    const documented = inlined(operation.requestBody?.content['application/json']?.schema);
    expect(documented).toEqual(validatingSchema(body));
  });

  it('is documented with its answers, and with problems', () => {
    const problems = Object.keys(operation.responses).filter((status) => !Object.hasOwn(route.responses, status));
    for (const status of problems)
      expect(operation.responses[status]?.content).toHaveProperty(['application/problem+json']);
    const named = (status: string, when: boolean) => expect(problems.includes(status), status).toBe(when);
    named('401', route.access !== 'public');
    named('403', route.access !== 'public');
    named('429', route.access !== 'public');
    named('404', route.path.includes('{'));
    named('412', route.conditional);
    for (const status of ['413', '415']) named(status, route.body !== null);
    named('422', route.body !== null || route.method === 'POST' || Object.keys(route.query.shape).length > 0);
    named('500', true);
    for (const [status, { schema }] of Object.entries(route.responses)) {
      const content = operation.responses[status]?.content;
      if (schema === null) expect(content).toBeUndefined();
      else expect(content).toHaveProperty(['application/json']);
    }
  });

  it('says whether it needs a key, and which', () => {
    const needs = route.reveals({}) === 'secrets' ? 'secrets' : route.needs;
    expect(operation.security).toEqual(route.access === 'public' ? [] : [{ key: [`${route.access}:${needs}`] }]);
  });
});

describe('a pattern', () => {
  const patterns = new Set<string>();
  JSON.stringify(document, (_, value: unknown) => {
    const { pattern, format } =
      z.object({ pattern: z.string(), format: z.string().optional() }).safeParse(value).data ?? {};
    // What has a format is read by that.
    if (pattern !== undefined && format === undefined) patterns.add(pattern);
    return value;
  });

  // Python and .NET take letters and digits of all scripts for these, and other line ends.
  it.each([...patterns])('means the same in every language: %s', (pattern) => {
    expect(pattern.replaceAll(/\[(?:\\.|[^\]\\])*\]/g, '').replaceAll('\\.', '')).not.toContain('.');
    expect(pattern).not.toMatch(/\\[wd]/);
  });
});
