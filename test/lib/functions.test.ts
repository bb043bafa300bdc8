import { Duration } from 'aws-cdk-lib';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { describe, expect, test } from 'vitest';
import { plainValue, propertiesOf, synthesize } from './synthesize.ts';

const FUNCTION = 'AWS::Lambda::Function';

const TABLES = { CATALOG_TABLE: 'PosthornStorageCatalog', JOURNAL_TABLE: 'PosthornStorageJournal' };
const RECEIVERS = {
  ALLOWED_PRIVATE_RANGES: '',
  ALLOWED_PORTS: '',
  DENIED_RANGES: '',
  ALLOW_HTTP: 'false',
  ATTEMPT_TIMEOUT_SECONDS: '15',
};

describe.each([
  {
    name: 'Api',
    size: { MemorySize: 1024, Timeout: 29 },
    environment: {
      ...TABLES,
      ...RECEIVERS,
      EVENTS_QUEUE_URL: 'PosthornQueuesEventsQueue',
      DELIVERIES_QUEUE_URL: 'PosthornQueuesDeliveriesQueue',
      RETRIES_QUEUE_URL: 'PosthornQueuesRetriesQueue',
      EVENTS_DEAD_LETTERS_URL: 'PosthornQueuesEventsDeadLetters',
      DELIVERIES_DEAD_LETTERS_URL: 'PosthornQueuesDeliveriesDeadLetters',
      RETRIES_DEAD_LETTERS_URL: 'PosthornQueuesRetriesDeadLetters',
      JOBS_DEAD_LETTERS_URL: 'PosthornQueuesJobsDeadLetters',
      JOBS_QUEUE_URL: 'PosthornQueuesJobsQueue',
      ADMIN_SECRET_ARN: 'PosthornKeysAdmin',
      KMS_KEY_ARN: 'PosthornKeysEncryption.Arn',
      EVENT_TYPES: 'open',
      DEFAULT_PROFILE: 'standard',
      COMPATIBILITY: '',
      MAX_SUBSCRIPTIONS_PER_TENANT: '1000',
      JOURNAL_RETENTION_DAYS: '30',
      AUDIT_RETENTION_DAYS: '400',
      COMMIT: 'unknown',
      STATS_RETENTION_DAYS: '90',
    },
  },
  {
    name: 'Ingest',
    size: { MemorySize: 512, Timeout: 30 },
    environment: {
      ...TABLES,
      SYSTEM_EVENTS_BUS: '',
      JOBS_QUEUE_URL: 'PosthornQueuesJobsQueue',
      DELIVERIES_QUEUE_URL: 'PosthornQueuesDeliveriesQueue',
      RETRIES_QUEUE_URL: 'PosthornQueuesRetriesQueue',
      EVENT_TYPES: 'open',
      JOURNAL_RETENTION_DAYS: '30',
    },
  },
  {
    name: 'Deliver',
    size: { MemorySize: 512, Timeout: 30 },
    environment: {
      ...TABLES,
      ...RECEIVERS,
      EVENTS_QUEUE_URL: 'PosthornQueuesEventsQueue',
      DELIVERIES_QUEUE_URL: 'PosthornQueuesDeliveriesQueue',
      RETRIES_QUEUE_URL: 'PosthornQueuesRetriesQueue',
      RETRIES_QUEUE_ARN: 'PosthornQueuesRetriesQueue.Arn',
      JOBS_QUEUE_URL: 'PosthornQueuesJobsQueue',
      KMS_KEY_ARN: 'PosthornKeysEncryption.Arn',
      JOURNAL_RETENTION_DAYS: '30',
      STATS_RETENTION_DAYS: '90',
      MAX_QUEUE_WAIT_SECONDS: '120',
      DISABLE_AFTER_DAYS: '5',
      UV_THREADPOOL_SIZE: '16',
    },
  },
  {
    name: 'Sweep',
    size: { MemorySize: 1769, Timeout: 55 },
    environment: {
      JOURNAL_TABLE: TABLES.JOURNAL_TABLE,
      RETRIES_QUEUE_URL: 'PosthornQueuesRetriesQueue',
      JOBS_QUEUE_URL: 'PosthornQueuesJobsQueue',
      STATS_RETENTION_DAYS: '90',
    },
  },
  {
    name: 'Jobs',
    size: { MemorySize: 512, Timeout: 60 },
    environment: {
      ...TABLES,
      EVENTS_QUEUE_URL: 'PosthornQueuesEventsQueue',
      RETRIES_QUEUE_URL: 'PosthornQueuesRetriesQueue',
      JOBS_QUEUE_URL: 'PosthornQueuesJobsQueue',
      JOURNAL_RETENTION_DAYS: '30',
    },
  },
  {
    name: 'Console',
    size: { MemorySize: 1024, Timeout: 10 },
    environment: {
      CONSOLE_SETTINGS:
        '{"companyName":null,"logoUrl":null,"accentColor":null,"profiles":[],"pages":["add","deliveries","replay","settings","security","test","events","publish"],"frameAncestors":[],"signIn":null,"defaultProfile":"standard"}',
    },
  },
  {
    name: 'Canary',
    size: { MemorySize: 256, Timeout: 25 },
    environment: {
      API_URL: 'PosthornGatewayApi.ApiEndpoint',
      ADMIN_SECRET_ARN: 'PosthornKeysAdmin',
      EVENT_TYPES: 'open',
    },
  },
])('function $name', ({ name, size, environment }) => {
  const id = `Posthorn${name}FunctionLambda`;

  test('runs on Node 24 and arm64, in its default size', () => {
    const properties = propertiesOf(synthesize(), FUNCTION)[id];
    expect(properties).toMatchObject({
      ...size,
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      Handler: 'index.handler',
    });
    // Lambda would stop a chain of invocations through their own queues.
    const chained = ['Deliver', 'Jobs'].includes(name);
    expect(properties?.RecursiveLoop).toBe(chained ? 'Allow' : undefined);
  });

  test('knows what it needs and no more', () => {
    const { Variables } = Object(propertiesOf(synthesize(), FUNCTION)[id]?.Environment);
    const plain = Object.entries(Variables).map(([key, value]) => [key, plainValue(value)]);
    expect(Object.fromEntries(plain)).toEqual({
      ...environment,
      POWERTOOLS_SERVICE_NAME: `posthorn-${name.toLowerCase()}`,
      POWERTOOLS_METRICS_NAMESPACE: expect.stringMatching(/^Posthorn\/Posthorn-/),
      POWERTOOLS_LOG_LEVEL: 'INFO',
    });
  });

  test('logs to a group of its own, for as long as was asked', () => {
    const template = synthesize({ logRetention: RetentionDays.ONE_YEAR });
    const { LogGroup } = Object(propertiesOf(template, FUNCTION)[id]?.LoggingConfig);
    expect(plainValue(LogGroup)).toBe(`Posthorn${name}FunctionLogs`);
    expect(propertiesOf(template, 'AWS::Logs::LogGroup')[plainValue(LogGroup)]).toMatchObject({ RetentionInDays: 365 });
  });

  test("logs its own lines from INFO on, as which lines of metrics count, and of Lambda's those of failures", () => {
    const { LoggingConfig } = Object(propertiesOf(synthesize({ logLevel: 'ERROR' }), FUNCTION)[id]);
    expect(LoggingConfig).toMatchObject({ LogFormat: 'JSON', ApplicationLogLevel: 'INFO', SystemLogLevel: 'WARN' });
  });
});

test('what is tuned reaches the functions', () => {
  const functions = propertiesOf(
    synthesize({
      eventTypes: 'strict',
      journalRetention: Duration.days(90),
      attemptTimeout: Duration.seconds(10),
      maxQueueWait: Duration.minutes(5),
      disableAfter: Duration.days(7),
      allowedPrivateRanges: ['10.20.0.0/16', 'fd00::/8'],
      allowedPorts: [443, 8443],
      allowHttp: true,
      logLevel: 'DEBUG',
      functions: { deliver: { memorySize: 1024, reservedConcurrency: 250 }, sweep: { timeout: Duration.seconds(30) } },
    }),
    FUNCTION,
  );
  expect(functions.PosthornDeliverFunctionLambda).toMatchObject({
    MemorySize: 1024,
    ReservedConcurrentExecutions: 250,
    Timeout: 25,
    Environment: {
      Variables: {
        JOURNAL_RETENTION_DAYS: '90',
        ATTEMPT_TIMEOUT_SECONDS: '10',
        MAX_QUEUE_WAIT_SECONDS: '300',
        DISABLE_AFTER_DAYS: '7',
        ALLOWED_PRIVATE_RANGES: '10.20.0.0/16,fd00::/8',
        ALLOWED_PORTS: '443,8443',
        ALLOW_HTTP: 'true',
        POWERTOOLS_LOG_LEVEL: 'DEBUG',
      },
    },
    LoggingConfig: { ApplicationLogLevel: 'DEBUG' },
  });
  expect(functions.PosthornIngestFunctionLambda).toMatchObject({
    Environment: { Variables: { EVENT_TYPES: 'strict' } },
  });
  expect(functions.PosthornSweepFunctionLambda).toMatchObject({ Timeout: 30 });
});

test.each([
  [1_000, { Api: 200, Sweep: 1 }, [50, 200, 50, 10]],
  [400, { Api: 80, Sweep: 1 }, [20, 80, 20, 4]],
  [10, {}, [2, 2, 2, 2]],
  [10_000, { Api: 200, Sweep: 1 }, [50, 200, 50, 10]],
])(
  'of a concurrency of %d the functions reserve, and the event sources may take, no more than this',
  (accountConcurrency, reserved, limits) => {
    const template = synthesize({ accountConcurrency });
    const functions = Object.entries(propertiesOf(template, FUNCTION)).flatMap(
      ([id, { ReservedConcurrentExecutions }]) =>
        ReservedConcurrentExecutions === undefined
          ? []
          : [[id.replace(/^Posthorn|FunctionLambda$/g, ''), ReservedConcurrentExecutions]],
    );
    expect(Object.fromEntries(functions)).toEqual(reserved);
    const sources = Object.values(propertiesOf(template, 'AWS::Lambda::EventSourceMapping'));
    expect(sources.map(({ ScalingConfig }) => Object(ScalingConfig).MaximumConcurrency)).toEqual(limits);
  },
);

test('a sweep that failed or could not run is not repeated: the next one comes', () => {
  const template = synthesize();
  const configs = Object.values(propertiesOf(template, 'AWS::Lambda::EventInvokeConfig'));
  expect(configs).toMatchObject([{ MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 60 }]);
  expect(configs.map(({ FunctionName }) => plainValue(FunctionName))).toEqual(['PosthornSweepFunctionLambda']);
  template.hasResourceProperties('AWS::Events::Rule', {
    Targets: [{ RetryPolicy: { MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 60 } }],
  });
});

/** What runs when. */
function schedules(template: ReturnType<typeof synthesize>): unknown[] {
  return Object.values(propertiesOf(template, 'AWS::Events::Rule')).flatMap(
    ({ ScheduleExpression, State, Targets }) => {
      expect(State).toBe('ENABLED');
      const targets: { Arn: unknown }[] = Array.isArray(Targets) ? Targets : [];
      return targets.map(({ Arn }) => [plainValue(Arn), ScheduleExpression]);
    },
  );
}

test('sweep runs every minute, the canary every five', () => {
  expect(schedules(synthesize())).toEqual([
    ['PosthornSweepFunctionLambda.Arn', 'rate(1 minute)'],
    ['PosthornCanaryFunctionLambda.Arn', 'rate(5 minutes)'],
  ]);
});

test('the canary can be left out', () => {
  for (const without of [synthesize({ canary: false }), synthesize(undefined, { canary: 'false' })]) {
    expect(schedules(without)).toEqual([['PosthornSweepFunctionLambda.Arn', 'rate(1 minute)']]);
    expect(Object.keys(propertiesOf(without, FUNCTION))).not.toContain('PosthornCanaryFunctionLambda');
    expect(JSON.stringify(without.toJSON())).not.toMatch(/canary/i);
  }
});

test('X-Ray traces only if it is asked to', () => {
  const tracing = (template: ReturnType<typeof synthesize>) =>
    new Set(Object.values(propertiesOf(template, FUNCTION)).map(({ TracingConfig }) => Object(TracingConfig).Mode));
  expect(tracing(synthesize())).toEqual(new Set([undefined]));
  expect(tracing(synthesize({ xrayTracing: true }))).toEqual(new Set(['Active']));
});
