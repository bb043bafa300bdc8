import { CHEAP, type Condition, type Report } from './condition.ts';

const COMPARISONS: Record<string, (left: number, right: number) => boolean> = {
  '=': (left, right) => left === right,
  '<': (left, right) => left < right,
  '<=': (left, right) => left <= right,
  '>': (left, right) => left > right,
  '>=': (left, right) => left >= right,
};

const FORM = 'must be a list such as [">", 0] or [">", 0, "<=", 100]: a comparison (=, <, <=, >, >=), then a number';

/** Parses the operand of `numeric`. As in EventBridge, a range names its lower end first. */
export function parseNumericTest(operand: unknown, path: string, report: Report): Condition | null {
  if (!Array.isArray(operand) || (operand.length !== 2 && operand.length !== 4)) return report(path, FORM);
  const terms: unknown[] = operand;
  const bounds = [0, 2].filter((index) => index < terms.length).map((index) => parseBound(terms, index, path, report));
  const [first, second] = bounds;
  if (first === undefined || first === null || second === null) return null;
  if (second === undefined) return numericTest([first]);
  if (!first.comparison.startsWith('>') || !second.comparison.startsWith('<')) {
    return report(path, 'must name the lower end of a range first, as in [">", 0, "<=", 100]');
  }
  const mayMeet = first.comparison === '>=' && second.comparison === '<=';
  if (first.number > second.number || (first.number === second.number && !mayMeet)) {
    return report(path, 'must leave room for a number: nothing is within this range');
  }
  return numericTest([first, second]);
}

interface Bound {
  comparison: string;
  number: number;
  allows: (value: number) => boolean;
}

function parseBound(terms: readonly unknown[], index: number, path: string, report: Report): Bound | null {
  const comparison = terms[index];
  const number = terms[index + 1];
  const compare =
    typeof comparison === 'string' && Object.hasOwn(COMPARISONS, comparison) ? COMPARISONS[comparison] : undefined;
  if (typeof comparison !== 'string' || compare === undefined) {
    return report(`${path}/${index}`, 'must be one of =, <, <=, >, >=');
  }
  // JSON.parse reads 1e999 as Infinity.
  if (typeof number !== 'number' || !Number.isFinite(number)) {
    return report(`${path}/${index + 1}`, 'must be a number, without quotes');
  }
  return { comparison, number, allows: (value) => compare(value, number) };
}

function numericTest(bounds: readonly Bound[]): Condition {
  return {
    wants: `a number ${bounds.map(({ comparison, number }) => `${comparison} ${number}`).join(' and ')}`,
    holds: (found) => typeof found === 'number' && bounds.every((bound) => bound.allows(found)),
    cost: CHEAP,
  };
}
