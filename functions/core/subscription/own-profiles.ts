import { refuseStale } from '../change-stored.ts';
import { isBuiltInProfile } from '../profile/built-in-names.ts';
import { compileProfile } from '../profile/compile-profile.ts';
import type { ProfileDocument } from '../profile/profile.ts';
import type { ProfileStore, StoredProfile } from '../profile/profile-store.ts';
import { longestSpanSeconds } from '../profile/retry-policy.ts';
import { changedMeanwhile, invalidField, invalidFields, notFound, Refusal } from '../refusal.ts';
import type { TenantStore } from '../tenant/tenant-store.ts';
import { keepsVersions } from './profile-rules.ts';

/** The profiles of the company's own. */
export interface OwnProfiles {
  read(name: string): Promise<StoredProfile | Refusal>;
  add(document: unknown): Promise<StoredProfile | Refusal>;
  /** Makes the next version; deliveries under way keep theirs. */
  replace(name: string, document: unknown, ifMatch: number | null): Promise<StoredProfile | Refusal>;
  /** Null when done. */
  delete(name: string, ifMatch: number | null): Promise<Refusal | null>;
}

export interface OwnProfilesPorts {
  store: ProfileStore;
  tenants: Pick<TenantStore, 'listTenants'>;
  /** The deployment's. */
  defaultProfile: string;
  /** How long events are kept. */
  journalRetentionDays: number;
  now: () => number;
}

/** A path of the API. */
const RESERVED_NAME = 'preview';
const conflict = (message: string): Refusal => new Refusal('conflict', message);

/** Kept back for what a delivery may wait besides its schedule: a pause, a backlog. */
const RETENTION_RESERVE_DAYS = 1;

export function createOwnProfiles(ports: OwnProfilesPorts): OwnProfiles {
  const { store, tenants, defaultProfile, now } = ports;

  async function read(name: string): Promise<StoredProfile | Refusal> {
    if (isBuiltInProfile(name))
      return conflict(`${name} is built in and cannot be changed. Add one of your own like it.`);
    return (await store.getLatestProfile(name)) ?? notFound('profile');
  }

  async function readAt(name: string, ifMatch: number | null): Promise<StoredProfile | Refusal> {
    const stored = await read(name);
    return stored instanceof Refusal ? stored : (refuseStale(ifMatch, stored) ?? stored);
  }

  async function tenantWithDefault(profile: string): Promise<string | null> {
    let after: string | null = null;
    do {
      const page: Awaited<ReturnType<typeof tenants.listTenants>> = await tenants.listTenants(100, after);
      const found = page.values.find((tenant) => tenant.defaultProfile === profile);
      if (found !== undefined) return found.id;
      after = page.next;
    } while (after !== null);
    return null;
  }

  /** An attempt that comes after the journal has forgotten its event could not be made. */
  function refuseLongSchedule({ retry }: ProfileDocument): Refusal | null {
    const days = longestSpanSeconds(retry) / 86_400;
    const most = ports.journalRetentionDays - RETENTION_RESERVE_DAYS;
    if (days <= most) return null;
    const message = `can take ${days.toFixed(1)} days, Retry-After included, and events are kept for ${ports.journalRetentionDays}: shorten it to ${most}, set deadlineSeconds, or raise journalRetentionDays`;
    return invalidField('/retry', message);
  }

  return {
    read,

    async add(input) {
      const document = compile(input);
      if (document instanceof Refusal) return document;
      const { name } = document;
      if (isBuiltInProfile(name) || name === RESERVED_NAME)
        return conflict(`${name} is taken by Posthorn. Choose another name.`);
      const long = refuseLongSchedule(document);
      if (long !== null) return long;
      const at = now();
      // With its defaults: a later release may have others, and a version never changes.
      const saved = await store.saveProfile({ name, document, createdAt: at, updatedAt: at }, 0);
      return saved ?? conflict(`There is a profile ${name} already. Change it with PUT.`);
    },

    async replace(name, input, ifMatch) {
      const document = compile(input);
      if (document instanceof Refusal) return document;
      if (document.name !== name) return invalidField('/name', `must be ${name}, as in the path`);
      const long = refuseLongSchedule(document);
      if (long !== null) return long;
      const current = await readAt(name, ifMatch);
      if (current instanceof Refusal) return current;
      const before = compile(current.document);
      if (before instanceof Refusal) return before;
      const isFit = demandsOf(before) === demandsOf(document) && keepsVersions(before, document);
      if (!isFit && (await store.isProfileUsed(name)))
        return conflict(
          'Subscriptions use it, and their keys were made for its secret, its format, its algorithms and its signing key’s owner as they are. Add a profile of another name.',
        );
      return (
        (await store.saveProfile({ ...current, document, updatedAt: now() }, current.revision)) ?? changedMeanwhile()
      );
    },

    async delete(name, ifMatch) {
      const stored = await readAt(name, ifMatch);
      if (stored instanceof Refusal) return stored;
      if (defaultProfile === name) return conflict('It is the default of this deployment.');
      if (await store.isProfileUsed(name)) return conflict('Subscriptions use it. Change or delete them first.');
      const tenant = await tenantWithDefault(name);
      if (tenant !== null) return conflict(`It is the default of the tenant ${tenant}. Change that first.`);
      return (await store.deleteProfile(stored)) ? null : changedMeanwhile();
    },
  };
}

function compile(document: unknown): ProfileDocument | Refusal {
  const compiled = compileProfile(document, 1);
  return compiled.ok ? compiled.profile.document : invalidFields(compiled.errors);
}

/**
 * What a subscription's keys must be is settled when it is made: a version that needs others would leave it unsigned. A
 * further scheme is fine: it signs with the keys that are there.
 */
function demandsOf({ subscription, signatures }: ProfileDocument): string {
  return [subscription.secret, subscription.secretFormat, signatures.some(({ key }) => key === 'tenant')].join();
}
