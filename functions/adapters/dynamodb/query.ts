import type { QueryCommandInput } from '@aws-sdk/lib-dynamodb';
import type { Tables } from './client.ts';
import type { Item } from './keys.ts';

/**
 * Up to `limit` items of a query, or all if there are fewer. DynamoDB gives at most 1 MB an answer, so an answer that is
 * short says nothing about what follows.
 */
export async function queryUpTo(
  documents: Tables['documents'],
  input: Omit<QueryCommandInput, 'Limit' | 'ExclusiveStartKey'>,
  limit: number,
): Promise<Item[]> {
  const items: Item[] = [];
  let start: Item | undefined;
  do {
    const answer = await documents.query({ ...input, Limit: limit - items.length, ExclusiveStartKey: start });
    items.push(...answer.Items);
    start = answer.LastEvaluatedKey;
  } while (start !== undefined && items.length < limit);
  return items;
}
