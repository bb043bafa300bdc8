import { Duration } from 'aws-cdk-lib';
import { Match } from 'aws-cdk-lib/assertions';
import { expect, test } from 'vitest';
import type { PosthornProps } from '../../lib/posthorn-props.ts';
import { posthornStack, propertiesOf, synthesize } from './synthesize.ts';

test('settings come as text, as `-c key=value` gives them', () => {
  const template = synthesize(
    {},
    {
      eventTypes: 'strict',
      defaultProfile: 'peopleforce',
      journalRetentionDays: '60',
      statsRetentionDays: '0',
      journalPointInTimeRecovery: 'true',
      logRetentionDays: '7',
      attemptTimeoutSeconds: '5',
      allowHttp: 'true',
      allowedPorts: '443, 8443',
      allowedPrivateRanges: '10.0.0.0/8,fd00::/8',
      firstAttemptsMaxConcurrency: '10',
      publishers: 'arn:aws:iam::111122223333:role/a,arn:aws:iam::111122223333:role/b',
      publisherAccounts: '444455556666',
      eventBusName: 'hr',
      eventPattern: '{"source":["hr"]}',
      alarmTopicArn: 'arn:aws:sns:eu-central-1:111122223333:alarms',
      functions: '{"deliver":{"memoryMiB":1024}}',
    },
  );
  expect(propertiesOf(template, 'AWS::Lambda::Function').PosthornDeliverFunctionLambda).toMatchObject({
    MemorySize: 1024,
    Timeout: 20,
    Environment: {
      Variables: {
        JOURNAL_RETENTION_DAYS: '60',
        STATS_RETENTION_DAYS: '0',
        ALLOW_HTTP: 'true',
        ALLOWED_PORTS: '443,8443',
        ALLOWED_PRIVATE_RANGES: '10.0.0.0/8,fd00::/8',
      },
    },
  });
  expect(propertiesOf(template, 'AWS::Lambda::Function').PosthornIngestFunctionLambda).toMatchObject({
    Environment: { Variables: { EVENT_TYPES: 'strict' } },
  });
  expect(propertiesOf(template, 'AWS::Lambda::Function').PosthornApiFunctionLambda).toMatchObject({
    Environment: { Variables: { DEFAULT_PROFILE: 'peopleforce' } },
  });
  template.allResourcesProperties('AWS::Logs::LogGroup', { RetentionInDays: 7 });
  template.hasResourceProperties('AWS::Lambda::EventSourceMapping', { ScalingConfig: { MaximumConcurrency: 10 } });
  template.hasResourceProperties('AWS::Events::Rule', { EventBusName: 'hr', EventPattern: { source: ['hr'] } });
  template.allResourcesProperties('AWS::CloudWatch::Alarm', {
    AlarmActions: ['arn:aws:sns:eu-central-1:111122223333:alarms'],
  });
  template.hasResourceProperties('AWS::SQS::QueuePolicy', {
    PolicyDocument: {
      Statement: Match.arrayWith([
        Match.objectLike({
          Effect: 'Allow',
          Principal: {
            AWS: ['arn:aws:iam::111122223333:role/a', 'arn:aws:iam::111122223333:role/b', Match.anyValue()],
          },
        }),
      ]),
    },
  });
});

test('settings come typed, as cdk.json gives them', () => {
  const template = synthesize({}, { allowedPorts: [443], allowHttp: false, throttleRate: 7 });
  expect(propertiesOf(template, 'AWS::Lambda::Function').PosthornApiFunctionLambda).toMatchObject({
    Environment: { Variables: { ALLOWED_PORTS: '443', ALLOW_HTTP: 'false' } },
  });
  template.hasResourceProperties('AWS::ApiGatewayV2::Stage', { DefaultRouteSettings: { ThrottlingRateLimit: 7 } });
});

test('overrides go before settings, and leave the others', () => {
  const template = synthesize({ eventTypes: 'open' }, { eventTypes: 'strict', journalRetentionDays: 11 });
  expect(propertiesOf(template, 'AWS::Lambda::Function').PosthornIngestFunctionLambda).toMatchObject({
    Environment: { Variables: { EVENT_TYPES: 'open', JOURNAL_RETENTION_DAYS: '11' } },
  });
});

test('the stack is protected as long as its tables are', () => {
  expect(posthornStack().terminationProtection).toBe(true);
  expect(posthornStack({}, { removalPolicy: 'destroy' }).terminationProtection).toBe(false);
});

test.each([
  ['eventTypes', 'closed', 'eventTypes: must be one of open, strict, but is "closed"'],
  ['defaultProfile', 'Not a name', 'defaultProfile: must be the name of a profile'],
  ['maxSubscriptionsPerTenant', '0', 'maxSubscriptionsPerTenant: must be a whole number from 1 to 100000, but is 0'],
  ['compatibility', 'keypay,acme', 'compatibility.1: must be one of keypay, staffology'],
  ['journalRetentionDays', '3', 'journalRetentionDays: must be a whole number from 10 to 3650, but is 3'],
  ['journalRetentionDays', 'long', 'journalRetentionDays: must be a whole number from 10 to 3650, but is "long"'],
  ['journalRetentionDays', '', 'journalRetentionDays: must be a whole number from 10 to 3650, but is ""'],
  ['journalRetentionDays', '7.5', 'journalRetentionDays: must be a whole number'],
  ['auditRetentionDays', '29', 'auditRetentionDays: must be a whole number from 30 to 3650, but is 29'],
  [
    'journalRetentionDays',
    '401',
    'auditRetentionDays: is 400, but must not be less than journalRetentionDays, which is 401',
  ],
  ['statsRetentionDays', '-1', 'statsRetentionDays: must be a whole number from 0 to 3650, but is -1'],
  ['journalPointInTimeRecovery', 'yes', 'journalPointInTimeRecovery: must be true or false, but is "yes"'],
  ['logRetentionDays', '31', 'logRetentionDays: must be one that CloudWatch Logs knows: 1, 3, 5, 7,'],
  ['logLevel', 'LOUD', 'logLevel: must be one of DEBUG, INFO, WARN, ERROR'],
  ['removalPolicy', 'snapshot', 'removalPolicy: must be one of retain, destroy'],
  ['attemptTimeoutSeconds', '21', 'attemptTimeoutSeconds: must be a whole number from 1 to 20'],
  ['attemptTimeoutSeconds', true, 'attemptTimeoutSeconds: must be a whole number from 1 to 20'],
  ['disableAfterDays', '0', 'disableAfterDays: must be a whole number from 1 to 365, but is 0'],
  ['maxQueueWaitSeconds', '901', 'maxQueueWaitSeconds: must be a whole number from 0 to 900'],
  ['ingestMaxConcurrency', '1', 'ingestMaxConcurrency: must be a whole number from 2 to 1000'],
  ['firstAttemptsMaxConcurrency', '1001', 'firstAttemptsMaxConcurrency: must be a whole number from 2 to 1000'],
  ['retriesMaxConcurrency', '0', 'retriesMaxConcurrency: must be a whole number from 2 to 1000'],
  ['accountConcurrency', '9', 'accountConcurrency: must be a whole number from 10 to 1000000'],
  [
    'firstAttemptsMaxConcurrency',
    '700',
    'accountConcurrency: is 1000, but event sources and the other functions may take 1011',
  ],
  [
    'functions',
    '{"console":{"reservedConcurrency":400},"canary":{"reservedConcurrency":90}}',
    'accountConcurrency: is 1000, but event sources and the other functions may take 1001',
  ],
  ['functions', '{"api":{"reservedConcurrency":900}}', 'of which the functions reserve 901, but Lambda keeps 100'],
  ['allowedPrivateRanges', '10.0.0.0/8,10.0.0.1', 'allowedPrivateRanges.1: must be a CIDR block'],
  ['allowedPrivateRanges', 5, 'allowedPrivateRanges: must be a list'],
  ['allowedPorts', '443,0', 'allowedPorts.1: must be a whole number from 1 to 65535'],
  [
    'allowedPorts',
    '8443',
    'allowedPorts: must have 443, by which the canary gets its events back: add it, or set canary',
  ],
  ['allowHttp', 'no', 'allowHttp: must be true or false, but is "no"'],
  ['throttleRate', '0', 'throttleRate: must be a whole number from 1'],
  ['throttleBurst', '-1', 'throttleBurst: must be a whole number from 1'],
  ['publishers', 'hr-role', 'publishers.0: must be an ARN'],
  [
    'publishers',
    'arn:aws:lambda:eu-central-1:111122223333:function:hr',
    'must be an ARN of a role, a user or an account',
  ],
  ['publisherAccounts', '444455556666,4444', 'publisherAccounts.1: must be the 12 digits of an AWS account'],
  ['alarmTopicArn', 'alarms', 'alarmTopicArn: must be an ARN of sns'],
  ['alarmTopicArn', 'arn:aws:sqs:eu-central-1:111122223333:alarms', 'alarmTopicArn: must be an ARN of sns'],
  ['warningTopicArn', 'arn:aws:sqs:eu-central-1:111122223333:alarms', 'warningTopicArn: must be an ARN of sns'],
  ['dataKey', 'arn:aws:kms:eu-central-1:111122223333:alias/hooks', 'dataKey: must be new, or the ARN of a key'],
  ['eventPattern', 'hr', 'eventPattern: must be an EventBridge pattern'],
  ['eventBusName', 'hr', 'eventBus and eventPattern together'],
  ['functions', '{"api":{"memoryMiB":64}}', 'functions.api.memoryMiB: must be a whole number from 128 to 10240'],
  ['functions', '{"api":{"timeoutSeconds":30}}', 'functions.api.timeoutSeconds: must be a whole number from 15 to 29'],
  ['functions', '{"api":{"timeoutSeconds":19}}', 'must exceed attemptTimeoutSeconds by 5 or more'],
  [
    'functions',
    '{"jobs":{"timeoutSeconds":14}}',
    'functions.jobs.timeoutSeconds: must be a whole number from 15 to 240',
  ],
  ['functions', '{"deliver":{"timeoutSeconds":60}}', 'functions.deliver.timeoutSeconds: there is no such setting'],
  ['functions', '{"delivery":{}}', 'functions.delivery: there is no such setting'],
  ['functions', '{"ingest":{"reservedConcurrency":49}}', 'is 49, but its event sources may ask for 50'],
  ['functions', '{"deliver":{"reservedConcurrency":249}}', 'is 249, but its event sources may ask for 250'],
  ['catalog', 'strict', 'catalog: there is no such setting'],
])('-c %s=%s is refused, by name', (key, value, message) => {
  expect(() => posthornStack({}, { [key]: value })).toThrow(message);
});

test.each<[string, PosthornProps, string]>([
  ['journalRetention', { journalRetention: Duration.days(1) }, 'journalRetentionDays: must be'],
  ['statsRetention', { statsRetention: Duration.days(4_000) }, 'statsRetentionDays: must be'],
  ['attemptTimeout', { attemptTimeout: Duration.seconds(21) }, 'attemptTimeoutSeconds: must be'],
  ['maxQueueWait', { maxQueueWait: Duration.hours(1) }, 'maxQueueWaitSeconds: must be'],
  ['retries', { retries: { maxConcurrency: 1 } }, 'retriesMaxConcurrency: must be'],
  ['allowedPorts', { allowedPorts: [70_000] }, 'allowedPorts.0: must be'],
  ['functions', { functions: { sweep: { timeout: Duration.seconds(56) } } }, 'functions.sweep.timeoutSeconds: must be'],
])('the prop %s is checked as the setting is', (_, props, message) => {
  expect(() => posthornStack(props)).toThrow(message);
});

const ranges = (count: number) => Array.from({ length: count }, (_, index) => `10.${index}.128.0/20`).join(',');

test('more than Lambda takes as variables of a function is refused, and the longest of them is named', () => {
  expect(() => posthornStack({}, { allowedPrivateRanges: ranges(100) })).not.toThrow();
  expect(() => posthornStack({}, { allowedPrivateRanges: ranges(170) })).toThrow(
    /The function api would have about 4\d{3} bytes of environment variables, .*4096.* ALLOWED_PRIVATE_RANGES/,
  );
  const signIn = { issuer: 'https://id.example.com', clientId: 'c', adminValues: Array(100).fill('g'.repeat(36)) };
  expect(() => posthornStack({}, { console: { signIn } })).toThrow(/The function api .* SIGN_IN/);
});

test('without the canary, receivers may be kept from port 443', () => {
  expect(() => posthornStack({}, { allowedPorts: '8443', canary: 'false' })).not.toThrow();
});

test('every wrong value is named at once', () => {
  const build = () => posthornStack({}, { allowHttp: 'no', catalog: 'strict' });
  expect(build).toThrow('allowHttp: must be true or false');
  expect(build).toThrow('catalog: there is no such setting');
});
