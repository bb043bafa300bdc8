import type { Part } from './verification-plan.ts';

/** Words to a name: eventId, EventId or event_id. */
export const camelCase = (words: readonly string[]): string =>
  words.map((word, index) => (index === 0 ? word : capital(word))).join('');
export const snakeCase = (words: readonly string[]): string => words.join('_');
const capital = (word: string) => word.charAt(0).toUpperCase() + word.slice(1);

/** A text in double quotes as Go, Java and C# have it. */
export const doubleQuoted = (text: string): string => JSON.stringify(text);
/** In single quotes as JavaScript and Python have it. */
export const singleQuoted = (text: string): string =>
  `'${JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`;
/** In single quotes as Ruby and PHP have it, where nothing else is escaped. */
export const plainQuoted = (text: string): string => `'${text.replace(/[\\']/g, '\\$&')}'`;

/** The texts before and after the body; a content without the body has all of it before. */
export function aroundBody(content: readonly Part[]): { before: Part[]; hasBody: boolean; after: Part[] } {
  const at = content.findIndex(({ kind }) => kind === 'body');
  if (at === -1) return { before: [...content], hasBody: false, after: [] };
  return { before: content.slice(0, at), hasBody: true, after: content.slice(at + 1) };
}

/** An expression of texts and names; null if there are none. */
export function joined(
  parts: readonly Part[],
  quote: (text: string) => string,
  name: (words: readonly string[]) => string,
  operator: string,
): string | null {
  if (parts.length === 0) return null;
  return parts
    .map((part) => (part.kind === 'text' ? quote(part.text) : part.kind === 'input' ? name(part.name) : ''))
    .join(operator);
}

/** The lines of a file; what is null is left out. */
export const lines = (...all: readonly (string | null)[]): string => all.filter((line) => line !== null).join('\n');

/** As Standard Webhooks libraries have it: what is older, or newer, is refused. */
export const TOLERANCE_SECONDS = 300;

/**
 * What stands in base64 before an Ed25519 public key where it is a DER SubjectPublicKeyInfo (RFC 8410): 12 bytes, so that the key's own
 * base64 can follow.
 */
export const ED25519_SPKI_PREFIX = 'MCowBQYDK2VwAyEA';
