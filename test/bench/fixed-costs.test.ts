import { expect, test } from 'vitest';
import { fixedCosts } from '../../bench/costs/fixed.ts';
import { synthesize } from '../lib/synthesize.ts';

const linesOf = (props: Parameters<typeof synthesize>[0]) =>
  Object.fromEntries(fixedCosts(synthesize(props).toJSON().Resources).map((line) => [line.name, line]));

test('what costs by being there is counted in the template', () => {
  const lines = linesOf({});
  expect(lines['KMS keys']).toMatchObject({ count: 1, dollars: 1 });
  expect(lines.secrets).toMatchObject({ count: 1, dollars: 0.4 });
  expect(lines['NAT gateways']).toBeUndefined();
  // Four event sources, five polls of 20 seconds each.
  expect(lines['long polls of empty queues']?.count).toBe(4 * 5 * 730 * 180);
  expect(lines.sweeps?.dollars).toBeGreaterThan(0);
});

test('an alarm on an expression costs as much as its metrics', () => {
  const alarm = (Properties: object) => ({ Type: 'AWS::CloudWatch::Alarm', Properties: { ...Properties } });
  const metric = { MetricStat: {} };
  const [line] = fixedCosts({
    one: alarm({ MetricName: 'Age' }),
    two: alarm({ Metrics: [{ Expression: 'a+b' }, metric, metric] }),
  });
  expect(line).toEqual({ name: 'metrics that alarms watch', count: 3, dollars: expect.closeTo(0.3) });
});

test('settings change it', () => {
  const lines = linesOf({ vpc: 'new', dataKey: 'new', rollout: 'canary' });
  expect(lines['KMS keys']).toMatchObject({ count: 2 });
  expect(lines['NAT gateways']).toMatchObject({ count: 2, dollars: 65.7 });
  expect(lines['public addresses']).toMatchObject({ count: 2 });
  const functions = Object.keys(synthesize().findResources('AWS::Lambda::Function')).length;
  const watched = 'metrics that alarms watch';
  expect(lines[watched]?.count).toBe((linesOf({})[watched]?.count ?? 0) + functions);
});
