import { invalid, notFound, Problem } from '../api/http/problem.ts';
import type { ApiDeps } from '../api/http/route.ts';
import {
  applyPatch,
  changeSubscription,
  createSubscription,
  deleteSubscription,
  readSubscription,
  SubscriptionInput,
  type SubscriptionPatch,
} from '../api/subscriptions.ts';
import { releaseMessage } from '../core/delivery/queue-message.ts';
import { unknownPatterns } from '../core/event/event-type.ts';
import type { StatusReason, Subscription } from '../core/subscription/subscription.ts';
import { EVENT_TYPE_PACKS } from './event-type-packs.ts';

/** A vendor's own subscriptions: those with its profile. Others of the same tenant do not exist for its clients. */
export type Vendor = ApiDeps['compatibility'][number];

interface Owner {
  tenantId: string;
  subscriptionId: string;
}

/** Oldest first. */
export async function listOwn(deps: ApiDeps, vendor: Vendor, tenantId: string): Promise<Subscription[]> {
  const found: Subscription[] = [];
  let after: string | null = null;
  do {
    const page: Awaited<ReturnType<typeof deps.catalog.pageSubscriptions>> = await deps.catalog.pageSubscriptions(
      tenantId,
      100,
      after,
      ({ profile }) => profile === vendor,
    );
    found.push(...page.values);
    after = page.next;
  } while (after !== null);
  return found.reverse();
}

export async function readOne(deps: ApiDeps, vendor: Vendor, owner: Owner): Promise<Subscription> {
  return own(vendor, await readSubscription(deps, owner));
}

export function create(
  deps: ApiDeps,
  vendor: Vendor,
  tenantId: string,
  input: Partial<SubscriptionInput>,
  isActive: boolean,
): Promise<Subscription> {
  const parsed = SubscriptionInput.safeParse({ ...input, profile: vendor });
  if (!parsed.success) {
    throw invalid(
      parsed.error.issues.map(({ path, message }) => ({ path: `/${path.map(String).join('/')}`, message })),
    );
  }
  return createSubscription(deps, tenantId, parsed.data, isActive ? null : pausedAt(deps.now()));
}

interface Replacement {
  patch: SubscriptionPatch;
  isActive: boolean;
  /** A further change to what is written. */
  finish?: (next: Subscription) => Promise<Subscription>;
}

/** Writes a whole subscription anew, at once. When it is active again, what was parked meanwhile is discarded. */
export async function replace(deps: ApiDeps, vendor: Vendor, owner: Owner, replacement: Replacement) {
  const { patch, isActive, finish } = replacement;
  let wasIdle = false;
  const next = await changeSubscription(deps, owner, null, async (current) => {
    const { headers, metadata } = own(vendor, current);
    wasIdle = current.status === 'paused' || current.status === 'disabled';
    const patched = await applyPatch(deps, current, {
      ...patch,
      ...(patch.headers === undefined ? {} : { headers: { ...allNull(headers), ...patch.headers } }),
      ...(patch.metadata === undefined ? {} : { metadata: { ...allNull(metadata), ...patch.metadata } }),
    });
    const finished = finish === undefined ? patched : await finish(patched);
    return { ...finished, ...statusOf(finished, isActive, deps.now()) };
  });
  // The vendors do not make up for what happened during a pause. It stays on record, and can be retried by hand.
  if (wasIdle && next.status === 'active') await deps.retries.send([releaseMessage(next, 'discard', null)]);
  return next;
}

/** Only what was read is deleted: should it have changed in between, it is read anew. */
export async function remove(deps: ApiDeps, vendor: Vendor, owner: Owner): Promise<void> {
  for (let tries = 0; tries < 5; tries += 1) {
    if (await deleteSubscription(deps, await readOne(deps, vendor, owner))) return;
  }
  throw new Problem('conflict', 'Others keep changing it at the same moment. Send the request again.', [], 1);
}

/**
 * The names of event types as the vendor writes them, whatever their case in the request. Known are those of the vendor's
 * own list and those that the deployment has in its catalogue.
 */
export async function canonicalNames(deps: ApiDeps, vendor: Vendor, given: readonly string[], path: string) {
  const live = await deps.catalog.listEventTypes();
  const names = [...vendorEventTypes(vendor), ...live.filter(({ archived }) => !archived)].map(({ name }) => name);
  const known = new Map(names.map((name) => [name.toLowerCase(), name]));
  const canonical = given.map((name) => known.get(name.toLowerCase()) ?? name);
  const strange = given.filter((name) => name !== '*' && !known.has(name.toLowerCase()));
  const refused = deps.eventTypes === 'strict' ? [...strange, ...unknownPatterns(canonical, live)] : strange;
  if (refused.length === 0) return canonical;
  throw invalid([{ path, message: `${[...new Set(refused)].join(', ')}: there is no such event` }]);
}

export function vendorEventTypes(vendor: Vendor) {
  return EVENT_TYPE_PACKS.find(({ name }) => name === vendor)?.eventTypes ?? [];
}

function own(vendor: Vendor, subscription: Subscription): Subscription {
  if (subscription.profile !== vendor) throw notFound('subscription');
  return subscription;
}

function statusOf(current: Subscription, isActive: boolean, now: number): Partial<Subscription> {
  // Only the receiver's own consent makes it active.
  if (current.status === 'unverified') return {};
  if (isActive) return { status: 'active', statusReason: null };
  return current.status === 'active' ? { status: 'paused', statusReason: pausedAt(now) } : {};
}

function pausedAt(at: number): StatusReason {
  return { code: 'paused', message: 'It was paused by request.', at };
}

function allNull(record: Record<string, string>): Record<string, null> {
  return Object.fromEntries(Object.keys(record).map((name) => [name, null]));
}
