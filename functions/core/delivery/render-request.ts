import type { Event } from '../event/event.ts';
import type { DeliveryRef } from '../ids.ts';
import type { CompiledProfile, ProfileKeys } from '../profile/compile-profile.ts';
import { hideValues } from '../subscription/own-headers.ts';
import type { Subscription } from '../subscription/subscription.ts';
import { templateValues } from './template-values.ts';

/** What a request is made of. */
export interface RequestParts {
  event: Event & { data: string };
  subscription: Pick<Subscription, 'id' | 'name' | 'url' | 'metadata'>;
  ref: DeliveryRef;
  /** The attempt's number, from 1. */
  attempt: number;
  /** Epoch milliseconds. */
  at: number;
  keys: ProfileKeys;
  userAgent: string;
  /** The subscription's own headers, in the clear. */
  ownHeaders?: Record<string, string>;
  /** `user:password`, sent as basic auth. */
  credentials?: string | null;
}

export interface RenderedRequest {
  body: string;
  headers: Record<string, string>;
  /** The headers as the log keeps them: without credentials, and with the names alone of the subscription's own. */
  shownHeaders: Record<string, string>;
}

/** Exactly what is sent: the one place where a request is put together. */
export function renderRequest(profile: CompiledProfile, parts: RequestParts): RenderedRequest {
  const { event, subscription, ref, attempt, at, keys, userAgent, ownHeaders = {}, credentials = null } = parts;
  const rendered = profile.render(templateValues(event, subscription, { ref, attempt, at }), keys);
  const trace = profile.document.traceparent && event.traceparent ? { traceparent: event.traceparent } : {};
  const fixed = { 'user-agent': userAgent, ...trace, ...rendered.headers };
  const own = withoutClashes(ownHeaders, fixed);
  const authorization =
    credentials === null ? {} : { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` };
  return {
    body: rendered.body,
    headers: { ...own, ...authorization, ...fixed },
    shownHeaders: { ...hideValues(own), ...fixed },
  };
}

/** How long an attempt may take: no longer than the deployment allows, nor than the profile says. */
export function attemptTimeoutMs({ document }: CompiledProfile, limitMs: number): number {
  return Math.min(limitMs, (document.retry.timeoutSeconds ?? Number.POSITIVE_INFINITY) * 1_000);
}

/** A subscription's headers, without those that the profile sets: header names ignore case. */
function withoutClashes(headers: Record<string, string>, fixed: Record<string, string>): Record<string, string> {
  const taken = new Set(Object.keys(fixed).map((name) => name.toLowerCase()));
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !taken.has(name.toLowerCase())));
}
