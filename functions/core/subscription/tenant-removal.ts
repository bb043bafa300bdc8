import { refuseStale } from '../change-stored.ts';
import { notFound, type Refusal } from '../refusal.ts';
import type { TenantStore } from '../tenant/tenant-store.ts';
import type { ParkedDeliveries } from './parked-deliveries.ts';
import type { Subscription } from './subscription.ts';
import type { SubscriptionStore } from './subscription-store.ts';

/** Subscriptions that are deleted together. A tenant with no more of them is deleted within the request. */
const PAGE = 100;

/** Deletes tenants with their subscriptions. */
export interface TenantRemoval {
  /** `queued`: the tenant is gone, and its many subscriptions are deleted by and by. */
  delete(tenantId: string, ifMatch: number | null): Promise<'deleted' | 'queued' | Refusal>;
}

export interface RemovalPorts {
  tenants: Pick<TenantStore, 'getTenant' | 'deleteTenant'>;
  subscriptions: Pick<SubscriptionStore, 'pageSubscriptions' | 'removeSubscription'>;
  parked: ParkedDeliveries;
}

export interface TenantRemovalPorts extends RemovalPorts {
  /** Queues the deletion of the subscriptions that the tenant had until then (epoch milliseconds). */
  queueRemoval(tenantId: string, createdUntil: number): Promise<void>;
  now: () => number;
}

export function createTenantRemoval(ports: TenantRemovalPorts): TenantRemoval {
  return {
    async delete(tenantId, ifMatch) {
      const tenant = await ports.tenants.getTenant(tenantId);
      if (tenant === null) return notFound('tenant');
      const stale = refuseStale(ifMatch, tenant);
      if (stale !== null) return stale;
      const page = await ports.subscriptions.pageSubscriptions(tenantId, PAGE, null, null);
      if (page.next === null) await removeAll(ports, page.values);
      else await ports.queueRemoval(tenantId, ports.now());
      // The tenant goes last: a request that was cut short can be sent again.
      await ports.tenants.deleteTenant(tenantId);
      return page.next === null ? 'deleted' : 'queued';
    },
  };
}

/** A tenant's subscriptions that are being deleted. */
export interface RemovalTask {
  tenantId: string;
  /** Epoch milliseconds: younger subscriptions belong to a tenant of the same name that was created afterwards. */
  createdUntil: number;
  cursor: string | null;
}

/**
 * Deletes a page of subscriptions after another. Done twice, it does no harm.
 * @param hasTime false once it is time to hand over to the next invocation
 * @returns what is left to do; null when all are deleted
 */
export async function continueRemoval(
  ports: Pick<RemovalPorts, 'subscriptions' | 'parked'>,
  { tenantId, createdUntil, cursor }: RemovalTask,
  hasTime: () => boolean,
): Promise<RemovalTask | null> {
  let after = cursor;
  do {
    const page = await ports.subscriptions.pageSubscriptions(tenantId, PAGE, after, null);
    const old = page.values.filter(({ createdAt }) => createdAt <= createdUntil);
    await removeAll(ports, old);
    after = page.next;
  } while (after !== null && hasTime());
  return after === null ? null : { tenantId, createdUntil, cursor: after };
}

/** All are tried before a failure is reported: one that fails must not keep the others. */
async function removeAll(
  { subscriptions, parked }: Pick<RemovalPorts, 'subscriptions' | 'parked'>,
  found: readonly Subscription[],
): Promise<void> {
  const done = await Promise.allSettled(
    found.map(async (subscription) => {
      await subscriptions.removeSubscription(subscription.tenantId, subscription.id, null);
      await parked.settle(subscription);
    }),
  );
  const failed = done.find((one) => one.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}
