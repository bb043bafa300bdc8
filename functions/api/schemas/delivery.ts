import * as z from 'zod';
import { Attempt } from '../../core/delivery/attempt.ts';
import { endedAttempts } from '../../core/delivery/claim.ts';
import { type Delivery, DeliveryStatus } from '../../core/delivery/delivery.ts';
import { deliveryId } from '../../core/ids.ts';
import { Reason, Timestamp, time, timeOrNull } from './values.ts';

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
  const { tenantId, eventId, subscriptionId, eventType, status, statusReason, eventAt, nextAttemptAt, completedAt } =
    delivery;
  return {
    id: deliveryId(delivery),
    tenantId,
    eventId,
    subscriptionId,
    eventType,
    profile: delivery.profile,
    profileVersion: delivery.profileVersion,
    status,
    statusReason,
    createdAt: time(eventAt),
    nextAttemptAt: timeOrNull(nextAttemptAt),
    completedAt: timeOrNull(completedAt),
    attempts: endedAttempts(delivery).map((attempt) => ({ ...attempt, startedAt: time(attempt.startedAt) })),
  };
}
