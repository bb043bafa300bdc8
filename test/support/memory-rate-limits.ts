import {
  NO_RESERVATIONS,
  planReservation,
  type RateLimitStore,
  type RateState,
  type Reservation,
  reservationOf,
  reserve,
  type SlotRequest,
} from '../../functions/core/delivery/rate-limit.ts';

/** Reservations as core makes them. The contract is in test/contracts/rate-limits.ts. */
export class MemoryRateLimits implements RateLimitStore {
  readonly states = new Map<string, RateState>();
  /** How many updates there were. */
  updates = 0;

  async reserveSlots(subscriptionId: string, request: SlotRequest): Promise<Reservation> {
    const seen = this.states.get(subscriptionId) ?? NO_RESERVATIONS;
    const plan = planReservation(seen, request);
    const left = reserve(plan, seen);
    this.states.set(subscriptionId, left);
    this.updates += 1;
    return reservationOf(plan, left);
  }
}
