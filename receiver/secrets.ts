import { z } from 'zod';
import type { Endpoints } from '../local/state.ts';
import type { SecretsFor } from './verify.ts';

const page = <Item extends z.ZodType>(item: Item) =>
  z.object({ data: z.array(item), nextCursor: z.string().nullable() });
const tenants = page(z.object({ id: z.string() }));
const subscriptions = page(z.object({ id: z.string(), url: z.string() }));
const secretAnswer = z.object({ secret: z.string().nullable() });

/** The subscriptions of all tenants are not listed more often than this, however many requests do not verify. */
const LISTING_INTERVAL_MS = 1_000;

/** Learns the secrets from the API, as the company could: which subscriptions point to a path of the receiver, and theirs. */
export function secretsByApi({
  apiUrl,
  adminKey,
  receiverUrl,
}: Pick<Endpoints, 'apiUrl' | 'adminKey' | 'receiverUrl'>): SecretsFor {
  let listing: Promise<Map<string, string[]>> | undefined;
  let listedAt = Number.NEGATIVE_INFINITY;
  // Also those that have been replaced since: a request signed with one was signed rightly.
  const secrets = new Map<string, Promise<string | null>[]>();

  return async (path, refresh) => {
    if (!listing || (refresh && performance.now() - listedAt > LISTING_INTERVAL_MS)) {
      listedAt = performance.now();
      listing = list();
      listing.catch(() => {
        listing = undefined;
      });
    }
    const found: string[] = [];
    for (const subscription of (await listing).get(path) ?? []) {
      const known = secrets.get(subscription) ?? [];
      if (known.length === 0 || refresh)
        known.push(get(`${subscription}/secret`, secretAnswer).then(({ secret }) => secret));
      secrets.set(subscription, known);
      for (const secret of await Promise.allSettled(known)) {
        if (secret.status === 'fulfilled' && secret.value !== null) found.push(secret.value);
      }
    }
    return [...new Set(found)];
  };

  /** Paths of subscriptions in the API, by the receiver's path to which they point. */
  async function list(): Promise<Map<string, string[]>> {
    const byPath = new Map<string, string[]>();
    for await (const tenant of pages('/v1/tenants', tenants)) {
      const base = `/v1/tenants/${tenant.id}/subscriptions`;
      for await (const { id, url } of pages(base, subscriptions)) {
        const path = receiverPath(url);
        if (path !== undefined) byPath.set(path, [...(byPath.get(path) ?? []), `${base}/${id}`]);
      }
    }
    return byPath;
  }

  function receiverPath(url: string): string | undefined {
    if (!URL.canParse(url)) return undefined;
    const { port, pathname } = new URL(url);
    // Whatever name a subscription uses for this machine, the port is the receiver's.
    return port === new URL(receiverUrl).port ? pathname : undefined;
  }

  async function* pages<Item>(path: string, schema: z.ZodType<{ data: Item[]; nextCursor: string | null }>) {
    let cursor: string | null = null;
    do {
      const query: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const { data, nextCursor }: { data: Item[]; nextCursor: string | null } = await get(
        `${path}?limit=100${query}`,
        schema,
      );
      yield* data;
      cursor = nextCursor;
    } while (cursor !== null);
  }

  async function get<Output>(path: string, schema: z.ZodType<Output>): Promise<Output> {
    const response = await fetch(`${apiUrl}${path}`, { headers: { authorization: `Bearer ${adminKey}` } });
    if (!response.ok) throw new Error(`${path.split('?')[0]} answered ${response.status}`);
    return schema.parse(await response.json());
  }
}
