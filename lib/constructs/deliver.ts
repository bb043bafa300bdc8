import { MathExpression, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import { INDEXES, METRICS } from '../../functions/names.ts';
import { deliverTimeoutSeconds } from '../tuning.ts';
import { ALARM_PERIOD, type Alarms } from './alarms.ts';
import type { Foundation } from './foundation.ts';
import { HandlerFunction } from './handler-function.ts';
import { ENCRYPTION_CONTEXT_CONDITION, type Keys } from './keys.ts';
import type { Queues } from './queues.ts';
import { indexArn, type Storage } from './storage.ts';

export interface DeliverProps extends Foundation {
  readonly storage: Storage;
  readonly queues: Queues;
  readonly keys: Keys;
}

/** Makes the attempts. First ones and retries come by event sources of their own, so that neither waits for the other. */
export class Deliver extends Construct {
  readonly handler: HandlerFunction;

  constructor(scope: Construct, id: string, { storage, queues, keys, ...foundation }: DeliverProps) {
    super(scope, id);
    const { tuning, alarms } = foundation;
    const retries = queues.retries.queue;

    const deliver = new HandlerFunction(this, 'Function', {
      ...foundation,
      name: 'deliver',
      callsReceivers: true,
      // A retry is a message that it sends itself, and a schedule has more than 16.
      invokesItself: true,
      // Names are looked up on these threads, 4 by default: one receiver's name server that hangs must not hold up the others.
      nodeVariables: { UV_THREADPOOL_SIZE: '16' },
      timeoutSeconds: deliverTimeoutSeconds(tuning),
      environment: {
        catalogTable: storage.catalog.tableName,
        journalTable: storage.journal.tableName,
        // Where system events are published.
        eventsQueueUrl: queues.events.queue.queueUrl,
        deliveriesQueueUrl: queues.deliveries.queue.queueUrl,
        retriesQueueUrl: retries.queueUrl,
        retriesQueueArn: retries.queueArn,
        // For what waits for a subscription and does not fit on a page.
        jobsQueueUrl: queues.jobs.queue.queueUrl,
        kmsKeyArn: keys.encryption.keyArn,
        journalRetentionDays: String(tuning.journalRetentionDays),
        statsRetentionDays: String(tuning.statsRetentionDays),
        allowedPrivateRanges: tuning.allowedPrivateRanges.join(','),
        deniedRanges: foundation.network?.ranges.join(',') ?? '',
        allowedPorts: tuning.allowedPorts.join(','),
        allowHttp: String(tuning.allowHttp),
        attemptTimeoutSeconds: String(tuning.attemptTimeoutSeconds),
        maxQueueWaitSeconds: String(tuning.maxQueueWaitSeconds),
        disableAfterDays: String(tuning.disableAfterDays),
      },
    });
    this.handler = deliver;
    deliver.allow(
      // UpdateItem writes a subscription's health and disables it, DeleteItem removes one, as its profile says.
      ['dynamodb:BatchGetItem', 'dynamodb:DeleteItem', 'dynamodb:GetItem', 'dynamodb:UpdateItem'],
      [storage.catalog.tableArn],
    );
    deliver.allow(
      [
        'dynamodb:BatchGetItem',
        'dynamodb:BatchWriteItem',
        'dynamodb:GetItem',
        'dynamodb:PutItem',
        'dynamodb:UpdateItem',
      ],
      [storage.journal.tableArn],
    );
    deliver.allow(['dynamodb:Query'], [indexArn(storage.journal, INDEXES.journalList)]);
    deliver.allow(['sqs:SendMessage'], [retries.queueArn, queues.events.queue.queueArn, queues.jobs.queue.queueArn]);
    deliver.allow(['kms:Decrypt'], [keys.encryption.keyArn], ENCRYPTION_CONTEXT_CONDITION);

    this.watch(alarms);

    const first = queues.deliveries.queue;
    deliver.consume(first, { batchSize: 10, maxConcurrency: tuning.firstAttemptsMaxConcurrency });
    deliver.consume(retries, { batchSize: 10, maxConcurrency: tuning.retriesMaxConcurrency });
    // By which what cannot be tried now waits, or comes back without delay.
    deliver.allow(['sqs:ChangeMessageVisibility'], [first.queueArn, retries.queueArn]);
  }

  private watch(alarms: Alarms): void {
    const { handler } = this;
    alarms.add(this, 'InterruptedAlarm', 'interruptedDeliveries', handler.metric(METRICS.deliveriesInterrupted));
    alarms.add(this, 'ExhaustedAlarm', 'exhaustedDeliveries', handler.metric(METRICS.deliveriesExhausted));
    const delay = handler.metric(METRICS.firstAttemptDelay, Stats.percentile(99));
    alarms.add(this, 'LateAlarm', 'lateFirstAttempts', delay, { scale: 1_000 });
    alarms.add(this, 'SuccessAlarm', 'successRatio', this.successRatio(RATIO_FROM));
  }

  /** In percent; 100 while there are fewer attempts than `from` in the period. */
  successRatio(from: number): MathExpression {
    return new MathExpression({
      // Neither is missing where the other is: a batch with attempts says both.
      expression: `IF(attempts >= ${from}, 100 * succeeded / attempts, 100)`,
      usingMetrics: {
        succeeded: this.handler.metric(METRICS.attemptsSucceeded),
        // Each attempt has one.
        attempts: this.handler.metric(METRICS.receiverLatency, Stats.SAMPLE_COUNT),
      },
      label: 'attempts that succeed, %',
      period: ALARM_PERIOD,
    });
  }
}

/** Of fewer attempts in five minutes a single receiver may be the most. */
const RATIO_FROM = 100;
