import * as z from 'zod';
import { recordOf } from '../text-fields.ts';

/** Of a request whose body Posthorn writes and sends as it is, these would be untrue (RFC 9110 §8, §14.4; RFC 9530). */
const DESCRIBES_BODY = 'describes the body';
/** Names that a subscription's headers may not have, with the reason. Lower case. */
const FORBIDDEN_HEADERS: Record<string, string> = {
  host: 'follows from the URL',
  'content-length': 'follows from the body',
  'content-type': 'is set by the profile',
  'transfer-encoding': 'belongs to the connection',
  connection: 'belongs to the connection',
  'keep-alive': 'belongs to the connection',
  upgrade: 'belongs to the connection',
  te: 'belongs to the connection',
  trailer: 'belongs to the connection',
  expect: 'belongs to the connection',
  'user-agent': 'names Posthorn',
  'accept-encoding': 'is set by Posthorn',
  digest: DESCRIBES_BODY,
  'repr-digest': DESCRIBES_BODY,
  etag: DESCRIBES_BODY,
  'last-modified': DESCRIBES_BODY,
};
const FORBIDDEN_PREFIXES: Record<string, string> = {
  'content-': DESCRIBES_BODY,
  'webhook-': 'is reserved for the signature',
  'proxy-': 'belongs to proxies',
  'sec-': 'is reserved for browsers',
};

/** RFC 9110: a token, and visible characters with blanks between them. */
/** As a pattern. */
export const HEADER_NAME = "^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}$";
const HeaderName = z.string().regex(new RegExp(HEADER_NAME), 'is not a header name');
export const HeaderValue = z
  .string()
  .max(2_048, 'must be at most 2048 characters')
  .regex(
    /^(?:[\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?)?$/,
    'must be visible ASCII characters, with blanks only between them',
  );

/** Of names and values. Common receivers take 8 KiB (nginx, Apache) to 16 KiB (Node) of headers, of which the signature has its part. */
const MAX_CHARACTERS = 6_144;

/** Headers that a subscription adds to its deliveries. */
export const SubscriptionHeaders = recordOf(z.string(), HeaderValue)
  .superRefine((headers, context) => {
    const names = Object.keys(headers);
    const characters = Object.entries(headers).reduce((sum, [name, value]) => sum + name.length + value.length, 0);
    if (characters > MAX_CHARACTERS) {
      const message = `must be at most ${MAX_CHARACTERS} characters together: receivers refuse more`;
      context.addIssue({ code: 'custom', message });
    }
    if (names.length > 20) context.addIssue({ code: 'custom', message: 'must be at most 20 headers' });
    const seen = new Set<string>();
    for (const name of names) {
      const lower = name.toLowerCase();
      const reason =
        (Object.hasOwn(FORBIDDEN_HEADERS, lower) ? FORBIDDEN_HEADERS[lower] : undefined) ??
        Object.entries(FORBIDDEN_PREFIXES).find(([prefix]) => lower.startsWith(prefix))?.[1];
      if (!HeaderName.safeParse(name).success) {
        context.addIssue({ code: 'custom', path: [name], message: 'is not a header name: use letters, digits and -' });
      } else if (reason !== undefined) {
        context.addIssue({ code: 'custom', path: [name], message: `may not be set: it ${reason}` });
      } else if (seen.has(lower)) {
        context.addIssue({ code: 'custom', path: [name], message: 'is there twice; header names ignore case' });
      }
      seen.add(lower);
    }
  })
  .meta({ maxProperties: 20, propertyNames: { pattern: HEADER_NAME } });
