import * as z from 'zod';
import { JsonText } from '../../api/http/json.ts';
import { notFound } from '../../api/http/problem.ts';
import type { ApiDeps } from '../../api/http/route.ts';
import { renderSample } from '../../api/resources/event-types.ts';
import type { Subscription } from '../../core/subscription/subscription.ts';
import { readMembers, vendorRoute } from '../vendor-route.ts';
import {
  canonicalNames,
  create,
  listOwn,
  readOne,
  remove,
  replace,
  vendorEventTypes,
} from '../vendor-subscriptions.ts';
import { toGuid, WebhookId } from './guid.ts';
import { countPayloads, payloadView } from './payloads.ts';

const PATH = '/employers/{tenantId}/webhooks';
const params = { subscriptionId: WebhookId };
const fields = { eventTypes: 'webhookEvent' };

/** `active` is true if it is absent: whoever subscribes wants something. */
const Webhook = z.object({
  webhookEvent: z.string(),
  url: z.string().min(1).max(300, 'must be at most 300 characters'),
  active: z.boolean().nullish(),
});

export const staffologyRoutes = [
  vendorRoute('GET', PATH, {
    run: async ({ params: { tenantId }, deps }) => {
      const found = await listOwn(deps, 'staffology', tenantId);
      return { status: 200, body: found.map(item) };
    },
  }),
  vendorRoute('POST', PATH, {
    hasBody: true,
    fields,
    run: async ({ params: { tenantId }, body, deps }) => {
      const { active, ...input } = await read(deps, body);
      const made = await create(deps, 'staffology', tenantId, input, active);
      return { status: 201, body: await view(deps, made), location: pathOf(made) };
    },
  }),
  // Before {subscriptionId}/payloads, which would take "samples" for an id.
  vendorRoute('GET', `${PATH}/samples/{webhookEvent}`, {
    params: { webhookEvent: z.string().max(200) },
    run: async ({ params: { webhookEvent }, deps }) => {
      const wanted = webhookEvent.toLowerCase();
      const known = vendorEventTypes('staffology').find(({ name }) => name.toLowerCase() === wanted);
      const name = known?.name ?? webhookEvent;
      // The deployment's own example comes first: it was written for what is really sent.
      const example = (await deps.catalog.getEventType(name))?.example;
      const text = example ?? (known === undefined ? null : JSON.stringify(known.example));
      if (text === null) throw notFound('sample');
      return { status: 200, body: new JsonText(await renderSample(deps, name, text, 'staffology')) };
    },
  }),
  vendorRoute('GET', `${PATH}/{subscriptionId}`, {
    params,
    run: async ({ params, deps }) => {
      return { status: 200, body: await view(deps, await readOne(deps, 'staffology', params)) };
    },
  }),
  vendorRoute('PUT', `${PATH}/{subscriptionId}`, {
    params,
    hasBody: true,
    fields,
    run: async ({ params, body, deps }) => {
      const { active, ...patch } = await read(deps, body);
      const next = await replace(deps, 'staffology', params, { patch, isActive: active });
      return { status: 200, body: await view(deps, next) };
    },
  }),
  vendorRoute('DELETE', `${PATH}/{subscriptionId}`, {
    params,
    run: async ({ params, deps }) => {
      await remove(deps, 'staffology', params);
      return { status: 204 };
    },
  }),
];

async function read(deps: ApiDeps, body: unknown) {
  const { webhookEvent, url, active } = readMembers(Webhook, body);
  const eventTypes = await canonicalNames(deps, 'staffology', [webhookEvent], '/webhookEvent');
  return { eventTypes, url, active: active ?? true };
}

function pathOf({ tenantId, id }: Subscription): string {
  return `/employers/${tenantId}/webhooks/${toGuid(id)}`;
}

function item(subscription: Subscription) {
  const { id, name, eventTypes } = subscription;
  return { id: toGuid(id), name: name ?? eventTypes[0] ?? null, metadata: null, url: pathOf(subscription) };
}

async function view(deps: ApiDeps, subscription: Subscription) {
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
