import type { Page } from '../page.ts';
import type { Token } from './token.ts';

/** The port to tenants' tokens. What was written is seen by every read. A token may stay for days after its end. */
export interface TokenStore {
  addToken(token: Token): Promise<void>;
  getToken(tenantId: string, id: string): Promise<Token | null>;
  /** Newest first. */
  listTokens(
    tenantId: string,
    limit: number,
    after: string | null,
    matches: (token: Token) => boolean,
  ): Promise<Page<Token>>;
  deleteToken(tenantId: string, id: string): Promise<void>;
}
