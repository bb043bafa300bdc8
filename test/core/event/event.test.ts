import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_DATA_BYTES } from '../../../functions/core/event/event-data.ts';
import { type IncomingMessage, type ParsedMessage, parseMessage } from '../../../functions/core/event/parse-message.ts';
import { traceIdOf } from '../../../functions/core/event/traceparent.ts';
import { EventId, newId, timeOfId } from '../../../functions/core/ids.ts';
import { NOW } from '../../support/domain.ts';
import { jsonText } from '../../support/json-texts.ts';

/** When EventBridge says that it took an event. */
const TIME = '2026-11-22T09:59:58Z';
const VALID = { tenantId: 'acme', type: 'employee.created', data: { id: 1 } };

function parse(body: unknown, rest: Partial<IncomingMessage> = {}): ParsedMessage {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return parseMessage(
    { messageId: 'message-1', sentAt: NOW, origin: null, madeId: null, ...rest, body: text },
    NOW + 5,
  );
}

function accepted(body: unknown, rest: Partial<IncomingMessage> = {}) {
  const parsed = parse(body, rest);
  if (parsed.kind !== 'event') throw new Error(`no event: ${JSON.stringify(parsed)}`);
  return parsed;
}

describe('the trace of a publisher', () => {
  const TRACE = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

  it('goes with the event, and is no part of what makes two events the same', () => {
    const [plain, traced] = [accepted(VALID).event, accepted(VALID, { traceparent: TRACE }).event];
    expect(traced).toEqual({ ...plain, traceparent: TRACE });
  });

  it.each([
    null,
    '',
    'x',
    TRACE.toUpperCase(),
    `${TRACE}-more`,
    TRACE.replace('00-', 'ff-'),
    TRACE.replace('0af7651916cd43dd8448eb211c80319c', '0'.repeat(32)),
    TRACE.replace('b7ad6b7169203331', '0'.repeat(16)),
    TRACE.slice(1),
  ])('is ignored if it is none: %s', (traceparent) => {
    expect(accepted(VALID, { traceparent }).event).not.toHaveProperty('traceparent');
    expect(traceIdOf(traceparent)).toBeUndefined();
  });

  it('is looked up by its id', () => {
    expect(traceIdOf(TRACE)).toBe('0af7651916cd43dd8448eb211c80319c');
  });
});

describe('a message that is an event', () => {
  it('with everything given', () => {
    const body = { ...VALID, id: 'order-1', environment: 'development', occurredAt: '2026-11-22T11:00:00.5+02:00' };
    expect(accepted(body)).toEqual({
      kind: 'event',
      idGiven: true,
      event: {
        tenantId: 'acme',
        id: 'order-1',
        type: 'employee.created',
        environment: 'development',
        occurredAt: Date.parse('2026-11-22T09:00:00.500Z'),
        acceptedAt: NOW,
        recordedAt: NOW + 5,
        contentHash: expect.stringMatching(/^[\w-]{22}$/),
        data: '{"id":1}',
      },
    });
  });

  it('with only what is required', () => {
    expect(accepted(VALID)).toMatchObject({
      idGiven: false,
      event: { id: expect.stringMatching(/^evt_/), environment: 'production', occurredAt: NOW, acceptedAt: NOW },
    });
  });

  it.each(['null', 'false', '0', '""', '[]', '{}', '-0', '1e400'])('whose data is %s', (data) => {
    expect(accepted(`{"tenantId":"acme","type":"a","data":${data}}`).event.data).toBe(data);
  });

  it('wrapped by EventBridge, with numbers as written', () => {
    const detail = '{"tenantId":"acme","type":"a.b","data":{"n":1.0,"10":1,"9":2}}';
    const body = `{"version":"0","id":"eb-1","time":"2026-11-22T09:59:58Z","detail-type":"x","source":"hr","account":"1","detail": ${detail} }`;
    expect(accepted(body)).toMatchObject({ idGiven: true, event: { type: 'a.b', data: '{"n":1.0,"10":1,"9":2}' } });
  });

  it('whose data is any JSON keeps it to the letter', () => {
    fc.assert(
      fc.property(jsonText, ({ compact, spaced }) => {
        expect(accepted(`{"tenantId":"acme", "type":"a" , "data": ${spaced} }`).event.data).toBe(compact);
      }),
    );
  });

  it('of exactly the limit, however it is spaced; one byte more is too much', () => {
    const body = (bytes: number) =>
      `{"tenantId":"acme","type":"a","data":[   "${'é'.repeat(1)}${'x'.repeat(bytes - 6)}"   ]}`;
    expect(Buffer.byteLength(accepted(body(MAX_DATA_BYTES)).event.data ?? '')).toBe(MAX_DATA_BYTES);
    expect(parse(body(MAX_DATA_BYTES + 1))).toMatchObject({
      kind: 'rejected',
      tenantId: 'acme',
      reason: {
        code: 'payload_too_large',
        errors: [{ path: '/data', message: expect.stringContaining('262145 bytes') }],
      },
    });
  });

  it('of the greatest depth', () => {
    const data = `${'['.repeat(60)}${']'.repeat(60)}`;
    expect(accepted(`{"tenantId":"acme","type":"a","data":${data}}`).event.data).toBe(data);
  });
});

describe('a derived id', () => {
  it('is the same when SQS hands the message out again, and another for another message', () => {
    const { id } = accepted(VALID).event;
    expect(accepted(VALID).event.id).toBe(id);
    expect(accepted(VALID, { messageId: 'message-2' }).event.id).not.toBe(id);
    expect(EventId.safeParse(id).success).toBe(true);
  });

  it('sorts by the time of publishing', () => {
    const ids = [0, 1, 1_000, 10_000_000].map((later) => accepted(VALID, { sentAt: NOW + later }).event.id);
    expect(ids.toSorted()).toEqual(ids);
  });

  it.each(['0001-01-01T00:00:00Z', '1969-12-31T23:59:59.999Z', '9999-12-31T23:59:59Z'])(
    'is one that holds a time, also of an EventBridge event of %s',
    (time) => {
      const wrapped = { id: 'eb-1', time, 'detail-type': 'x', source: 'hr', detail: VALID };
      const { id, acceptedAt } = accepted(wrapped).event;
      // Not by the clock: a day later it is the same.
      expect(timeOfId(id)).toBe(Math.max(Date.parse(time), 1));
      expect(EventId.safeParse(id).success).toBe(true);
      expect(accepted(wrapped, { messageId: 'message-2' }).event.id).toBe(id);
      expect(acceptedAt).toBe(NOW);
    },
  );

  it("follows from EventBridge's own id", () => {
    const wrapped = (id: string) => ({ id, time: TIME, 'detail-type': 'x', source: 'hr', detail: VALID });
    const { id } = accepted(wrapped('eb-1')).event;
    expect(accepted(wrapped('eb-1'), { messageId: 'message-2', sentAt: NOW + 5_000 }).event.id).toBe(id);
    expect(accepted(wrapped('eb-2')).event.id).not.toBe(id);
  });
});

describe('an id that the API made', () => {
  const ID = newId('evt', NOW - 2_000, () => 0.5);
  const at = (rest: Partial<IncomingMessage>, id = ID) => {
    const { event, idGiven } = accepted({ ...VALID, id }, rest);
    return { idGiven, acceptedAt: event.acceptedAt, occurredAt: event.occurredAt };
  };
  const made = { acceptedAt: NOW - 2_000, occurredAt: NOW - 2_000 };

  it('is new in the first message, and the event’s time is that of the id in both', () => {
    expect(at({ madeId: 'first' })).toEqual({ idGiven: false, ...made });
    expect(at({ madeId: 'again', sentAt: NOW + 5_000 })).toEqual({ idGiven: true, ...made });
  });

  it('counts as given when the message comes back from a dead-letter queue', () => {
    expect(at({ madeId: 'first', origin: { messageId: 'm1', sentAt: NOW } })).toEqual({ idGiven: true, ...made });
  });

  it('is one of ours: nothing else is taken for new', () => {
    const given = { idGiven: true, acceptedAt: NOW, occurredAt: NOW };
    expect(at({ madeId: 'first' }, 'order-1')).toEqual(given);
    expect(at({})).toEqual(given);
  });
});

describe('the content hash', () => {
  const hash = (rest: object) => accepted({ ...VALID, id: 'x', ...rest }).event.contentHash;

  it('is the same for the same content, whatever its white space', () => {
    expect(
      accepted('{ "type":"employee.created","id":"x","data":{ "id":1 },"tenantId":"acme"}').event.contentHash,
    ).toBe(hash({}));
    expect(hash({ environment: 'production' })).toBe(hash({}));
  });

  it.each([
    '2026-11-22t10:00:00z',
    '2026-11-22T10:00:00.000Z',
    '2026-11-22T11:00:00+01:00',
    '2026-11-22T09:30:00-00:30',
    '2026-11-22T10:00:00+00:00',
  ])('is the same for the same instant in another notation (%s)', (occurredAt) => {
    expect(hash({ occurredAt })).toBe(hash({ occurredAt: '2026-11-22T10:00:00Z' }));
  });

  it.each([
    { type: 'employee.updated' },
    { data: { id: 2 } },
    { environment: 'development' },
    { occurredAt: '2026-11-22T10:00:00Z' },
  ])('differs for %o', (rest) => {
    expect(hash(rest)).not.toBe(hash({}));
  });
});

const required = { message: 'is required' };

describe('a bad message', () => {
  it.each<[string, unknown, string, { path: string; message?: unknown }[]]>([
    ['nothing', '', 'malformed_json', []],
    ['text', 'hello', 'malformed_json', []],
    ['half an object', '{"tenantId":', 'malformed_json', []],
    ['a trailing comma', '{"tenantId":"acme",}', 'malformed_json', []],
    ['a comment', '{"tenantId":"acme"/**/}', 'malformed_json', []],
    ['NaN', '{"data":NaN}', 'malformed_json', []],
    ['a byte order mark', `\ufeff${JSON.stringify(VALID)}`, 'malformed_json', []],
    ['null', 'null', 'invalid_event', [{ path: '' }]],
    ['a number', '7', 'invalid_event', [{ path: '' }]],
    ['a list', [VALID], 'invalid_event', [{ path: '' }]],
    ['no tenant', { type: 'a', data: 1 }, 'invalid_event', [{ path: '/tenantId', ...required }]],
    ['no type', { tenantId: 'acme', data: 1 }, 'invalid_event', [{ path: '/type', ...required }]],
    [
      'no data',
      { tenantId: 'acme', type: 'a' },
      'invalid_event',
      [{ path: '/data', message: expect.stringMatching(/^is required/) }],
    ],
    ['a tenant with a slash', { ...VALID, tenantId: 'a/b' }, 'invalid_event', [{ path: '/tenantId' }]],
    ['a tenant of 65', { ...VALID, tenantId: 'a'.repeat(65) }, 'invalid_event', [{ path: '/tenantId' }]],
    ['an empty tenant', { ...VALID, tenantId: '' }, 'invalid_event', [{ path: '/tenantId' }]],
    ['a tenant that is a number', { ...VALID, tenantId: 7 }, 'invalid_event', [{ path: '/tenantId' }]],
    ['a tenant with a line break', { ...VALID, tenantId: 'acme\n' }, 'invalid_event', [{ path: '/tenantId' }]],
    ['a type with a blank', { ...VALID, type: 'a b' }, 'invalid_event', [{ path: '/type' }]],
    ['a type that is a pattern', { ...VALID, type: 'a.*' }, 'invalid_event', [{ path: '/type' }]],
    ['a type of 129', { ...VALID, type: 'a'.repeat(129) }, 'invalid_event', [{ path: '/type' }]],
    ['a reserved type', { ...VALID, type: 'posthorn.test' }, 'invalid_event', [{ path: '/type' }]],
    ['an id with a dot', { ...VALID, id: 'a.b' }, 'invalid_event', [{ path: '/id' }]],
    ['an id of 65', { ...VALID, id: 'a'.repeat(65) }, 'invalid_event', [{ path: '/id' }]],
    ['an id that is null', { ...VALID, id: null }, 'invalid_event', [{ path: '/id' }]],
    ['an unknown environment', { ...VALID, environment: 'staging' }, 'invalid_event', [{ path: '/environment' }]],
    [
      'a date without an offset',
      { ...VALID, occurredAt: '2026-11-22T10:00:00' },
      'invalid_event',
      [{ path: '/occurredAt' }],
    ],
    [
      'a date that is none',
      { ...VALID, occurredAt: '2026-02-30T10:00:00Z' },
      'invalid_event',
      [{ path: '/occurredAt' }],
    ],
    ['a date in words', { ...VALID, occurredAt: 'yesterday' }, 'invalid_event', [{ path: '/occurredAt' }]],
    [
      'unknown fields, each',
      { ...VALID, b: 1, 'c/d~': 2 },
      'invalid_event',
      [
        { path: '/b', message: 'is not a known field' },
        { path: '/c~1d~0', message: 'is not a known field' },
      ],
    ],
    [
      '__proto__ as a field',
      '{"tenantId":"acme","type":"a","data":1,"__proto__":{"x":1}}',
      'invalid_event',
      [{ path: '/__proto__' }],
    ],
    [
      'half a surrogate pair in data',
      '{"tenantId":"acme","type":"a","data":"\\ud83d"}',
      'invalid_event',
      [{ path: '/data' }],
    ],
    [
      'data nested over 61 levels',
      { ...VALID, data: JSON.parse('['.repeat(61) + ']'.repeat(61)) },
      'invalid_event',
      [{ path: '/data', message: expect.stringContaining('deeper than 60 levels') }],
    ],
    [
      'data nested over 50,000 levels',
      `{"tenantId":"acme","type":"a","data":${'['.repeat(50_000)}${']'.repeat(50_000)}}`,
      'invalid_event',
      [{ path: '/data' }],
    ],
    [
      'half a pair in a key',
      '{"tenantId":"acme","type":"a","data":{"\\uDE00":1}}',
      'invalid_event',
      [{ path: '/data' }],
    ],
    [
      'a bad event in an envelope',
      { id: 'e', time: TIME, 'detail-type': 'x', source: 'y', detail: { ...VALID, type: 1 } },
      'invalid_event',
      [{ path: '/type' }],
    ],
    [
      'an envelope around nothing',
      { id: 'e', time: TIME, 'detail-type': 'x', source: 'y', detail: null },
      'invalid_event',
      [{ path: '' }],
    ],
  ])('%s', (_, body, code, errors) => {
    const parsed = parse(body);
    expect(parsed).toMatchObject({ kind: 'rejected', reason: { code } });
    if (parsed.kind === 'rejected') {
      expect(parsed.reason.errors).toMatchObject(errors);
      expect(parsed.reason.errors).toHaveLength(errors.length);
    }
  });

  it.each([
    ['no JSON, with an emoji out of place', '{"a":😀}'],
    ['a name with half of a pair', '{"tenantId":"acme","\\ud83d":1}'],
  ])('says of %s what every store and reader takes', (_, body) => {
    const parsed = parse(body);
    const said =
      parsed.kind === 'rejected' ? [parsed.reason.message, ...parsed.reason.errors.map(({ path }) => path)] : [];
    expect(said.filter((text) => !text.isWellFormed())).toEqual([]);
    expect(said.join()).toContain('\ufffd');
  });

  it('lists every mistake at once', () => {
    const parsed = parse({ tenantId: 'a b', type: '', id: '', environment: 'x', occurredAt: 1, data: 1, extra: true });
    expect(parsed.kind === 'rejected' && parsed.reason.errors.map(({ path }) => path).toSorted()).toEqual([
      '/environment',
      '/extra',
      '/id',
      '/occurredAt',
      '/tenantId',
      '/type',
    ]);
  });

  it('lists missing data among the others', () => {
    const parsed = parse({ tenantId: 'a b' });
    expect(parsed.kind === 'rejected' && parsed.reason.errors.map(({ path }) => path).toSorted()).toEqual([
      '/data',
      '/tenantId',
      '/type',
    ]);
  });

  it('names its tenant if that can be read', () => {
    expect(parse({ tenantId: 'acme' })).toMatchObject({ tenantId: 'acme' });
    expect(parse({ tenantId: 'a/b' })).toMatchObject({ tenantId: null });
  });

  it('a whole pair written with escapes is not one', () => {
    expect(accepted('{"tenantId":"acme","type":"a","data":"\\ud83d\\ude00"}').event.data).toBe('"\\ud83d\\ude00"');
  });
});

describe('parseMessage never throws', () => {
  it('for any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(parse(text).kind).toBe('rejected');
      }),
    );
  });

  it('for any JSON, in an envelope or not', () => {
    const member = fc.constantFrom(
      'tenantId',
      'type',
      'data',
      'id',
      'environment',
      'occurredAt',
      'detail',
      'detail-type',
      'source',
    );
    fc.assert(
      fc.property(
        fc.jsonValue(),
        fc.dictionary(member, fc.oneof(fc.jsonValue(), fc.constantFrom('acme', 'a.b'))),
        fc.date({ noInvalidDate: true }),
        (any, event, at) => {
          for (const body of [
            any,
            event,
            { ...event, detail: event, id: 'e', time: at.toISOString(), 'detail-type': 'x', source: 'y' },
          ]) {
            expect(['event', 'rejected']).toContain(parse(JSON.stringify(body)).kind);
          }
        },
      ),
    );
  });
});
