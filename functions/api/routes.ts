import type { Stores } from '../adapters/dynamodb/stores.ts';
import type { ApiKeys } from '../core/access/api-keys.ts';
import type { AuditStore } from '../core/access/audit-store.ts';
import type { Tokens } from '../core/access/tokens.ts';
import type { DueStore } from '../core/delivery/due-store.ts';
import { createManualControl } from '../core/delivery/manual-control.ts';
import { settleParkedMessage, type WorkQueue } from '../core/delivery/queue-message.ts';
import { createSamples } from '../core/delivery/samples.ts';
import { createTestEvents } from '../core/delivery/test-events.ts';
import type { WaitPolicy } from '../core/delivery/wake.ts';
import type { RepublishPorts } from '../core/event/republish.ts';
import type { Random } from '../core/ids.ts';
import { createTenantRemoval } from '../core/jobs/delete-tenant.ts';
import type { JobQueue } from '../core/jobs/job-store.ts';
import { createJobs } from '../core/jobs/jobs.ts';
import type { Queues } from '../core/operations/queues.ts';
import type { ProfileSource } from '../core/profile/profile-source.ts';
import { createStatsReader } from '../core/stats/read-stats.ts';
import { createActivation } from '../core/subscription/activation.ts';
import { createBreakerControl } from '../core/subscription/breaker-control.ts';
import { createSubscriptions } from '../core/subscription/manage.ts';
import { createOwnProfiles } from '../core/subscription/own-profiles.ts';
import type { ParkedDeliveries } from '../core/subscription/parked-deliveries.ts';
import { createProfileChoice } from '../core/subscription/profile-rules.ts';
import { createSecrets } from '../core/subscription/secrets.ts';
import { createSubscriptionKeys } from '../core/subscription/subscription-keys.ts';
import { createReceiverVerification } from '../core/subscription/verification.ts';
import type { ReceiverUrlPolicy } from '../core/target/receiver-url.ts';
import type { WebhookSender } from '../core/target/webhook.ts';
import { createTenantKeys } from '../core/tenant/tenant-keys.ts';
import { createTenants } from '../core/tenant/tenants.ts';
import type { Vault } from '../core/vault.ts';
import { createVendorRoutes } from '../vendors/vendor-routes.ts';
import type { Vendor } from '../vendors/vendor-subscriptions.ts';
import type { Route } from './http/route.ts';
import { createApiKeyRoutes } from './resources/api-keys.ts';
import { createAuditRoutes } from './resources/audit.ts';
import { createDeadLetterRoutes } from './resources/dead-letters.ts';
import { createDeliveryRoutes } from './resources/deliveries.ts';
import { createEventTypePackRoutes } from './resources/event-type-packs.ts';
import { createEventTypeRoutes } from './resources/event-types.ts';
import { createEventRoutes } from './resources/events.ts';
import { createFilterTestRoutes } from './resources/filter-tests.ts';
import { createHealthRoutes } from './resources/health.ts';
import { createJobRoutes } from './resources/jobs.ts';
import { createMeRoutes } from './resources/me.ts';
import { createPortalTokenRoutes } from './resources/portal-tokens.ts';
import { createProfileRoutes } from './resources/profiles.ts';
import { createRecoveryRoutes } from './resources/recoveries.ts';
import { createRejectedEventRoutes } from './resources/rejected-events.ts';
import { createReplayRoutes } from './resources/replays.ts';
import { createSecretRoutes } from './resources/secrets.ts';
import { createStatsRoutes } from './resources/stats.ts';
import { createSubscriptionStatusRoutes } from './resources/subscription-status.ts';
import { createSubscriptionRoutes } from './resources/subscriptions.ts';
import { createSystemRoutes } from './resources/system.ts';
import { createTenantRoutes } from './resources/tenants.ts';
import { createTestRoutes } from './resources/tests.ts';

/** What the API is built on: adapters and settings. Only this file sees them all. */
export interface ApiPorts {
  stores: Stores;
  tokens: Tokens;
  apiKeys: ApiKeys;
  audit: AuditStore;
  profiles: ProfileSource;
  vault: Vault;
  forgetAnswers: (tenantId: string) => Promise<void>;
  forgetCallers: () => void;
  queues: Queues;
  due: DueStore<unknown>;
  publish: RepublishPorts['publish'];
  deliveries: WorkQueue;
  retries: WorkQueue;
  jobQueue: JobQueue;
  sender: WebhookSender;
  urlPolicy: ReceiverUrlPolicy;
  /** For subscriptions of tenants that have no default of their own. */
  defaultProfile: string;
  /** Vendors whose own routes are mounted. */
  compatibility: readonly Vendor[];
  eventTypes: 'open' | 'strict';
  maxSubscriptionsPerTenant: number;
  journalRetentionDays: number;
  statsRetentionDays: number;
  waits: WaitPolicy;
  attemptTimeoutMs: number;
  /** Of the source that is running. */
  commit: string;
  userAgent: string;
  now: () => number;
  random: Random;
}

export interface ApiRoutes {
  /** Those of /v1, in the order of their documentation. */
  own: Route[];
  vendors: Route[];
}

/** Builds the services once, and hands to each resource the few that it needs. */
export function createRoutes(ports: ApiPorts): ApiRoutes {
  const { stores, vault, retries, now } = ports;
  const parked: ParkedDeliveries = {
    settle: (subscription) => retries.send([settleParkedMessage(subscription)]),
  };
  const listEventTypes = () => stores.eventTypes.listEventTypes();
  const getEventType = (name: string) => stores.eventTypes.getEventType(name);
  const profiles = createProfileChoice({ ...ports, tenants: stores.tenants });
  const tenantKeys = createTenantKeys({ tenants: stores.tenants, vault, now });
  const keys = createSubscriptionKeys({ vault, now });
  const verification = createReceiverVerification(ports);
  const subscriptions = createSubscriptions({
    ...ports,
    store: stores.subscriptions,
    tenants: stores.tenants,
    tenantKeys,
    profiles,
    keys,
    verification,
    parked,
    listEventTypes: ports.eventTypes === 'strict' ? listEventTypes : null,
  });
  const activation = createActivation({ subscriptions, profiles, verification, parked, now });
  const breakers = createBreakerControl({ store: stores.subscriptions, parked, now });
  const secrets = createSecrets({ subscriptions, profiles, keys, now });
  const testEvents = createTestEvents({ ...ports, events: stores.events, getEventType, profiles, tenantKeys });
  const samples = createSamples(ports);
  const { events, subscriptions: subscriptionStore } = stores;
  const control = createManualControl({ ...ports, store: stores.deliveries, subscriptions: subscriptionStore, events });
  const own = createOwnProfiles({ ...ports, store: stores.profiles, tenants: stores.tenants });
  const tenants = createTenants({ store: stores.tenants, profiles: ports.profiles, now });
  const jobs = createJobs({ store: stores.jobs, queue: ports.jobQueue, now, random: ports.random });
  const stats = createStatsReader({ ...ports, store: stores.stats, retentionDays: ports.statsRetentionDays });
  const removal = createTenantRemoval({
    tenants: stores.tenants,
    subscriptions: stores.subscriptions,
    parked,
    jobs,
    forgetAnswers: ports.forgetAnswers,
    forgetCallers: ports.forgetCallers,
    now,
  });

  return {
    own: [
      ...createTenantRoutes({ tenants, removal, keys: tenantKeys }),
      ...createPortalTokenRoutes(ports),
      ...createMeRoutes(),
      ...createApiKeyRoutes(ports),
      ...createAuditRoutes(ports),
      ...createSubscriptionRoutes({ subscriptions, keys, now }),
      ...createSubscriptionStatusRoutes({ activation, breakers, subscriptions }),
      ...createStatsRoutes({ stats, subscriptions, tenants }),
      ...createSecretRoutes({ secrets }),
      ...createTestRoutes({ subscriptions, testEvents }),
      ...createFilterTestRoutes({ subscriptions }),
      ...createEventRoutes({ ...ports, ...stores }),
      ...createDeliveryRoutes({
        ...stores,
        control,
        store: stores.deliveries,
        manage: subscriptions,
        profiles: ports.profiles,
        opener: vault,
      }),
      ...createReplayRoutes({ jobs, subscriptions, events: stores.events, now }),
      ...createJobRoutes({ jobs }),
      ...createRecoveryRoutes({ jobs, now }),
      ...createEventTypeRoutes({ store: stores.eventTypes, samples, now }),
      ...createEventTypePackRoutes({ store: stores.eventTypes, now }),
      ...createProfileRoutes({ ...ports, own, store: stores.profiles }),
      ...createDeadLetterRoutes(ports),
      ...createSystemRoutes({ ...ports, events: stores.events }),
      ...createRejectedEventRoutes({ ...ports, store: stores.rejectedEvents, jobs }),
      ...createHealthRoutes(ports),
    ],
    vendors: createVendorRoutes(ports.compatibility, {
      ...ports,
      events: stores.events,
      deliveries: stores.deliveries,
      subscriptions,
      parked,
      keys,
      testEvents,
      samples,
      listEventTypes,
      getEventType,
    }),
  };
}
