import { escapePointer } from '../../json/pointer.ts';
import { parseNumericTest } from './numeric-test.ts';
import { parseTextTest, TEXT_OPERATORS } from './text-test.ts';
import { list, quote } from './wording.ts';

/** What a field has that has no value: it is missing, an object, or a list without values. */
export const ABSENT = Symbol('absent');

/** A question to one value, or to `ABSENT`. */
export interface Condition {
  /** Completes "the filter wants …". */
  wants: string;
  holds: (value: unknown) => boolean;
  /** What asking it costs: so many steps for a value, and so many readings of a text from end to end. */
  cost: { steps: number; readings: number };
  /** The value that it wants to be equal to: a list of these is one look-up. */
  equals?: Scalar;
}

/** What looks at a few characters at most. */
export const CHEAP: Condition['cost'] = { steps: 1, readings: 0 };
/** What looks at every character of a text. */
export const READING: Condition['cost'] = { steps: 1, readings: 1 };

export type Scalar = string | number | boolean | null;

/** Notes a mistake in the filter. `path` is a JSON pointer. Gives null, so that a parser can return it. */
export type Report = (path: string, message: string) => null;

export const OPERATORS = [...TEXT_OPERATORS, 'anything-but', 'numeric', 'exists'] as const;

/** Parses one item of a field's list: a value to be equal to, or an object with one operator. */
export function parseCondition(json: unknown, path: string, report: Report): Condition | null {
  if (isScalar(json)) return parseValue(json, path, report);
  if (!isObject(json)) {
    return report(path, 'must be a value or an operator, not a list: one list holds all the values of a field');
  }
  const [member, ...others] = Object.entries(json);
  if (member === undefined) return report(path, `must name an operator: ${OPERATORS.join(', ')}`);
  if (others.length > 0) {
    return report(path, 'must have one operator: write each as a separate item, and one that holds is enough');
  }
  const [name, operand] = member;
  return parseOperator(name, operand, `${path}/${escapePointer(name)}`, report);
}

function parseOperator(name: string, operand: unknown, path: string, report: Report): Condition | null {
  const textOperator = TEXT_OPERATORS.find((known) => known === name);
  if (textOperator !== undefined) return parseTextTest(textOperator, operand, path, report);
  if (name === 'numeric') return parseNumericTest(operand, path, report);
  if (name === 'anything-but') return parseAnythingBut(operand, path, report);
  if (name === 'exists') return parseExists(operand, path, report);
  return report(path, `is not an operator; there are ${OPERATORS.join(', ')}`);
}

function parseValue(value: Scalar, path: string, report: Report): Condition | null {
  if (typeof value === 'string' && !value.isWellFormed()) return report(path, 'has half of a surrogate pair');
  // JSON.parse reads 1e999 as Infinity.
  if (typeof value === 'number' && !Number.isFinite(value)) return report(path, 'is too large a number');
  return { wants: quote(value), holds: (found) => found === value, equals: value, cost: CHEAP };
}

/** As in EventBridge, it wants a value: a missing field is not "anything". null is a value. */
function parseAnythingBut(operand: unknown, path: string, report: Report): Condition | null {
  const excluded = parseExcluded(operand, path, report);
  if (excluded === null) return null;
  const { isOneOf, tests } = splitEqualities(excluded);
  return {
    wants: `anything but ${list(
      excluded.map((condition) => condition.wants),
      'or',
    )}`,
    holds: (found) => found !== ABSENT && !isOneOf(found) && !tests.some((condition) => condition.holds(found)),
    cost: sumCosts(tests),
  };
}

/** What it costs to ask all of them, and to look up one value. */
export function sumCosts(tests: readonly Condition[]): Condition['cost'] {
  return {
    steps: tests.reduce((sum, { cost }) => sum + cost.steps, 1),
    readings: tests.reduce((sum, { cost }) => sum + cost.readings, 0),
  };
}

/** Values to be equal to, however many, as one look-up; and the other conditions. */
export function splitEqualities(conditions: readonly Condition[]): {
  isOneOf: (value: unknown) => boolean;
  tests: readonly Condition[];
} {
  const values = new Set<unknown>(conditions.flatMap(({ equals }) => (equals === undefined ? [] : [equals])));
  const tests = conditions.filter(({ equals }) => equals === undefined);
  return { isOneOf: (value) => values.has(value), tests };
}

function parseExcluded(operand: unknown, path: string, report: Report): Condition[] | null {
  if (Array.isArray(operand)) {
    return parseEach(operand, path, report, (item, itemPath) =>
      isScalar(item) ? parseValue(item, itemPath, report) : report(itemPath, 'must be a value: text, number, …'),
    );
  }
  if (isScalar(operand)) return parseEach([operand], path, report, () => parseValue(operand, path, report));
  const members = isObject(operand) ? Object.entries(operand) : [];
  const [name, inner] = members[0] ?? ['', undefined];
  const operator = TEXT_OPERATORS.find((known) => known === name);
  if (operator === undefined || members.length > 1) {
    return report(path, `must be a value, a list of values, or an object with one of ${TEXT_OPERATORS.join(', ')}`);
  }
  const innerPath = `${path}/${operator}`;
  return Array.isArray(inner)
    ? parseEach(inner, innerPath, report, (item, itemPath) => parseTextTest(operator, item, itemPath, report))
    : parseEach([inner], innerPath, report, () => parseTextTest(operator, inner, innerPath, report));
}

function parseEach(
  items: readonly unknown[],
  path: string,
  report: Report,
  parse: (item: unknown, path: string) => Condition | null,
): Condition[] | null {
  if (items.length === 0) return report(path, 'must not be an empty list');
  const conditions = items.map((item, index) => parse(item, `${path}/${index}`));
  const parsed = conditions.filter((condition) => condition !== null);
  return parsed.length === conditions.length ? parsed : null;
}

function parseExists(operand: unknown, path: string, report: Report): Condition | null {
  if (typeof operand !== 'boolean') return report(path, 'must be true or false');
  return operand
    ? { wants: 'a value (text, number, true, false or null)', holds: (found) => found !== ABSENT, cost: CHEAP }
    : { wants: 'no value', holds: (found) => found === ABSENT, cost: CHEAP };
}

export function isScalar(value: unknown): value is Scalar {
  return value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
