import { ABSENT, isObject, isScalar } from './condition.ts';
import type { ObjectPattern, Pattern, ValuePattern } from './pattern.ts';
import { list, quote } from './wording.ts';

/** Where an event fails a pattern. Made for every item of a list, so it is put into words only when it is asked for. */
export type Mismatch =
  | { kind: 'value'; pattern: ValuePattern; found: unknown }
  | { kind: 'items'; path: string; count: number; first: Mismatch }
  | { kind: 'alternatives'; path: string; mismatches: readonly Mismatch[] };

const MAX_ALTERNATIVES = 3;
const NOTHING: Record<string, unknown> = {};

/**
 * The first mismatch of a value with a pattern; null if it matches. Recursion follows the pattern, which is shallow;
 * the value may be nested as deeply as it likes. Every part of the pattern sees every part of the value at most once.
 */
export function findMismatch(pattern: Pattern, value: unknown): Mismatch | null {
  return pattern.kind === 'value' ? valueMismatch(pattern, value) : objectMismatch(pattern, value);
}

function valueMismatch(pattern: ValuePattern, found: unknown): Mismatch | null {
  const scalars = itemsOf(found).filter(isScalar);
  const values = scalars.length === 0 ? [ABSENT] : scalars;
  const holds = values.some((value) => pattern.conditions.some((condition) => condition.holds(value)));
  return holds ? null : { kind: 'value', pattern, found };
}

/** Of a list, one object has to satisfy the whole pattern: EventBridge's array consistency. */
function objectMismatch(pattern: ObjectPattern, value: unknown): Mismatch | null {
  const objects = itemsOf(value).filter(isObject);
  // What is no object has no fields; a filter that wants none of them is content.
  if (objects.length === 0) return memberMismatch(pattern, NOTHING);
  let first: Mismatch | null = null;
  for (const object of objects) {
    const mismatch = memberMismatch(pattern, object);
    if (mismatch === null) return null;
    first ??= mismatch;
  }
  return first === null || objects.length === 1
    ? first
    : { kind: 'items', path: pattern.path, count: objects.length, first };
}

function memberMismatch(pattern: ObjectPattern, object: Record<string, unknown>): Mismatch | null {
  for (const field of pattern.fields) {
    const value = Object.hasOwn(object, field.name) ? object[field.name] : ABSENT;
    const mismatch = findMismatch(field.pattern, value);
    if (mismatch !== null) return mismatch;
  }
  const mismatches: Mismatch[] = [];
  for (const alternative of pattern.alternatives) {
    const mismatch = memberMismatch(alternative, object);
    if (mismatch === null) return null;
    mismatches.push(mismatch);
  }
  return mismatches.length === 0 ? null : { kind: 'alternatives', path: pattern.path, mismatches };
}

/** The items of a list, and of the lists in it, in their order; anything else is its own only item. */
function itemsOf(value: unknown): unknown[] {
  if (!Array.isArray(value)) return [value];
  const items: unknown[] = [];
  // Not flat(Infinity): it recurses, and throws on lists that JSON.parse can read.
  const stack: unknown[] = [value];
  while (stack.length > 0) {
    const top = stack.pop();
    if (!Array.isArray(top)) items.push(top);
    else for (let index = top.length - 1; index >= 0; index--) stack.push(top[index]);
  }
  return items;
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
  const items = itemsOf(found);
  if (items.length === 0) return 'is an empty list';
  const scalars = items.filter(isScalar).map(quote);
  return scalars.length === 0 ? 'is a list of objects' : `holds ${list(scalars, 'and')}`;
}
