import { useProfiles } from '../api/profiles.ts';
import { useTenant } from '../api/tenants.ts';
import type { Profile } from '../api/types.ts';
import { useSession } from '../session/session.tsx';
import { useTenantId } from '../session/tenant.ts';

/** The profiles that the reader may choose from, none if it is not theirs to choose, and what the form needs of a profile. */
export function useProfileChoice() {
  const { caller, settings } = useSession();
  const profiles = useProfiles();
  // There is none before its first webhook or event.
  const tenant = useTenant(useTenantId());
  const all = profiles.data ?? [];
  const choices = caller.tenantId === null ? all : all.filter(({ name }) => settings.profiles.includes(name));
  return {
    isLoading: profiles.isPending || tenant.isPending,
    choices,
    defaultProfile: tenant.data?.defaultProfile ?? settings.defaultProfile,
    /** What a profile asks of its subscriptions. A profile that is not known asks for nothing. */
    rulesOf: (name: string): Profile['document']['subscription'] | undefined =>
      all.find((one) => one.name === name)?.document.subscription,
  };
}
