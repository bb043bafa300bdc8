import { Duration } from 'aws-cdk-lib';
import { Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { ALARM_PERIOD } from './alarms.ts';
import type { Foundation } from './foundation.ts';

export interface WorkQueueProps extends Foundation {
  /** The queue's name in alarms and in the runbook. */
  readonly name: 'events' | 'deliveries' | 'retries' | 'jobs';
  readonly consumerTimeoutSeconds: number;
  readonly maxReceiveCount: number;
}

/** A queue that feeds a function, with its own dead-letter queue and that queue's alarm. */
export class WorkQueue extends Construct {
  readonly queue: Queue;
  readonly deadLetters: Queue;

  constructor(scope: Construct, id: string, props: WorkQueueProps) {
    super(scope, id);

    this.deadLetters = new Queue(this, 'DeadLetters', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      // The longest there is. A dead letter keeps the age that it had, so this must exceed the source's retention.
      retentionPeriod: Duration.days(14),
    });

    this.queue = new Queue(this, 'Queue', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(7),
      receiveMessageWaitTime: Duration.seconds(20),
      // Lambda retries a throttled batch until the visibility timeout ends: AWS advises six times the function's timeout
      // (plus the batch window, which is 0). https://docs.aws.amazon.com/lambda/latest/dg/sqs-retries.html
      visibilityTimeout: Duration.seconds(6 * props.consumerTimeoutSeconds),
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: props.maxReceiveCount },
    });

    const { alarms, name } = props;
    const maximum = { statistic: Stats.MAXIMUM, period: ALARM_PERIOD };
    // Not NumberOfMessagesSent: SQS does not count what it moves there itself.
    const dead = this.deadLetters.metricApproximateNumberOfMessagesVisible(maximum);
    alarms.add(this, 'DeadLettersAlarm', DEAD_LETTERS_ALARMS[name], dead, { of: name });
    const age = this.queue.metricApproximateAgeOfOldestMessage(maximum);
    alarms.add(this, 'AgeAlarm', AGE_ALARMS[name], age, { of: name });
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
