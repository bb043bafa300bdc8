import { describe, expect, it } from 'vitest';
import { type Health, healthOf } from '../../functions/core/subscription/health.ts';
import { expectProblem, tenantOf, useApi } from '../support/api.ts';
import { MINUTE, SECOND } from '../support/domain.ts';

const { call, clock, deps, queues } = useApi();
const T = '/v1/tenants/acme';

async function subscribe(): Promise<string> {
  const created = await call('POST', `${T}/subscriptions`, { body: { url: 'https://a.example/', eventTypes: ['*'] } });
  return created.field('id');
}

/** Its receiver has been failing for a minute, and its breaker is open. */
async function breakDown(id: string, rest: Partial<Health> = {}): Promise<void> {
  const { now } = clock;
  const lastFailure = { outcome: 'timeout', status: null, message: 'No answer within 15 seconds.', at: now } as const;
  const broken: Health = {
    ...healthOf({ generation: 0, health: null }),
    failing: { since: now - MINUTE, failures: 12, lastFailure, warnings: 0, warnedAt: null },
    breaker: { state: 'open', openedAt: now - SECOND, pauseMs: MINUTE, nextProbeAt: now + MINUTE, probe: null },
    ...rest,
  };
  const { saved } = await deps.stores.subscriptions.saveHealth('acme', id, broken);
  expect(saved).toBe(true);
}
const healthy = { state: 'healthy', since: null, failures: 0, lastFailure: null, nextProbeAt: null };
const iso = (at: number) => new Date(at).toISOString();

describe('the health of a subscription', () => {
  it('is shown in words, and changes neither its ETag nor when it was updated', async () => {
    const id = await subscribe();
    const before = await call('GET', `${T}/subscriptions/${id}`);
    expect(before.json).toMatchObject({ health: healthy });
    await breakDown(id);
    const after = await call('GET', `${T}/subscriptions/${id}`);
    const failing = {
      since: iso(clock.now - MINUTE),
      failures: 12,
      lastFailure: {
        outcome: 'timeout',
        status: null,
        message: 'No answer within 15 seconds.',
        at: iso(clock.now),
      },
    };
    const health = { ...failing, state: 'breaker_open', nextProbeAt: iso(clock.now + MINUTE) };
    expect(after.json).toEqual({ ...Object(before.json), health });
    expect(after.headers.etag).toBe(before.headers.etag);
    const closed = await call('POST', `${T}/subscriptions/${id}/breaker/close`);
    expect(closed.json).toMatchObject({ health: { ...failing, state: 'failing', nextProbeAt: null } });
  });

  it('stays when the subscription is changed, and begins afresh when it is moved or resumed', async () => {
    const id = await subscribe();
    await breakDown(id);
    const path = `${T}/subscriptions/${id}`;
    expect(await call('PATCH', path, { body: { name: 'N' } })).toMatchObject({
      status: 200,
      json: { name: 'N', health: { state: 'breaker_open' } },
    });
    expect((await call('POST', `${path}/pause`)).json).toMatchObject({ health: { state: 'breaker_open' } });
    expect((await call('POST', `${path}/resume`)).json).toMatchObject({ health: healthy });
    await call('PATCH', path, { body: { name: null } });
    expect((await call('GET', path)).json).toMatchObject({ health: healthy });
  });

  it('cannot be written by a request', async () => {
    const id = await subscribe();
    const answer = await call('PATCH', `${T}/subscriptions/${id}`, { body: { health: null } });
    expect(answer.status).toBe(422);
  });
});

describe('closing a breaker by hand', () => {
  it('wakes what waits', async () => {
    const id = await subscribe();
    await breakDown(id);
    await queues.retries.take();
    const answer = await call('POST', `${T}/subscriptions/${id}/breaker/close`, { as: tenantOf('acme') });
    expect(answer.status).toBe(200);
    const sent = (await queues.retries.take()).map(({ body }) => JSON.parse(body));
    expect(sent).toMatchObject([{ kind: 'settle_parked', subscriptionId: id }]);
  });

  it('of one that is not open changes nothing', async () => {
    const id = await subscribe();
    await queues.retries.take();
    const before = await deps.stores.subscriptions.getSubscription('acme', id);
    expect((await call('POST', `${T}/subscriptions/${id}/breaker/close`)).json).toMatchObject({ health: healthy });
    expect(await deps.stores.subscriptions.getSubscription('acme', id)).toEqual(before);
    expect(await queues.retries.take()).toEqual([]);
  });

  it('goes on when an attempt was recorded in between, and gives up where that never ends', async () => {
    const id = await subscribe();
    await breakDown(id);
    const { subscriptions } = deps.stores;
    let between = 1;
    const busy: typeof subscriptions = {
      ...subscriptions,
      async saveHealth(tenantId, subscriptionId, health) {
        if (between > 0) {
          between -= 1;
          const { health: stored } = (await subscriptions.getSubscription(tenantId, subscriptionId)) ?? {
            health: null,
          };
          if (stored !== null) await subscriptions.saveHealth(tenantId, subscriptionId, stored);
        }
        return subscriptions.saveHealth(tenantId, subscriptionId, health);
      },
    };
    const changes = { stores: { ...deps.stores, subscriptions: busy } };
    const close = () => call('POST', `${T}/subscriptions/${id}/breaker/close`, {}, changes);
    expect((await close()).json).toMatchObject({ health: { state: 'failing' } });
    await breakDown(id, { revision: 3 });
    between = 100;
    expectProblem(await close(), 409, 'conflict');
  });

  it('of one that is not there, or that is another tenant’s, is refused', async () => {
    const id = await subscribe();
    expectProblem(await call('POST', `/v1/tenants/other/subscriptions/${id}/breaker/close`), 404, 'not_found');
  });
});
