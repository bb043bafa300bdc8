import { RE2JS } from 're2js';

/** A regular expression that takes time in proportion to the text. */
export interface LinearPattern {
  /** What a search costs for each character, in steps. */
  stepsACharacter: number;
  isIn(text: string): boolean;
}

export type ParsedPattern = { ok: true; pattern: LinearPattern } | { ok: false; message: string };

const MAX_LENGTH = 1_000;
/** Instructions of the compiled pattern: `{1,500}` multiplies what it repeats. */
const MAX_PROGRAM_SIZE = 2_000;
/** The engine mostly looks at a character once; at worst it looks at all of its instructions for each. */
const INSTRUCTIONS_A_STEP = 8;

/**
 * Reads a JSON Schema's pattern (ECMA-262 with the flag `u`) for an engine without backtracking. What such an engine
 * cannot do, look around and refer back, is refused.
 */
export function parsePattern(source: string): ParsedPattern {
  if (source.length > MAX_LENGTH) return { ok: false, message: `is longer than ${MAX_LENGTH} characters` };
  try {
    new RegExp(source, 'u');
  } catch (error) {
    return { ok: false, message: error instanceof Error ? error.message : String(error) };
  }
  const plain = withoutEscapes(source);
  if (/\(\?<?[=!]/.test(plain)) return unsupported('looks ahead or behind');
  if (/\(\?[a-z-]*[ms]/.test(plain)) return unsupported('changes the flags m or s');
  if (/\\(?:[1-9]|k<)/.test(source.replaceAll('\\\\', ''))) {
    return unsupported('refers back to a group');
  }
  try {
    const compiled = RE2JS.compile(toRe2(source));
    const size = compiled.programSize();
    if (size > MAX_PROGRAM_SIZE) return { ok: false, message: 'is too large: it repeats too much too often' };
    return {
      ok: true,
      pattern: { stepsACharacter: 1 + size / INSTRUCTIONS_A_STEP, isIn: (text) => compiled.test(text) },
    };
  } catch (error) {
    return { ok: false, message: `is not supported: ${error instanceof Error ? error.message : String(error)}` };
  }
}

function unsupported(what: string): ParsedPattern {
  return { ok: false, message: `${what}, which is not supported` };
}

/** Neither `\(` nor `[(]` opens a group. */
function withoutEscapes(source: string): string {
  return source.replace(/\\./gsu, '').replace(/\[[^\]]*\]/gu, '');
}

const LINE_ENDS = '\\n\\r\\x{2028}\\x{2029}';
/** What `\s` means in ECMA-262; RE2 knows the ASCII ones alone. */
const BLANKS = '\\t-\\r \\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}\\x{feff}';
const NO_BLANKS =
  '\\x00-\\x08\\x0e-\\x1f!-\\x{9f}\\x{a1}-\\x{167f}\\x{1681}-\\x{1fff}\\x{200b}-\\x{2027}\\x{202a}-\\x{202e}' +
  '\\x{2030}-\\x{205e}\\x{2060}-\\x{2fff}\\x{3001}-\\x{fefe}\\x{ff00}-\\x{10ffff}';

const TOKEN =
  /\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u\{[0-9a-fA-F]+\}|\\u[0-9a-fA-F]{4}|\\x[0-9a-fA-F]{2}|\\c[A-Za-z]|\\[pP]\{[^}]*\}|\\k<[^>]*>|\(\?<|\[\^?\]?|[^\\]|\\./gsu;

/** A valid pattern of ECMA-262 in RE2's syntax, with the same meaning. */
function toRe2(source: string): string {
  let inClass = false;
  return (source.match(TOKEN) ?? [])
    .map((token) => {
      if (inClass) {
        if (/^[^\\]*\]$/.test(token)) inClass = false;
        // `[` and `[^` stand for themselves within a class.
        return token.startsWith('[') ? `\\${token}` : translate(token, true);
      }
      // In RE2 a class that begins with `]` has it, and goes on.
      if (token === '[]') return '[^\\x00-\\x{10ffff}]';
      if (token === '[^]') return '(?s:.)';
      if (token === '[' || token === '[^') inClass = true;
      if (token === '(?<') return '(?P<';
      return translate(token, false);
    })
    .join('');
}

function translate(token: string, inClass: boolean): string {
  if (token === '.') return inClass ? '.' : `[^${LINE_ENDS}]`;
  if (token === '\\s') return inClass ? BLANKS : `[${BLANKS}]`;
  if (token === '\\S') return inClass ? NO_BLANKS : `[^${BLANKS}]`;
  if (token === '\\b' && inClass) return '\\x08';
  if (token === '\\0') return '\\x00';
  if (token === '\\/') return '/';
  if (token === '\\-') return '\\x2d';
  if (token.startsWith('\\c')) return codePoint(token.charCodeAt(2) % 32);
  if (token.startsWith('\\u{')) return codePoint(Number.parseInt(token.slice(3), 16));
  if (token.startsWith('\\u')) return codePoint(JSON.parse(`"${token}"`).codePointAt(0));
  const property = /^(\\[pP])\{(?:(?:General_Category|gc|Script|sc|Script_Extensions|scx)=)?([^}]*)\}$/.exec(token);
  if (property !== null) return `${property[1]}{${property[2]}}`;
  return token;
}

function codePoint(code: number): string {
  return `\\x{${code.toString(16)}}`;
}
