import * as z from 'zod';
import { freePlaces, type InFlightStore, type Lease } from '../../core/delivery/in-flight.ts';
import type { Tables } from './client.ts';
import { createConditionalWrites } from './conditional-write.ts';
import { type Item, inFlightKey } from './keys.ts';

/** Each lease is an attribute of its own, so that leases are taken and given back without regard to each other. */
const LEASE = 'lease:';
const LeaseValue = z.object({ places: z.number(), endsAt: z.number() });

/** How often another worker may come between before the rest is left to it. */
const MAX_CONFLICTS = 5;

/** Seconds after which an item that no worker has used may go. */
const KEPT_SECONDS = 86_400;

export function createInFlight(tables: Pick<Tables, 'documents' | 'journalTable' | 'newWriteId'>): InFlightStore {
  const { documents, journalTable, newWriteId } = tables;
  const writes = createConditionalWrites(tables, journalTable);

  async function readLeases(subscriptionId: string): Promise<Lease[]> {
    const Key = inFlightKey(subscriptionId);
    const item = await documents.getItem({ TableName: journalTable, Key, ConsistentRead: true });
    return Object.entries(item ?? {}).flatMap(([name, value]) =>
      name.startsWith(LEASE) ? [{ id: name.slice(LEASE.length), ...LeaseValue.parse(value) }] : [],
    );
  }

  async function giveBack(subscriptionId: string, { id, places }: Lease): Promise<void> {
    await writes.updateIf(
      inFlightKey(subscriptionId),
      {
        set: 'taken = taken - :places',
        remove: '#lease',
        names: { '#lease': LEASE + id },
        values: { ':places': places },
      },
      { expression: 'attribute_exists(#lease)' },
    );
  }

  return {
    giveBack,

    async takePlaces(subscriptionId, request) {
      const { max, endsAt, now } = request;
      const id = newWriteId();
      for (let conflicts = 0; conflicts < MAX_CONFLICTS; conflicts += 1) {
        const leases = await readLeases(subscriptionId);
        // Written before, though its answer was lost and another write has come since.
        const own = leases.find((lease) => lease.id === id);
        if (own !== undefined) return own;
        const ended = leases.filter((lease) => lease.endsAt <= now);
        const live = leases.filter((lease) => lease.endsAt > now);
        const places = freePlaces(live, request);
        if (places === 0) break;
        await Promise.all(ended.map((lease) => giveBack(subscriptionId, lease)));
        const value: Item = { places, endsAt };
        const taken = await writes.updateIf(
          inFlightKey(subscriptionId),
          {
            set: 'taken = if_not_exists(taken, :none) + :places, #lease = :lease, expiresAt = :expiresAt',
            names: { '#lease': LEASE + id },
            values: {
              ':none': 0,
              ':places': places,
              ':lease': value,
              ':expiresAt': Math.ceil(endsAt / 1_000) + KEPT_SECONDS,
            },
          },
          // Without its first part a call that is repeated, because its answer was lost, would take its places twice, and give them back once.
          {
            expression: 'attribute_not_exists(#lease) AND (attribute_not_exists(taken) OR taken <= :room)',
            values: { ':room': max - places },
          },
        );
        if (taken !== null) return { id, places, endsAt };
      }
      return { id, places: 0, endsAt };
    },
  };
}
