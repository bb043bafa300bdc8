import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { DeleteCommand, GetCommand, PutCommand, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { EventType } from '../../core/event/event-type.ts';
import { MATCHABLE_FIELDS } from '../../core/subscription/match.ts';
import type { StatusReason, Subscription } from '../../core/subscription/subscription.ts';
import { Tenant } from '../../core/tenant/tenant.ts';
import { INDEXES } from '../../names.ts';
import type { Tables } from './client.ts';
import { parseMatchable, parseSubscription, subscriptionItem } from './items.ts';
import type { Matches } from './journal.ts';
import {
  EVENT_TYPES,
  eventTypeKey,
  type Item,
  type Key,
  subscriptionKey,
  TENANT_LIST,
  tenantKey,
  tenantPartition,
  timeKey,
} from './keys.ts';
import { queryUpTo } from './query.ts';
import { readNewest } from './read-newest.ts';
import { fromWire, toWire, WireItem } from './wire.ts';

const LeanQuery = z.object({
  Items: z.array(WireItem),
  LastEvaluatedKey: z.object({ sk: z.object({ S: z.string() }) }).optional(),
});

const FAN_OUT_FIELDS = ['sk', ...MATCHABLE_FIELDS];

/** Subscriptions' sort keys; the tenant itself sorts before them. */
const SUBSCRIPTIONS = { from: 'sub_', to: 'sub_~' };

/** A subscription that has been written is seen by every read here: all are strongly consistent. */
export type Catalog = ReturnType<typeof createCatalog>;

export function createCatalog({ client, lean, catalogTable }: Tables) {
  async function get(key: Key): Promise<Item | undefined> {
    return (await client.send(new GetCommand({ TableName: catalogTable, Key: key, ConsistentRead: true }))).Item;
  }

  async function put(item: Item, condition?: string, values?: Record<string, unknown>): Promise<boolean> {
    return unlessRefused(
      client.send(
        new PutCommand({
          TableName: catalogTable,
          Item: item,
          ConditionExpression: condition,
          ExpressionAttributeValues: values,
        }),
      ),
    );
  }

  /** False, and nothing written, unless the stored revision is the given one (0: there is none). Stores revision + 1. */
  function saveTenant(tenant: Tenant, revision: number): Promise<boolean> {
    const item = {
      ...tenantKey(tenant.id),
      v: 1,
      ...tenant,
      revision: revision + 1,
      listPk: TENANT_LIST,
      listSk: timeKey(tenant.createdAt, tenant.id),
    };
    return revision === 0
      ? put(item, 'attribute_not_exists(pk)')
      : put(item, 'revision = :revision', { ':revision': revision });
  }

  /** As many as DynamoDB gives, strongly consistent. `last` is null after the last. */
  async function querySubscriptions(
    pk: string,
    after: string | null,
    fields: readonly string[],
  ): Promise<{ items: Item[]; last: string | null }> {
    const values = { ':pk': pk };
    const start = after === null ? undefined : { pk, sk: after };
    const query = {
      TableName: catalogTable,
      KeyConditionExpression: 'pk = :pk',
      ConsistentRead: true,
      // Some of the fields are reserved words, so all go by number.
      ProjectionExpression: fields.map((_, index) => `#${index}`).join(', '),
      ExpressionAttributeNames: Object.fromEntries(fields.map((field, index) => [`#${index}`, field])),
    };
    const quick = LeanQuery.safeParse(
      await lean('Query', {
        ...query,
        ExpressionAttributeValues: toWire(values),
        ...(start === undefined ? {} : { ExclusiveStartKey: toWire(start) }),
      }),
    );
    if (quick.success) {
      const { Items, LastEvaluatedKey } = quick.data;
      return { items: Items.map(fromWire), last: LastEvaluatedKey?.sk.S ?? null };
    }
    const answer = await client.send(
      new QueryCommand({ ...query, ExpressionAttributeValues: values, ExclusiveStartKey: start }),
    );
    const last = z.object({ sk: z.string() }).optional().parse(answer.LastEvaluatedKey);
    return { items: answer.Items ?? [], last: last?.sk ?? null };
  }

  return {
    async getTenant(tenantId: string): Promise<Tenant | null> {
      const item = await get(tenantKey(tenantId));
      return item === undefined ? null : Tenant.parse(item);
    },

    saveTenant,

    async createTenant(tenantId: string, now: number): Promise<void> {
      await saveTenant(
        {
          id: tenantId,
          name: null,
          metadata: {},
          defaultProfile: null,
          signingKey: null,
          createdAt: now,
          updatedAt: now,
          revision: 0,
        },
        0,
      );
    },

    async deleteTenant(tenantId: string): Promise<void> {
      await client.send(new DeleteCommand({ TableName: catalogTable, Key: tenantKey(tenantId) }));
    },

    async listTenants(limit: number, after: string | null): Promise<{ values: Tenant[]; next: string | null }> {
      return readNewest<Item, Tenant>({
        partitions: [TENANT_LIST],
        filtered: false,
        select: async (entries) => entries.map(({ sortKey, value }) => ({ sortKey, value: Tenant.parse(value) })),
        range: { from: '0', to: '~' },
        limit,
        after,
        query: async (partition, range, count) => {
          const items = await queryUpTo(
            client,
            {
              TableName: catalogTable,
              IndexName: INDEXES.catalogList.name,
              KeyConditionExpression: 'listPk = :pk AND listSk BETWEEN :from AND :to',
              ExpressionAttributeValues: { ':pk': partition, ':from': range.from, ':to': range.to },
              ScanIndexForward: false,
            },
            count,
          );
          return items.map((item) => ({ sortKey: z.string().parse(item.listSk), value: item }));
        },
      });
    },

    async getSubscription(tenantId: string, subscriptionId: string): Promise<Subscription | null> {
      const item = await get(subscriptionKey(tenantId, subscriptionId));
      return item === undefined ? null : parseSubscription(item);
    },

    /** False, and nothing written, unless the stored revision is the given one (0: there is none). Stores revision + 1. */
    saveSubscription(subscription: Subscription, revision: number): Promise<boolean> {
      const item = subscriptionItem({ ...subscription, revision: revision + 1 });
      return revision === 0
        ? put(item, 'attribute_not_exists(pk)')
        : put(item, 'revision = :revision', { ':revision': revision });
    },

    /** False if it is not there, or has been written since it was read. */
    deleteSubscription({ tenantId, id, revision }: Subscription): Promise<boolean> {
      return unlessRefused(
        client.send(
          new DeleteCommand({
            TableName: catalogTable,
            Key: subscriptionKey(tenantId, id),
            ConditionExpression: 'revision = :revision',
            ExpressionAttributeValues: { ':revision': revision },
          }),
        ),
      );
    },

    /** Only what is active becomes disabled: a pause, or an earlier reason, stays. */
    async disableSubscription(tenantId: string, subscriptionId: string, reason: StatusReason): Promise<void> {
      await unlessRefused(
        client.send(
          new UpdateCommand({
            TableName: catalogTable,
            Key: subscriptionKey(tenantId, subscriptionId),
            UpdateExpression: 'SET #status = :disabled, statusReason = :reason, updatedAt = :at ADD revision :one',
            ConditionExpression: '#status = :active',
            ExpressionAttributeNames: { '#status': 'status' },
            ExpressionAttributeValues: {
              ':disabled': 'disabled',
              ':active': 'active',
              ':reason': reason,
              ':at': reason.at,
              ':one': 1,
            },
          }),
        ),
      );
    },

    async removeSubscription(tenantId: string, subscriptionId: string): Promise<void> {
      await client.send(new DeleteCommand({ TableName: catalogTable, Key: subscriptionKey(tenantId, subscriptionId) }));
    },

    async getTenantKey(tenantId: string): Promise<string | null> {
      const item = await get(tenantKey(tenantId));
      return item === undefined ? null : Tenant.parse(item).signingKey;
    },

    /** A page of a tenant's subscriptions, oldest first, with whether the tenant is on record: what fan-out needs of them. As many
     * as DynamoDB gives (1 MB before the other fields are left out). */
    async listSubscriptions(tenantId: string, cursor: string | null) {
      const page = await querySubscriptions(tenantPartition(tenantId), cursor, FAN_OUT_FIELDS);
      const tenant = tenantKey(tenantId).sk;
      return {
        tenantExists: cursor !== null || page.items[0]?.sk === tenant,
        subscriptions: page.items.filter((item) => item.sk !== tenant).map(parseMatchable),
        cursor: page.last,
      };
    },

    /** Counted up to `upTo`; strongly consistent. */
    async countSubscriptions(tenantId: string, upTo: number): Promise<number> {
      let count = 0;
      let start: Item | undefined;
      do {
        const answer = await client.send(
          new QueryCommand({
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
          }),
        );
        count += answer.Count ?? 0;
        start = answer.LastEvaluatedKey;
      } while (start !== undefined && count < upTo);
      return count;
    },

    /** Newest first. */
    async pageSubscriptions(
      tenantId: string,
      limit: number,
      after: string | null,
      matches: Matches<Subscription>,
    ): Promise<{ values: Subscription[]; next: string | null }> {
      return readNewest<Item, Subscription>({
        partitions: [tenantPartition(tenantId)],
        range: SUBSCRIPTIONS,
        limit,
        after,
        query: async (partition, range, count) => {
          const items = await queryUpTo(
            client,
            {
              TableName: catalogTable,
              KeyConditionExpression: 'pk = :pk AND sk BETWEEN :from AND :to',
              ExpressionAttributeValues: { ':pk': partition, ':from': range.from, ':to': range.to },
              ScanIndexForward: false,
              ConsistentRead: true,
            },
            count,
          );
          return items.map((item) => ({ sortKey: z.string().parse(item.sk), value: item }));
        },
        filtered: matches !== null,
        select: async (entries) =>
          entries
            .map(({ sortKey, value }) => ({ sortKey, value: parseSubscription(value) }))
            .filter(({ value }) => matches === null || matches(value)),
      });
    },

    async getEventType(name: string): Promise<EventType | null> {
      const item = await get(eventTypeKey(name));
      return item === undefined ? null : EventType.parse(item);
    },

    /** False, and nothing written, unless the stored revision is the given one (0: there is none). Stores revision + 1. */
    saveEventType(eventType: EventType, revision: number): Promise<boolean> {
      const item = { ...eventTypeKey(eventType.name), v: 1, ...eventType, revision: revision + 1 };
      return revision === 0
        ? put(item, 'attribute_not_exists(pk)')
        : put(item, 'revision = :revision', { ':revision': revision });
    },

    /** All event types, by name. */
    async listEventTypes(): Promise<EventType[]> {
      const types: EventType[] = [];
      let start: Item | undefined;
      do {
        const answer = await client.send(
          new QueryCommand({
            TableName: catalogTable,
            KeyConditionExpression: 'pk = :pk',
            ExpressionAttributeValues: { ':pk': EVENT_TYPES },
            ExclusiveStartKey: start,
            ConsistentRead: true,
          }),
        );
        types.push(...(answer.Items ?? []).map((item) => EventType.parse(item)));
        start = answer.LastEvaluatedKey;
      } while (start !== undefined);
      return types;
    },
  };
}

/** False for a condition that did not hold. */
async function unlessRefused(write: Promise<unknown>): Promise<boolean> {
  try {
    await write;
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false;
    throw error;
  }
}
