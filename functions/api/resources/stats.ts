import * as z from 'zod';
import { Refusal } from '../../core/refusal.ts';
import { type Counters, ENDS } from '../../core/stats/counters.ts';
import { latencyPercentile } from '../../core/stats/latency.ts';
import { type Stats, StatsInterval, type StatsReader } from '../../core/stats/read-stats.ts';
import type { Subscriptions } from '../../core/subscription/manage.ts';
import { STATUS_CLASSES } from '../../core/target/status-class.ts';
import { ATTEMPT_OUTCOMES } from '../../core/target/webhook.ts';
import type { Tenants } from '../../core/tenant/tenants.ts';
import { answer, rangeQuery, routesOf } from '../http/route.ts';
import { Timestamp, time } from '../schemas/values.ts';

const route = routesOf('Statistics', 'tenant');

const Count = z.int().min(0);
const countsOf = <const Names extends readonly string[]>(names: Names) => z.record(z.enum(names), Count);
const Milliseconds = z.number().nullable();

const countersShape = {
  deliveries: countsOf(ENDS).meta({ description: 'Deliveries that came to this end.' }),
  attempts: Count,
  outcomes: countsOf(ATTEMPT_OUTCOMES).meta({ description: 'Attempts by what became of them.' }),
  statusClasses: countsOf(STATUS_CLASSES).meta({
    description: 'Attempts that were answered, by the status. A status outside 100 to 599 counts as 5xx.',
  }),
  latencyMs: z.object({ p50: Milliseconds, p95: Milliseconds }).meta({
    description: 'How long attempts took, within 10 %; null if there were none.',
  }),
};

export const StatsView = z
  .object({
    interval: StatsInterval,
    from: Timestamp,
    to: Timestamp,
    totals: z.object(countersShape),
    series: z.array(z.object({ from: Timestamp, ...countersShape })),
  })
  .meta({ id: 'Stats' });

function statsView({ interval, from, to, totals, series }: Stats) {
  return {
    interval,
    from: time(from),
    to: time(to),
    totals: countersView(totals),
    series: series.map((one) => ({ from: time(one.from), ...countersView(one.counters) })),
  };
}

function countersView(counters: Counters) {
  const pick = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, counters[name] ?? 0]));
  return {
    deliveries: pick(ENDS),
    attempts: ATTEMPT_OUTCOMES.reduce((sum, outcome) => sum + (counters[outcome] ?? 0), 0),
    outcomes: pick(ATTEMPT_OUTCOMES),
    statusClasses: pick(STATUS_CLASSES),
    latencyMs: { p50: latencyPercentile(counters, 0.5), p95: latencyPercentile(counters, 0.95) },
  };
}

const shared = {
  // Statistics may be switched off.
  mayConflict: true,
  query: { ...rangeQuery, interval: StatsInterval.default('hour') },
  responses: {
    200: {
      description:
        'Every whole hour or day (UTC) that the range touches, at most 31 days, and their totals. What happened in the last three minutes may not be counted yet.',
      schema: StatsView,
    },
  },
};

export interface StatsRouteDeps {
  stats: StatsReader;
  subscriptions: Pick<Subscriptions, 'read'>;
  tenants: Pick<Tenants, 'read'>;
}

export const createStatsRoutes = ({ stats, subscriptions, tenants }: StatsRouteDeps) => [
  route('GET', '/v1/tenants/{tenantId}/stats', {
    ...shared,
    id: 'getTenantStats',
    summary: 'Count deliveries and attempts of all of a tenant’s subscriptions by hour or day',
    run: async ({ params: { tenantId }, query }) => {
      const tenant = await tenants.read(tenantId);
      return tenant instanceof Refusal ? tenant : answer(200, await stats.ofTenant(tenantId, query), statsView);
    },
  }),
  route('GET', '/v1/tenants/{tenantId}/subscriptions/{subscriptionId}/stats', {
    ...shared,
    id: 'getSubscriptionStats',
    summary: 'Count a subscription’s deliveries and attempts by hour or day',
    run: async ({ params, query }) => {
      const found = await subscriptions.read(params);
      if (found instanceof Refusal) return found;
      return answer(200, await stats.ofSubscription(params.tenantId, params.subscriptionId, query), statsView);
    },
  }),
];
