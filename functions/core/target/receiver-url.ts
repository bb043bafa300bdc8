import type { AddressPolicy } from './address-policy.ts';

export interface ReceiverUrlPolicy {
  allowHttp: boolean;
  /** Empty: any port. */
  allowedPorts: readonly number[];
  addressPolicy: AddressPolicy;
}

type ReceiverUrlError = 'invalid_url' | 'scheme_not_allowed' | 'port_not_allowed' | 'blocked_address';

/**
 * `path` is path and query as they are called: as they are written, not as `URL` would normalise them.
 * `message` says what to change; it never repeats the URL, which may hold a password.
 */
export type ReceiverUrlCheck =
  | { ok: true; url: URL; path: string }
  | { ok: false; code: ReceiverUrlError; message: string };

export interface Credentials {
  username: string;
  password: string;
}

const MAX_LENGTH = 2048;

/**
 * What can be refused about a receiver's URL without looking up its name. `URL` is stricter than it seems about hosts
 * (decimal, octal, hex and full-width spellings of an IPv4 address all come out as four decimal parts) and laxer than
 * it should be about the rest: it strips tabs and newlines and reads `https:\host` and `https:host`. So text that it
 * would repair is refused: otherwise the URL a person sees could differ from the URL we call.
 */
export function checkReceiverUrl(text: string, policy: ReceiverUrlPolicy): ReceiverUrlCheck {
  if (text.length > MAX_LENGTH) return refuse('invalid_url', `The URL is longer than ${MAX_LENGTH} characters.`);
  if (!text.isWellFormed() || /[\s\p{Cc}]/u.test(text)) {
    return refuse(
      'invalid_url',
      'The URL contains spaces or control characters. Remove them, or write a space as %20.',
    );
  }
  if (text.includes('\\')) {
    return refuse('invalid_url', 'The URL contains a backslash. Write "/", or %5C if a backslash is meant.');
  }
  const begin = policy.allowHttp ? 'https:// or http://' : 'https://';
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1]?.toLowerCase();
  if (scheme === undefined) return refuse('invalid_url', `The URL must begin with ${begin}.`);
  if (scheme !== 'https' && !(scheme === 'http' && policy.allowHttp)) {
    return refuse('scheme_not_allowed', `The URL begins with ${scheme}://. It must begin with ${begin}.`);
  }
  const authority = text.slice(scheme.length + 3).split(/[/?#]/, 1)[0] ?? '';
  if (authority === '') return refuse('invalid_url', `The URL names no host after ${scheme}://.`);
  // A fragment is never sent. It is there by mistake, often an unescaped "#" in a password or a path.
  if (text.includes('#')) {
    return refuse('invalid_url', 'The URL contains "#", and what follows it is never sent. Remove it, or write %23.');
  }
  const url = URL.parse(text);
  if (url === null) {
    return refuse(
      'invalid_url',
      'The URL is not valid. Check its host and port, and percent-encode special characters in user name and password.',
    );
  }
  if (authority.includes('@') && !areValidCredentials(url)) {
    return refuse(
      'invalid_url',
      'The user name or password in the URL is not valid: write "%" as %25. A user name cannot contain ":", ' +
        'and neither can contain control characters.',
    );
  }
  const path = requestTarget(text.slice(scheme.length + 3 + authority.length));
  return (
    checkPort(url, policy.allowedPorts) ??
    checkAddress(url, policy.addressPolicy) ??
    checkName(url.hostname) ?? { ok: true, url, path }
  );
}

/** RFC 3986, section 2: what a URI cannot hold is percent-encoded, as UTF-8. Everything else is called as it is written. */
function requestTarget(rest: string): string {
  const path = rest.startsWith('/') ? rest : `/${rest}`;
  return path.replace(/[^\w\-.~%!$&'()*+,;=:@/?[\]]/gu, encodeURIComponent);
}

/** The user name and password of a URL, decoded; null if it has none. Throws on invalid percent-encoding. */
export function credentialsOf(url: URL): Credentials | null {
  if (url.username === '' && url.password === '') return null;
  return { username: decodeURIComponent(url.username), password: decodeURIComponent(url.password) };
}

/**
 * Separates user name and password from a URL that `checkReceiverUrl` accepted. The rest of the text stays as it was
 * written. A text that is no URL comes back unchanged if nothing in it could be credentials.
 */
export function splitCredentials(text: string): { url: string; credentials: Credentials | null } {
  // As in WHATWG URL, the last "@" before the path ends the userinfo.
  const match = /^([a-z][a-z0-9+.-]*:\/\/)[^/?#\\]*@(.*)$/is.exec(text);
  if (match === null) return { url: text, credentials: null };
  const url = `${match[1]}${match[2]}`;
  const parsed = URL.parse(text);
  return { url, credentials: parsed !== null && areValidCredentials(parsed) ? credentialsOf(parsed) : null };
}

/** RFC 7617, section 2: no colon in the user name, no control characters. */
function areValidCredentials(url: URL): boolean {
  try {
    const credentials = credentialsOf(url);
    if (credentials === null) return true;
    const { username, password } = credentials;
    return !username.includes(':') && !/\p{Cc}/u.test(username + password);
  } catch {
    // decodeURIComponent throws on a lone "%" and on what is not UTF-8: both are the user's to correct.
    return false;
  }
}

function checkPort(url: URL, allowedPorts: readonly number[]): ReceiverUrlCheck | null {
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
  if (port === 0) return refuse('port_not_allowed', 'Nothing can listen on port 0. Write the port of your server.');
  if (allowedPorts.length === 0 || allowedPorts.includes(port)) return null;
  return refuse('port_not_allowed', `Port ${port} is not allowed. Allowed: ${allowedPorts.join(', ')}.`);
}

function checkAddress(url: URL, addressPolicy: AddressPolicy): ReceiverUrlCheck | null {
  const host = url.hostname;
  const ip = literalAddress(host);
  if (ip === null) return null;
  const check = addressPolicy.check(ip);
  if (check.allowed) return null;
  return refuse('blocked_address', `Webhooks cannot be sent to ${host}: the address is ${check.reason}.`);
}

/** RFC 1035, section 2.3.4, and RFC 5890, section 2.3.2.1: names that no name server can answer for. */
function checkName(hostname: string): ReceiverUrlCheck | null {
  if (literalAddress(hostname) !== null) return null;
  const name = hostname.replace(/\.$/, '');
  const labels = name.split('.');
  if (labels.includes('')) {
    return refuse(
      'invalid_url',
      'The host in the URL has a dot too many: it begins with one, or has two dots in a row.',
    );
  }
  if (name.length > 253 || labels.some((label) => label.length > 63)) {
    return refuse(
      'invalid_url',
      'The host in the URL is longer than 253 characters, or one of its parts is longer than 63 (counted as ASCII, xn--…).',
    );
  }
  if (labels.some((label) => label.startsWith('xn--') && !isPunycode(label))) {
    return refuse('invalid_url', 'A part of the host in the URL begins with "xn--", but is no international name.');
  }
  return null;
}

/** `URL` takes a host that is all ASCII as it is. One more label, which is not, makes it look at every label. */
function isPunycode(label: string): boolean {
  return URL.canParse(`https://${label}.ü/`);
}

/** The IP address that a host of a parsed URL is; null for a name that has to be looked up. */
function literalAddress(host: string): string | null {
  if (host.startsWith('[')) return host.slice(1, -1);
  // RFC 6761, section 6.3: every such name is loopback, whatever DNS says.
  if (/^(.+\.)?localhost\.?$/.test(host)) return '127.0.0.1';
  return /^\d+\.\d+\.\d+\.\d+$/.test(host) ? host : null;
}

function refuse(code: ReceiverUrlError, message: string): ReceiverUrlCheck {
  return { ok: false, code, message };
}
