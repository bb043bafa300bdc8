import { MathExpression, Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import { ALARM_PERIOD } from './alarms.ts';
import type { Foundation } from './foundation.ts';

/** What all functions of the account share in this region, Posthorn's and others. */
export class Account extends Construct {
  /** Of the account's concurrency, in percent. What is reserved for a function counts as taken. */
  readonly concurrency: MathExpression;

  constructor(scope: Construct, id: string, { tuning, alarms }: Foundation) {
    super(scope, id);
    // SERVICE_QUOTA() knows the quotas of metrics of AWS/Usage alone, to which Lambda's concurrency does not belong.
    this.concurrency = new MathExpression({
      expression: `100 * claimed / ${tuning.accountConcurrency}`,
      usingMetrics: {
        claimed: new Metric({
          namespace: 'AWS/Lambda',
          metricName: 'ClaimedAccountConcurrency',
          statistic: Stats.MAXIMUM,
          period: ALARM_PERIOD,
        }),
      },
      label: 'concurrency taken in the account, %',
      period: ALARM_PERIOD,
    });
    alarms.add(this, 'ConcurrencyAlarm', 'accountConcurrency', this.concurrency);
  }
}
