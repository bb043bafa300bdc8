import { type Schema, Validator } from '@cfworker/json-schema';
import type { FieldError } from './event.ts';

type JsonSchema = Record<string, unknown>;

/** Compiled validators, for as long as the schema's object is in use. */
const validators = new WeakMap<JsonSchema, Validator>();

/** How many mistakes are listed: a list of a thousand items can be wrong a thousand times. */
const MAX_ERRORS = 50;

/** Where data does not fit a JSON Schema (2020-12); paths are JSON pointers that begin with /data. Never throws. */
export function validateData(schema: JsonSchema, data: unknown): FieldError[] {
  try {
    const validator = validators.get(schema) ?? new Validator(schema as Schema, '2020-12', false);
    validators.set(schema, validator);
    const { errors } = validator.validate(data);
    // A failure is told once more by every schema around it; the innermost say what is wrong.
    const innermost = errors.filter(
      ({ instanceLocation: at }) => !errors.some((other) => other.instanceLocation.startsWith(`${at}/`)),
    );
    const unique = new Map(
      innermost.map(({ instanceLocation, error }) => [
        `${instanceLocation} ${error}`,
        { path: `/data${instanceLocation.slice(1)}`, message: error },
      ]),
    );
    return [...unique.values()].slice(0, MAX_ERRORS);
  } catch (error) {
    // The validator descends by recursion: a payload can be nested deeper than its stack.
    return [
      {
        path: '/data',
        message: `cannot be checked against the schema: ${error instanceof Error ? error.message : String(error)}`,
      },
    ];
  }
}

/** What is wrong with a schema itself; null if it can be used. */
export function schemaMistake(schema: JsonSchema): string | null {
  try {
    new Validator(schema as Schema, '2020-12', false).validate({});
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
