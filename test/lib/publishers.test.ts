import { App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { EventBus } from 'aws-cdk-lib/aws-events';
import { AccountPrincipal, ArnPrincipal } from 'aws-cdk-lib/aws-iam';
import { expect, test } from 'vitest';
import { FUNCTION_NAMES } from '../../functions/names.ts';
import { Posthorn } from '../../lib/posthorn.ts';
import type { PosthornProps } from '../../lib/posthorn-props.ts';
import { plainValue, posthornStack, propertiesOf, synthesize, templateOnly } from './synthesize.ts';

/** In an app that is not ours and knows nothing of our context. */
function elsewhere(props: (stack: Stack) => PosthornProps = () => ({})) {
  const stack = new Stack(new App(templateOnly()), 'Payroll');
  const posthorn = new Posthorn(stack, 'Webhooks', props(stack));
  return { stack, posthorn, template: () => Template.fromStack(stack) };
}

const root = (account: string) => ({
  'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, `:iam::${account}:root`]],
});

function sendersTo(template: Template, part: string): unknown[] {
  const policy = propertiesOf(template, 'AWS::SQS::QueuePolicy')[part];
  const statements: unknown = Object(policy?.PolicyDocument).Statement;
  return Array.isArray(statements) ? statements.filter(({ Effect }) => Effect === 'Allow') : [];
}

test('no other account may send to the events queue unless a prop says so', () => {
  expect(sendersTo(synthesize(), 'PosthornQueuesEventsQueuePolicy')).toEqual([]);
});

test('publishers may send to the events queue and do nothing else', () => {
  const template = synthesize({
    publishers: [new ArnPrincipal('arn:aws:iam::111122223333:role/hr'), new AccountPrincipal('444455556666')],
  });
  expect(sendersTo(template, 'PosthornQueuesEventsQueuePolicy')).toMatchObject([
    {
      Action: 'sqs:SendMessage',
      Principal: { AWS: [expect.stringContaining('role/hr'), expect.anything()] },
      Resource: { 'Fn::GetAtt': [expect.stringMatching(/^PosthornQueuesEventsQueue[0-9A-F]{8}$/), 'Arn'] },
    },
  ]);
  expect(sendersTo(template, 'PosthornQueuesDeliveriesQueuePolicy')).toEqual([]);
});

test('events of a bus come to the events queue, and to its dead letters when that fails', () => {
  const template = elsewhere((stack) => ({
    eventBus: EventBus.fromEventBusName(stack, 'Bus', 'hr'),
    eventPattern: { source: ['hr.employees'] },
  })).template();
  template.hasResourceProperties('AWS::Events::Rule', {
    EventBusName: 'hr',
    EventPattern: { source: ['hr.employees'] },
    Targets: [Match.objectLike({ Arn: Match.anyValue(), DeadLetterConfig: { Arn: Match.anyValue() } })],
  });
  const { Targets } = Object(propertiesOf(template, 'AWS::Events::Rule').WebhooksPublishersRule);
  expect(plainValue(Targets[0].Arn)).toBe('WebhooksQueuesEventsQueue.Arn');
  expect(plainValue(Targets[0].DeadLetterConfig.Arn)).toBe('WebhooksQueuesEventsDeadLetters.Arn');
  for (const part of ['Queue', 'DeadLetters'])
    expect(sendersTo(template, `WebhooksQueuesEvents${part}Policy`)).toMatchObject([
      {
        Principal: { Service: 'events.amazonaws.com' },
        Condition: { ArnEquals: { 'aws:SourceArn': expect.anything() } },
      },
    ]);
});

test('another account sends to the events queue, whose encryption needs no key of theirs', () => {
  const template = synthesize({ publisherAccounts: ['444455556666'] });
  expect(sendersTo(template, 'PosthornQueuesEventsQueuePolicy')).toMatchObject([
    { Action: 'sqs:SendMessage', Principal: { AWS: root('444455556666') } },
  ]);
  const queue = propertiesOf(template, 'AWS::SQS::Queue').PosthornQueuesEventsQueue;
  expect(queue).toMatchObject({ SqsManagedSseEnabled: true });
  expect(queue).not.toHaveProperty('KmsMasterKeyId');
  template.resourceCountIs('AWS::Events::EventBusPolicy', 0);
});

test('another account puts events on the bus, where another region’s rules can reach it', () => {
  const { template, stack } = elsewhere((stack) => ({
    publisherAccounts: ['444455556666', '777788889999'],
    eventBus: EventBus.fromEventBusName(stack, 'Bus', 'hr'),
    eventPattern: { source: ['hr.employees'] },
  }));
  const arn = stack.resolve(EventBus.fromEventBusName(stack, 'Same', 'hr').eventBusArn);
  const policies = Object.values(template().findResources('AWS::Events::EventBusPolicy')).map(
    ({ Properties }) => Properties,
  );
  expect(policies).toHaveLength(2);
  expect(policies.map(({ StatementId }) => StatementId)).toEqual(policies.map(({ Statement }) => Statement.Sid));
  expect(new Set(policies.map(({ StatementId }) => StatementId)).size).toBe(2);
  for (const { StatementId } of policies) expect(StatementId).toMatch(/^[A-Za-z0-9-_]{1,64}$/);
  expect(policies).toMatchObject(
    ['444455556666', '777788889999'].map((account) => ({
      EventBusName: 'hr',
      Statement: {
        Effect: 'Allow',
        Action: 'events:PutEvents',
        Principal: { AWS: root(account) },
        Resource: arn,
      },
    })),
  );
});

test('system events are put on a bus that a prop names, and on no other', () => {
  const { template, stack } = elsewhere((stack) => ({
    systemEventsBus: EventBus.fromEventBusName(stack, 'Bus', 'ops'),
  }));
  const arn = stack.resolve(EventBus.fromEventBusName(stack, 'Same', 'ops').eventBusArn);
  const { Environment } = Object(propertiesOf(template(), 'AWS::Lambda::Function').WebhooksIngestFunctionLambda);
  expect(Environment.Variables.SYSTEM_EVENTS_BUS).toEqual(arn);
  const allowed = Match.objectLike({ Effect: 'Allow', Action: 'events:PutEvents', Resource: arn });
  template().hasResourceProperties('AWS::IAM::Policy', {
    PolicyDocument: { Statement: Match.arrayWith([allowed]) },
  });
  expect(JSON.stringify(synthesize())).not.toContain('events:PutEvents');
});

test.each([
  ['of any source', { detailType: ['x'] }, true],
  ['of its own among others', { source: ['hr', 'posthorn'] }, true],
  ['whose sources begin as its own', { source: [{ prefix: 'post' }] }, true],
  ['of all sources but another', { source: [{ 'anything-but': 'hr' }] }, true],
  ['of all sources but one that begins otherwise', { source: [{ 'anything-but': { prefix: 'aws.' } }] }, true],
  ['of a source, or of one kind', { $or: [{ source: ['hr'] }, { 'detail-type': ['x'] }] }, true],
  ['of others', { source: ['hr'] }, false],
  ['of all sources but its own', { source: [{ 'anything-but': 'posthorn' }] }, false],
  ['of all sources but its own and another', { source: [{ 'anything-but': ['hr', 'posthorn'] }] }, false],
])('one bus for both ways, with events %s', (_, eventPattern, isRefused) => {
  const make = () =>
    posthornStack({}, { eventBusName: 'ops', systemEventsBusName: 'ops', eventPattern: JSON.stringify(eventPattern) });
  if (isRefused) expect(make).toThrow('would read its own system events');
  else expect(make).not.toThrow();
});

test('a bus without a pattern is refused', () => {
  expect(() => elsewhere((stack) => ({ eventBus: EventBus.fromEventBusName(stack, 'Bus', 'hr') }))).toThrow(
    'eventBus and eventPattern together',
  );
});

test('the construct stands in another app, more than once, and tells what it made', () => {
  const { stack, posthorn, template } = elsewhere();
  new Posthorn(stack, 'Second');
  template().resourceCountIs('AWS::Lambda::Function', 2 * FUNCTION_NAMES.length);
  const logs = Object.values(propertiesOf(template(), 'AWS::Logs::LogGroup'));
  const named = logs.flatMap(({ LogGroupName }) => (LogGroupName === undefined ? [] : [JSON.stringify(LogGroupName)]));
  expect(named).toHaveLength(2);
  expect(new Set(named).size).toBe(2);
  expect(plainValue(stack.resolve(posthorn.apiUrl))).toBe('WebhooksGatewayApi.ApiEndpoint');
  expect(plainValue(stack.resolve(posthorn.eventsQueueUrl))).toBe('WebhooksQueuesEventsQueue');
  expect(plainValue(stack.resolve(posthorn.eventsQueueArn))).toBe('WebhooksQueuesEventsQueue.Arn');
  expect(plainValue(stack.resolve(posthorn.adminKeySecretArn))).toBe('WebhooksKeysAdmin');
  expect(template().findOutputs('*')).toEqual({});
});
