import { describe, expect, it } from 'vitest';
import { rejectedItem } from '../../../functions/adapters/dynamodb/rejected-events.ts';
import { newId } from '../../../functions/core/ids.ts';
import { MINUTE, makeEventType, makeSubscription, NOW, subscriptionId } from '../../support/domain.ts';
import { ingestSetup } from '../../support/memory-ingest.ts';

const body = (rest: object = {}): string =>
  JSON.stringify({ tenantId: 'acme', type: 'employee.created', data: { id: 1 }, ...rest });
const NONE = { retry: new Set() };

describe('new events', () => {
  it('without an id are one write and one list for the batch', async () => {
    const setup = ingestSetup();
    expect(await setup.ingest({ body: body() }, { body: body() })).toEqual(NONE);
    expect(setup.store.calls).toEqual(['findType', 'findType', 'readMatchable', 'putEvents', 'putRejectedEvents']);
    expect(setup.store.events.size).toBe(2);
    expect(setup.queued).toHaveLength(2);
    expect(setup.queued[0]).toEqual({
      delaySeconds: 0,
      message: {
        v: 1,
        kind: 'deliver',
        tenantId: 'acme',
        subscriptionId: subscriptionId(),
        eventId: expect.stringMatching(/^evt_/),
        eventAt: NOW,
        ticket: 0,
        trigger: 'automatic',
      },
    });
    expect(setup.reports.map(({ kind }) => kind)).toEqual(['accepted', 'accepted']);
  });

  it('with a new id of the API’s are written as those without', async () => {
    const setup = ingestSetup();
    const id = newId('evt', NOW, () => 0.5);
    await setup.ingest({ body: body({ id }), madeId: 'first' }, { body: body() });
    expect(setup.store.calls).toEqual(['findType', 'findType', 'readMatchable', 'putEvents', 'putRejectedEvents']);
    expect(setup.queued.map(({ message }) => message)).toMatchObject([{ eventId: id, eventAt: NOW }, {}]);
    // Sent again, because the first answer was lost: the same deliveries, which may have been made.
    await setup.ingest({ body: body({ id }), madeId: 'again', sentAt: NOW + 3_000, messageId: 'm9' });
    expect(setup.store.events.size).toBe(2);
    expect(setup.queued.at(-1)?.message).toMatchObject({ eventId: id, eventAt: NOW, repeated: true });
  });

  it('with an id are created only if there is none', async () => {
    const setup = ingestSetup();
    await setup.ingest({ body: body({ id: 'a' }) });
    expect(setup.store.calls).toEqual([
      'findType',
      'readMatchable',
      'getEvents',
      'createEvent',
      'putEvents',
      'putRejectedEvents',
    ]);
    expect(setup.targets()).toEqual([`a ${subscriptionId()}`]);
  });

  it('go to those that want them, inactive ones included', async () => {
    const setup = ingestSetup();
    setup.store.subscriptions = [
      makeSubscription({ id: subscriptionId(1), eventTypes: ['employee.*'] }),
      makeSubscription({ id: subscriptionId(2), eventTypes: ['payslip.*'] }),
      makeSubscription({ id: subscriptionId(3), environment: 'development' }),
      makeSubscription({ id: subscriptionId(4), status: 'paused' }),
      makeSubscription({ id: subscriptionId(5), tenantId: 'other' }),
    ];
    await setup.ingest({ body: body({ id: 'a' }) });
    expect(setup.targets()).toEqual([`a ${subscriptionId(1)}`, `a ${subscriptionId(4)}`]);
  });

  it('make their tenant, if it is new', async () => {
    const setup = ingestSetup();
    await setup.ingest({ body: body({ tenantId: 'fresh' }) });
    expect(setup.store.tenants.has('fresh')).toBe(true);
    await setup.ingest({ body: body({ tenantId: 'fresh' }) });
    expect(setup.store.calls.filter((call) => call === 'createTenant')).toHaveLength(1);
  });
});

describe('a repetition', () => {
  it('in one batch is one event, and its twin is acknowledged with it', async () => {
    const setup = ingestSetup();
    expect(await setup.ingest({ body: body({ id: 'a' }) }, { body: body({ id: 'a' }) })).toEqual(NONE);
    expect(setup.targets()).toEqual([`a ${subscriptionId()}`]);
    expect(setup.store.rejected).toEqual([]);
  });

  it('in one batch fails with its twin when the fan-out fails', async () => {
    const setup = ingestSetup();
    setup.send = async () => {
      throw new Error('the queue is away');
    };
    const result = await setup.ingest({ body: body({ id: 'a' }) }, { body: body({ id: 'a' }) });
    expect(result.retry).toEqual(new Set(['m1', 'm2']));
    expect(setup.reports.at(-1)).toMatchObject({ kind: 'error' });
  });

  it('later goes out again as the event on record, once its first attempts have settled', async () => {
    const setup = ingestSetup();
    await setup.ingest({ body: body({ id: 'a' }) });
    setup.now = NOW + 20_000;
    await setup.ingest({ body: body({ id: 'a' }), messageId: 'm9', sentAt: NOW + 19_000 });
    expect(setup.queued[1]).toMatchObject({ delaySeconds: 40, message: { eventId: 'a', eventAt: NOW } });
    setup.now = NOW + 2 * MINUTE;
    await setup.ingest({ body: body({ id: 'a' }), messageId: 'm10' });
    expect(setup.queued[2]).toMatchObject({ delaySeconds: 0 });
    expect(setup.reports.filter(({ kind }) => kind === 'repeated')).toHaveLength(2);
  });

  it('does not go to subscriptions that are younger than the event', async () => {
    const setup = ingestSetup();
    await setup.ingest({ body: body({ id: 'a' }) });
    setup.store.subscriptions.push(makeSubscription({ id: subscriptionId(2), createdAt: NOW + 1 }));
    setup.now = NOW + MINUTE;
    await setup.ingest({ body: body({ id: 'a' }), messageId: 'm9' });
    expect(setup.targets()).toEqual([`a ${subscriptionId()}`, `a ${subscriptionId()}`]);
  });

  it.each([
    ['in one batch', true],
    ['later', false],
  ])('with other content is rejected, and the first stands (%s)', async (_, atOnce) => {
    const setup = ingestSetup();
    const [first, second] = [{ body: body({ id: 'a' }) }, { body: body({ id: 'a', data: 2 }), messageId: 'm9' }];
    if (atOnce) await setup.ingest(first, second);
    else {
      await setup.ingest(first);
      await setup.ingest(second);
    }
    expect(setup.store.events.get('acme a')?.event.data).toBe('{"id":1}');
    expect(setup.store.rejected).toMatchObject([
      { tenantId: 'acme', body: second.body, reason: { code: 'id_reused', errors: [{ path: '/id' }] } },
    ]);
    expect(setup.targets()).toEqual([`a ${subscriptionId()}`]);
  });

  it('at the very same moment is one event, though neither has seen the other', async () => {
    const setup = ingestSetup();
    const meeting = Promise.withResolvers<void>();
    let waiting = 0;
    setup.store.before = async (operation) => {
      if (operation !== 'createEvent') return;
      waiting += 1;
      if (waiting === 2) meeting.resolve();
      await meeting.promise;
    };
    await Promise.all([
      setup.ingest({ body: body({ id: 'a' }) }),
      setup.ingest({ body: body({ id: 'a' }), messageId: 'm2' }),
    ]);
    expect(setup.store.events.size).toBe(1);
    expect(setup.reports.map(({ kind }) => kind).toSorted()).toEqual(['accepted', 'repeated']);
    // The second one's message waits until the first attempt is on record.
    expect(setup.queued.map(({ delaySeconds }) => delaySeconds).toSorted()).toEqual([0, 60]);
  });

  it('at the very same moment with other content is rejected, and disturbs no other event', async () => {
    const setup = ingestSetup();
    setup.store.before = async (operation) => {
      if (operation !== 'createEvent' || setup.store.events.size > 0) return;
      setup.store.before = () => {};
      await setup.ingest({ body: body({ id: 'a', data: 'first' }) });
    };
    expect(await setup.ingest({ body: body({ id: 'a' }), messageId: 'm5' }, { body: body({ id: 'b' }) })).toEqual(NONE);
    expect(setup.store.rejected).toMatchObject([{ reason: { code: 'id_reused' } }]);
    expect(setup.targets()).toEqual([`a ${subscriptionId()}`, `b ${subscriptionId()}`]);
  });

  it('of another tenant is another event', async () => {
    const setup = ingestSetup();
    await setup.ingest({ body: body({ id: 'a' }) }, { body: body({ id: 'a', tenantId: 'other', data: 2 }) });
    expect(setup.store.rejected).toEqual([]);
    expect([...setup.store.events.keys()]).toEqual(['acme a', 'other a']);
  });
});

describe('bad messages', () => {
  it('become records, and leave the others of their batch alone', async () => {
    const setup = ingestSetup();
    const result = await setup.ingest({ body: 'no json' }, { body: body({ id: 'a' }) }, { body: body({ type: 7 }) });
    expect(result).toEqual(NONE);
    expect(setup.store.rejected).toMatchObject([
      {
        id: expect.stringMatching(/^rej_/),
        tenantId: null,
        body: 'no json',
        bodyTruncated: false,
        reason: { code: 'malformed_json' },
      },
      { tenantId: 'acme', reason: { code: 'invalid_event', errors: [{ path: '/type' }] } },
    ]);
    expect(setup.targets()).toEqual([`a ${subscriptionId()}`]);
  });

  it('are told to the company once a minute and tenant, with their number', async () => {
    const setup = ingestSetup();
    const bad = { body: body({ type: 7 }) };
    await setup.ingest(bad, { body: 'no json' }, { ...bad, body: body({ type: 8 }) }, { ...bad, messageId: 'm9' });
    await setup.ingest({ ...bad, messageId: 'later' });
    const rejectedEventId = expect.stringMatching(/^rej_/);
    expect(setup.counted).toMatchObject([
      { delaySeconds: 60, message: { event: { data: { tenantId: 'acme', reason: { code: 'invalid_event' } } } } },
      { delaySeconds: 60, message: { event: { data: { tenantId: null, rejectedEventId } } } },
    ]);
    expect([...setup.counts.windows.values()].map(({ count }) => count).toSorted()).toEqual([1, 4]);
  });

  it.each(['addToWindow', 'send'] as const)('come back until the company can be told (%s fails)', async (fault) => {
    const setup = ingestSetup();
    const [add, push] = [setup.counts.addToWindow.bind(setup.counts), setup.counted.push.bind(setup.counted)];
    const refuse = () => {
      throw new Error('away');
    };
    if (fault === 'send') setup.counted.push = refuse;
    else setup.counts.addToWindow = refuse;
    const messages = [{ body: 'no json' }, { body: body({ id: 'a' }) }];
    expect(await setup.ingest(...messages)).toEqual({ retry: new Set(['m1']) });
    expect(setup.targets()).toEqual([`a ${subscriptionId()}`]);
    Object.assign(setup.counts, { addToWindow: add });
    setup.counted.push = push;
    expect(await setup.ingest({ body: 'no json', receivedBefore: true })).toEqual(NONE);
    expect(setup.counted).toHaveLength(1);
  });

  it('are told also if they come back in another order after the queue was away', async () => {
    const setup = ingestSetup();
    const push = setup.counted.push.bind(setup.counted);
    setup.counted.push = () => {
      throw new Error('away');
    };
    const [one, other] = [
      { body: body({ type: 7 }), messageId: 'one' },
      { body: body({ type: 8 }), messageId: 'other' },
    ];
    expect(await setup.ingest(one, other)).toEqual({ retry: new Set(['one', 'other']) });
    setup.counted.push = push;
    expect(await setup.ingest({ ...other, receivedBefore: true }, { ...one, receivedBefore: true })).toEqual(NONE);
    expect(setup.counted).toHaveLength(1);
  });

  it('that cannot be read for a fault of ours come back, and leave the others of their batch alone', async () => {
    const setup = ingestSetup();
    setup.store.before = (operation) => {
      if (operation === 'findType') throw new Error('away');
    };
    expect(await setup.ingest({ body: body({ id: 'a' }) }, { body: 'no json' })).toEqual({ retry: new Set(['m1']) });
    expect(setup.store.rejected).toMatchObject([{ reason: { code: 'malformed_json' } }]);
  });

  it('of the reserved tenant are told to no one', async () => {
    const setup = ingestSetup();
    await setup.ingest({ body: body({ tenantId: 'posthorn' }) });
    expect(setup.store.rejected).toHaveLength(1);
    expect(setup.counted).toEqual([]);
  });

  it('are kept to what an item can hold', async () => {
    const setup = ingestSetup();
    const long = `"${'é'.repeat(200_000)}`;
    await setup.ingest({ body: long });
    const [record] = setup.store.rejected;
    expect(record?.bodyTruncated).toBe(true);
    expect(Buffer.byteLength(record?.body ?? '')).toBeLessThanOrEqual(300_003);
    expect(long.startsWith((record?.body ?? 'x').replace(/\ufffd$/, ''))).toBe(true);
  });

  it('that SQS hands out again make the same record', async () => {
    const setup = ingestSetup();
    await setup.ingest({ body: 'no json' });
    setup.now = NOW + MINUTE;
    await setup.ingest({ body: 'no json', receivedBefore: true });
    const keys = setup.store.rejected.map((one) => rejectedItem(one, 0)).map(({ pk, sk }) => `${pk} ${sk}`);
    expect(new Set(keys).size).toBe(1);
  });
});

describe('strict event types', () => {
  it('rejects what it does not know, naming it', async () => {
    const setup = ingestSetup();
    setup.eventTypes = 'strict';
    setup.store.types.set('employee.created', makeEventType());
    await setup.ingest({ body: body({ id: 'a' }) }, { body: body({ id: 'b', type: 'employee.lost' }) });
    expect(setup.targets()).toEqual([`a ${subscriptionId()}`]);
    expect(setup.store.rejected).toMatchObject([
      {
        reason: {
          code: 'unknown_event_type',
          message: expect.stringContaining('"employee.lost"'),
          errors: [{ path: '/type' }],
        },
      },
    ]);
  });

  it('rejects what is archived, and says that it can be brought back', async () => {
    const setup = ingestSetup();
    setup.eventTypes = 'strict';
    setup.store.types.set('employee.created', makeEventType({ archived: true }));
    await setup.ingest({ body: body({ id: 'a' }) });
    expect(setup.queued).toEqual([]);
    expect(setup.store.rejected).toMatchObject([
      {
        reason: {
          code: 'unknown_event_type',
          message: expect.stringMatching(
            /"employee.created" is archived.*PATCH \/v1\/event-types\/employee.created \{"archived": false\}/,
          ),
          errors: [{ path: '/type', message: 'is archived' }],
        },
      },
    ]);
  });

  it('alone does so: an open one takes what it does not know', async () => {
    const setup = ingestSetup();
    await setup.ingest({ body: body({ id: 'a', type: 'employee.lost' }) });
    expect(setup.targets()).toEqual([`a ${subscriptionId()}`]);
    expect(setup.store.rejected).toEqual([]);
  });
});

describe('data that is validated', () => {
  const schema = '{"type":"object","required":["name"],"properties":{"id":{"type":"integer"}}}';
  const setupWith = (rest: Parameters<typeof makeEventType>[0]) => {
    const setup = ingestSetup();
    setup.store.types.set('employee.created', makeEventType(rest));
    return setup;
  };

  it('is rejected if to check it would take too many steps', async () => {
    const either = { anyOf: Array(3).fill({ items: { $ref: '#/$defs/a' }, minItems: 1 }) };
    const setup = setupWith({ schema: JSON.stringify({ $ref: '#/$defs/a', $defs: { a: either } }), validate: true });
    const data = JSON.parse('['.repeat(40) + ']'.repeat(40));
    await setup.ingest({ body: body({ id: 'hostile', data }) }, { body: body({ id: 'other', type: 'employee.left' }) });
    expect(setup.targets()).toEqual([`other ${subscriptionId()}`]);
    expect(setup.store.rejected).toMatchObject([
      { reason: { code: 'schema_over_budget', errors: [{ path: '/data' }] } },
    ]);
  });

  it('is rejected if it does not fit, naming each path, and leaves the others alone', async () => {
    const setup = setupWith({ schema, validate: true });
    await setup.ingest(
      { body: body({ id: 'bad', data: { id: 'x' } }) },
      { body: body({ id: 'good', data: { id: 1, name: 'Zoë' } }) },
      { body: body({ id: 'other', type: 'employee.left', data: 7 }) },
    );
    expect(setup.targets()).toEqual([`good ${subscriptionId()}`, `other ${subscriptionId()}`]);
    expect(setup.store.rejected).toMatchObject([
      { tenantId: 'acme', reason: { code: 'invalid_data', message: expect.stringContaining('"employee.created"') } },
    ]);
    const paths = setup.store.rejected[0]?.reason.errors.map(({ path }) => path) ?? [];
    expect(paths.toSorted()).toEqual(['/data', '/data/id']);
  });

  it.each([
    ['the type does not say so', { schema, validate: false }],
    ['the type has no schema', { schema: null, validate: true }],
    ['the type is archived', { schema, validate: true, archived: true }],
  ])('is taken as it is where %s', async (_, rest) => {
    const setup = setupWith(rest);
    await setup.ingest({ body: body({ id: 'a', data: 7 }) });
    expect(setup.store.rejected).toEqual([]);
    expect(setup.targets()).toEqual([`a ${subscriptionId()}`]);
  });

  it('is validated where only known event types are accepted, too', async () => {
    const setup = setupWith({ schema, validate: true });
    setup.eventTypes = 'strict';
    await setup.ingest({ body: body({ data: null }) }, { body: body({ data: { name: 'Zoë' } }) });
    expect(setup.store.rejected).toMatchObject([{ reason: { code: 'invalid_data', errors: [{ path: '/data' }] } }]);
    expect(setup.queued).toHaveLength(1);
  });
});

describe('a subscription that wants only some events', () => {
  it.each<[string, Parameters<typeof makeSubscription>[0], string[]]>([
    ['by its filter', { filter: { data: { country: ['DE'] } } }, ['a']],
    ['until it expires', { expiresAt: NOW }, []],
    ['once it is verified', { status: 'unverified', hasBeenVerified: false }, []],
  ])('%s', async (_, rest, expected) => {
    const setup = ingestSetup();
    setup.store.subscriptions = [makeSubscription(rest)];
    await setup.ingest(
      { body: body({ id: 'a', data: { country: 'DE' } }) },
      { body: body({ id: 'b', data: { country: 'FR' } }) },
    );
    expect(setup.targets()).toEqual(expected.map((id) => `${id} ${subscriptionId()}`));
  });
});
