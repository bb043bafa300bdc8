import type { EventStore } from '../event/event-store.ts';
import { newId } from '../ids.ts';
import { generateTextSecret, throwawaySecret } from '../profile/secret.ts';
import { throwawayKeys } from '../profile/signature-versions.ts';
import { invalidField, Refusal } from '../refusal.ts';
import type { ProfileChoice } from '../subscription/profile-rules.ts';
import { refuseInactive, type Subscription } from '../subscription/subscription.ts';
import { validateHttpTarget } from '../target/http-target.ts';
import type { ReceiverUrlPolicy } from '../target/receiver-url.ts';
import type { WebhookResult, WebhookSender } from '../target/webhook.ts';
import type { TenantKeys } from '../tenant/tenant-keys.ts';
import { type Delivery, newDelivery } from './delivery.ts';
import { judge } from './make-attempt.ts';
import type { WorkQueue } from './queue-message.ts';
import { attemptTimeoutMs, renderRequest } from './render-request.ts';
import { makeTestEvent, type TestEventPorts } from './test-event.ts';

/** What a test of a URL asks for. */
export interface UrlTest {
  url: string;
  profile: string | undefined;
  eventType: string | undefined;
}

/** Sends test events. */
export interface TestEvents {
  /** Sends one to a URL, waits for the answer, and saves nothing. */
  sendToUrl(tenantId: string, test: UrlTest): Promise<WebhookResult | Refusal>;
  /** Puts one on its way through the real pipeline. */
  sendToSubscription(subscription: Subscription, eventType: string | undefined): Promise<Delivery | Refusal>;
}

export interface TestEventsPorts extends TestEventPorts {
  profiles: ProfileChoice;
  tenantKeys: Pick<TenantKeys, 'read'>;
  events: Pick<EventStore, 'putEvents'>;
  deliveries: WorkQueue;
  sender: WebhookSender;
  urlPolicy: ReceiverUrlPolicy;
  attemptTimeoutMs: number;
  userAgent: string;
}

export function createTestEvents(ports: TestEventsPorts): TestEvents {
  const { profiles, tenantKeys, now, userAgent } = ports;

  return {
    async sendToUrl(tenantId, { url, profile: name, eventType }) {
      const checked = validateHttpTarget(url, ports.urlPolicy);
      if (!checked.ok) return invalidField('/url', checked.message);
      const profile = await profiles.choose(tenantId, name);
      if (profile instanceof Refusal) return profile;
      const event = await makeTestEvent(ports, tenantId, profile.document, eventType, []);
      if (event instanceof Refusal) return event;
      const id = newId('sub', now(), ports.random);
      // Before there is a subscription, the test is signed with a secret that is thrown away.
      const secret = throwawaySecret(profile.document);
      const { headers, body } = renderRequest(profile, {
        event,
        subscription: { id, name: null, url: checked.target.url, metadata: {} },
        ref: { subscriptionId: id, eventId: event.id, eventAt: event.acceptedAt },
        attempt: 1,
        at: now(),
        keys: {
          subscription: throwawayKeys(profile.document, secret),
          tenant: (await tenantKeys.read(tenantId)) ?? generateTextSecret(),
        },
        userAgent,
      });
      const timeoutMs = attemptTimeoutMs(profile, ports.attemptTimeoutMs);
      const result = await ports.sender.send({ url, headers, body, timeoutMs });
      if (result.outcome !== 'not_sent') return judge(result, profile.document);
      const busy = 'Nothing was sent: all connections to this receiver are busy. Send the test again in a few seconds.';
      return new Refusal('unavailable', busy, [], 5);
    },

    async sendToSubscription(subscription, eventType) {
      const { tenantId, id: subscriptionId } = subscription;
      const inactive = refuseInactive(subscription, now());
      if (inactive !== null) return inactive;
      const profile = await profiles.choose(tenantId, subscription.profile);
      if (profile instanceof Refusal) return profile;
      const { document, version } = profile;
      const made = await makeTestEvent(ports, tenantId, document, eventType, subscription.eventTypes);
      if (made instanceof Refusal) return made;
      const event = { ...made, environment: subscription.environment };
      await ports.events.putEvents([event]);
      const ref = { tenantId, subscriptionId, eventId: event.id, eventAt: event.acceptedAt };
      const origin = { ...ref, eventType: event.type, profile: document.name, profileVersion: version };
      const delivery = newDelivery(origin);
      const { ticket } = delivery;
      await ports.deliveries.send([
        { delaySeconds: 0, message: { v: 1, kind: 'deliver', ...ref, ticket, trigger: 'test' } },
      ]);
      return delivery;
    },
  };
}
