import { Duration } from 'aws-cdk-lib';
import {
  type Alarm,
  ComparisonOperator,
  type MathExpression,
  type Metric,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { ALARMS, type AlarmName, runbookAnchor, type Severity } from '../alarm-list.ts';

/** Of every metric that an alarm watches. */
export const ALARM_PERIOD = Duration.minutes(5);

export interface AlarmsProps {
  readonly thresholds: Readonly<Record<AlarmName, number>>;
  /** Where the runbook is read; an alarm's heading is added as its anchor. */
  readonly runbookUrl: string;
  readonly topics: { readonly [Each in Severity]: ITopic | undefined };
}

/** What an alarm watches, where it is one of several. */
export interface Watched {
  /** The function, queue or table. */
  readonly of?: string;
  /** How many units of the metric are one of the threshold. @default 1 */
  readonly scale?: number;
}

/** Alarms stand beside what they watch; alarm-list.ts says what each is. Here is how one is made. */
export class Alarms {
  /** All that were made, for the dashboard. */
  readonly made: Alarm[] = [];
  private readonly props: AlarmsProps;

  constructor(props: AlarmsProps) {
    this.props = props;
  }

  add(scope: Construct, id: string, name: AlarmName, metric: Metric | MathExpression, watched: Watched = {}): void {
    const { severity, description, goesOff, periodsOfThree, whenMissing } = ALARMS[name];
    const { of = '', scale = 1 } = watched;
    const threshold = this.props.thresholds[name];
    const said = description.replaceAll('{of}', of).replaceAll('{threshold}', threshold.toLocaleString('en'));
    const alarm = metric.createAlarm(scope, id, {
      alarmDescription: `[${severity}] ${said} See ${this.props.runbookUrl}#${runbookAnchor(name)}`,
      comparisonOperator:
        goesOff === 'below' ? ComparisonOperator.LESS_THAN_THRESHOLD : ComparisonOperator.GREATER_THAN_THRESHOLD,
      threshold: threshold * scale,
      evaluationPeriods: periodsOfThree ? 3 : 1,
      datapointsToAlarm: periodsOfThree ?? 1,
      treatMissingData: whenMissing === 'breaching' ? TreatMissingData.BREACHING : TreatMissingData.NOT_BREACHING,
    });
    this.made.push(alarm);
    const topic = this.props.topics[severity];
    if (!topic) return;
    alarm.addAlarmAction(new SnsAction(topic));
    alarm.addOkAction(new SnsAction(topic));
  }
}
