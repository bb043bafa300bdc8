/*
 * At most so many attempts of one subscription under way, over all workers. A worker takes places for its batch as one
 * lease, and gives them back when the batch's attempts are over. The lease of a worker that was killed ends by its time.
 */

export interface Lease {
  id: string;
  places: number;
  /** Epoch milliseconds: by then its worker is over. */
  endsAt: number;
}

export interface PlacesRequest {
  /** How many attempts there are to make. */
  count: number;
  /** How many may be under way. */
  max: number;
  endsAt: number;
  now: number;
}

/** How many of the places that are asked for are free. */
export function freePlaces(leases: readonly Lease[], { count, max }: PlacesRequest): number {
  const taken = leases.reduce((sum, { places }) => sum + places, 0);
  return Math.max(0, Math.min(count, max - taken));
}

/** The port to the places that are taken. */
export interface InFlightStore {
  /** One read and one conditional update, or none if nothing is free. The lease has no places then. */
  takePlaces(subscriptionId: string, request: PlacesRequest): Promise<Lease>;
  /** Changes nothing if the lease has ended. */
  giveBack(subscriptionId: string, lease: Lease): Promise<void>;
}
