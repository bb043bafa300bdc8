import { describe, expect, it } from 'vitest';
import { compileDataCheck } from '../../functions/core/event/validate-data.ts';
import { createIngestHandler } from '../../functions/ingest/handler.ts';
import { METRICS, ORIGIN_ATTRIBUTES } from '../../functions/names.ts';
import { makeSubscription, NOW, subscriptionId } from '../support/domain.ts';
import { context, recordTelemetry, sqsEvent } from '../support/lambda.ts';
import { ingestSetup } from '../support/memory-ingest.ts';

const attribute = (stringValue: string) => ({ stringValue, dataType: 'String' as const });
const body = (rest: object = {}) => JSON.stringify({ tenantId: 'acme', type: 'a.b', data: 'very-secret', ...rest });

function setup() {
  const { store, ...parts } = ingestSetup();
  const telemetry = recordTelemetry();
  const handler = createIngestHandler({
    store,
    deliveries: { send: (messages) => parts.send(messages) },
    systemEventCounts: parts.counts,
    putOnBus: null,
    retries: { send: async () => {} },
    goOn: (rest) => parts.goOn(rest),
    eventTypes: 'open',
    checkOf: compileDataCheck,
    now: () => NOW,
    ...telemetry,
  });
  return { ...parts, store, telemetry, handler };
}

describe('the ingest function', () => {
  it('reads a filter once as long as its subscription is kept', async () => {
    const { handler, store, queued } = setup();
    let reads = 0;
    const filter = new Proxy<Record<string, unknown>>(
      { type: ['a.b'] },
      {
        ownKeys: (of) => {
          reads += 1;
          return Reflect.ownKeys(of);
        },
      },
    );
    store.subscriptions = [makeSubscription({ filter })];
    await handler(sqsEvent({ body: body() }), context());
    const first = reads;
    await handler(sqsEvent({ body: body() }), context());
    expect([first > 0, reads, queued.length]).toEqual([true, first, 2]);
  });

  it('acknowledges events and bad messages alike, and counts both', async () => {
    const { handler, telemetry, queued } = setup();
    const event = sqsEvent({ body: body() }, { body: 'no json: very-secret' }, { body: body() });
    expect(await handler(event, context())).toEqual({ batchItemFailures: [] });
    expect(telemetry.counts).toEqual({
      [METRICS.eventsAccepted]: 2,
      [METRICS.eventsRejected]: 1,
    });
    expect(telemetry.published).toBe(1);
    expect(queued.map(({ message }) => message.kind)).toEqual(['tell_counted', 'deliver', 'deliver']);
    expect(telemetry.lines.join()).toContain('an event was rejected');
    expect(telemetry.lines.join()).not.toContain('very-secret');
  });

  it('takes the time of publishing from SQS', async () => {
    const { handler, store } = setup();
    await handler(sqsEvent({ body: body({ id: 'a' }), sentAt: NOW - 5_000 }), context());
    expect(store.events.get('acme a')?.event).toMatchObject({ acceptedAt: NOW - 5_000, recordedAt: NOW });
  });

  it('takes a dead letter that is put back for the event that it was', async () => {
    const { handler, store, queued } = setup();
    await handler(sqsEvent({ body: body(), messageId: 'first', sentAt: NOW - 90_000 }), context());
    const [recorded] = [...store.events.values()];
    const redriven = (sentAt: string) => ({
      body: body(),
      messageId: 'second',
      sentAt: NOW,
      messageAttributes: {
        [ORIGIN_ATTRIBUTES.messageId]: attribute('first'),
        [ORIGIN_ATTRIBUTES.sentAt]: attribute(sentAt),
      },
    });
    await handler(sqsEvent(redriven(String(NOW - 90_000))), context());
    expect([...store.events.values()]).toEqual([recorded]);
    // Its deliveries keep their keys, by which deliver tells that they were made.
    expect(queued).toHaveLength(2);
    expect(queued.map(({ message }) => message)).toMatchObject(
      Array(2).fill({ eventId: recorded?.event.id, eventAt: NOW - 90_000 }),
    );
    // What is no origin is none.
    for (const none of ['yesterday', '-1', '253402300800000', String(2 ** 53)])
      await handler(sqsEvent(redriven(none)), context());
    expect(store.events.size).toBe(2);
  });

  it('hands over what is left of a fan-out eight seconds before its time is over', async () => {
    const { handler, store, rest, targets } = setup();
    store.subscriptions = [1, 2, 3].map((number) => makeSubscription({ id: subscriptionId(number) }));
    store.pageSize = 2;
    const event = () => sqsEvent({ body: body({ tenantId: 'other' }) }, { body: body({ id: 'a' }) });
    expect(await handler(event(), context(7_000))).toEqual({ batchItemFailures: [] });
    expect(rest).toEqual([{ tenantId: 'acme', eventIds: ['a'], cursor: subscriptionId(2), queued: 2 }]);
    expect(targets()).toEqual([1, 2].map((number) => `a ${subscriptionId(number)}`));
    expect(await handler(event(), context(9_000))).toEqual({ batchItemFailures: [] });
    expect(rest).toHaveLength(1);
  });

  it('leaves what failed by our fault in the queue', async () => {
    const { handler, store, telemetry } = setup();
    store.before = (operation) => {
      if (operation === 'readMatchable') throw new Error('away');
    };
    const answer = await handler(sqsEvent({ body: body() }, { body: 'no json' }), context());
    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: 'message-0' }] });
    expect(telemetry.lines.join()).toContain('a fan-out failed');
  });
});
