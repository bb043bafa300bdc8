import { Duration } from 'aws-cdk-lib';
import { describe, expect, test } from 'vitest';
import { plainValue, propertiesOf, synthesize } from './synthesize.ts';

const DAY = 24 * 60 * 60;

describe.each([
  { name: 'Events', consumer: 'Ingest', maxReceiveCount: 20 },
  { name: 'Deliveries', consumer: 'Deliver', maxReceiveCount: 50 },
  { name: 'Retries', consumer: 'Deliver', maxReceiveCount: 200 },
  { name: 'Jobs', consumer: 'Jobs', maxReceiveCount: 20 },
])('queue $name', ({ name, consumer, maxReceiveCount }) => {
  const id = `PosthornQueues${name}`;

  test('keeps messages for a week, encrypted, and polls long', () => {
    expect(propertiesOf(synthesize(), 'AWS::SQS::Queue')[`${id}Queue`]).toMatchObject({
      MessageRetentionPeriod: 7 * DAY,
      SqsManagedSseEnabled: true,
      ReceiveMessageWaitTimeSeconds: 20,
    });
  });

  test('has a dead-letter queue of its own, which keeps messages for longer', () => {
    const queues = propertiesOf(synthesize(), 'AWS::SQS::Queue');
    expect(queues[`${id}Queue`]?.RedrivePolicy).toMatchObject({ maxReceiveCount });
    const { deadLetterTargetArn } = Object(queues[`${id}Queue`]?.RedrivePolicy);
    expect(plainValue(deadLetterTargetArn)).toBe(`${id}DeadLetters.Arn`);
    expect(queues[`${id}DeadLetters`]).toMatchObject({ MessageRetentionPeriod: 14 * DAY, SqsManagedSseEnabled: true });
  });

  test.each([
    { tuned: 'by default', props: {} },
    {
      tuned: 'when timeouts are tuned',
      props: { attemptTimeout: Duration.seconds(20), functions: { ingest: { timeout: Duration.seconds(100) } } },
    },
  ])('hides a message for six times its function’s timeout $tuned', ({ props }) => {
    const template = synthesize(props);
    const timeout = propertiesOf(template, 'AWS::Lambda::Function')[`Posthorn${consumer}FunctionLambda`]?.Timeout;
    expect(propertiesOf(template, 'AWS::SQS::Queue')[`${id}Queue`]?.VisibilityTimeout).toBe(6 * Number(timeout));
  });

  test.each(['Queue', 'DeadLetters'])('%s refuses what comes without TLS', (part) => {
    const policies = Object.values(propertiesOf(synthesize(), 'AWS::SQS::QueuePolicy'));
    const policy = policies.find(({ Queues }) => Array.isArray(Queues) && plainValue(Queues[0]) === `${id}${part}`);
    expect(policy).toMatchObject({
      PolicyDocument: {
        Statement: [{ Effect: 'Deny', Action: 'sqs:*', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }],
      },
    });
  });
});

test('there are four queues, each with its dead-letter queue, and no more', () => {
  synthesize().resourceCountIs('AWS::SQS::Queue', 8);
});

test('no queue belongs to two functions’ work: each event source reads another', () => {
  const sources = Object.values(propertiesOf(synthesize(), 'AWS::Lambda::EventSourceMapping')).map((mapping) => [
    plainValue(mapping.EventSourceArn),
    plainValue(mapping.FunctionName),
    mapping.BatchSize,
    mapping.FunctionResponseTypes,
    mapping.ScalingConfig,
  ]);
  const partial = ['ReportBatchItemFailures'];
  expect(sources).toEqual([
    ['PosthornQueuesEventsQueue.Arn', 'PosthornIngestFunctionLambda', 10, partial, { MaximumConcurrency: 50 }],
    ['PosthornQueuesDeliveriesQueue.Arn', 'PosthornDeliverFunctionLambda', 10, partial, { MaximumConcurrency: 200 }],
    ['PosthornQueuesRetriesQueue.Arn', 'PosthornDeliverFunctionLambda', 10, partial, { MaximumConcurrency: 50 }],
    ['PosthornQueuesJobsQueue.Arn', 'PosthornJobsFunctionLambda', 1, partial, { MaximumConcurrency: 10 }],
  ]);
});

test('each event source has a concurrency of its own to tune', () => {
  const template = synthesize({
    accountConcurrency: 2000,
    ingest: { maxConcurrency: 2 },
    firstAttempts: { maxConcurrency: 1000 },
    retries: { maxConcurrency: 3 },
    jobs: { maxConcurrency: 4 },
  });
  const limits = Object.values(propertiesOf(template, 'AWS::Lambda::EventSourceMapping'));
  expect(limits.map(({ ScalingConfig }) => ScalingConfig)).toEqual([
    { MaximumConcurrency: 2 },
    { MaximumConcurrency: 1000 },
    { MaximumConcurrency: 3 },
    { MaximumConcurrency: 4 },
  ]);
});
