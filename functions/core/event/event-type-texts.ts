import type { FieldError } from '../field-error.ts';
import { schemaMistake } from './validate-data.ts';

/** An event type's texts are kept in one item of 400 KB, and read whenever all event types are. */
const MAX_TEXT_BYTES = 100_000;

/** Empty if the text is a JSON Schema that can be used. */
export function schemaErrors(schema: string, path: string): FieldError[] {
  const mistake = schemaMistake(schema);
  return mistake === null ? [] : [{ path, message: `is not a JSON Schema that can be used: ${mistake}` }];
}

/** Empty if the text is short enough. */
export function lengthErrors(text: string, path: string): FieldError[] {
  const bytes = Buffer.byteLength(text);
  return bytes > MAX_TEXT_BYTES ? [{ path, message: `is ${bytes} bytes; at most ${MAX_TEXT_BYTES} are allowed` }] : [];
}
