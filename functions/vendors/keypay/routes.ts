import * as z from 'zod';
import { invalid, Problem } from '../../api/http/problem.ts';
import type { ApiDeps } from '../../api/http/route.ts';
import { sendTest } from '../../api/resources/tests.ts';
import { makeKeys, revealSecret } from '../../api/secrets.ts';
import type { Principal } from '../../core/access/principal.ts';
import { SubscriptionId } from '../../core/ids.ts';
import type { Subscription } from '../../core/subscription/subscription.ts';
import { readMembers, readQuery, vendorRoute } from '../vendor-route.ts';
import {
  canonicalNames,
  create,
  listOwn,
  readOne,
  remove,
  replace,
  vendorEventTypes,
} from '../vendor-subscriptions.ts';

const PATH = '/business/{tenantId}/webhookregistrations';
const params = { subscriptionId: SubscriptionId };
const fields = { url: 'webHookUri', name: 'description', eventTypes: 'filters', metadata: 'properties' };

/** They are kept as text. */
const Property = z.union([z.string(), z.number(), z.boolean()], 'must be text, a number, true or false');

/** What Microsoft.AspNet.WebHooks calls a WebHook. */
const Registration = z.object({
  id: z.string().nullish(),
  webHookUri: z.string(),
  secret: z.string().nullish(),
  description: z.string().nullish(),
  isPaused: z.boolean().nullish(),
  filters: z.array(z.string()).nullish(),
  headers: z.record(z.string(), z.string()).nullish(),
  properties: z.record(z.string(), Property).nullish(),
});

export const keypayRoutes = [
  vendorRoute('GET', PATH, {
    run: async ({ params: { tenantId }, principal, deps }) => {
      const found = await listOwn(deps, 'keypay', tenantId);
      return { status: 200, body: await Promise.all(found.map((one) => view(deps, principal, one))) };
    },
  }),
  vendorRoute('POST', PATH, {
    hasBody: true,
    fields,
    run: async ({ params: { tenantId }, body, principal, deps }) => {
      const { input, secret, isPaused } = await read(deps, body);
      const brought = secret === null ? {} : { secret };
      const made = await create(deps, 'keypay', tenantId, { ...input, ...brought }, !isPaused);
      const location = `/business/${tenantId}/webhookregistrations/${made.id}`;
      return { status: 201, body: await view(deps, principal, made), location };
    },
  }),
  vendorRoute('DELETE', PATH, {
    run: async ({ params: { tenantId }, deps }) => {
      for (const { id } of await listOwn(deps, 'keypay', tenantId)) {
        await remove(deps, 'keypay', { tenantId, subscriptionId: id }).catch(unlessGone);
      }
      return { status: 200 };
    },
  }),
  vendorRoute('GET', `${PATH}/{subscriptionId}`, {
    params,
    run: async ({ params, principal, deps }) => {
      return { status: 200, body: await view(deps, principal, await readOne(deps, 'keypay', params)) };
    },
  }),
  vendorRoute('PUT', `${PATH}/{subscriptionId}`, {
    params,
    hasBody: true,
    fields,
    run: async ({ params, body, deps }) => {
      const { id, input, secret, isPaused } = await read(deps, body);
      if (id !== null && id.toLowerCase() !== params.subscriptionId.toLowerCase()) {
        throw invalid([{ path: '/id', message: 'is not the one in the path' }]);
      }
      const finish = async (next: Subscription): Promise<Subscription> => {
        if (secret === null || secret === (await revealSecret(deps, next)).secret) return next;
        // One secret signs at a time, so the one before would be kept for nothing.
        return { ...next, keys: await makeKeys(deps, params, next.signatureVersions, secret) };
      };
      await replace(deps, 'keypay', params, { patch: input, isActive: !isPaused, finish });
      return { status: 200 };
    },
  }),
  vendorRoute('DELETE', `${PATH}/{subscriptionId}`, {
    params,
    run: async ({ params, deps }) => {
      await remove(deps, 'keypay', params);
      return { status: 200 };
    },
  }),
  vendorRoute('GET', `${PATH}/{subscriptionId}/test`, {
    params,
    run: async ({ params, query, principal, deps }) => {
      // By its method it only reads, but it sends something in the customer's name.
      if (principal.kind === 'tenant' && principal.readOnly)
        throw new Problem('forbidden', 'This token can only read.');
      const { filter } = readQuery(z.object({ filter: z.string().optional() }), query);
      const registration = await readOne(deps, 'keypay', params);
      const { eventTypes, status } = registration;
      if (status !== 'active') throw new Problem('conflict', `The registration is ${status}: it receives nothing.`);
      const named = eventTypes.find((pattern) => !pattern.endsWith('*')) ?? vendorEventTypes('keypay')[0]?.name;
      const asked = filter === undefined || filter === '' || filter === '*' ? named : filter;
      const [type] = await canonicalNames(deps, 'keypay', asked === undefined ? [] : [asked], '?filter');
      await sendTest(deps, registration, type);
      return { status: 200 };
    },
  }),
];

function unlessGone(error: unknown): void {
  if (!(error instanceof Problem && error.code === 'not_found')) throw error;
}

/** A registration as it was sent, in our words. */
async function read(deps: ApiDeps, body: unknown) {
  const { id, webHookUri, secret, description, isPaused, filters, headers, properties } = readMembers(
    Registration,
    body,
  );
  if (secret && (secret.length < 32 || secret.length > 64)) {
    throw invalid([{ path: '/secret', message: 'must be 32 to 64 characters; leave it empty to have one generated' }]);
  }
  if (secret && secret !== secret.trim()) {
    throw invalid([{ path: '/secret', message: 'must not begin or end with blanks or line ends' }]);
  }
  const wanted = filters?.length ? filters : ['*'];
  return {
    id: id || null,
    secret: secret || null,
    isPaused: isPaused ?? false,
    input: {
      name: description || null,
      url: webHookUri,
      eventTypes: await canonicalNames(deps, 'keypay', wanted, '/filters'),
      headers: headers ?? {},
      metadata: Object.fromEntries(Object.entries(properties ?? {}).map(([name, value]) => [name, String(value)])),
    },
  };
}

async function view(deps: ApiDeps, principal: Principal, subscription: Subscription) {
  const { id, url, name, status, eventTypes, headers, metadata } = subscription;
  // Whoever has the secret can sign in the customer's name, so a token that only reads does not get it.
  const isReader = principal.kind === 'tenant' && principal.readOnly;
  return {
    id,
    webHookUri: url,
    secret: isReader ? null : (await revealSecret(deps, subscription)).secret,
    description: name,
    isPaused: status !== 'active',
    filters: eventTypes,
    headers,
    properties: metadata,
  };
}
