import { schemaMistake } from '../../core/event/validate-data.ts';
import { invalid } from '../http/problem.ts';

/** An event type's texts are kept in one item of 400 KB, and read whenever all event types are. */
const MAX_TEXT_BYTES = 100_000;

export function checkSchema(schema: string, path = '/schema'): void {
  const mistake = schemaMistake(schema);
  if (mistake !== null) throw invalid([{ path, message: `is not a JSON Schema that can be used: ${mistake}` }]);
}

export function checkLength(text: string, path: string): void {
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_TEXT_BYTES)
    throw invalid([{ path, message: `is ${bytes} bytes; at most ${MAX_TEXT_BYTES} are allowed` }]);
}
