import { JsonScanner, type JsonToken } from './json-scanner.ts';

/*
 * Works on JSON as text, because JSON.parse loses what a payload must keep: numbers beyond 2^53, 1.0, -0, 1e400 and the
 * order of integer-like keys. Nothing here recurses, so that deep nesting cannot exhaust the stack.
 */

export interface JsonMember {
  name: string;
  /** JSON text without white space between its tokens. */
  value: string;
  /** Over how many levels objects and lists are nested in the value; a scalar has none. */
  depth: number;
}

/** The members of an object's text, in their order; null if it is no object. The text must be valid JSON. */
export function jsonMembers(text: string): JsonMember[] | null {
  const scanner = new JsonScanner(text);
  if (scanner.next() !== '{') return null;
  const members: JsonMember[] = [];
  while (scanner.next() === 'string') {
    const name = String(JSON.parse(text.slice(scanner.start, scanner.end)));
    scanner.next(); // the colon
    members.push({ name, ...readValue(scanner) });
    scanner.next(); // the comma or the closing brace
  }
  return members;
}

/**
 * Cuts the value of a member out of an object's text and drops the white space between its tokens. The text must be
 * valid JSON: parse it first. Of a repeated key the last one counts, as with JSON.parse. Null if there is no such member.
 */
export function cutJsonMember(text: string, key: string): string | null {
  return findJsonMember(text, key)?.value ?? null;
}

/** The same, with how deep it is nested. */
export function findJsonMember(text: string, key: string): JsonMember | null {
  return jsonMembers(text)?.findLast(({ name }) => name === key) ?? null;
}

/** The texts of the elements of an array that is a member of an object, white space dropped. The text must be valid JSON. */
export function splitJsonArray(text: string, key: string): string[] {
  const array = cutJsonMember(text, key) ?? '[]';
  const scanner = new JsonScanner(array);
  const elements: string[] = [];
  if (scanner.next() !== '[' || array === '[]') return elements;
  do elements.push(readValue(scanner).value);
  while (scanner.next() !== ']');
  return elements;
}

/** The same JSON without white space between its tokens. The text must be valid JSON. */
export function minifyJson(text: string): string {
  return readValue(new JsonScanner(text)).value;
}

/** Deeper members stand no further to the right: else the text grows with the square of a payload's depth. */
const MAX_INDENTED_DEPTH = 32;

/**
 * The same JSON, a member or element a line, as JSON.stringify lays it out; without a newline at the end. Null if that
 * would add more than `maxAddedBytes`: a line can have a hundred times the bytes of its element.
 * @param compact valid JSON without white space between its tokens
 */
export function indentJson(compact: string, width: number, newline: string, maxAddedBytes: number): string | null {
  const scanner = new JsonScanner(compact);
  let depth = 0;
  const line = (): string => {
    const space = newline + ' '.repeat(width * Math.min(depth, MAX_INDENTED_DEPTH));
    added += space.length;
    return space;
  };
  const parts: string[] = [];
  let added = 0;
  let before: JsonToken = 'end';
  for (let token = scanner.next(); token !== 'end'; token = scanner.next()) {
    const opened = before === '{' || before === '[';
    if (token === '}' || token === ']') {
      depth -= 1;
      if (!opened) parts.push(line());
    } else if (opened || before === ',') parts.push(line());
    else if (before === ':') {
      parts.push(' ');
      added += 1;
    }
    if (added > maxAddedBytes) return null;
    parts.push(compact.slice(scanner.start, scanner.end));
    if (token === '{' || token === '[') depth += 1;
    before = token;
  }
  return parts.join('');
}

/**
 * Whether objects and lists are nested in parsed JSON over more levels than so many; a scalar has none. Looks no deeper
 * than that, and does not recurse.
 */
export function isDeeperThan(value: unknown, levels: number): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; ; depth += 1) {
    const containers = level.filter((one) => typeof one === 'object' && one !== null);
    if (containers.length === 0) return false;
    if (depth === levels) return true;
    level = containers.flatMap((one): unknown[] => Object.values(one));
  }
}

/** Reads one value from the scanner's position, without the white space inside it. */
function readValue(scanner: JsonScanner): { value: string; depth: number } {
  const { text } = scanner;
  let open = 0;
  let depth = 0;
  let value = '';
  // Tokens that touch are copied together, so that text without white space is copied once.
  let start = -1;
  let end = -1;
  do {
    const token = scanner.next();
    if (token === 'end') break;
    if (token === '{' || token === '[') depth = Math.max(depth, ++open);
    if (token === '}' || token === ']') open -= 1;
    if (scanner.start !== end) {
      if (start >= 0) value += text.slice(start, end);
      start = scanner.start;
    }
    end = scanner.end;
  } while (open > 0);
  return { value: start >= 0 ? value + text.slice(start, end) : value, depth };
}

/** True if every string and key in the parsed value can be written as UTF-8: no surrogate stands alone. */
export function isWellFormedJson(value: unknown): boolean {
  const open: unknown[] = [value];
  while (open.length > 0) {
    const next = open.pop();
    if (typeof next === 'string') {
      if (!next.isWellFormed()) return false;
    } else if (typeof next === 'object' && next !== null) {
      for (const [key, member] of Object.entries(next)) {
        if (!key.isWellFormed()) return false;
        open.push(member);
      }
    }
  }
  return true;
}
