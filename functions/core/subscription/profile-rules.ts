import { type EventType, matchesPattern, unknownPatterns } from '../event/event-type.ts';
import type { FieldError } from '../field-error.ts';
import { jsonPointer } from '../json/pointer.ts';
import type { CompiledProfile } from '../profile/compile-profile.ts';
import type { ProfileDocument } from '../profile/profile.ts';
import type { ProfileSource } from '../profile/profile-source.ts';
import { neededVersions, signatureVersionOf } from '../profile/signature-versions.ts';
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
  given: Pick<Subscription, 'name' | 'eventTypes' | 'signatureVersions' | 'headers'>,
  path: string,
): Refusal | null {
  const { name, eventTypes, signatureVersions } = given;
  const { name: profile, subscription, headers, signatures } = document;
  const errors: FieldError[] = [];
  if (subscription.requiredFields.includes('name') && name === null) {
    errors.push({ path: '/name', message: `is required by the profile ${profile}` });
  }
  if (subscription.eventTypes === 'one' && (eventTypes.length !== 1 || eventTypes[0]?.endsWith('*') === true)) {
    const message = `must be exactly one event type: the profile ${profile} takes one for each subscription`;
    errors.push({ path, message });
  }
  const complaint = complainAboutVersions(document, signatureVersions);
  if (complaint !== null) errors.push({ path: '/signatureVersions', message: complaint });
  const set = [...Object.keys(headers), ...signatures.map(({ header }) => header)].map((header) =>
    header.toLowerCase(),
  );
  for (const header of Object.keys(given.headers)) {
    if (set.includes(header.toLowerCase()))
      errors.push({
        path: jsonPointer(['headers', header]),
        message: `is set by the profile ${profile}: leave it out`,
      });
  }
  return errors.length === 0 ? null : invalidFields(errors);
}

/** What is wrong with the versions of a subscription's keys; null if the profile signs with them as it says. */
function complainAboutVersions(document: ProfileDocument, versions: Subscription['signatureVersions']): string | null {
  const { name, signatures } = document;
  if (versions.includes('v1a') && !signatures.some((scheme) => signatureVersionOf(scheme) === 'v1a'))
    return `v1a is not known to the profile ${name}`;
  const missing = neededVersions(document).find((version) => !versions.includes(version));
  return missing === undefined ? null : `must include ${missing}, with which the profile ${name} signs`;
}

const VERSION_CHOICES: readonly Subscription['signatureVersions'][] = [['v1'], ['v1a'], ['v1', 'v1a']];

/** Whether every subscription that a profile has taken has the keys that its next version signs with. */
export function keepsVersions(before: ProfileDocument, next: ProfileDocument): boolean {
  const takes = (document: ProfileDocument, versions: Subscription['signatureVersions']): boolean =>
    complainAboutVersions(document, versions) === null;
  return VERSION_CHOICES.every((versions) => !takes(before, versions) || takes(next, versions));
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
