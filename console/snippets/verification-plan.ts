import type { Profile, Subscription } from '../api/types.ts';

type Document = Profile['document'];
type Scheme = Document['signatures'][number];

/** A piece of a text that a receiver puts together: written out, read from the request, or the body. */
export type Part = { kind: 'text'; text: string } | { kind: 'input'; name: readonly string[] } | { kind: 'body' };

/** What a receiver must read from the request, besides the signature. */
export interface Input {
  /** Its words, of which each language makes a name of its own fashion. */
  name: readonly string[];
  header: string;
  /** A regular expression whose group is the value; null: the header is the value. */
  pattern: string | null;
  /** Whether it is the time of the attempt, in seconds since 1970. */
  isTimestamp: boolean;
}

/** How a receiver checks a request, step by step, whatever its language. */
export interface VerificationPlan {
  algorithm: Scheme['algorithm'];
  header: string;
  inputs: readonly Input[];
  /** What is signed. */
  content: readonly Part[];
  /** What stands before a signature. */
  prefix: readonly Part[];
  encoding: Scheme['encoding'];
  /** Of the secret. The public key of ed25519 is `whpk_` and base64 always. */
  keyFormat: Scheme['keyFormat'];
  /** Between the signatures of one header; null: there is one. */
  separator: string | null;
}

/** `unsigned`: requests carry no signature. `other`: they carry one, but not all that it is made of, or not so that it can be told apart. */
export type Verification = VerificationPlan | 'unsigned' | 'other';

const REFERENCE = /\{\{\s*([^{}]*?)\s*\}\}/;

/** Reads from a webhook's profile how its requests are checked. */
export function planVerification(
  { signatures, headers }: Pick<Document, 'signatures' | 'headers'>,
  subscription: Pick<Subscription, 'id' | 'tenantId' | 'name' | 'url' | 'signatureVersions'>,
): Verification {
  if (signatures.length === 0) return 'unsigned';
  const known: Record<string, string> = {
    'subscription.id': subscription.id,
    'subscription.name': subscription.name ?? '',
    'subscription.url': subscription.url,
    'tenant.id': subscription.tenantId,
  };
  // Of both, the one that every language checks with its own library.
  for (const [algorithm, version] of [
    ['hmac-sha256', 'v1'],
    ['ed25519', 'v1a'],
  ] as const) {
    for (const scheme of signatures) {
      const isMade = scheme.key === 'tenant' || subscription.signatureVersions.includes(version);
      const plan = scheme.algorithm === algorithm && isMade ? planScheme(scheme, headers, known) : null;
      if (plan !== null) return plan;
    }
  }
  return 'other';
}

/** Null if the request does not carry what the signature is made of, or several in one header cannot be told apart. */
function planScheme(
  { algorithm, header, content, prefix, encoding, keyFormat, separator }: Scheme,
  headers: Document['headers'],
  known: Record<string, string>,
): VerificationPlan | null {
  // Signatures cannot be told apart without anything between them, or with something that is in each of them.
  if (separator !== null && prefix.includes(separator)) return null;
  const inputs = new Map<string, Input>();
  const partsOf = (template: string) =>
    split(template).map(({ text, reference }): Part | null => {
      if (reference === null) return { kind: 'text', text };
      if (reference === 'body') return { kind: 'body' };
      const value = known[reference];
      if (value !== undefined) return { kind: 'text', text: value };
      const input = inputs.get(reference) ?? findInput(reference, headers, { header, prefix });
      if (input === null) return null;
      inputs.set(reference, input);
      return { kind: 'input', name: input.name };
    });
  const [contentParts, prefixParts] = [partsOf(content), partsOf(prefix)];
  const isPart = (part: Part | null): part is Part => part !== null;
  if (!contentParts.every(isPart) || !prefixParts.every(isPart)) return null;
  return {
    algorithm,
    header,
    inputs: [...inputs.values()],
    content: contentParts,
    prefix: prefixParts,
    encoding,
    keyFormat,
    separator,
  };
}

/** A header of its own that has the value alone, or the place before the signature where it stands. */
function findInput(
  reference: string,
  headers: Document['headers'],
  signature: Pick<Scheme, 'header' | 'prefix'>,
): Input | null {
  const name = reference.split(/\.|(?=[A-Z])/).map((word) => word.toLowerCase());
  const isTimestamp = reference === 'delivery.timestamp';
  const own = Object.entries(headers).find(([, template]) => {
    const parts = split(template);
    return parts.length === 1 && parts[0]?.reference === reference;
  });
  if (own !== undefined) return { name, header: own[0], pattern: null, isTimestamp };
  const parts = split(signature.prefix);
  const at = parts.findIndex((part) => part.reference === reference);
  // Without a text behind it, nothing says where the value ends.
  if (at === -1 || at === parts.length - 1) return null;
  const pattern = parts.map((part, index) =>
    part.reference === null ? escapePattern(part.text) : index === at ? '(.+?)' : '.+?',
  );
  return { name, header: signature.header, pattern: `^${pattern.join('')}`, isTimestamp };
}

function escapePattern(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}

function split(template: string): { text: string; reference: string | null }[] {
  return template
    .split(/(\{\{[^{}]*\}\})/)
    .filter((part) => part !== '')
    .map((text) => ({ text, reference: REFERENCE.exec(text)?.[1] ?? null }));
}
