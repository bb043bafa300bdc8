import {
  freePlaces,
  type InFlightStore,
  type Lease,
  type PlacesRequest,
} from '../../functions/core/delivery/in-flight.ts';

/** The places that are taken. The contract is in test/contracts/in-flight.ts. */
export class MemoryInFlight implements InFlightStore {
  private count = 0;
  readonly leases = new Map<string, Lease[]>();

  async takePlaces(subscriptionId: string, request: PlacesRequest): Promise<Lease> {
    const live = (this.leases.get(subscriptionId) ?? []).filter(({ endsAt }) => endsAt > request.now);
    const lease = { id: `lease ${this.count++}`, places: freePlaces(live, request), endsAt: request.endsAt };
    this.leases.set(subscriptionId, lease.places === 0 ? live : [...live, lease]);
    return lease;
  }

  async giveBack(subscriptionId: string, { id }: Lease): Promise<void> {
    this.leases.set(
      subscriptionId,
      (this.leases.get(subscriptionId) ?? []).filter((lease) => lease.id !== id),
    );
  }
}
