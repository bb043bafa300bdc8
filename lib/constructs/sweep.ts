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

const NOT_REPEATED = { retryAttempts: 0, maxEventAge: Duration.minutes(1) };

/**
 * Wakes, once a minute, the deliveries whose time has come, and jobs whose message was lost, and adds up statistics. Sweeps do
 * not overlap: one takes less than a minute, one that failed is not repeated (the next comes within a minute), one that had to
 * wait is dropped, and its reserved concurrency is 1 where the account has any to reserve. A second sweep at the same time
 * would be harmless, because each delivery is leased before it is enqueued.
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

    // EventBridge invokes it asynchronously: Lambda queues what it cannot run, for six hours by default, and runs failures again.
    sweep.entry.configureAsyncInvoke(NOT_REPEATED);
    new Rule(this, 'Schedule', {
      schedule: Schedule.rate(Duration.minutes(1)),
      targets: [new LambdaFunction(sweep.entry, NOT_REPEATED)],
    });

    const { alarms } = foundation;
    const runs = sweep.lambda.metricInvocations({ period: ALARM_PERIOD });
    alarms.add(this, 'NotRunningAlarm', 'sweepNotRunning', runs);
    alarms.add(this, 'OverdueAlarm', 'overdueDeliveries', sweep.metric(METRICS.oldestOverdue, Stats.MAXIMUM));
  }
}
