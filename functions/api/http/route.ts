import * as z from 'zod';
import type { Permission } from '../../core/access/permission.ts';
import type { Principal } from '../../core/access/principal.ts';
import { Moment } from '../../core/event/moment.ts';
import { Refusal } from '../../core/refusal.ts';
import { CURSOR_PATTERN, decodeCursor } from './cursor.ts';
import type { KeyedRun } from './idempotency.ts';
import { type PathParams, pathParams } from './path-params.ts';
import { invalid } from './problem.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** What a route's code gets: everything parsed. */
export interface RouteInput<Params, Query, Body> {
  params: Params;
  query: Query;
  body: Body;
  /** The body as it was sent, for what JSON.parse would change. */
  bodyText: string;
  /** The revision that If-Match names; null if the header is absent. */
  ifMatch: number | null;
  /** Whether there is an If-Match: whatever it takes, it takes nothing that is not there (RFC 9110 §13.1.1). */
  mustExist: boolean;
  /** Whether there is an If-None-Match: what is there is not replaced. */
  mustBeNew: boolean;
  principal: Principal;
  /** The trace that the caller is in; null if it names none. */
  traceparent: string | null;
  /** Null without an Idempotency-Key. */
  keyed: KeyedRun | null;
}

export interface RouteResult {
  status: number;
  /** Absent: no content. */
  body?: unknown;
  /** Becomes the ETag. */
  revision?: number;
  /** The tenant that it was about, where the path does not say. */
  tenantId?: string | null;
  /** Where what was created is found: a path. */
  location?: string;
  /** What was deleted, as it was shown; for the audit trail. */
  was?: unknown;
}

/** The answer that shows what the domain returned; a refusal stays one. */
export function answer<T>(status: number, value: T | Refusal, view: (value: T) => unknown): RouteResult | Refusal {
  return value instanceof Refusal ? value : { status, body: view(value) };
}

/** The same for what carries an ETag. */
export function taggedAnswer<T extends { revision: number }>(
  status: number,
  value: T | Refusal,
  view: (value: T) => unknown,
): RouteResult | Refusal {
  return value instanceof Refusal ? value : { status, body: view(value), revision: value.revision };
}

/**
 * What an answer shows. `secrets`: only callers that may read them get it. `secrets_to_admins`: the others get the same
 * answer without them.
 */
export type Reveals = 'nothing' | 'secrets' | 'secrets_to_admins';

/** How the audit trail learns what a change has made of a thing. */
export interface Shows<Params> {
  /** Of the thing as its answers show it: those that may go into the trail. Whatever is not named stays out, secrets above all. */
  members: readonly string[];
  /** The thing as it is shown now, read before the change. Absent for what the change makes. */
  before?: (params: Params) => Promise<RouteResult | Refusal>;
}

export interface Route {
  method: Method;
  path: string;
  /** The operation id of the API's description: unique, and fit to be the name of a method in an SDK. */
  id: string;
  summary: string;
  tag: string;
  /**
   * `company`: the company's keys alone. `tenant`: also keys and tokens of the tenant that the path names. `any`: every key and
   * token, for what belongs to no tenant. `public`: no key.
   */
  access: 'company' | 'tenant' | 'any' | 'public';
  /** What the role of its callers must allow. Unless it is said: `read` for GET, `change` for every other method. */
  needs: Exclude<Permission, 'secrets'>;
  reveals: (query: Record<string, unknown>) => Reveals;
  /** Whether it goes into the audit trail as a change. Unless it is said: true for every method but GET. */
  isChange: boolean;
  /** Null: the audit trail has no values of what it changes. */
  shows: Shows<never> | null;
  params: z.ZodObject;
  query: z.ZodObject;
  body: z.ZodType | null;
  /** Stands for `body` in the API's description, where the route's own code does the checking by it. */
  bodyDocumented: z.ZodType | null;
  /** True if a request without a body means one with `{}`. */
  bodyOptional: boolean;
  /** Answers that are not problems, by status. */
  responses: Record<number, { description: string; schema: z.ZodType | null }>;
  /** Whether the resource carries an ETag that If-Match is checked against. */
  conditional: boolean;
  /** Whether it can be refused because of how things stand (409). Unless it is said: true for every method but GET. */
  mayConflict: boolean;
  /** Whether the answer to a request with an Idempotency-Key is kept, sealed, for its repetitions. */
  keepsAnswer: boolean;
  /** Whether that answer stays true when the tenant in the path is deleted. */
  outlivesTenant: boolean;
  run: (input: RouteInput<never, never, never>) => Promise<RouteResult | Refusal>;
}

interface RouteDefinition<Params, Query extends z.ZodRawShape, Body extends z.ZodType> {
  id: string;
  summary: string;
  needs?: Route['needs'];
  isChange?: boolean;
  shows?: Shows<Params>;
  reveals?: Reveals | ((query: z.infer<z.ZodObject<Query>>) => Reveals);
  query?: Query;
  body?: Body;
  bodyDocumented?: z.ZodType;
  bodyOptional?: boolean;
  responses: Route['responses'];
  conditional?: boolean;
  mayConflict?: boolean;
  keepsAnswer?: boolean;
  outlivesTenant?: boolean;
  run: (input: RouteInput<Params, z.infer<z.ZodObject<Query>>, z.infer<Body>>) => Promise<RouteResult | Refusal>;
}

/** Makes the routes of one chapter, for one kind of caller: each says what is validated, what is documented, and what is done. */
export const routesOf =
  (tag: string, access: Route['access']) =>
  <Path extends string, Query extends z.ZodRawShape = Record<never, never>, Body extends z.ZodType = z.ZodUndefined>(
    method: Method,
    path: Path,
    { query, body, reveals = 'nothing', shows, run, ...rest }: RouteDefinition<PathParams<Path>, Query, Body>,
  ): Route => ({
    method,
    path,
    tag,
    access,
    needs: method === 'GET' ? 'read' : 'change',
    isChange: method !== 'GET',
    shows: (shows ?? null) as Route['shows'],
    params: pathParams(path),
    query: z.strictObject(query ?? {}),
    body: body ?? null,
    bodyDocumented: body ?? null,
    bodyOptional: false,
    conditional: false,
    mayConflict: method !== 'GET',
    keepsAnswer: true,
    outlivesTenant: false,
    ...rest,
    // The handler parses by these very schemas before it calls.
    reveals: (typeof reveals === 'string' ? () => reveals : reveals) as Route['reveals'],
    run: run as Route['run'],
  });

/** Query parameters of every list. */
export const pageQuery = {
  limit: z
    .string()
    .refine((text) => /^(?:[1-9]\d?|100)$/.test(text), 'must be a whole number from 1 to 100')
    .transform(Number)
    .meta({ override: { type: 'integer', minimum: 1, maximum: 100 } })
    .default(25),
  cursor: z.string().optional().meta({ description: 'The nextCursor of the page before.', pattern: CURSOR_PATTERN }),
};

export const rangeQuery = { from: Moment.optional(), to: Moment.optional() };

export type PageQuery = z.infer<z.ZodObject<typeof pageQuery>>;

/** Which part of a list is asked for. */
export function listOptions({ limit, cursor, from, to }: PageQuery & z.infer<z.ZodObject<typeof rangeQuery>>) {
  if (from !== undefined && to !== undefined && from > to)
    throw invalid([{ path: '?to', message: 'must not be before from' }]);
  return { limit, after: decodeCursor(cursor), from: from ?? null, to: to ?? null };
}
