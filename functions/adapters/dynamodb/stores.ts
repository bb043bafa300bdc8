import type { ApiKeyStore } from '../../core/access/api-key-store.ts';
import type { TokenStore } from '../../core/access/token-store.ts';
import type { DeliveryStore } from '../../core/delivery/delivery-store.ts';
import type { EventStore } from '../../core/event/event-store.ts';
import type { EventTypeStore } from '../../core/event/event-type-store.ts';
import type { RejectedEventStore } from '../../core/event/rejected-event-store.ts';
import type { JobStore } from '../../core/jobs/job-store.ts';
import type { ProfileStore } from '../../core/profile/profile-store.ts';
import type { StatsStore } from '../../core/stats/stats-store.ts';
import type { SubscriptionStore } from '../../core/subscription/subscription-store.ts';
import type { TenantStore } from '../../core/tenant/tenant-store.ts';
import { createApiKeyStore } from './api-keys.ts';
import type { Tables } from './client.ts';
import { createDeliveries } from './deliveries.ts';
import { createEventTypes } from './event-types.ts';
import { createEvents } from './events.ts';
import { createJobStore } from './jobs.ts';
import { createProfileStore } from './profiles.ts';
import { createRejectedEvents } from './rejected-events.ts';
import { createStats } from './stats.ts';
import { createSubscriptions } from './subscriptions.ts';
import { createTenants } from './tenants.ts';
import { createTokenStore } from './tokens.ts';

/** Every aggregate's store, for those who need most of them. */
export interface Stores {
  apiKeys: ApiKeyStore;
  tenants: TenantStore;
  subscriptions: SubscriptionStore;
  eventTypes: EventTypeStore;
  profiles: ProfileStore;
  events: EventStore;
  deliveries: DeliveryStore;
  rejectedEvents: RejectedEventStore;
  stats: StatsStore;
  tokens: TokenStore;
  jobs: JobStore;
}

interface StoresOptions {
  tables: Tables;
  /** Of the journal. */
  retentionDays: number;
  statsRetentionDays: number;
  now: () => number;
}

export function createStores(options: StoresOptions): Stores {
  const { tables, statsRetentionDays } = options;
  return {
    apiKeys: createApiKeyStore(tables),
    tenants: createTenants(tables),
    subscriptions: createSubscriptions(tables, options.now),
    eventTypes: createEventTypes(tables),
    profiles: createProfileStore(tables),
    events: createEvents(options),
    deliveries: createDeliveries(options),
    rejectedEvents: createRejectedEvents(options),
    stats: createStats({ ...options, retentionDays: statsRetentionDays }),
    tokens: createTokenStore(tables),
    jobs: createJobStore(options),
  };
}
