import * as z from 'zod';
import type { Idempotency } from '../../adapters/dynamodb/idempotency.ts';
import type { Tokens } from '../../adapters/dynamodb/tokens.ts';
import type { Vault } from '../../adapters/kms/vault.ts';
import type { Principal } from '../../core/access/principal.ts';
import type { ProfileSource } from '../../core/delivery/deliver.ts';
import type { WaitPolicy } from '../../core/delivery/delivery.ts';
import type { DeliveryStore } from '../../core/delivery/delivery-store.ts';
import type { WorkQueue } from '../../core/delivery/queue-message.ts';
import type { EventStore } from '../../core/event/event-store.ts';
import type { EventTypeStore } from '../../core/event/event-type-store.ts';
import { isCommonEra } from '../../core/event/moment.ts';
import type { RejectedEventStore } from '../../core/event/rejected-event-store.ts';
import type { Random } from '../../core/ids.ts';
import type { ProfileStore } from '../../core/profile/profile-store.ts';
import type { SubscriptionStore } from '../../core/subscription/subscription-store.ts';
import type { ReceiverUrlPolicy } from '../../core/target/receiver-url.ts';
import type { WebhookSender } from '../../core/target/webhook.ts';
import type { TenantStore } from '../../core/tenant/tenant-store.ts';
import type { COMPATIBILITY_ROUTES } from '../../names.ts';
import { decodeCursor } from './cursor.ts';
import { invalid } from './problem.ts';

export interface ApiDeps {
  catalog: TenantStore & SubscriptionStore & EventTypeStore;
  journal: EventStore & DeliveryStore & RejectedEventStore;
  idempotency: Idempotency;
  tokens: Tokens;
  profiles: ProfileSource;
  profileStore: ProfileStore;
  /** For subscriptions of tenants that have no default of their own. */
  defaultProfile: string;
  /** Vendors whose own routes are mounted. */
  compatibility: readonly (keyof typeof COMPATIBILITY_ROUTES)[];
  vault: Vault;
  /** Takes messages as publishers write them. */
  publish: (messages: readonly { tenantId: string; body: string }[]) => Promise<void>;
  deliveries: WorkQueue;
  retries: WorkQueue;
  sender: WebhookSender;
  urlPolicy: ReceiverUrlPolicy;
  eventTypes: 'open' | 'strict';
  waits: WaitPolicy;
  attemptTimeoutMs: number;
  userAgent: string;
  now: () => number;
  random: Random;
}

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
  principal: Principal;
  deps: ApiDeps;
}

export interface RouteResult {
  status: number;
  /** Absent: no content. */
  body?: unknown;
  /** Becomes the ETag. */
  revision?: number;
  /** Where what was created is found: a path. */
  location?: string;
}

export interface Route {
  method: Method;
  path: string;
  summary: string;
  tag: string;
  /** `company`: the admin key alone. `tenant`: also a token of the tenant that the path names. `public`: no key. */
  access: 'company' | 'tenant' | 'public';
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
  run: (input: RouteInput<never, never, never>) => Promise<RouteResult>;
}

interface RouteDefinition<Params extends z.ZodRawShape, Query extends z.ZodRawShape, Body extends z.ZodType> {
  summary: string;
  tag: string;
  access: Route['access'];
  params?: Params;
  query?: Query;
  body?: Body;
  bodyDocumented?: z.ZodType;
  bodyOptional?: boolean;
  responses: Route['responses'];
  conditional?: boolean;
  run: (
    input: RouteInput<z.infer<z.ZodObject<Params>>, z.infer<z.ZodObject<Query>>, z.infer<Body>>,
  ) => Promise<RouteResult>;
}

/** A route in one place: what is validated, what is documented, and what is done. */
export function route<
  Params extends z.ZodRawShape = Record<never, never>,
  Query extends z.ZodRawShape = Record<never, never>,
  Body extends z.ZodType = z.ZodUndefined,
>(method: Method, path: string, definition: RouteDefinition<Params, Query, Body>): Route {
  const { params, query, body, bodyDocumented, bodyOptional = false, conditional = false, run, ...rest } = definition;
  return {
    method,
    path,
    ...rest,
    params: z.object(params ?? {}),
    query: z.strictObject(query ?? {}),
    body: body ?? null,
    bodyDocumented: bodyDocumented ?? body ?? null,
    bodyOptional,
    conditional,
    // The handler parses by these very schemas before it calls.
    run: run as Route['run'],
  };
}

/** Query parameters of every list. */
export const pageQuery = {
  limit: z.coerce.number('must be a whole number from 1 to 100').int().min(1).max(100).default(25),
  cursor: z.string().optional().meta({ description: 'The nextCursor of the page before.' }),
};

/** Which part of a list is asked for. */
export function listOptions({
  limit,
  cursor,
  from,
  to,
}: {
  limit: number;
  cursor?: string | undefined;
  from?: number | undefined;
  to?: number | undefined;
}) {
  if (from !== undefined && to !== undefined && from > to)
    throw invalid([{ path: '?to', message: 'must not be before from' }]);
  return { limit, after: decodeCursor(cursor), from: from ?? null, to: to ?? null };
}

/** A moment, as callers write it; epoch milliseconds inside. */
export const Moment = z.iso
  .datetime({ offset: true, abort: true, error: 'must be an RFC 3339 date and time, as in 2026-11-22T10:00:00Z' })
  .refine(isCommonEra, 'must be in the years 0000 to 9999 in UTC')
  .transform((text) => Date.parse(text))
  .meta({ override: { type: 'string', format: 'date-time' } });

export const rangeQuery = { from: Moment.optional(), to: Moment.optional() };
