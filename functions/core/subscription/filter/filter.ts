import * as z from 'zod';
import type { FieldError } from '../../field-error.ts';
import { pointerKeys } from '../../json/pointer.ts';
import { StepBudget } from '../../step-budget.ts';
import { MAX_FILTER_STEPS, worstSteps } from './filter-cost.ts';
import { FlatLists } from './flat-lists.ts';
import {
  explain,
  type FilterMismatch,
  findMismatch,
  type Mismatch,
  outline,
  type Search,
  STOPPED,
} from './mismatch.ts';
import { MAX_CONDITIONS, type ObjectPattern, parsePattern } from './pattern.ts';

/** What a filter looks at. `data` is any JSON, as JSON.parse gives it: numbers beyond 2^53 have been rounded. */
export interface FilteredEvent {
  type: string;
  environment: string;
  data: unknown;
}

/**
 * `reason` and `mismatch` quote the event: show them to the tenant, do not log them. They are made when they are read.
 * `overBudget`: it is not known whether the event matches, because to find out would take more steps than one filter may.
 */
export type FilterMatch =
  | { matches: true }
  | { matches: false; overBudget: boolean; readonly reason: string; readonly mismatch: FilterMismatch };

export type CompiledFilter = (event: FilteredEvent) => FilterMatch;

/** A filter that is being asked about an event. */
export interface FilterSearch {
  /** Goes on until the stretch is spent, and takes from it what it needs. Null: there is more to do. */
  proceed: (stretch: StepBudget) => FilterMatch | null;
}

/** Characters of a reason: nested alternatives could each have theirs. */
const MAX_REASON = 1_000;

/** Why an event is not delivered that its subscription's filter could not be asked about. */
export const OVER_BUDGET =
  'The filter would need more steps for this event than a filter may take. Give it fewer conditions and alternatives.';

/**
 * Which events a subscription wants, by what is in them: a pattern in the syntax of Amazon EventBridge, over the
 * fields `type`, `environment` and `data`. It is stored as its author wrote it. docs/filters.md is the manual.
 */
export type Filter = Readonly<Record<string, unknown>>;

/** The same as `parseFilter`, for requests and their OpenAPI document. Not z.record, which drops `__proto__` unseen. */
export const Filter = z
  .unknown()
  .transform((json, context): Filter => {
    const parsed = parseFilter(json);
    if (parsed.ok) return parsed.filter;
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
  if (!parsed.ok) return parsed;
  const times = worstSteps(parsed.pattern) / MAX_FILTER_STEPS;
  if (times <= 1) return { ok: true, filter: parsed.document };
  const message = `could take ${times.toFixed(1)} times the steps that a filter may take for one event: too many conditions or alternatives look at the same field`;
  return { ok: false, errors: [{ path: '', message }] };
}

/** For many events and one filter: the work of reading the filter is done once. Never throws, nor does what it gives. */
export function compileFilter(filter: Filter): CompiledFilter {
  const { search } = compileSearch(filter);
  return (event) => {
    const { proceed } = search(event, new FlatLists());
    // It stops at the bound of a filter, if not before.
    return proceed(new StepBudget(Number.POSITIVE_INFINITY)) ?? overBudget();
  };
}

/** A filter that has been read. */
export interface CompiledSearch {
  /** For many filters and one event, `lists` saves work. */
  search: (event: FilteredEvent, lists: FlatLists) => FilterSearch;
  /** What it took to read the filter. */
  steps: number;
}

/** Reading a condition takes about as long as so many steps of a search. */
const STEPS_A_CONDITION = 200;

/** The same, a stretch at a time. */
export function compileSearch(filter: Filter): CompiledSearch {
  const parsed = parsePattern(filter);
  if (parsed.ok)
    return {
      search: (event, lists) => searchFor(parsed.pattern, event, lists),
      steps: parsed.conditions * STEPS_A_CONDITION,
    };
  // It was valid when it was written: a bound has been lowered since.
  const [error] = parsed.errors;
  const reason = `the filter is not valid any more: ${error?.path} ${error?.message}`;
  const mismatch = { code: 'filter_invalid', field: null, found: null } as const;
  return {
    search: () => ({ proceed: () => ({ matches: false, overBudget: false, reason, mismatch }) }),
    steps: MAX_CONDITIONS * STEPS_A_CONDITION,
  };
}

/** Whether an event matches a filter; if not, the first thing that does not. */
export function matchFilter(filter: Filter, event: FilteredEvent): FilterMatch {
  return compileFilter(filter)(event);
}

function searchFor(pattern: ObjectPattern, event: FilteredEvent, lists: FlatLists): FilterSearch {
  const budget = new StepBudget(MAX_FILTER_STEPS);
  const search: Search = { budget, stopAfter: 0, lists, places: [] };
  return {
    proceed: (stretch) => {
      const before = budget.spent;
      search.stopAfter = Math.min(before + stretch.left, budget.limit);
      const mismatch = findMismatch(pattern, event, search);
      stretch.spend(budget.spent - before);
      if (budget.isSpent) return overBudget();
      return mismatch === STOPPED ? null : verdictOn(mismatch);
    },
  };
}

function overBudget(): FilterMatch {
  const mismatch = { code: 'filter_over_budget', field: null, found: null } as const;
  return { matches: false, overBudget: true, reason: OVER_BUDGET, mismatch };
}

function verdictOn(mismatch: Mismatch | null): FilterMatch {
  if (mismatch === null) return { matches: true };
  return {
    matches: false,
    overBudget: false,
    get reason() {
      const reason = explain(mismatch);
      return reason.length <= MAX_REASON ? reason : `${reason.slice(0, MAX_REASON).toWellFormed()}…`;
    },
    get mismatch() {
      return outline(mismatch);
    },
  };
}
