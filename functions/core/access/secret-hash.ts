import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

const SECRET_BYTES = 32;

/** 43 characters of base64url. With 256 random bits a slow hash would add nothing. */
export function newSecret(): string {
  return randomBytes(SECRET_BYTES).toString('base64url');
}

/** SHA-256 in base64url. */
export function hashSecret(secret: string): string {
  return digest(secret).toString('base64url');
}

/** Takes the same time wherever they differ. */
export function hasSecret({ secretHash }: { secretHash: string }, secret: string): boolean {
  const stored = Buffer.from(secretHash, 'base64url');
  const given = digest(secret);
  return stored.length === given.length && timingSafeEqual(stored, given);
}

/** Takes the same time wherever they differ. */
export function isSameSecret(a: string, b: string): boolean {
  return timingSafeEqual(digest(a), digest(b));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
