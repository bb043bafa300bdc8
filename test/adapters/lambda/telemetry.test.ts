import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createTelemetry } from '../../../functions/adapters/lambda/telemetry.ts';
import { METRICS } from '../../../functions/names.ts';

const NAMESPACE = 'Posthorn/Payroll-1234ABCD';

beforeEach(() => {
  vi.stubEnv('POWERTOOLS_SERVICE_NAME', 'posthorn-deliver');
  vi.stubEnv('POWERTOOLS_METRICS_NAMESPACE', NAMESPACE);
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

function metricLines() {
  const lines: string[] = [];
  // Powertools writes through a console of its own.
  vi.spyOn(process.stdout, 'write').mockImplementation((line) => lines.push(String(line)) > 0);
  return lines;
}

it('writes one line for an invocation, in the namespace of its deployment, with no dimension but the function', () => {
  const lines = metricLines();
  const { counter } = createTelemetry();
  for (const latency of [80, 120, 95]) {
    counter.count(METRICS.attemptsSucceeded);
    counter.count(METRICS.attemptsFailed, 0);
    counter.measure(METRICS.receiverLatency, latency);
  }
  counter.publish();
  expect(lines).toHaveLength(1);
  const { _aws, ...values } = JSON.parse(lines[0] ?? '');
  expect(values).toEqual({
    service: 'posthorn-deliver',
    AttemptsSucceeded: 3,
    AttemptsFailed: 0,
    ReceiverLatency: [80, 120, 95],
  });
  expect(_aws.CloudWatchMetrics).toEqual([
    {
      Namespace: NAMESPACE,
      Dimensions: [['service']],
      Metrics: [
        { Name: 'ReceiverLatency', Unit: 'Milliseconds' },
        { Name: 'AttemptsSucceeded', Unit: 'Count' },
        { Name: 'AttemptsFailed', Unit: 'Count' },
      ],
    },
  ]);
});

it('begins anew with each invocation, and writes nothing of one that counted nothing', () => {
  const lines = metricLines();
  const { counter } = createTelemetry();
  counter.count(METRICS.eventsAccepted);
  counter.publish();
  counter.publish();
  counter.measure(METRICS.oldestOverdue, 0);
  counter.publish();
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    expect.objectContaining({ EventsAccepted: 1 }),
    expect.not.objectContaining({ EventsAccepted: 1 }),
  ]);
  expect(JSON.parse(lines[1] ?? '')).toMatchObject({ OldestOverdue: 0 });
});
