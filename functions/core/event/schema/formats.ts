/*
 * The formats of JSON Schema 2020-12 (and `url`), each checked in time in proportion to the text: no expression below can
 * read a character of the text in two ways.
 */

const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

function isDate(text: string): boolean {
  const match = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text);
  if (match === null) return false;
  const [year = 0, month = 0, day = 0] = match.slice(1).map(Number);
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return day >= 1 && day <= (month === 2 && isLeap ? 29 : (DAYS[month - 1] ?? 0));
}

/** RFC 3339, section 5.6: with an offset; a leap second only at the end of a day in UTC. */
function isTime(text: string): boolean {
  const match = /^(\d\d):(\d\d):(\d\d)(?:\.\d+)?(?:z|([+-])(\d\d):(\d\d))$/i.exec(text);
  if (match === null) return false;
  const [hour = 0, minute = 0, second = 0] = match.slice(1, 4).map(Number);
  const [offsetHour, offsetMinute] = [Number(match[5] ?? 0), Number(match[6] ?? 0)];
  if (hour > 23 || minute > 59 || second > 60 || offsetHour > 23 || offsetMinute > 59) return false;
  if (second < 60) return true;
  const offset = (match[4] === '+' ? -1 : 1) * (offsetHour * 60 + offsetMinute);
  return (hour * 60 + minute + offset + 24 * 60) % (24 * 60) === 23 * 60 + 59;
}

function isDateTime(text: string): boolean {
  const separator = text.charAt(10);
  return /^[tT\s]$/.test(separator) && isDate(text.slice(0, 10)) && isTime(text.slice(11));
}

/** RFC 3339, appendix A. */
function isDuration(text: string): boolean {
  const match = /^P(?:\d+W|((?:\d+Y)?(?:\d+M)?(?:\d+D)?)(T(?:\d+H)?(?:\d+M)?(?:\d+S)?)?)$/.exec(text);
  if (match === null || text === 'P') return false;
  const [, date = '', time = ''] = match;
  // What stands between two units may not be left out.
  return !/Y\d+D/.test(date) && time !== 'T' && !/H\d+S/.test(time);
}

function isHostname(text: string): boolean {
  return (
    text.length <= 253 &&
    text.split('.').every((label) => /^(?!-)[a-z0-9-]{1,63}$/i.test(label) && !label.endsWith('-'))
  );
}

function isIpv4(text: string): boolean {
  return (
    text.length <= 15 && /^\d{1,3}(?:\.\d{1,3}){3}$/.test(text) && text.split('.').every((part) => Number(part) <= 255)
  );
}

/** RFC 4291, section 2.2. */
function isIpv6(text: string): boolean {
  if (text.length > 45) return false;
  const halves = text.split('::');
  if (halves.length > 2) return false;
  const groups = halves.flatMap((half) => (half === '' ? [] : half.split(':')));
  const last = groups.at(-1) ?? '';
  const hasIpv4 = last.includes('.') && !text.endsWith('::');
  if (hasIpv4 && (!isIpv4(last) || /(?:^|\.)0\d/.test(last))) return false;
  const hex = hasIpv4 ? groups.slice(0, -1) : groups;
  const count = hex.length + (hasIpv4 ? 2 : 0);
  return hex.every((group) => /^[0-9a-f]{1,4}$/i.test(group)) && (halves.length === 2 ? count <= 7 : count === 8);
}

/** RFC 5321, section 4.1.2. */
function isEmail(text: string): boolean {
  const at = text.startsWith('"') ? text.indexOf('"@', 1) + 1 : text.indexOf('@');
  const [name, host] = [text.slice(0, Math.max(at, 0)), text.slice(at + 1)];
  if (name === '' || name.length > 64 || host.length > 253) return false;
  const isQuoted = /^"(?:[ !#-[\]-~]|\\[ -~])*"$/.test(name);
  if (!isQuoted && !/^[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/i.test(name)) return false;
  if (!host.startsWith('[')) return isHostname(host);
  if (!host.endsWith(']')) return false;
  const address = host.slice(1, -1);
  return /^ipv6:/i.test(address) ? isIpv6(address.slice(5)) : isIpv4(address);
}

/** RFC 3986, appendix B, with each part then checked separately. */
const URI_PARTS = /^(?:([^:/?#]+):)?(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/s;
const IN_PATH = /^(?:[a-z0-9\-._~!$&'"()*+,;=:@/]|%[0-9a-f]{2})*$/i;
const IN_QUERY = /^(?:[a-z0-9\-._~!$&'"()*+,;=:@/?]|%[0-9a-f]{2})*$/i;
const IN_USER = /^(?:[a-z0-9\-._~!$&'()*+,;=:]|%[0-9a-f]{2})*$/i;
const IN_HOST = /^(?:[a-z0-9\-._~!$&'"()*+,;=]|%[0-9a-f]{2})*$/i;

function isUriReference(text: string): boolean {
  const match = URI_PARTS.exec(text);
  if (match === null) return false;
  const [, scheme, authority, path = '', query = '', fragment = ''] = match;
  if (scheme !== undefined && !/^[a-z][a-z0-9+\-.]*$/i.test(scheme)) return false;
  if (authority !== undefined && !isAuthority(authority)) return false;
  return IN_PATH.test(path) && IN_QUERY.test(query) && IN_QUERY.test(fragment);
}

function isAuthority(text: string): boolean {
  const at = text.indexOf('@');
  const host = text.slice(at + 1);
  if (at >= 0 && !IN_USER.test(text.slice(0, at))) return false;
  if (host.startsWith('[')) {
    const end = host.indexOf(']');
    const literal = host.slice(1, end);
    const isLiteral = isIpv6(literal) || /^v[0-9a-f]+\.[a-z0-9\-._~!$&'()*+,;=:]+$/i.test(literal);
    return end > 0 && isLiteral && /^(?::\d*)?$/.test(host.slice(end + 1));
  }
  const colon = host.indexOf(':');
  return colon < 0 ? IN_HOST.test(host) : IN_HOST.test(host.slice(0, colon)) && /^\d*$/.test(host.slice(colon + 1));
}

function isUri(text: string): boolean {
  return /^[a-z][a-z0-9+\-.]*:./is.test(text) && isUriReference(text);
}

/** What a browser would open: an absolute URL of http, https or ftp, with a host that has a dot. */
function isUrl(text: string): boolean {
  if (!/^(?:https?|ftp):\/\/\S+$/i.test(text) || !URL.canParse(text)) return false;
  return new URL(text).hostname.includes('.');
}

const POINTER = /^(?:\/(?:[^~/]|~0|~1)*)*$/;

function isRelativePointer(text: string): boolean {
  const match = /^(?:0|[1-9]\d*)(.*)$/s.exec(text);
  const rest = match?.[1];
  return rest !== undefined && (rest === '#' || POINTER.test(rest));
}

function isExpression(text: string): boolean {
  // A longer one could take the engine long to read.
  if (text.length > 1_000 || /[^\\]\\Z/.test(text)) return false;
  try {
    new RegExp(text, 'u');
    return true;
  } catch {
    return false;
  }
}

const VARIABLE = '(?:[a-z0-9_]|%[0-9a-f]{2})+(?:\\.(?:[a-z0-9_]|%[0-9a-f]{2})+)*(?::[1-9][0-9]{0,3}|\\*)?';
/** RFC 6570. */
const URI_TEMPLATE = new RegExp(
  `^(?:[^\\x00-\\x20\\x7f"<>%\\\\^\`{|}]|%[0-9a-f]{2}|\\{[+#./;?&=,!@|]?${VARIABLE}(?:,${VARIABLE})*\\})*$`,
  'i',
);

/** By format: whether a text is of it. A format that is not here is an annotation. */
export const FORMATS: ReadonlyMap<string, (text: string) => boolean> = new Map([
  ['date', isDate],
  ['time', isTime],
  ['date-time', isDateTime],
  ['duration', isDuration],
  ['uri', isUri],
  ['uri-reference', isUriReference],
  ['uri-template', (text) => URI_TEMPLATE.test(text)],
  ['url', isUrl],
  ['email', isEmail],
  ['hostname', isHostname],
  ['ipv4', isIpv4],
  ['ipv6', isIpv6],
  ['regex', isExpression],
  ['uuid', (text) => /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i.test(text)],
  ['json-pointer', (text) => POINTER.test(text)],
  ['json-pointer-uri-fragment', (text) => /^#(?:\/(?:[a-z0-9_\-.!$&'()*+,;:=@]|%[0-9a-f]{2}|~0|~1)*)*$/i.test(text)],
  ['relative-json-pointer', isRelativePointer],
]);
