import { isAwsError } from '../aws/calls.ts';
import type { Tables } from './client.ts';
import type { Item, Key, KeyedItem } from './keys.ts';

/*
 * A call whose answer was lost is repeated. If the first try had its effect, the repetition fails on its own
 * condition. Each write therefore stores a new `writeId`; an item that carries it when the condition has failed
 * shows that the write had its effect.
 */

export interface Condition {
  expression: string;
  names?: Record<string, string>;
  values?: Item;
}

export interface Update {
  /** The clauses of an update expression. */
  set?: string;
  add?: string;
  remove?: string;
  names?: Record<string, string>;
  values?: Item;
}

export const ABSENT: Condition = { expression: 'attribute_not_exists(pk)' };

/** The stored revision is the given one; 0 means that there is no item. */
export const atRevision = (revision: number): Condition =>
  revision === 0 ? ABSENT : { expression: 'revision = :revision', values: { ':revision': revision } };

export const isConditionFailure = (error: unknown): boolean => isAwsError(error, 'ConditionalCheckFailedException');

/** Writes to one table. Each gives false, or null, if its condition does not hold, and has written nothing then. */
export function createConditionalWrites(
  { documents, newWriteId }: Pick<Tables, 'documents' | 'newWriteId'>,
  table: string,
) {
  async function readBack(key: Key): Promise<Item | undefined> {
    return documents.getItem({ TableName: table, Key: key, ConsistentRead: true });
  }

  return {
    async putIf(item: KeyedItem, condition: Condition): Promise<boolean> {
      const writeId = newWriteId();
      try {
        await documents.putItem({
          TableName: table,
          Item: { ...item, writeId },
          ConditionExpression: condition.expression,
          ExpressionAttributeNames: condition.names,
          ExpressionAttributeValues: condition.values,
        });
        return true;
      } catch (error) {
        if (!isConditionFailure(error)) throw error;
        return (await readBack({ pk: item.pk, sk: item.sk }))?.writeId === writeId;
      }
    },

    /** The item as it is after the update. */
    async updateIf(key: Key, update: Update, condition: Condition): Promise<Item | null> {
      const { done, item } = await this.tryUpdate(key, update, condition);
      return done && item !== undefined ? item : null;
    },

    /**
     * As `updateIf`, and gives the item as it stands also if the condition does not hold.
     * @param mark the attribute that carries the id of this write: writers of different parts of an item have one each
     */
    async tryUpdate(
      key: Key,
      update: Update,
      condition: Condition,
      mark = 'writeId',
    ): Promise<{ done: boolean; item: Item | undefined }> {
      const writeId = newWriteId();
      const names = { ...update.names, ...condition.names };
      const clauses = [
        `SET ${[update.set, `${mark} = :writeId`].filter((clause) => clause !== undefined).join(', ')}`,
        ...(update.add === undefined ? [] : [`ADD ${update.add}`]),
        ...(update.remove === undefined ? [] : [`REMOVE ${update.remove}`]),
      ];
      try {
        const item = await documents.updateItem({
          TableName: table,
          Key: key,
          UpdateExpression: clauses.join(' '),
          ConditionExpression: condition.expression,
          ExpressionAttributeNames: Object.keys(names).length === 0 ? undefined : names,
          ExpressionAttributeValues: { ...update.values, ...condition.values, ':writeId': writeId },
          ReturnValues: 'ALL_NEW',
        });
        return { done: true, item };
      } catch (error) {
        if (!isConditionFailure(error)) throw error;
        const item = await readBack(key);
        return { done: item?.[mark] === writeId, item };
      }
    },

    /** An item that is gone counts as deleted: a deletion leaves nothing that could carry its `writeId`. */
    async deleteIf(key: Key, condition: Condition): Promise<boolean> {
      try {
        await documents.deleteItem({
          TableName: table,
          Key: key,
          ConditionExpression: condition.expression,
          ExpressionAttributeNames: condition.names,
          ExpressionAttributeValues: condition.values,
        });
        return true;
      } catch (error) {
        if (!isConditionFailure(error)) throw error;
        return (await readBack(key)) === undefined;
      }
    },
  };
}
