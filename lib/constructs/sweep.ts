import { Duration } from 'aws-cdk-lib';
import { Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { Construct } from 'constructs';
import { INDEXES, METRICS } from '../../functions/names.ts';
import { ALARM_PERIOD } from './alarms.ts';
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
  readonly handler: HandlerFunction;

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
    this.handler = sweep;
    sweep.allow(['dynamodb:Query'], [indexArn(storage.journal, INDEXES.journalDue)]);
    // Query and GetItem are for the records of statistics, whose counters UpdateItem adds to.
    sweep.allow(['dynamodb:GetItem', 'dynamodb:Query', 'dynamodb:UpdateItem'], [storage.journal.tableArn]);
    sweep.allow(['sqs:SendMessage'], [queues.retries.queue.queueArn, queues.jobs.queue.queueArn]);

    new Rule(this, 'Schedule', {
      schedule: Schedule.rate(Duration.minutes(1)),
      targets: [new LambdaFunction(sweep.lambda)],
    });

    const { alarms } = foundation;
    const runs = sweep.lambda.metricInvocations({ period: ALARM_PERIOD });
    alarms.add(this, 'NotRunningAlarm', 'sweepNotRunning', runs);
    alarms.add(this, 'OverdueAlarm', 'overdueDeliveries', sweep.metric(METRICS.oldestOverdue, Stats.MAXIMUM));
  }
}
