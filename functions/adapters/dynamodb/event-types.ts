import { EventType } from '../../core/event/event-type.ts';
import type { EventTypeStore } from '../../core/event/event-type-store.ts';
import type { Tables } from './client.ts';
import { atRevision, createConditionalWrites } from './conditional-write.ts';
import { EVENT_TYPES, eventTypeKey, type Item } from './keys.ts';

export function createEventTypes(tables: Pick<Tables, 'documents' | 'catalogTable' | 'newWriteId'>): EventTypeStore {
  const { documents, catalogTable } = tables;
  const writes = createConditionalWrites(tables, catalogTable);
  return {
    async getEventType(name) {
      const item = await documents.getItem({ TableName: catalogTable, Key: eventTypeKey(name), ConsistentRead: true });
      return item === undefined ? null : EventType.parse(item);
    },

    saveEventType: (eventType, revision) =>
      writes.putIf(
        { ...eventTypeKey(eventType.name), v: 1, ...eventType, revision: revision + 1 },
        atRevision(revision),
      ),

    async listEventTypes() {
      const types: EventType[] = [];
      let start: Item | undefined;
      do {
        const answer = await documents.query({
          TableName: catalogTable,
          KeyConditionExpression: 'pk = :pk',
          ExpressionAttributeValues: { ':pk': EVENT_TYPES },
          ExclusiveStartKey: start,
          ConsistentRead: true,
        });
        types.push(...(answer.Items ?? []).map((item) => EventType.parse(item)));
        start = answer.LastEvaluatedKey;
      } while (start !== undefined);
      return types;
    },
  };
}
