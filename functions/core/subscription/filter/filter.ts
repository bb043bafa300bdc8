import * as z from 'zod';
import type { FieldError } from '../../field-error.ts';
import { pointerKeys } from '../../json/pointer.ts';
import { explain, findMismatch } from './mismatch.ts';
import { MAX_CONDITIONS, type ObjectPattern, parsePattern } from './pattern.ts';

/** What a filter looks at. `data` is any JSON, as JSON.parse gives it: numbers beyond 2^53 have been rounded. */
export interface FilteredEvent {
  type: string;
  environment: string;
  data: unknown;
}

/** `reason` quotes the event: show it to the tenant, do not log it. */
export type FilterMatch = { matches: true } | { matches: false; reason: string };

/** Characters of a reason: nested alternatives could each have theirs. */
const MAX_REASON = 1_000;

/**
 * Which events a subscription wants, by what is in them: a pattern in the syntax of Amazon EventBridge, over the
 * fields `type`, `environment` and `data`. It is stored as its author wrote it. docs/filters.md is the manual.
 */
export type Filter = Readonly<Record<string, unknown>>;

/** The same as `parseFilter`, for requests and their OpenAPI document. Not z.record, which drops `__proto__` unseen. */
export const Filter = z
  .unknown()
  .transform((json, context): Filter => {
    const parsed = parsePattern(json);
    if (parsed.ok) return parsed.document;
    for (const { path, message } of parsed.errors) {
      context.addIssue({ code: 'custom', path: pointerKeys(path), message });
    }
    return z.NEVER;
  })
  .meta({
    description:
      'Only events that match are sent. A pattern in the syntax of Amazon EventBridge over type, environment and data: ' +
      'each field has a list of values or operators (prefix, suffix, equals-ignore-case, wildcard, anything-but, numeric, ' +
      `exists) of which one must hold; all fields must match; $or lists alternatives. At most ${MAX_CONDITIONS} conditions.`,
    override: {
      type: 'object',
      additionalProperties: true,
      example: { data: { country: ['DE', 'FR'], salary: [{ numeric: ['>=', 50_000] }] } },
    },
  });

/** Checks a filter as a tenant wrote it. All its mistakes are named, up to a bound. */
export function parseFilter(json: unknown): { ok: true; filter: Filter } | { ok: false; errors: FieldError[] } {
  const parsed = parsePattern(json);
  return parsed.ok ? { ok: true, filter: parsed.document } : parsed;
}

/** For many events and one filter: the work of reading the filter is done once. Never throws, nor does what it gives. */
export function compileFilter(filter: Filter): (event: FilteredEvent) => FilterMatch {
  const parsed = parsePattern(filter);
  if (parsed.ok) return (event) => matchPattern(parsed.pattern, event);
  // It was valid when it was written: a bound has been lowered since.
  const [error] = parsed.errors;
  const reason = `the filter is not valid any more: ${error?.path} ${error?.message}`;
  return () => ({ matches: false, reason });
}

/** Whether an event matches a filter; if not, the first thing that does not. */
export function matchFilter(filter: Filter, event: FilteredEvent): FilterMatch {
  return compileFilter(filter)(event);
}

function matchPattern(pattern: ObjectPattern, event: FilteredEvent): FilterMatch {
  const mismatch = findMismatch(pattern, event);
  if (mismatch === null) return { matches: true };
  const reason = explain(mismatch);
  return {
    matches: false,
    reason: reason.length <= MAX_REASON ? reason : `${reason.slice(0, MAX_REASON).toWellFormed()}…`,
  };
}
