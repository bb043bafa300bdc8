import { beforeEach, describe, expect, it } from 'vitest';
import type { ApiKey } from '../../functions/core/access/api-key.ts';
import type { ApiKeyStore } from '../../functions/core/access/api-key-store.ts';
import { HOUR, makeApiKeyRecord, NOW } from '../support/domain.ts';
import { readPages, type Subject } from './subject.ts';

/** @param subject whose list holds no keys but those of this contract */
export function describeApiKeyStore(name: string, { store, losing }: Subject<ApiKeyStore>): void {
  const list = (limit: number) => readPages((after) => store.listApiKeys(limit, after));
  const ids = (keys: readonly ApiKey[]) => keys.map(({ id }) => id);
  beforeEach(async () => {
    for (const { id } of await list(100)) await store.deleteApiKey(id);
  });

  describe(`an API key in ${name}`, () => {
    it.each<[string, Partial<ApiKey>]>([
      ['of the company', {}],
      ['of a tenant', { role: 'publish', tenantId: 'acme', tenantCreatedAt: NOW - HOUR }],
      [
        'that ends, is limited and was used',
        { maxPerSecond: 0.5, name: 'Ümlaut 😀', role: 'read', endsAt: NOW + HOUR, lastUsedAt: NOW },
      ],
    ])('comes back as it was (%s)', async (_, rest) => {
      const key = makeApiKeyRecord(1, rest);
      await store.addApiKey(key);
      expect(await store.getApiKey(key.id)).toEqual(key);
    });

    it('that is absent or deleted is null, and can be deleted again', async () => {
      const key = makeApiKeyRecord(1);
      expect(await store.getApiKey(key.id)).toBeNull();
      await store.addApiKey(key);
      await store.deleteApiKey(key.id);
      await store.deleteApiKey(key.id);
      expect(await store.getApiKey(key.id)).toBeNull();
    });

    it('has the use noted that it had not, and no other that is too young', async () => {
      const key = makeApiKeyRecord(1);
      await store.addApiKey(key);
      const lastUsed = async () => (await store.getApiKey(key.id))?.lastUsedAt;
      await store.noteUse(key.id, NOW, NOW - HOUR);
      expect(await lastUsed()).toBe(NOW);
      await store.noteUse(key.id, NOW + HOUR - 1, NOW - 1);
      expect(await lastUsed()).toBe(NOW);
      await store.noteUse(key.id, NOW + HOUR, NOW);
      expect(await store.getApiKey(key.id)).toEqual({ ...key, lastUsedAt: NOW + HOUR });
    });

    it('does not come back by a use', async () => {
      const { id } = makeApiKeyRecord(1);
      await store.noteUse(id, NOW, NOW - HOUR);
      expect(await store.getApiKey(id)).toBeNull();
      expect(await list(100)).toEqual([]);
    });

    if (losing !== null) {
      it('whose write had its effect is written, although the answer was lost', async () => {
        const key = makeApiKeyRecord(1);
        await losing(() => store.addApiKey(key));
        await losing(() => store.noteUse(key.id, NOW, NOW - HOUR));
        expect(await store.getApiKey(key.id)).toEqual({ ...key, lastUsedAt: NOW });
        await losing(() => store.deleteApiKey(key.id));
        expect(await store.getApiKey(key.id)).toBeNull();
      });
    }
  });

  describe(`the list of API keys in ${name}`, () => {
    const [k1, k2, k3, k4, k5] = [1, 2, 3, 4, 5].map((number) => makeApiKeyRecord(number).id);
    beforeEach(async () => {
      for (const number of [3, 1, 5, 2, 4]) await store.addApiKey(makeApiKeyRecord(number));
    });

    it.each([1, 2, 5, 6])('is newest first, whole, in pages of %i', async (limit) => {
      expect(ids(await list(limit))).toEqual([k5, k4, k3, k2, k1]);
    });

    it('goes on at its cursor, although the key there was deleted and a newer one has come', async () => {
      const first = await store.listApiKeys(2, null);
      await store.deleteApiKey(k4 ?? '');
      await store.addApiKey(makeApiKeyRecord(6));
      expect(ids((await store.listApiKeys(10, first.next)).values)).toEqual([k3, k2, k1]);
    });
  });
}
