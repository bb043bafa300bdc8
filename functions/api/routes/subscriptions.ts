import * as z from 'zod';
import { DELIVERY_STATUSES, type Delivery } from '../../core/delivery.ts';
import { Environment, type FieldError } from '../../core/event.ts';
import { EventTypeName, EventTypePattern, unknownPatterns } from '../../core/event-type.ts';
import { newId, SubscriptionId } from '../../core/ids.ts';
import { STANDARD } from '../../core/profile.ts';
import { checkReceiverUrl, splitCredentials } from '../../core/receiver-url.ts';
import {
  SignatureVersion,
  type Subscription,
  SubscriptionHeaders,
  SubscriptionStatus,
} from '../../core/subscription.ts';
import { Metadata, Name } from '../fields.ts';
import { checkRevision, modify } from '../modify.ts';
import { invalid, notFound, Problem } from '../problem.ts';
import { type ApiDeps, listOptions, Moment, pageQuery, rangeQuery, route } from '../route.ts';
import { makeKeys, revealSecret, SecretInput } from '../secrets.ts';
import {
  DeliveryView,
  deliveryView,
  listBody,
  listOf,
  SecretView,
  SubscriptionView,
  subscriptionView,
} from '../views.ts';
import { tenantParams } from './tenants.ts';

export const subscriptionParams = { ...tenantParams, subscriptionId: SubscriptionId };

const EventTypes = z
  .array(EventTypePattern)
  .min(1, 'must name at least one event type')
  .max(500)
  .meta({ description: 'Names, prefixes as in employee.*, or *.' });
const SignatureVersions = z
  .array(SignatureVersion)
  .min(1)
  .max(2)
  .refine((versions) => new Set(versions).size === versions.length, 'must not repeat')
  .meta({ description: 'v1 is HMAC-SHA256, v1a is ed25519; several sign side by side.' });

const fields = {
  name: Name.nullable(),
  url: z.string().meta({ description: 'User name and password in it are sent as basic auth, and never shown again.' }),
  eventTypes: EventTypes,
  environment: Environment,
  profile: z.literal(STANDARD.name),
  signatureVersions: SignatureVersions,
  headers: SubscriptionHeaders.meta({ description: 'Sent with each delivery; up to 20.' }),
  metadata: Metadata,
};

const CreateBody = z
  .strictObject({
    name: fields.name.default(null),
    url: fields.url.optional(),
    eventTypes: fields.eventTypes.optional(),
    environment: fields.environment.default('production'),
    profile: fields.profile.default(STANDARD.name),
    signatureVersions: fields.signatureVersions.default(['v1']),
    headers: fields.headers.default({}),
    metadata: fields.metadata.default({}),
    secret: SecretInput.optional(),
    target_url: z.string().optional().meta({ description: 'REST hooks: the same as url.' }),
    event: EventTypePattern.optional().meta({ description: 'REST hooks: one event type.' }),
  })
  .check(({ value, issues }) => {
    for (const [path, alias] of [
      ['url', 'target_url'],
      ['eventTypes', 'event'],
    ] as const) {
      const count = [value[path], value[alias]].filter((one) => one !== undefined).length;
      if (count === 0) issues.push({ code: 'custom', path: [path], message: 'is required', input: value });
      if (count === 2)
        issues.push({
          code: 'custom',
          path: [alias],
          message: `means the same as ${path}: send one of them`,
          input: value,
        });
    }
  })
  .meta({ id: 'SubscriptionInput' });

/** RFC 7396: null clears. */
const PatchBody = z
  .strictObject({
    name: fields.name,
    url: fields.url,
    eventTypes: fields.eventTypes,
    environment: fields.environment,
    profile: fields.profile,
    signatureVersions: fields.signatureVersions,
    headers: z.record(z.string(), z.string().nullable()).nullable(),
    metadata: z.record(z.string(), z.string().nullable()).nullable(),
  })
  .partial()
  .meta({ id: 'SubscriptionPatch' });

const One = { 200: { description: 'The subscription.', schema: SubscriptionView } };

export const subscriptionRoutes = [
  route('POST', '/v1/tenants/{tenantId}/subscriptions', {
    summary: 'Subscribe a URL',
    tag: 'Subscriptions',
    access: 'tenant',
    params: tenantParams,
    body: CreateBody,
    responses: {
      201: {
        description: 'The subscription, with its secret.',
        schema: SubscriptionView.extend({ ...SecretView.shape }),
      },
    },
    run: async ({ params: { tenantId }, body, deps }) => {
      const { target_url, event, url: givenUrl, eventTypes: givenTypes, secret, ...rest } = body;
      const now = deps.now();
      const id = newId('sub', now, deps.random);
      const eventTypes = givenTypes ?? (event === undefined ? [] : [event]);
      const owner = { tenantId, subscriptionId: id };
      const target = await readTarget(
        deps,
        owner,
        givenUrl ?? target_url ?? '',
        rest.headers,
        givenUrl === undefined ? '/target_url' : '/url',
      );
      await checkTypes(deps, eventTypes, givenTypes === undefined ? '/event' : '/eventTypes');
      const subscription: Subscription = {
        ...rest,
        ...target,
        id,
        tenantId,
        eventTypes: [...new Set(eventTypes)],
        keys: await makeKeys(deps, owner, rest.signatureVersions, secret),
        status: 'active',
        statusReason: null,
        createdAt: now,
        updatedAt: now,
        revision: 0,
      };
      await deps.catalog.createTenant(tenantId, now);
      await deps.catalog.saveSubscription(subscription, 0);
      return {
        status: 201,
        body: { ...subscriptionView(subscription), ...(await revealSecret(deps, subscription)) },
        revision: 1,
      };
    },
  }),
  route('GET', '/v1/tenants/{tenantId}/subscriptions', {
    summary: 'List subscriptions, newest first',
    tag: 'Subscriptions',
    access: 'tenant',
    params: tenantParams,
    query: {
      ...pageQuery,
      status: SubscriptionStatus.optional(),
      environment: Environment.optional(),
      eventType: EventTypePattern.optional().meta({ description: 'Those that name exactly this type or pattern.' }),
    },
    responses: { 200: { description: 'A page of subscriptions.', schema: listOf(SubscriptionView) } },
    run: async ({ params, query, deps }) => {
      const { status, environment, eventType } = query;
      const matches = (one: Subscription) =>
        (status === undefined || one.status === status) &&
        (environment === undefined || one.environment === environment) &&
        (eventType === undefined || one.eventTypes.includes(eventType));
      const isFiltered = status !== undefined || environment !== undefined || eventType !== undefined;
      const { limit, after } = listOptions(query);
      const page = await deps.catalog.pageSubscriptions(params.tenantId, limit, after, isFiltered ? matches : null);
      return { status: 200, body: listBody(page, page.values.map(subscriptionView)) };
    },
  }),
  route('GET', '/v1/tenants/{tenantId}/subscriptions/{subscriptionId}', {
    summary: 'Read a subscription',
    tag: 'Subscriptions',
    access: 'tenant',
    params: subscriptionParams,
    responses: One,
    run: async ({ params, deps }) => answer(await readSubscription(deps, params)),
  }),
  route('PATCH', '/v1/tenants/{tenantId}/subscriptions/{subscriptionId}', {
    summary: 'Change a subscription (merge patch: null clears)',
    tag: 'Subscriptions',
    access: 'tenant',
    params: subscriptionParams,
    body: PatchBody,
    conditional: true,
    responses: One,
    run: async ({ params, body, ifMatch, deps }) => {
      if (body.eventTypes !== undefined) await checkTypes(deps, body.eventTypes, '/eventTypes');
      return answer(await change(deps, params, ifMatch, (current) => applyPatch(deps, current, body)));
    },
  }),
  route('DELETE', '/v1/tenants/{tenantId}/subscriptions/{subscriptionId}', {
    summary: 'Unsubscribe',
    tag: 'Subscriptions',
    access: 'tenant',
    params: subscriptionParams,
    conditional: true,
    responses: { 204: { description: 'Deleted; what was still to be delivered is cancelled.', schema: null } },
    run: async ({ params, ifMatch, deps }) => {
      const current = await readSubscription(deps, params);
      checkRevision(ifMatch, current);
      if (!(await deps.catalog.deleteSubscription(current))) {
        throw new Problem('conflict', 'It was changed at the same moment. Send the request again.', [], 1);
      }
      return { status: 204 };
    },
  }),
  route('POST', '/v1/tenants/{tenantId}/subscriptions/{subscriptionId}/pause', {
    summary: 'Stop deliveries for now; events are parked',
    tag: 'Subscriptions',
    access: 'tenant',
    params: subscriptionParams,
    responses: One,
    run: async ({ params, deps }) => {
      const reason = { code: 'paused', message: 'It was paused by request.', at: deps.now() };
      return answer(
        await change(deps, params, null, (current) => {
          if (current.status === 'disabled')
            throw new Problem('conflict', 'It is disabled, so there is nothing to pause. Resume it first.');
          return {
            ...current,
            status: 'paused',
            statusReason: current.status === 'paused' ? current.statusReason : reason,
          };
        }),
      );
    },
  }),
  route('POST', '/v1/tenants/{tenantId}/subscriptions/{subscriptionId}/resume', {
    summary: 'Go on after a pause, or after it was disabled',
    tag: 'Subscriptions',
    access: 'tenant',
    params: subscriptionParams,
    body: z
      .strictObject({
        parked: z
          .enum(['deliver', 'discard'])
          .default('deliver')
          .meta({ description: 'What becomes of the deliveries that were parked.' }),
        since: Moment.optional().meta({ description: 'Parked deliveries of events from before this are discarded.' }),
      })
      .meta({ id: 'ResumeInput' }),
    bodyOptional: true,
    responses: One,
    run: async ({ params, body, deps }) => {
      const resumed = await change(deps, params, null, (current) => ({
        ...current,
        status: 'active',
        statusReason: null,
      }));
      await deps.retries.send([
        {
          delaySeconds: 0,
          message: {
            v: 1,
            kind: 'release',
            tenantId: resumed.tenantId,
            subscriptionId: resumed.id,
            parked: body.parked,
            since: body.since ?? null,
            cursor: null,
          },
        },
      ]);
      return answer(resumed);
    },
  }),
  route('GET', '/v1/tenants/{tenantId}/subscriptions/{subscriptionId}/deliveries', {
    summary: 'List its deliveries, newest event first',
    tag: 'Deliveries',
    access: 'tenant',
    params: subscriptionParams,
    query: {
      ...pageQuery,
      ...rangeQuery,
      status: z.enum(DELIVERY_STATUSES).optional(),
      eventType: EventTypeName.optional(),
    },
    responses: {
      200: {
        description: 'A page of deliveries. With a filter it may be short, or empty, before the last.',
        schema: listOf(DeliveryView),
      },
    },
    run: async ({ params, query, deps }) => {
      await readSubscription(deps, params);
      const options = listOptions(query);
      const { status, eventType } = query;
      const matchesType = eventType === undefined ? null : (one: Delivery) => one.eventType === eventType;
      if (status !== undefined && status !== 'succeeded') {
        const page = await deps.journal.listByStatus(params.subscriptionId, status, options, matchesType);
        return { status: 200, body: listBody(page, page.values.map(deliveryView)) };
      }
      const matches = (one: Delivery) => one.status === 'succeeded' && (matchesType === null || matchesType(one));
      const page = await deps.journal.listDeliveries(
        params.subscriptionId,
        options,
        status === undefined ? matchesType : matches,
      );
      return { status: 200, body: listBody(page, page.values.map(deliveryView)) };
    },
  }),
];

function answer(subscription: Subscription) {
  return { status: 200, body: subscriptionView(subscription), revision: subscription.revision };
}

export async function readSubscription(
  deps: ApiDeps,
  params: { tenantId: string; subscriptionId: string },
): Promise<Subscription> {
  const subscription = await deps.catalog.getSubscription(params.tenantId, params.subscriptionId);
  if (subscription === null) throw notFound('subscription');
  return subscription;
}

export function change(
  deps: ApiDeps,
  params: { tenantId: string; subscriptionId: string },
  ifMatch: number | null,
  edit: (current: Subscription) => Subscription | Promise<Subscription>,
): Promise<Subscription> {
  return modify({
    what: 'subscription',
    ifMatch,
    read: () => deps.catalog.getSubscription(params.tenantId, params.subscriptionId),
    change: async (current) => ({ ...(await edit(current)), updatedAt: deps.now() }),
    save: deps.catalog.saveSubscription,
  });
}

/** The URL and its credentials as they are stored. */
async function readTarget(
  deps: ApiDeps,
  owner: { tenantId: string; subscriptionId: string },
  text: string,
  headers: Record<string, string>,
  path: string,
): Promise<Pick<Subscription, 'url' | 'credentials'>> {
  const checked = checkReceiverUrl(text, deps.urlPolicy);
  if (!checked.ok) throw invalid([{ path, message: checked.message }]);
  const { url, credentials } = splitCredentials(text);
  if (credentials === null) return { url, credentials: null };
  checkAuthorization(headers, true);
  return { url, credentials: await deps.vault.seal(`${credentials.username}:${credentials.password}`, owner) };
}

function checkAuthorization(headers: Record<string, string>, hasCredentials: boolean): void {
  const name = Object.keys(headers).find((one) => one.toLowerCase() === 'authorization');
  if (!hasCredentials || name === undefined) return;
  const message = 'cannot be sent beside the basic auth of the URL: remove one of them';
  throw invalid([{ path: `/headers/${name}`, message }]);
}

/** In a strict catalogue a pattern that matches no type is a mistake, and is named. */
async function checkTypes(deps: ApiDeps, patterns: readonly string[], path: string): Promise<void> {
  if (deps.catalogue === 'open') return;
  const unknown = unknownPatterns(patterns, await deps.catalog.listEventTypes());
  if (unknown.length === 0) return;
  throw invalid(
    unknown.map(
      (pattern): FieldError => ({
        path: path === '/event' ? path : `${path}/${patterns.indexOf(pattern)}`,
        message: `"${pattern}" matches no event type of the catalogue`,
      }),
    ),
  );
}

async function applyPatch(
  deps: ApiDeps,
  current: Subscription,
  patch: z.infer<typeof PatchBody>,
): Promise<Subscription> {
  const owner = { tenantId: current.tenantId, subscriptionId: current.id };
  const { headers: headersPatch, metadata: metadataPatch, url, eventTypes, ...plain } = patch;
  const headers = checked(SubscriptionHeaders, merge(current.headers, headersPatch), '/headers');
  const metadata = checked(Metadata, merge(current.metadata, metadataPatch), '/metadata');
  const target = url === undefined ? {} : await readTarget(deps, owner, url, headers, '/url');
  const next: Subscription = {
    ...current,
    ...Object.fromEntries(Object.entries(plain).filter(([, value]) => value !== undefined)),
    ...target,
    ...(eventTypes === undefined ? {} : { eventTypes: [...new Set(eventTypes)] }),
    headers,
    metadata,
  };
  checkAuthorization(headers, next.credentials !== null);
  // A signature version that is new to it needs a key.
  const missing = next.signatureVersions.filter(
    (version) => !next.keys.some((key) => key.version === version && key.endsAt === null),
  );
  return missing.length === 0
    ? next
    : { ...next, keys: [...(await makeKeys(deps, owner, missing, undefined)), ...next.keys] };
}

function merge(
  current: Record<string, string>,
  patch: Record<string, string | null> | null | undefined,
): Record<string, string> {
  if (patch === undefined) return current;
  if (patch === null) return {};
  const merged = new Map(Object.entries(current));
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) merged.delete(name);
    else merged.set(name, value);
  }
  return Object.fromEntries(merged);
}

function checked<T>(schema: z.ZodType<T>, value: unknown, path: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw invalid(
    parsed.error.issues.map((issue) => ({ path: [path, ...issue.path.map(String)].join('/'), message: issue.message })),
  );
}
