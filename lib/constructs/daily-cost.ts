import { Duration } from 'aws-cdk-lib';
import { type IMetric, MathExpression, Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import type { TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { HTTP_API_REQUEST, PRICES, type Price } from '../../bench/prices.ts';
import { INDEXES } from '../../functions/names.ts';
import type { Tuning } from '../tuning.ts';
import type { Watched } from './watched.ts';

/** A sum over a day, from midnight UTC on. */
const A_DAY = { statistic: Stats.SUM, period: Duration.days(1) };

interface Part {
  readonly metric: IMetric;
  /** Of one unit of the metric. */
  readonly dollars: number;
}

/**
 * What a day costs, by service, in dollars of the list prices of us-east-1. It is what usage metrics tell: without storage, traffic to
 * receivers, KMS, and the fixed price of alarms, metrics and keys. SQS is counted as if each message was handled alone.
 */
export function dailyCost(
  { functions, storage, queues, gateway }: Watched,
  tuning: Pick<Tuning, 'functions'>,
): MathExpression[] {
  const lambda = Object.entries(functions).flatMap(([name, { lambda: handler }]): Part[] => {
    const { memoryMiB } = tuning.functions[name as keyof typeof functions];
    // Milliseconds to GB-seconds.
    const dollars = (dollarsOf(PRICES.lambdaDuration) * memoryMiB) / 1024 / 1000;
    return [
      { metric: handler.metricInvocations(A_DAY), dollars: dollarsOf(PRICES.lambdaRequest) },
      { metric: handler.metricDuration(A_DAY), dollars },
    ];
  });
  const tables = [
    ...partsOf(storage.catalog, [INDEXES.catalogList.name]),
    ...partsOf(storage.journal, [INDEXES.journalList.name, INDEXES.journalDue.name]),
  ].map(({ kind, metric }): Part => ({ metric, dollars: dollarsOf(PRICES[kind]) }));
  const work = [queues.events, queues.deliveries, queues.retries, queues.jobs].map(({ queue }) => queue);
  const sqs = work.flatMap((queue): Part[] =>
    [
      queue.metricNumberOfMessagesSent(A_DAY),
      queue.metricNumberOfMessagesReceived(A_DAY),
      queue.metricNumberOfMessagesDeleted(A_DAY),
      queue.metricNumberOfEmptyReceives(A_DAY),
    ].map((metric) => ({ metric, dollars: dollarsOf(PRICES.sqsRequest) + dollarsOf(PRICES.sqsFairRequest) })),
  );
  const groups = [...Object.values(functions).map(({ logGroup }) => logGroup), gateway.accessLogs];
  const logs = groups.map((group): Part => {
    const dimensionsMap = { LogGroupName: group.logGroupName };
    const metric = new Metric({ namespace: 'AWS/Logs', metricName: 'IncomingBytes', dimensionsMap, ...A_DAY });
    return { metric, dollars: dollarsOf(PRICES.logs) };
  });
  const requests = [{ metric: gateway.stage.metricCount(A_DAY), dollars: dollarsOf(HTTP_API_REQUEST) }];
  return [
    sumOf('DynamoDB', 'd', tables),
    sumOf('Lambda', 'l', lambda),
    sumOf('SQS, at most', 's', sqs),
    sumOf('CloudWatch logs', 'g', logs),
    sumOf('API Gateway', 'a', requests),
  ];
}

function dollarsOf({ dollars, per }: Price): number {
  return dollars / per;
}

function partsOf(table: Pick<TableV2, 'tableName' | 'metric'>, indexes: readonly string[]) {
  const named = [{}, ...indexes.map((name) => ({ GlobalSecondaryIndexName: name }))];
  return named.flatMap((index) => {
    const dimensionsMap = { TableName: table.tableName, ...index };
    return [
      {
        kind: 'dynamodbWrite' as const,
        metric: table.metric('ConsumedWriteCapacityUnits', { ...A_DAY, dimensionsMap }),
      },
      { kind: 'dynamodbRead' as const, metric: table.metric('ConsumedReadCapacityUnits', { ...A_DAY, dimensionsMap }) },
    ];
  });
}

/** @param prefix of the names of the metrics in the expression, which are unique within a widget */
function sumOf(label: string, prefix: string, parts: readonly Part[]): MathExpression {
  return new MathExpression({
    expression: parts.map(({ dollars }, index) => `FILL(${prefix}${index}, 0) * ${dollars.toFixed(16)}`).join(' + '),
    usingMetrics: Object.fromEntries(parts.map(({ metric }, index) => [`${prefix}${index}`, metric])),
    label,
    period: A_DAY.period,
  });
}
