import type { FieldError } from '../../field-error.ts';
import { escapePointer } from '../../json/pointer.ts';
import {
  type Condition,
  isObject,
  isScalar,
  OPERATORS,
  parseCondition,
  type Report,
  splitEqualities,
  sumCosts,
} from './condition.ts';
import { quote } from './wording.ts';

/** What a field's values have to satisfy: one value and one condition are enough. */
export interface ValuePattern {
  kind: 'value';
  /** For people: `data.employee.name`. */
  path: string;
  conditions: readonly Condition[];
  /** The same conditions, as they are asked. */
  isOneOf: (value: unknown) => boolean;
  tests: readonly Condition[];
  /** What asking all of them costs. */
  cost: Condition['cost'];
}

/** What an object has to satisfy: every field, and one of the alternatives if there are any. */
export interface ObjectPattern {
  kind: 'object';
  path: string;
  fields: readonly { name: string; pattern: Pattern }[];
  alternatives: readonly ObjectPattern[];
}

export type Pattern = ValuePattern | ObjectPattern;

export const MAX_CONDITIONS = 50;
/** Characters of compact JSON, as for EventBridge's patterns. With the depth it bounds the work for an event. */
export const MAX_FILTER_LENGTH = 4_096;
export const MAX_FILTER_DEPTH = 20;
/** A body of nonsense must not be answered with a longer one. */
const MAX_ERRORS = 50;

const EXAMPLE = '{"data": {"country": ["DE", "FR"]}}';
const EVENT_FIELDS = ['type', 'environment', 'data'];
/** EventBridge's names for what has another name here. */
const RENAMED: Record<string, string> = { detail: 'data', 'detail-type': 'type' };
/** Operators that the caller probably meant without the list around them, rather than a field of this name. */
const UNLIKELY_FIELDS = ['anything-but', 'equals-ignore-case', 'numeric'];

/** Where in the filter we are: `pointer` names a mistake, `path` names the field of the event. */
interface Place {
  pointer: string;
  path: string;
  depth: number;
}

/** Parses a whole filter: every mistake is named. */
export function parsePattern(
  json: unknown,
):
  | { ok: true; document: Record<string, unknown>; pattern: ObjectPattern; conditions: number }
  | { ok: false; errors: FieldError[] } {
  const errors: FieldError[] = [];
  const report: Report = (path, message) => {
    if (errors.length < MAX_ERRORS) errors.push({ path, message });
    return null;
  };
  const pattern = parseObject(json, { pointer: '', path: '', depth: 1 }, report);
  const conditions = pattern === null ? 0 : countConditions(pattern);
  if (pattern !== null && errors.length === 0) {
    if (conditions > MAX_CONDITIONS) report('', `has ${conditions} conditions; at most ${MAX_CONDITIONS} are allowed`);
    // Only now is it known to be shallow: JSON.stringify throws on what is nested too deeply.
    const { length } = [...JSON.stringify(json)];
    if (length > MAX_FILTER_LENGTH)
      report('', `is ${length} characters long; at most ${MAX_FILTER_LENGTH} are allowed`);
  }
  return pattern !== null && isObject(json) && errors.length === 0
    ? { ok: true, document: json, pattern, conditions }
    : { ok: false, errors };
}

function parseObject(json: unknown, place: Place, report: Report): ObjectPattern | null {
  if (!isObject(json)) return report(place.pointer, `must be an object, such as ${EXAMPLE}`);
  if (place.depth > MAX_FILTER_DEPTH) return report(place.pointer, `is nested deeper than ${MAX_FILTER_DEPTH} levels`);
  const members = Object.entries(json);
  if (members.length === 0) {
    const remedy = place.pointer === '' ? 'without a filter, every event is sent' : 'leave it out to allow anything';
    return report(place.pointer, `must not be empty: ${remedy}`);
  }
  const fields: { name: string; pattern: Pattern }[] = [];
  const alternatives: ObjectPattern[] = [];
  for (const [name, value] of members) {
    const inner = { ...place, pointer: `${place.pointer}/${escapePointer(name)}`, depth: place.depth + 1 };
    if (name === '$or') {
      alternatives.push(...parseAlternatives(value, inner, report));
    } else {
      const pattern = parseField(name, value, { ...inner, path: join(place.path, name) }, place.path === '', report);
      if (pattern !== null) fields.push({ name, pattern });
    }
  }
  return { kind: 'object', path: place.path, fields, alternatives };
}

function parseAlternatives(json: unknown, place: Place, report: Report): ObjectPattern[] {
  if (!Array.isArray(json) || json.length < 2) {
    report(place.pointer, 'must be a list of at least two objects, of which one has to match');
    return [];
  }
  return json
    .map((item: unknown, index) => parseObject(item, { ...place, pointer: `${place.pointer}/${index}` }, report))
    .filter((pattern) => pattern !== null);
}

function parseField(name: string, json: unknown, place: Place, ofEvent: boolean, report: Report): Pattern | null {
  if (!name.isWellFormed()) return report(place.pointer, 'has half of a surrogate pair in its name');
  if (ofEvent && !EVENT_FIELDS.includes(name)) return report(place.pointer, unknownField(name));
  if (Array.isArray(json)) {
    if (UNLIKELY_FIELDS.includes(name)) return report(place.pointer, forgottenList(name));
    return parseValues(json, place, report);
  }
  if (isScalar(json)) {
    const isOperator = OPERATORS.some((operator) => operator === name);
    return report(place.pointer, isOperator ? forgottenList(name) : `must be a list: write [${quote(json)}]`);
  }
  if (ofEvent && name !== 'data') return report(place.pointer, `must be a list, such as ["a", {"prefix": "b"}]`);
  return parseObject(json, place, report);
}

function parseValues(items: readonly unknown[], place: Place, report: Report): ValuePattern | null {
  if (items.length === 0) return report(place.pointer, 'must not be an empty list: nothing would match');
  const conditions = items
    .map((item, index) => parseCondition(item, `${place.pointer}/${index}`, report))
    .filter((condition) => condition !== null);
  const { isOneOf, tests } = splitEqualities(conditions);
  return { kind: 'value', path: place.path, conditions, isOneOf, tests, cost: sumCosts(tests) };
}

function unknownField(name: string): string {
  const renamed = Object.hasOwn(RENAMED, name) ? RENAMED[name] : undefined;
  if (renamed !== undefined) return `is called ${renamed} here`;
  if (name.startsWith('data.')) return 'must be nested, as in {"data": {"employee": {"name": ["Anna"]}}}';
  return 'is not a field of events that a filter can look at; there are type, environment and data';
}

function forgottenList(operator: string): string {
  return `is an operator and belongs in an object in a list, as in [{"${operator}": …}]`;
}

function countConditions(pattern: Pattern): number {
  if (pattern.kind === 'value') return pattern.conditions.length;
  const inner = [...pattern.fields.map((field) => field.pattern), ...pattern.alternatives];
  return inner.reduce((sum, part) => sum + countConditions(part), 0);
}

/** Names that could be misread are quoted: `data["first.name"]`. */
function join(path: string, name: string): string {
  if (path === '') return name;
  return /^[\w$-]+$/.test(name) ? `${path}.${name}` : `${path}[${quote(name)}]`;
}
