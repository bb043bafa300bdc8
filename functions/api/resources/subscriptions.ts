import * as z from 'zod';
import { DELIVERY_STATUSES, type Delivery } from '../../core/delivery/delivery.ts';
import { releaseMessage } from '../../core/delivery/queue-message.ts';
import { Environment } from '../../core/event/environment.ts';
import { EventTypeName, EventTypePattern, TEST_EVENT_TYPE } from '../../core/event/event-type.ts';
import { SubscriptionId } from '../../core/ids.ts';
import { matchFilter } from '../../core/subscription/filter/filter.ts';
import { type Subscription, SubscriptionStatus } from '../../core/subscription/subscription.ts';
import { checkRevision } from '../http/modify.ts';
import { invalid, Problem } from '../http/problem.ts';
import { type ApiDeps, listOptions, Moment, pageQuery, rangeQuery, route } from '../http/route.ts';
import { revealSecret } from '../secrets.ts';
import {
  changeSubscription,
  createSubscription,
  deleteSubscription,
  patchSubscription,
  readSubscription,
  SubscriptionInput,
  SubscriptionPatch,
  verifyStored,
} from '../subscriptions.ts';
import { isVerificationToken } from '../verification.ts';
import { tenantParams } from './tenants.ts';
import {
  DeliveryView,
  deliveryView,
  listBody,
  listOf,
  SecretView,
  SubscriptionView,
  subscriptionView,
} from './views.ts';

export const subscriptionParams = { ...tenantParams, subscriptionId: SubscriptionId };

const One = { 200: { description: 'The subscription.', schema: SubscriptionView } };

export const subscriptionRoutes = [
  route('POST', '/v1/tenants/{tenantId}/subscriptions', {
    summary: 'Subscribe a URL',
    tag: 'Subscriptions',
    access: 'tenant',
    params: tenantParams,
    body: SubscriptionInput,
    responses: {
      201: {
        description: 'The subscription, with its secret.',
        schema: SubscriptionView.extend({ ...SecretView.shape }),
      },
    },
    run: async ({ params: { tenantId }, body, deps }) => {
      const subscription = await createSubscription(deps, tenantId, body);
      const secret = await revealSecret(deps, subscription);
      return { status: 201, body: { ...subscriptionView(subscription), ...secret }, revision: subscription.revision };
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
    body: SubscriptionPatch,
    conditional: true,
    responses: One,
    run: async ({ params, body, ifMatch, deps }) => {
      const patched = await patchSubscription(deps, params, ifMatch, body);
      // Another URL may have been verified where the one before was not.
      return answer(body.url === undefined ? patched : await wake(deps, patched));
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
      if (!(await deleteSubscription(deps, current))) {
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
        await changeSubscription(deps, params, null, (current) => {
          if (current.status === 'disabled')
            throw new Problem('conflict', 'It is disabled, so there is nothing to pause. Resume it first.');
          refuseUnverified(current);
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
      const resumed = await changeSubscription(deps, params, null, (current) => {
        refuseUnverified(current);
        return { ...current, status: 'active', statusReason: null };
      });
      await deps.retries.send([releaseMessage(resumed, body.parked, body.since ?? null)]);
      return answer(resumed);
    },
  }),
  route('POST', '/v1/tenants/{tenantId}/subscriptions/{subscriptionId}/verify', {
    summary: 'Confirm that the receiver wants its events',
    tag: 'Subscriptions',
    access: 'tenant',
    params: subscriptionParams,
    body: z
      .strictObject({
        secret: z
          .string()
          .optional()
          .meta({ description: 'The X-Hook-Secret that the receiver was sent. Absent: ask the receiver once more.' }),
      })
      .meta({ id: 'VerifyInput' }),
    bodyOptional: true,
    responses: One,
    run: async ({ params, body, deps }) => {
      const current = await readSubscription(deps, params);
      if (current.status !== 'unverified') return answer(current);
      const { secret } = body;
      if (secret === undefined) return answer(await verifyAgain(deps, current));
      if (!(await isVerificationToken(deps, current, secret))) {
        throw invalid([{ path: '/secret', message: 'is not the X-Hook-Secret that the receiver was sent' }]);
      }
      const active = { status: 'active', statusReason: null, verificationToken: null } as const;
      return answer(await wake(deps, await changeSubscription(deps, params, null, (one) => ({ ...one, ...active }))));
    },
  }),
  route('POST', '/v1/tenants/{tenantId}/subscriptions/{subscriptionId}/filter/test', {
    summary: 'Whether its filter lets an event through, and why not',
    tag: 'Subscriptions',
    access: 'tenant',
    params: subscriptionParams,
    body: z.strictObject({ type: EventTypeName.optional(), data: z.unknown() }).meta({ id: 'FilterTestInput' }),
    responses: {
      200: { description: 'The verdict.', schema: z.object({ matches: z.boolean(), reason: z.string().nullable() }) },
    },
    run: async ({ params, body, deps }) => {
      const { filter, environment, eventTypes } = await readSubscription(deps, params);
      const type = body.type ?? eventTypes.find((pattern) => !pattern.endsWith('*')) ?? TEST_EVENT_TYPE;
      const verdict =
        filter === null ? { matches: true as const } : matchFilter(filter, { type, environment, data: body.data });
      return { status: 200, body: { matches: verdict.matches, reason: verdict.matches ? null : verdict.reason } };
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
        const page = await deps.journal.listDeliveriesByStatus(params.subscriptionId, status, options, matchesType);
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

/** Only the receiver's own consent makes it active. */
function refuseUnverified({ status }: Subscription): void {
  if (status === 'unverified')
    throw new Problem('conflict', 'It is unverified and receives nothing. Verify it first: POST …/verify.');
}

async function verifyAgain(deps: ApiDeps, current: Subscription): Promise<Subscription> {
  const profile = await deps.profiles.get(current.profile, null);
  if (profile === null) throw new Problem('conflict', `The profile ${current.profile} was deleted. Change it first.`);
  const owner = { tenantId: current.tenantId, subscriptionId: current.id };
  const verified = await verifyStored(deps, profile, current);
  return wake(deps, await changeSubscription(deps, owner, null, (one) => ({ ...one, ...verified })));
}

/** What was under way when it became unverified was parked. */
async function wake(deps: ApiDeps, subscription: Subscription): Promise<Subscription> {
  if (subscription.status === 'active') await deps.retries.send([releaseMessage(subscription, 'deliver', null)]);
  return subscription;
}
