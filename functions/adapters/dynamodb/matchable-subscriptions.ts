import { isDeepStrictEqual } from 'node:util';
import { LRUCache } from 'lru-cache';
import * as z from 'zod';
import {
  MATCHABLE_FIELDS,
  type MatchableSubscription,
  type MatchedEvent,
  mayWant,
} from '../../core/subscription/match.ts';
import type { FanOutPage, MatchableSubscriptions } from '../../core/subscription/subscription-store.ts';
import { type Remember, remember } from '../remember.ts';
import { batchGet } from './batch.ts';
import type { Tables } from './client.ts';
import { type Item, subscriptionKey, tenantKey, tenantPartition } from './keys.ts';
import { type AnnouncedChange, createSubscriptionChanges } from './subscription-changes.ts';
import { SubscriptionItem } from './subscriptions.ts';

/*
 * What fan-out reads (docs/decisions/026-fan-out-reads-changes.md). A tenant with many subscriptions is read once, and from
 * then on only what was written since.
 */

/** Fewer are read whole each time: they fit in one read unit, which to ask for changes takes as well. */
const KEPT_FROM = 5;
/**
 * Of all tenants together, as JSON: 20,000 usual subscriptions. In memory they take some times as much, so it is bytes that are
 * counted: filters and lists of types can be long.
 */
const MAX_KEPT_BYTES = 8_000_000;
/** After that a tenant is read whole again, whatever is on record of changes: of its receivers' health nothing is. */
const KEPT_MS = 5 * 60_000;
/** So many subscriptions can be read again by one call. */
const MAX_READ_AGAIN = 100;
/** So many tenants whose subscriptions are not kept are remembered as such. */
const MAX_UNKEPT = 1_000;
/** For so many types of event it is kept which subscriptions of a tenant may want them. */
const MAX_TYPES = 100;

interface Kept {
  /** Epoch milliseconds. It may know of later writes, and lacks no earlier one. */
  readAt: number;
  /** By id, in order. */
  byId: ReadonlyMap<string, MatchableSubscription>;
  /** Of all of them, as JSON. */
  bytes: number;
  /** The ids of those that may want events of a type in an environment. */
  byType: Remember<string[]>;
}

type Events = readonly Pick<MatchedEvent, 'environment' | 'type'>[];

/** @param maxKeptBytes a tenant with more is read whole each time */
export function createMatchableSubscriptions(
  tables: Pick<Tables, 'call' | 'documents' | 'catalogTable' | 'journalTable'>,
  now: () => number,
  maxKeptBytes = MAX_KEPT_BYTES,
): MatchableSubscriptions {
  const changes = createSubscriptionChanges(tables, now);
  const kept = new LRUCache<string, Kept>({
    maxSize: maxKeptBytes,
    sizeCalculation: ({ bytes }) => bytes,
    ttl: KEPT_MS,
    // What is brought up to date is not read whole later for that.
    noUpdateTTL: true,
    ttlResolution: 0,
    perf: { now },
  });
  /** Tenants that were found to have few, or more than may be kept: theirs are read page by page, side by side. */
  const unkept = new LRUCache<string, true>({ max: MAX_UNKEPT });
  /** One for all batches that miss a tenant at the same moment: on one machine they share a process. */
  const loads = new Map<string, { began: number; page: Promise<FanOutPage> }>();
  /** Calls and loads are numbered in the order in which they begin. */
  let begun = 0;

  /** All of a tenant that may be kept, and keeps it. */
  async function readWhole(tenantId: string): Promise<FanOutPage> {
    const readAt = now();
    const first = await readPage(tables, tenantId, null);
    const all = [...first.subscriptions];
    let { cursor } = first;
    let bytes = bytesOf(all);
    while (cursor !== null && bytes < maxKeptBytes) {
      const page = await readPage(tables, tenantId, cursor);
      all.push(...page.subscriptions);
      bytes += bytesOf(page.subscriptions);
      cursor = page.cursor;
    }
    if (all.length < KEPT_FROM || cursor !== null) unkept.set(tenantId, true);
    else if (first.tenantExists)
      kept.set(tenantId, { readAt, byId: new Map(all.map((one) => [one.id, one])), bytes, byType: emptyLists() });
    return { ...first, subscriptions: all, cursor };
  }

  function load(tenantId: string, called: number): Promise<FanOutPage> {
    const other = loads.get(tenantId);
    // It misses nothing that was written before the call.
    if (other !== undefined && other.began > called) return other.page;
    begun += 1;
    const own = { began: begun, page: readWhole(tenantId) };
    loads.set(tenantId, own);
    const forget = (): void => {
      if (loads.get(tenantId) === own) loads.delete(tenantId);
    };
    own.page.then(forget, forget);
    return own.page;
  }

  /** What is kept of a tenant, as it is now; null if nothing is. */
  async function renew(tenantId: string): Promise<Kept | null> {
    await loads.get(tenantId)?.page.catch(() => {});
    const known = kept.get(tenantId);
    if (known === undefined) return null;
    const readAt = now();
    const changed = unseen(known, await changes.since(tenantId, known.readAt));
    const renewed = changed === null ? null : { ...(await withChanges(tenantId, known, changed)), readAt };
    // One whose tenant was deleted has none left.
    if (renewed === null || renewed.byId.size < KEPT_FROM) {
      kept.delete(tenantId);
      return null;
    }
    kept.set(tenantId, renewed);
    return renewed;
  }

  async function withChanges(tenantId: string, known: Kept, ids: readonly string[]): Promise<Kept> {
    if (ids.length === 0) return known;
    const keys = ids.map((id) => subscriptionKey(tenantId, id));
    const { [tables.catalogTable]: items = [] } = await batchGet(tables, { [tables.catalogTable]: keys }, true);
    const found = new Map(items.map(parseMatchable).map((one) => [one.id, one]));
    // Mostly what was read again when the change was new.
    if (ids.every((id) => isDeepStrictEqual(found.get(id), known.byId.get(id)))) return known;
    const changed = new Set(ids);
    const others = [...known.byId].filter(([id]) => !changed.has(id));
    const replaced = ids.flatMap((id) => known.byId.get(id) ?? []);
    const bytes = known.bytes - bytesOf(replaced) + bytesOf([...found.values()]);
    return { ...known, byId: new Map([...others, ...found].toSorted(byFirst)), bytes, byType: emptyLists() };
  }

  return {
    async *readMatchable(tenantId, after, events) {
      begun += 1;
      const called = begun;
      const known = await renew(tenantId);
      if (known !== null) {
        yield { tenantExists: true, subscriptions: select(known, after, events), cursor: null };
        return;
      }
      const mayKeep = !unkept.has(tenantId);
      let page = mayKeep ? goOn(await load(tenantId, called), after) : await readPage(tables, tenantId, after);
      if (after === null && page.cursor === null && page.subscriptions.length >= KEPT_FROM) unkept.delete(tenantId);
      yield page;
      while (page.cursor !== null) {
        page = await readPage(tables, tenantId, page.cursor);
        yield page;
      }
    },
  };
}

const bytesOf = (subscriptions: readonly MatchableSubscription[]): number =>
  subscriptions.reduce((sum, one) => sum + JSON.stringify(one).length, 0);

/**
 * The ids of the subscriptions that may be different from what is known of them; null if they are too many. A write that makes a revision
 * which is known already has had its effect, or can have none.
 */
function unseen({ byId }: Kept, changes: readonly AnnouncedChange[] | null): string[] | null {
  if (changes === null) return null;
  const isUnseen = ({ id, revision }: AnnouncedChange): boolean =>
    revision === null || revision > (byId.get(id)?.revision ?? 0);
  const ids = new Set(changes.filter(isUnseen).map(({ id }) => id));
  return ids.size > MAX_READ_AGAIN ? null : [...ids];
}

const emptyLists = () => remember<string[]>({ max: MAX_TYPES, ttlMs: null });
const byFirst = ([one]: readonly [string, ...unknown[]], [other]: readonly [string, ...unknown[]]): number =>
  one < other ? -1 : 1;

function select({ byId, byType }: Kept, after: string | null, events: Events): MatchableSubscription[] {
  const types = new Map(events.map((event) => [`${event.environment} ${event.type}`, event]));
  const lists = [...types].map(([key, event]) =>
    byType(key, () => [...byId.values()].filter((one) => mayWant(one, event)).map(({ id }) => id)),
  );
  const [first = []] = lists;
  const ids = lists.length === 1 ? first : [...new Set(lists.flat())].toSorted();
  return ids.flatMap((id) => (after === null || id > after ? (byId.get(id) ?? []) : []));
}

/** What was read from the first on, from `after` on. */
function goOn(page: FanOutPage, after: string | null): FanOutPage {
  if (after === null) return page;
  const { cursor } = page;
  return {
    tenantExists: true,
    subscriptions: page.subscriptions.filter(({ id }) => id > after),
    cursor: cursor !== null && cursor < after ? after : cursor,
  };
}

const FIELDS = ['sk', ...MATCHABLE_FIELDS];
const LastKey = z.object({ sk: z.string() }).optional();

/** As much of a tenant's partition as DynamoDB gives at once, strongly consistent. */
async function readPage(
  { documents, catalogTable }: Pick<Tables, 'documents' | 'catalogTable'>,
  tenantId: string,
  after: string | null,
): Promise<FanOutPage> {
  const pk = tenantPartition(tenantId);
  const { Items, LastEvaluatedKey } = await documents.query({
    TableName: catalogTable,
    KeyConditionExpression: 'pk = :pk',
    ConsistentRead: true,
    // Some of the fields are reserved words, so all go by number.
    ProjectionExpression: FIELDS.map((_, index) => `#${index}`).join(', '),
    ExpressionAttributeNames: Object.fromEntries(FIELDS.map((field, index) => [`#${index}`, field])),
    ExpressionAttributeValues: { ':pk': pk },
    ExclusiveStartKey: after === null ? undefined : { pk, sk: after },
  });
  const tenant = tenantKey(tenantId).sk;
  return {
    tenantExists: after !== null || Items[0]?.sk === tenant,
    subscriptions: Items.filter((item) => item.sk !== tenant).map(parseMatchable),
    cursor: LastKey.parse(LastEvaluatedKey)?.sk ?? null,
  };
}

const MatchableItem = SubscriptionItem.pick(
  Object.fromEntries(MATCHABLE_FIELDS.map((field) => [field, true])) as Record<(typeof MATCHABLE_FIELDS)[number], true>,
);

function parseMatchable(item: Item): MatchableSubscription {
  return MatchableItem.parse(item);
}
