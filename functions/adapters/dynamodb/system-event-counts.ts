import * as z from 'zod';
import type { SystemEventCounts } from '../../core/system-event/counted.ts';
import type { Tables } from './client.ts';
import { createConditionalWrites } from './conditional-write.ts';
import { countKey } from './keys.ts';

/** Long after the message that closes a window can have come. */
const KEEP_SECONDS = 14 * 86_400;

const Counted = z.object({ begunBy: z.string(), told: z.int().optional() });

export function createSystemEventCounts(
  tables: Pick<Tables, 'documents' | 'journalTable' | 'newWriteId'>,
  now: () => number,
): SystemEventCounts {
  const writes = createConditionalWrites(tables, tables.journalTable);
  return {
    async addToWindow({ subject, startsAt }, cause, by) {
      const { done, item } = await writes.tryUpdate(
        countKey(subject, startsAt),
        {
          set: 'begunBy = if_not_exists(begunBy, :cause), expiresAt = :expiresAt',
          add: 'counted :by',
          values: { ':cause': cause, ':by': by, ':expiresAt': Math.floor(now() / 1_000) + KEEP_SECONDS },
        },
        { expression: 'attribute_not_exists(told)' },
      );
      return { begunBy: Counted.parse(item).begunBy, isClosed: !done };
    },

    async closeWindow({ subject, startsAt }) {
      const closed = await writes.updateIf(
        countKey(subject, startsAt),
        { set: 'told = if_not_exists(told, counted)' },
        { expression: 'attribute_exists(pk)' },
      );
      if (closed === null) throw new Error('the window that is closed is not on record');
      return Counted.required().parse(closed).told;
    },
  };
}
