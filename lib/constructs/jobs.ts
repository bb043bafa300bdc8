import { Duration } from 'aws-cdk-lib';
import { Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import { INDEXES, METRICS, METRICS_NAMESPACE } from '../../functions/names.ts';
import type { Foundation } from './foundation.ts';
import { HandlerFunction } from './handler-function.ts';
import type { Queues } from './queues.ts';
import { indexArn, type Storage } from './storage.ts';

export interface JobsProps extends Foundation {
  readonly storage: Storage;
  readonly queues: Queues;
}

/** Long work over many items (a replay, say), a page a message. */
export class Jobs extends Construct {
  constructor(scope: Construct, id: string, { storage, queues, ...foundation }: JobsProps) {
    super(scope, id);
    const { tuning, alarms } = foundation;

    const jobs = new HandlerFunction(this, 'Function', {
      ...foundation,
      name: 'jobs',
      // Each page sends the message for the next.
      invokesItself: true,
      timeoutSeconds: tuning.functions.jobs.timeoutSeconds,
      environment: {
        catalogTable: storage.catalog.tableName,
        journalTable: storage.journal.tableName,
        // Where system events go.
        eventsQueueUrl: queues.events.queue.queueUrl,
        retriesQueueUrl: queues.retries.queue.queueUrl,
        jobsQueueUrl: queues.jobs.queue.queueUrl,
        journalRetentionDays: String(tuning.journalRetentionDays),
      },
    });
    // DeleteItem and Scan are for erasures.
    jobs.allow(['dynamodb:DeleteItem', 'dynamodb:GetItem', 'dynamodb:Query'], [storage.catalog.tableArn]);
    jobs.allow(
      [
        'dynamodb:BatchGetItem',
        'dynamodb:BatchWriteItem',
        'dynamodb:DeleteItem',
        'dynamodb:GetItem',
        'dynamodb:PutItem',
        'dynamodb:Query',
        'dynamodb:Scan',
        'dynamodb:UpdateItem',
      ],
      [storage.journal.tableArn],
    );
    // A recovery goes through all tenants.
    jobs.allow(
      ['dynamodb:Query'],
      [indexArn(storage.catalog, INDEXES.catalogList), indexArn(storage.journal, INDEXES.journalList)],
    );
    jobs.allow(
      ['sqs:SendMessage'],
      [queues.events.queue.queueArn, queues.retries.queue.queueArn, queues.jobs.queue.queueArn],
    );

    alarms.add(
      this,
      'FailedAlarm',
      new Metric({
        namespace: METRICS_NAMESPACE,
        metricName: METRICS.jobsFailed,
        dimensionsMap: { service: jobs.serviceName },
        statistic: Stats.SUM,
        period: Duration.minutes(5),
      }),
      { above: 0, description: 'A job failed: a page of its work could not be done.', runbook: 'failed-jobs' },
    );

    // One page an invocation: pages of large jobs must not share one time limit.
    jobs.consume(queues.jobs.queue, { batchSize: 1, maxConcurrency: tuning.jobsMaxConcurrency });
  }
}
