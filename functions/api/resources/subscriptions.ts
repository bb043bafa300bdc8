import * as z from 'zod';
import { Environment } from '../../core/event/environment.ts';
import { EventTypePattern } from '../../core/event/event-type.ts';
import { Refusal } from '../../core/refusal.ts';
import type { Subscriptions } from '../../core/subscription/manage.ts';
import { hasExpired, type Subscription, SubscriptionStatus } from '../../core/subscription/subscription.ts';
import { SubscriptionInput, SubscriptionPatch } from '../../core/subscription/subscription-input.ts';
import type { SubscriptionKeys } from '../../core/subscription/subscription-keys.ts';
import { Text } from '../../core/text-fields.ts';
import { listOptions, pageQuery, routesOf, taggedAnswer } from '../http/route.ts';
import { listOf, pageAnswer } from '../schemas/list.ts';
import { SecretView, secretView } from '../schemas/secret.ts';
import {
  AUDITED_OF_SUBSCRIPTION,
  ONE_SUBSCRIPTION as One,
  SubscriptionView,
  showsOf,
  subscriptionView,
} from '../schemas/subscription.ts';

const route = routesOf('Subscriptions', 'tenant');

export interface SubscriptionRouteDeps {
  subscriptions: Subscriptions;
  keys: SubscriptionKeys;
  now: () => number;
}

export const createSubscriptionRoutes = ({ subscriptions, keys, now }: SubscriptionRouteDeps) => {
  const shows = showsOf(subscriptions);
  return [
    route('POST', '/v1/tenants/{tenantId}/subscriptions', {
      id: 'createSubscription',
      summary: 'Subscribe a URL',
      shows: { members: AUDITED_OF_SUBSCRIPTION },
      body: SubscriptionInput,
      responses: {
        201: {
          description: 'The subscription, with its secret.',
          schema: SubscriptionView.extend({ ...SecretView.shape }),
        },
      },
      run: async ({ params: { tenantId }, body }) => {
        const made = await subscriptions.create(tenantId, body, 'active');
        if (made instanceof Refusal) return made;
        const secret = secretView(await keys.reveal(made));
        return { status: 201, body: { ...subscriptionView(made), ...secret }, revision: made.revision };
      },
    }),
    route('GET', '/v1/tenants/{tenantId}/subscriptions', {
      id: 'listSubscriptions',
      summary: 'List subscriptions, newest first',
      query: {
        ...pageQuery,
        status: SubscriptionStatus.optional(),
        expired: z
          .enum(['true', 'false'])
          .optional()
          .meta({ description: 'Those whose expiresAt has come, or those that have none or whose is to come.' }),
        environment: Environment.optional(),
        search: Text.min(1)
          .max(200)
          .optional()
          .meta({ description: 'Those whose name, URL or id contains this text, in capital letters or small ones.' }),
        eventType: EventTypePattern.optional().meta({ description: 'Those that name exactly this type or pattern.' }),
      },
      responses: { 200: { description: 'A page of subscriptions.', schema: listOf(SubscriptionView) } },
      run: async ({ params, query }) => {
        const { status, expired, environment, eventType } = query;
        const search = query.search?.toLowerCase();
        const matches = (one: Subscription) =>
          (status === undefined || one.status === status) &&
          (expired === undefined || String(hasExpired(one, now())) === expired) &&
          (environment === undefined || one.environment === environment) &&
          (eventType === undefined || one.eventTypes.includes(eventType)) &&
          (search === undefined ||
            [one.name ?? '', one.url, one.id].some((text) => text.toLowerCase().includes(search)));
        const isFiltered = [status, expired, environment, eventType, search].some((wanted) => wanted !== undefined);
        const { limit, after } = listOptions(query);
        const page = await subscriptions.page(params.tenantId, limit, after, isFiltered ? matches : null);
        return pageAnswer(page, subscriptionView);
      },
    }),
    route('GET', '/v1/tenants/{tenantId}/subscriptions/{subscriptionId}', {
      id: 'getSubscription',
      summary: 'Read a subscription',
      reveals: ({ show }) => (show === 'headers' ? 'secrets' : 'nothing'),
      query: {
        show: z
          .literal('headers')
          .optional()
          .meta({ description: 'Shows the values of the subscription’s headers, to callers of the role admin.' }),
      },
      responses: One,
      run: async ({ params, query }) => {
        const found = await subscriptions.read(params);
        if (found instanceof Refusal) return found;
        const headers = query.show === undefined ? null : await subscriptions.revealHeaders(found);
        return taggedAnswer(200, found, (one) => subscriptionView(one, headers));
      },
    }),
    route('PATCH', '/v1/tenants/{tenantId}/subscriptions/{subscriptionId}', {
      id: 'updateSubscription',
      summary: 'Change a subscription (merge patch: null clears)',
      shows,
      body: SubscriptionPatch,
      conditional: true,
      responses: One,
      run: async ({ params, body, ifMatch }) =>
        taggedAnswer(200, await subscriptions.patch(params, ifMatch, body), subscriptionView),
    }),
    route('DELETE', '/v1/tenants/{tenantId}/subscriptions/{subscriptionId}', {
      id: 'deleteSubscription',
      summary: 'Unsubscribe',
      shows,
      conditional: true,
      responses: {
        204: {
          description:
            'Deleted: nothing more is sent. What waits, parked or pending, is cancelled within moments, and when it is due at the latest.',
          schema: null,
        },
      },
      run: async ({ params, ifMatch }) => (await subscriptions.delete(params, ifMatch)) ?? { status: 204 },
    }),
  ];
};
