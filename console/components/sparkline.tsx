import { useSubscriptionStats } from '../api/subscriptions.ts';
import { useTexts } from '../texts/texts.ts';
import { webhooksTexts } from '../texts/webhooks.ts';

const HOURS = 24;
const [WIDTH, HEIGHT] = [120, 28];

/** A webhook's last 24 hours: what succeeded upwards, what failed on top of it, each hour a bar. Its sums are its text. */
export function Sparkline({ tenantId, id }: { tenantId: string; id: string }) {
  const t = useTexts(webhooksTexts);
  const { data } = useSubscriptionStats(tenantId, id, HOURS - 1, 'hour');
  if (data === undefined) return <span className="sparkline" />;
  const { totals, series } = data;
  const label = t.lastDay(totals.deliveries.succeeded, totals.deliveries.failed);
  const most = Math.max(1, ...series.map(({ deliveries }) => deliveries.succeeded + deliveries.failed));
  const bar = WIDTH / HOURS;
  return (
    <span className="sparkline">
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={label}>
        <title>{label}</title>
        {series.slice(-HOURS).map(({ from, deliveries }, index) => {
          const [good, failed] = [deliveries.succeeded, deliveries.failed].map(
            (count) => (count / most) * (HEIGHT - 2),
          );
          return (
            <g key={from} transform={`translate(${index * bar} 0)`}>
              <rect className="sparkline-base" y={HEIGHT - 1} width={bar - 1} height="1" />
              <rect className="sparkline-good" y={HEIGHT - 1 - (good ?? 0)} width={bar - 1} height={good} />
              <rect
                className="sparkline-bad"
                y={HEIGHT - 1 - (good ?? 0) - (failed ?? 0)}
                width={bar - 1}
                height={failed}
              />
            </g>
          );
        })}
      </svg>
      <span className="quiet">{totals.deliveries.succeeded + totals.deliveries.failed}</span>
    </span>
  );
}
