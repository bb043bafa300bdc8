import { describe, expect, it } from 'vitest';
import { WorkMessage } from '../../functions/core/delivery/queue-message.ts';
import { deleteTenantPage } from '../../functions/core/jobs/delete-tenant.ts';
import { JobMessage } from '../../functions/core/jobs/job-store.ts';
import type { TaskOf } from '../../functions/core/jobs/job-task.ts';
import { expectProblem, useApi } from '../support/api.ts';
import { makeJob, makeSubscription, subscriptionId } from '../support/domain.ts';

const { call, clock, deps, queues } = useApi();
const BODY = { url: 'https://a.example/', eventTypes: ['*'] };

/** Subscriptions written straight to the table, as hundreds of requests would take long. */
async function fill(tenantId: string, count: number): Promise<void> {
  await deps.stores.tenants.createTenant(tenantId, clock.now);
  for (let number = 1; number <= count; number += 1) {
    await deps.stores.subscriptions.saveSubscription(makeSubscription({ tenantId, id: subscriptionId(number) }), 0);
  }
}

const idsOf = async (tenantId: string) =>
  (await deps.stores.subscriptions.pageSubscriptions(tenantId, 10_000, null, null)).values;
const messages = async () => (await queues.retries.take()).map(({ body }) => WorkMessage.parse(JSON.parse(body)));

const taskFor = (tenantId: string, until: number): TaskOf<'delete_tenant'> => ({
  kind: 'delete_tenant',
  tenantId,
  subscriptionId: null,
  filter: { until },
});

describe('the limit of subscriptions', () => {
  const few = { maxSubscriptionsPerTenant: 2 };
  const subscribe = (tenantId: string) => call('POST', `/v1/tenants/${tenantId}/subscriptions`, { body: BODY }, few);

  it('refuses one more, says what to do, and holds for each tenant alone', async () => {
    const first = await subscribe('full');
    expect(await subscribe('full')).toMatchObject({ status: 201 });
    const refused = await subscribe('full');
    expectProblem(refused, 409, 'limit_reached');
    expect(refused.field('detail')).toMatch(/has 2 subscriptions.*Delete one/);
    expect(await idsOf('full')).toHaveLength(2);
    expect(await subscribe('other')).toMatchObject({ status: 201 });
    await call('DELETE', `/v1/tenants/full/subscriptions/${first.field('id')}`);
    expect(await subscribe('full')).toMatchObject({ status: 201 });
  });

  it('counts no further than it has to', async () => {
    await fill('counted', 5);
    expect(await deps.stores.subscriptions.countSubscriptions('counted', 3)).toBe(3);
    expect(await deps.stores.subscriptions.countSubscriptions('counted', 100)).toBe(5);
    expect(await deps.stores.subscriptions.countSubscriptions('nowhere', 100)).toBe(0);
  });
});

describe('a deleted tenant', () => {
  const parked: string[] = [];
  const ports = {
    subscriptions: deps.stores.subscriptions,
    parked: {
      settle: async ({ id }: { id: string }) => {
        parked.push(id);
      },
    },
  };

  it('with few subscriptions takes them along within the request', async () => {
    await fill('small', 3);
    await queues.retries.take();
    expect(await call('DELETE', '/v1/tenants/small')).toMatchObject({ status: 204, text: '' });
    expect(await idsOf('small')).toEqual([]);
    expectProblem(await call('GET', '/v1/tenants/small'), 404, 'not_found');
    expect(await messages()).toMatchObject([1, 2, 3].map(() => ({ kind: 'settle_parked' })));
  });

  it('with many is gone immediately, and they follow, a page at a time, from where the work stopped', async () => {
    await fill('large', 250);
    await queues.retries.take();
    const answer = await call('DELETE', '/v1/tenants/large');
    expect(answer).toMatchObject({
      status: 202,
      json: { kind: 'delete_tenant', tenantId: 'large', status: 'running' },
    });
    expectProblem(await call('GET', '/v1/tenants/large'), 404, 'not_found');
    const [message, ...others] = (await queues.jobs.take()).map(({ body }) => JobMessage.parse(JSON.parse(body)));
    expect([message?.jobId, others]).toEqual([answer.field('id'), []]);

    // A tenant of the same name, created afterwards, keeps what it has.
    clock.now += 1_000;
    const fresh = (await call('POST', '/v1/tenants/large/subscriptions', { body: BODY })).field('id');
    const task = taskFor('large', clock.now - 1_000);
    const left: number[] = [];
    let cursor: string | null = null;
    do {
      ({ cursor } = await deleteTenantPage(ports, makeJob({ task, cursor }), task));
      left.push((await idsOf('large')).length);
    } while (cursor !== null);
    expect(left).toEqual([152, 52, 1]);
    expect((await idsOf('large')).map(({ id }) => id)).toEqual([fresh]);
    expect(new Set(parked).size).toBe(250);
    expect(parked).not.toContain(fresh);
  });

  it('of which one subscription cannot be deleted loses the others, and the work is repeated', async () => {
    await fill('stuck', 3);
    const failing = {
      ...ports,
      subscriptions: {
        ...deps.stores.subscriptions,
        removeSubscription: async (tenantId: string, id: string, generation: number | null) => {
          if (id === subscriptionId(2)) throw new Error('throttled');
          return deps.stores.subscriptions.removeSubscription(tenantId, id, generation);
        },
      },
    };
    const task = taskFor('stuck', clock.now);
    await expect(deleteTenantPage(failing, makeJob({ task }), task)).rejects.toThrow('throttled');
    expect((await idsOf('stuck')).map(({ id }) => id)).toEqual([subscriptionId(2)]);
    expect(await deleteTenantPage(ports, makeJob({ task }), task)).toEqual({ done: 1, failed: 0, cursor: null });
    expect(await idsOf('stuck')).toEqual([]);
  });
});
