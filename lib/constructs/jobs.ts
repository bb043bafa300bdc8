import { Construct } from 'constructs';
import { INDEXES, METRICS } from '../../functions/names.ts';
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
  readonly handler: HandlerFunction;

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
    this.handler = jobs;
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

    alarms.add(this, 'FailedAlarm', 'failedJobs', jobs.metric(METRICS.jobsFailed));

    // One page an invocation: pages of large jobs must not share one time limit.
    jobs.consume(queues.jobs.queue, { batchSize: 1, maxConcurrency: tuning.jobsMaxConcurrency });
  }
}
