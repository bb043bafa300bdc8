import { ScanCommand } from '@aws-sdk/lib-dynamodb';
import { beforeEach, describe, expect, it } from 'vitest';
import { createTenants } from '../../../functions/adapters/dynamodb/tenants.ts';
import { createTokenStore } from '../../../functions/adapters/dynamodb/tokens.ts';
import { createTokens } from '../../../functions/core/access/tokens.ts';
import { Refusal } from '../../../functions/core/refusal.ts';
import { HOUR, NOW } from '../../support/domain.ts';
import { useTables } from '../../support/emulators.ts';

const tables = useTables();
let now = NOW;
const tenants = createTenants(tables);
let forgotten = 0;
const tokens = createTokens({
  store: createTokenStore(tables),
  tenants,
  forgetFound: () => {
    forgotten += 1;
  },
  now: () => now,
  random: Math.random,
});
let number = 0;
let tenantId = '';
beforeEach(() => {
  now = NOW;
  forgotten = 0;
  number += 1;
  // What ids allow is allowed in a token, too.
  tenantId = `_-tenant_${number}-`;
});

async function make(readOnly = false, lifetimeMs = HOUR) {
  const made = await tokens.create(tenantId, { readOnly, lifetimeMs });
  if (made instanceof Refusal) throw new Error(made.message);
  return made;
}

async function listed(): Promise<string[]> {
  const ids: string[] = [];
  let after: string | null = null;
  do {
    const page: Awaited<ReturnType<typeof tokens.page>> = await tokens.page(tenantId, 2, after);
    if (page instanceof Refusal) throw new Error(page.message);
    ids.push(...page.values.map(({ id }) => id));
    after = page.next;
  } while (after !== null);
  return ids;
}

const refused = (code: string) => expect.objectContaining({ code });

describe('a token', () => {
  it('is found until it ends', async () => {
    const { text, token } = await make(true);
    expect(await tokens.find(text)).toEqual(token);
    expect(token).toMatchObject({ tenantId, readOnly: true, createdAt: NOW, endsAt: NOW + HOUR });
    now = NOW + HOUR - 1;
    expect(await tokens.find(text)).toEqual(token);
    now = NOW + HOUR;
    expect(await tokens.find(text)).toBeNull();
  });

  it('is another each time, and none that was not made is found', async () => {
    const [{ text: a }, { text: b }] = [await make(), await make()];
    expect(a).not.toBe(b);
    // Changed in one character each: of its id, of its secret, of its tenant.
    const swapped = (at: number) => `${a.slice(0, at)}${a[at] === '0' ? '1' : '0'}${a.slice(at + 1)}`;
    const others = ['', 'pht_', `${a}x`, a.slice(0, -1), a.slice(4), a.toUpperCase(), swapped(10), swapped(40)];
    for (const text of [...others, a.slice(0, 30) + b.slice(30), `${a.slice(0, 74)}other`])
      expect(await tokens.find(text), text).toBeNull();
  });

  it('is not stored', async () => {
    const { text } = await make();
    const { Items = [] } = await tables.client.send(new ScanCommand({ TableName: tables.journalTable }));
    expect(Items.length).toBeGreaterThan(0);
    const secret = text.slice(30, 73);
    expect(secret).toHaveLength(43);
    expect(JSON.stringify(Items)).not.toContain(secret);
    expect(Items).toContainEqual(expect.objectContaining({ tenantId, expiresAt: (NOW + HOUR) / 1_000 }));
  });

  it('creates its tenant, and leaves one that is there as it is', async () => {
    expect(await tenants.getTenant(tenantId)).toBeNull();
    await make();
    now += 1;
    await make();
    expect(await tenants.getTenant(tenantId)).toMatchObject({ createdAt: NOW, revision: 1 });
  });

  it('ends with its tenant, also when one of the same name comes after it', async () => {
    const { text } = await make();
    await tenants.deleteTenant(tenantId);
    expect(await tokens.find(text)).toBeNull();
    expect(await tokens.page(tenantId, 10, null)).toEqual(refused('not_found'));
    now += 1;
    await tenants.createTenant(tenantId, now);
    expect(await tokens.find(text)).toBeNull();
    expect(await listed()).toEqual([]);
    const { text: later } = await make();
    expect(await tokens.find(later)).toMatchObject({ tenantId });
  });
});

describe('tokens', () => {
  it('are listed newest first, page by page, as long as they count', async () => {
    const made: string[] = [];
    for (let count = 0; count < 5; count += 1) {
      now += 1;
      made.unshift((await make(false, count === 2 ? 60_000 : HOUR)).token.id);
    }
    expect(await listed()).toEqual(made);
    now += 60_000;
    expect(await listed()).toEqual(made.filter((_, index) => index !== 2));
  });

  it('are revoked once, by their own tenant’s name, and are forgotten by the process then', async () => {
    const { text, token } = await make();
    const { text: other } = await make();
    await tenants.createTenant('another', now);
    expect(await tokens.revoke('another', token.id)).toEqual(refused('not_found'));
    expect(await tokens.find(text)).not.toBeNull();
    expect(forgotten).toBe(0);
    expect(await tokens.revoke(tenantId, token.id)).toBeNull();
    expect(forgotten).toBe(1);
    expect(await tokens.find(text)).toBeNull();
    expect(await tokens.find(other)).not.toBeNull();
    expect(await tokens.revoke(tenantId, token.id)).toEqual(refused('not_found'));
  });
});
