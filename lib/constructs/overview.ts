import { Duration } from 'aws-cdk-lib';
import {
  AlarmStatusWidget,
  Dashboard,
  GraphWidget,
  GraphWidgetView,
  type IMetric,
  type IWidget,
  type Metric,
  PeriodOverride,
  Stats,
  TextWidget,
} from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import { METRICS } from '../../functions/names.ts';
import { ALARM_PERIOD } from './alarms.ts';
import { dailyCost } from './daily-cost.ts';
import type { Foundation } from './foundation.ts';
import type { Watched } from './watched.ts';

export interface OverviewProps extends Foundation, Watched {}

const WIDTH = 24;

/** The dashboard, for the person who is called. It answers from the top down, a question a row. */
export class Overview extends Construct {
  constructor(scope: Construct, id: string, props: OverviewProps) {
    super(scope, id);
    const { alarms, tuning } = props;
    const dashboard = new Dashboard(this, 'Dashboard', {
      defaultInterval: Duration.hours(6),
      // Periods are chosen here: a longer time range must not turn sums of five minutes into sums of an hour.
      periodOverride: PeriodOverride.INHERIT,
    });
    dashboard.addWidgets(
      new AlarmStatusWidget({ title: 'What is wrong?', alarms: alarms.made, width: WIDTH, height: 5 }),
    );
    const rows: [question: string, hint: string, widgets: IWidget[]][] = [
      [
        'Is it us or a receiver?',
        'Errors, throttles, 5xx: us. Failed attempts with none of these: receivers, or the way to them if all fail alike.',
        usOrReceivers(props),
      ],
      [
        'Since when?',
        'Compare what comes in with what goes out. A first attempt follows its event within a second or two.',
        sinceWhen(props),
      ],
      [
        'How much is waiting?',
        'Old messages of the first two queues: webhooks are late for everyone. Retries wait for their time, that is well.',
        waiting(props),
      ],
      [
        'What is at its limit?',
        'Concurrency, time and tables. The account’s concurrency is shared with everything else in it.',
        limits(props),
      ],
      [
        'What does it cost today?',
        'By list prices of us-east-1, days in UTC; without storage, traffic to receivers and the fixed prices. docs/watching.md says what is counted.',
        [stacked('Dollars a day', dailyCost(props, tuning), { view: GraphWidgetView.BAR, start: '-P14D' }, WIDTH)],
      ],
    ];
    for (const [question, hint, widgets] of rows) {
      dashboard.addWidgets(new TextWidget({ markdown: `## ${question}\n${hint}`, width: WIDTH, height: 2 }));
      dashboard.addWidgets(...widgets);
    }
  }
}

function usOrReceivers({ functions, deliver, gateway }: Watched): IWidget[] {
  const { handler } = deliver;
  const handlers = Object.entries(functions);
  return [
    stacked('Us: errors and throttles', [
      ...handlers.map(([name, { lambda }]) =>
        lambda.metricErrors({ label: `errors of ${name}`, period: ALARM_PERIOD }),
      ),
      ...handlers.map(([name, { lambda }]) =>
        lambda.metricThrottles({ label: `throttles of ${name}`, period: ALARM_PERIOD }),
      ),
      gateway.stage.metricServerError({ label: '5xx of the API', statistic: Stats.SUM, period: ALARM_PERIOD }),
    ]),
    stacked(
      'Receivers: failed attempts by outcome',
      [
        METRICS.attemptsHttpError,
        METRICS.attemptsTimeout,
        METRICS.attemptsConnectionRefused,
        METRICS.attemptsConnectionReset,
        METRICS.attemptsDnsError,
        METRICS.attemptsTlsError,
        METRICS.attemptsProtocolError,
        METRICS.attemptsBlockedAddress,
      ].map((name) => handler.metric(name)),
    ),
    lines('Attempts that succeed, %', [deliver.successRatio(1)], { leftYAxis: { min: 0, max: 100 } }),
  ];
}

function sinceWhen({ functions, deliver, queues }: Watched): IWidget[] {
  const { ingest, canary } = functions;
  const { handler } = deliver;
  return [
    lines('In and out', [
      labelled(ingest.metric(METRICS.eventsAccepted), 'events accepted'),
      queues.deliveries.queue.metricNumberOfMessagesSent({
        statistic: Stats.SUM,
        period: ALARM_PERIOD,
        label: 'deliveries queued',
      }),
      labelled(handler.metric(METRICS.attemptsSucceeded), 'attempts succeeded'),
      labelled(handler.metric(METRICS.attemptsFailed), 'attempts failed'),
      labelled(ingest.metric(METRICS.eventsRejected), 'events rejected'),
    ]),
    lines('From accepted to the first attempt, ms', [
      ...percentiles(handler.metric(METRICS.firstAttemptDelay)),
      ...(canary ? [labelled(canary.metric(METRICS.canaryRoundTrip, Stats.MAXIMUM), 'the canary’s whole way')] : []),
    ]),
    lines('How long receivers take, ms', percentiles(handler.metric(METRICS.receiverLatency))),
  ];
}

function waiting({ queues, functions, deliver }: Watched): IWidget[] {
  const work = Object.entries({
    events: queues.events,
    deliveries: queues.deliveries,
    retries: queues.retries,
    jobs: queues.jobs,
  });
  const maximum = { statistic: Stats.MAXIMUM, period: ALARM_PERIOD };
  const { sweep } = functions;
  const { handler } = deliver;
  return [
    lines('Age of the oldest message, s', [
      ...work.map(([label, { queue }]) => queue.metricApproximateAgeOfOldestMessage({ ...maximum, label })),
      labelled(sweep.metric(METRICS.oldestOverdue, Stats.MAXIMUM), 'oldest overdue delivery'),
    ]),
    lines('Messages', [
      ...work.map(([label, { queue }]) => queue.metricApproximateNumberOfMessagesVisible({ ...maximum, label })),
      queues.retries.queue.metricApproximateNumberOfMessagesDelayed({ ...maximum, label: 'retries, not due yet' }),
      ...work.map(([name, { deadLetters }]) =>
        deadLetters.metricApproximateNumberOfMessagesVisible({ ...maximum, label: `dead letters of ${name}` }),
      ),
    ]),
    lines('Deliveries that wait', [
      labelled(sweep.metric(METRICS.deliveriesSwept), 'due and woken'),
      labelled(sweep.metric(METRICS.deliveriesOverdue), 'of these overdue'),
      labelled(handler.metric(METRICS.deliveriesParked), 'parked'),
      labelled(handler.metric(METRICS.breakersOpened), 'breakers opened'),
      labelled(handler.metric(METRICS.deliveriesExhausted), 'failed for good'),
    ]),
  ];
}

function limits({ functions, account, storage }: Watched): IWidget[] {
  const handlers = Object.entries(functions);
  return [
    lines(
      'Concurrency',
      handlers.map(([label, { lambda }]) =>
        lambda.metric('ConcurrentExecutions', { statistic: Stats.MAXIMUM, period: ALARM_PERIOD, label }),
      ),
      { right: [account.concurrency], rightYAxis: { min: 0, max: 100 } },
    ),
    lines(
      'How long an invocation takes, p99, ms',
      handlers.map(([label, { lambda }]) =>
        lambda.metricDuration({ statistic: Stats.percentile(99), period: ALARM_PERIOD, label }),
      ),
    ),
    lines(
      'Tables: capacity consumed, and refusals',
      Object.entries({ catalog: storage.catalog, journal: storage.journal }).flatMap(([name, table]) => [
        table.metricConsumedWriteCapacityUnits({ period: ALARM_PERIOD, label: `writes of ${name}` }),
        table.metricConsumedReadCapacityUnits({ period: ALARM_PERIOD, label: `reads of ${name}` }),
      ]),
      { right: Object.values(storage.refusals) },
    ),
  ];
}

function percentiles(metric: Metric): Metric[] {
  return [50, 95, 99].map((percent) => metric.with({ statistic: Stats.percentile(percent), label: `p${percent}` }));
}

function labelled(metric: Metric, label: string): Metric {
  return metric.with({ label });
}

type GraphProps = ConstructorParameters<typeof GraphWidget>[0];

function lines(title: string, left: IMetric[], more: GraphProps = {}, width = WIDTH / 3): GraphWidget {
  return new GraphWidget({ title, left, leftYAxis: { min: 0 }, width, height: 6, ...more });
}

function stacked(title: string, left: IMetric[], more: GraphProps = {}, width = WIDTH / 3): GraphWidget {
  return lines(title, left, { stacked: true, ...more }, width);
}
