import type { Delivery } from '../api/types.ts';
import { byCode } from '../texts/by-code.ts';
import { deliveryPageTexts } from '../texts/delivery.ts';
import { useTexts } from '../texts/texts.ts';

/** Why a delivery waits, or has come to its end, in the reader's language. */
export function DeliveryReason({ reason: { code, message } }: { reason: NonNullable<Delivery['statusReason']> }) {
  const { reasons } = useTexts(deliveryPageTexts);
  return <span>{byCode(reasons, code, message)}</span>;
}
