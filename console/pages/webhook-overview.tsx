import { useMemo } from 'react';
import { useSearchParams } from 'wouter';
import { useSubscriptionStats } from '../api/subscriptions.ts';
import type { Stats, Subscription } from '../api/types.ts';
import { Chart, type ChartSeries } from '../components/chart.tsx';
import { ErrorNote } from '../components/error-note.tsx';
import { Figure } from '../components/figure.tsx';
import { Loading } from '../components/loading.tsx';
import { Time } from '../components/time.tsx';
import { WebhookPage } from '../components/webhook-page.tsx';
import { sharedTexts } from '../texts/shared.ts';
import { useLanguage, useTexts } from '../texts/texts.ts';
import { webhookTexts } from '../texts/webhook.ts';

/** The API counts by whole hours and days; the current one counts, too. */
const RANGES = {
  hour: { hours: 1, interval: 'hour' },
  day: { hours: 23, interval: 'hour' },
  week: { hours: 6 * 24, interval: 'day' },
  month: { hours: 29 * 24, interval: 'day' },
} as const;
type Range = keyof typeof RANGES;

export function WebhookOverviewPage() {
  return <WebhookPage>{(subscription) => <Overview subscription={subscription} />}</WebhookPage>;
}

function Overview({ subscription }: { subscription: Subscription }) {
  const t = useTexts(webhookTexts);
  const [params, setParams] = useSearchParams();
  const range: Range = (Object.keys(RANGES) as Range[]).find((one) => one === params.get('range')) ?? 'day';
  const { hours, interval } = RANGES[range];
  const stats = useSubscriptionStats(subscription.tenantId, subscription.id, hours, interval);
  return (
    <>
      <fieldset className="segments">
        <legend className="visually-hidden">{t.range}</legend>
        {(Object.keys(RANGES) as Range[]).map((one) => (
          <label key={one}>
            <input type="radio" name="range" checked={one === range} onChange={() => setParams({ range: one })} />
            <span>{t.ranges[one]}</span>
          </label>
        ))}
      </fieldset>
      {stats.isError && <ErrorNote error={stats.error} retry={stats.refetch} />}
      {stats.isPending && <Loading />}
      {stats.data && <Figures stats={stats.data} />}
      {subscription.health.lastFailure !== null && <LastFailure failure={subscription.health.lastFailure} />}
      <Facts subscription={subscription} />
    </>
  );
}

function Figures({ stats: { totals, series } }: { stats: Stats }) {
  const t = useTexts(webhookTexts);
  const language = useLanguage();
  const number = new Intl.NumberFormat(language);
  const milliseconds = (value: number | null) => (value === null ? '–' : t.milliseconds(Math.round(value)));
  const { times, deliveries, latency } = useMemo(() => {
    const values = (of: (one: Stats['series'][number]) => number | null) => series.map(of);
    return {
      times: series.map(({ from }) => from),
      // The failed ones stand on those that succeeded.
      deliveries: [
        {
          label: t.failed,
          color: '--chart-bad',
          values: values((one) => one.deliveries.failed + one.deliveries.succeeded),
        },
        { label: t.succeeded, color: '--chart-ok', values: values((one) => one.deliveries.succeeded) },
      ] satisfies ChartSeries[],
      latency: [
        { label: t.p95, color: '--chart-soft', values: values((one) => one.latencyMs.p95) },
        { label: t.p50, color: '--chart-ink', values: values((one) => one.latencyMs.p50) },
      ] satisfies ChartSeries[],
    };
  }, [series, t]);
  if (totals.attempts === 0 && totals.deliveries.failed === 0) return <p className="quiet">{t.none}</p>;
  return (
    <>
      <dl className="figures">
        <Figure name={t.succeeded} value={number.format(totals.deliveries.succeeded)} />
        <Figure name={t.failed} value={number.format(totals.deliveries.failed)} />
        <Figure name={t.attempts} value={number.format(totals.attempts)} />
        <Figure name={t.p50} value={milliseconds(totals.latencyMs.p50)} />
        <Figure name={t.p95} value={milliseconds(totals.latencyMs.p95)} />
      </dl>
      <div className="charts">
        <Chart label={t.chart} kind="bars" times={times} series={deliveries} />
        <Chart label={t.latency} kind="lines" times={times} series={latency} />
      </div>
      <Answers totals={totals} />
    </>
  );
}

/** What receivers answered, and why there was no answer. */
function Answers({ totals: { statusClasses, outcomes } }: { totals: Stats['totals'] }) {
  const t = useTexts(webhookTexts);
  const { success: _, http_error: __, ...unanswered } = outcomes;
  const rows = [
    ...Object.entries(statusClasses).map(([name, count]) => [t.answered(name), count] as const),
    ...(Object.keys(unanswered) as (keyof typeof unanswered)[]).map(
      (name) => [t.outcomes[name], unanswered[name]] as const,
    ),
  ].filter(([, count]) => count > 0);
  return (
    <section>
      <h2>{t.codes}</h2>
      <div className="table narrow">
        <table>
          <thead>
            <tr>
              <th scope="col">{t.code}</th>
              <th scope="col" className="number">
                {t.count}
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map(([name, count]) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td className="number">{count}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function LastFailure({ failure }: { failure: NonNullable<Subscription['health']['lastFailure']> }) {
  const t = useTexts(webhookTexts);
  return (
    <section>
      <h2>{t.lastFailure}</h2>
      <p>
        {t.failedBy(failure)}{' '}
        <span className="quiet">
          <Time at={failure.at} />
        </span>
      </p>
    </section>
  );
}

function Facts({ subscription }: { subscription: Subscription }) {
  const t = useTexts(webhookTexts);
  const shared = useTexts(sharedTexts);
  return (
    <section>
      <h2>{t.facts}</h2>
      <dl className="facts">
        <dt>{t.events}</dt>
        <dd>{subscription.eventTypes.includes('*') ? t.allEvents : subscription.eventTypes.join(', ')}</dd>
        <dt>{t.environment}</dt>
        <dd>{shared.environments[subscription.environment]}</dd>
        <dt>{t.profile}</dt>
        <dd>{subscription.profile}</dd>
        <dt>{t.created}</dt>
        <dd>
          <Time at={subscription.createdAt} />
        </dd>
      </dl>
    </section>
  );
}
