import { beforeEach, describe, expect, it } from 'vitest';
import type { ApiKey } from '../../../functions/core/access/api-key.ts';
import { type EraseTenantPorts, erasePage } from '../../../functions/core/jobs/erase-tenant.ts';
import type { Job } from '../../../functions/core/jobs/job.ts';
import type { TaskOf } from '../../../functions/core/jobs/job-task.ts';
import {
  HOUR,
  makeAttempt,
  makeAuditRecord,
  makeDelivery,
  makeEvent,
  makeJob,
  makeSubscription,
  NOW,
  subscriptionId,
} from '../../support/domain.ts';
import { MemoryApiKeys } from '../../support/memory-access.ts';
import { MemoryJournal } from '../../support/memory-journal.ts';

const PAYLOAD = 'payload-of-acme';
const attempt = makeAttempt({
  request: { url: 'https://acme.example/', headers: { 'webhook-id': 'e' } },
  response: { status: 500, headers: { 'x-acme': '1' }, body: `echo of ${PAYLOAD}`, truncated: false },
});
const key = (id: string, tenantId: string | null): ApiKey => ({
  id,
  name: 'key',
  role: 'admin',
  tenantId,
  maxPerSecond: null,
  createdAt: NOW - 1,
  endsAt: null,
  lastUsedAt: null,
  secretHash: '',
  tenantCreatedAt: null,
});

let journal: MemoryJournal;
let apiKeys: MemoryApiKeys;
let tenants: Map<string, { createdAt: number }>;
beforeEach(async () => {
  journal = new MemoryJournal();
  apiKeys = new MemoryApiKeys();
  tenants = new Map([
    ['acme', { createdAt: NOW - 1 }],
    ['other', { createdAt: NOW - 1 }],
  ]);
  for (const tenantId of ['acme', 'other']) {
    await apiKeys.addApiKey(key(`key_${tenantId}`, tenantId));
    journal.add(makeSubscription({ tenantId, id: subscriptionId(tenantId === 'acme' ? 1 : 2) }));
    for (let index = 0; index < 30; index += 1) {
      journal.add(makeEvent({ tenantId, id: `e${index}`, acceptedAt: NOW - 1, data: `"${PAYLOAD}"` }));
      // Half of them belong to a subscription that was deleted long ago.
      const sub = subscriptionId((tenantId === 'acme' ? 1 : 2) + (index % 2) * 10);
      const one = {
        tenantId,
        subscriptionId: sub,
        eventId: `e${index}`,
        eventAt: NOW - 1,
        attempts: [attempt],
        revision: 1,
      };
      journal.store(makeDelivery({ ...one, status: 'failed' }));
    }
  }
  await apiKeys.addApiKey(key('key_company', null));
  journal.pageSize = 7;
});

const ports = (): EraseTenantPorts => ({
  tenantData: journal,
  tenants: {
    getTenant: async (id) => tenants.get(id) ?? null,
    deleteTenant: async (id) => void tenants.delete(id),
  },
  apiKeys,
  subscriptions: journal,
  events: journal,
  deliveries: journal,
  rejectedEvents: { putRejectedEvents: async () => {} },
});

async function run(keepLog: boolean, onPage: (job: Job) => void = () => {}) {
  const filter = { until: NOW, keepLog };
  const task: TaskOf<'erase'> = { kind: 'erase', tenantId: 'acme', subscriptionId: null, filter };
  let job = makeJob({ task });
  for (let pages = 0; pages < 2_000; pages += 1) {
    onPage(job);
    const page = await erasePage(ports(), job, task);
    if ('code' in page) return page;
    if (page.cursor === null) return page;
    job = { ...job, cursor: page.cursor };
  }
  throw new Error('it does not end');
}
const left = (tenantId: string) =>
  [...journal.events.values(), ...journal.deliveries.values(), ...journal.subscriptions.values()].filter(
    (one) => one.tenantId === tenantId,
  );

describe('the erasure of a tenant', () => {
  it('leaves nothing of it, also not what belonged to deleted subscriptions, and all of the others', async () => {
    const before = JSON.stringify(left('other'));
    expect(await run(false)).toMatchObject({ cursor: null, result: { passes: 2, left: 0 } });
    expect(left('acme')).toEqual([]);
    expect(JSON.stringify(left('other'))).toBe(before);
    expect([...tenants.keys()]).toEqual(['other']);
    expect([...apiKeys.keys.keys()].toSorted()).toEqual(['key_company', 'key_other']);
  });

  it('can leave the skeleton of the log, without what was in it', async () => {
    expect(await run(true)).toMatchObject({ cursor: null, result: { passes: 2, left: 0 } });
    const text = JSON.stringify(left('acme'));
    for (const secret of [PAYLOAD, 'acme.example', 'x-acme', 'webhook-id']) expect(text).not.toContain(secret);
    expect([...journal.deliveries.values()].filter(({ tenantId }) => tenantId === 'acme')).toHaveLength(30);
    const [one] = [...journal.deliveries.values()].filter(({ tenantId }) => tenantId === 'acme');
    expect(one).toMatchObject({
      status: 'failed',
      attempts: [
        { number: 1, outcome: 'http_error', response: { status: 500, body: '' }, error: { code: 'http_status' } },
      ],
    });
    expect(JSON.stringify(left('other'))).toContain(PAYLOAD);
  });

  it.each([true, false])(
    'takes the values out of the audit trail, and leaves its records (keepLog: %s)',
    async (keepLog) => {
      const changes = { url: { from: null, to: 'https://acme.example/' } };
      const own = makeAuditRecord({ id: 'aud_1', tenantId: 'acme', at: NOW - 1, changes });
      const others = [
        makeAuditRecord({ id: 'aud_2', tenantId: 'acme', at: NOW + 1, changes }),
        makeAuditRecord({ id: 'aud_3', tenantId: 'other', at: NOW - 1, changes }),
      ];
      for (const one of [own, ...others]) journal.auditRecords.set(one.id, one);
      expect(await run(keepLog)).toMatchObject({ cursor: null, result: { passes: 2, left: 0 } });
      expect([...journal.auditRecords.values()]).toEqual([{ ...own, changes: {} }, ...others]);
    },
  );

  it('removes what is past its retention, also where it leaves the skeleton: nobody could strip it any more', async () => {
    let now = NOW - 31 * 24 * HOUR;
    journal = new MemoryJournal(() => now, 30 * 24 * HOUR).add(makeEvent({ id: 'old', acceptedAt: now }));
    await journal.saveDelivery(makeDelivery({ eventId: 'old', eventAt: now, attempts: [attempt] }), 0);
    now = NOW;
    journal.add(makeEvent({ id: 'new', acceptedAt: NOW - 1, data: `"${PAYLOAD}"` }));
    expect(await run(true)).toMatchObject({ cursor: null, result: { passes: 2, left: 0 } });
    expect(left('acme')).toMatchObject([{ id: 'new', data: null }]);
  });

  it('passes over everything again until it finds nothing', async () => {
    let late = 2;
    const done = await run(false, ({ cursor }) => {
      // An attempt that was under way is recorded after the pass.
      const isNewPass = cursor !== null && /"stage":"journal","after":null/.test(cursor);
      if (isNewPass && late-- > 0)
        journal.store(makeDelivery({ eventId: `late${late}`, eventAt: NOW - 1, attempts: [attempt] }));
    });
    expect(done).toMatchObject({ result: { passes: 3, left: 0 } });
    expect(left('acme')).toEqual([]);
  });

  it('fails if what it erases keeps coming back', async () => {
    let number = 0;
    const end = await run(false, () => {
      journal.store(makeDelivery({ eventId: `again${number++}`, eventAt: NOW - 1 }));
    });
    expect(end).toMatchObject({ code: 'not_erased' });
  });

  it('leaves what a later tenant of the same name has', async () => {
    tenants.set('acme', { createdAt: NOW + 1 });
    journal.add(
      makeEvent({ id: 'new', acceptedAt: NOW + 1 }),
      makeSubscription({ id: subscriptionId(5), createdAt: NOW + 1 }),
    );
    journal.store(makeDelivery({ eventId: 'new', eventAt: NOW + 1, subscriptionId: subscriptionId(5) }));
    await run(false);
    expect(left('acme')).toHaveLength(3);
    expect(tenants.has('acme')).toBe(true);
  });
});
