import { redactUrl } from '../../core/target/http-target.ts';

/** In order of worth: what explains the answer first, then what the receiver's own support needs to find the request. */
const KEPT_HEADERS: ReadonlyMap<string, number> = new Map(
  [
    'content-type',
    'content-length',
    'content-encoding',
    'location',
    'retry-after',
    'server',
    'date',
    'x-request-id',
    'request-id',
    'x-correlation-id',
    'cf-ray',
    'x-amzn-requestid',
    'x-amzn-trace-id',
    'x-amz-cf-id',
    'x-cloud-trace-context',
    'x-vercel-id',
    'traceparent',
  ].map((name, rank) => [name, rank]),
);
const MAX_HEADERS = 10;
const MAX_HEADER_LENGTH = 256;
const MAX_BODY_BYTES = 2_048;
/** With 3 bytes more than can be kept, a character that is cut here begins beyond what is kept. */
const BYTES_NEEDED = MAX_BODY_BYTES + 3;

const encoder = new TextEncoder();
const scratch = new Uint8Array(MAX_BODY_BYTES);

/**
 * The response headers worth keeping: at most 10, each at most 256 characters, without credentials in URLs.
 * @param raw names and values in turn. Values of a name that comes twice are joined (RFC 9110 §5.2)
 * @param also lower-case names that come first
 */
export function keepHeaders(raw: readonly string[], also: readonly string[] = []): Record<string, string> {
  const found: { name: string; value: string; rank: number }[] = [];
  for (let i = 0; i < raw.length; i += 2) {
    const name = (raw[i] ?? '').toLowerCase();
    const rank = also.includes(name) ? -1 : KEPT_HEADERS.get(name);
    if (rank === undefined) continue;
    const sent = raw[i + 1] ?? '';
    // Before anything is joined or cut: a part of a URL does not show where its credentials end.
    const value = name === 'location' ? redactUrl(sent) : sent;
    const before = found.find((other) => other.name === name);
    if (before === undefined) found.push({ name, value, rank });
    else before.value += `, ${value}`;
  }
  const kept: Record<string, string> = {};
  for (const { name, value } of found.sort((a, b) => a.rank - b.rank).slice(0, MAX_HEADERS)) {
    kept[name] = toPlainText(value.slice(0, MAX_HEADER_LENGTH));
  }
  return kept;
}

/** RFC 9110 §5.5: control characters in a value become spaces. */
function toPlainText(value: string): string {
  return /^[ -~]*$/.test(value) ? value : value.replace(/\p{Cc}/gu, ' ').toWellFormed();
}

/** Collects the first 2 KiB of a response body as text that any store takes, and counts the rest. */
export class BodyExcerpt {
  #chunks: Buffer[] = [];
  #kept = 0;
  /** Bytes received. */
  size = 0;

  add(chunk: Buffer): void {
    this.size += chunk.length;
    if (this.#kept >= BYTES_NEEDED) return;
    this.#chunks.push(chunk.subarray(0, BYTES_NEEDED - this.#kept));
    this.#kept = Math.min(this.size, BYTES_NEEDED);
  }

  /** UTF-8, at most 2,048 bytes of it; what is not UTF-8, and NUL, which some stores and terminals cannot hold, becomes U+FFFD. */
  text(): { body: string; truncated: boolean } {
    if (this.size === 0) return { body: '', truncated: false };
    const decoded = Buffer.concat(this.#chunks).toString('utf8').replaceAll('\0', '\uFFFD');
    // Replacements take three bytes each, so the text may have outgrown its limit.
    const { read } = encoder.encodeInto(decoded, scratch);
    return { body: decoded.slice(0, read), truncated: read < decoded.length || this.size > this.#kept };
  }
}
