import * as z from 'zod';
import { JsonText } from '../../api/http/json.ts';
import { notFound } from '../../api/http/problem.ts';
import type { Samples } from '../../core/delivery/samples.ts';
import type { EventType } from '../../core/event/event-type.ts';
import { Refusal } from '../../core/refusal.ts';
import type { Subscription } from '../../core/subscription/subscription.ts';
import { readMembers, vendorRoute } from '../vendor-route.ts';
import { type VendorSubscriptions, vendorEventTypes } from '../vendor-subscriptions.ts';
import { toGuid, WebhookId } from './guid.ts';
import { countPayloads, type PayloadSource, payloadView } from './payloads.ts';

const PATH = '/employers/{tenantId}/webhooks';
const params = { subscriptionId: WebhookId };
const fields = { eventTypes: 'webhookEvent' };

/** `active` is true if it is absent: a caller who subscribes wants deliveries. */
const Webhook = z.object({
  webhookEvent: z.string(),
  url: z.string().min(1).max(300, 'must be at most 300 characters'),
  active: z.boolean().nullish(),
});

export interface StaffologyRouteDeps extends PayloadSource {
  webhooks: VendorSubscriptions;
  samples: Samples;
  getEventType: (name: string) => Promise<EventType | null>;
}

export const createStaffologyRoutes = (deps: StaffologyRouteDeps) => [
  vendorRoute('GET', PATH, {
    run: async ({ params: { tenantId } }) => {
      const found = await deps.webhooks.list(tenantId);
      return { status: 200, body: found.map(item) };
    },
  }),
  vendorRoute('POST', PATH, {
    hasBody: true,
    fields,
    run: async ({ params: { tenantId }, body }) => {
      const { active, ...input } = await read(deps, body);
      const made = await deps.webhooks.create(tenantId, input, active);
      if (made instanceof Refusal) return made;
      return { status: 201, body: await view(deps, made), location: pathOf(made) };
    },
  }),
  // Before {subscriptionId}/payloads, which would take "samples" for an id.
  vendorRoute('GET', `${PATH}/samples/{webhookEvent}`, {
    params: { webhookEvent: z.string().max(200) },
    run: async ({ params: { webhookEvent } }) => {
      const wanted = webhookEvent.toLowerCase();
      const known = vendorEventTypes('staffology').find(({ name }) => name.toLowerCase() === wanted);
      const name = known?.name ?? webhookEvent;
      // The deployment's own example comes first: it was written for what is really sent.
      const example = (await deps.getEventType(name))?.example;
      const text = example ?? (known === undefined ? null : JSON.stringify(known.example));
      if (text === null) throw notFound('sample');
      const sample = await deps.samples.render(name, text, 'staffology');
      return sample instanceof Refusal ? sample : { status: 200, body: new JsonText(sample) };
    },
  }),
  vendorRoute('GET', `${PATH}/{subscriptionId}`, {
    params,
    run: async ({ params }) => {
      const found = await deps.webhooks.read(params);
      return found instanceof Refusal ? found : { status: 200, body: await view(deps, found) };
    },
  }),
  vendorRoute('PUT', `${PATH}/{subscriptionId}`, {
    params,
    hasBody: true,
    fields,
    run: async ({ params, body }) => {
      const { active, ...patch } = await read(deps, body);
      const next = await deps.webhooks.replace(params, { patch, isActive: active });
      return next instanceof Refusal ? next : { status: 200, body: await view(deps, next) };
    },
  }),
  vendorRoute('DELETE', `${PATH}/{subscriptionId}`, {
    params,
    run: async ({ params }) => (await deps.webhooks.remove(params)) ?? { status: 204 },
  }),
];

async function read({ webhooks }: StaffologyRouteDeps, body: unknown) {
  const { webhookEvent, url, active } = readMembers(Webhook, body);
  const eventTypes = await webhooks.canonicalNames([webhookEvent], '/webhookEvent');
  return { eventTypes, url, active: active ?? true };
}

function pathOf({ tenantId, id }: Subscription): string {
  return `/employers/${tenantId}/webhooks/${toGuid(id)}`;
}

function item(subscription: Subscription) {
  const { id, name, eventTypes } = subscription;
  return { id: toGuid(id), name: name ?? eventTypes[0] ?? null, metadata: null, url: pathOf(subscription) };
}

async function view(deps: PayloadSource, subscription: Subscription) {
  const { id, eventTypes, url, status } = subscription;
  const { eventCount, last } = await countPayloads(deps, id);
  return {
    id: toGuid(id),
    webhookEvent: eventTypes[0] ?? null,
    url,
    active: status === 'active',
    eventCount,
    // Left out, not null, where there is none: not every generated client allows null here.
    ...(last === undefined ? {} : { lastPayload: await payloadView(deps, subscription, last) }),
  };
}
