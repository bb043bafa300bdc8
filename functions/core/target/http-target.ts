import { checkReceiverUrl, type ReceiverUrlPolicy, splitCredentials } from './receiver-url.ts';
import type { HttpTarget, TargetCheck } from './target.ts';

/** Reads the URL of an HTTP endpoint; user name and password in it become its credentials. */
export function validateHttpTarget(text: string, policy: ReceiverUrlPolicy): TargetCheck<HttpTarget> {
  const checked = checkReceiverUrl(text, policy);
  if (!checked.ok) return checked;
  const { url, credentials } = splitCredentials(text);
  return { ok: true, target: { kind: 'http', url }, credentials };
}

/** Host and port. */
export function describeHttpTarget({ url }: HttpTarget): string {
  return URL.parse(url)?.host ?? redactUrl(url);
}

/** A URL, absolute or relative, without user name and password. As in WHATWG URL, the last "@" before the path ends them. */
export function redactUrl(text: string): string {
  return text.replace(/^([a-z][a-z0-9+.-]*:)?\/\/[^/?#\\]*@/i, '$1//');
}
