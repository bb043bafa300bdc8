import { useProfiles } from '../api/profiles.ts';
import { useDefaultProfile } from '../api/tenants.ts';
import type { Profile } from '../api/types.ts';
import { useSession } from '../session/session.tsx';
import { useTenantId } from '../session/tenant.ts';

/** The profiles that the reader may choose from, none if it is not theirs to choose, and what the form needs of a profile. */
export function useProfileChoice() {
  const { caller, settings } = useSession();
  const profiles = useProfiles();
  const ofTenant = useDefaultProfile(useTenantId());
  const all = profiles.data ?? [];
  const choices = caller.tenantId === null ? all : all.filter(({ name }) => settings.profiles.includes(name));
  return {
    /** What is not known: a profile that is guessed would be sent as if it were chosen. */
    failed: [profiles, ofTenant].find(({ isLoadingError }) => isLoadingError) ?? null,
    isLoading: profiles.isPending || ofTenant.isPending,
    choices,
    defaultProfile: ofTenant.data ?? settings.defaultProfile,
    /** What a profile asks of its subscriptions. A profile that is not known asks for nothing. */
    rulesOf: (name: string): Profile['document']['subscription'] | undefined =>
      all.find((one) => one.name === name)?.document.subscription,
  };
}
