import { Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import { deliverTimeoutSeconds } from '../tuning.ts';
import { ALARM_PERIOD } from './alarms.ts';
import type { Foundation } from './foundation.ts';
import { WorkQueue } from './work-queue.ts';

/**
 * The queues. Their receive counts are far above what healthy work needs, because throttled invocations raise the
 * count as well as failed ones: a message dies of a fault of ours, never of a busy account.
 */
export class Queues extends Construct {
  readonly events: WorkQueue;
  readonly deliveries: WorkQueue;
  readonly retries: WorkQueue;
  readonly jobs: WorkQueue;

  constructor(scope: Construct, id: string, foundation: Foundation) {
    super(scope, id);
    const { tuning, alarms } = foundation;

    this.events = new WorkQueue(this, 'Events', {
      ...foundation,
      name: 'events',
      consumerTimeoutSeconds: tuning.functions.ingest.timeoutSeconds,
      maxReceiveCount: 20,
    });
    this.deliveries = new WorkQueue(this, 'Deliveries', {
      ...foundation,
      name: 'deliveries',
      consumerTimeoutSeconds: deliverTimeoutSeconds(tuning),
      maxReceiveCount: 50,
    });
    this.retries = new WorkQueue(this, 'Retries', {
      ...foundation,
      name: 'retries',
      consumerTimeoutSeconds: deliverTimeoutSeconds(tuning),
      // Waiting here is being hidden and received again, so each wait costs a count too. SQS allows up to 1,000.
      maxReceiveCount: 200,
    });
    this.jobs = new WorkQueue(this, 'Jobs', {
      ...foundation,
      name: 'jobs',
      consumerTimeoutSeconds: tuning.functions.jobs.timeoutSeconds,
      maxReceiveCount: 20,
    });

    // Past about 120,000 messages in flight SQS hands out nothing more, and says nothing of it to a long poll.
    const inFlight = this.retries.queue.metricApproximateNumberOfMessagesNotVisible({
      statistic: Stats.MAXIMUM,
      period: ALARM_PERIOD,
    });
    alarms.add(this.retries, 'InFlightAlarm', 'retriesInFlight', inFlight);
  }
}
