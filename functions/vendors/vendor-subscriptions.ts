import { invalid } from '../api/http/problem.ts';
import { type EventType, unknownPatterns } from '../core/event/event-type.ts';
import { fieldErrors } from '../core/field-error.ts';
import { invalidFields, notFound, Refusal } from '../core/refusal.ts';
import { PAUSED_BY_REQUEST, type Subscriptions } from '../core/subscription/manage.ts';
import type { ParkedDeliveries } from '../core/subscription/parked-deliveries.ts';
import { discardParked, type Subscription } from '../core/subscription/subscription.ts';
import { SubscriptionInput, type SubscriptionPatch } from '../core/subscription/subscription-input.ts';
import type { Owner } from '../core/vault.ts';
import type { COMPATIBILITY_ROUTES } from '../names.ts';
import { EVENT_TYPE_PACKS } from './event-type-packs.ts';

export type Vendor = keyof typeof COMPATIBILITY_ROUTES;

interface Replacement {
  patch: SubscriptionPatch;
  isActive: boolean;
  /** A further change to what is written. */
  finish?: (next: Subscription) => Promise<Subscription>;
}

/** A vendor's own subscriptions: those with its profile. Others of the same tenant do not exist for its clients. */
export interface VendorSubscriptions {
  /** Oldest first. */
  list(tenantId: string): Promise<Subscription[]>;
  read(owner: Owner): Promise<Subscription | Refusal>;
  create(tenantId: string, input: Partial<SubscriptionInput>, isActive: boolean): Promise<Subscription | Refusal>;
  /** Replaces a whole subscription. When it is active again, what was parked meanwhile is discarded. */
  replace(owner: Owner, replacement: Replacement): Promise<Subscription | Refusal>;
  /** Null once it is deleted. */
  remove(owner: Owner): Promise<Refusal | null>;
  /**
   * The names of event types as the vendor writes them, whatever their case in the request. Known are those of the
   * vendor's own pack and those that the deployment has. Throws a problem that names the others.
   */
  canonicalNames(given: readonly string[], path: string): Promise<string[]>;
}

export interface VendorSubscriptionsPorts {
  subscriptions: Subscriptions;
  parked: ParkedDeliveries;
  listEventTypes: () => Promise<readonly EventType[]>;
  eventTypes: 'open' | 'strict';
  now: () => number;
}

const PAGE = 100;

export function createVendorSubscriptions(vendor: Vendor, ports: VendorSubscriptionsPorts): VendorSubscriptions {
  const { subscriptions, parked, now } = ports;
  const own = (found: Subscription | Refusal): Subscription | Refusal =>
    found instanceof Refusal || found.profile === vendor ? found : notFound('subscription');

  return {
    async list(tenantId) {
      const found: Subscription[] = [];
      let after: string | null = null;
      do {
        const page: Awaited<ReturnType<Subscriptions['page']>> = await subscriptions.page(
          tenantId,
          PAGE,
          after,
          ({ profile }) => profile === vendor,
        );
        found.push(...page.values);
        after = page.next;
      } while (after !== null);
      return found.reverse();
    },

    async read(owner) {
      return own(await subscriptions.read(owner));
    },

    async create(tenantId, input, isActive) {
      const whole = { ...input, profile: vendor };
      const parsed = SubscriptionInput.safeParse(whole);
      if (!parsed.success) return invalidFields(fieldErrors(parsed.error, whole));
      return subscriptions.create(tenantId, parsed.data, isActive ? 'active' : 'paused');
    },

    async replace(owner, { patch, isActive, finish }) {
      let isResumed = false;
      const next = await subscriptions.change(owner, null, async (current) => {
        const known = own(current);
        if (known instanceof Refusal) return known;
        const patched = await subscriptions.applyPatch(known, {
          ...patch,
          ...(patch.headers === undefined ? {} : { headers: { ...allNull(known.headers), ...patch.headers } }),
          ...(patch.metadata === undefined ? {} : { metadata: { ...allNull(known.metadata), ...patch.metadata } }),
        });
        if (patched instanceof Refusal) return patched;
        const finished = finish === undefined ? patched : await finish(patched);
        const replaced = { ...finished, ...statusOf(finished, isActive, now()) };
        isResumed = (known.status === 'paused' || known.status === 'disabled') && replaced.status === 'active';
        // The vendors do not make up for what happened during a pause. It stays on record, and can be retried by hand.
        return isResumed ? discardParked(replaced, now(), null) : replaced;
      });
      if (!(next instanceof Refusal) && isResumed) await parked.settle(next);
      return next;
    },

    async remove(owner) {
      const found = own(await subscriptions.read(owner));
      return found instanceof Refusal ? found : subscriptions.delete(owner, null);
    },

    async canonicalNames(given, path) {
      const live = await ports.listEventTypes();
      const names = [...vendorEventTypes(vendor), ...live.filter(({ archived }) => !archived)].map(({ name }) => name);
      const known = new Map(names.map((name) => [name.toLowerCase(), name]));
      const canonical = given.map((name) => known.get(name.toLowerCase()) ?? name);
      const strange = given.filter((name) => name !== '*' && !known.has(name.toLowerCase()));
      const refused = ports.eventTypes === 'strict' ? [...strange, ...unknownPatterns(canonical, live)] : strange;
      if (refused.length === 0) return canonical;
      throw invalid([{ path, message: `${[...new Set(refused)].join(', ')}: there is no such event` }]);
    },
  };
}

export function vendorEventTypes(vendor: Vendor) {
  return EVENT_TYPE_PACKS.find(({ name }) => name === vendor)?.eventTypes ?? [];
}

function statusOf(current: Subscription, isActive: boolean, now: number): Partial<Subscription> {
  // Only the receiver's own consent makes it active.
  if (current.status === 'unverified') return {};
  if (isActive) return { status: 'active', statusReason: null };
  return current.status === 'active' ? { status: 'paused', statusReason: { ...PAUSED_BY_REQUEST, at: now } } : {};
}

function allNull(record: Record<string, string>): Record<string, null> {
  return Object.fromEntries(Object.keys(record).map((name) => [name, null]));
}
