import { SendMessageBatchCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { expect } from 'vitest';
import * as z from 'zod';
import type { Endpoints } from '../../local/state.ts';
import { countMessages, createSqsClient } from '../../testing/queues.ts';
import { eventually } from './eventually.ts';
import { Contract } from './openapi.ts';

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  /** Parsed; undefined if there is none. */
  body: unknown;
}

export interface CallOptions {
  body?: unknown;
  /** Sent as it is, instead of `body`. */
  rawBody?: string | Uint8Array<ArrayBuffer>;
  /** Null: none. Absent: the admin key. */
  token?: string | null;
  headers?: Record<string, string>;
}

export const Subscription = z.looseObject({
  id: z.string(),
  url: z.string(),
  status: z.string(),
  statusReason: z.looseObject({ code: z.string(), message: z.string() }).nullable(),
});
export const NewSubscription = Subscription.extend({ secret: z.string().nullable(), publicKey: z.string().nullable() });
export type NewSubscription = z.infer<typeof NewSubscription>;

const Attempt = z.looseObject({
  number: z.int(),
  trigger: z.string(),
  startedAt: z.string().transform((text) => Date.parse(text)),
  durationMs: z.number(),
  outcome: z.string(),
  request: z.object({ url: z.string(), headers: z.record(z.string(), z.string()) }),
  response: z.looseObject({ status: z.int(), body: z.string() }).nullable(),
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
});
const Moment = z
  .string()
  .nullable()
  .transform((text) => (text === null ? null : Date.parse(text)));
export const Delivery = z.looseObject({
  id: z.string(),
  eventId: z.string(),
  subscriptionId: z.string(),
  eventType: z.string(),
  status: z.string(),
  statusReason: z.object({ code: z.string(), message: z.string() }).nullable(),
  nextAttemptAt: Moment,
  completedAt: Moment,
  attempts: z.array(Attempt),
});
export type Delivery = z.infer<typeof Delivery>;

export const Rejected = z.looseObject({
  id: z.string(),
  tenantId: z.string().nullable(),
  reason: z.object({
    code: z.string(),
    message: z.string(),
    errors: z.array(z.object({ path: z.string(), message: z.string() })),
  }),
  body: z.string(),
  bodyTruncated: z.boolean(),
});
export type Rejected = z.infer<typeof Rejected>;

const Received = z.object({
  total: z.int(),
  data: z.array(
    z.looseObject({
      path: z.string(),
      method: z.string(),
      headers: z.record(z.string(), z.string()),
      body: z.string(),
      receivedAt: z.string().transform((text) => Date.parse(text)),
      verified: z.boolean().nullable(),
    }),
  ),
});
export type ReceivedRequest = z.infer<typeof Received>['data'][number];

const Accepted = z.object({ data: z.array(z.object({ id: z.string(), status: z.literal('accepted') })) });
const PageOf = <T extends z.ZodType>(item: T) => z.object({ data: z.array(item), nextCursor: z.string().nullable() });

/** Everything that a caller outside can do with a running system. */
export type Client = Awaited<ReturnType<typeof createClient>>;

export async function createClient(endpoints: Endpoints) {
  const { apiUrl, adminKey, receiverUrl, clockUrl, eventsQueueUrl, sqsEndpoint } = endpoints;
  const contract = new Contract(await (await fetch(`${apiUrl}/v1/openapi.json`)).json());
  const sqs = createSqsClient(sqsEndpoint);

  async function call(method: string, path: string, options: CallOptions = {}): Promise<Answer> {
    const { body, token = adminKey, headers = {} } = options;
    const rawBody = options.rawBody ?? (body === undefined ? undefined : JSON.stringify(body));
    const response = await fetch(apiUrl + path, {
      method,
      headers: {
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...(rawBody === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(rawBody === undefined ? {} : { body: rawBody }),
    });
    const text = await response.text();
    const answer = { method, path: path.split('?')[0] ?? path, status: response.status, text };
    contract.check({ ...answer, contentType: response.headers.get('content-type') });
    const isJson = /\bjson$/.test(response.headers.get('content-type') ?? '');
    return { ...answer, headers: response.headers, body: isJson ? JSON.parse(text) : undefined };
  }

  /** A call that must succeed, with its answer parsed. */
  async function ask<T extends z.ZodType>(schema: T, method: string, path: string, options?: CallOptions) {
    const answer = await call(method, path, options);
    if (answer.status >= 300) throw new Error(`${method} ${path} answered ${answer.status}: ${answer.text}`);
    return schema.parse(answer.body);
  }

  async function all<T extends z.ZodType>(item: T, path: string, pageSize = 100): Promise<z.infer<T>[]> {
    const found: z.infer<T>[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const query: string = `${path.includes('?') ? '&' : '?'}limit=${pageSize}${cursor === '' ? '' : `&cursor=${cursor}`}`;
      const page: { data: z.infer<T>[]; nextCursor: string | null } = await ask(PageOf(item), 'GET', path + query);
      found.push(...page.data);
      cursor = page.nextCursor;
    }
    return found;
  }

  return {
    endpoints,
    contract,
    call,
    ask,
    all,

    /** Subscribes a path of the receiver, to everything unless said otherwise. */
    subscribe(tenant: string, path: string, extra: Record<string, unknown> = {}): Promise<NewSubscription> {
      const body = { url: receiverUrl + path, eventTypes: ['*'], ...extra };
      return ask(NewSubscription, 'POST', `/v1/tenants/${tenant}/subscriptions`, { body });
    },

    /** Publishes over HTTP; returns the event's id. */
    async publish(tenant: string, event: Record<string, unknown> = {}): Promise<string> {
      const body = { type: 'thing.happened', data: {}, ...event };
      const { data } = await ask(Accepted, 'POST', `/v1/tenants/${tenant}/events`, { body });
      return data[0]?.id ?? '';
    },

    /** Sends messages to the events queue, up to ten at once: they come to the function in one batch, mostly. */
    async send(...messages: (string | object)[]): Promise<void> {
      const bodies = messages.map((one) => (typeof one === 'string' ? one : JSON.stringify(one)));
      const size = bodies.reduce((sum, body) => sum + Buffer.byteLength(body), 0);
      if (size > 900_000) {
        for (const MessageBody of bodies)
          await sqs.send(new SendMessageCommand({ QueueUrl: eventsQueueUrl, MessageBody }));
        return;
      }
      for (let start = 0; start < bodies.length; start += 10) {
        const Entries = bodies
          .slice(start, start + 10)
          .map((MessageBody, index) => ({ Id: String(index), MessageBody }));
        const { Failed = [] } = await sqs.send(new SendMessageBatchCommand({ QueueUrl: eventsQueueUrl, Entries }));
        if (Failed.length > 0) throw new Error(`SQS refused ${JSON.stringify(Failed)}`);
      }
    },

    /** What arrived at a path, oldest first; `total` counts those, too, that the receiver no longer keeps. */
    async received(path: string): Promise<{ total: number; requests: ReceivedRequest[] }> {
      const answer = await fetch(`${receiverUrl}/_requests?path=${encodeURIComponent(path)}`);
      const { total, data } = Received.parse(await answer.json());
      return { total, requests: data.toReversed() };
    },

    /** How a path answers: one after the other, then `then`, or else the last again. */
    async behave(path: string, responses: object[], then?: object): Promise<void> {
      const body = JSON.stringify({ responses, ...(then === undefined ? {} : { then }) });
      const answer = await fetch(`${receiverUrl}/_behaviours${path}`, { method: 'PUT', body });
      if (!answer.ok) throw new Error(await answer.text());
    },

    /** The system's own time, epoch milliseconds. */
    async now(): Promise<number> {
      const answer = await fetch(clockUrl);
      return Date.parse(z.object({ now: z.string() }).parse(await answer.json()).now);
    },

    /**
     * Moves the clock ahead once no function has a message any more: one that has written an attempt sends the retry's message after that,
     * with the delay that is left, and if the clock goes ahead in between, the message waits once more.
     * @param options.anyway for a test that keeps messages in hand
     */
    async advance(seconds: number, { anyway = false } = {}): Promise<void> {
      if (!anyway)
        await eventually(async () =>
          expect((await countMessages(sqs, sqsEndpoint)).filter(({ inFlight }) => inFlight > 0)).toEqual([]),
        );
      const answer = await fetch(clockUrl, { method: 'POST', body: JSON.stringify({ advanceSeconds: seconds }) });
      if (!answer.ok) throw new Error(await answer.text());
    },

    deliveriesOf: (tenant: string, eventId: string): Promise<Delivery[]> =>
      all(Delivery, `/v1/tenants/${tenant}/events/${eventId}/deliveries`),

    /** The delivery of an event that has one subscription. */
    async deliveryOf(tenant: string, eventId: string): Promise<Delivery> {
      const found = await all(Delivery, `/v1/tenants/${tenant}/events/${eventId}/deliveries`);
      if (found.length !== 1 || found[0] === undefined) throw new Error(`${found.length} deliveries, not one`);
      return found[0];
    },

    rejectedOf: (tenant: string): Promise<Rejected[]> => all(Rejected, `/v1/rejected-events?tenantId=${tenant}`),

    countMessages: () => countMessages(sqs, sqsEndpoint),

    /** Messages of each queue by its name, hidden and delayed ones included. */
    async queueSizes(): Promise<Record<string, number>> {
      const counts = await countMessages(sqs, sqsEndpoint);
      return Object.fromEntries(counts.map(({ queue, count }) => [queue, count]));
    },

    close: () => sqs.destroy(),
  };
}
