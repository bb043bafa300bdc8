import { Duration } from 'aws-cdk-lib';
import { Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { AnyPrincipal, Effect, type PolicyDocument, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { type IQueue, Queue, QueueEncryption, QueuePolicy, type QueueProps } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { ALARM_PERIOD } from './alarms.ts';
import type { DataKey } from './data-key.ts';
import type { Foundation } from './foundation.ts';

export interface WorkQueueProps extends Foundation {
  /** The queue's name in alarms and in the runbook. */
  readonly name: 'events' | 'deliveries' | 'retries' | 'jobs';
  readonly consumerTimeoutSeconds: number;
  readonly maxReceiveCount: number;
}

/** A queue that feeds a function, with its own dead-letter queue and that queue's alarm. */
export class WorkQueue extends Construct {
  readonly queue: IQueue;
  readonly deadLetters: IQueue;
  /** The policies of queues that are adopted; the stack's own queues hold theirs. */
  private readonly policies = new Map<IQueue, PolicyDocument>();

  constructor(scope: Construct, id: string, props: WorkQueueProps) {
    super(scope, id);

    const adopted = props.tuning.adopt.queues[props.name];
    if (adopted === undefined) {
      const deadLetters = this.makeDeadLetters(props);
      this.deadLetters = deadLetters;
      this.queue = this.makeQueue(props, deadLetters);
    } else {
      this.deadLetters = this.adopt('DeadLetters', adopted.deadLettersArn);
      this.queue = this.adopt('Queue', adopted.queueArn);
    }

    const { alarms, name } = props;
    const maximum = { statistic: Stats.MAXIMUM, period: ALARM_PERIOD };
    // Not NumberOfMessagesSent: SQS does not count what it moves there itself.
    const dead = this.deadLetters.metricApproximateNumberOfMessagesVisible(maximum);
    alarms.add(this, 'DeadLettersAlarm', DEAD_LETTERS_ALARMS[name], dead, { of: name });
    const age = this.queue.metricApproximateAgeOfOldestMessage(maximum);
    alarms.add(this, 'AgeAlarm', AGE_ALARMS[name], age, { of: name });
  }

  /** Adds to the policy of the queue, or of its dead-letter queue. */
  allow(queue: IQueue, statement: PolicyStatement): void {
    const policy = this.policies.get(queue);
    if (policy === undefined) queue.addToResourcePolicy(statement);
    else policy.addStatements(statement);
  }

  private makeDeadLetters({ removalPolicy, dataKey }: WorkQueueProps): Queue {
    return new Queue(this, 'DeadLetters', {
      ...encryptionOf(dataKey),
      enforceSSL: true,
      removalPolicy,
      // The longest there is. A dead letter keeps the age that it had, so this must exceed the source's retention.
      retentionPeriod: Duration.days(14),
    });
  }

  private makeQueue(
    { removalPolicy, dataKey, consumerTimeoutSeconds, maxReceiveCount }: WorkQueueProps,
    deadLetters: Queue,
  ): Queue {
    return new Queue(this, 'Queue', {
      ...encryptionOf(dataKey),
      enforceSSL: true,
      // 202 means durably queued: what waits here outlives the stack, as the tables do.
      removalPolicy,
      retentionPeriod: Duration.days(7),
      receiveMessageWaitTime: Duration.seconds(20),
      // Lambda retries a throttled batch until the visibility timeout ends: AWS advises six times the function's timeout
      // (plus the batch window, which is 0). https://docs.aws.amazon.com/lambda/latest/dg/sqs-retries.html
      visibilityTimeout: Duration.seconds(6 * consumerTimeoutSeconds),
      deadLetterQueue: { queue: deadLetters, maxReceiveCount },
    });
  }

  /** A queue keeps its messages and attributes when its stack goes, but not its policy, which was a resource of that stack. */
  private adopt(id: string, arn: string): IQueue {
    const queue = Queue.fromQueueArn(this, `Adopted${id}`, arn);
    const { document } = new QueuePolicy(this, `Adopted${id}Policy`, { queues: [queue] });
    document.addStatements(
      new PolicyStatement({
        effect: Effect.DENY,
        principals: [new AnyPrincipal()],
        actions: ['sqs:*'],
        resources: [queue.queueArn],
        conditions: { Bool: { 'aws:SecureTransport': 'false' } },
      }),
    );
    this.policies.set(queue, document);
    return queue;
  }
}

const DEAD_LETTERS_ALARMS = {
  events: 'deadLettersOfEvents',
  deliveries: 'deadLettersOfDeliveries',
  retries: 'deadLettersOfRetries',
  jobs: 'deadLettersOfJobs',
} as const;

const AGE_ALARMS = {
  events: 'ageOfEvents',
  deliveries: 'ageOfDeliveries',
  retries: 'ageOfRetries',
  jobs: 'ageOfJobs',
} as const;

/** Each sender and receiver asks KMS for a queue's data key again after this long: a few calls an hour, not one a message. */
const REUSE = Duration.hours(1);

function encryptionOf(dataKey: DataKey | undefined): QueueProps {
  if (dataKey === undefined) return { encryption: QueueEncryption.SQS_MANAGED };
  return { encryption: QueueEncryption.KMS, encryptionMasterKey: dataKey.key, dataKeyReuse: REUSE };
}
