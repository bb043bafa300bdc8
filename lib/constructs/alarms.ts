import { ComparisonOperator, type Metric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';

export interface AlarmProps {
  /** The alarm goes off above this. */
  readonly above: number;
  /** What has happened, in a sentence. */
  readonly description: string;
  /** The anchor of the alarm's heading in docs/runbook.md. */
  readonly runbook: string;
  /** How many of the last three periods must be above. @default 1, and only the last period counts */
  readonly periodsOfThree?: number;
}

/** Alarms stand beside what they watch; here is what they have in common. */
export class Alarms {
  private readonly topic: ITopic | undefined;

  constructor(topic?: ITopic) {
    this.topic = topic;
  }

  add(scope: Construct, id: string, metric: Metric, props: AlarmProps): void {
    const alarm = metric.createAlarm(scope, id, {
      alarmDescription: `${props.description} See docs/runbook.md#${props.runbook}`,
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      threshold: props.above,
      evaluationPeriods: props.periodsOfThree ? 3 : 1,
      datapointsToAlarm: props.periodsOfThree ?? 1,
      // A function that did not run and a queue that was empty for hours report nothing.
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
    if (!this.topic) return;
    alarm.addAlarmAction(new SnsAction(this.topic));
    alarm.addOkAction(new SnsAction(this.topic));
  }
}
