import { beforeEach, describe, expect, it } from 'vitest';
import { parkDelivery } from '../../functions/core/delivery/delivery.ts';
import { settleParkedMessage } from '../../functions/core/delivery/queue-message.ts';
import { builtInProfile } from '../../functions/core/profile/built-in-profiles.ts';
import type { WebhookResult } from '../../functions/core/target/webhook.ts';
import { createDeliverHandler, type DeliverHandlerDeps } from '../../functions/deliver/handler.ts';
import { METRICS } from '../../functions/names.ts';
import { DISABLE_AFTER_MS, deliverSetup, WAITS } from '../support/deliver-setup.ts';
import {
  answered,
  makeDelivery,
  makeEvent,
  makeMessage,
  makeSubscription,
  NOW,
  subscriptionId,
} from '../support/domain.ts';
import { context, recordTelemetry, sqsEvent } from '../support/lambda.ts';
import { MemoryStats } from '../support/memory-stats.ts';
import { ScriptedCalls } from '../support/scripted-calls.ts';

const RETRIES = 'arn:aws:sqs:us-east-1:000000000000:retries';
const CHANGE = 'ChangeMessageVisibilityBatch';
let sqs: ScriptedCalls;
beforeEach(() => {
  sqs = new ScriptedCalls().on(CHANGE, {});
});

function setup(
  receive: (url: string) => WebhookResult = () => answered(200),
  stats: MemoryStats | null = new MemoryStats(),
) {
  const parts = deliverSetup();
  const telemetry = recordTelemetry();
  const handedOver: Parameters<DeliverHandlerDeps['goOn']>[] = [];
  const handler = createDeliverHandler({
    store: parts.journal,
    retries: { send: (messages) => parts.send(messages) },
    goOn: async (...began) => {
      handedOver.push(began);
    },
    systemEvents: parts.systemEvents,
    stats,
    sqs: sqs.call,
    deliveriesQueueUrl: 'http://queues/deliveries',
    retriesQueueUrl: 'http://queues/retries',
    retriesQueueArn: RETRIES,
    sender: {
      send: async (request) => {
        parts.requests.push(request);
        return receive(request.url);
      },
    },
    opener: { open: async (sealed) => sealed },
    profiles: { get: async (name) => builtInProfile(name) },
    waits: WAITS,
    attemptTimeoutMs: 15_000,
    disableAfterMs: DISABLE_AFTER_MS,
    userAgent: 'Posthorn/test',
    now: () => NOW,
    rates: parts.rates,
    inFlight: parts.inFlight,
    sleep: async () => {},
    patience: () => new Promise<void>(() => {}),
    hasCaughtUp: async () => true,
    newAttemptId: () => `attempt ${parts.requests.length + 1}`,
    random: () => 0.5,
    ...telemetry,
  });
  const hidden = () => sqs.inputs(CHANGE);
  return { ...parts, telemetry, handler, handedOver, hidden, counted: stats?.records ?? [] };
}

const early = makeDelivery({ revision: 1, nextAttemptAt: NOW + 30_000, dueAt: NOW + 60_000 });
const fromRetries = { eventSourceARN: RETRIES };
const SETTLE = settleParkedMessage({ tenantId: 'acme', id: subscriptionId() }).message;

describe('the deliver function', () => {
  it('acknowledges what is done', async () => {
    const { handler, requests, hidden, telemetry } = setup();
    expect(await handler(sqsEvent({ body: JSON.stringify(makeMessage()) }), context())).toEqual({
      batchItemFailures: [],
    });
    expect(requests).toHaveLength(1);
    expect(hidden()).toEqual([]);
    expect(telemetry.counts).toEqual({ [METRICS.attemptsSucceeded]: 1 });
    expect(telemetry.published).toBe(1);
  });

  it('hides what waits, then reports it, so that Lambda leaves it in the queue', async () => {
    const { handler, journal, hidden } = setup();
    journal.store(early);
    const other = makeSubscription({ id: subscriptionId(2) });
    journal.add(other);
    const event = sqsEvent(
      { body: JSON.stringify(makeMessage({ subscriptionId: other.id })), ...fromRetries },
      { body: JSON.stringify(makeMessage()), ...fromRetries },
    );
    expect(await handler(event, context())).toEqual({ batchItemFailures: [{ itemIdentifier: 'message-1' }] });
    expect(hidden()).toEqual([
      {
        QueueUrl: 'http://queues/retries',
        Entries: [{ Id: '0', ReceiptHandle: 'receipt-1', VisibilityTimeout: 30 }],
      },
    ]);
  });

  it.each([
    [
      'refuses an entry',
      () => sqs.on(CHANGE, { Successful: [], Failed: [{ Id: '0', SenderFault: false, Code: 'x' }] }),
    ],
    ['cannot be reached', () => sqs.on(CHANGE, new Error('away'))],
  ])('when SQS %s leaves the message to its visibility timeout', async (_, arrange) => {
    const { handler, journal, telemetry } = setup();
    arrange();
    journal.store(early);
    const event = sqsEvent({ body: JSON.stringify(makeMessage()), ...fromRetries });
    expect(await handler(event, context())).toEqual({ batchItemFailures: [{ itemIdentifier: 'message-0' }] });
    expect(telemetry.lines.join()).toContain('messages could not be hidden');
  });

  it.each([
    '',
    'no json',
    '{}',
    '[]',
    JSON.stringify({ ...makeMessage(), v: 2 }),
    JSON.stringify({ ...makeMessage(), ticket: 'x' }),
  ])('leaves a message that is none of ours to the dead-letter queue, and handles the others (%s)', async (body) => {
    const { handler, requests, telemetry } = setup();
    const event = sqsEvent({ body }, { body: JSON.stringify(makeMessage()) });
    expect(await handler(event, context())).toEqual({ batchItemFailures: [{ itemIdentifier: 'message-0' }] });
    expect(requests).toHaveLength(1);
    expect(telemetry.lines.join()).toContain('a message cannot be read');
  });

  it('takes a message that was received before for one that may be done already', async () => {
    const { handler, journal, requests } = setup();
    journal.store(makeDelivery({ status: 'succeeded', revision: 1 }));
    journal.unseen.add(`${subscriptionId()} evt_1 ${NOW}`);
    await handler(sqsEvent({ body: JSON.stringify(makeMessage()), receiveCount: 2 }), context());
    expect(requests).toEqual([]);
  });

  it('wakes what is parked, beside the deliveries of its batch', async () => {
    const { handler, journal, queued, requests } = setup();
    journal.store(parkDelivery(makeDelivery({ eventId: 'parked', revision: 1 }), NOW, ''));
    const event = sqsEvent({ body: JSON.stringify(SETTLE), ...fromRetries }, { body: JSON.stringify(makeMessage()) });
    expect(await handler(event, context())).toEqual({ batchItemFailures: [] });
    expect(queued).toMatchObject([{ message: { eventId: 'parked' } }]);
    expect(requests).toHaveLength(1);
  });

  it('repeats the settling that failed, and only that', async () => {
    const { handler, journal, requests } = setup();
    journal.before = (operation) => {
      if (operation === 'listWaitingDeliveries') throw new Error('away');
    };
    const event = sqsEvent({ body: JSON.stringify(SETTLE), ...fromRetries }, { body: JSON.stringify(makeMessage()) });
    expect(await handler(event, context())).toEqual({ batchItemFailures: [{ itemIdentifier: 'message-0' }] });
    expect(requests).toHaveLength(1);
  });

  it('hands over what does not fit on two pages', async () => {
    const { handler, journal, queued, handedOver } = setup();
    journal.pageSize = 1;
    for (const eventId of ['a', 'b', 'c']) journal.store(parkDelivery(makeDelivery({ eventId, revision: 1 }), NOW, ''));
    await handler(sqsEvent({ body: JSON.stringify(SETTLE), ...fromRetries }), context());
    expect(queued.map(({ message }) => message.kind)).toEqual(['deliver', 'deliver']);
    expect(handedOver).toMatchObject([[{ subscriptionId: subscriptionId() }, { status: 'parked' }, 2]]);
  });

  it('counts failures, exhausted deliveries and disabled subscriptions', async () => {
    const { handler, journal, telemetry } = setup((url) => answered(url === 'https://gone.example/' ? 410 : 500));
    journal.add(makeSubscription({ id: subscriptionId(2), url: 'https://gone.example/' }));
    const gone = makeMessage({ subscriptionId: subscriptionId(2) });
    await handler(sqsEvent({ body: JSON.stringify(makeMessage()) }, { body: JSON.stringify(gone) }), context());
    expect(telemetry.counts).toEqual({
      [METRICS.attemptsSucceeded]: 0,
      [METRICS.attemptsFailed]: 2,
      [METRICS.attemptsHttpError]: 2,
      [METRICS.deliveriesExhausted]: 1,
      [METRICS.subscriptionsDisabled]: 1,
    });
  });

  it('logs of a failure whose it is, and the trace in which it began', async () => {
    const { handler, journal, telemetry } = setup(() => answered(500));
    const traceId = '0af7651916cd43dd8448eb211c80319c';
    journal.add(makeEvent({ traceparent: `00-${traceId}-b7ad6b7169203331-01` }));
    await handler(sqsEvent({ body: JSON.stringify(makeMessage()) }), context());
    const names = { tenantId: 'acme', subscriptionId: subscriptionId(), eventId: 'evt_1' };
    expect(telemetry.lines.map((line) => JSON.parse(line))).toMatchObject([
      { message: 'an attempt failed', ...names, traceId, attempt: 1, outcome: 'http_error', status: 500 },
    ]);
  });

  it('counts a breaker that opens', async () => {
    const { handler, journal, telemetry } = setup(() => answered(500));
    const ids = Array.from({ length: 10 }, (_, index) => `evt_${index}`);
    journal.add(...ids.map((id) => makeEvent({ id })));
    const messages = ids.map((eventId) => makeMessage({ eventId }));
    await handler(sqsEvent(...messages.map((message) => ({ body: JSON.stringify(message) }))), context());
    expect(telemetry.counts[METRICS.breakersOpened]).toBe(1);
  });

  it('makes one record of statistics for a batch, though one attempt ends late', async () => {
    const { handler, journal, counted } = setup();
    journal.add(makeSubscription({ id: subscriptionId(2) }), makeEvent({ id: 'evt_2' }));
    const messages = [{}, { eventId: 'evt_2' }, { subscriptionId: subscriptionId(2) }].map(makeMessage);
    await handler(sqsEvent(...messages.map((message) => ({ body: JSON.stringify(message) }))), context());
    const ofSubscription = (number: number, success: number) => ({
      tenantId: 'acme',
      subscriptionId: subscriptionId(number),
      counters: expect.objectContaining({ success }),
    });
    expect(counted).toMatchObject([{ at: NOW, counted: [ofSubscription(1, 2), ofSubscription(2, 1)] }]);
  });

  it('acknowledges what could not be counted, and says what was lost', async () => {
    const stats = new MemoryStats();
    stats.putRecord = async () => {
      throw new Error('throttled');
    };
    const { handler, telemetry } = setup(() => answered(200), stats);
    expect(await handler(sqsEvent({ body: JSON.stringify(makeMessage()) }), context())).toEqual({
      batchItemFailures: [],
    });
    expect(telemetry.lines.join()).toContain('statistics were lost');
  });

  it('makes no record where there is nothing to count', async () => {
    const { handler, counted } = setup();
    await handler(sqsEvent({ body: JSON.stringify(makeMessage({ subscriptionId: subscriptionId(9) })) }), context());
    expect(counted).toEqual([]);
  });

  it('counts nothing if it keeps no statistics', async () => {
    const { handler, requests } = setup(() => answered(200), null);
    await handler(sqsEvent({ body: JSON.stringify(makeMessage()) }), context());
    expect(requests).toHaveLength(1);
  });

  it('logs no secret, no header, no body and no URL', async () => {
    const { handler, journal, telemetry } = setup();
    const secret = 'very-secret';
    journal.add(
      makeSubscription({
        url: `https://receiver.example/${secret}`,
        credentials: `user:${secret}`,
        headers: { 'X-Key': secret },
      }),
    );
    journal.before = (operation) => {
      if (operation === 'putSucceededDeliveries') throw new Error('the store is away');
    };
    await handler(sqsEvent({ body: JSON.stringify(makeMessage()) }), context());
    expect(telemetry.lines.join()).toContain('could not be handled');
    expect(telemetry.lines.join()).not.toMatch(/very-secret|whsec_|9007199254740993/);
  });

  it('fails as a whole when nothing can be read', async () => {
    const { handler, journal } = setup();
    journal.before = () => {
      throw new Error('the store is away');
    };
    await expect(handler(sqsEvent({ body: JSON.stringify(makeMessage()) }), context())).rejects.toThrow(
      'the store is away',
    );
  });
});
