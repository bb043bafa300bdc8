import { cancelDelivery } from '../delivery/delivery.ts';
import type { DeliveryStore } from '../delivery/delivery-store.ts';
import { Refusal } from '../refusal.ts';
import { changeDelivery } from './change-delivery.ts';
import { nextOfStatuses } from './deliveries-in-range.ts';
import { type Job, type JobPage, spanOf } from './job.ts';
import type { TaskOf } from './job-task.ts';

export interface CancelRangePorts {
  deliveries: Pick<DeliveryStore, 'listDeliveries' | 'listDeliveriesByStatus' | 'getDelivery' | 'saveDelivery'>;
  now: () => number;
}

/** A page of what waits in a subscription's range: each delivery is given up. An attempt that is under way may still arrive. */
export async function cancelPage(
  { deliveries: store, now }: CancelRangePorts,
  job: Job,
  { subscriptionId, filter }: TaskOf<'cancel'>,
): Promise<JobPage> {
  const statuses = filter.status === 'all' ? (['pending', 'parked'] as const) : [filter.status];
  const { deliveries, cursor } = await nextOfStatuses(store, subscriptionId, filter, job, statuses);
  // Of two statuses one comes after the other: the place within one says nothing of the whole.
  const span =
    statuses.length > 1
      ? null
      : spanOf(
          deliveries.map(({ eventAt }) => eventAt),
          filter,
        );
  if (filter.dryRun) return { done: deliveries.length, failed: 0, cursor, span };
  const cancelled = await Promise.allSettled(
    deliveries.map((delivery) =>
      changeDelivery(store, delivery, (one) =>
        one.status === 'pending' || one.status === 'parked'
          ? cancelDelivery(one, now(), 'cancelled', 'It was cancelled by request.')
          : one,
      ),
    ),
  );
  const failure = cancelled.find((one) => one.status === 'rejected');
  if (failure !== undefined) throw failure.reason;
  const ended = cancelled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  return {
    done: ended.filter((one) => !(one instanceof Refusal) && one.status === 'cancelled').length,
    failed: ended.filter((one) => one instanceof Refusal).length,
    cursor,
    span,
  };
}
