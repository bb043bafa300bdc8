import { Duration } from 'aws-cdk-lib';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { Construct } from 'constructs';
import { INDEXES } from '../../functions/names.ts';
import type { Foundation } from './foundation.ts';
import { HandlerFunction } from './handler-function.ts';
import type { Queues } from './queues.ts';
import { indexArn, type Storage } from './storage.ts';

export interface SweepProps extends Foundation {
  readonly storage: Storage;
  readonly queues: Queues;
}

/**
 * Wakes, once a minute, the deliveries whose time has come, and jobs whose message was lost, and adds up statistics. It reserves
 * no concurrency: its timeout keeps sweeps apart, each delivery is leased before it is enqueued, so that a second sweep at the
 * same time is harmless, and a new account has nothing to reserve from (a deployment into its limit of 10 would fail).
 */
export class Sweep extends Construct {
  constructor(scope: Construct, id: string, { storage, queues, ...foundation }: SweepProps) {
    super(scope, id);

    const sweep = new HandlerFunction(this, 'Function', {
      ...foundation,
      name: 'sweep',
      timeoutSeconds: foundation.tuning.functions.sweep.timeoutSeconds,
      environment: {
        journalTable: storage.journal.tableName,
        retriesQueueUrl: queues.retries.queue.queueUrl,
        jobsQueueUrl: queues.jobs.queue.queueUrl,
        statsRetentionDays: String(foundation.tuning.statsRetentionDays),
      },
    });
    sweep.allow(['dynamodb:Query'], [indexArn(storage.journal, INDEXES.journalDue)]);
    // Query and GetItem are for the records of statistics, whose counters UpdateItem adds to.
    sweep.allow(['dynamodb:GetItem', 'dynamodb:Query', 'dynamodb:UpdateItem'], [storage.journal.tableArn]);
    sweep.allow(['sqs:SendMessage'], [queues.retries.queue.queueArn, queues.jobs.queue.queueArn]);

    new Rule(this, 'Schedule', {
      schedule: Schedule.rate(Duration.minutes(1)),
      targets: [new LambdaFunction(sweep.lambda)],
    });
  }
}
