import type { Random } from '../ids.ts';
import { heldUntil, takeProbe } from '../subscription/health.ts';
import type { SubscriptionStore } from '../subscription/subscription-store.ts';
import type { Admission, Admitted } from './admit.ts';
import { holdDelivery } from './delivery.ts';

/** Of several attempts of one subscription that could be its probe, the first may be; the others wait on. */
export function chooseProbes<Key>(
  admissions: ReadonlyMap<Key, Admission>,
  now: number,
  random: Random,
): Map<Key, Admission> {
  const probed = new Set<string>();
  return new Map(
    [...admissions].map(([key, admission]): [Key, Admission] => {
      if (admission.kind !== 'attempt' || !admission.isProbe) return [key, admission];
      const { tenantId, id } = admission.subscription;
      const subscription = `${tenantId} ${id}`;
      if (probed.has(subscription)) return [key, waitForProbe(admission, now, random)];
      probed.add(subscription);
      return [key, admission];
    }),
  );
}

/** Another attempt is the probe. */
export function waitForProbe({ delivery, trigger, health }: Admitted, now: number, random: Random) {
  const until = heldUntil(health, now, random, delivery.attempts.at(-1)?.startedAt ?? null);
  return { kind: 'change', delivery, next: holdDelivery(delivery, trigger, until) } as const;
}

/** The attempt as the probe of its subscription; null if another worker's is. Costs a write. */
export async function leaseProbe(
  store: Pick<SubscriptionStore, 'saveHealth'>,
  admitted: Admitted,
  attemptId: string,
  leaseEndsAt: number,
): Promise<Admitted | null> {
  const { tenantId, id } = admitted.subscription;
  const leased = takeProbe(admitted.health, attemptId, leaseEndsAt);
  const { saved } = await store.saveHealth(tenantId, id, leased);
  return saved ? { ...admitted, health: { ...leased, revision: leased.revision + 1 } } : null;
}
