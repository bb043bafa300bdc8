import type { StepBudget } from '../../step-budget.ts';
import { ABSENT, isObject, isScalar } from './condition.ts';
import { CHARACTERS_A_STEP } from './filter-cost.ts';
import { FlatLists } from './flat-lists.ts';
import type { ObjectPattern, Pattern, ValuePattern } from './pattern.ts';
import { list, quote } from './wording.ts';

/** Where an event fails a pattern. Put into words only when it is asked for. */
export type Mismatch =
  | { kind: 'value'; pattern: ValuePattern; found: unknown }
  | { kind: 'items'; path: string; count: number; first: Mismatch }
  | { kind: 'alternatives'; path: string; mismatches: readonly Mismatch[] };

/** What a search for a mismatch uses up, and what it may share with others in the same event. */
export interface Search {
  budget: StepBudget;
  lists: FlatLists;
}

const MAX_ALTERNATIVES = 3;
const NOTHING: Record<string, unknown> = {};

/**
 * The first mismatch of a value with a pattern; null if it matches. Recursion follows the pattern, which is shallow;
 * the value may be nested as deeply as it likes. Every part of the pattern sees every part of the value at most once.
 * Once the budget is spent the answer means nothing.
 */
export function findMismatch(pattern: Pattern, value: unknown, search: Search): Mismatch | null {
  return pattern.kind === 'value' ? valueMismatch(pattern, value, search) : objectMismatch(pattern, value, search);
}

function valueMismatch(pattern: ValuePattern, found: unknown, search: Search): Mismatch | null {
  if (!Array.isArray(found)) return holds(pattern, found, search) ? null : { kind: 'value', pattern, found };
  const { scalars } = search.lists.of(found);
  if (scalars.length === 0) return holds(pattern, ABSENT, search) ? null : { kind: 'value', pattern, found };
  for (const scalar of scalars) if (search.budget.isSpent || holds(pattern, scalar, search)) return null;
  return { kind: 'value', pattern, found };
}

function holds({ isOneOf, tests, cost }: ValuePattern, found: unknown, { budget }: Search): boolean {
  const value = isScalar(found) ? found : ABSENT;
  const characters = typeof value === 'string' ? value.length : 0;
  budget.spend(cost.steps + Math.floor((characters * cost.readings) / CHARACTERS_A_STEP));
  return isOneOf(value) || tests.some((condition) => condition.holds(value));
}

/** Of a list, one object has to satisfy the whole pattern: EventBridge's array consistency. */
function objectMismatch(pattern: ObjectPattern, value: unknown, search: Search): Mismatch | null {
  if (isObject(value)) return memberMismatch(pattern, value, search);
  const objects = Array.isArray(value) ? search.lists.of(value).objects : [];
  // What is no object has no fields; a filter that wants none of them is content.
  if (objects.length === 0) return memberMismatch(pattern, NOTHING, search);
  let first: Mismatch | null = null;
  for (const object of objects) {
    const mismatch = memberMismatch(pattern, object, search);
    if (mismatch === null || search.budget.isSpent) return null;
    first ??= mismatch;
  }
  return first === null || objects.length === 1
    ? first
    : { kind: 'items', path: pattern.path, count: objects.length, first };
}

function memberMismatch(pattern: ObjectPattern, object: Record<string, unknown>, search: Search): Mismatch | null {
  search.budget.spend(1 + pattern.fields.length);
  for (const field of pattern.fields) {
    const value = Object.hasOwn(object, field.name) ? object[field.name] : ABSENT;
    const mismatch = findMismatch(field.pattern, value, search);
    if (mismatch !== null) return mismatch;
  }
  const mismatches: Mismatch[] = [];
  for (const alternative of pattern.alternatives) {
    const mismatch = memberMismatch(alternative, object, search);
    if (mismatch === null || search.budget.isSpent) return null;
    mismatches.push(mismatch);
  }
  return mismatches.length === 0 ? null : { kind: 'alternatives', path: pattern.path, mismatches };
}

/** The mismatch in words: the field, what was found there, and what the filter wants. */
export function explain(mismatch: Mismatch): string {
  switch (mismatch.kind) {
    case 'value': {
      const wants = mismatch.pattern.conditions.map((condition) => condition.wants);
      return `${mismatch.pattern.path} ${describe(mismatch.found)}, but the filter wants ${list(wants, 'or')}`;
    }
    case 'items':
      return `none of the ${mismatch.count} objects in ${mismatch.path} matches; in the first, ${explain(mismatch.first)}`;
    case 'alternatives': {
      const reasons = mismatch.mismatches.slice(0, MAX_ALTERNATIVES).map((each, at) => `(${at + 1}) ${explain(each)}`);
      const more = mismatch.mismatches.length - reasons.length;
      const rest = more > 0 ? `; and ${more} more` : '';
      return `no alternative of ${mismatch.path === '' ? '' : `${mismatch.path}.`}$or matches: ${reasons.join('; ')}${rest}`;
    }
  }
}

function describe(found: unknown): string {
  if (isScalar(found)) return `is ${quote(found)}`;
  if (isObject(found)) return 'is an object';
  if (!Array.isArray(found)) return 'is missing';
  const { scalars, objects } = new FlatLists().of(found);
  if (scalars.length === 0 && objects.length === 0) return 'is an empty list';
  return scalars.length === 0 ? 'is a list of objects' : `holds ${list(scalars.map(quote), 'and')}`;
}
