import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Plan, readPlan } from '../../local/plan.ts';
import { resolveIntrinsics } from '../../local/template/intrinsics.ts';
import { synthesize } from '../lib/synthesize.ts';
import { synthesiseFixture } from './fixtures/app.ts';

interface Template {
  Resources: Record<string, { Type: string; Properties: Record<string, unknown>; Condition?: string }>;
}

const dir = mkdtempSync(join(tmpdir(), 'posthorn-template-'));
const context = {
  stackName: 'Fixture',
  assemblyDir: dir,
  sqsEndpoint: 'http://127.0.0.1:1',
  apiUrl: 'http://127.0.0.1:2',
};
let template: Template;
let plan: Plan;

beforeAll(async () => {
  template = (await synthesiseFixture()(dir, {})).content as Template;
  plan = readPlan(template, context);
}, 60_000);
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** A copy of the fixture's template in which the first resource of a type is changed. */
function changed(type: string, change: (resource: Template['Resources'][string]) => void): Template {
  const copy = structuredClone(template);
  const resource = Object.values(copy.Resources).find((candidate) => candidate.Type === type);
  if (!resource) throw new Error(`The fixture has no ${type}`);
  change(resource);
  return copy;
}

describe('a template of CDK', () => {
  test('becomes queues with their redrive, and tables with indexes and time to live', () => {
    const [queue] = plan.queues.filter(({ properties }) => properties.RedrivePolicy);
    const [deadLetters] = plan.queues.filter(({ properties }) => !properties.RedrivePolicy);
    expect(queue?.properties).toMatchObject({
      VisibilityTimeout: 30,
      RedrivePolicy: JSON.stringify({
        deadLetterTargetArn: `arn:aws:sqs:us-east-1:000000000000:${deadLetters?.name}`,
        maxReceiveCount: 5,
      }),
    });
    expect(plan.tables).toMatchObject([
      {
        name: expect.stringMatching(/^Fixture-Table/),
        properties: {
          GlobalSecondaryIndexes: [{ IndexName: 'byTime', Projection: { ProjectionType: 'KEYS_ONLY' } }],
          TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
        },
      },
    ]);
  });

  test('becomes functions whose environment holds the addresses of this machine', () => {
    const consume = plan.functions.find(({ exportName }) => exportName === 'consume');
    const queue = plan.queues.find(({ properties }) => properties.RedrivePolicy);
    expect(consume).toMatchObject({
      timeoutMs: 2_000,
      memoryMb: 128,
      entry: expect.stringMatching(/asset\.[0-9a-f]+\/index\.mjs$/),
      env: {
        AWS_LAMBDA_FUNCTION_NAME: consume?.name,
        QUEUE_URL: `http://127.0.0.1:1/000000000000/${queue?.name}`,
        TABLE: plan.tables[0]?.name,
        JOINED: `arn:aws:sqs:us-east-1:000000000000:${queue?.name}/x`,
      },
    });
  });

  test('becomes mappings, schedules and routes', () => {
    const named = (exportName: string) => plan.functions.find((spec) => spec.exportName === exportName)?.name;
    expect(plan.mappings).toMatchObject([{ functionName: named('consume'), batchSize: 10, maxConcurrency: 2 }]);
    expect(plan.schedules).toMatchObject([{ everyMs: 60_000, functionName: named('tick') }]);
    expect(plan.routes.map((route) => [route.routeKey, route.functionName])).toEqual([
      ['GET /open/{name}', named('api')],
      ['POST /open/{name}', named('api')],
      ['ANY /any/{proxy+}', named('api')],
    ]);
  });
});

test("Posthorn's own template becomes a plan, whatever its settings reserve, and whose pages it lets in", () => {
  const functions = { api: { reservedConcurrency: 5 } };
  const corsOrigins = ['https://portal.example'];
  const { queues, tables, mappings, routes, cors } = readPlan(
    synthesize({ corsOrigins }, { functions }).toJSON(),
    context,
  );
  expect([queues, tables, mappings, routes].map(({ length }) => length > 0)).toEqual([true, true, true, true]);
  expect(cors).toMatchObject({ AllowOrigins: corsOrigins, MaxAge: 3_600 });
  expect(readPlan(synthesize({}, { functions }).toJSON(), context).cors).toBeNull();
});

describe('what the runner does not emulate is an error', () => {
  test.each<[string, string, (resource: Template['Resources'][string]) => void, RegExp]>([
    [
      'a resource type',
      'AWS::SQS::Queue',
      (resource) => Object.assign(resource, { Type: 'AWS::S3::Bucket' }),
      /type AWS::S3::Bucket/,
    ],
    ['a filter of a mapping', 'AWS::Lambda::EventSourceMapping', set({ FilterCriteria: {} }), /FilterCriteria/],
    ['a disabled mapping', 'AWS::Lambda::EventSourceMapping', set({ Enabled: false }), /Enabled/],
    [
      'a batching window',
      'AWS::Lambda::EventSourceMapping',
      set({ MaximumBatchingWindowInSeconds: 1 }),
      /MaximumBatchingWindowInSeconds/,
    ],
    ['a batch larger than a receive', 'AWS::Lambda::EventSourceMapping', set({ BatchSize: 11 }), /BatchSize/],
    [
      'a mapping without partial failures',
      'AWS::Lambda::EventSourceMapping',
      set({ FunctionResponseTypes: [] }),
      /FunctionResponseTypes/,
    ],
    ['a FIFO queue', 'AWS::SQS::Queue', set({ FifoQueue: true }), /FifoQueue/],
    ['a cron schedule', 'AWS::Events::Rule', set({ ScheduleExpression: 'cron(0 0 * * ? *)' }), /rate\(…\)/],
    ['a disabled schedule', 'AWS::Events::Rule', set({ State: 'DISABLED' }), /State/],
    ['a rule by pattern', 'AWS::Events::Rule', set({ EventPattern: {} }), /EventPattern/],
    ['an authorizer', 'AWS::ApiGatewayV2::Route', set({ AuthorizationType: 'CUSTOM' }), /AuthorizationType/],
    [
      'CORS with cookies',
      'AWS::ApiGatewayV2::Api',
      set({ CorsConfiguration: { AllowCredentials: true } }),
      /AllowCredentials/,
    ],
    ['another runtime', 'AWS::Lambda::Function', set({ Runtime: 'python3.13' }), /Node\.js/],
    ['a condition', 'AWS::SQS::Queue', (resource) => Object.assign(resource, { Condition: 'Sometimes' }), /condition/],
    ['an intrinsic function', 'AWS::SQS::Queue', set({ DelaySeconds: { 'Fn::If': ['a', 1, 2] } }), /Fn::If/],
    ['an import', 'AWS::SQS::Queue', set({ DelaySeconds: { 'Fn::ImportValue': 'a' } }), /Fn::ImportValue/],
  ])('%s', (_what, type, change, message) => {
    expect(() => readPlan(changed(type, change), context)).toThrow(message);
  });

  function set(properties: object) {
    return (resource: Template['Resources'][string]) =>
      void Object.assign(resource, { Properties: { ...resource.Properties, ...properties } });
  }
});

describe('intrinsic functions', () => {
  const at = (name: string) => `$\{${name}}`;
  const lookup = (id: string) =>
    id === 'Queue' ? { ref: 'url', Arn: 'arn:aws:sqs:r:a:q', 'Nested.Name': 'deep' } : undefined;
  test.each([
    [{ Ref: 'Queue' }, 'url'],
    [{ 'Fn::GetAtt': ['Queue', 'Arn'] }, 'arn:aws:sqs:r:a:q'],
    [{ 'Fn::GetAtt': ['Queue', 'Nested', 'Name'] }, 'deep'],
    [{ 'Fn::Join': ['-', ['a', { Ref: 'Queue' }, 1]] }, 'a-url-1'],
    [{ 'Fn::Sub': `a-${at('Queue')}-b` }, 'a-url-b'],
    [
      { a: [{ Ref: 'Queue' }, 1], b: null },
      { a: ['url', 1], b: null },
    ],
    [
      { Ref: 'Queue', Other: 1 },
      { Ref: 'Queue', Other: 1 },
    ],
  ])('%j is %j', (value, expected) => {
    expect(resolveIntrinsics(value, lookup)).toEqual(expected);
  });
  test.each([
    { Ref: 'Nobody' },
    { 'Fn::GetAtt': ['Queue', 'Nothing'] },
    { 'Fn::FindInMap': ['a', 'b', 'c'] },
    { 'Fn::Sub': at('Queue.Arn') },
  ])('%j is an error', (value) => {
    expect(() => resolveIntrinsics(value, lookup)).toThrow('one-machine runner');
  });
});
