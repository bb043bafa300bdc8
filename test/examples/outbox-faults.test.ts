import { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { DynamoDBRecord } from 'aws-lambda';
import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, afterEach, expect, it } from 'vitest';
import { createOutboxHandler } from '../../examples/outbox/dynamodb-streams.ts';

// The emulator takes every call whole.
const sqs = mockClient(SQSClient);
afterEach(() => sqs.reset());
// It stands in the class itself, which the files after this one use.
afterAll(() => sqs.restore());
const handle = createOutboxHandler(new SQSClient({ region: 'eu-central-1' }), 'http://127.0.0.1/events');

const text = (S: string) => ({ S });
/** More than one call takes. */
const Records = Array.from({ length: 12 }, (_, index): DynamoDBRecord => {
  return {
    eventName: 'INSERT',
    dynamodb: {
      SequenceNumber: String(100 + index),
      Keys: { pk: text(`OUTBOX#e${index}`) },
      NewImage: {
        tenantId: text('acme'),
        type: text('a.b'),
        occurredAt: text('2026-11-26T08:00:00Z'),
        data: text('{}'),
      },
    },
  };
});
const took = (...ids: number[]) => ({
  Successful: ids.map((id) => ({ Id: String(id), MessageId: `m${id}`, MD5OfMessageBody: '' })),
  Failed: [],
});

it('has the stream handed out again whole when a call fails, also after others', async () => {
  sqs
    .on(SendMessageBatchCommand)
    .resolvesOnce(took(0, 1, 2, 3, 4, 5, 6, 7, 8, 9))
    .rejectsOnce(new Error('throttled'));
  await expect(handle({ Records })).rejects.toThrow('throttled');
  expect(sqs.commandCalls(SendMessageBatchCommand)).toHaveLength(2);
});

it('has the stream handed out again from the first that a call did not take, also if later ones were taken', async () => {
  sqs
    .on(SendMessageBatchCommand)
    .resolvesOnce(took(0, 1, 2, 4, 5, 6, 7, 8, 9))
    .resolvesOnce(took(0, 1));
  expect(await handle({ Records })).toEqual({ batchItemFailures: [{ itemIdentifier: '103' }] });
});

it('counts what an answer does not name as not taken', async () => {
  sqs
    .on(SendMessageBatchCommand)
    .resolvesOnce(took(0, 1, 2, 3, 4, 5, 6, 7, 8, 9))
    .resolvesOnce({ $metadata: {} });
  expect(await handle({ Records })).toEqual({ batchItemFailures: [{ itemIdentifier: '110' }] });
});

// SQS refuses such a message each time: the stream would stand still until it forgets what is behind it.
it.each([
  ['data with characters that SQS does not take', { data: text('"a\ufffe\uffff\u0001"') }, '"a\\ufffe\\uffff\\u0001"'],
  ['no tenant', { tenantId: { NULL: true } }, '{}'],
  ['a tenant that cannot be one', { tenantId: text('Müller & Co') }, '{}'],
])('sends %s so that SQS takes it, and Posthorn says what is wrong', async (_what, image, data) => {
  sqs.on(SendMessageBatchCommand).resolves(took(0));
  const [{ dynamodb, ...record } = {}] = Records;
  const NewImage = { ...dynamodb?.NewImage, ...image };
  await handle({ Records: [{ ...record, dynamodb: { ...dynamodb, NewImage } }] });
  const [entry] = sqs.commandCalls(SendMessageBatchCommand)[0]?.args[0].input.Entries ?? [];
  expect(entry?.MessageBody).toMatch(/^[\t\n\r\u0020-\ud7ff\ue000-\ufffd]*$/u);
  expect(entry?.MessageBody).toContain(`"data":${data}}`);
  expect(entry?.MessageGroupId).toBe('tenantId' in image ? undefined : 'acme');
});
