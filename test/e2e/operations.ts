/** Who may call an operation: everybody, every key and token, a tenant and the company, or the company alone. */
type Access = 'public' | 'any' | 'tenant' | 'company';

export interface Operation {
  name: string;
  access: Access;
  /** What the caller's role must allow. Unless it is said: `read` for GET, `change` for every other method. */
  needs: 'read' | 'publish' | 'change' | 'secrets';
  body?: object;
}

/** The least that a profile must say. */
const PROFILE = { name: 'operations', envelope: { data: '{{event.data}}' }, retry: { gapsSeconds: [] } };
const PACK = {
  name: 'own',
  title: 'Own',
  description: 'An event-type pack of your own.',
  sources: [],
  eventTypes: [
    {
      name: 'operations.loaded',
      description: 'x',
      group: 'x',
      source: 'ours',
      exampleSource: 'ours',
      schema: {},
      example: 1,
    },
  ],
};

/** Values of the path parameters. */
export interface Place {
  tenantId: string;
  subscriptionId: string;
  eventId: string;
  deliveryId: string;
  attemptNumber: string;
  tokenId: string;
  apiKeyId: string;
  jobId: string;
  rejectedEventId: string;
  name: string;
  pack: string;
  profile: string;
}

/**
 * Every operation of the API, with a body that it takes. In an order in which all of them can succeed, one after the other,
 * on one delivery whose receiver fails: what takes something away comes last.
 */
export function operations(receiverUrl: string): Operation[] {
  const T = '/v1/tenants/{tenantId}';
  const S = `${T}/subscriptions/{subscriptionId}`;
  const of =
    (access: Access) =>
    (name: string, extra: Partial<Operation> = {}): Operation => ({
      name,
      access,
      needs: name.startsWith('GET ') ? 'read' : 'change',
      ...extra,
    });
  const [anybody, anyKey, tenant, company] = [of('public'), of('any'), of('tenant'), of('company')];
  return [
    anybody('GET /v1/health'),
    company(`PUT ${T}`, { body: { name: 'renamed' } }),
    company('GET /v1/tenants'),
    tenant(`GET ${T}`),
    tenant(`GET ${T}/stats`),
    tenant(`GET ${T}/signing-key`, { needs: 'secrets' }),
    tenant(`POST ${T}/signing-key/rotate`),
    company(`POST ${T}/portal-tokens`, { body: { readOnly: true } }),
    company(`GET ${T}/portal-tokens`),
    company(`DELETE ${T}/portal-tokens/{tokenId}`),
    company('POST /v1/api-keys', { body: { name: 'more', role: 'read' } }),
    company('GET /v1/api-keys'),
    company('DELETE /v1/api-keys/{apiKeyId}'),
    company('GET /v1/audit'),
    tenant(`POST ${T}/subscriptions`, { body: { url: `${receiverUrl}/more`, eventTypes: ['*'] } }),
    tenant(`GET ${T}/subscriptions`),
    tenant(`GET ${S}`),
    tenant(`GET ${S}/stats`),
    tenant(`PATCH ${S}`, { body: { name: 'patched' } }),
    tenant(`POST ${S}/pause`),
    tenant(`POST ${S}/resume`),
    tenant(`POST ${S}/verify`),
    tenant(`POST ${S}/breaker/close`),
    tenant(`POST ${S}/filter/test`, { body: { data: 1 } }),
    tenant(`GET ${S}/secret`, { needs: 'secrets' }),
    tenant(`POST ${S}/secret/rotate`),
    tenant(`POST ${S}/test`),
    tenant(`GET ${S}/deliveries`),
    tenant(`POST ${S}/replays`, { body: { from: '2020-01-01T00:00:00Z' } }),
    tenant(`POST ${S}/cancellations`, { body: { dryRun: true } }),
    tenant(`GET ${T}/jobs`),
    tenant(`GET ${T}/jobs/{jobId}`),
    tenant(`POST ${T}/jobs/{jobId}/cancel`),
    company('GET /v1/jobs'),
    company('GET /v1/jobs/{jobId}'),
    company('POST /v1/jobs/{jobId}/cancel'),
    tenant(`POST ${T}/events`, { needs: 'publish', body: { type: 'a.b', data: 1 } }),
    tenant(`GET ${T}/events`),
    tenant(`GET ${T}/events/{eventId}`),
    tenant(`GET ${T}/events/{eventId}/deliveries`),
    tenant(`GET ${T}/events/{eventId}/recipients`),
    tenant(`POST ${T}/events/{eventId}/replay`),
    tenant(`GET ${T}/deliveries/{deliveryId}`),
    tenant(`GET ${T}/deliveries/{deliveryId}/attempts/{attemptNumber}/request`),
    tenant(`POST ${T}/deliveries/{deliveryId}/retry`),
    tenant(`POST ${T}/deliveries/{deliveryId}/cancel`),
    tenant(`POST ${T}/test-url`, { body: { url: `${receiverUrl}/tested` } }),
    tenant(`POST ${T}/test-filter`, { body: { filter: null, data: 1 } }),
    anyKey('GET /v1/me'),
    anyKey('GET /v1/event-types'),
    company('POST /v1/event-types', { body: { name: 'operations.added' } }),
    anyKey('GET /v1/event-types/{name}'),
    company('PATCH /v1/event-types/{name}', { body: { description: 'patched' } }),
    anyKey('GET /v1/event-types/{name}/example'),
    anyKey('GET /v1/event-types/{name}/samples'),
    company('POST /v1/event-types/{name}/archive'),
    company('GET /v1/event-type-packs'),
    company('POST /v1/event-type-packs/{pack}/load'),
    company('POST /v1/event-type-packs', { body: PACK }),
    anyKey('GET /v1/profiles'),
    company('POST /v1/profiles', { body: PROFILE }),
    company('POST /v1/profiles/preview', { body: { profile: 'standard', event: { type: 'a.b', data: 1 } } }),
    anyKey('GET /v1/profiles/{profile}'),
    company('PUT /v1/profiles/{profile}', { body: PROFILE }),
    company('DELETE /v1/profiles/{profile}'),
    company('GET /v1/rejected-events'),
    company('GET /v1/dead-letters'),
    company('POST /v1/dead-letters/redrive', { body: { queue: 'events' } }),
    company('GET /v1/system'),
    company('POST /v1/rejected-events/{rejectedEventId}/republish'),
    company('POST /v1/republications', { body: { from: '2020-01-01T00:00:00Z', dryRun: true } }),
    company('POST /v1/recoveries', { body: { from: '2020-01-01T00:00:00Z', dryRun: true } }),
    tenant(`DELETE ${T}/events/{eventId}/data`),
    tenant(`DELETE ${S}`),
    company(`DELETE ${T}`),
    company(`POST ${T}/erasure`),
  ];
}

export function requestOf({ name, body }: Operation, place: Place) {
  const [method = '', template = ''] = name.split(' ');
  const path = Object.entries(place).reduce((path, [key, value]) => path.replace(`{${key}}`, value), template);
  return { method, path, options: body === undefined ? {} : { body } };
}
