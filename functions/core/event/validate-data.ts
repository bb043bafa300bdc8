import type { FieldError } from '../field-error.ts';
import { StepBudget } from '../step-budget.ts';
import { type CompiledSchema, compileSchema } from './schema/compile-schema.ts';
import { checkNode } from './schema/schema-node.ts';
import { Mistakes, SchemaRun } from './schema/schema-run.ts';

/** What checking one event may cost, in steps of some nanoseconds. */
export const MAX_SCHEMA_STEPS = 5_000_000;

export type SchemaVerdict =
  | { fits: true }
  /** Paths are JSON pointers that begin with /data. */
  | { fits: false; code: 'invalid_data' | 'schema_over_budget'; errors: FieldError[] };

/** Never throws. Takes no more steps than the budget has: past that, whether the data fits is not known. */
export type DataCheck = (data: unknown, budget?: StepBudget) => SchemaVerdict;

/**
 * Whether data fits a schema, and where not. Reading a schema costs more than using it, so callers keep it.
 * @param schema JSON Schema 2020-12 as JSON text
 */
export function compileDataCheck(schema: string): DataCheck {
  const made = readSchema(schema);
  // It could be used when it was written: a bound has been lowered since.
  if (!made.ok) return () => unchecked('invalid_data', made.message);
  return (data, budget = new StepBudget(MAX_SCHEMA_STEPS)) => validateData(made.schema, data, budget);
}

function validateData({ root, tracksSeen }: CompiledSchema, data: unknown, budget: StepBudget): SchemaVerdict {
  const run = new SchemaRun(budget, tracksSeen);
  const mistakes = new Mistakes();
  const fits = checkNode(root, data, null, run, mistakes, null);
  if (run.isTooDeep) return unchecked('invalid_data', 'it is nested too deeply.');
  if (budget.isSpent) return unchecked('schema_over_budget', 'that would take too many steps.');
  return fits ? { fits } : { fits, code: 'invalid_data', errors: mistakes.list() };
}

function readSchema(text: string): ReturnType<typeof compileSchema> {
  try {
    return compileSchema(JSON.parse(text));
  } catch (error) {
    return { ok: false, message: error instanceof Error ? error.message : String(error) };
  }
}

function unchecked(code: 'invalid_data' | 'schema_over_budget', reason: string): SchemaVerdict {
  return { fits: false, code, errors: [{ path: '/data', message: `cannot be checked against the schema: ${reason}` }] };
}

/** What is wrong with a schema itself; null if it can be used. */
export function schemaMistake(schema: string): string | null {
  const made = readSchema(schema);
  return made.ok ? null : made.message;
}
