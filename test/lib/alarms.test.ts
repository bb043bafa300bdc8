import { readFileSync } from 'node:fs';
import { App, Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { describe, expect, test } from 'vitest';
import { ALARM_NAMES, ALARMS, type AlarmName, runbookAnchor } from '../../lib/alarm-list.ts';
import { Posthorn } from '../../lib/posthorn.ts';
import { plainValue, posthornStack, propertiesOf, synthesize, templateOnly } from './synthesize.ts';

const ALARM = 'AWS::CloudWatch::Alarm';

interface SeenAlarm {
  id: string;
  description: string;
  properties: Record<string, unknown>;
  /** Of each metric: its name, and the table, function or the like that it is of. */
  watched: string[];
}

function alarms(template = synthesize()): SeenAlarm[] {
  return Object.entries(propertiesOf(template, ALARM)).map(([id, properties]) => {
    const metrics: unknown[] = Array.isArray(properties.Metrics)
      ? properties.Metrics.flatMap(({ MetricStat }) => (MetricStat ? [MetricStat.Metric] : []))
      : [properties];
    return { id, description: String(properties.AlarmDescription), properties, watched: metrics.map(watchedOf) };
  });
}

function watchedOf(metric: unknown): string {
  const { MetricName, Dimensions = [] } = Object(metric);
  const dimensions: { Name: string; Value: unknown }[] = Dimensions;
  const of = dimensions.find(({ Name }) => Name === 'TableName') ?? dimensions[0];
  return of ? `${MetricName} of ${plainValue(of.Value)}` : MetricName;
}

function alarmsNamed(name: AlarmName, template = synthesize()): SeenAlarm[] {
  return alarms(template).filter(({ description }) => description.endsWith(`#${runbookAnchor(name)}`));
}

const FUNCTIONS = ['Api', 'Console', 'Deliver', 'Ingest', 'Jobs', 'Sweep'];
const ofFunctions = (metric: string) => FUNCTIONS.map((name) => `${metric} of Posthorn${name}FunctionLambda`);
const throttleEvents = (table: string, count: number) =>
  Array.from({ length: count }, () =>
    ['Read', 'Write'].map((kind) => `${kind}ThrottleEvents of PosthornStorage${table}`),
  ).flat();

/** What each alarm watches, and when it goes off. A further alarm has to be added here. */
const EXPECTED: Record<AlarmName, { watched: string[]; threshold?: number; statistic?: string }> = {
  canary: { watched: ['CanaryRoundTrip of posthorn-canary'], threshold: 60_000, statistic: 'Maximum' },
  serverErrorsOfTheApi: { watched: ['5xx of PosthornGatewayApi'], threshold: 0, statistic: 'Sum' },
  lateFirstAttempts: { watched: ['FirstAttemptDelay of posthorn-deliver'], threshold: 60_000, statistic: 'p99' },
  overdueDeliveries: { watched: ['OldestOverdue of posthorn-sweep'], threshold: 900, statistic: 'Maximum' },
  successRatio: {
    watched: ['AttemptsSucceeded of posthorn-deliver', 'ReceiverLatency of posthorn-deliver'],
    threshold: 50,
  },
  sweepNotRunning: { watched: ['Invocations of PosthornSweepFunctionLambda'], threshold: 3, statistic: 'Sum' },
  throttles: { watched: ofFunctions('Throttles'), threshold: 0, statistic: 'Sum' },
  accountConcurrency: { watched: ['ClaimedAccountConcurrency'], threshold: 80 },
  slowFunctions: { watched: ofFunctions('Duration'), statistic: 'p99' },
  throttledTables: { watched: [...throttleEvents('Catalog', 2), ...throttleEvents('Journal', 3)], threshold: 0 },
  errorsOfApi: { watched: ['Errors of PosthornApiFunctionLambda'], threshold: 0, statistic: 'Sum' },
  errorsOfIngest: { watched: ['Errors of PosthornIngestFunctionLambda'], threshold: 0, statistic: 'Sum' },
  errorsOfDeliver: { watched: ['Errors of PosthornDeliverFunctionLambda'], threshold: 0, statistic: 'Sum' },
  errorsOfSweep: { watched: ['Errors of PosthornSweepFunctionLambda'], threshold: 0, statistic: 'Sum' },
  errorsOfJobs: { watched: ['Errors of PosthornJobsFunctionLambda'], threshold: 0, statistic: 'Sum' },
  errorsOfConsole: { watched: ['Errors of PosthornConsoleFunctionLambda'], threshold: 0, statistic: 'Sum' },
  ageOfEvents: { watched: ['ApproximateAgeOfOldestMessage of PosthornQueuesEventsQueue.QueueName'], threshold: 900 },
  ageOfDeliveries: {
    watched: ['ApproximateAgeOfOldestMessage of PosthornQueuesDeliveriesQueue.QueueName'],
    threshold: 900,
  },
  ageOfRetries: {
    watched: ['ApproximateAgeOfOldestMessage of PosthornQueuesRetriesQueue.QueueName'],
    threshold: 2_700,
  },
  ageOfJobs: { watched: ['ApproximateAgeOfOldestMessage of PosthornQueuesJobsQueue.QueueName'], threshold: 2_700 },
  retriesInFlight: {
    watched: ['ApproximateNumberOfMessagesNotVisible of PosthornQueuesRetriesQueue.QueueName'],
    threshold: 80_000,
    statistic: 'Maximum',
  },
  deadLettersOfEvents: {
    watched: ['ApproximateNumberOfMessagesVisible of PosthornQueuesEventsDeadLetters.QueueName'],
    threshold: 0,
    statistic: 'Maximum',
  },
  deadLettersOfDeliveries: {
    watched: ['ApproximateNumberOfMessagesVisible of PosthornQueuesDeliveriesDeadLetters.QueueName'],
    threshold: 0,
  },
  deadLettersOfRetries: {
    watched: ['ApproximateNumberOfMessagesVisible of PosthornQueuesRetriesDeadLetters.QueueName'],
    threshold: 0,
  },
  deadLettersOfJobs: {
    watched: ['ApproximateNumberOfMessagesVisible of PosthornQueuesJobsDeadLetters.QueueName'],
    threshold: 0,
  },
  interruptedDeliveries: { watched: ['DeliveriesInterrupted of posthorn-deliver'], threshold: 0, statistic: 'Sum' },
  lostAuditRecords: { watched: ['AuditRecordsLost of posthorn-api'], threshold: 0, statistic: 'Sum' },
  failedJobs: { watched: ['JobsFailed of posthorn-jobs'], threshold: 0, statistic: 'Sum' },
  rejectedEvents: { watched: ['EventsRejected of posthorn-ingest'], threshold: 0, statistic: 'Sum' },
  exhaustedDeliveries: { watched: ['DeliveriesExhausted of posthorn-deliver'], threshold: 100, statistic: 'Sum' },
};

describe.each(ALARM_NAMES)('the alarm %s', (name) => {
  const { severity, goesOff, periodsOfThree, whenMissing } = ALARMS[name];

  test('watches what it is for', () => {
    const found = alarmsNamed(name);
    const { watched, threshold, statistic } = EXPECTED[name];
    expect(found.flatMap((one) => one.watched).sort()).toEqual([...watched].sort());
    for (const { properties } of found) {
      if (threshold !== undefined) expect(properties.Threshold).toBe(threshold);
      if (statistic !== undefined) expect(properties.Statistic ?? properties.ExtendedStatistic).toBe(statistic);
    }
  });

  test('says how severe it is, and goes off when the list says', () => {
    const found = alarmsNamed(name);
    expect(found.length).toBeGreaterThan(0);
    for (const { description, properties } of found) {
      expect(description).toMatch(new RegExp(`^\\[${severity}\\] .+\\. See docs/runbook\\.md#`));
      expect(description).not.toMatch(/[{}]/);
      expect(properties).toMatchObject({
        ComparisonOperator: goesOff === 'below' ? 'LessThanThreshold' : 'GreaterThanThreshold',
        EvaluationPeriods: periodsOfThree ? 3 : 1,
        DatapointsToAlarm: periodsOfThree ?? 1,
        TreatMissingData: whenMissing ?? 'notBreaching',
      });
    }
  });
});

test('each alarm is on the list', () => {
  const listed = ALARM_NAMES.flatMap((name) => alarmsNamed(name));
  expect(listed.map(({ id }) => id).sort()).toEqual(
    alarms()
      .map(({ id }) => id)
      .sort(),
  );
});

test('a function is slow at 80 % of its own timeout', () => {
  const thresholds = alarmsNamed('slowFunctions').map(({ watched, properties }) => [
    watched[0]?.slice('Duration of Posthorn'.length),
    properties.Threshold,
  ]);
  expect(Object.fromEntries(thresholds)).toEqual({
    ApiFunctionLambda: 23_200,
    ConsoleFunctionLambda: 8_000,
    DeliverFunctionLambda: 24_000,
    IngestFunctionLambda: 24_000,
    JobsFunctionLambda: 48_000,
    SweepFunctionLambda: 44_000,
  });
});

test('a sweep that does not run is missed, although it says nothing', () => {
  expect(alarmsNamed('sweepNotRunning')).toMatchObject([
    { properties: { ComparisonOperator: 'LessThanThreshold', TreatMissingData: 'breaching' } },
  ]);
});

test('the ratio of successes counts only among many attempts, and concurrency goes by the account’s quota', () => {
  const expressionOf = (name: AlarmName, template = synthesize()) =>
    JSON.stringify(alarmsNamed(name, template)[0]?.properties.Metrics);
  expect(expressionOf('successRatio')).toContain('"IF(attempts >= 100, 100 * succeeded / attempts, 100)"');
  expect(alarmsNamed('successRatio')[0]?.properties.Metrics).toContainEqual(
    expect.objectContaining({
      Id: 'attempts',
      MetricStat: {
        Metric: expect.objectContaining({ MetricName: 'ReceiverLatency' }),
        Period: 300,
        Stat: 'SampleCount',
      },
    }),
  );
  expect(expressionOf('accountConcurrency')).toContain('"100 * claimed / 1000"');
  expect(expressionOf('accountConcurrency', synthesize({ accountConcurrency: 10 }))).toContain('"100 * claimed / 10"');
});

describe('a company', () => {
  test('moves a threshold by its alarm’s name', () => {
    const moved = synthesize({ alarmThresholds: { ageOfEvents: 120, slowFunctions: 50, successRatio: 90 } });
    expect(alarmsNamed('ageOfEvents', moved)).toMatchObject([
      { properties: { Threshold: 120 }, description: expect.stringContaining('more than 120 seconds') },
    ]);
    expect(alarmsNamed('successRatio', moved)).toMatchObject([{ properties: { Threshold: 90 } }]);
    expect(alarmsNamed('slowFunctions', moved).map(({ properties }) => properties.Threshold)).toContain(14_500);
    expect(alarmsNamed('ageOfDeliveries', moved)).toMatchObject([{ properties: { Threshold: 900 } }]);
    const fromContext = synthesize(undefined, { alarmThresholds: '{"ageOfEvents": 120}' });
    expect(alarmsNamed('ageOfEvents', fromContext)).toMatchObject([{ properties: { Threshold: 120 } }]);
  });

  test.each([
    [{ successRatio: 100 }, 'alarmThresholds.successRatio: must be a whole number from 1 to 99, but is 100'],
    [{ retriesInFlight: 120_000 }, 'alarmThresholds.retriesInFlight: must be a whole number from 1000 to 119000'],
    [{ ageOfEvents: 1.5 }, 'alarmThresholds.ageOfEvents: must be a whole number'],
  ])('is told at synth of a wrong one: %j', (alarmThresholds, message) => {
    expect(() => synthesize({ alarmThresholds })).toThrow(message);
  });

  test('is told at synth of a misspelt one', () => {
    expect(() => synthesize(undefined, { alarmThresholds: '{"ageOfEvent": 5}' })).toThrow(
      'alarmThresholds.ageOfEvent: there is no such setting',
    );
  });

  test('reads the runbook where it keeps it', () => {
    const template = synthesize({ runbookUrl: 'https://wiki.example.com/posthorn' });
    expect(alarmsNamed('failedJobs', template)).toMatchObject([
      { description: expect.stringMatching(/ See https:\/\/wiki\.example\.com\/posthorn#failed-jobs$/) },
    ]);
    expect(() => synthesize({ runbookUrl: 'wiki' })).toThrow('runbookUrl: must be an http or https URL, but is "wiki"');
  });
});

describe('without a topic', () => {
  const warnings = (stack: Stack) =>
    Annotations.fromStack(stack).findWarning('*', Match.stringLikeRegexp('No one is told of alarms'));

  test('no one is told, and the synthesis warns', () => {
    expect(alarms().some(({ properties }) => 'AlarmActions' in properties)).toBe(false);
    expect(warnings(posthornStack())).toHaveLength(1);
  });

  test('with one it does not warn', () => {
    expect(warnings(posthornStack({ alarmTopic: topic('alarms') }))).toEqual([]);
  });
});

function topic(name: string) {
  return Topic.fromTopicArn(new Stack(new App()), 'Topic', `arn:aws:sns:eu-central-1:111122223333:${name}`);
}

test('a topic is told of each alarm and of its end; warnings can have one of their own', () => {
  const [pager, inbox] = [topic('pager'), topic('inbox')];
  const told = (template: ReturnType<typeof synthesize>) =>
    Object.groupBy(alarms(template), ({ properties }) =>
      JSON.stringify([properties.AlarmActions, properties.OKActions]),
    );
  const all = told(synthesize({ alarmTopic: pager }));
  expect(Object.keys(all)).toEqual([JSON.stringify([[pager.topicArn], [pager.topicArn]])]);
  const apart = told(synthesize({ alarmTopic: pager, warningTopic: inbox }));
  for (const [severity, { topicArn }] of [['critical', pager] as const, ['warning', inbox] as const]) {
    const group = apart[JSON.stringify([[topicArn], [topicArn]])] ?? [];
    expect(group.length).toBeGreaterThan(0);
    expect(group.filter(({ description }) => !description.startsWith(`[${severity}]`))).toEqual([]);
  }
});

function readDoc(name: string): string {
  return readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8');
}

test('each alarm has a heading of its own in the runbook, and each heading of an alarm its alarm', () => {
  const [, section = ''] = readDoc('runbook.md').split(/^## Alarms$/m);
  const headings = [...(section.split(/^## /m)[0] ?? '').matchAll(/^### (.+)$/gm)].map(([, heading = '']) =>
    heading.toLowerCase().replaceAll(' ', '-'),
  );
  expect(headings.sort()).toEqual(ALARM_NAMES.map(runbookAnchor).sort());
});

test('docs/watching.md lists each alarm as it is', () => {
  const rows = readDoc('watching.md').matchAll(
    /^\| \[`(\w+)`\]\((.*?)\) +\| (\w+) +\| (.*?) +\| (.*?) +\| (.*?) +\|$/gm,
  );
  const number = (value: number) => value.toLocaleString('en');
  expect([...rows].map(([, ...cells]) => cells)).toEqual(
    ALARM_NAMES.map((name) => {
      const { severity, threshold, unit, goesOff = 'above' } = ALARMS[name];
      const range = `${number(threshold.min)} to ${number(threshold.max)}`;
      const anchor = `runbook.md#${runbookAnchor(name)}`;
      return [name, anchor, severity, `${goesOff} ${number(threshold.default)}`, unit, range];
    }),
  );
});

test('two deployments in one account emit into namespaces of their own, which their alarms watch', () => {
  const app = new App(templateOnly());
  const stacks = ['Payroll', 'Billing'].map((id) => {
    const stack = new Stack(app, id);
    new Posthorn(stack, 'Webhooks');
    return stack;
  });
  const namespaces = stacks.map((stack) => {
    const template = Template.fromStack(stack);
    const emitted = Object.values(propertiesOf(template, 'AWS::Lambda::Function')).map(
      ({ Environment }) => Object(Environment).Variables.POWERTOOLS_METRICS_NAMESPACE,
    );
    const [rejected] = alarmsNamed('rejectedEvents', template);
    return [...new Set([...emitted, rejected?.properties.Namespace])];
  });
  expect(namespaces).toEqual([
    [expect.stringMatching(/^Posthorn\/Payroll-Webhooks-/)],
    [expect.stringMatching(/^Posthorn\/Billing-Webhooks-/)],
  ]);
});

test('docs/watching.md says what the alarms cost', () => {
  const metrics = alarms().reduce((sum, { watched }) => sum + watched.length, 0);
  expect(readDoc('watching.md')).toMatch(
    new RegExp(`alarms: ${metrics} metrics watched, at \\$0.10 +\\| ${(metrics / 10).toFixed(2)} `),
  );
});
