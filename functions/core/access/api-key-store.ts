import type { Page } from '../page.ts';
import type { ApiKey } from './api-key.ts';

/** The port to API keys. What was written is seen by every read. */
export interface ApiKeyStore {
  addApiKey(key: ApiKey): Promise<void>;
  getApiKey(id: string): Promise<ApiKey | null>;
  /** Newest first. */
  listApiKeys(limit: number, after: string | null): Promise<Page<ApiKey>>;
  deleteApiKey(id: string): Promise<void>;
  /** Notes a use, unless one is noted that is younger than `unlessAfter` or the key is gone. Epoch milliseconds. */
  noteUse(id: string, at: number, unlessAfter: number): Promise<void>;
}
