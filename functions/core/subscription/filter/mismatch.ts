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

export const FILTER_MISMATCH_CODES = [
  'field_missing',
  'field_differs',
  'no_object',
  'no_alternative',
  'filter_over_budget',
  'filter_invalid',
] as const;

/** What an event fails a filter by, for those who put it into words of their own. It quotes the event, as the words do. */
export interface FilterMismatch {
  code: (typeof FILTER_MISMATCH_CODES)[number];
  /** For people: `data.employee.name`. Null if it is no field of the event, or the event as a whole. */
  field: string | null;
  /** The field's one value as JSON, shortened. Null if it has none, or several. */
  found: string | null;
}

/** One filter's search for a mismatch in one event. It can be stopped, and continued from where it stopped. */
export interface Search {
  /** What the filter may take for the event. */
  budget: StepBudget;
  /** The search stops once more steps than this are taken from the budget. */
  stopAfter: number;
  /** May be shared with the other searches in the same event. */
  lists: FlatLists;
  /** Empty, or where it stopped: a place for each part of the pattern that it is in, the outermost last. */
  places: Place[];
}

/** How far a part of the pattern came: the item that is next, and what the items before it failed by. */
interface Place {
  next: number;
  mismatches: Mismatch[];
}

export const STOPPED = Symbol('stopped');
type Found = Mismatch | null | typeof STOPPED;

const MAX_ALTERNATIVES = 3;
const NOTHING: Record<string, unknown> = {};

/**
 * The first mismatch of a value with a pattern; null if it matches; STOPPED if the same call has to be made again. Recursion
 * follows the pattern, which is shallow; the value may be nested as deeply as it likes. Every part of the pattern sees every
 * part of the value at most once.
 */
export function findMismatch(pattern: Pattern, value: unknown, search: Search): Found {
  return pattern.kind === 'value' ? valueMismatch(pattern, value, search) : objectMismatch(pattern, value, search);
}

function valueMismatch(pattern: ValuePattern, found: unknown, search: Search): Found {
  if (!Array.isArray(found)) return holds(pattern, found, search) ? null : { kind: 'value', pattern, found };
  const { scalars } = search.lists.of(found);
  if (scalars.length === 0) return holds(pattern, ABSENT, search) ? null : { kind: 'value', pattern, found };
  for (let next = placeIn(search)?.next ?? 0; next < scalars.length; next += 1) {
    if (mustStop(search)) return stopAt(search, next);
    if (holds(pattern, scalars[next], search)) return null;
  }
  return { kind: 'value', pattern, found };
}

function holds({ isOneOf, tests, cost }: ValuePattern, found: unknown, { budget }: Search): boolean {
  const value = isScalar(found) ? found : ABSENT;
  const characters = typeof value === 'string' ? value.length : 0;
  budget.spend(cost.steps + Math.floor((characters * cost.readings) / CHARACTERS_A_STEP));
  return isOneOf(value) || tests.some((condition) => condition.holds(value));
}

/** Of a list, one object has to satisfy the whole pattern: EventBridge's array consistency. */
function objectMismatch(pattern: ObjectPattern, value: unknown, search: Search): Found {
  if (isObject(value)) return memberMismatch(pattern, value, search);
  const objects = Array.isArray(value) ? search.lists.of(value).objects : [];
  // What is no object has no fields; a filter that wants none of them is content.
  if (objects.length === 0) return memberMismatch(pattern, NOTHING, search);
  const place = placeIn(search);
  let first = place?.mismatches[0] ?? null;
  for (let next = place?.next ?? 0; next < objects.length; next += 1) {
    const mismatch = mustStop(search) ? STOPPED : memberMismatch(pattern, objects[next] ?? NOTHING, search);
    if (mismatch === STOPPED) return stopAt(search, next, first === null ? [] : [first]);
    if (mismatch === null) return null;
    first ??= mismatch;
  }
  return first === null || objects.length === 1
    ? first
    : { kind: 'items', path: pattern.path, count: objects.length, first };
}

/** Its items are the fields, then the alternatives. */
function memberMismatch(pattern: ObjectPattern, object: Record<string, unknown>, search: Search): Found {
  const { fields, alternatives } = pattern;
  const place = placeIn(search);
  if (place === undefined) search.budget.spend(1 + fields.length);
  const start = place?.next ?? 0;
  for (let next = start; next < fields.length; next += 1) {
    const mismatch = mustStop(search) ? STOPPED : fieldMismatch(fields[next], object, search);
    if (mismatch === STOPPED) return stopAt(search, next);
    if (mismatch !== null) return mismatch;
  }
  if (alternatives.length === 0) return null;
  const mismatches = place?.mismatches ?? [];
  for (let next = Math.max(start, fields.length); next < fields.length + alternatives.length; next += 1) {
    const alternative = alternatives[next - fields.length];
    if (alternative === undefined) break;
    const mismatch = mustStop(search) ? STOPPED : memberMismatch(alternative, object, search);
    if (mismatch === STOPPED) return stopAt(search, next, mismatches);
    if (mismatch === null) return null;
    mismatches.push(mismatch);
  }
  return { kind: 'alternatives', path: pattern.path, mismatches };
}

function fieldMismatch(
  field: ObjectPattern['fields'][number] | undefined,
  object: Record<string, unknown>,
  search: Search,
): Found {
  if (field === undefined) return null;
  return findMismatch(field.pattern, Object.hasOwn(object, field.name) ? object[field.name] : ABSENT, search);
}

function mustStop({ budget, stopAfter }: Search): boolean {
  return budget.spent > stopAfter;
}

function stopAt({ places }: Search, next: number, mismatches: Mismatch[] = []): typeof STOPPED {
  places.push({ next, mismatches });
  return STOPPED;
}

/** Where a part of the pattern continues that was stopped in; undefined if it is new. */
function placeIn({ places }: Search): Place | undefined {
  return places.length === 0 ? undefined : places.pop();
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

/** The mismatch for programs. Of what is inside a list or an alternative, the words alone tell. */
export function outline(mismatch: Mismatch): FilterMismatch {
  switch (mismatch.kind) {
    case 'value': {
      const { pattern, found } = mismatch;
      if (found === ABSENT) return { code: 'field_missing', field: pattern.path, found: null };
      return { code: 'field_differs', field: pattern.path, found: isScalar(found) ? quote(found) : null };
    }
    case 'items':
      return { code: 'no_object', field: mismatch.path, found: null };
    case 'alternatives':
      return { code: 'no_alternative', field: mismatch.path === '' ? null : mismatch.path, found: null };
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
