import type * as z from 'zod';
import { jsonPointer, valueAt } from './json/pointer.ts';

export interface FieldError {
  /** A JSON pointer into what was sent. */
  path: string;
  message: string;
}

/** So many mistakes are listed; a list of twenty thousand is of no use, and would not fit where it is kept. */
const MAX_ERRORS = 50;
const MAX_PATH = 200;
/** A schema's own names and patterns are in what it says of data. All mistakes together stay below half of what an item of DynamoDB can have. */
const MAX_MESSAGE = 500;

/** zod's issues as field errors; unknown fields are named one by one. */
export function fieldErrors(error: z.ZodError, input: unknown): FieldError[] {
  const all = error.issues.flatMap((issue): FieldError[] => {
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({ path: jsonPointer([...issue.path, key]), message: 'is not a known field' }));
    }
    if (issue.code === 'invalid_type' && valueAt(input, issue.path) === undefined) {
      return [{ path: jsonPointer(issue.path), message: 'is required' }];
    }
    // zod says no more of a wrong name than that it is one; the schema of the names says why.
    const message = issue.code === 'invalid_key' ? (issue.issues[0]?.message ?? issue.message) : issue.message;
    return [{ path: jsonPointer(issue.path), message }];
  });
  return listErrors(all);
}

/** As many mistakes as are worth listing, with how many more there are. */
export function listErrors(all: readonly FieldError[]): FieldError[] {
  const listed = all
    .slice(0, MAX_ERRORS)
    .map(({ path, message }) => ({ path: shorten(path, MAX_PATH), message: shorten(message, MAX_MESSAGE) }));
  const more = all.length - listed.length;
  return more === 0 ? listed : [...listed, { path: '', message: `and ${more} more mistakes` }];
}

function shorten(text: string, length: number): string {
  // toWellFormed: what was sent can have half of a surrogate pair in a name, and the cut can fall between two halves.
  return (text.length <= length ? text : `${text.slice(0, length)}…`).toWellFormed();
}
