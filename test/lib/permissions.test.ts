import { expect, test } from 'vitest';
import { plainName, plainValue, propertiesOf, synthesize } from './synthesize.ts';

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [value];
}

/** Each function's grants as `action on resource`, without those for its log group. */
function grants(): Record<string, string[]> {
  const policies = Object.entries(propertiesOf(synthesize(), 'AWS::IAM::Policy'));
  return Object.fromEntries(
    policies.map(([id, { PolicyDocument }]) => {
      const lines = list(Object(PolicyDocument).Statement).flatMap((statement) => {
        const { Action, Resource, Effect } = Object(statement);
        expect(Effect).toBe('Allow');
        return list(Resource).flatMap((resource) =>
          list(Action).map((action) => `${action} on ${plainValue(resource)}`),
        );
      });
      return [plainName(id).replace(/^Posthorn|FunctionRoleDefaultPolicy$/g, ''), lines.sort()];
    }),
  );
}

function each(resource: string, actions: string): string[] {
  return actions.split(' ').map((action) => `${action} on ${resource}`);
}

const dynamodb = (resource: string, ...actions: string[]) =>
  actions.map((action) => `dynamodb:${action} on PosthornStorage${resource}`);
const logs = (name: string) => each(`Posthorn${name}FunctionLogs.Arn`, 'logs:CreateLogStream logs:PutLogEvents');
const send = (queue: string) => each(`PosthornQueues${queue}Queue.Arn`, 'sqs:SendMessage');
const consume = (queue: string) =>
  each(`PosthornQueues${queue}Queue.Arn`, 'sqs:DeleteMessage sqs:GetQueueAttributes sqs:ReceiveMessage');
const hide = (queue: string) => each(`PosthornQueues${queue}Queue.Arn`, 'sqs:ChangeMessageVisibility');
const SINGLE = ['DeleteItem', 'GetItem', 'PutItem', 'Query', 'UpdateItem'];
const ALL = ['BatchGetItem', 'BatchWriteItem', ...SINGLE];

test.each([
  [
    'Api',
    [
      ...dynamodb('Catalog.Arn', ...SINGLE),
      ...dynamodb('Journal.Arn', ...ALL),
      ...dynamodb('Catalog.Arn/index/list', 'Query'),
      ...dynamodb('Journal.Arn/index/list', 'Query'),
      ...dynamodb('Journal.Arn/index/due', 'Query'),
      ...['Events', 'Deliveries', 'Retries', 'Jobs'].flatMap((queue) => [
        ...send(queue),
        ...each(`PosthornQueues${queue}Queue.Arn`, 'sqs:GetQueueAttributes'),
        ...each(`PosthornQueues${queue}DeadLetters.Arn`, 'sqs:DeleteMessage sqs:GetQueueAttributes sqs:ReceiveMessage'),
      ]),
      ...each('PosthornKeysAdmin', 'secretsmanager:GetSecretValue'),
      ...each('PosthornKeysEncryption.Arn', 'kms:Decrypt kms:GenerateDataKey'),
    ],
  ],
  [
    'Ingest',
    [
      ...dynamodb('Catalog.Arn', 'BatchGetItem', 'GetItem', 'PutItem', 'Query'),
      ...dynamodb('Journal.Arn', 'BatchGetItem', 'BatchWriteItem', 'GetItem', 'PutItem', 'Query', 'UpdateItem'),
      ...consume('Events'),
      ...send('Jobs'),
      ...send('Deliveries'),
      ...send('Retries'),
    ],
  ],
  [
    'Deliver',
    [
      ...dynamodb('Catalog.Arn', 'BatchGetItem', 'DeleteItem', 'GetItem', 'UpdateItem'),
      ...dynamodb('Journal.Arn', 'BatchGetItem', 'BatchWriteItem', 'GetItem', 'PutItem', 'UpdateItem'),
      ...dynamodb('Journal.Arn/index/list', 'Query'),
      ...consume('Deliveries'),
      ...consume('Retries'),
      ...hide('Deliveries'),
      ...hide('Retries'),
      ...send('Events'),
      ...send('Retries'),
      ...send('Jobs'),
      ...each('PosthornKeysEncryption.Arn', 'kms:Decrypt'),
    ],
  ],
  [
    'Sweep',
    [
      ...dynamodb('Journal.Arn/index/due', 'Query'),
      ...dynamodb('Journal.Arn', 'GetItem', 'Query', 'UpdateItem'),
      ...send('Retries'),
      ...send('Jobs'),
    ],
  ],
  ['Canary', each('PosthornKeysAdmin', 'secretsmanager:GetSecretValue')],
  [
    'Jobs',
    [
      ...dynamodb('Catalog.Arn', 'DeleteItem', 'GetItem', 'Query'),
      ...dynamodb('Journal.Arn', ...ALL, 'Scan'),
      ...dynamodb('Catalog.Arn/index/list', 'Query'),
      ...dynamodb('Journal.Arn/index/list', 'Query'),
      ...consume('Jobs'),
      ...send('Events'),
      ...send('Retries'),
      ...send('Jobs'),
    ],
  ],
])('%s may do exactly this', (name, expected) => {
  expect(grants()[name]).toEqual([...expected, ...logs(name)].sort());
});

test('no role has a policy from elsewhere, and no grant has a wildcard', () => {
  const template = synthesize();
  for (const role of Object.values(propertiesOf(template, 'AWS::IAM::Role')))
    expect(role).not.toHaveProperty('ManagedPolicyArns');
  const policies = JSON.stringify(propertiesOf(template, 'AWS::IAM::Policy'));
  expect(policies).toContain('dynamodb:GetItem');
  expect(policies).not.toContain('*');
});

test.each(['Api', 'Deliver'])('%s may use the key for what is bound to this application only', (name) => {
  const policy = propertiesOf(synthesize(), 'AWS::IAM::Policy')[`Posthorn${name}FunctionRoleDefaultPolicy`];
  const statements = list(Object(policy?.PolicyDocument).Statement).filter((statement) =>
    JSON.stringify(Object(statement).Action).includes('kms:'),
  );
  expect(statements).toMatchObject([{ Condition: { StringEquals: { 'kms:EncryptionContext:app': 'posthorn' } } }]);
});
