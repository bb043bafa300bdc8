import { refuseStale } from '../change-stored.ts';
import { notFound, type Refusal } from '../refusal.ts';
import type { ParkedDeliveries } from '../subscription/parked-deliveries.ts';
import type { Subscription } from '../subscription/subscription.ts';
import type { SubscriptionStore } from '../subscription/subscription-store.ts';
import type { TenantStore } from '../tenant/tenant-store.ts';
import type { Job, JobPage } from './job.ts';
import type { TaskOf } from './job-task.ts';
import type { Jobs } from './jobs.ts';

/** Subscriptions that are deleted together. A tenant with no more of them is deleted within the request. */
const PAGE = 100;

/** Deletes tenants with their subscriptions. */
export interface TenantRemoval {
  /** The tenant is gone then; null if its subscriptions are, too, else the job that deletes them. */
  delete(tenantId: string, ifMatch: number | null, createdBy: string): Promise<Job | null | Refusal>;
  /** The tenant is gone then: what is made afterwards belongs to a later one. The job erases all that there is of it. */
  erase(tenantId: string, keepLog: boolean, createdBy: string): Promise<Job>;
}

export interface DeleteTenantPorts {
  subscriptions: Pick<SubscriptionStore, 'pageSubscriptions' | 'removeSubscription'>;
  parked: ParkedDeliveries;
}

export interface TenantRemovalPorts extends DeleteTenantPorts {
  tenants: Pick<TenantStore, 'getTenant' | 'deleteTenant'>;
  jobs: Pick<Jobs, 'start'>;
  /** A later tenant of the same name must not be told of things that this one had. */
  forgetAnswers: (tenantId: string) => Promise<void>;
  /** Forgets whom keys and tokens have spoken for: those of a deleted tenant end at the same moment in this process. */
  forgetCallers: () => void;
  now: () => number;
}

export function createTenantRemoval(ports: TenantRemovalPorts): TenantRemoval {
  const { tenants, subscriptions, jobs, forgetAnswers, forgetCallers, now } = ports;

  return {
    async delete(tenantId, ifMatch, createdBy) {
      const tenant = await tenants.getTenant(tenantId);
      if (tenant === null) return notFound('tenant');
      const stale = refuseStale(ifMatch, tenant);
      if (stale !== null) return stale;
      const page = await subscriptions.pageSubscriptions(tenantId, PAGE, null, null);
      const task = { kind: 'delete_tenant', tenantId, subscriptionId: null, filter: { until: now() } } as const;
      const job = page.next === null ? null : await jobs.start({ task, maxPerSecond: null, createdBy });
      if (job === null) await removeAll(ports, page.values);
      await forgetAnswers(tenantId);
      // The tenant goes last: a request that was cut short can be sent again.
      await tenants.deleteTenant(tenantId);
      forgetCallers();
      return job;
    },

    async erase(tenantId, keepLog, createdBy) {
      const task = { kind: 'erase', tenantId, subscriptionId: null, filter: { until: now(), keepLog } } as const;
      const job = await jobs.start({ task, maxPerSecond: null, createdBy });
      await forgetAnswers(tenantId);
      await tenants.deleteTenant(tenantId);
      forgetCallers();
      return job;
    },
  };
}

/** A page of the subscriptions of a deleted tenant. */
export async function deleteTenantPage(
  ports: DeleteTenantPorts,
  { cursor }: Job,
  { tenantId, filter: { until } }: TaskOf<'delete_tenant'>,
): Promise<JobPage> {
  const page = await ports.subscriptions.pageSubscriptions(tenantId, PAGE, cursor, null);
  // Younger ones belong to a tenant of the same name that was created afterwards.
  const old = page.values.filter(({ createdAt }) => createdAt <= until);
  await removeAll(ports, old);
  return { done: old.length, failed: 0, cursor: page.next };
}

/** All are tried before a failure is reported: one that fails must not keep the others. */
async function removeAll({ subscriptions, parked }: DeleteTenantPorts, found: readonly Subscription[]): Promise<void> {
  const done = await Promise.allSettled(
    found.map(async (subscription) => {
      await subscriptions.removeSubscription(subscription.tenantId, subscription.id, null);
      await parked.settle(subscription);
    }),
  );
  const failed = done.find((one) => one.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}
