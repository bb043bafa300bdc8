import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { METRICS } from '../../names.ts';
import { LogLine } from './log-lines.ts';

type MetricName = (typeof METRICS)[keyof typeof METRICS];

/** Counts and measures while a batch is handled, and writes one line of metrics for the whole batch. */
export interface Counter {
  count(name: MetricName, by?: number): void;
  /** One of the values whose distribution is asked for. */
  measure(name: MetricName, value: number): void;
  publish(): void;
}

export interface Telemetry {
  logger: Logger;
  counter: Counter;
}

/** What is not a count. */
const UNITS: Partial<Record<MetricName, (typeof MetricUnit)[keyof typeof MetricUnit]>> = {
  [METRICS.firstAttemptDelay]: MetricUnit.Milliseconds,
  [METRICS.receiverLatency]: MetricUnit.Milliseconds,
  [METRICS.canaryRoundTrip]: MetricUnit.Milliseconds,
  [METRICS.oldestOverdue]: MetricUnit.Seconds,
};

/** One of each for a function; both take service, namespace and level from the POWERTOOLS_* variables. */
export function createTelemetry(): Telemetry {
  const metrics = new Metrics();
  const counts = new Map<MetricName, number>();
  return {
    logger: new Logger({ logFormatter: new LogLine() }),
    counter: {
      count(name, by = 1) {
        counts.set(name, (counts.get(name) ?? 0) + by);
      },
      measure(name, value) {
        metrics.addMetric(name, UNITS[name] ?? MetricUnit.Count, value);
      },
      publish() {
        for (const [name, value] of counts) metrics.addMetric(name, MetricUnit.Count, value);
        if (metrics.hasStoredMetrics()) metrics.publishStoredMetrics();
        counts.clear();
      },
    },
  };
}

/** What the logger takes of something that was thrown. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
