import { Duration } from 'aws-cdk-lib';
import { Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { Foundation } from './foundation.ts';

export interface WorkQueueProps extends Foundation {
  /** The queue's name in alarms and in the runbook. */
  readonly name: string;
  readonly consumerTimeoutSeconds: number;
  readonly maxReceiveCount: number;
}

/** A queue that feeds a function, with its own dead-letter queue and that queue's alarm. */
export class WorkQueue extends Construct {
  readonly queue: Queue;
  readonly deadLetters: Queue;

  constructor(scope: Construct, id: string, props: WorkQueueProps) {
    super(scope, id);

    // 202 means durably queued: what waits here outlives the stack, as the tables do.
    this.deadLetters = new Queue(this, 'DeadLetters', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      removalPolicy: props.removalPolicy,
      // The longest there is. A dead letter keeps the age that it had, so this must exceed the source's retention.
      retentionPeriod: Duration.days(14),
    });

    this.queue = new Queue(this, 'Queue', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      removalPolicy: props.removalPolicy,
      retentionPeriod: Duration.days(7),
      receiveMessageWaitTime: Duration.seconds(20),
      // Lambda retries a throttled batch until the visibility timeout ends: AWS advises six times the function's timeout
      // (plus the batch window, which is 0). https://docs.aws.amazon.com/lambda/latest/dg/sqs-retries.html
      visibilityTimeout: Duration.seconds(6 * props.consumerTimeoutSeconds),
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: props.maxReceiveCount },
    });

    // Not NumberOfMessagesSent: SQS does not count what it moves there itself.
    props.alarms.add(
      this,
      'DeadLettersAlarm',
      this.deadLetters.metricApproximateNumberOfMessagesVisible({
        statistic: Stats.MAXIMUM,
        period: Duration.minutes(5),
      }),
      {
        above: 0,
        description: `Messages of the ${props.name} queue could not be processed, which means a fault of the system.`,
        runbook: `dead-letters-of-${props.name}`,
      },
    );
  }
}
