/** A message of the events queue that must become a rejected-event record. `path`: what the record must name. */
export interface HostileMessage {
  what: string;
  body: string;
  code: string;
  path?: string;
}

const event = (fields: object) => JSON.stringify({ tenantId: 'hostile-messages', type: 'a.b', data: 1, ...fields });
const invalid = (what: string, fields: object, path: string): HostileMessage => ({
  what,
  body: event(fields),
  code: 'invalid_event',
  path,
});
const broken = (what: string, body: string): HostileMessage => ({ what, body, code: 'malformed_json' });
const noEvent = (what: string, body: string): HostileMessage => ({ what, body, code: 'invalid_event' });
const bridged = (detail: object) => JSON.stringify({ id: 'x', 'detail-type': 'T', source: 's', ...detail });

export const HOSTILE_MESSAGES: readonly HostileMessage[] = [
  broken('not JSON', 'hello'),
  broken('a blank', ' '),
  broken('cut off', '{"tenantId":"hostile-messages","type":"a.b","data":{'),
  broken('two documents', '{} {}'),
  broken('a comma too many', '{"a":1,}'),
  broken('single quotes', "{'a':1}"),
  broken('a comment', '{/* a */}'),
  broken('NaN', '{"data":NaN}'),
  broken('a byte order mark', '\ufeff{}'),
  broken('a tab in a string', '{"a":"\t"}'),
  broken('100,000 brackets without end', '['.repeat(100_000)),
  noEvent('100,000 brackets with their ends', '['.repeat(100_000) + ']'.repeat(100_000)),
  noEvent('null', 'null'),
  noEvent('a number', '42'),
  noEvent('text', '"text"'),
  noEvent('a list of events', `[${event({})}]`),
  noEvent('an empty object', '{}'),
  noEvent("somebody else's envelope", JSON.stringify({ Type: 'Notification', Message: event({}) })),
  noEvent('an EventBridge envelope without detail', bridged({})),
  noEvent('an EventBridge envelope with text for detail', bridged({ detail: event({}) })),
  noEvent('an EventBridge envelope with another detail', bridged({ detail: { instance: 'i-1' } })),
  invalid('no tenant', { tenantId: undefined }, '/tenantId'),
  invalid('an empty tenant', { tenantId: '' }, '/tenantId'),
  invalid('a tenant that is a number', { tenantId: 7 }, '/tenantId'),
  invalid('a tenant that is a path', { tenantId: '../neighbour' }, '/tenantId'),
  invalid('a tenant with a #, which keys are made with', { tenantId: 'a#b' }, '/tenantId'),
  invalid('a tenant that is too long', { tenantId: 'x'.repeat(65) }, '/tenantId'),
  invalid('a tenant with an umlaut', { tenantId: 'bücher' }, '/tenantId'),
  invalid('no type', { type: undefined }, '/type'),
  invalid('an empty type', { type: '' }, '/type'),
  invalid('a type that is an object', { type: {} }, '/type'),
  invalid('a type with two dots', { type: 'a..b' }, '/type'),
  invalid('a type that is a pattern', { type: '*' }, '/type'),
  invalid('a type that is too long', { type: 'a'.repeat(129) }, '/type'),
  invalid('a reserved type', { type: 'posthorn.subscription.disabled' }, '/type'),
  invalid('no data', { data: undefined }, '/data'),
  invalid('data 61 levels deep', { data: JSON.parse('['.repeat(61) + ']'.repeat(61)) }, '/data'),
  invalid('an id with a blank', { id: 'a b' }, '/id'),
  invalid('an id that is too long', { id: 'x'.repeat(65) }, '/id'),
  invalid('null for an id', { id: null }, '/id'),
  invalid('an unknown environment', { environment: 'Production' }, '/environment'),
  invalid('a number for a time', { occurredAt: 1_795_000_000 }, '/occurredAt'),
  invalid('a time without offset', { occurredAt: '2026-11-22T10:00:00' }, '/occurredAt'),
  invalid('a day that is not', { occurredAt: '2026-02-30T10:00:00Z' }, '/occurredAt'),
  invalid('an unknown field', { payload: {} }, '/payload'),
  invalid('a field with a slash and a tilde', { 'a/b~c': 1 }, '/a~1b~0c'),
  invalid('a field of Object.prototype', { hasOwnProperty: 1 }, '/hasOwnProperty'),
  {
    ...invalid('__proto__', {}, '/__proto__'),
    body: '{"tenantId":"hostile-messages","type":"a.b","data":1,"__proto__":{"admin":true}}',
  },
  { ...invalid('half a surrogate pair', {}, '/data'), body: event({ data: '\ud83d' }) },
  { ...invalid('half a surrogate pair in a key', {}, '/data'), body: event({ data: [{ '\udc00': 1 }] }) },
  { ...invalid('a surrogate pair the wrong way round', {}, '/data'), body: event({ data: ['\ude00\ud83d'] }) },
  { ...invalid('half a pair beside a whole one', {}, '/data'), body: event({ data: '😀\ud83d' }) },
  { what: 'data over 256 KiB', body: event({ data: 'x'.repeat(262_143) }), code: 'payload_too_large', path: '/data' },
];

/** The first two make records that are too large for the store unless they are cut, and would take their batch along. */
export const SPOILING_MESSAGES: readonly HostileMessage[] = [
  {
    what: '20,000 unknown fields',
    body: event(Object.fromEntries(Array.from({ length: 20_000 }, (_, number) => [`field${number}`, 1]))),
    code: 'invalid_event',
  },
  { what: 'an unknown field with a name of 500 KB', body: event({ ['k'.repeat(500_000)]: 1 }), code: 'invalid_event' },
  invalid('a time that UTC puts beyond the year 9999', { occurredAt: '9999-12-31T23:59:59-23:00' }, '/occurredAt'),
];
