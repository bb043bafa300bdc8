import { isObject, ownMember } from '../../json/json-value.ts';
import { pointerWithin } from '../../json/pointer.ts';
import { StepBudget } from '../../step-budget.ts';
import { FORMATS } from './formats.ts';
import { type LinearPattern, parsePattern } from './linear-pattern.ts';
import { isMultipleOf } from './multiple-of.ts';
import { type Check, checkNode, type JsonType, type SchemaNode, typeOf } from './schema-node.ts';
import { CHARACTERS_A_STEP, Mistakes, type Place, SchemaRun, within } from './schema-run.ts';

/** What keywords need to compile themselves. */
export interface SchemaCompiler {
  /** The node of a schema at a pointer. */
  node(json: unknown, pointer: string): SchemaNode;
  /** The node that a reference leads to; null, and reported, if it leads nowhere. */
  refer(reference: string, from: object, pointer: string): SchemaNode | null;
  report(pointer: string, message: string): void;
  trackSeen(): void;
}

/** A keyword, the schema in which it stands, and the node that its check is for. */
interface Keyword {
  name: string;
  value: unknown;
  /** The keyword's pointer in the schema. */
  pointer: string;
  schema: object;
  node: SchemaNode;
  compiler: SchemaCompiler;
}

const TYPES = ['null', 'boolean', 'number', 'integer', 'string', 'array', 'object'];
/** They restrict what may be, in ways that are not checked here: taken for remarks they would let wrong data through. */
const UNSUPPORTED = ['$dynamicRef', '$recursiveRef'];

/** Adds to a node what its schema's keywords check. Those that are not known are remarks. */
export function compileKeywords(schema: object, node: SchemaNode, compiler: SchemaCompiler): void {
  for (const name of UNSUPPORTED) {
    if (Object.hasOwn(schema, name)) compiler.report(pointerWithin(node.pointer, name), 'is not supported');
  }
  for (const [name, compile] of Object.entries(KEYWORDS)) {
    const value = ownMember(schema, name);
    if (value !== undefined) {
      compile({ name, value, pointer: pointerWithin(node.pointer, name), schema, node, compiler });
    }
  }
}

/** In the order of their checks: `unevaluated…` needs what all the others have looked at. */
const KEYWORDS: Record<string, (keyword: Keyword) => void> = {
  $ref: compileReference,
  type: compileType,
  const: (keyword) => compileValues(keyword, [keyword.value]),
  enum: (keyword) => compileValues(keyword, listOf(keyword)),
  not: compileNot,
  allOf: compileAllOf,
  anyOf: (keyword) => compileAlternatives(keyword, (valid) => valid >= 1, 'fits none of the alternatives'),
  oneOf: (keyword) => compileAlternatives(keyword, (valid) => valid === 1, 'must fit exactly one of the alternatives'),
  if: compileCondition,

  minimum: (keyword) => compileBound(keyword, (value, bound) => value >= bound, 'must be at least'),
  maximum: (keyword) => compileBound(keyword, (value, bound) => value <= bound, 'must be at most'),
  exclusiveMinimum: (keyword) => compileBound(keyword, (value, bound) => value > bound, 'must be greater than'),
  exclusiveMaximum: (keyword) => compileBound(keyword, (value, bound) => value < bound, 'must be less than'),
  multipleOf: compileMultipleOf,

  minLength: (keyword) => compileSize(keyword, 'string', (size, bound) => size >= bound, 'characters at least'),
  maxLength: (keyword) => compileSize(keyword, 'string', (size, bound) => size <= bound, 'characters at most'),
  pattern: compilePattern,
  format: compileFormat,

  minItems: (keyword) => compileSize(keyword, 'array', (size, bound) => size >= bound, 'items at least'),
  maxItems: (keyword) => compileSize(keyword, 'array', (size, bound) => size <= bound, 'items at most'),
  uniqueItems: compileUniqueItems,
  prefixItems: compilePrefixItems,
  items: compileItems,
  contains: compileContains,

  minProperties: (keyword) => compileSize(keyword, 'object', (size, bound) => size >= bound, 'properties at least'),
  maxProperties: (keyword) => compileSize(keyword, 'object', (size, bound) => size <= bound, 'properties at most'),
  required: compileRequired,
  dependentRequired: (keyword) => {
    for (const [key, names] of membersOf(keyword)) requireBeside(keyword, key, names);
  },
  dependentSchemas: (keyword) => {
    for (const [key, schema] of membersOf(keyword)) applyBeside(keyword, key, schema);
  },
  dependencies: (keyword) => {
    for (const [key, one] of membersOf(keyword)) (Array.isArray(one) ? requireBeside : applyBeside)(keyword, key, one);
  },
  propertyNames: compilePropertyNames,
  properties: compileProperties,
  patternProperties: compilePatternProperties,
  additionalProperties: compileAdditionalProperties,

  unevaluatedItems: compileUnevaluatedItems,
  unevaluatedProperties: compileUnevaluatedProperties,
};

/* What keywords are made of. */

function child({ compiler, pointer }: Keyword, schema: unknown, ...keys: (string | number)[]): SchemaNode {
  return compiler.node(schema, pointerWithin(pointer, ...keys));
}

/** A schema that looks at the same value. */
function beside(keyword: Keyword, schema: unknown, ...keys: (string | number)[]): SchemaNode {
  const inner = child(keyword, schema, ...keys);
  keyword.node.inPlace.push(inner);
  return inner;
}

function listOf({ value, pointer, compiler }: Keyword): readonly unknown[] {
  if (Array.isArray(value)) return value;
  compiler.report(pointer, 'must be a list');
  return [];
}

function membersOf({ value, pointer, compiler }: Keyword): [string, unknown][] {
  if (isObject(value)) return Object.entries(value);
  compiler.report(pointer, 'must be an object');
  return [];
}

function namesOf(value: unknown, pointer: string, compiler: SchemaCompiler): string[] {
  if (Array.isArray(value) && value.every((name) => typeof name === 'string')) return value;
  compiler.report(pointer, 'must be a list of texts');
  return [];
}

function numberOf({ value, pointer, compiler }: Keyword): number | null {
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  compiler.report(pointer, 'must be a number');
  return null;
}

function countOf(keyword: Keyword): number | null {
  const { value, pointer, compiler } = keyword;
  if (typeof value === 'number' && Number.isFinite(value) && value >= 0) return value;
  compiler.report(pointer, 'must be a number of 0 or more');
  return null;
}

function addCheck({ node }: Keyword, type: JsonType | 'any', check: Check): void {
  node.checks[type].push(check);
}

/** Notes a mistake. False, so that a check can end with it. */
function fault(mistakes: Mistakes | null, place: Place | null, message: string): false {
  mistakes?.add(place, message);
  return false;
}

/* Keywords for values of any type. */

function compileReference(keyword: Keyword): void {
  const { value, pointer, schema, node, compiler } = keyword;
  if (typeof value !== 'string') {
    compiler.report(pointer, 'must be text');
    return;
  }
  const target = compiler.refer(value, schema, pointer);
  if (target === null) return;
  node.inPlace.push(target);
  addCheck(keyword, 'any', (found, place, run, mistakes, seen) => checkNode(target, found, place, run, mistakes, seen));
}

function compileType(keyword: Keyword): void {
  const { value, pointer, compiler } = keyword;
  const types: unknown[] = Array.isArray(value) ? value : [value];
  if (!types.every((type) => TYPES.some((known) => known === type))) {
    compiler.report(pointer, `must be of ${TYPES.join(', ')}`);
    return;
  }
  addCheck(keyword, 'any', (found, place, _run, mistakes) => {
    const type = typeOf(found);
    const isValid = types.includes(type) || (types.includes('integer') && Number.isInteger(found));
    return isValid || fault(mistakes, place, `must be of type ${types.join(' or ')}, not ${type}`);
  });
}

const MAX_SHOWN = 200;

function compileValues(keyword: Keyword, values: readonly unknown[]): void {
  // They are compared as texts. A schema is small enough for that without a bound.
  const unbounded = new SchemaRun(new StepBudget(Number.POSITIVE_INFINITY));
  const texts = new Set<string | null>(values.map((value) => unbounded.canonical(value)));
  const shown = [...texts].join(', ');
  const message = `must be ${texts.size === 1 ? '' : 'one of '}${shown.length > MAX_SHOWN ? `${shown.slice(0, MAX_SHOWN).toWellFormed()}…` : shown}`;
  addCheck(
    keyword,
    'any',
    (found, place, run, mistakes) => texts.has(run.canonical(found)) || fault(mistakes, place, message),
  );
}

function compileNot(keyword: Keyword): void {
  const inner = beside(keyword, keyword.value);
  addCheck(
    keyword,
    'any',
    (found, place, run, mistakes) =>
      !checkNode(inner, found, place, run, null, null) || fault(mistakes, place, 'is what the schema excludes ("not")'),
  );
}

function compileAllOf(keyword: Keyword): void {
  const parts = listOf(keyword).map((schema, index) => beside(keyword, schema, index));
  addCheck(keyword, 'any', (found, place, run, mistakes, seen) => {
    let isValid = true;
    for (const part of parts) {
      if (checkNode(part, found, place, run, mistakes, seen)) continue;
      isValid = false;
      if (mistakes === null || run.hasStopped) return false;
    }
    return isValid;
  });
}

/** What it costs to keep what is wrong with each alternative. */
const STEPS_TO_TELL = 20;

function compileAlternatives(keyword: Keyword, isEnough: (valid: number) => boolean, message: string): void {
  const parts = listOf(keyword).map((schema, index) => beside(keyword, schema, index));
  addCheck(keyword, 'any', (found, place, run, mistakes, seen) => {
    const inner = mistakes === null || mistakes.isFull ? null : new Mistakes();
    if (inner !== null) run.budget.spend(STEPS_TO_TELL);
    let valid = 0;
    for (const part of parts) {
      if (checkNode(part, found, place, run, inner, seen)) valid += 1;
      if (run.hasStopped) return false;
    }
    if (isEnough(valid)) return true;
    const depth = place?.depth ?? 0;
    // What is wrong within the value says more than that no alternative fits it.
    const isDeeper = inner?.kept.some((one) => (one.place?.depth ?? 0) > depth) === true;
    if (!isDeeper || valid > 0) mistakes?.add(place, message);
    run.budget.spend(inner?.kept.length ?? 0);
    if (valid === 0) for (const one of inner?.kept ?? []) mistakes?.add(one.place, one.message);
    return false;
  });
}

function compileCondition(keyword: Keyword): void {
  const condition = beside(keyword, keyword.value);
  const [onTrue, onFalse] = ['then', 'else'].map((name) => {
    const schema = ownMember(keyword.schema, name);
    if (schema === undefined) return null;
    const inner = keyword.compiler.node(schema, pointerWithin(keyword.node.pointer, name));
    keyword.node.inPlace.push(inner);
    return inner;
  });
  addCheck(keyword, 'any', (found, place, run, mistakes, seen) => {
    const next = checkNode(condition, found, place, run, null, seen) ? onTrue : onFalse;
    return next === null || next === undefined || checkNode(next, found, place, run, mistakes, seen);
  });
}

/* Keywords for numbers, and for sizes. */

function compileBound(keyword: Keyword, holds: (value: number, bound: number) => boolean, words: string): void {
  const bound = numberOf(keyword);
  if (bound === null) return;
  addCheck(
    keyword,
    'number',
    (found, place, _run, mistakes) => holds(Number(found), bound) || fault(mistakes, place, `${words} ${bound}`),
  );
}

function compileMultipleOf(keyword: Keyword): void {
  const divisor = numberOf(keyword);
  if (divisor === null) return;
  if (divisor <= 0) {
    keyword.compiler.report(keyword.pointer, 'must be greater than 0');
    return;
  }
  addCheck(keyword, 'number', (found, place, run, mistakes) => {
    // Arithmetic with hundreds of digits, at worst.
    run.budget.spend(100);
    return isMultipleOf(Number(found), divisor) || fault(mistakes, place, `must be a multiple of ${divisor}`);
  });
}

function compileSize(
  keyword: Keyword,
  type: 'string' | 'array' | 'object',
  holds: (size: number, bound: number) => boolean,
  words: string,
): void {
  const bound = countOf(keyword);
  if (bound === null) return;
  addCheck(
    keyword,
    type,
    (found, place, run, mistakes) =>
      holds(sizeOf(found, run), bound) || fault(mistakes, place, `must have ${bound} ${words}`),
  );
}

/** Characters (not halves of surrogate pairs), items or properties. */
function sizeOf(value: unknown, run: SchemaRun): number {
  if (Array.isArray(value)) return value.length;
  if (typeof value === 'string') {
    run.budget.spend(value.length / CHARACTERS_A_STEP);
    let pairs = 0;
    for (let index = 0; index < value.length; index += 1) if ((value.codePointAt(index) ?? 0) > 0xff_ff) pairs += 1;
    return value.length - pairs;
  }
  const { length } = Object.keys(Object(value));
  run.budget.spend(length);
  return length;
}

/* Keywords for texts. */

function patternOf({ compiler }: Keyword, source: unknown, pointer: string): LinearPattern | null {
  if (typeof source !== 'string') {
    compiler.report(pointer, 'must be text');
    return null;
  }
  const parsed = parsePattern(source);
  if (parsed.ok) return parsed.pattern;
  compiler.report(pointer, parsed.message);
  return null;
}

function isIn(pattern: LinearPattern, text: string, run: SchemaRun): boolean {
  run.budget.spend(1 + text.length * pattern.stepsACharacter);
  return !run.hasStopped && pattern.isIn(text);
}

function compilePattern(keyword: Keyword): void {
  const pattern = patternOf(keyword, keyword.value, keyword.pointer);
  if (pattern === null) return;
  const message = `does not match the pattern ${String(keyword.value)}`;
  addCheck(
    keyword,
    'string',
    (found, place, run, mistakes) => isIn(pattern, String(found), run) || fault(mistakes, place, message),
  );
}

function compileFormat(keyword: Keyword): void {
  const { value, pointer, compiler } = keyword;
  if (typeof value !== 'string') {
    compiler.report(pointer, 'must be text');
    return;
  }
  const isOf = FORMATS.get(value);
  if (isOf === undefined) return;
  addCheck(keyword, 'string', (found, place, run, mistakes) => {
    const text = String(found);
    run.budget.spend(text.length);
    return (!run.hasStopped && isOf(text)) || fault(mistakes, place, `is not of the format ${value}`);
  });
}

/* Keywords for lists. */

const itemsOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

function compileUniqueItems(keyword: Keyword): void {
  const { value, pointer, compiler } = keyword;
  if (typeof value !== 'boolean') compiler.report(pointer, 'must be true or false');
  if (value !== true) return;
  addCheck(keyword, 'array', (found, place, run, mistakes) => {
    const places = new Map<string, number>();
    for (const [index, item] of itemsOf(found).entries()) {
      const text = run.canonical(item);
      if (text === null) return false;
      const twin = places.get(text);
      if (twin !== undefined) return fault(mistakes, place, `has the same item at ${twin} and at ${index}`);
      places.set(text, index);
    }
    return true;
  });
}

function compilePrefixItems(keyword: Keyword): void {
  prefixItems(keyword, listOf(keyword));
}

function prefixItems(keyword: Keyword, schemas: readonly unknown[]): void {
  const nodes = schemas.map((schema, index) => child(keyword, schema, index));
  addCheck(keyword, 'array', (found, place, run, mistakes, seen) => {
    const items = itemsOf(found);
    let isValid = true;
    for (const [index, node] of nodes.entries()) {
      if (index >= items.length) break;
      seen?.items.add(index);
      if (checkNode(node, items[index], within(place, index), run, mistakes, null)) continue;
      isValid = false;
      if (mistakes === null || run.hasStopped) return false;
    }
    return isValid;
  });
}

/** Before 2020-12 a list in `items` meant what `prefixItems` does, and `additionalItems` was for the rest. */
function compileItems(keyword: Keyword): void {
  const { value, schema, node, compiler } = keyword;
  if (!Array.isArray(value)) {
    everyItem(keyword, child(keyword, value), listLength(ownMember(schema, 'prefixItems')));
    return;
  }
  prefixItems(keyword, value);
  const rest = ownMember(schema, 'additionalItems');
  if (rest !== undefined) {
    everyItem(keyword, compiler.node(rest, pointerWithin(node.pointer, 'additionalItems')), value.length);
  }
}

const listLength = (value: unknown): number => (Array.isArray(value) ? value.length : 0);

function everyItem(keyword: Keyword, node: SchemaNode, from: number): void {
  addCheck(keyword, 'array', (found, place, run, mistakes, seen) => {
    const items = itemsOf(found);
    let isValid = true;
    for (let index = from; index < items.length; index += 1) {
      seen?.items.add(index);
      if (checkNode(node, items[index], within(place, index), run, mistakes, null)) continue;
      isValid = false;
      if (mistakes === null || run.hasStopped) return false;
    }
    return isValid;
  });
}

function compileContains(keyword: Keyword): void {
  const { schema, node, compiler } = keyword;
  const inner = child(keyword, keyword.value);
  const bound = (name: string, missing: number): number => {
    const value = ownMember(schema, name);
    if (value === undefined) return missing;
    return countOf({ ...keyword, value, pointer: pointerWithin(node.pointer, name), compiler }) ?? missing;
  };
  const [least, most] = [bound('minContains', 1), bound('maxContains', Number.POSITIVE_INFINITY)];
  addCheck(keyword, 'array', (found, place, run, mistakes, seen) => {
    let count = 0;
    for (const [index, item] of itemsOf(found).entries()) {
      if (checkNode(inner, item, null, run, null, null)) {
        count += 1;
        seen?.items.add(index);
      }
      if (run.hasStopped) return false;
    }
    const range = most === Number.POSITIVE_INFINITY ? `at least ${least}` : `${least} to ${most}`;
    return (
      (count >= least && count <= most) ||
      fault(mistakes, place, `must contain ${range} items that fit the schema, not ${count}`)
    );
  });
}

function compileUnevaluatedItems(keyword: Keyword): void {
  const inner = child(keyword, keyword.value);
  keyword.compiler.trackSeen();
  addCheck(keyword, 'array', (found, place, run, mistakes, seen) => {
    let isValid = true;
    for (const [index, item] of itemsOf(found).entries()) {
      if (seen?.items.has(index)) continue;
      seen?.items.add(index);
      if (checkNode(inner, item, within(place, index), run, mistakes, null)) continue;
      isValid = false;
      if (mistakes === null || run.hasStopped) return false;
    }
    return isValid;
  });
}

/* Keywords for objects. */

function compileRequired(keyword: Keyword): void {
  const names = namesOf(keyword.value, keyword.pointer, keyword.compiler);
  addCheck(keyword, 'object', (found, place, run, mistakes) => lacksNone(found, names, place, run, mistakes));
}

function lacksNone(
  object: unknown,
  names: readonly string[],
  place: Place | null,
  run: SchemaRun,
  mistakes: Mistakes | null,
): boolean {
  run.budget.spend(names.length);
  const missing = names.filter((name) => !Object.hasOwn(Object(object), name));
  for (const name of missing) mistakes?.add(place, `lacks the required property ${JSON.stringify(name)}`);
  return missing.length === 0;
}

function requireBeside(keyword: Keyword, key: string, value: unknown): void {
  const names = namesOf(value, pointerWithin(keyword.pointer, key), keyword.compiler);
  addCheck(
    keyword,
    'object',
    (found, place, run, mistakes) =>
      !Object.hasOwn(Object(found), key) || lacksNone(found, names, place, run, mistakes),
  );
}

function applyBeside(keyword: Keyword, key: string, schema: unknown): void {
  const inner = beside(keyword, schema, key);
  addCheck(
    keyword,
    'object',
    (found, place, run, mistakes, seen) =>
      !Object.hasOwn(Object(found), key) || checkNode(inner, found, place, run, mistakes, seen),
  );
}

function compilePropertyNames(keyword: Keyword): void {
  const inner = child(keyword, keyword.value);
  addMemberCheck(keyword, () => inner, { seesMember: false });
}

function compileProperties(keyword: Keyword): void {
  const nodes = new Map(membersOf(keyword).map(([key, schema]) => [key, child(keyword, schema, key)]));
  addMemberCheck(keyword, (key) => nodes.get(key) ?? null);
}

function compilePatternProperties(keyword: Keyword): void {
  for (const [source, schema] of membersOf(keyword)) {
    const pattern = patternOf(keyword, source, pointerWithin(keyword.pointer, source));
    const inner = child(keyword, schema, source);
    if (pattern !== null) addMemberCheck(keyword, (key, run) => (isIn(pattern, key, run) ? inner : null));
  }
}

function compileAdditionalProperties(keyword: Keyword): void {
  const inner = child(keyword, keyword.value);
  const named = ownMember(keyword.schema, 'properties');
  const names = new Set(isObject(named) ? Object.keys(named) : []);
  const patterned = ownMember(keyword.schema, 'patternProperties');
  const patterns = (isObject(patterned) ? Object.keys(patterned) : [])
    .map((source) => parsePattern(source))
    .flatMap((parsed) => (parsed.ok ? [parsed.pattern] : []));
  const isNamed = (key: string, run: SchemaRun): boolean =>
    names.has(key) || patterns.some((pattern) => isIn(pattern, key, run));
  addMemberCheck(keyword, (key, run) => (isNamed(key, run) ? null : inner));
}

function compileUnevaluatedProperties(keyword: Keyword): void {
  const inner = child(keyword, keyword.value);
  keyword.compiler.trackSeen();
  addCheck(keyword, 'object', (found, place, run, mistakes, seen) => {
    const unseen = Object.keys(Object(found)).filter((key) => !seen?.keys.has(key));
    return checkMembers(
      found,
      unseen,
      () => inner,
      place,
      run,
      mistakes,
      (key) => seen?.keys.add(key),
    );
  });
}

type Choose = (key: string, run: SchemaRun) => SchemaNode | null;

/** Checks each member by the schema that is chosen by its name, if one is; or the name itself. */
function addMemberCheck(keyword: Keyword, choose: Choose, { seesMember = true } = {}): void {
  addCheck(keyword, 'object', (found, place, run, mistakes, seen) => {
    const keys = Object.keys(Object(found));
    if (seesMember) {
      return checkMembers(found, keys, choose, place, run, mistakes, (key) => seen?.keys.add(key));
    }
    const names = Object.fromEntries(keys.map((key) => [key, key]));
    return checkMembers(names, keys, choose, place, run, mistakes, () => {});
  });
}

function checkMembers(
  object: unknown,
  keys: readonly string[],
  choose: Choose,
  place: Place | null,
  run: SchemaRun,
  mistakes: Mistakes | null,
  see: (key: string) => void,
): boolean {
  run.budget.spend(keys.length);
  let isValid = true;
  for (const key of keys) {
    const node = choose(key, run);
    if (run.hasStopped) return false;
    if (node === null) continue;
    see(key);
    if (checkNode(node, ownMember(Object(object), key), within(place, key), run, mistakes, null)) continue;
    isValid = false;
    if (mistakes === null || run.hasStopped) return false;
  }
  return isValid;
}
