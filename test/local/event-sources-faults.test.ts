import { expect, it } from 'vitest';
import type { AwsCall } from '../../functions/adapters/aws/calls.ts';
import { startPoller } from '../../local/resources/event-sources.ts';
import { SOON } from './soon.ts';

const MAPPING = {
  queueUrl: 'http://127.0.0.1/queue',
  queueArn: 'arn:aws:sqs:eu-central-1:000000000000:queue',
  functionName: 'deliver',
  batchSize: 10,
  maxConcurrency: 1,
};
const ATTRIBUTES = {
  ApproximateReceiveCount: '1',
  SentTimestamp: '1',
  SenderId: 'AIDA',
  ApproximateFirstReceiveTimestamp: '1',
};
const MESSAGES = [{ MessageId: 'one', ReceiptHandle: 'handle', Body: '{}', Attributes: ATTRIBUTES }];

// The emulator refuses neither of these calls.
it('says that receiving failed, and that deleting failed, and goes on', async () => {
  const received = [new Error('no connection'), { Messages: MESSAGES }, { Messages: MESSAGES }];
  const deleted = [new Error('throttled')];
  let deletions = 0;
  const sqs: AwsCall = async (operation) => {
    if (operation === 'DeleteMessageBatch') deletions += 1;
    else await new Promise((resolve) => setTimeout(resolve, 10));
    const answer = (operation === 'DeleteMessageBatch' ? deleted : received).shift() ?? {};
    if (answer instanceof Error) throw answer;
    return answer;
  };
  const said: string[] = [];
  const invoked: unknown[] = [];
  const poller = startPoller({
    mapping: MAPPING,
    sqs,
    invoke: async (name) => {
      invoked.push(name);
    },
    say: (line) => said.push(line),
  });
  await expect.poll(() => deletions, SOON).toBe(2);
  await poller.stop();
  expect(said).toEqual(['Receiving for deliver failed: no connection', 'A batch of deliver failed: throttled']);
  expect(invoked).toEqual(['deliver', 'deliver']);
});
