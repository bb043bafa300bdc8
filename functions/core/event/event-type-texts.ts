import type { FieldError } from '../field-error.ts';
import type { EventType } from './event-type.ts';
import { compileDataCheck, schemaMistake } from './validate-data.ts';

/** An event type's texts are kept in one item of 400 KB, and read whenever all event types are. */
const MAX_TEXT_BYTES = 100_000;

/** Empty if the text is a JSON Schema that can be used. */
export function schemaErrors(schema: string, path: string): FieldError[] {
  const mistake = schemaMistake(schema);
  return mistake === null ? [] : [{ path, message: `is not a JSON Schema that can be used: ${mistake}` }];
}

/** Empty if publishing would accept the example, or if there is nothing to check. */
export function exampleErrors(type: Pick<EventType, 'schema' | 'validate' | 'example'>, path: string): FieldError[] {
  const { schema, validate, example } = type;
  if (!validate || schema === null || example === null) return [];
  const verdict = compileDataCheck(schema)(JSON.parse(example));
  if (verdict.fits) return [];
  const mistakes = verdict.errors.map((mistake) => `${mistake.path} ${mistake.message}`.trim());
  return [{ path, message: `does not fit the schema: ${mistakes.join('; ')}` }];
}

/** Empty if the text is short enough. */
export function lengthErrors(text: string, path: string): FieldError[] {
  const bytes = Buffer.byteLength(text);
  return bytes > MAX_TEXT_BYTES ? [{ path, message: `is ${bytes} bytes; at most ${MAX_TEXT_BYTES} are allowed` }] : [];
}
