import type { Delivery } from '../api/types.ts';
import { deliveryTexts } from '../texts/deliveries.ts';
import { useTexts } from '../texts/texts.ts';
import { StatusBadge, type Tone } from './status-badge.tsx';

const TONES: Record<Delivery['status'], Tone> = {
  pending: 'idle',
  parked: 'pause',
  succeeded: 'ok',
  failed: 'bad',
  cancelled: 'idle',
};

/** What became of a delivery, in words. */
export function DeliveryStatus({ delivery: { status, statusReason, attempts } }: { delivery: Delivery }) {
  const t = useTexts(deliveryTexts);
  if (status === 'pending' && statusReason !== null) return <StatusBadge tone="pause">{t.held}</StatusBadge>;
  if (status === 'pending' && attempts.length > 0) return <StatusBadge tone="warn">{t.retried}</StatusBadge>;
  return <StatusBadge tone={TONES[status]}>{t.statuses[status]}</StatusBadge>;
}
