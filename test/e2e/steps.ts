import { expect } from 'vitest';
import type { Client, Delivery, ReceivedRequest } from './client.ts';
import { eventually } from './eventually.ts';
import { scene } from './use-system.ts';

/** A tenant of its own with a subscription; `one` is where the API has it. */
export async function subscribed(client: Client, name: string, extra: Record<string, unknown> = {}) {
  const { tenant, path } = scene(name);
  const { id, secret } = await client.subscribe(tenant, path, extra);
  return { tenant, path, id, secret: secret ?? '', one: `/v1/tenants/${tenant}/subscriptions/${id}` };
}

/** Waits until so many requests have come to a path: at least one, of which the last is given apart. */
export async function arrived({ received }: Client, path: string, count: number) {
  return eventually(async () => {
    const { total, requests } = await received(path);
    expect(total).toBe(count);
    const last = requests.at(-1);
    if (last === undefined) throw new Error(`nothing has come to ${path}`);
    return { requests, last };
  });
}

export function expectStatus(client: Client, tenant: string, eventId: string, status: string): Promise<Delivery> {
  return eventually(async () => {
    const delivery = await client.deliveryOf(tenant, eventId);
    expect(delivery.status).toBe(status);
    return delivery;
  });
}

export const idsOf = (requests: ReceivedRequest[]) => requests.map(({ headers }) => headers['webhook-id']).sort();
