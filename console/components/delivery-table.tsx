import type { Delivery } from '../api/types.ts';
import { deliveryTexts } from '../texts/deliveries.ts';
import { useTexts } from '../texts/texts.ts';
import { webhookTexts } from '../texts/webhook.ts';
import { DeliveryStatus } from './delivery-status.tsx';
import { Link } from './link.tsx';
import { Time, useTimeFormat } from './time.tsx';

interface DeliveryTableProps {
  deliveries: readonly Delivery[];
  /** Ids of those that are chosen; null: none can be. */
  selection: ReadonlySet<string> | null;
  onSelect: (selection: ReadonlySet<string>) => void;
}

export function DeliveryTable({ deliveries, selection, onSelect }: DeliveryTableProps) {
  const t = useTexts(deliveryTexts);
  const format = useTimeFormat({ second: '2-digit' });
  const isWhole = selection !== null && deliveries.every(({ id }) => selection.has(id));
  return (
    <div className="table paired">
      <table>
        <thead>
          <tr>
            {selection !== null && (
              <td className="check">
                <input
                  type="checkbox"
                  aria-label={t.chooseAll}
                  checked={isWhole}
                  onChange={() => onSelect(new Set(isWhole ? [] : deliveries.map(({ id }) => id)))}
                />
              </td>
            )}
            <th scope="col">{t.event}</th>
            <th scope="col">{t.outcome}</th>
            <th scope="col">{t.answer}</th>
            <th scope="col" className="number">
              {t.attempts}
            </th>
            <th scope="col">{t.time}</th>
          </tr>
        </thead>
        <tbody>
          {deliveries.map((one) => (
            <tr key={one.id}>
              {selection !== null && (
                <td className="check">
                  <input
                    type="checkbox"
                    aria-label={t.choose(one.eventType, format(one.createdAt))}
                    checked={selection.has(one.id)}
                    onChange={() => onSelect(selection.symmetricDifference(new Set([one.id])))}
                  />
                </td>
              )}
              <th scope="row">
                <Link href={`/tenants/${one.tenantId}/deliveries/${one.id}`}>{one.eventType}</Link>
                <span className="url">{one.eventId}</span>
              </th>
              <td data-label={t.outcome}>
                <DeliveryStatus delivery={one} />
                <NextAttempt at={one.nextAttemptAt} />
              </td>
              <td data-label={t.answer}>
                <LastAnswer delivery={one} />
              </td>
              <td data-label={t.attempts} className="number">
                {one.attempts.length}
              </td>
              <td data-label={t.time}>
                <Time at={one.createdAt} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function NextAttempt({ at }: { at: string | null }) {
  const t = useTexts(deliveryTexts);
  const format = useTimeFormat({ second: '2-digit' });
  if (at === null) return null;
  return (
    <span className="quiet under">
      {t.nextAttempt} {format(at)}
    </span>
  );
}

/** What the last attempt was answered, or why it was not. */
function LastAnswer({ delivery: { attempts } }: { delivery: Delivery }) {
  const { outcomes } = useTexts(webhookTexts);
  const t = useTexts(deliveryTexts);
  const last = attempts.at(-1);
  if (last === undefined) return '–';
  if (last.response !== null) return String(last.response.status);
  return last.outcome === 'interrupted' ? t.noAnswer : outcomes[last.outcome];
}
