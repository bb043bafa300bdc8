import { expect, test } from 'vitest';
import { synthesize } from './synthesize.ts';

const STATEFUL = ['AWS::DynamoDB::GlobalTable', 'AWS::KMS::Key', 'AWS::SecretsManager::Secret', 'AWS::SQS::Queue'];

/** Another logical id makes CloudFormation replace the resource: a deployed company would find its tables empty. */
test('what holds state keeps its logical id', () => {
  const template = synthesize();
  const ids = STATEFUL.flatMap((type) => Object.keys(template.findResources(type)));
  expect(ids).toEqual([
    'PosthornStorageCatalog7895986D',
    'PosthornStorageJournalC23F4384',
    'PosthornKeysEncryptionDB7AFC78',
    'PosthornKeysAdmin93D48DA4',
    'PosthornQueuesEventsDeadLetters9D2C0408',
    'PosthornQueuesEventsQueue526843B7',
    'PosthornQueuesDeliveriesDeadLetters4D17383A',
    'PosthornQueuesDeliveriesQueue7066DED9',
    'PosthornQueuesRetriesDeadLetters096497DF',
    'PosthornQueuesRetriesQueueBCA97051',
    'PosthornQueuesJobsDeadLetters60ACACA2',
    'PosthornQueuesJobsQueue703057CC',
  ]);
});

/** The runner for one machine reads the template, and stops at a type that it does not know. */
test('the stack is made of plain resources of these types', () => {
  const types = new Set(Object.values(synthesize().toJSON().Resources).map((resource) => Object(resource).Type));
  expect([...types].sort()).toEqual([
    'AWS::ApiGatewayV2::Api',
    'AWS::ApiGatewayV2::Integration',
    'AWS::ApiGatewayV2::Route',
    'AWS::ApiGatewayV2::Stage',
    'AWS::CloudWatch::Alarm',
    'AWS::CloudWatch::Dashboard',
    'AWS::DynamoDB::GlobalTable',
    'AWS::Events::Rule',
    'AWS::IAM::Policy',
    'AWS::IAM::Role',
    'AWS::KMS::Key',
    'AWS::Lambda::EventInvokeConfig',
    'AWS::Lambda::EventSourceMapping',
    'AWS::Lambda::Function',
    'AWS::Lambda::Permission',
    'AWS::Logs::LogGroup',
    'AWS::Logs::QueryDefinition',
    'AWS::SQS::Queue',
    'AWS::SQS::QueuePolicy',
    'AWS::SecretsManager::Secret',
  ]);
});
