import { describe, expect, it } from 'vitest';
import { Refusal } from '../../../functions/core/refusal.ts';
import { createStatsReader, type Stats, type StatsRequest } from '../../../functions/core/stats/read-stats.ts';
import { HOUR, MINUTE, NOW, subscriptionId } from '../../support/domain.ts';
import { MemoryStats } from '../../support/memory-stats.ts';

const DAY = 24 * HOUR;
const MIDNIGHT = Math.floor(NOW / DAY) * DAY;

function reader(retentionDays = 90, now = NOW + 20 * MINUTE) {
  const store = new MemoryStats(() => now);
  const stats = createStatsReader({ store, retentionDays, now: () => now });
  const read = (request: Partial<StatsRequest> = {}) =>
    stats.ofSubscription('acme', subscriptionId(), { interval: 'hour', ...request });
  return { store, stats, read };
}

function given(stats: Stats | Refusal): Stats {
  if (stats instanceof Refusal) throw new Error(stats.message);
  return stats;
}

describe('a range', () => {
  it.each<[string, Partial<StatsRequest>, number, number, number]>([
    ['none: the hours of the last day', {}, NOW - DAY, NOW + HOUR, 25],
    ['none, by day: the last 30', { interval: 'day' }, MIDNIGHT - 30 * DAY, MIDNIGHT + DAY, 31],
    ['whole hours', { from: NOW - 3 * HOUR, to: NOW }, NOW - 3 * HOUR, NOW, 3],
    ['parts of hours', { from: NOW - 1, to: NOW + 1 }, NOW - HOUR, NOW + HOUR, 2],
    ['a moment', { from: NOW, to: NOW }, NOW, NOW + HOUR, 1],
    ['up to the future', { from: NOW, to: NOW + DAY }, NOW, NOW + HOUR, 1],
    ['days', { interval: 'day', from: NOW - DAY, to: NOW }, MIDNIGHT - DAY, MIDNIGHT + DAY, 2],
    ['as long as may be', { from: NOW - 31 * DAY, to: NOW }, NOW - 31 * DAY, NOW, 31 * 24],
  ])('%s', async (_, request, from, to, length) => {
    const stats = given(await reader().read(request));
    expect({ from: stats.from, to: stats.to }).toEqual({ from, to });
    expect(stats.series).toHaveLength(length);
    expect(stats.series[0]?.from).toBe(from);
    expect(stats.totals).toEqual({});
  });

  it.each<[string, Partial<StatsRequest>, string, string]>([
    ['that ends before it begins', { from: NOW, to: NOW - 1 }, '?from', 'must not be after to'],
    ['in the future', { from: NOW + DAY }, '?from', 'in the future'],
    ['longer than 31 days', { from: NOW - 31 * DAY - 1, to: NOW }, '?from', 'at most 31 days before to'],
    ['from before anything is kept', { from: NOW - 91 * DAY, to: NOW - 80 * DAY }, '?from', 'more than 90 days ago'],
    ['wholly before anything is kept', { to: NOW - 91 * DAY }, '?to', 'more than 90 days ago'],
    ['in another age', { to: Date.parse('0000-01-01T00:00:00Z') }, '?to', 'more than 90 days ago'],
  ])('%s is refused', async (_, request, path, message) => {
    const refused = await reader().read(request);
    expect(refused).toMatchObject({
      code: 'invalid_request',
      errors: [{ path, message: expect.stringContaining(message) }],
    });
  });

  it('without a beginning begins no earlier than what is kept', async () => {
    expect(given(await reader(10).read({ interval: 'day' })).from).toBe(MIDNIGHT - 10 * DAY);
  });
});

it('counters are summed by interval, and over the range', async () => {
  const { store, read } = reader();
  const at = [MIDNIGHT - HOUR, MIDNIGHT, MIDNIGHT + 2 * HOUR];
  for (const [index, hour] of at.entries()) {
    const counted = { tenantId: 'acme', subscriptionId: subscriptionId(), counters: { success: 10 ** index } };
    await store.addCounters(hour, counted, { after: String(index), through: String(index + 1) });
  }
  const days = given(await read({ interval: 'day', from: MIDNIGHT - DAY }));
  expect(days.series).toEqual([
    { from: MIDNIGHT - DAY, counters: { success: 1 } },
    { from: MIDNIGHT, counters: { success: 110 } },
  ]);
  expect(days.totals).toEqual({ success: 111 });
  const hours = given(await read({ from: MIDNIGHT, to: MIDNIGHT + 3 * HOUR }));
  expect(hours.series.map(({ counters }) => counters)).toEqual([{ success: 10 }, {}, { success: 100 }]);
  expect(hours.totals).toEqual({ success: 110 });
});

it('a tenant with too many counters is told to ask for less', async () => {
  const { store, stats } = reader();
  store.readTenantCounters = async (_tenant, _range, maxItems) => (maxItems === 50_000 ? null : new Map());
  expect(await stats.ofTenant('acme', { interval: 'hour' })).toMatchObject({
    code: 'invalid_request',
    errors: [{ path: '?from', message: expect.stringContaining('50000') }],
  });
});

it('a deployment that keeps none says so', async () => {
  const { stats, read } = reader(0);
  for (const refused of [await read(), await stats.ofTenant('acme', { interval: 'day' })])
    expect(refused).toMatchObject({ code: 'conflict', message: expect.stringContaining('statsRetentionDays') });
});
