import { DeleteCommand, ScanCommand } from '@aws-sdk/lib-dynamodb';
import { expect } from 'vitest';
import { createAuditStore } from '../../functions/adapters/dynamodb/audit.ts';
import { createDueDeliveries } from '../../functions/adapters/dynamodb/due-deliveries.ts';
import { createInFlight } from '../../functions/adapters/dynamodb/in-flight.ts';
import { createDueJobs } from '../../functions/adapters/dynamodb/jobs.ts';
import { createMatchableSubscriptions } from '../../functions/adapters/dynamodb/matchable-subscriptions.ts';
import { createRateLimits } from '../../functions/adapters/dynamodb/rate-limits.ts';
import { createStores } from '../../functions/adapters/dynamodb/stores.ts';
import { createSystemEventCounts } from '../../functions/adapters/dynamodb/system-event-counts.ts';
import { createTenantData } from '../../functions/adapters/dynamodb/tenant-data.ts';
import type { Subscription } from '../../functions/core/subscription/subscription.ts';
import { NOW } from '../support/domain.ts';
import { useTables } from '../support/emulators.ts';
import { loseAnswers } from '../support/lost-answers.ts';
import { describeApiKeyStore } from './api-keys.ts';
import { describeAuditStore } from './audit.ts';
import { describeDeliveryStore } from './deliveries.ts';
import { describeDueStore } from './due-deliveries.ts';
import { describeEventTypeStore } from './event-types.ts';
import { describeEventStore } from './events.ts';
import { describeInFlightStore } from './in-flight.ts';
import { describeJobStore } from './jobs.ts';
import { describeProfileStore } from './profiles.ts';
import { describeRateLimitStore } from './rate-limits.ts';
import { describeRejectedEventStore } from './rejected-events.ts';
import { describeStatsStore } from './stats.ts';
import { RETENTION_DAYS, readPages, type Subject, WHOLE } from './subject.ts';
import { describeFanOutReads, describeSubscriptionStore, describeVerdicts } from './subscriptions.ts';
import { describeSystemEventCounts } from './system-event-counts.ts';
import { describeTenantData } from './tenant-data.ts';
import { describeTenantStore } from './tenants.ts';

const NAME = 'DynamoDB';
const tables = useTables();
const answers = loseAnswers(tables.faults);
let now = NOW;
const options = { tables, retentionDays: RETENTION_DAYS, now: () => now };
const stores = createStores({ ...options, statsRetentionDays: RETENTION_DAYS });

const subject = <Store>(store: Store): Subject<Store> => ({
  store,
  setNow: (to) => {
    now = to;
  },
  async losing(write, meanwhile = async () => {}) {
    const before = answers.count();
    tables.faults.meanwhile = () => {
      tables.faults.meanwhile = async () => {};
      return meanwhile();
    };
    answers.loseNextWrite();
    const result = await write();
    expect(answers.count()).toBe(before + 1);
    return result;
  },
});
const subscriptions = {
  add: async (one: Subscription) => {
    expect(await stores.subscriptions.saveSubscription(one, 0)).toBe(true);
  },
  remove: async ({ tenantId, id }: Subscription) => {
    expect(await stores.subscriptions.removeSubscription(tenantId, id, null)).toBe(true);
  },
};

async function clearJournal(): Promise<void> {
  const TableName = tables.journalTable;
  let ExclusiveStartKey: Record<string, unknown> | undefined;
  do {
    const page = new ScanCommand({ TableName, ProjectionExpression: 'pk, sk', ExclusiveStartKey });
    const { Items = [], LastEvaluatedKey } = await tables.client.send(page);
    for (const { pk, sk } of Items) await tables.client.send(new DeleteCommand({ TableName, Key: { pk, sk } }));
    ExclusiveStartKey = LastEvaluatedKey;
  } while (ExclusiveStartKey !== undefined);
}

describeApiKeyStore(NAME, subject(stores.apiKeys));
describeTenantStore(NAME, subject(stores.tenants));
describeSubscriptionStore(NAME, subject(stores.subscriptions));
describeFanOutReads(
  NAME,
  { ...subject({ ...stores.tenants, ...createMatchableSubscriptions(tables, options.now) }), ...subscriptions },
  {
    // About 2 KB each: DynamoDB ends a page at 1 MB.
    manyPages: { headers: { 'X-Long': 'x'.repeat(2_000) } },
  },
);
describeVerdicts(NAME, { ...subject(stores.subscriptions), ...subscriptions });
describeEventTypeStore(NAME, subject(stores.eventTypes));
describeProfileStore(NAME, subject(stores.profiles), subscriptions);

describeRateLimitStore(NAME, subject(createRateLimits(tables)));
describeInFlightStore(NAME, subject(createInFlight(tables)));
describeDueStore(NAME, subject({ ...createDueDeliveries(tables, () => now), ...stores.deliveries }));
describeDeliveryStore(NAME, {
  ...subject(stores.deliveries),
  add: async (thing) => {
    if ('url' in thing) await subscriptions.add(thing);
    else await stores.events.putEvents([thing]);
  },
});
describeStatsStore(NAME, subject(stores.stats));
describeEventStore(NAME, subject(stores.events));
describeSystemEventCounts(NAME, subject(createSystemEventCounts(tables, () => now)));
const audit = createAuditStore({ tables, retentionDays: RETENTION_DAYS, now: () => now });
describeTenantData(NAME, {
  ...subject({ ...stores.deliveries, ...stores.events, ...createTenantData(tables, () => now) }),
  add: async (event) => stores.events.putEvents([event]),
  addAudit: (record) => audit.putAuditRecord(record),
  auditOf: (tenantId) => readPages((after) => audit.listAuditRecords(tenantId, { ...WHOLE, after }, null)),
});
describeJobStore(NAME, subject({ ...stores.jobs, ...createDueJobs(tables, () => now) }));
describeRejectedEventStore(NAME, { ...subject(stores.rejectedEvents), clear: clearJournal });
describeAuditStore(NAME, {
  ...subject(audit),
  clear: clearJournal,
});
