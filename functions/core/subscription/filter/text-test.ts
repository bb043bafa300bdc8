import { CHEAP, type Condition, READING, type Report } from './condition.ts';
import { quote } from './wording.ts';

/** Operators that look at text alone. `anything-but` can turn each of them round. */
export const TEXT_OPERATORS = ['prefix', 'suffix', 'equals-ignore-case', 'wildcard'] as const;
export type TextOperator = (typeof TEXT_OPERATORS)[number];

/**
 * Searching text for a long needle can take time that grows with the product of the two lengths; so the needle is kept
 * short.
 */
const MAX_WILDCARD = 256;

export function parseTextTest(
  operator: TextOperator,
  operand: unknown,
  path: string,
  report: Report,
): Condition | null {
  if (operator === 'prefix' || operator === 'suffix') return parseAffix(operator, operand, path, report);
  if (typeof operand !== 'string') return report(path, 'must be text');
  if (!operand.isWellFormed()) return report(path, 'has half of a surrogate pair');
  if (operator === 'wildcard') return parseWildcard(operand, path, report);
  const folded = fold(operand);
  const isEqual = (text: string) => text.length <= folded.length && fold(text) === folded;
  return { wants: `${quote(operand)} in any case`, holds: onText(isEqual), cost: CHEAP };
}

function parseAffix(operator: 'prefix' | 'suffix', operand: unknown, path: string, report: Report): Condition | null {
  const anyCase = ignoringCase(operand);
  const affix = anyCase ?? operand;
  if (typeof affix !== 'string') return report(path, 'must be text, or {"equals-ignore-case": text}');
  if (affix === '') return report(path, 'must not be empty; for any value write {"exists": true}');
  if (!affix.isWellFormed()) return report(path, 'has half of a surrogate pair');
  const verb = operator === 'prefix' ? 'starts' : 'ends';
  const has = (text: string, part: string) => (operator === 'prefix' ? text.startsWith(part) : text.endsWith(part));
  if (anyCase === undefined) {
    return { wants: `text that ${verb} with ${quote(affix)}`, holds: onText((text) => has(text, affix)), cost: CHEAP };
  }
  const folded = fold(affix);
  return {
    wants: `text that ${verb} with ${quote(affix)} in any case`,
    holds: onText((text) => has(fold(endOf(text, operator, folded.length + 1)), folded)),
    cost: CHEAP,
  };
}

/** The text of `{"equals-ignore-case": text}`; undefined for everything else. */
function ignoringCase(operand: unknown): unknown {
  if (typeof operand !== 'object' || operand === null) return undefined;
  const [member, ...others] = Object.entries(operand);
  return member?.[0] === 'equals-ignore-case' && others.length === 0 ? member[1] : undefined;
}

/** The first or the last so many characters. One may be half of a pair: what decides is on its other side. */
function endOf(text: string, operator: 'prefix' | 'suffix', length: number): string {
  return operator === 'prefix' ? text.slice(0, length) : text.slice(-length);
}

/**
 * Upper case, since lower case depends on the neighbours: a Greek sigma differs at the end of a word. It may have more
 * characters than the text, and never fewer, so that long texts need not be read for a short one.
 */
function fold(text: string): string {
  return text.toUpperCase();
}

/** As in EventBridge: `*` is any text, also none; `\*` and `\\` are the characters themselves; `**` is a mistake. */
function parseWildcard(operand: string, path: string, report: Report): Condition | null {
  if ([...operand].length > MAX_WILDCARD) return report(path, `must be at most ${MAX_WILDCARD} characters`);
  if (/\\(?![*\\])/.test(operand.replaceAll('\\\\', ''))) {
    return report(path, 'has a backslash before something else than * or \\; write \\\\ for a backslash');
  }
  const tokens = operand.match(/\\[*\\]|./gs) ?? [];
  if (tokens.some((token, index) => token === '*' && tokens[index + 1] === '*')) {
    return report(path, 'has two * in a row; one is enough');
  }
  const parts = [''];
  for (const token of tokens) {
    if (token === '*') parts.push('');
    else parts.push(`${parts.pop() ?? ''}${token.length === 2 ? token.slice(1) : token}`);
  }
  return { wants: `text like ${quote(operand)}`, holds: onText((text) => fits(text, parts)), cost: READING };
}

/** Whether the text is these parts with anything between them. Taking each part as early as it comes is enough. */
function fits(text: string, parts: readonly string[]): boolean {
  const first = parts[0] ?? '';
  const last = parts.at(-1) ?? '';
  if (parts.length === 1) return text === first;
  if (!text.startsWith(first) || !text.endsWith(last)) return false;
  let from = first.length;
  for (const part of parts.slice(1, -1)) {
    const at = text.indexOf(part, from);
    if (at === -1) return false;
    from = at + part.length;
  }
  return from <= text.length - last.length;
}

function onText(test: (text: string) => boolean): (value: unknown) => boolean {
  return (value) => typeof value === 'string' && test(value);
}
