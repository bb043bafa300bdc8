import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { callApi } from '../../testing/call-api.ts';
import { newStateFolder, removeStateFolder, startRunner } from '../../testing/runner-process.ts';
import { memoryMb } from '../process-memory.ts';

export type Place = Awaited<ReturnType<typeof startPlace>>;

const Id = z.object({ id: z.string() });
const Accepted = z.object({ data: z.tuple([Id]) });
const Page = z.object({ data: z.array(z.unknown()), nextCursor: z.string().nullable() });

/** A Posthorn of its own, with one tenant. Paths are those of the API, after `/v1`, or of the receiver. */
export async function startPlace(name: string, receiverUrl: string) {
  const state = newStateFolder();
  let running = await startRunner({ state });
  const tenant = 'acme';

  const call = (method: string, path: string, body?: object) => callApi(running.endpoints, method, `/v1${path}`, body);
  const subscribe = async (path: string, profile: string, eventTypes: string[]) =>
    Id.parse(await call('POST', `/tenants/${tenant}/subscriptions`, { url: receiverUrl + path, profile, eventTypes }))
      .id;

  async function publish(type: string): Promise<string> {
    const answer = await call('POST', `/tenants/${tenant}/events`, { type, data: { id: 1 } });
    return Accepted.parse(answer).data[0].id;
  }

  /** Receives what all subscriptions want, what only one does, and what fails at first. */
  const paths = { all: `/${name}/all`, one: `/${name}/one`, due: `/${name}/due` };
  // A profile without secrets, because a copy could not open a copied one, and without a breaker, which would space retries.
  const subscriptionId = await subscribe(paths.all, 'staffology', ['to.all']);
  await subscribe(paths.one, 'standard', ['to.one']);
  const dueId = await subscribe(paths.due, 'staffology', ['to.due']);

  return {
    name,
    tenant,
    /** The subscription whose log is filled. */
    log: `/tenants/${tenant}/subscriptions/${subscriptionId}`,
    ...paths,
    subscriptionId,
    dynamodbEndpoint: () => running.endpoints.dynamodbEndpoint,
    get: (path: string) => call('GET', path),
    post: (path: string, body: object) => call('POST', path, body),
    /** Of the functions' process. */
    memoryMb: () => memoryMb(running.handlersPid()),
    /** The path of the page that follows. */
    async nextPage(path: string) {
      const { nextCursor } = Page.parse(await call('GET', path));
      return nextCursor === null ? path : `${path}&cursor=${encodeURIComponent(nextCursor)}`;
    },
    publish,
    /** The id of an event that was published, and delivered to the subscription whose log is filled. */
    async deliverOne() {
      const id = await publish('to.all');
      for (let found = 0; found === 0; ) {
        await sleep(100);
        const path = `/tenants/${tenant}/subscriptions/${subscriptionId}/deliveries?status=succeeded`;
        found = Page.parse(await call('GET', path)).data.length;
      }
      return id;
    },
    /** Until so many deliveries wait for their next attempt. */
    async untilWaiting(count: number) {
      const path = `/tenants/${tenant}/subscriptions/${dueId}/deliveries?limit=100&status=pending`;
      while (Page.parse(await call('GET', path)).data.length < count) await sleep(100);
    },
    async advance(seconds: number) {
      const body = JSON.stringify({ advanceSeconds: seconds });
      await fetch(running.endpoints.clockUrl, { method: 'POST', body });
    },
    /** Ends it and starts it again; milliseconds until it is ready. */
    async restart() {
      await running.stop();
      const began = performance.now();
      running = await startRunner({ state });
      return performance.now() - began;
    },
    async remove() {
      await running.stop();
      removeStateFolder(state);
    },
  };
}
