import * as z from 'zod';
import type { DueStore } from '../../core/delivery/due-store.ts';
import { INDEXES } from '../../names.ts';
import type { Tables } from './client.ts';
import { createConditionalWrites } from './conditional-write.ts';
import type { Item } from './keys.ts';
import { createLiveness } from './retention.ts';

/** How many entries one page has. */
const DUE_PAGE = 100;

const DueIndexEntry = z.object({ pk: z.string(), sk: z.string(), dueAt: z.number() });

/**
 * What the journal's due index has in some of its partitions.
 * @param parse makes the thing out of its item
 */
export function createDueIndex<Thing>(
  tables: Pick<Tables, 'documents' | 'journalTable' | 'newWriteId'>,
  now: () => number,
  shards: readonly string[],
  parse: (item: Item) => Thing,
): DueStore<Thing> {
  const { documents, journalTable } = tables;
  const liveness = createLiveness(now);
  const writes = createConditionalWrites(tables, journalTable);
  return {
    shards,
    pageSize: DUE_PAGE,

    async listDue(shard, until) {
      const { Items = [] } = await documents.query({
        TableName: journalTable,
        IndexName: INDEXES.journalDue.name,
        KeyConditionExpression: 'duePk = :pk AND dueAt <= :until',
        ExpressionAttributeValues: { ':pk': shard, ':until': until },
        Limit: DUE_PAGE,
      });
      return Items.map((item) => {
        const { pk, sk, dueAt } = DueIndexEntry.parse(item);
        return { key: { pk, sk }, dueAt };
      });
    },

    async lease({ key, dueAt }, until) {
      const asSeen = { expression: 'dueAt = :seen', values: { ':seen': dueAt } };
      const leased = await writes.updateIf(
        key,
        { set: 'dueAt = :until', add: 'ticket :one, revision :one', values: { ':until': until, ':one': 1 } },
        liveness.ifLive(asSeen),
      );
      if (leased !== null) return parse(leased);
      // An expired item would be listed first, before all that is live, until DynamoDB removes it.
      await writes.updateIf(key, { remove: 'duePk, dueAt' }, liveness.ifExpired(asSeen));
      return null;
    },
  };
}
