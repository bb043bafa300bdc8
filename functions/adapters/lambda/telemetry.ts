import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { type METRICS, METRICS_NAMESPACE } from '../../names.ts';

type MetricName = (typeof METRICS)[keyof typeof METRICS];

/** Counts while a batch is handled, and writes each metric once for the whole batch. */
export interface Counter {
  count(name: MetricName, by?: number): void;
  publish(): void;
}

export interface Telemetry {
  logger: Logger;
  counter: Counter;
}

/** One of each for a function; both take service and level from the POWERTOOLS_* variables. */
export function createTelemetry(): Telemetry {
  const metrics = new Metrics({ namespace: METRICS_NAMESPACE });
  const counts = new Map<MetricName, number>();
  return {
    logger: new Logger(),
    counter: {
      count(name, by = 1) {
        counts.set(name, (counts.get(name) ?? 0) + by);
      },
      publish() {
        for (const [name, value] of counts) metrics.addMetric(name, MetricUnit.Count, value);
        if (counts.size > 0) metrics.publishStoredMetrics();
        counts.clear();
      },
    },
  };
}

/** What the logger takes of something that was thrown. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
