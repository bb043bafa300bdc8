import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import { type IVpc, Vpc } from 'aws-cdk-lib/aws-ec2';
import { EventBus } from 'aws-cdk-lib/aws-events';
import { ArnPrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { HostedZone } from 'aws-cdk-lib/aws-route53';
import { Topic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { z } from 'zod';
import type { PosthornProps } from './posthorn-props.ts';
import { parseOrExplain } from './props-error.ts';
import { arnOf, KEY_ARN, list, tuningShape } from './tuning.ts';

/** SQS takes no other ARN for a sender: the function or instance that publishes does so by its role. */
const principal = z
  .string()
  .regex(/^arn:[a-z-]+:(iam|sts)::/, { error: 'must be an ARN of a role, a user or an account' });
const fromJson = (value: unknown) => (typeof value === 'string' ? parseJson(value) : value);
const isNew = z.literal('new');

const existingVpc = z.strictObject(
  {
    vpcId: z.string().startsWith('vpc-', { error: 'must be the id of a VPC' }),
    range: z.cidrv4({ error: 'must be the CIDR block of the VPC' }),
    privateSubnetIds: z.array(z.string().startsWith('subnet-')).min(1),
    availabilityZones: z.array(z.string()).min(1),
  },
  { error: 'must be new, or JSON: {"vpcId", "range", "privateSubnetIds": […], "availabilityZones": […]}' },
);

const stackName = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9-]{0,127}$/, { error: 'must be letters, digits and hyphens, a letter first' });

/** Besides the tuned values: what a construct takes as objects, by name. */
const settingsSchema = z.strictObject({
  ...tuningShape,
  /** Of a second deployment in the same account and region. */
  stackName: stackName.optional(),
  publishers: list(principal).default([]),
  eventBusName: z.string().min(1).optional(),
  systemEventsBusName: z.string().min(1).optional(),
  eventPattern: z
    .preprocess(
      fromJson,
      z.record(z.string(), z.json(), { error: 'must be an EventBridge pattern, such as {"source":["hr"]}' }),
    )
    .optional(),
  alarmTopicArn: arnOf('sns').optional(),
  warningTopicArn: arnOf('sns').optional(),
  vpc: z.preprocess(fromJson, z.union([isNew, existingVpc])).optional(),
  domainName: z.hostname({ error: 'must be a host name' }).optional(),
  certificateArn: arnOf('acm').optional(),
  hostedZone: z
    .preprocess(
      fromJson,
      z.strictObject(
        { id: z.string(), name: z.string() },
        { error: 'must be JSON: {"id": "Z0…", "name": "example.com"}' },
      ),
    )
    .optional(),
  dataKey: z
    .string()
    .regex(new RegExp(`^new$|${KEY_ARN.source}`), { error: 'must be new, or the ARN of a key' })
    .optional(),
});

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** CDK's own context keys have a colon, slash or hyphen; a plain word is a setting, and a misspelt one must not pass in silence. */
const SETTING_KEY = /^[A-Za-z]+$/;

/**
 * The settings given as CDK context (`-c eventTypes=strict`, or `context` in cdk.json), as props of the construct.
 * Throws a PropsError that names each wrong key.
 */
export function propsFromContext(scope: Construct): PosthornProps {
  const context = Object.entries(scope.node.getAllContext()).filter(([key]) => SETTING_KEY.test(key));
  const settings = parseOrExplain(settingsSchema, Object.fromEntries(context));
  const { api, ingest, deliver, sweep, jobs, console, canary } = settings.functions;

  return {
    eventTypes: settings.eventTypes,
    defaultProfile: settings.defaultProfile,
    maxSubscriptionsPerTenant: settings.maxSubscriptionsPerTenant,
    compatibility: settings.compatibility,
    journalRetention: Duration.days(settings.journalRetentionDays),
    auditRetention: Duration.days(settings.auditRetentionDays),
    statsRetention: Duration.days(settings.statsRetentionDays),
    journalPointInTimeRecovery: settings.journalPointInTimeRecovery,
    logRetention: settings.logRetentionDays,
    canary: settings.canary,
    xrayTracing: settings.xrayTracing,
    logLevel: settings.logLevel,
    ...(settings.vpc && { vpc: vpcOf(scope, settings.vpc) }),
    vpcFurtherRanges: settings.vpcFurtherRanges,
    ...(settings.domainName && { domainName: settings.domainName }),
    ...(settings.certificateArn && {
      certificate: Certificate.fromCertificateArn(scope, 'DomainCertificate', settings.certificateArn),
    }),
    ...(settings.hostedZone && {
      hostedZone: HostedZone.fromHostedZoneAttributes(scope, 'HostedZone', {
        hostedZoneId: settings.hostedZone.id,
        zoneName: settings.hostedZone.name,
      }),
    }),
    corsOrigins: settings.corsOrigins,
    ...(settings.dataKey && {
      dataKey: settings.dataKey === 'new' ? 'new' : Key.fromKeyArn(scope, 'GivenDataKey', settings.dataKey),
    }),
    tags: settings.tags,
    rollout: settings.rollout,
    commit: settings.commit,
    removalPolicy: settings.removalPolicy === 'destroy' ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN,
    adopt: settings.adopt,
    attemptTimeout: Duration.seconds(settings.attemptTimeoutSeconds),
    maxQueueWait: Duration.seconds(settings.maxQueueWaitSeconds),
    disableAfter: Duration.days(settings.disableAfterDays),
    accountConcurrency: settings.accountConcurrency,
    ingest: { maxConcurrency: settings.ingestMaxConcurrency },
    firstAttempts: { maxConcurrency: settings.firstAttemptsMaxConcurrency },
    retries: { maxConcurrency: settings.retriesMaxConcurrency },
    jobs: { maxConcurrency: settings.jobsMaxConcurrency },
    console: settings.console,
    functions: {
      api: functionProps(api),
      ingest: functionProps(ingest),
      deliver: functionProps(deliver),
      sweep: functionProps(sweep),
      jobs: functionProps(jobs),
      console: functionProps(console),
      canary: functionProps(canary),
    },
    publishers: settings.publishers.map((publisher) => new ArnPrincipal(publisher)),
    publisherAccounts: settings.publisherAccounts,
    ...(settings.eventBusName && { eventBus: EventBus.fromEventBusName(scope, 'EventBus', settings.eventBusName) }),
    ...(settings.eventPattern && { eventPattern: settings.eventPattern }),
    ...(settings.systemEventsBusName && {
      systemEventsBus: EventBus.fromEventBusName(scope, 'SystemEventsBus', settings.systemEventsBusName),
    }),
    allowedPrivateRanges: settings.allowedPrivateRanges,
    allowedPorts: settings.allowedPorts,
    allowHttp: settings.allowHttp,
    throttle: { rate: settings.throttleRate, burst: settings.throttleBurst },
    ...(settings.alarmTopicArn && { alarmTopic: Topic.fromTopicArn(scope, 'AlarmTopic', settings.alarmTopicArn) }),
    ...(settings.warningTopicArn && {
      warningTopic: Topic.fromTopicArn(scope, 'WarningTopic', settings.warningTopicArn),
    }),
    alarmThresholds: settings.alarmThresholds,
    runbookUrl: settings.runbookUrl,
  };
}

function vpcOf(scope: Construct, vpc: 'new' | z.infer<typeof existingVpc>): IVpc | 'new' {
  if (vpc === 'new') return vpc;
  const { range: vpcCidrBlock, ...rest } = vpc;
  return Vpc.fromVpcAttributes(scope, 'GivenVpc', { vpcCidrBlock, ...rest });
}

/** A stack must have its name before it can look at its context. Undefined: the name is the construct's. */
export function stackNameFromContext(scope: Construct): string | undefined {
  return stackName.optional().catch(undefined).parse(scope.node.tryGetContext('stackName'));
}

function functionProps(tuned: {
  memoryMiB: number;
  timeoutSeconds?: number;
  reservedConcurrency?: number | undefined;
}) {
  return {
    memorySize: tuned.memoryMiB,
    ...(tuned.timeoutSeconds !== undefined && { timeout: Duration.seconds(tuned.timeoutSeconds) }),
    ...(tuned.reservedConcurrency !== undefined && { reservedConcurrency: tuned.reservedConcurrency }),
  };
}
