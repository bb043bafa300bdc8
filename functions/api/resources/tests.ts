import * as z from 'zod';
import { newDelivery } from '../../core/delivery/delivery.ts';
import { judge } from '../../core/delivery/make-attempt.ts';
import { templateValues } from '../../core/delivery/template-values.ts';
import { EventTypeName } from '../../core/event/event-type.ts';
import { newId } from '../../core/ids.ts';
import type { ProfileKeys } from '../../core/profile/compile-profile.ts';
import { type ProfileDocument, ProfileName } from '../../core/profile/profile.ts';
import { hasExpired, type Subscription } from '../../core/subscription/subscription.ts';
import { checkReceiverUrl, splitCredentials } from '../../core/target/receiver-url.ts';
import { invalid, Problem } from '../http/problem.ts';
import { type ApiDeps, route } from '../http/route.ts';
import { chooseSecret, generateTextSecret } from '../secrets.ts';
import { chooseProfile, readSubscription } from '../subscriptions.ts';
import { readTenantKey } from '../tenant-key.ts';
import { makeTestEvent } from '../test-event.ts';
import { subscriptionParams } from './subscriptions.ts';
import { tenantParams } from './tenants.ts';
import { DeliveryView, deliveryView, TestResultView } from './views.ts';

export const testRoutes = [
  route('POST', '/v1/tenants/{tenantId}/test-url', {
    summary: 'Send a test event to a URL; nothing is saved',
    tag: 'Tests',
    access: 'tenant',
    params: tenantParams,
    body: z
      .strictObject({ url: z.string(), profile: ProfileName.optional(), eventType: EventTypeName.optional() })
      .meta({ id: 'TestUrlInput' }),
    responses: { 200: { description: 'What the receiver answered, or why it could not.', schema: TestResultView } },
    run: async ({ params: { tenantId }, body, deps }) => {
      const checked = checkReceiverUrl(body.url, deps.urlPolicy);
      if (!checked.ok) throw invalid([{ path: '/url', message: checked.message }]);
      const profile = await chooseProfile(deps, tenantId, body.profile);
      const event = await makeTestEvent(deps, tenantId, profile.document, body.eventType, []);
      const id = newId('sub', deps.now(), deps.random);
      const subscription = { id, name: null, url: splitCredentials(body.url).url, metadata: {} };
      const ref = { subscriptionId: id, eventId: event.id, eventAt: event.acceptedAt };
      const values = templateValues(event, subscription, { ref, attempt: 1, at: deps.now() });
      const request = profile.render(values, await throwawayKeys(deps, tenantId, profile.document));
      const { timeoutSeconds } = profile.document.retry;
      const sent = await deps.sender.send({
        url: body.url,
        headers: { 'user-agent': deps.userAgent, ...request.headers },
        body: request.body,
        timeoutMs: Math.min(deps.attemptTimeoutMs, (timeoutSeconds ?? Number.POSITIVE_INFINITY) * 1_000),
      });
      const { outcome, durationMs, response, error } = judge(sent, profile.document);
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
      if (subscription.status !== 'active') {
        throw new Problem(
          'conflict',
          `The subscription is ${subscription.status}. ${HOW_TO_ACTIVATE[subscription.status]}`,
        );
      }
      if (hasExpired(subscription, deps.now())) {
        throw new Problem('conflict', 'The subscription has expired. Give it another expiresAt, or subscribe anew.');
      }
      const delivery = await sendTest(deps, subscription, body.eventType);
      return { status: 202, body: deliveryView(delivery) };
    },
  }),
];

const HOW_TO_ACTIVATE = {
  paused: 'Resume it first.',
  disabled: 'Resume it first.',
  unverified: 'Verify it first.',
};

/** Puts a test event on its way through the real pipeline. */
export async function sendTest(deps: ApiDeps, subscription: Subscription, eventType: string | undefined) {
  const { tenantId, id: subscriptionId } = subscription;
  const { document, version } = await chooseProfile(deps, tenantId, subscription.profile);
  const made = await makeTestEvent(deps, tenantId, document, eventType, subscription.eventTypes);
  const event = { ...made, environment: subscription.environment };
  await deps.journal.putEvents([event]);
  const origin = { tenantId, subscriptionId, eventId: event.id, eventAt: event.acceptedAt, eventType: event.type };
  const delivery = newDelivery({ ...origin, profile: document.name, profileVersion: version });
  const { eventId, eventAt, ticket } = delivery;
  await deps.deliveries.send([
    {
      delaySeconds: 0,
      message: { v: 1, kind: 'deliver', tenantId, subscriptionId, eventId, eventAt, ticket, trigger: 'test' },
    },
  ]);
  return delivery;
}

/** Before there is a subscription nobody has its secret: the test is signed with one that is thrown away. */
async function throwawayKeys(deps: ApiDeps, tenantId: string, document: ProfileDocument): Promise<ProfileKeys> {
  const material = chooseSecret(document, undefined);
  return {
    subscription: material === null ? [] : [{ version: 'v1', material }],
    tenant: (await readTenantKey(deps, tenantId)) ?? generateTextSecret(),
  };
}
