import type { FunctionName } from '../functions/names.ts';

/** Lambda runs so many functions at the same time for an account that has asked for nothing, and for a new account 10. */
export const USUAL_CONCURRENCY = 1_000;
export const LEAST_CONCURRENCY = 10;

/** Lambda leaves no function less than this to share with the others of the account that reserve nothing. */
const NEVER_RESERVED = 100;

/** With less than this nothing is reserved: what is left for all others would be too little. */
const RESERVES_FROM = 200;

/** What is left to the API and to `sweep` where nothing is reserved for them. */
const LEFT_OVER = 2;

/** What the event sources may take of the usual concurrency. */
const EVENT_SOURCES = { ingest: 50, firstAttempts: 200, retries: 50, jobs: 10 };
/** Reserved, so that slow receivers, each of which holds up `deliver`, cannot starve the API. */
const API = 200;
/** Not more than one: sweeps never overlap. */
const SWEEP = 1;

export interface EventSourceConcurrency {
  ingest: number;
  firstAttempts: number;
  retries: number;
  jobs: number;
}

export type ReservedConcurrency = Partial<Record<FunctionName, number>>;

/** The defaults for an account's concurrency: its share up to the usual, and at least the 2 that an event source must have. */
export function defaultConcurrency(account: number): {
  eventSources: EventSourceConcurrency;
  reserved: ReservedConcurrency;
} {
  const share = (usual: number): number =>
    Math.max(2, Math.min(usual, Math.floor((usual * account) / USUAL_CONCURRENCY)));
  return {
    eventSources: {
      ingest: share(EVENT_SOURCES.ingest),
      firstAttempts: share(EVENT_SOURCES.firstAttempts),
      retries: share(EVENT_SOURCES.retries),
      jobs: share(EVENT_SOURCES.jobs),
    },
    reserved: account < RESERVES_FROM ? {} : { api: share(API), sweep: SWEEP },
  };
}

/** What is wrong with a division of an account's concurrency, and what to change; null if nothing is. */
export function findOverbooking(
  account: number,
  sources: EventSourceConcurrency,
  reserved: ReservedConcurrency,
): string | null {
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  const set = sum(Object.values(reserved));
  if (set > 0 && account - set < NEVER_RESERVED)
    return `is ${account}, of which the functions reserve ${set}, but Lambda keeps ${NEVER_RESERVED} unreserved: lower their reservedConcurrency, or raise the account's quota and this setting`;
  const workers = {
    ingest: sources.ingest,
    deliver: sources.firstAttempts + sources.retries,
    jobs: sources.jobs,
  };
  const taken = sum([
    ...(['ingest', 'deliver', 'jobs'] as const).map((name) => Math.max(workers[name], reserved[name] ?? 0)),
    reserved.api ?? LEFT_OVER - 1,
    reserved.sweep ?? LEFT_OVER - 1,
    // What they reserve is kept from the event sources, used or not.
    reserved.console ?? 0,
    reserved.canary ?? 0,
  ]);
  if (taken <= account) return null;
  return `is ${account}, but event sources and the other functions may take ${taken}: lower ingestMaxConcurrency, firstAttemptsMaxConcurrency, retriesMaxConcurrency, jobsMaxConcurrency or the functions' reservedConcurrency, or raise the account's quota and this setting`;
}
