import { createScanner, type SyntaxKind } from 'jsonc-parser';

/*
 * Works on JSON as text, because JSON.parse loses what a payload must keep: numbers beyond 2^53, 1.0, -0, 1e400 and the
 * order of integer-like keys. The scanner is iterative, so that deep nesting cannot exhaust the stack.
 */

// jsonc-parser declares its token kinds as an ambient const enum, which single-file compilation cannot read.
const OPEN_BRACE: SyntaxKind = 1;
const CLOSE_BRACE: SyntaxKind = 2;
const OPEN_BRACKET: SyntaxKind = 3;
const CLOSE_BRACKET: SyntaxKind = 4;
const COMMA: SyntaxKind = 5;
const COLON: SyntaxKind = 6;
const STRING: SyntaxKind = 10;
const EOF: SyntaxKind = 17;

export interface JsonMember {
  name: string;
  /** JSON text without white space between its tokens. */
  value: string;
}

/** The members of an object's text, in their order; null if it is no object. The text must be valid JSON. */
export function jsonMembers(text: string): JsonMember[] | null {
  const scanner = createScanner(text, true);
  if (scanner.scan() !== OPEN_BRACE) return null;
  const members: JsonMember[] = [];
  while (scanner.scan() === STRING) {
    const name = scanner.getTokenValue();
    scanner.scan(); // the colon
    members.push({ name, value: readValue(scanner, text) });
    scanner.scan(); // the comma or the closing brace
  }
  return members;
}

/**
 * Cuts the value of a member out of an object's text and drops the white space between its tokens. The text must be
 * valid JSON: parse it first. Of a repeated key the last one counts, as with JSON.parse. Null if there is no such member.
 */
export function cutJsonMember(text: string, key: string): string | null {
  return jsonMembers(text)?.findLast(({ name }) => name === key)?.value ?? null;
}

/** The texts of the elements of an array that is a member of an object, white space dropped. The text must be valid JSON. */
export function splitJsonArray(text: string, key: string): string[] {
  const array = cutJsonMember(text, key) ?? '[]';
  const scanner = createScanner(array, true);
  const elements: string[] = [];
  if (scanner.scan() !== OPEN_BRACKET || array === '[]') return elements;
  do elements.push(readValue(scanner, array));
  while (scanner.scan() !== CLOSE_BRACKET);
  return elements;
}

/** The same JSON without white space between its tokens. The text must be valid JSON. */
export function minifyJson(text: string): string {
  return readValue(createScanner(text, true), text);
}

/** Deeper members stand no further to the right: else the text grows with the square of a payload's depth. */
const MAX_INDENTED_DEPTH = 32;

/**
 * The same JSON, a member or element a line, as JSON.stringify lays it out; without a newline at the end. Null if that
 * would take more than `maxBytes`: a line can have a hundred times the bytes of its element.
 * @param compact valid JSON without white space between its tokens
 */
export function indentJson(compact: string, width: number, newline: string, maxBytes: number): string | null {
  const scanner = createScanner(compact, true);
  let depth = 0;
  const line = (): string => {
    const space = newline + ' '.repeat(width * Math.min(depth, MAX_INDENTED_DEPTH));
    bytes += space.length;
    return space;
  };
  const parts: string[] = [];
  let bytes = Buffer.byteLength(compact);
  let before: SyntaxKind = EOF;
  for (let kind = scanner.scan(); kind !== EOF; kind = scanner.scan()) {
    const opened = before === OPEN_BRACE || before === OPEN_BRACKET;
    if (kind === CLOSE_BRACE || kind === CLOSE_BRACKET) {
      depth -= 1;
      if (!opened) parts.push(line());
    } else if (opened || before === COMMA) parts.push(line());
    else if (before === COLON) {
      parts.push(' ');
      bytes += 1;
    }
    if (bytes > maxBytes) return null;
    const offset = scanner.getTokenOffset();
    parts.push(compact.slice(offset, offset + scanner.getTokenLength()));
    if (kind === OPEN_BRACE || kind === OPEN_BRACKET) depth += 1;
    before = kind;
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
function readValue(scanner: ReturnType<typeof createScanner>, text: string): string {
  let depth = 0;
  let value = '';
  // Tokens that touch are copied together, so that text without white space is copied once.
  let start = -1;
  let end = -1;
  do {
    const kind = scanner.scan();
    if (kind === EOF) break;
    if (kind === OPEN_BRACE || kind === OPEN_BRACKET) depth += 1;
    if (kind === CLOSE_BRACE || kind === CLOSE_BRACKET) depth -= 1;
    const offset = scanner.getTokenOffset();
    if (offset !== end) {
      if (start >= 0) value += text.slice(start, end);
      start = offset;
    }
    end = offset + scanner.getTokenLength();
  } while (depth > 0);
  return start >= 0 ? value + text.slice(start, end) : value;
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
