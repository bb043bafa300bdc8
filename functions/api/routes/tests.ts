import { randomBytes } from 'node:crypto';
import * as z from 'zod';
import { standardBody } from '../../core/deliver.ts';
import { newDelivery } from '../../core/delivery.ts';
import type { Event } from '../../core/event.ts';
import { EventTypeName, TEST_EVENT_TYPE } from '../../core/event-type.ts';
import { newId } from '../../core/ids.ts';
import { STANDARD } from '../../core/profile.ts';
import { checkReceiverUrl } from '../../core/receiver-url.ts';
import { formatSecret, signatureHeaders } from '../../core/signing.ts';
import { invalid, Problem } from '../problem.ts';
import { type ApiDeps, route } from '../route.ts';
import { DeliveryView, deliveryView, TestResultView } from '../views.ts';
import { readSubscription, subscriptionParams } from './subscriptions.ts';
import { tenantParams } from './tenants.ts';

export const testRoutes = [
  route('POST', '/v1/tenants/{tenantId}/test-url', {
    summary: 'Send a test event to a URL; nothing is saved',
    tag: 'Tests',
    access: 'tenant',
    params: tenantParams,
    body: z
      .strictObject({
        url: z.string(),
        profile: z.literal(STANDARD.name).default(STANDARD.name),
        eventType: EventTypeName.optional(),
      })
      .meta({ id: 'TestUrlInput' }),
    responses: { 200: { description: 'What the receiver answered, or why it could not.', schema: TestResultView } },
    run: async ({ params: { tenantId }, body, deps }) => {
      const checked = checkReceiverUrl(body.url, deps.urlPolicy);
      if (!checked.ok) throw invalid([{ path: '/url', message: checked.message }]);
      const event = await testEvent(deps, tenantId, body.eventType);
      const text = standardBody(event);
      // Nobody has a secret yet: it is signed with one that is thrown away, so that the request looks like a real one.
      const key = { version: 'v1' as const, material: formatSecret(randomBytes(32)) };
      const { outcome, durationMs, response, error } = await deps.sender.send({
        url: body.url,
        headers: {
          'content-type': 'application/json',
          'user-agent': deps.userAgent,
          ...signatureHeaders(event.id, Math.floor(deps.now() / 1_000), text, [key]),
        },
        body: text,
        timeoutMs: deps.attemptTimeoutMs,
      });
      return { status: 200, body: { outcome, durationMs, response, error } };
    },
  }),
  route('POST', '/v1/tenants/{tenantId}/subscriptions/{subscriptionId}/test', {
    summary: 'Send a test event to this subscription, once',
    tag: 'Tests',
    access: 'tenant',
    params: subscriptionParams,
    body: z.strictObject({ eventType: EventTypeName.optional() }).meta({ id: 'TestInput' }),
    bodyOptional: true,
    responses: { 202: { description: 'The delivery, which is queued.', schema: DeliveryView } },
    run: async ({ params, body, deps }) => {
      const subscription = await readSubscription(deps, params);
      if (subscription.status !== 'active')
        throw new Problem('conflict', `The subscription is ${subscription.status}. Resume it first.`);
      const event = await testEvent(deps, params.tenantId, body.eventType);
      await deps.journal.putAll([event], []);
      const delivery = newDelivery({ ...params, eventId: event.id, eventAt: event.acceptedAt, eventType: event.type });
      const { tenantId, subscriptionId, eventId, eventAt, ticket } = delivery;
      await deps.deliveries.send([
        {
          delaySeconds: 0,
          message: { v: 1, kind: 'deliver', tenantId, subscriptionId, eventId, eventAt, ticket, trigger: 'test' },
        },
      ]);
      return { status: 202, body: deliveryView(delivery) };
    },
  }),
];

/** Without an event type a small fixed event; with one, the example that the catalogue has of it. */
async function testEvent(deps: ApiDeps, tenantId: string, type: string | undefined): Promise<Event & { data: string }> {
  const known = type === undefined ? null : await deps.catalog.getEventType(type);
  if (type !== undefined && (known === null || known.example === null)) {
    const message = known === null ? 'is not in the catalogue' : 'has no example in the catalogue';
    throw invalid([
      { path: '/eventType', message: `${message}: add one, or leave eventType out to send a small fixed event` },
    ]);
  }
  const now = deps.now();
  return {
    tenantId,
    id: newId('evt', now, deps.random),
    type: type ?? TEST_EVENT_TYPE,
    environment: 'production',
    occurredAt: now,
    acceptedAt: now,
    recordedAt: now,
    contentHash: '',
    data: known?.example ?? '{"message":"This is a test event from Posthorn."}',
  };
}
