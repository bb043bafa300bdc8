import type { Mistakes, Place, SchemaRun, Seen } from './schema-run.ts';

export type JsonType = 'null' | 'boolean' | 'number' | 'string' | 'array' | 'object';

/** Whether a value is as one keyword says. `mistakes` null: only the answer is asked for, the first fault ends it. */
export type Check = (
  value: unknown,
  place: Place | null,
  run: SchemaRun,
  mistakes: Mistakes | null,
  seen: Seen | null,
) => boolean;

/** A schema that is ready for use. */
export interface SchemaNode {
  /** Of the schema itself: `false` lets nothing through. */
  allows: boolean;
  /** By the type of the value, in order; those of `any` come first. */
  checks: Record<JsonType | 'any', Check[]>;
  /** The schemas that look at the same value as this one. */
  inPlace: SchemaNode[];
  /** The keyword's pointer in the schema. */
  pointer: string;
}

export function newNode(pointer: string, allows: boolean): SchemaNode {
  const checks = { any: [], null: [], boolean: [], number: [], string: [], array: [], object: [] };
  return { allows, checks, inPlace: [], pointer };
}

/** Whether a value is as a schema says. `seen` gets what it has looked at, if it is; null: no schema around it looks at the same value. */
export function checkNode(
  node: SchemaNode,
  value: unknown,
  place: Place | null,
  run: SchemaRun,
  mistakes: Mistakes | null,
  seen: Seen | null,
): boolean {
  run.budget.spend(1);
  if (!node.allows) {
    mistakes?.add(place, 'is not allowed here');
    return false;
  }
  if (run.hasStopped || !run.enter()) return false;
  const own = run.tracksSeen ? { keys: new Set<string>(), items: new Set<number>() } : null;
  const isValid =
    all(node.checks.any, value, place, run, mistakes, own) &&
    all(node.checks[typeOf(value)], value, place, run, mistakes, own);
  run.leave();
  if (isValid && seen !== null && own !== null) {
    run.budget.spend(own.keys.size + own.items.size);
    for (const key of own.keys) seen.keys.add(key);
    for (const index of own.items) seen.items.add(index);
  }
  return isValid;
}

function all(
  checks: readonly Check[],
  value: unknown,
  place: Place | null,
  run: SchemaRun,
  mistakes: Mistakes | null,
  seen: Seen | null,
): boolean {
  let isValid = true;
  for (const check of checks) {
    run.budget.spend(1);
    if (check(value, place, run, mistakes, seen)) continue;
    isValid = false;
    if (mistakes === null || run.hasStopped) return false;
  }
  return isValid;
}

export function typeOf(value: unknown): JsonType {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  const type = typeof value;
  return type === 'string' || type === 'number' || type === 'boolean' ? type : 'object';
}
