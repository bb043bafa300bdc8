import type { Event } from '../../functions/core/event/event.ts';
import type { Subscription } from '../../functions/core/subscription/subscription.ts';
import { NOW } from '../support/domain.ts';
import { MemoryApiKeys, MemoryAuditTrail } from '../support/memory-access.ts';
import { MemoryCounts } from '../support/memory-counts.ts';
import { MemoryInFlight } from '../support/memory-in-flight.ts';
import { MemoryIngestStore } from '../support/memory-ingest.ts';
import { MemoryJobs } from '../support/memory-jobs.ts';
import { MemoryJournal } from '../support/memory-journal.ts';
import { MemoryRateLimits } from '../support/memory-rate-limits.ts';
import { MemoryStats } from '../support/memory-stats.ts';
import { describeApiKeyStore } from './api-keys.ts';
import { describeAuditStore } from './audit.ts';
import { describeDeliveryRecords } from './deliveries.ts';
import { describeDueStore } from './due-deliveries.ts';
import { describeEventRecords } from './events.ts';
import { describeInFlightStore } from './in-flight.ts';
import { describeJobStore } from './jobs.ts';
import { describeRateLimitStore } from './rate-limits.ts';
import { describeStatsStore } from './stats.ts';
import { RETENTION_MS, type Subject } from './subject.ts';
import { describeFanOutReads, describeVerdicts } from './subscriptions.ts';
import { describeSystemEventCounts } from './system-event-counts.ts';
import { describeTenantData } from './tenant-data.ts';

/*
 * The stores of the core's tests implement the parts of the ports that those tests need.
 */

const NAME = 'memory';
let now = NOW;
const subject = <Store>(store: Store): Subject<Store> => ({
  store,
  setNow: (to) => {
    now = to;
  },
  losing: null,
});

describeApiKeyStore(NAME, subject(new MemoryApiKeys()));

const trail = new MemoryAuditTrail(() => now, RETENTION_MS);
describeAuditStore(NAME, {
  ...subject(trail),
  clear: async () => {
    trail.records.length = 0;
  },
});

const ingest = new MemoryIngestStore(() => now, RETENTION_MS);
describeEventRecords(NAME, subject(ingest));
describeFanOutReads(
  NAME,
  {
    ...subject(ingest),
    add: async (one) => {
      ingest.subscriptions.push({ ...one, revision: one.revision + 1 });
    },
  },
  { manyPages: {} },
);

const journal = new MemoryJournal(() => now, RETENTION_MS);
const add = async (thing: Subscription | Event) => {
  journal.add('url' in thing ? { ...thing, revision: thing.revision + 1 } : thing);
};
describeVerdicts(NAME, { ...subject(journal), add });
describeDeliveryRecords(NAME, { ...subject(journal), add });
describeDueStore(NAME, subject(journal));
describeSystemEventCounts(NAME, subject(new MemoryCounts()));
describeTenantData(NAME, {
  ...subject(journal),
  add,
  addAudit: async (record) => void journal.auditRecords.set(record.id, record),
  auditOf: async (tenantId) => [...journal.auditRecords.values()].filter((one) => one.tenantId === tenantId),
});
describeJobStore(NAME, subject(new MemoryJobs(() => now, RETENTION_MS)));
describeRateLimitStore(NAME, subject(new MemoryRateLimits()));
describeInFlightStore(NAME, subject(new MemoryInFlight()));

describeStatsStore(NAME, subject(new MemoryStats(() => now, RETENTION_MS)));
