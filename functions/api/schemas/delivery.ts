import * as z from 'zod';
import { Attempt } from '../../core/delivery/attempt.ts';
import { endedAttempts } from '../../core/delivery/claim.ts';
import { type Delivery, DeliveryStatus } from '../../core/delivery/delivery.ts';
import { deliveryId } from '../../core/ids.ts';
import { Reason, Timestamp } from './values.ts';

const AttemptView = Attempt.extend({ startedAt: Timestamp }).meta({ id: 'Attempt' });

export const DeliveryView = z
  .object({
    id: z.string(),
    tenantId: z.string(),
    eventId: z.string(),
    subscriptionId: z.string(),
    eventType: z.string(),
    profile: z.string(),
    profileVersion: z.int(),
    status: DeliveryStatus,
    statusReason: Reason.nullable(),
    createdAt: Timestamp,
    nextAttemptAt: Timestamp.nullable(),
    completedAt: Timestamp.nullable(),
    attempts: z.array(AttemptView),
  })
  .meta({ id: 'Delivery' });

export function deliveryView(delivery: Delivery) {
  const [id, attempts] = [deliveryId(delivery), endedAttempts(delivery)];
  return DeliveryView.parse({ ...delivery, id, createdAt: delivery.eventAt, attempts });
}
