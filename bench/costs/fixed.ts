import * as z from 'zod';
import { PRICES } from '../prices.ts';

/** Of one resource of the template, whatever goes through it. */
interface ResourcePrice {
  name: string;
  /** A month of 730 hours, in us-east-1. */
  dollars: number;
  source: string;
}

const ALARM = 'AWS::CloudWatch::Alarm';
const RESOURCES: Record<string, ResourcePrice> = {
  [ALARM]: {
    name: 'metrics that alarms watch',
    dollars: 0.1,
    source: 'https://c3x.dev/resources/aws/aws_cloudwatch_metric_alarm, 2026-11-26',
  },
  'AWS::CloudWatch::Dashboard': {
    name: 'dashboards',
    dollars: 3,
    source: 'https://aws.amazon.com/cloudwatch/pricing/',
  },
  'AWS::KMS::Key': { name: 'KMS keys', dollars: 1, source: 'https://aws.amazon.com/kms/pricing/' },
  'AWS::SecretsManager::Secret': {
    name: 'secrets',
    dollars: 0.4,
    source: 'https://aws.amazon.com/secrets-manager/pricing/',
  },
  'AWS::EC2::NatGateway': {
    name: 'NAT gateways',
    dollars: 32.85,
    source: 'https://projecthelena.com/blog/aws-bill-breakdown-2026/, 2026',
  },
  'AWS::EC2::EIP': { name: 'public addresses', dollars: 3.65, source: 'https://aws.amazon.com/vpc/pricing/' },
};

export interface FixedLine {
  name: string;
  count: number;
  dollars: number;
}

const HOURS = 730;
/** What an event source mapping keeps open, each for 20 seconds (aws-samples and AWS's own answers; not in the contract). */
const POLLERS = 5;
const POLL_SECONDS = 20;
/** A sweep that finds nothing: how long it takes (`npm run memory`; the longest that was seen), and its reads (8 shards of deliveries, one of jobs, the statistics'). */
const SWEEP_SECONDS = 0.1;
const SWEEP_READS = 14 * 0.5;

/** What a month costs in which nothing is published, by what the template has. Without free tiers. */
export function fixedCosts(
  resources: Record<string, { Type: string; Properties?: Record<string, unknown> | undefined }>,
): FixedLine[] {
  const all = Object.values(resources);
  const counted = Object.entries(RESOURCES).flatMap(([type, { name, dollars }]): FixedLine[] => {
    const ofType = all.filter(({ Type }) => Type === type);
    const count = type === ALARM ? ofType.reduce((sum, alarm) => sum + metricsOf(alarm), 0) : ofType.length;
    return count === 0 ? [] : [{ name, count, dollars: count * dollars }];
  });
  const mappings = all.filter(({ Type }) => Type === 'AWS::Lambda::EventSourceMapping').length;
  const polls = (mappings * POLLERS * HOURS * 3_600) / POLL_SECONDS;
  const sweeps = HOURS * 60;
  const sweep = all.find(({ Properties }) => Properties?.Description === 'Posthorn: sweep');
  const gib = Number(sweep?.Properties?.MemorySize ?? 0) / 1_024;
  return [
    ...counted,
    { name: 'long polls of empty queues', count: polls, dollars: priced('sqsRequest', polls) },
    {
      name: 'sweeps',
      count: sweeps,
      dollars:
        priced('lambdaRequest', sweeps) +
        priced('lambdaDuration', sweeps * SWEEP_SECONDS * gib) +
        priced('dynamodbRead', sweeps * SWEEP_READS),
    },
  ];
}

/** An alarm on an expression is paid for by the metrics in it. */
function metricsOf({ Properties }: { Properties?: Record<string, unknown> | undefined }): number {
  const { Metrics } = AlarmProperties.parse(Properties);
  return Metrics === undefined ? 1 : Metrics.filter(({ MetricStat }) => MetricStat !== undefined).length;
}

const AlarmProperties = z.object({ Metrics: z.array(z.object({ MetricStat: z.unknown().optional() })).optional() });

function priced(name: keyof typeof PRICES, units: number): number {
  const { dollars, per } = PRICES[name];
  return (units * dollars) / per;
}
