import * as z from 'zod';
import { Moment } from '../../core/event/moment.ts';
import type { Activation } from '../../core/subscription/activation.ts';
import type { BreakerControl } from '../../core/subscription/breaker-control.ts';
import type { Subscriptions } from '../../core/subscription/manage.ts';
import { routesOf, taggedAnswer } from '../http/route.ts';
import { ONE_SUBSCRIPTION as One, showsOf, subscriptionView } from '../schemas/subscription.ts';

const route = routesOf('Subscriptions', 'tenant');

export interface SubscriptionStatusRouteDeps {
  activation: Activation;
  breakers: BreakerControl;
  subscriptions: Pick<Subscriptions, 'read'>;
}

export const createSubscriptionStatusRoutes = ({
  activation,
  breakers,
  subscriptions,
}: SubscriptionStatusRouteDeps) => {
  const shows = showsOf(subscriptions);
  return [
    route('POST', '/v1/tenants/{tenantId}/subscriptions/{subscriptionId}/pause', {
      id: 'pauseSubscription',
      summary: 'Stop deliveries for now; events are parked',
      shows,
      responses: One,
      run: async ({ params }) => taggedAnswer(200, await activation.pause(params), subscriptionView),
    }),
    route('POST', '/v1/tenants/{tenantId}/subscriptions/{subscriptionId}/resume', {
      id: 'resumeSubscription',
      summary: 'Go on after a pause, or after it was disabled',
      shows,
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
      run: async ({ params, body }) =>
        taggedAnswer(200, await activation.resume(params, body.parked, body.since ?? null), subscriptionView),
    }),
    route('POST', '/v1/tenants/{tenantId}/subscriptions/{subscriptionId}/verify', {
      id: 'verifySubscription',
      summary: 'Confirm that the receiver wants its events',
      shows,
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
      run: async ({ params, body }) =>
        taggedAnswer(200, await activation.verify(params, body.secret), subscriptionView),
    }),
    route('POST', '/v1/tenants/{tenantId}/subscriptions/{subscriptionId}/breaker/close', {
      id: 'closeBreaker',
      summary: 'Deliver what waits for a failing receiver, now that it is back',
      shows: showsOf(subscriptions, ['health']),
      responses: One,
      run: async ({ params }) => taggedAnswer(200, await breakers.close(params), subscriptionView),
    }),
  ];
};
