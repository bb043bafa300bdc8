import type { IEventBus } from 'aws-cdk-lib/aws-events';
import { Construct } from 'constructs';
import { METRICS } from '../../functions/names.ts';
import type { Foundation } from './foundation.ts';
import { HandlerFunction } from './handler-function.ts';
import type { Queues } from './queues.ts';
import type { Storage } from './storage.ts';

export interface IngestProps extends Foundation {
  readonly storage: Storage;
  readonly queues: Queues;
  readonly systemEventsBus: IEventBus | undefined;
}

/** Journals each event and puts a delivery into the queue for each subscription that wants it. */
export class Ingest extends Construct {
  readonly handler: HandlerFunction;

  constructor(scope: Construct, id: string, { storage, queues, systemEventsBus, ...foundation }: IngestProps) {
    super(scope, id);
    const { tuning, alarms } = foundation;

    const ingest = new HandlerFunction(this, 'Function', {
      ...foundation,
      name: 'ingest',
      timeoutSeconds: tuning.functions.ingest.timeoutSeconds,
      environment: {
        catalogTable: storage.catalog.tableName,
        journalTable: storage.journal.tableName,
        deliveriesQueueUrl: queues.deliveries.queue.queueUrl,
        systemEventsBus: systemEventsBus?.eventBusArn ?? '',
        // For the first attempts of receivers that are slow or failing.
        retriesQueueUrl: queues.retries.queue.queueUrl,
        // For the rest of a large fan-out.
        jobsQueueUrl: queues.jobs.queue.queueUrl,
        eventTypes: tuning.eventTypes,
        journalRetentionDays: String(tuning.journalRetentionDays),
      },
    });
    this.handler = ingest;
    ingest.allow(
      ['dynamodb:BatchGetItem', 'dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:Query'],
      [storage.catalog.tableArn],
    );
    ingest.allow(
      [
        'dynamodb:BatchGetItem',
        'dynamodb:BatchWriteItem',
        'dynamodb:GetItem',
        'dynamodb:PutItem',
        // Which subscriptions were written.
        'dynamodb:Query',
        'dynamodb:UpdateItem',
      ],
      [storage.journal.tableArn],
    );
    ingest.allow(
      ['sqs:SendMessage'],
      [queues.deliveries.queue.queueArn, queues.retries.queue.queueArn, queues.jobs.queue.queueArn],
    );

    if (systemEventsBus) ingest.allow(['events:PutEvents'], [systemEventsBus.eventBusArn]);

    alarms.add(this, 'RejectedAlarm', 'rejectedEvents', ingest.metric(METRICS.eventsRejected));

    ingest.consume(queues.events.queue, { batchSize: 10, maxConcurrency: tuning.ingestMaxConcurrency });
  }
}
