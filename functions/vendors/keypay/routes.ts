import * as z from 'zod';
import { invalid, Problem } from '../../api/http/problem.ts';
import { isAllowed } from '../../core/access/permission.ts';
import type { Principal } from '../../core/access/principal.ts';
import type { TestEvents } from '../../core/delivery/test-events.ts';
import { SubscriptionId } from '../../core/ids.ts';
import { Refusal } from '../../core/refusal.ts';
import type { Subscriptions } from '../../core/subscription/manage.ts';
import { hideValues } from '../../core/subscription/own-headers.ts';
import type { Subscription } from '../../core/subscription/subscription.ts';
import type { SubscriptionKeys } from '../../core/subscription/subscription-keys.ts';
import { recordOf, Text } from '../../core/text-fields.ts';
import { readMembers, readQuery, vendorRoute } from '../vendor-route.ts';
import { type VendorSubscriptions, vendorEventTypes } from '../vendor-subscriptions.ts';

const PATH = '/business/{tenantId}/webhookregistrations';
const params = { subscriptionId: SubscriptionId };
const fields = { url: 'webHookUri', name: 'description', eventTypes: 'filters', metadata: 'properties' };

/** A number that is rounded when it is parsed would be kept as another one. */
const Exact = z
  .number()
  .refine((number) => Math.abs(number) <= Number.MAX_SAFE_INTEGER, 'is too large a number to be kept: send it as text');
/** A property's value is kept as text. */
const Property = z.union([z.string(), Exact, z.boolean()], 'must be text, a number, true or false');

/** What Microsoft.AspNet.WebHooks calls a WebHook. */
const Registration = z.object({
  id: z.string().nullish(),
  webHookUri: z.string(),
  secret: Text.nullish(),
  description: z.string().nullish(),
  isPaused: z.boolean().nullish(),
  filters: z.array(z.string()).nullish(),
  headers: recordOf(z.string(), z.string()).nullish(),
  properties: recordOf(z.string(), Property).nullish(),
});

export interface KeypayRouteDeps {
  registrations: VendorSubscriptions;
  subscriptions: Pick<Subscriptions, 'revealHeaders'>;
  keys: SubscriptionKeys;
  testEvents: TestEvents;
}

export function createKeypayRoutes({ registrations, subscriptions, keys, testEvents }: KeypayRouteDeps) {
  /** A registration as it was sent, in our words. */
  async function read(body: unknown) {
    const sent = readMembers(Registration, body);
    const { id, webHookUri, secret, description, isPaused, filters, headers, properties } = sent;
    if (secret) checkSecret(secret);
    const wanted = filters?.length ? filters : ['*'];
    return {
      id: id || null,
      secret: secret || null,
      isPaused: isPaused ?? false,
      input: {
        name: description || null,
        url: webHookUri,
        eventTypes: await registrations.canonicalNames(wanted, '/filters'),
        headers: headers ?? {},
        metadata: Object.fromEntries(Object.entries(properties ?? {}).map(([name, value]) => [name, String(value)])),
      },
    };
  }

  /** A token that only reads sees neither the secret nor the values of headers, which often are keys. */
  async function view(principal: Principal, subscription: Subscription) {
    const { id, url, name, status, eventTypes, headers, metadata } = subscription;
    const seesSecrets = isAllowed(principal, 'secrets');
    return {
      id,
      webHookUri: url,
      secret: seesSecrets ? (await keys.reveal(subscription)).secret : null,
      description: name,
      isPaused: status !== 'active',
      filters: eventTypes,
      headers: seesSecrets ? await subscriptions.revealHeaders(subscription) : hideValues(headers),
      properties: metadata,
    };
  }

  return [
    vendorRoute('GET', PATH, {
      reveals: 'secrets_to_admins',
      run: async ({ params: { tenantId }, principal }) => {
        const found = await registrations.list(tenantId);
        return { status: 200, body: await Promise.all(found.map((one) => view(principal, one))) };
      },
    }),
    vendorRoute('POST', PATH, {
      hasBody: true,
      fields,
      run: async ({ params: { tenantId }, body, principal }) => {
        const { input, secret, isPaused } = await read(body);
        const brought = secret === null ? {} : { secret };
        const made = await registrations.create(tenantId, { ...input, ...brought }, !isPaused);
        if (made instanceof Refusal) return made;
        const location = `/business/${tenantId}/webhookregistrations/${made.id}`;
        return { status: 201, body: await view(principal, made), location };
      },
    }),
    vendorRoute('DELETE', PATH, {
      run: async ({ params: { tenantId } }) => {
        for (const { id } of await registrations.list(tenantId)) {
          const refused = await registrations.remove({ tenantId, subscriptionId: id });
          if (refused !== null && refused.code !== 'not_found') return refused;
        }
        return { status: 200 };
      },
    }),
    vendorRoute('GET', `${PATH}/{subscriptionId}`, {
      reveals: 'secrets_to_admins',
      params,
      run: async ({ params, principal }) => {
        const found = await registrations.read(params);
        return found instanceof Refusal ? found : { status: 200, body: await view(principal, found) };
      },
    }),
    vendorRoute('PUT', `${PATH}/{subscriptionId}`, {
      params,
      hasBody: true,
      fields,
      run: async ({ params, body }) => {
        const { id, input, secret, isPaused } = await read(body);
        if (id !== null && id.toLowerCase() !== params.subscriptionId.toLowerCase()) {
          throw invalid([{ path: '/id', message: 'is not the one in the path' }]);
        }
        const finish = async (next: Subscription): Promise<Subscription> => {
          if (secret === null || secret === (await keys.reveal(next)).secret) return next;
          // One secret signs at a time, so the one before would be kept for nothing.
          return { ...next, keys: await keys.make(params, next.signatureVersions, secret) };
        };
        const replaced = await registrations.replace(params, { patch: input, isActive: !isPaused, finish });
        return replaced instanceof Refusal ? replaced : { status: 200 };
      },
    }),
    vendorRoute('DELETE', `${PATH}/{subscriptionId}`, {
      params,
      run: async ({ params }) => (await registrations.remove(params)) ?? { status: 200 },
    }),
    vendorRoute('GET', `${PATH}/{subscriptionId}/test`, {
      // By its method it only reads, but it sends something in the customer's name.
      needs: 'change',
      params,
      run: async ({ params, query }) => {
        const { filter } = readQuery(z.object({ filter: z.string().optional() }), query);
        const registration = await registrations.read(params);
        if (registration instanceof Refusal) return registration;
        const { eventTypes, status } = registration;
        if (status !== 'active') throw new Problem('conflict', `The registration is ${status}: it receives nothing.`);
        const named = eventTypes.find((pattern) => !pattern.endsWith('*')) ?? vendorEventTypes('keypay')[0]?.name;
        const asked = filter === undefined || filter === '' || filter === '*' ? named : filter;
        const [type] = await registrations.canonicalNames(asked === undefined ? [] : [asked], '?filter');
        const sent = await testEvents.sendToSubscription(registration, type);
        return sent instanceof Refusal ? sent : { status: 200 };
      },
    }),
  ];
}

function checkSecret(secret: string): void {
  const message =
    secret.length < 32 || secret.length > 64
      ? 'must be 32 to 64 characters; leave it empty to have one generated'
      : 'must not begin or end with blanks or line ends';
  if (secret.length < 32 || secret.length > 64 || secret !== secret.trim())
    throw invalid([{ path: '/secret', message }]);
}
