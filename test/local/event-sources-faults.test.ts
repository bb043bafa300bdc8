import { DeleteMessageBatchCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { mockClient } from 'aws-sdk-client-mock';
import { expect, it } from 'vitest';
import { startPoller } from '../../local/resources/event-sources.ts';
import { SOON } from './soon.ts';

const MAPPING = {
  queueUrl: 'http://127.0.0.1/queue',
  queueArn: 'arn:aws:sqs:eu-central-1:000000000000:queue',
  functionName: 'deliver',
  batchSize: 10,
  maxConcurrency: 1,
};
const MESSAGES = [{ MessageId: 'one', ReceiptHandle: 'handle', Body: '{}' }];

// The emulator refuses neither of these calls.
it('says that receiving failed, and that deleting failed, and goes on', async () => {
  const sqs = mockClient(SQSClient);
  sqs
    .on(ReceiveMessageCommand)
    .rejectsOnce(new Error('no connection'))
    .resolvesOnce({ Messages: MESSAGES })
    .resolvesOnce({ Messages: MESSAGES })
    .callsFake(() => new Promise((resolve) => setTimeout(resolve, 10, {})));
  sqs.on(DeleteMessageBatchCommand).rejectsOnce(new Error('throttled')).resolves({});
  const said: string[] = [];
  const invoked: unknown[] = [];
  const poller = startPoller({
    mapping: MAPPING,
    sqs: new SQSClient({ region: 'eu-central-1' }),
    invoke: async (name) => {
      invoked.push(name);
    },
    say: (line) => said.push(line),
  });
  await expect.poll(() => sqs.commandCalls(DeleteMessageBatchCommand).length, SOON).toBe(2);
  await poller.stop();
  expect(said).toEqual(['Receiving for deliver failed: no connection', 'A batch of deliver failed: throttled']);
  expect(invoked).toEqual(['deliver', 'deliver']);
  sqs.restore();
});
