import * as z from 'zod';
import type { TestEvents } from '../../core/delivery/test-events.ts';
import { EventTypeName } from '../../core/event/event-type.ts';
import { ProfileName } from '../../core/profile/profile.ts';
import { Refusal } from '../../core/refusal.ts';
import type { Subscriptions } from '../../core/subscription/manage.ts';
import { UrlText } from '../../core/subscription/subscription-input.ts';
import { AttemptError, AttemptOutcome, ReceiverResponse } from '../../core/target/webhook.ts';
import { answer, routesOf } from '../http/route.ts';
import { DeliveryView, deliveryView } from '../schemas/delivery.ts';
import { viewOf } from '../schemas/values.ts';

const route = routesOf('Tests', 'tenant');

export const TestResultView = z
  .object({
    outcome: AttemptOutcome,
    durationMs: z.number(),
    response: ReceiverResponse.nullable(),
    error: AttemptError.nullable(),
  })
  .meta({ id: 'TestResult' });

export interface TestRouteDeps {
  subscriptions: Subscriptions;
  testEvents: TestEvents;
}

export const createTestRoutes = ({ subscriptions, testEvents }: TestRouteDeps) => [
  route('POST', '/v1/tenants/{tenantId}/test-url', {
    id: 'testUrl',
    summary: 'Send a test event to a URL; nothing is saved',
    isChange: false,
    body: z
      .strictObject({ url: UrlText, profile: ProfileName.optional(), eventType: EventTypeName.optional() })
      .meta({ id: 'TestUrlInput' }),
    responses: { 200: { description: 'What the receiver answered, or why it could not.', schema: TestResultView } },
    run: async ({ params: { tenantId }, body: { url, profile, eventType } }) => {
      return answer(200, await testEvents.sendToUrl(tenantId, { url, profile, eventType }), viewOf(TestResultView));
    },
  }),
  route('POST', '/v1/tenants/{tenantId}/subscriptions/{subscriptionId}/test', {
    id: 'testSubscription',
    summary: 'Send a test event to this subscription, once',
    isChange: false,
    body: z.strictObject({ eventType: EventTypeName.optional() }).meta({ id: 'TestInput' }),
    bodyOptional: true,
    responses: { 202: { description: 'The delivery, which is queued.', schema: DeliveryView } },
    run: async ({ params, body }) => {
      const subscription = await subscriptions.read(params);
      if (subscription instanceof Refusal) return subscription;
      return answer(202, await testEvents.sendToSubscription(subscription, body.eventType), deliveryView);
    },
  }),
];
