import type { Subscription, SubscriptionInput, SubscriptionPatch } from '../api/types.ts';
import { fromLocal, toLocal } from '../components/moment-field.tsx';
import { readNumber } from '../components/number-field.tsx';

/** A webhook as the form holds it: what was typed, right or wrong. */
export interface Draft {
  name: string;
  url: string;
  eventTypes: readonly string[];
  environment: Subscription['environment'];
  profile: string;
  secret: string;
  headers: readonly { name: string; value: string }[];
  filter: string;
  maxPerSecond: string;
  /** In the reader's zone, to the minute. */
  expiresAt: string;
}

export const ALL_EVENTS = '*';

export function newDraft(profile: string): Draft {
  return {
    name: '',
    url: '',
    eventTypes: [ALL_EVENTS],
    environment: 'production',
    profile,
    secret: '',
    headers: [],
    filter: '',
    maxPerSecond: '',
    expiresAt: '',
  };
}

export function draftOf(subscription: Subscription): Draft {
  const { name, url, eventTypes, environment, profile, headers, filter, maxPerSecond, expiresAt } = subscription;
  return {
    name: name ?? '',
    url,
    eventTypes,
    environment,
    profile,
    secret: '',
    headers: Object.entries(headers).map(([header, value]) => ({ name: header, value })),
    filter: filter === null || filter === undefined ? '' : JSON.stringify(filter, null, 2),
    maxPerSecond: maxPerSecond === null ? '' : String(maxPerSecond),
    expiresAt: toLocal(expiresAt ?? ''),
  };
}

/** What the form itself must read before the API can judge it. */
export function readDraft({ filter, maxPerSecond }: Draft) {
  return {
    filter: readFilter(filter),
    maxPerSecond: readNumber(maxPerSecond),
  };
}

/** No text is no filter. */
export function readFilter(text: string): { isJson: boolean; value: SubscriptionInput['filter'] } {
  if (text.trim() === '') return { isJson: true, value: null };
  try {
    return { isJson: true, value: JSON.parse(text) };
  } catch {
    return { isJson: false, value: null };
  }
}

/** @param choosesProfile whether the reader may say which; if not, the API knows */
export function inputOf(draft: Draft, choosesProfile: boolean): SubscriptionInput {
  const { filter, maxPerSecond } = readDraft(draft);
  return {
    name: draft.name.trim() === '' ? null : draft.name.trim(),
    url: draft.url.trim(),
    eventTypes: [...draft.eventTypes],
    environment: draft.environment,
    headers: headersOf(draft),
    filter: filter.value ?? null,
    maxPerSecond,
    expiresAt: fromLocal(draft.expiresAt),
    ...(draft.secret === '' ? {} : { secret: draft.secret }),
    ...(choosesProfile ? { profile: draft.profile } : {}),
  };
}

/** What differs from the webhook as it was read; a header that is gone is cleared. */
export function patchOf(draft: Draft, before: Subscription, choosesProfile: boolean): SubscriptionPatch {
  const { secret: _, ...input } = inputOf(draft, choosesProfile);
  const gone = Object.keys(before.headers).filter((name) => !Object.hasOwn(headersOf(draft), name));
  const headers = { ...headersOf(draft), ...Object.fromEntries(gone.map((name) => [name, null])) };
  // The form's moment has no seconds: one that was not touched stays as it is.
  const expiresAt = draft.expiresAt === draftOf(before).expiresAt ? before.expiresAt : input.expiresAt;
  const wanted: SubscriptionPatch = { ...input, headers, expiresAt };
  const now: Record<string, unknown> = before;
  return Object.fromEntries(
    Object.entries(wanted).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(now[name])),
  );
}

function headersOf({ headers }: Draft): Record<string, string> {
  return Object.fromEntries(
    headers.filter(({ name }) => name.trim() !== '').map(({ name, value }) => [name.trim(), value]),
  );
}
