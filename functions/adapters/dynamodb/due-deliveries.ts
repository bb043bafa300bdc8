import type { Delivery } from '../../core/delivery/delivery.ts';
import type { DueStore } from '../../core/delivery/due-store.ts';
import type { Tables } from './client.ts';
import { parseDelivery } from './deliveries.ts';
import { createDueIndex } from './due-index.ts';
import { duePartitions } from './keys.ts';

/** The journal's deliveries that wait for something, by when it is due. */
export function createDueDeliveries(
  tables: Pick<Tables, 'documents' | 'journalTable' | 'newWriteId'>,
  now: () => number,
): DueStore<Delivery> {
  return createDueIndex(tables, now, duePartitions(), parseDelivery);
}
