import { type EventType, matchesPattern, unknownPatterns } from '../event/event-type.ts';
import type { FieldError } from '../field-error.ts';
import type { CompiledProfile } from '../profile/compile-profile.ts';
import type { ProfileSource } from '../profile/profile-source.ts';
import { invalidField, invalidFields, Refusal } from '../refusal.ts';
import { SYSTEM_EVENT_TYPES } from '../system-event/system-event.ts';
import type { Tenant } from '../tenant/tenant.ts';
import type { Subscription } from './subscription.ts';

/** Finds the profile of a subscription or of a test. */
export interface ProfileChoice {
  /** The profile of that name, else the tenant's default, else the deployment's. */
  choose(tenantId: string, name: string | undefined): Promise<CompiledProfile | Refusal>;
  /** The profile that a stored subscription has. */
  of(subscription: Pick<Subscription, 'profile'>): Promise<CompiledProfile | Refusal>;
}

export interface ProfileChoicePorts {
  profiles: ProfileSource;
  tenants: { getTenant(tenantId: string): Promise<Tenant | null> };
  /** For subscriptions of tenants that have no default of their own. */
  defaultProfile: string;
}

export function createProfileChoice({ profiles, tenants, defaultProfile }: ProfileChoicePorts): ProfileChoice {
  return {
    async choose(tenantId, name) {
      const chosen = name ?? (await tenants.getTenant(tenantId))?.defaultProfile ?? defaultProfile;
      const message = `"${chosen}" does not exist: GET /v1/profiles lists what there is`;
      return (await profiles.get(chosen, null)) ?? invalidField('/profile', message);
    },

    async of({ profile: name }) {
      const message = `The profile ${name} was deleted. Change it first.`;
      return (await profiles.get(name, null)) ?? new Refusal('conflict', message);
    },
  };
}

/** What the profile demands of a subscription; null if the subscription meets it. */
export function refuseByProfile(
  { document }: CompiledProfile,
  { name, eventTypes, signatureVersions }: Pick<Subscription, 'name' | 'eventTypes' | 'signatureVersions'>,
  path: string,
): Refusal | null {
  const { name: profile, subscription, signatures } = document;
  const errors: FieldError[] = [];
  if (subscription.requiredFields.includes('name') && name === null) {
    errors.push({ path: '/name', message: `is required by the profile ${profile}` });
  }
  if (subscription.eventTypes === 'one' && (eventTypes.length !== 1 || eventTypes[0]?.endsWith('*') === true)) {
    const message = `must be exactly one event type: the profile ${profile} takes one for each subscription`;
    errors.push({ path, message });
  }
  if (signatureVersions.includes('v1a') && !signatures.some(({ algorithm }) => algorithm === 'ed25519')) {
    errors.push({ path: '/signatureVersions', message: `v1a is not known to the profile ${profile}` });
  }
  return errors.length === 0 ? null : invalidFields(errors);
}

/** A pattern that matches no live event type is a mistake where only known types are accepted; null if there is none. System events are always known. */
export function refuseUnknownTypes(
  patterns: readonly string[],
  known: readonly EventType[],
  path: string,
): Refusal | null {
  const isSystem = (pattern: string) => SYSTEM_EVENT_TYPES.some((type) => matchesPattern(pattern, type));
  const complaint = (pattern: string) =>
    known.some(({ name }) => matchesPattern(pattern, name))
      ? 'matches only archived event types: bring one back with PATCH /v1/event-types/{name} {"archived": false}'
      : 'matches no known event type';
  const errors = unknownPatterns(patterns, known)
    .filter((pattern) => !isSystem(pattern))
    .map((pattern) => ({
      path: path === '/event' ? path : `${path}/${patterns.indexOf(pattern)}`,
      message: `"${pattern}" ${complaint(pattern)}`,
    }));
  return errors.length === 0 ? null : invalidFields(errors);
}
