import { type ApiKey, hasEnded, parseApiKey } from './api-key.ts';
import { ANONYMOUS, type Principal, STACK_KEY } from './principal.ts';
import { isSameSecret } from './secret-hash.ts';
import { isSignedToken } from './sign-in.ts';
import { parseToken, type Token } from './token.ts';

/** Who sends a request, and how many a second it may send; null for no limit. */
export interface Caller {
  principal: Principal;
  maxPerSecond: number | null;
}

/** By the Authorization header. */
export type Authenticate = (authorization: string | undefined) => Promise<Caller>;

/** The company's first key, which the stack makes. While it is being replaced there are more. */
export interface AdminKeys {
  current(): Promise<string>;
  /** The key that is about to become the current one, and the one that was it until lately, if there are. */
  others(): Promise<string[]>;
}

export interface AuthenticatePorts {
  adminKeys: AdminKeys;
  /** May answer from memory: what ends a token before its time then counts that much later. */
  findToken: (text: string) => Promise<Token | null>;
  /** The same for what ends an API key. */
  findApiKey: (text: string) => Promise<ApiKey | null>;
  /** Whom a token of the company's own provider speaks of; null where no one signs in so. */
  findPerson: ((text: string) => Promise<Principal | null>) | null;
  now: () => number;
}

export function createAuthenticate({
  adminKeys,
  findToken,
  findApiKey,
  findPerson,
  now,
}: AuthenticatePorts): Authenticate {
  async function identify(key: string): Promise<Caller | null> {
    if (parseApiKey(key) !== null) {
      const found = await findApiKey(key);
      if (found === null || hasEnded(found, now())) return null;
      const { id, name, role, tenantId, endsAt, maxPerSecond } = found;
      return { principal: { kind: 'key', id, name, role, tenantId, endsAt }, maxPerSecond };
    }
    if (parseToken(key) !== null) {
      const token = await findToken(key);
      if (token === null || token.endsAt <= now()) return null;
      const { id, readOnly, tenantId, endsAt } = token;
      return unlimited({ kind: 'token', id, name: null, role: readOnly ? 'read' : 'admin', tenantId, endsAt });
    }
    if (findPerson !== null && isSignedToken(key)) {
      const person = await findPerson(key);
      return person === null ? null : unlimited(person);
    }
    if (isSameSecret(key, await adminKeys.current())) return unlimited(STACK_KEY);
    const others = await adminKeys.others();
    return others.some((other) => isSameSecret(key, other)) ? unlimited(STACK_KEY) : null;
  }

  return async (authorization = '') => {
    for (const key of keysIn(authorization)) {
      const caller = await identify(key);
      if (caller !== null) return caller;
    }
    return unlimited(ANONYMOUS);
  };
}

const unlimited = (principal: Principal): Caller => ({ principal, maxPerSecond: null });

/**
 * The keys that a header may carry. With Basic the key is the password (as Staffology's clients send theirs) or the user
 * name (as KeyPay's do). A token of a provider may be as long as API Gateway lets headers be.
 */
function keysIn(authorization: string): string[] {
  const [, scheme = '', credentials = ''] = /^(Bearer|Basic) +([\x21-\x7e]{1,8192}) *$/i.exec(authorization) ?? [];
  if (scheme.toLowerCase() !== 'basic') return credentials === '' ? [] : [credentials];
  const text = Buffer.from(credentials, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return (colon < 0 ? [text] : [text.slice(colon + 1), text.slice(0, colon)]).filter((key) => key !== '');
}
