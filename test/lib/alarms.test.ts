import { readFileSync } from 'node:fs';
import { App, Stack } from 'aws-cdk-lib';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { expect, test } from 'vitest';
import { plainValue, propertiesOf, synthesize } from './synthesize.ts';

const ALARM = 'AWS::CloudWatch::Alarm';

function alarms() {
  return Object.values(propertiesOf(synthesize(), ALARM)).map((alarm) => {
    const dimensions: { Value: unknown }[] = Array.isArray(alarm.Dimensions) ? alarm.Dimensions : [];
    return { ...alarm, watched: dimensions.map(({ Value }) => plainValue(Value))[0] };
  });
}

test.each(['Events', 'Deliveries', 'Retries'])('one dead letter of %s is an alarm', (queue) => {
  expect(alarms()).toContainEqual(
    expect.objectContaining({
      watched: `PosthornQueues${queue}DeadLetters.QueueName`,
      MetricName: 'ApproximateNumberOfMessagesVisible',
      ComparisonOperator: 'GreaterThanThreshold',
      Threshold: 0,
      EvaluationPeriods: 1,
      TreatMissingData: 'notBreaching',
    }),
  );
});

test.each(['Api', 'Ingest', 'Deliver', 'Sweep'])('%s failing again and again is an alarm', (name) => {
  expect(alarms()).toContainEqual(
    expect.objectContaining({
      watched: `Posthorn${name}FunctionLambda`,
      MetricName: 'Errors',
      Statistic: 'Sum',
      Threshold: 0,
      EvaluationPeriods: 3,
      DatapointsToAlarm: 2,
    }),
  );
});

test.each(['Events', 'Deliveries'])('an old message of %s is an alarm', (queue) => {
  expect(alarms()).toContainEqual(
    expect.objectContaining({
      watched: `PosthornQueues${queue}Queue.QueueName`,
      MetricName: 'ApproximateAgeOfOldestMessage',
      Threshold: 900,
    }),
  );
});

test('retries in flight are an alarm well before SQS falls silent', () => {
  expect(alarms()).toContainEqual(
    expect.objectContaining({
      watched: 'PosthornQueuesRetriesQueue.QueueName',
      MetricName: 'ApproximateNumberOfMessagesNotVisible',
      Threshold: 80_000,
    }),
  );
});

test('server errors of the API are an alarm', () => {
  expect(alarms()).toContainEqual(
    expect.objectContaining({ watched: 'PosthornGatewayApi', MetricName: '5xx', Statistic: 'Sum', Threshold: 0 }),
  );
});

test('a record that is missing in the audit trail is an alarm', () => {
  expect(alarms()).toContainEqual(
    expect.objectContaining({
      watched: 'posthorn-api',
      MetricName: 'AuditRecordsLost',
      Statistic: 'Sum',
      Threshold: 0,
    }),
  );
});

test('each alarm has a heading of its own in the runbook, and each heading of an alarm its alarm', () => {
  const anchors = alarms().map(
    (alarm) => /docs\/runbook\.md#([a-z-]+)$/.exec(String(Object(alarm).AlarmDescription))?.[1],
  );
  const runbook = readFileSync(new URL('../../docs/runbook.md', import.meta.url), 'utf8');
  const [, section = ''] = runbook.split(/^## Alarms$/m);
  const headings = [...(section.split(/^## /m)[0] ?? '').matchAll(/^### (.+)$/gm)].map(([, heading = '']) =>
    heading.toLowerCase().replaceAll(' ', '-'),
  );
  expect(anchors).toHaveLength(17);
  expect([...anchors].sort()).toEqual(headings.sort());
});

test('alarms notify no one unless a topic is given, and then of their end as well', () => {
  expect(alarms().some((alarm) => 'AlarmActions' in alarm)).toBe(false);
  const topic = Topic.fromTopicArn(new Stack(new App()), 'Topic', 'arn:aws:sns:eu-central-1:111122223333:alarms');
  synthesize({ alarmTopic: topic }).allResourcesProperties(ALARM, {
    AlarmActions: [topic.topicArn],
    OKActions: [topic.topicArn],
  });
});
