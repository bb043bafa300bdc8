import { Duration, Names, Token, Validations } from 'aws-cdk-lib';
import { Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { type Conditions, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  ApplicationLogLevel,
  Architecture,
  type IFunction,
  Function as Lambda,
  LoggingFormat,
  RecursiveLoop,
  Runtime,
  SystemLogLevel,
  Tracing,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { ENV, type FunctionName, type METRICS } from '../../functions/names.ts';
import type { AlarmName } from '../alarm-list.ts';
import { PropsError } from '../props-error.ts';
import { ALARM_PERIOD } from './alarms.ts';
import { bundledCode } from './bundling.ts';
import type { Foundation } from './foundation.ts';
import { RolledOut } from './rollout.ts';

export interface HandlerFunctionProps extends Foundation {
  /** The folder under functions/ whose index.ts exports `handler`. */
  readonly name: FunctionName;
  readonly timeoutSeconds: number;
  readonly environment: { readonly [Key in keyof typeof ENV]?: string };
  /** Variables that Node itself reads. */
  readonly nodeVariables?: Record<string, string>;
  /** Whether it sends requests to receivers, which may have to come from fixed addresses. */
  readonly callsReceivers?: boolean;
  /** Whether it sends messages to a queue that invokes it: Lambda would stop such a chain after 16 invocations. */
  readonly invokesItself?: boolean;
  /** Puts files beside the code. */
  readonly addFiles?: (folder: string) => void;
}

/** Of every function. */
export const RUNTIME = Runtime.NODEJS_24_X;

/** A handler as a Lambda function, with its own log group and role; it may do only what `allow` says. */
export class HandlerFunction extends Construct {
  readonly lambda: Lambda;
  readonly logGroup: LogGroup;
  /** What invokes the function invokes this: the function, or the alias by which it is rolled out. */
  readonly entry: IFunction;
  private readonly metrics: { readonly namespace: string; readonly serviceName: string };

  constructor(scope: Construct, id: string, props: HandlerFunctionProps) {
    super(scope, id);
    const { name, tuning } = props;
    const { memoryMiB, reservedConcurrency } = tuning.functions[name];

    this.metrics = { namespace: props.metricsNamespace, serviceName: `posthorn-${name}` };

    this.logGroup = new LogGroup(this, 'Logs', {
      retention: tuning.logRetentionDays,
      removalPolicy: props.removalPolicy,
      ...(props.dataKey && { encryptionKey: props.dataKey.key }),
    });
    // Without a role given, CDK attaches AWSLambdaBasicExecutionRole, which may write to any log group.
    const role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    this.logGroup.grantWrite(role);
    const usesTables = props.environment.journalTable !== undefined;
    if (props.dataKey && usesTables) role.addToPolicy(props.dataKey.useStatement());
    const network = props.callsReceivers ? props.network : undefined;
    network?.allowUse(role);

    const environment = {
      POWERTOOLS_SERVICE_NAME: this.metrics.serviceName,
      POWERTOOLS_METRICS_NAMESPACE: this.metrics.namespace,
      POWERTOOLS_LOG_LEVEL: tuning.logLevel,
      ...props.nodeVariables,
      ...renamed(props.environment),
    };
    checkSize(name, environment);

    this.lambda = new Lambda(this, 'Lambda', {
      description: `Posthorn: ${name}`,
      code: bundledCode(this, name, props.addFiles),
      handler: 'index.handler',
      runtime: RUNTIME,
      architecture: Architecture.ARM_64,
      memorySize: memoryMiB,
      timeout: Duration.seconds(props.timeoutSeconds),
      ...(reservedConcurrency !== undefined && { reservedConcurrentExecutions: reservedConcurrency }),
      ...(props.invokesItself && { recursiveLoop: RecursiveLoop.ALLOW }),
      ...network?.placement,
      role,
      logGroup: this.logGroup,
      // Of Lambda's own lines only those of what failed (https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html):
      // the others repeat for each invocation what its metrics say in sum, and are half of the bytes.
      loggingFormat: LoggingFormat.JSON,
      systemLogLevelV2: SystemLogLevel.WARN,
      // What the logger lets through. A line of metrics has no level and counts as INFO.
      applicationLogLevelV2: tuning.logLevel === 'DEBUG' ? ApplicationLogLevel.DEBUG : ApplicationLogLevel.INFO,
      ...(tuning.xrayTracing && { tracing: Tracing.ACTIVE }),
      environment,
    });

    this.entry =
      tuning.rollout === 'direct' ? this.lambda : new RolledOut(this, 'Rollout', this.lambda, tuning.rollout).entry;

    if (tuning.xrayTracing)
      Validations.of(role).acknowledge({
        id: 'AwsSolutions-IAM5[Resource::*]',
        reason: 'X-Ray knows no resources: its actions can be allowed for all or for none.',
      });

    this.watch(props);
  }

  private watch({ name, alarms, timeoutSeconds }: HandlerFunctionProps): void {
    const errors = ERRORS_ALARMS[name];
    if (errors === null) return;
    const { lambda } = this;
    const period = ALARM_PERIOD;
    const of = name;
    alarms.add(this, 'ErrorsAlarm', errors, lambda.metricErrors({ period }), { of });
    alarms.add(this, 'ThrottlesAlarm', 'throttles', lambda.metricThrottles({ period }), { of });
    const duration = lambda.metricDuration({ period, statistic: Stats.percentile(99) });
    // From percent of the timeout to milliseconds.
    alarms.add(this, 'SlowAlarm', 'slowFunctions', duration, { of, scale: timeoutSeconds * 10 });
  }

  /** A metric that the function emits. */
  metric(metricName: (typeof METRICS)[keyof typeof METRICS], statistic: string = Stats.SUM): Metric {
    const { namespace, serviceName } = this.metrics;
    return new Metric({
      namespace,
      metricName,
      dimensionsMap: { service: serviceName },
      statistic,
      period: ALARM_PERIOD,
    });
  }

  /**
   * Feeds the function from a queue. Grants what Lambda's pollers need, which CDK's SqsEventSource exceeds.
   * https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html#events-sqs-permissions
   */
  consume(queue: IQueue, source: { readonly batchSize: number; readonly maxConcurrency: number }): void {
    this.allow(['sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ReceiveMessage'], [queue.queueArn]);
    // The id that SqsEventSource gives: under another one, an update would make a second mapping, which Lambda refuses.
    this.entry.addEventSourceMapping(`SqsEventSource:${Names.nodeUniqueId(queue.node)}`, {
      ...source,
      eventSourceArn: queue.queueArn,
      reportBatchItemFailures: true,
    });
  }

  allow(actions: string[], resources: string[], conditions: Conditions = {}): void {
    this.lambda.addToRolePolicy(new PolicyStatement({ actions, resources, conditions }));
  }
}

const ERRORS_ALARMS = {
  api: 'errorsOfApi',
  ingest: 'errorsOfIngest',
  deliver: 'errorsOfDeliver',
  sweep: 'errorsOfSweep',
  jobs: 'errorsOfJobs',
  console: 'errorsOfConsole',
  // Its own alarm says whether it works.
  canary: null,
} as const satisfies Record<FunctionName, AlarmName | null>;

function renamed(environment: HandlerFunctionProps['environment']): Record<string, string> {
  const variables: Record<string, string> = ENV;
  return Object.fromEntries(Object.entries(environment).map(([key, value]) => [variables[key] ?? key, value]));
}

/** Of all names and values together. https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const MOST_BYTES = 4_096;
/** About as long are the ARNs and addresses that are known only when they are made. */
const REFERENCE_BYTES = 100;

/** Throws a PropsError where Lambda would refuse the function for its variables, which are as long as lists among the settings are. */
function checkSize(name: FunctionName, environment: Record<string, string>): void {
  const sizes = Object.entries(environment).map(([key, value]): [key: string, bytes: number] => [
    key,
    key.length + (Token.isUnresolved(value) ? REFERENCE_BYTES : Buffer.byteLength(value)),
  ]);
  const total = sizes.reduce((sum, [, bytes]) => sum + bytes, 0);
  if (total <= MOST_BYTES) return;
  const [longest] = sizes.toSorted(([, a], [, b]) => b - a);
  throw new PropsError(
    `The function ${name} would have about ${total} bytes of environment variables, of which Lambda takes ${MOST_BYTES}. Most are in ${longest?.[0]}: shorten the setting of that name.`,
  );
}
