import * as z from 'zod';
import { isBuiltInProfile } from '../../core/profile/built-in-names.ts';
import { Subscription } from '../../core/subscription/subscription.ts';
import type { SubscriptionStore } from '../../core/subscription/subscription-store.ts';
import type { Tables } from './client.ts';
import { atRevision, createConditionalWrites } from './conditional-write.ts';
import { type Item, type KeyedItem, profileUsers, subscriptionKey, tenantPartition, timeKey } from './keys.ts';
import { readPartition } from './partition-list.ts';
import { createSubscriptionChanges } from './subscription-changes.ts';

/** Subscriptions' sort keys; the tenant itself sorts before them. */
const SUBSCRIPTIONS = { from: 'sub_', to: 'sub_~' };

export function createSubscriptions(
  tables: Pick<Tables, 'documents' | 'catalogTable' | 'journalTable' | 'newWriteId'>,
  now: () => number,
): SubscriptionStore {
  const { documents, catalogTable } = tables;
  const writes = createConditionalWrites(tables, catalogTable);
  const changes = createSubscriptionChanges(tables, now);

  return {
    async getSubscription(tenantId, subscriptionId) {
      const item = await documents.getItem({
        TableName: catalogTable,
        Key: subscriptionKey(tenantId, subscriptionId),
        ConsistentRead: true,
      });
      return item === undefined ? null : parseSubscription(item);
    },

    async saveSubscription(subscription, revision) {
      const next = { ...subscription, revision: revision + 1 };
      await changes.announce(subscription.tenantId, next);
      const { health: _health, ...item } = subscriptionItem(next);
      if (revision === 0) return writes.putIf(item, atRevision(0));
      const { pk, sk, ...attributes } = item;
      // Some of the attributes are reserved words, so all go by number.
      const entries = Object.entries(attributes).map(([name, value], index) => ({ name, value, index }));
      const saved = await writes.updateIf(
        { pk, sk },
        {
          set: entries.map(({ index }) => `#${index} = :${index}`).join(', '),
          ...('listPk' in item ? {} : { remove: 'listPk, listSk' }),
          names: Object.fromEntries(entries.map(({ name, index }) => [`#${index}`, name])),
          values: Object.fromEntries(entries.map(({ value, index }) => [`:${index}`, value])),
        },
        atRevision(revision),
      );
      return saved !== null;
    },

    async deleteSubscription({ tenantId, id, revision }) {
      await changes.announce(tenantId, { id, revision: null });
      return writes.deleteIf(subscriptionKey(tenantId, id), atRevision(revision));
    },

    async disableSubscription(tenantId, subscriptionId, reason, generation) {
      const disabled = await writes.updateIf(
        subscriptionKey(tenantId, subscriptionId),
        {
          set: '#status = :disabled, statusReason = :reason, updatedAt = :at',
          add: 'revision :one',
          names: { '#status': 'status' },
          values: { ':disabled': 'disabled', ':reason': reason, ':at': reason.at, ':one': 1 },
        },
        {
          expression: '#status = :active AND generation = :generation',
          values: { ':active': 'active', ':generation': generation },
        },
      );
      return disabled !== null;
    },

    async saveHealth(tenantId, subscriptionId, health) {
      const { done, item } = await writes.tryUpdate(
        subscriptionKey(tenantId, subscriptionId),
        { set: 'health = :health', values: { ':health': { ...health, revision: health.revision + 1 } } },
        {
          expression: `generation = :generation AND ${health.revision === 0 ? 'attribute_not_exists(health)' : 'health.revision = :seen'}`,
          values: {
            ':generation': health.generation,
            ...(health.revision === 0 ? {} : { ':seen': health.revision }),
          },
        },
        'healthWriteId',
      );
      return { saved: done, subscription: item === undefined ? null : parseSubscription(item) };
    },

    async removeSubscription(tenantId, subscriptionId, generation) {
      await changes.announce(tenantId, { id: subscriptionId, revision: null });
      const key = subscriptionKey(tenantId, subscriptionId);
      if (generation !== null) {
        return writes.deleteIf(key, {
          expression: 'attribute_not_exists(pk) OR generation = :generation',
          values: { ':generation': generation },
        });
      }
      await documents.deleteItem({ TableName: catalogTable, Key: key });
      return true;
    },

    pageSubscriptions: (tenantId, limit, after, matches) =>
      readPartition(documents, {
        table: catalogTable,
        partition: tenantPartition(tenantId),
        range: SUBSCRIPTIONS,
        limit,
        after,
        parse: parseSubscription,
        matches,
      }),

    async countSubscriptions(tenantId, upTo) {
      let count = 0;
      let start: Item | undefined;
      do {
        const answer = await documents.query({
          TableName: catalogTable,
          KeyConditionExpression: 'pk = :pk AND sk BETWEEN :from AND :to',
          ExpressionAttributeValues: {
            ':pk': tenantPartition(tenantId),
            ':from': SUBSCRIPTIONS.from,
            ':to': SUBSCRIPTIONS.to,
          },
          Select: 'COUNT',
          Limit: upTo - count,
          ExclusiveStartKey: start,
          ConsistentRead: true,
        });
        count += answer.Count;
        start = answer.LastEvaluatedKey;
      } while (start !== undefined && count < upTo);
      return count;
    },
  };
}

/** Only profiles of the company's own are looked up by use, so only their users are in the list index. */
function subscriptionItem(subscription: Subscription): KeyedItem {
  const { filter, ...rest } = subscription;
  const item = {
    ...subscriptionKey(subscription.tenantId, subscription.id),
    v: 1,
    ...rest,
    // As text: DynamoDB's numbers end at 38 digits and at 1e126, a filter's need not.
    filter: filter === null ? null : JSON.stringify(filter),
  };
  return isBuiltInProfile(subscription.profile)
    ? item
    : { ...item, listPk: profileUsers(subscription.profile), listSk: timeKey(subscription.createdAt, subscription.id) };
}

/** The filter was checked when it was written. Only its form is checked here, which also keeps a member called __proto__. */
export const SubscriptionItem = Subscription.extend({
  filter: z
    .string()
    .transform((text): unknown => JSON.parse(text))
    .pipe(z.custom<Record<string, unknown>>((value) => typeof value === 'object' && value !== null))
    .nullable()
    .default(null),
});

export function parseSubscription(item: Item): Subscription {
  return SubscriptionItem.parse(item);
}
