import { type Schema, Validator } from '@cfworker/json-schema';
import { type FieldError, listErrors } from '../field-error.ts';

/** Keywords whose failure may be that of a schema within them, at a place within the data. */
const HOLDS_SCHEMAS = new Set([
  '$ref',
  '$recursiveRef',
  'additionalItems',
  'additionalProperties',
  'allOf',
  'anyOf',
  'contains',
  'dependencies',
  'dependentSchemas',
  'if',
  'items',
  'oneOf',
  'patternProperties',
  'prefixItems',
  'properties',
  'propertyNames',
  'unevaluatedItems',
  'unevaluatedProperties',
]);

/** Where data does not fit a schema; paths are JSON pointers that begin with /data. Never throws. */
export type DataCheck = (data: unknown) => FieldError[];

/**
 * A schema, ready for use. Reading one costs more than using it, so callers keep it.
 * @param schema JSON Schema 2020-12 as JSON text
 */
export function compileSchema(schema: string): DataCheck {
  try {
    const validator = readSchema(schema);
    return (data) => validateData(validator, data);
  } catch (error) {
    return () => [uncheckable(error)];
  }
}

function readSchema(schema: string): Validator {
  return new Validator(JSON.parse(schema) as Schema, '2020-12', false);
}

function validateData(validator: Validator, data: unknown): FieldError[] {
  try {
    const { errors } = validator.validate(data);
    // A failure is told once more by every keyword around it that holds schemas; the innermost say what is wrong.
    const innermost = errors.filter(
      ({ keyword, instanceLocation: at }) =>
        !HOLDS_SCHEMAS.has(keyword) || !errors.some((other) => other.instanceLocation.startsWith(`${at}/`)),
    );
    const unique = new Map(
      innermost.map(({ instanceLocation, error }) => [
        `${instanceLocation} ${error}`,
        { path: `/data${instanceLocation.slice(1)}`, message: error },
      ]),
    );
    return listErrors([...unique.values()]);
  } catch (error) {
    // The validator descends by recursion: a payload can be nested deeper than its stack.
    return [uncheckable(error)];
  }
}

function uncheckable(error: unknown): FieldError {
  return { path: '/data', message: `cannot be checked against the schema: ${reasonOf(error)}` };
}

/** What is wrong with a schema itself; null if it can be used. */
export function schemaMistake(schema: string): string | null {
  try {
    readSchema(schema).validate({});
    return patternMistake(JSON.parse(schema));
  } catch (error) {
    return reasonOf(error);
  }
}

/** The validator meets a pattern only in data that has its field: too late for whoever wrote it. */
function patternMistake(schema: unknown): string | null {
  const open: unknown[] = [schema];
  while (open.length > 0) {
    const next = open.pop();
    if (typeof next !== 'object' || next === null) continue;
    const { pattern, patternProperties } = next as { pattern?: unknown; patternProperties?: unknown };
    const patterns = [
      ...(typeof pattern === 'string' ? [pattern] : []),
      ...(typeof patternProperties === 'object' && patternProperties !== null ? Object.keys(patternProperties) : []),
    ];
    for (const one of patterns) {
      try {
        new RegExp(one, 'u');
      } catch (error) {
        return reasonOf(error);
      }
    }
    open.push(...Object.values(next));
  }
  return null;
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
