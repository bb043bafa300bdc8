import type { ApiKey } from '../../functions/core/access/api-key.ts';
import type { ApiKeyStore } from '../../functions/core/access/api-key-store.ts';
import type { AuditRecord } from '../../functions/core/access/audit-record.ts';
import type { AuditStore } from '../../functions/core/access/audit-store.ts';
import type { ListOptions, Matches } from '../../functions/core/page.ts';
import { pageOf } from './page-of.ts';

/** API keys as the core's tests use them. The contract is in test/contracts. */
export class MemoryApiKeys implements ApiKeyStore {
  readonly keys = new Map<string, ApiKey>();

  async addApiKey(key: ApiKey): Promise<void> {
    this.keys.set(key.id, key);
  }

  async getApiKey(id: string): Promise<ApiKey | null> {
    return this.keys.get(id) ?? null;
  }

  async listApiKeys(limit: number, after: string | null) {
    const older = [...this.keys.values()].filter(({ id }) => after === null || id < after);
    const values = older.toSorted((a, b) => (a.id < b.id ? 1 : -1)).slice(0, limit);
    return { values, next: older.length > values.length ? (values.at(-1)?.id ?? null) : null };
  }

  async deleteApiKey(id: string): Promise<void> {
    this.keys.delete(id);
  }

  async noteUse(id: string, at: number, unlessAfter: number): Promise<void> {
    const key = this.keys.get(id);
    if (key !== undefined && (key.lastUsedAt ?? unlessAfter) <= unlessAfter)
      this.keys.set(id, { ...key, lastUsedAt: at });
  }
}

/** The audit trail as tests of the API's pipeline use it. The contract is in test/contracts. */
export class MemoryAuditTrail implements AuditStore {
  readonly records: { record: AuditRecord; endsAt: number }[] = [];
  private readonly now: () => number;
  private readonly retentionMs: number;

  constructor(now: () => number, retentionMs: number) {
    this.now = now;
    this.retentionMs = retentionMs;
  }

  async putAuditRecord(record: AuditRecord): Promise<void> {
    this.records.push({ record, endsAt: this.now() + this.retentionMs });
  }

  async listAuditRecords(tenantId: string | null, options: ListOptions, matches: Matches<AuditRecord>) {
    const kept = this.records.filter(({ endsAt }) => endsAt > this.now()).map(({ record }) => record);
    return pageOf(
      kept.filter((one) => tenantId === null || one.tenantId === tenantId),
      (one) => one,
      options,
      matches,
    );
  }
}
