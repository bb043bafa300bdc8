import { fileURLToPath } from 'node:url';
import { Duration, Names } from 'aws-cdk-lib';
import { type Conditions, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, type IFunction, RecursiveLoop, Runtime } from 'aws-cdk-lib/aws-lambda';
import { type BundlingOptions, NodejsFunction } from 'aws-cdk-lib/aws-lambda-nodejs';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { ENV, type FunctionName, METRICS_NAMESPACE } from '../../functions/names.ts';
import { BUNDLING } from './bundling.ts';
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
  /** Added to the bundling that all functions share. */
  readonly bundling?: BundlingOptions;
}

/** A handler as a Lambda function, with its own log group and role; it may do only what `allow` says. */
export class HandlerFunction extends Construct {
  readonly lambda: NodejsFunction;
  /** What invokes the function invokes this: the function, or the alias by which it is rolled out. */
  readonly entry: IFunction;
  /** The dimension of the metrics that it emits. */
  readonly serviceName: string;

  constructor(scope: Construct, id: string, props: HandlerFunctionProps) {
    super(scope, id);
    const { name, tuning, alarms } = props;
    const { memoryMiB, reservedConcurrency } = tuning.functions[name];

    this.serviceName = `posthorn-${name}`;

    const logGroup = new LogGroup(this, 'Logs', {
      retention: tuning.logRetentionDays,
      removalPolicy: props.removalPolicy,
      ...(props.dataKey && { encryptionKey: props.dataKey.key }),
    });
    // Without a role given, CDK attaches AWSLambdaBasicExecutionRole, which may write to any log group.
    const role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    logGroup.grantWrite(role);
    const usesTables = props.environment.journalTable !== undefined;
    if (props.dataKey && usesTables) role.addToPolicy(props.dataKey.useStatement());
    const network = props.callsReceivers ? props.network : undefined;
    network?.allowUse(role);

    this.lambda = new NodejsFunction(this, 'Lambda', {
      description: `Posthorn: ${name}`,
      entry: fileInProject(`functions/${name}/index.ts`),
      projectRoot: fileInProject('.'),
      depsLockFilePath: fileInProject('package-lock.json'),
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: memoryMiB,
      timeout: Duration.seconds(props.timeoutSeconds),
      ...(reservedConcurrency !== undefined && { reservedConcurrentExecutions: reservedConcurrency }),
      ...(props.invokesItself && { recursiveLoop: RecursiveLoop.ALLOW }),
      ...network?.placement,
      role,
      logGroup,
      // Only the SDK's version 2 reads the variable that this would set.
      awsSdkConnectionReuse: false,
      bundling: { ...BUNDLING, ...props.bundling },
      environment: {
        POWERTOOLS_SERVICE_NAME: this.serviceName,
        POWERTOOLS_METRICS_NAMESPACE: METRICS_NAMESPACE,
        POWERTOOLS_LOG_LEVEL: tuning.logLevel,
        ...props.nodeVariables,
        ...renamed(props.environment),
      },
    });

    this.entry =
      tuning.rollout === 'direct' ? this.lambda : new RolledOut(this, 'Rollout', this.lambda, tuning.rollout).entry;

    alarms.add(this, 'ErrorsAlarm', this.lambda.metricErrors({ period: Duration.minutes(5) }), {
      above: 0,
      // One crash is retried by SQS, the schedule or the caller; what goes on is a fault.
      periodsOfThree: 2,
      description: `The function ${name} keeps failing or timing out.`,
      runbook: `errors-of-${name}`,
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

function fileInProject(path: string): string {
  return fileURLToPath(new URL(`../../${path}`, import.meta.url));
}

function renamed(environment: HandlerFunctionProps['environment']): Record<string, string> {
  const variables: Record<string, string> = ENV;
  return Object.fromEntries(Object.entries(environment).map(([key, value]) => [variables[key] ?? key, value]));
}
