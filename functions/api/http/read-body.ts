import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { Problem } from './problem.ts';

/** Bodies over this are refused; Lambda itself takes 6 MB. */
const MAX_BODY_BYTES = 5 * 1_024 * 1_024;

/** application/json, or a type with the suffix +json, with its parameters. */
const JSON_TYPE = /^application\/(?:[\w.+-]+\+)?json\s*((?:;[^;]*)*)$/i;
const CHARSET = /;\s*charset\s*=\s*"?([^";]*?)"?\s*(?=;|$)/gi;

/**
 * The body's text, exactly as it was sent: what is not UTF-8 is refused, because a replaced character would be signed and
 * delivered as if it were the publisher's.
 *
 * API Gateway (HTTP API, payload format 2.0) hands over text/*, application/json, application/xml and
 * application/javascript as text, and every other type as base64, +json included (measured:
 * https://github.com/ministackorg/ministack/pull/766). Base64 still has the bytes. In text, bytes that were not UTF-8
 * have become U+FFFD.
 * @param optional whether a request without a body means `{}`
 */
export function readBody(
  event: Pick<APIGatewayProxyEventV2, 'body' | 'isBase64Encoded' | 'headers'>,
  optional: boolean,
): string {
  const bytes = Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8');
  if (bytes.length > MAX_BODY_BYTES)
    throw new Problem('payload_too_large', `The body is over ${MAX_BODY_BYTES} bytes. Send less in one request.`);
  if (bytes.length === 0 && optional) return '{}';
  checkType(event.headers['content-type'] ?? '');
  const text = event.isBase64Encoded ? decode(bytes) : (event.body ?? '');
  if (text === null || (!event.isBase64Encoded && wasReplaced(text, bytes.length, event.headers['content-length']))) {
    const coding = event.headers['content-encoding'];
    // Compressed, and lost where it came as text.
    if (coding !== undefined)
      throw new Problem('unsupported_media_type', `Send the body as it is, not with "Content-Encoding: ${coding}".`);
    throw new Problem('malformed_request', 'The body is not UTF-8. Write U+FFFD itself as \\ufffd.');
  }
  return text;
}

function checkType(type: string): void {
  const [, parameters] = JSON_TYPE.exec(type) ?? [];
  if (parameters === undefined) {
    throw new Problem(
      'unsupported_media_type',
      `Send the body as JSON, with "Content-Type: application/json"${type === '' ? '' : `, not as ${type}`}.`,
    );
  }
  for (const [, charset = ''] of parameters.matchAll(CHARSET)) {
    if (!/^utf-?8$/i.test(charset))
      throw new Problem('unsupported_media_type', `Send JSON as UTF-8 (RFC 8259 §8.1), not as ${charset}.`);
  }
}

/** Null for bytes that are not UTF-8. A byte order mark stays, so that JSON.parse refuses it. */
function decode(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

/**
 * Whether U+FFFD stands for bytes that were not UTF-8. Its three bytes replace one to three others, so the text is longer than
 * Content-Length says. One case cannot be seen: only characters of four bytes that lack their last one, whose
 * replacement keeps the length. Without Content-Length no case can be seen, and U+FFFD is refused.
 */
function wasReplaced(text: string, length: number, contentLength: string | undefined): boolean {
  return text.includes('\ufffd') && contentLength !== String(length);
}
