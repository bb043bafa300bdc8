/**
 * The resource types that the one-machine runner emulates, and each property that it knows. What is not here fails the
 * start: a stack must not mean more than what runs. Properties that are only named (`anything`) mean nothing on one machine.
 */
import { z } from 'zod';

const anything = z.unknown().optional();
const text = z.string();
const number = z.coerce.number();

const queue = z.strictObject({
  QueueName: text.optional(),
  VisibilityTimeout: number.optional(),
  DelaySeconds: number.optional(),
  MaximumMessageSize: number.optional(),
  MessageRetentionPeriod: number.optional(),
  ReceiveMessageWaitTimeSeconds: number.optional(),
  RedrivePolicy: z.strictObject({ deadLetterTargetArn: text, maxReceiveCount: number }).optional(),
  RedriveAllowPolicy: anything,
  KmsMasterKeyId: anything,
  KmsDataKeyReusePeriodSeconds: anything,
  SqsManagedSseEnabled: anything,
  Tags: anything,
});

const keySchema = z.array(z.strictObject({ AttributeName: text, KeyType: z.enum(['HASH', 'RANGE']) }));

const globalTable = z.strictObject({
  TableName: text.optional(),
  KeySchema: keySchema,
  AttributeDefinitions: z.array(z.strictObject({ AttributeName: text, AttributeType: z.enum(['S', 'N', 'B']) })),
  GlobalSecondaryIndexes: z
    .array(
      z.strictObject({
        IndexName: text,
        KeySchema: keySchema,
        Projection: z.strictObject({
          ProjectionType: z.enum(['ALL', 'KEYS_ONLY', 'INCLUDE']),
          NonKeyAttributes: z.array(text).optional(),
        }),
        WriteOnDemandThroughputSettings: anything,
        WarmThroughput: anything,
      }),
    )
    .default([]),
  TimeToLiveSpecification: z.strictObject({ AttributeName: text.optional(), Enabled: z.boolean() }).optional(),
  BillingMode: z.literal('PAY_PER_REQUEST'),
  WriteOnDemandThroughputSettings: anything,
  WarmThroughput: anything,
  Replicas: z.array(z.unknown()).max(1, 'tables in several regions are not emulated').optional(),
  SSESpecification: anything,
});

const lambda = z.strictObject({
  FunctionName: text.optional(),
  Code: z.object({ S3Key: text.regex(/^[0-9a-f]+\.zip$/, 'only assets of this app can be run') }),
  Handler: text.regex(/^[\w-]+\.\w+$/),
  Runtime: text.startsWith('nodejs', 'only Node.js functions can be run'),
  Timeout: number.default(3),
  MemorySize: number.default(128),
  Environment: z.strictObject({ Variables: z.record(text, text) }).default({ Variables: {} }),
  ReservedConcurrentExecutions: number.optional(),
  Architectures: anything,
  Description: anything,
  LoggingConfig: anything,
  Role: anything,
  Tags: anything,
  TracingConfig: anything,
});

const mapping = z.strictObject({
  EventSourceArn: text,
  FunctionName: text,
  Enabled: z.boolean().default(true),
  BatchSize: number.default(10),
  MaximumBatchingWindowInSeconds: number.default(0),
  ScalingConfig: z.strictObject({ MaximumConcurrency: number }).optional(),
  FunctionResponseTypes: z.array(z.literal('ReportBatchItemFailures')).default([]),
  Tags: anything,
});

const rule = z.strictObject({
  Name: anything,
  Description: anything,
  ScheduleExpression: text,
  State: z.enum(['ENABLED', 'DISABLED']).default('ENABLED'),
  Targets: z
    .array(z.strictObject({ Id: anything, Arn: text, Input: text.optional(), RetryPolicy: anything }))
    .default([]),
});

const api = z.strictObject({
  Name: anything,
  Description: anything,
  ProtocolType: z.literal('HTTP'),
  Tags: anything,
});

const stage = z.strictObject({
  ApiId: text,
  StageName: z.literal('$default', 'only the stage $default is served'),
  AutoDeploy: z.literal(true),
  // One machine is slower than any throttle that is of use in AWS.
  DefaultRouteSettings: anything,
  AccessLogSettings: anything,
  Description: anything,
  Tags: anything,
});

const integration = z.strictObject({
  ApiId: text,
  IntegrationType: z.literal('AWS_PROXY'),
  IntegrationUri: text,
  PayloadFormatVersion: z.literal('2.0'),
  TimeoutInMillis: number.default(30_000),
  Description: anything,
});

const route = z.strictObject({
  ApiId: text,
  RouteKey: text,
  Target: text,
  // Posthorn's API authenticates itself.
  AuthorizationType: z.literal('NONE').default('NONE'),
});

const secret = z.strictObject({
  Name: anything,
  Description: anything,
  KmsKeyId: anything,
  SecretString: text.optional(),
  GenerateSecretString: z
    .strictObject({
      PasswordLength: number.default(32),
      ExcludePunctuation: z.literal(true, 'only passwords without punctuation are generated'),
    })
    .optional(),
  Tags: anything,
});

export const EMULATED = {
  queue: { type: 'AWS::SQS::Queue', schema: queue },
  table: { type: 'AWS::DynamoDB::GlobalTable', schema: globalTable },
  function: { type: 'AWS::Lambda::Function', schema: lambda },
  mapping: { type: 'AWS::Lambda::EventSourceMapping', schema: mapping },
  rule: { type: 'AWS::Events::Rule', schema: rule },
  api: { type: 'AWS::ApiGatewayV2::Api', schema: api },
  stage: { type: 'AWS::ApiGatewayV2::Stage', schema: stage },
  integration: { type: 'AWS::ApiGatewayV2::Integration', schema: integration },
  route: { type: 'AWS::ApiGatewayV2::Route', schema: route },
  secret: { type: 'AWS::SecretsManager::Secret', schema: secret },
  // Who may use it, and how often it is rotated, changes nothing in what its calls answer.
  key: { type: 'AWS::KMS::Key', schema: z.object({}) },
} as const;

/** They say who may do what, or watch; on one machine there is nobody to keep out and nobody to wake. */
export const WITHOUT_MEANING_HERE = new Set([
  'AWS::CDK::Metadata',
  'AWS::CloudWatch::Alarm',
  'AWS::CloudWatch::CompositeAlarm',
  'AWS::CloudWatch::Dashboard',
  'AWS::IAM::ManagedPolicy',
  'AWS::IAM::Policy',
  'AWS::IAM::Role',
  'AWS::KMS::Alias',
  'AWS::Lambda::Permission',
  'AWS::Logs::LogGroup',
  'AWS::Logs::ResourcePolicy',
  'AWS::SecretsManager::ResourcePolicy',
  'AWS::SQS::QueuePolicy',
]);
