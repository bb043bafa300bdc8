import { beforeEach, describe, expect, it } from 'vitest';
import { type ApiKey, makeApiKey } from '../../../functions/core/access/api-key.ts';
import { createApiKeys } from '../../../functions/core/access/api-keys.ts';
import { Refusal } from '../../../functions/core/refusal.ts';
import { HOUR, NOW } from '../../support/domain.ts';
import { MemoryApiKeys } from '../../support/memory-access.ts';

let now = NOW;
let store = new MemoryApiKeys();
/** When each was created. */
const tenants = new Map<string, number>();
let forgotten = 0;
const apiKeys = () =>
  createApiKeys({
    store,
    tenants: {
      createTenant: async (id, at) => void (tenants.has(id) || tenants.set(id, at)),
      getTenant: async (id) => {
        const createdAt = tenants.get(id);
        return createdAt === undefined ? null : { createdAt };
      },
    },
    forgetFound: () => {
      forgotten += 1;
    },
    now: () => now,
    random: Math.random,
  });
beforeEach(() => {
  now = NOW;
  store = new MemoryApiKeys();
  tenants.clear();
  forgotten = 0;
});

const GRANT = { name: 'Payroll', role: 'read', tenantId: null, maxPerSecond: null, endsAt: null } as const;

async function make(rest: Partial<ApiKey> = {}) {
  const made = await apiKeys().create({ ...GRANT, role: 'admin', ...rest });
  if (made instanceof Refusal) throw new Error(made.message);
  return made;
}
const find = (text: string) => apiKeys().find(text);

describe('an API key', () => {
  it('is found by its text, and by no other', async () => {
    const { key, text } = await make({ role: 'read' });
    expect(text).toMatch(/^phk_[0-9A-Z]{26}[\w-]{43}$/);
    expect(await find(text)).toEqual(key);
    const { text: b } = await make();
    const other = text.at(-2) === 'A' ? 'B' : 'A';
    for (const wrong of ['', 'phk_', `${text}x`, text.slice(0, -1), text.slice(0, 30) + b.slice(30)])
      expect(await find(wrong), wrong).toBeNull();
    // The last character but one: of the last, base64url leaves bits unused.
    expect(await find(text.slice(0, -2) + other + text.slice(-1))).toBeNull();
    const { text: neverAdded } = makeApiKey(key, Math.random);
    expect(await find(neverAdded)).toBeNull();
  });

  it('is stored as a hash only', async () => {
    const { text } = await make();
    expect(JSON.stringify([...store.keys.values()])).not.toContain(text.slice(30));
  });

  it('ends in time', async () => {
    const { text } = await make({ endsAt: NOW + HOUR });
    now = NOW + HOUR - 1;
    expect(await find(text)).not.toBeNull();
    now = NOW + HOUR;
    expect(await find(text)).toBeNull();
  });

  it.each([NOW - 1, NOW])('is not made to end at %i, which is no time to come', async (endsAt) => {
    const refused = await apiKeys().create({ ...GRANT, tenantId: 'acme', endsAt });
    expect(refused).toMatchObject({ code: 'invalid_request', errors: [{ path: '/expiresAt' }] });
    expect([store.keys.size, tenants.size]).toEqual([0, 0]);
  });

  it('is not made for the tenant that is reserved', async () => {
    expect(await apiKeys().create({ ...GRANT, tenantId: 'posthorn' })).toMatchObject({ code: 'forbidden' });
    expect([store.keys.size, tenants.size]).toEqual([0, 0]);
  });

  it('of a tenant creates it, and ends with it, also when one of the same name comes after it', async () => {
    const { text } = await make({ tenantId: 'acme' });
    expect(await find(text)).toMatchObject({ tenantId: 'acme', tenantCreatedAt: NOW });
    tenants.delete('acme');
    expect(await find(text)).toBeNull();
    tenants.set('acme', NOW + 1);
    expect(await find(text)).toBeNull();
  });

  it('that is revoked counts no more, is forgotten by the process, and cannot be revoked again', async () => {
    const [first, second] = [await make(), await make()];
    expect(forgotten).toBe(0);
    expect(await apiKeys().revoke(first.key.id)).toEqual(first.key);
    expect(forgotten).toBe(1);
    expect(await find(first.text)).toBeNull();
    expect(await find(second.text)).not.toBeNull();
    expect(await apiKeys().revoke(first.key.id)).toMatchObject({ code: 'not_found' });
  });
});

describe('the last use of a key', () => {
  it('is noted once an hour', async () => {
    const { key, text } = await make();
    const used: (number | null | undefined)[] = [];
    for (const minutes of [0, 59, 60, 61, 121]) {
      now = NOW + minutes * 60_000;
      const found = await find(text);
      if (found !== null) await apiKeys().noteUse(found);
      used.push(((await store.getApiKey(key.id))?.lastUsedAt ?? NaN) - NOW);
    }
    expect(used).toEqual([0, 0, HOUR, HOUR, 121 * 60_000]);
  });

  it('costs no write in between', async () => {
    const { key } = await make();
    store.noteUse = () => Promise.reject(new Error('a write'));
    await expect(apiKeys().noteUse(key)).rejects.toThrow('a write');
    await apiKeys().noteUse({ ...key, lastUsedAt: NOW - HOUR + 1 });
  });
});

describe('the list of keys', () => {
  it('has those that have ended, and none of a tenant that is gone', async () => {
    const ids: string[] = [];
    for (const rest of [{}, { endsAt: NOW + 10 }, { tenantId: 'acme' }, { tenantId: 'gone' }]) {
      now += 1;
      ids.unshift((await make(rest)).key.id);
    }
    tenants.delete('gone');
    now = NOW + HOUR;
    const first = await apiKeys().page(3, null);
    const rest = await apiKeys().page(3, first.next);
    expect([...first.values, ...rest.values].map(({ id }) => id)).toEqual(ids.slice(1));
    expect(rest.next).toBeNull();
  });
});
