import type { CallOptions } from './client.ts';

/** What the rows below speak about: it is there, and belongs to the tenant `hostile` or to its neighbour. */
export interface Scenery {
  subscription: string;
  delivery: string;
  neighbour: { subscription: string; event: string; delivery: string };
  fullToken: string;
  readOnlyToken: string;
  receiverUrl: string;
}

/** `errors`: pointers that the problem must name, besides others. */
export interface HostileRequest extends CallOptions {
  what: string;
  method: string;
  path: string;
  status: number | number[];
  errors?: string[];
}

const raw = (rawBody: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) => ({ rawBody, headers });
const cursor = (text: string) => Buffer.from(text).toString('hex');
const T = '/v1/tenants/hostile';

export function hostileRequests(s: Scenery): HostileRequest[] {
  const subscriptions = `${T}/subscriptions`;
  const one = `${subscriptions}/${s.subscription}`;
  const url = `${s.receiverUrl}/hostile`;
  const post = (what: string, path: string, body: unknown, errors?: string[], status = 422): HostileRequest => ({
    what,
    method: 'POST',
    path,
    ...(typeof body === 'string' ? raw(body) : { body }),
    status,
    ...(errors === undefined ? {} : { errors }),
  });
  const subscribe = (what: string, fields: object, errors: string[]) =>
    post(`subscribing with ${what}`, subscriptions, { url, eventTypes: ['*'], ...fields }, errors);
  const publish = (what: string, fields: object, errors: string[]) =>
    post(`publishing ${what}`, `${T}/events`, { type: 'a.b', data: 1, ...fields }, errors);
  const get = (what: string, path: string, status: number | number[]): HostileRequest => ({
    what,
    method: 'GET',
    path,
    status,
  });
  const as = (token: string | null, what: string, method: string, path: string, status: number, body?: object) => ({
    what,
    method,
    path,
    token,
    status,
    ...(body === undefined ? {} : { body }),
  });

  return [
    // Bodies
    post('a body that is not JSON', `${T}/events`, '{"type":', undefined, 400),
    post('two documents', `${T}/events`, '{"type":"a.b","data":1}{}', undefined, 400),
    post('a comma too many', `${T}/events`, '{"type":"a.b","data":1,}', undefined, 400),
    post('NaN', `${T}/events`, '{"type":"a.b","data":NaN}', undefined, 400),
    post('a control character in a string', `${T}/events`, '{"type":"a.b","data":"\n"}', undefined, 400),
    post('brackets without end', `${T}/events`, '['.repeat(100_000), undefined, 400),
    { ...post('an empty body', `${T}/events`, '', undefined, 400), status: [400, 415] },
    post('null', `${T}/events`, 'null'),
    post('a list', `${T}/events`, '[]'),
    post('a number', subscriptions, '42'),
    post('a body over 5 MiB', `${T}/events`, `{"type":"a.b","data":"${'x'.repeat(5_300_000)}"}`, undefined, 413),
    {
      ...post('bytes that are not UTF-8', `${T}/events`, {}),
      ...raw(Buffer.from('{"type":"a.b","data":"\xff"}', 'latin1')),
      status: 400,
    },
    {
      ...post('bytes that are not UTF-8, in a type that is handed over in base64', `${T}/events`, {}),
      ...raw(Buffer.from('{"type":"a.b","data":"\xff"}', 'latin1'), { 'content-type': 'application/vnd.acme+json' }),
      status: 400,
    },
    {
      ...post('Latin-1 that says so', `${T}/events`, {}),
      ...raw(Buffer.from('{"type":"a.b","data":"\xff"}', 'latin1'), {
        'content-type': 'application/json; charset=iso-8859-1',
      }),
      status: 415,
    },
    { ...post('UTF-16', `${T}/events`, {}), ...raw(Buffer.from('{"type":"a.b","data":1}', 'utf16le')), status: 400 },
    { ...post('a byte order mark', `${T}/events`, {}), ...raw('\ufeff{"type":"a.b"}'), status: [400, 422] },
    {
      ...post('text as JSON', `${T}/events`, {}),
      ...raw('{"type":"a.b","data":1}', { 'content-type': 'text/plain' }),
      status: 415,
    },
    {
      ...post('a form', `${T}/events`, {}),
      ...raw('type=a.b', { 'content-type': 'application/x-www-form-urlencoded' }),
      status: 415,
    },
    { ...post('XML', `${T}/events`, {}), ...raw('<a/>', { 'content-type': 'application/xml' }), status: 415 },
    {
      ...post('compressed nonsense', `${T}/events`, {}),
      ...raw('\x1f\x8b', { 'content-encoding': 'gzip' }),
      status: [400, 415],
    },

    // Events
    publish('no type', { type: undefined }, ['/type']),
    publish('no data', { data: undefined }, ['/data']),
    publish('a type that is a list', { type: ['a.b'] }, ['/type']),
    publish('a type with blanks', { type: 'a b' }, ['/type']),
    publish('a type that is a pattern', { type: 'a.*' }, ['/type']),
    publish('an emoji for a type', { type: '😀' }, ['/type']),
    publish('a reserved type', { type: 'posthorn.test' }, ['/type']),
    publish('a type that is too long', { type: 'a'.repeat(129) }, ['/type']),
    publish('an id with a slash', { id: 'a/b' }, ['/id']),
    publish('an id that is too long', { id: 'x'.repeat(65) }, ['/id']),
    publish('an empty id', { id: '' }, ['/id']),
    publish('a number for an id', { id: 1 }, ['/id']),
    publish('an unknown environment', { environment: 'staging' }, ['/environment']),
    publish('null for the environment', { environment: null }, ['/environment']),
    publish('a date without time', { occurredAt: '2026-11-22' }, ['/occurredAt']),
    publish('a day that is not', { occurredAt: '2026-02-30T00:00:00Z' }, ['/occurredAt']),
    publish('the year 12026', { occurredAt: '+012026-01-01T00:00:00Z' }, ['/occurredAt']),
    publish('a time that UTC puts beyond the year 9999', { occurredAt: '9999-12-31T23:59:59-23:00' }, ['/occurredAt']),
    publish('a time that UTC puts before the year 0', { occurredAt: '0000-01-01T00:00:00+23:00' }, ['/occurredAt']),
    publish('for another tenant', { tenantId: 'neighbour' }, ['/tenantId']),
    publish('two unknown fields', { payload: 1, Data: 2 }, ['/payload', '/Data']),
    publish('half a surrogate pair', { data: { deep: ['\ud800'] } }, ['/data']),
    publish('half a surrogate pair in a key', { data: { '\udc00': 1 } }, ['/data']),
    publish('a pair the wrong way round', { data: '\udc00\ud800' }, ['/data']),
    publish('over 256 KiB', { data: 'x'.repeat(262_143) }, ['/data']),
    post('publishing __proto__', `${T}/events`, '{"type":"a.b","data":1,"__proto__":{"admin":true}}', ['/__proto__']),
    publish('names of Object.prototype', { constructor: 1, toString: 2 }, ['/constructor', '/toString']),
    post('no events', `${T}/events`, { events: [] }, ['/events']),
    post('101 events', `${T}/events`, { events: Array.from({ length: 101 }, () => ({ type: 'a.b', data: 1 })) }, [
      '/events',
    ]),
    post(
      'a mistake in the second event',
      `${T}/events`,
      {
        events: [
          { type: 'a.b', data: 1 },
          { type: '', data: 1 },
        ],
      },
      ['/events/1/type'],
    ),
    post('an event beside events', `${T}/events`, { events: [{ type: 'a.b', data: 1 }], type: 'a.b' }, ['/type']),

    // Subscriptions
    post('subscribing without anything', subscriptions, {}, ['/url', '/eventTypes']),
    subscribe('a number for a URL', { url: 1 }, ['/url']),
    subscribe('no types', { eventTypes: [] }, ['/eventTypes']),
    subscribe('a wrong second type', { eventTypes: ['a.b', 'a..b'] }, ['/eventTypes/1']),
    subscribe('a star in the middle', { eventTypes: ['a.*.b'] }, ['/eventTypes/0']),
    subscribe('501 types', { eventTypes: Array.from({ length: 501 }, (_, n) => `a.b${n}`) }, ['/eventTypes']),
    subscribe('an unknown profile', { profile: 'constructor' }, ['/profile']),
    subscribe('a status', { status: 'active' }, ['/status']),
    subscribe('an unknown signature', { signatureVersions: ['v2'] }, ['/signatureVersions/0']),
    subscribe('the same signature twice', { signatureVersions: ['v1', 'v1'] }, ['/signatureVersions']),
    subscribe('a secret that is not one', { secret: 'hunter2' }, ['/secret']),
    subscribe('a secret of 23 bytes', { secret: `whsec_${Buffer.alloc(23).toString('base64')}` }, ['/secret']),
    subscribe('a secret of 65 bytes', { secret: `whsec_${Buffer.alloc(65).toString('base64')}` }, ['/secret']),
    subscribe('a line break in a header', { headers: { 'X-A': 'a\r\nX-Evil: 1' } }, ['/headers/X-A']),
    subscribe('a NUL in a header', { headers: { 'X-A': 'a\0' } }, ['/headers/X-A']),
    subscribe('an umlaut in a header', { headers: { 'X-A': 'ä' } }, ['/headers/X-A']),
    subscribe('a line break in a header name', { headers: { 'X-A\r\nX': 'a' } }, ['/headers/X-A\r\nX']),
    subscribe('the Host header', { headers: { HOST: 'evil.example' } }, ['/headers/HOST']),
    subscribe('Content-Length', { headers: { 'Content-Length': '0' } }, ['/headers/Content-Length']),
    subscribe('Transfer-Encoding', { headers: { 'transfer-encoding': 'chunked' } }, ['/headers/transfer-encoding']),
    subscribe('a signature of its own', { headers: { 'Webhook-Signature': 'v1,x' } }, ['/headers/Webhook-Signature']),
    subscribe('one header twice', { headers: { 'X-A': '1', 'x-a': '2' } }, ['/headers/x-a']),
    subscribe('21 headers', { headers: Object.fromEntries(Array.from({ length: 21 }, (_, n) => [`X-${n}`, '1'])) }, [
      '/headers',
    ]),
    subscribe('a header of 2,049 characters', { headers: { 'X-A': 'a'.repeat(2_049) } }, ['/headers/X-A']),
    subscribe('a list for headers', { headers: ['X-A'] }, ['/headers']),
    subscribe('basic auth and Authorization', { url: url.replace('://', '://u:p@'), headers: { Authorization: 'x' } }, [
      '/headers/Authorization',
    ]),
    subscribe('url and target_url', { target_url: url }, ['/target_url']),
    subscribe('metadata that is not text', { metadata: { a: 1 } }, ['/metadata/a']),
    subscribe('half a surrogate pair in its name', { name: '\ud800' }, ['/name']),
    subscribe('half a surrogate pair in metadata', { metadata: { a: '\udfff' } }, ['/metadata/a']),
    {
      what: 'an unknown field in a patch',
      method: 'PATCH',
      path: one,
      body: { colour: 'red' },
      status: 422,
      errors: ['/colour'],
    },
    {
      what: 'null for the types',
      method: 'PATCH',
      path: one,
      body: { eventTypes: null },
      status: 422,
      errors: ['/eventTypes'],
    },
    {
      what: 'a forbidden header by patch',
      method: 'PATCH',
      path: one,
      body: { headers: { Host: 'x' } },
      status: 422,
      errors: ['/headers/Host'],
    },
    {
      what: 'a tenant by patch',
      method: 'PATCH',
      path: one,
      body: { tenantId: 'neighbour' },
      status: 422,
      errors: ['/tenantId'],
    },
    {
      what: 'an ETag of another revision',
      method: 'PATCH',
      path: one,
      body: {},
      headers: { 'if-match': '"999"' },
      status: 412,
    },
    {
      what: 'an If-Match that is none',
      method: 'DELETE',
      path: one,
      headers: { 'if-match': 'yes; DROP' },
      status: 400,
    },
    post('a rotation with an overlap below 0', `${one}/secret/rotate`, { overlapSeconds: -1 }, ['/overlapSeconds']),
    post('a rotation with an overlap of text', `${one}/secret/rotate`, { overlapSeconds: '60' }, ['/overlapSeconds']),
    post('an unknown way to resume', `${one}/resume`, { parked: 'burn' }, ['/parked']),
    post('a resume since never', `${one}/resume`, { since: 'yesterday' }, ['/since']),
    post('a test with an unknown type', `${one}/test`, { eventType: 'no.such' }, ['/eventType']),
    {
      ...post('an Idempotency-Key with blanks', `${one}/test`, {}),
      headers: { 'idempotency-key': 'a b' },
      status: 400,
    },
    {
      ...post('an Idempotency-Key that is too long', `${one}/test`, {}),
      headers: { 'idempotency-key': 'x'.repeat(256) },
      status: 400,
    },

    // Lists
    get('a limit of 0', `${T}/events?limit=0`, 422),
    get('a limit of 101', `${T}/events?limit=101`, 422),
    get('a limit that is text', `${T}/events?limit=all`, 422),
    get('a hexadecimal limit', `${T}/events?limit=0x10`, 422),
    get('a parameter __proto__', `${T}/events?__proto__=1`, 422),
    get('a limit twice', `${T}/events?limit=1&limit=2`, 422),
    get('an unknown parameter', `${T}/events?sort=asc`, 422),
    get('a cursor that is not base64', `${T}/events?cursor=%21%21`, 400),
    get('a cursor with control characters', `${T}/events?cursor=${cursor('\0')}`, 400),
    get('an empty cursor', `${T}/events?cursor=`, 400),
    get('a from that is no time', `${T}/events?from=1`, 422),
    get('a status that is none', `${one}/deliveries?status=lost`, 422),
    get('a code that is none', '/v1/rejected-events?code=x', 422),
    get('a tenant filter that is none', '/v1/rejected-events?tenantId=a%2Fb', 422),
    ...[`${T}/events?`, `${one}/deliveries?`, `${one}/deliveries?status=failed&`, '/v1/rejected-events?'].map(
      (path) => ({
        ...get(
          `a range that ends before it begins, of ${path.replace(s.subscription, '{id}')}`,
          `${path}from=2027-01-01T00:00:00Z&to=2026-01-01T00:00:00Z`,
          422,
        ),
        errors: ['?to'],
      }),
    ),
    get('a to beyond the year 9999', `${T}/events?to=9999-12-31T23:59:59-23:00`, 422),
    ...[`${T}/events`, subscriptions, `${one}/deliveries`, '/v1/tenants', '/v1/rejected-events', '/v1/event-types'].map(
      (path) =>
        get(`a forged cursor for ${path.replace(s.subscription, '{id}')}`, `${path}?cursor=${cursor('!')}`, [200, 400]),
    ),

    // Paths and methods
    get('a path that is none', '/v1/nothing', 404),
    get('a tenant with a slash', '/v1/tenants/a%2Fb', 404),
    get('a tenant that is too long', `/v1/tenants/${'x'.repeat(65)}`, 404),
    get('a broken escape', `${T}/events/%ff`, 404),
    get('a percent sign for a tenant', '/v1/tenants/%25/subscriptions', 404),
    get('a letter that is escaped twice', `${T}/%2565vents`, 404),
    get('a NUL in a path', `${T}/events/%00`, 404),
    get('a delivery id that is nonsense', `${T}/deliveries/dlv_x`, 404),
    get('a delivery id with a time too far', `${T}/deliveries/dlv_01J00000000000000000000000ZZZZZZZZZZ_x`, 404),
    get('a documentation file that is none', '/docs/package.json', 404),
    { what: 'a method that is none', method: 'PUT', path: `${T}/events`, body: {}, status: 405 },
    { what: 'an unknown tenant, deleted', method: 'DELETE', path: '/v1/tenants/nobody', status: 404 },

    // Event types
    post('an event type twice', '/v1/event-types', { name: 'hostile.known' }, undefined, 409),
    post('an event type with a reserved name', '/v1/event-types', { name: 'posthorn.mine' }, ['/name']),
    post('a schema that is a list', '/v1/event-types', { name: 'hostile.list', schema: [] }, ['/schema']),
    post(
      'a description of 2,001 characters',
      '/v1/event-types',
      { name: 'hostile.long', description: 'x'.repeat(2_001) },
      ['/description'],
    ),
    post('a schema of 500 KB', '/v1/event-types', { name: 'hostile.big', schema: { x: 'x'.repeat(500_000) } }, [
      '/schema',
    ]),
    post('an example of 500 KB', '/v1/event-types', { name: 'hostile.example', example: 'x'.repeat(500_000) }, [
      '/example',
    ]),
    post('half a surrogate pair in an example', '/v1/event-types', { name: 'hostile.half', example: '\ud800' }, [
      '/example',
    ]),
    // What JSON can say and a store may not: kept, or refused.
    ...[
      ['a schema with an integer beyond 2^53', '{"maximum":9007199254740993}'],
      ['a schema with 1e400', '{"maximum":1e400}'],
      ['a schema with 1e200', '{"maximum":1e200}'],
      ['a schema with __proto__', '{"__proto__":{"x":1},"properties":{"constructor":{}}}'],
      ['a schema 20,000 levels deep', `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`],
    ].map(([what = '', schema], index) => ({
      ...post(what, '/v1/event-types', `{"name":"hostile.s${index}","schema":${schema}}`),
      status: [201, 422],
    })),

    // Tests of a URL
    post('a test of no URL', `${T}/test-url`, {}, ['/url']),
    post('a test of the metadata service', `${T}/test-url`, { url: 'http://169.254.169.254/' }, ['/url']),
    post('a test of a file', `${T}/test-url`, { url: 'file:///etc/passwd' }, ['/url']),
    {
      what: 'a patch to a private address',
      method: 'PATCH',
      path: one,
      body: { url: 'http://[::ffff:10.0.0.1]/' },
      status: 422,
      errors: ['/url'],
    },

    // Keys
    as(null, 'no key', 'GET', '/v1/tenants', 401),
    as('wrong', 'a wrong key', 'GET', '/v1/tenants', 401),
    as('x'.repeat(4_000), 'a very long key', 'GET', '/v1/tenants', 401),
    {
      what: 'basic auth',
      method: 'GET',
      path: '/v1/tenants',
      token: null,
      headers: { authorization: 'Basic YTpi' },
      status: 401,
    },
    {
      what: 'a bearer without a key',
      method: 'GET',
      path: '/v1/tenants',
      token: null,
      headers: { authorization: 'Bearer ' },
      status: 401,
    },
    as(s.fullToken, 'a token for the list of tenants', 'GET', '/v1/tenants', 403),
    as(s.fullToken, 'a token that makes a token', 'POST', `${T}/portal-tokens`, 403, {}),
    as(s.fullToken, 'a token for rejected events', 'GET', '/v1/rejected-events', 403),
    as(
      s.fullToken,
      "a token at another tenant's subscription",
      'GET',
      `/v1/tenants/neighbour/subscriptions/${s.neighbour.subscription}`,
      404,
    ),
    as(
      s.fullToken,
      "another tenant's subscription under one's own name",
      'GET',
      `${subscriptions}/${s.neighbour.subscription}`,
      404,
    ),
    as(
      s.fullToken,
      "another tenant's delivery under one's own name",
      'GET',
      `${T}/deliveries/${s.neighbour.delivery}`,
      404,
    ),
    as(s.fullToken, "another tenant's delivery, retried", 'POST', `${T}/deliveries/${s.neighbour.delivery}/retry`, 404),
    as(s.fullToken, "another tenant's event under one's own name", 'GET', `${T}/events/${s.neighbour.event}`, 404),
    as(s.readOnlyToken, 'a write with a token that only reads', 'DELETE', one, 403),
    as(s.readOnlyToken, 'publishing with a token that only reads', 'POST', `${T}/events`, 403, {
      type: 'a.b',
      data: 1,
    }),
    as(s.readOnlyToken, 'a secret with a token that only reads', 'GET', `${one}/secret`, 403),
  ];
}
