import { Template } from 'aws-cdk-lib/assertions';
import { AccountPrincipal } from 'aws-cdk-lib/aws-iam';
import { expect, test } from 'vitest';
import { posthornStack, propertiesOf, synthesize } from './synthesize.ts';

const ARN = 'arn:aws:sqs:eu-central-1:111122223333:';
const queues = Object.fromEntries(
  ['events', 'deliveries', 'retries', 'jobs'].map((name) => [
    name,
    { queueArn: `${ARN}old-${name}`, deadLettersArn: `${ARN}old-${name}-dead` },
  ]),
);
const ADOPT = {
  catalogTableName: 'restored-catalog',
  journalTableName: 'restored-journal',
  encryptionKeyArn: 'arn:aws:kms:eu-central-1:111122223333:key/old',
  adminKeySecretArn: 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:old-AbCdEf',
  queues,
};

test('what is adopted is not made', () => {
  const template = synthesize({}, { adopt: JSON.stringify(ADOPT) });
  for (const type of ['DynamoDB::GlobalTable', 'KMS::Key', 'SecretsManager::Secret', 'SQS::Queue'])
    template.resourceCountIs(`AWS::${type}`, 0);
});

test('the functions are told what is adopted, and may use it as they may use the stack’s own', () => {
  const template = synthesize({ adopt: ADOPT });
  const { Variables } = Object(propertiesOf(template, 'AWS::Lambda::Function').PosthornApiFunctionLambda?.Environment);
  expect(Variables).toMatchObject({
    CATALOG_TABLE: 'restored-catalog',
    JOURNAL_TABLE: 'restored-journal',
    KMS_KEY_ARN: ADOPT.encryptionKeyArn,
    ADMIN_SECRET_ARN: ADOPT.adminKeySecretArn,
  });
  expect(JSON.stringify(Variables.JOBS_DEAD_LETTERS_URL)).toContain('/111122223333/old-jobs-dead');
  const sources = Object.values(propertiesOf(template, 'AWS::Lambda::EventSourceMapping'));
  expect(sources.map(({ EventSourceArn }) => EventSourceArn)).toEqual(
    ['events', 'deliveries', 'retries', 'jobs'].map((name) => `${ARN}old-${name}`),
  );
  const policies = JSON.stringify(propertiesOf(template, 'AWS::IAM::Policy'));
  for (const used of ['restored-catalog', 'restored-journal/index/due', 'secret:old', 'key/old', 'old-jobs-dead'])
    expect(policies).toContain(used);
});

test('one thing alone is adopted, and the rest is made under its logical id', () => {
  const template = synthesize({ adopt: { journalTableName: 'restored-journal' } });
  expect(Object.keys(template.findResources('AWS::DynamoDB::GlobalTable'))).toEqual(['PosthornStorageCatalog7895986D']);
  template.resourceCountIs('AWS::SQS::Queue', 8);
});

test('an adopted queue gets the policies that went with its stack', () => {
  const template = synthesize({ adopt: ADOPT, publishers: [new AccountPrincipal('444455556666')] });
  const policies = Object.values(propertiesOf(template, 'AWS::SQS::QueuePolicy'));
  expect(policies).toHaveLength(8);
  for (const { PolicyDocument } of policies)
    expect(PolicyDocument).toMatchObject({
      Statement: expect.arrayContaining([
        expect.objectContaining({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
      ]),
    });
  const sending = policies.filter(({ PolicyDocument }) => JSON.stringify(PolicyDocument).includes('sqs:SendMessage'));
  expect(sending.map(({ Queues }) => JSON.stringify(Queues))).toEqual([expect.stringContaining('old-events')]);
});

test('EventBridge may send to an adopted queue, and to its dead letters', () => {
  const template = synthesize({ adopt: ADOPT }, { eventBusName: 'hr', eventPattern: { source: ['hr'] } });
  const byEventBridge = Object.values(propertiesOf(template, 'AWS::SQS::QueuePolicy')).filter(({ PolicyDocument }) =>
    JSON.stringify(PolicyDocument).includes('events.amazonaws.com'),
  );
  expect(byEventBridge).toHaveLength(2);
  for (const { PolicyDocument } of byEventBridge)
    expect(PolicyDocument).toMatchObject({
      Statement: expect.arrayContaining([
        expect.objectContaining({
          Action: 'sqs:SendMessage',
          Principal: { Service: 'events.amazonaws.com' },
          Condition: { ArnEquals: { 'aws:SourceArn': expect.anything() } },
        }),
      ]),
    });
});

test('two deployments at one bus of an account have statements of different names', () => {
  const context = { eventBusName: 'hr', eventPattern: { source: ['hr'] }, publisherAccounts: '444455556666' };
  const ids = ['one', 'two'].map((stackName) => {
    const template = Template.fromStack(posthornStack({}, { ...context, stackName }));
    return Object.values(propertiesOf(template, 'AWS::Events::EventBusPolicy')).map(({ StatementId }) => StatementId);
  });
  expect(ids.flat()).toHaveLength(2);
  expect(new Set(ids.flat()).size).toBe(2);
});

test.each([
  [{ catalogTableName: 'no table' }, 'adopt.catalogTableName: must be the name of a table'],
  [{ encryptionKeyArn: ADOPT.adminKeySecretArn }, 'adopt.encryptionKeyArn: must be the ARN of a key'],
  [
    { encryptionKeyArn: 'arn:aws:kms:eu-central-1:111122223333:alias/hooks' },
    'adopt.encryptionKeyArn: must be the ARN of a key',
  ],
  [{ queues: { events: { queueArn: queues.events?.queueArn } } }, 'adopt.queues.events.deadLettersArn: must be an ARN'],
  [{ journal: 'x' }, 'adopt.journal: there is no such setting'],
])('%j is refused', (adopt, message) => {
  expect(() => posthornStack({}, { adopt })).toThrow(message);
});
