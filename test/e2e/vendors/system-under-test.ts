import { expect } from 'vitest';
import * as z from 'zod';
import { type Client, Delivery, NewSubscription, type ReceivedRequest } from '../client.ts';
import { eventually } from '../eventually.ts';
import { scene } from '../use-system.ts';

/** The running system, within tests only. */
export type System = () => Client;

interface Registered {
  client: Client;
  tenant: string;
  path: string;
  id: string;
  /** Where the receiver listens. */
  url: string;
  /** The subscription's address in the API. */
  one: string;
  secret: string;
}

/** Subscribes a path of the receiver as a vendor's customer would; to everything, unless said otherwise. */
export async function register(
  system: System,
  profile: string,
  extra: Record<string, unknown> = {},
  place = scene(profile),
): Promise<Registered> {
  const client = system();
  const { tenant, path } = place;
  const body = { profile, name: 'Payroll sync', eventTypes: ['*'], url: client.endpoints.receiverUrl + path, ...extra };
  const made = await client.ask(NewSubscription, 'POST', `/v1/tenants/${tenant}/subscriptions`, { body });
  expect(made.status).toBe('active');
  const one = `/v1/tenants/${tenant}/subscriptions/${made.id}`;
  return { client, tenant, path, id: made.id, url: made.url, one, secret: made.secret ?? '' };
}

/** The mistakes that the API finds in a subscription, by their paths. */
export async function mistakesOf(system: System, body: Record<string, unknown>): Promise<string[]> {
  const { tenant, path } = scene('refused');
  const { call, endpoints } = system();
  const answer = await call('POST', `/v1/tenants/${tenant}/subscriptions`, {
    body: { url: endpoints.receiverUrl + path, ...body },
  });
  expect(answer).toMatchObject({ status: 422, body: { code: 'invalid_request' } });
  const { errors } = z.object({ errors: z.array(z.object({ path: z.string() })) }).parse(answer.body);
  return errors.map((error) => error.path);
}

/** The next request to a path: number `count`, from 1. */
export function arrived({ received }: Client, path: string, count = 1): Promise<ReceivedRequest> {
  return eventually(async () => {
    const { total, requests } = await received(path);
    expect(total).toBe(count);
    const last = requests.at(-1);
    if (last === undefined) throw new Error('the receiver kept no request');
    return last;
  });
}

/** A delivery once it has come to an end. */
export function ended({ ask }: Client, tenant: string, id: string): Promise<Delivery> {
  return eventually(async () => {
    const delivery = await ask(Delivery, 'GET', `/v1/tenants/${tenant}/deliveries/${id}`);
    expect(['succeeded', 'failed', 'cancelled']).toContain(delivery.status);
    return delivery;
  });
}

/** What a customer sees on the page of a webhook: its deliveries, newest first. */
export const logOf = ({ client, one }: Registered): Promise<Delivery[]> => client.all(Delivery, `${one}/deliveries`);

/** Sends a subscription's test event and waits for the end of it. */
export async function sendTest({ client, tenant, one }: Registered, body?: object): Promise<Delivery> {
  const { id } = await client.ask(Delivery, 'POST', `${one}/test`, body === undefined ? {} : { body });
  return ended(client, tenant, id);
}

const TestResult = z.looseObject({
  outcome: z.string(),
  response: z.looseObject({ status: z.int() }).nullable(),
  error: z.looseObject({ code: z.string(), message: z.string() }).nullable(),
});

/** The button "Test URL", before anything is saved. */
export async function testUrl(system: System, profile: string, extra: Record<string, unknown> = {}) {
  const { tenant, path } = scene(`${profile}-url`);
  const client = system();
  const body = { url: client.endpoints.receiverUrl + path, profile, ...extra };
  const result = await client.ask(TestResult, 'POST', `/v1/tenants/${tenant}/test-url`, { body });
  return { result, path };
}

const Preview = z.object({
  headers: z.record(z.string(), z.string()),
  body: z.string(),
  bodyBase64: z.string(),
});

/** What would be sent, without sending it. Header names in lower case, as a receiver gets them. */
export async function preview(system: System, body: Record<string, unknown>) {
  const shown = await system().ask(Preview, 'POST', '/v1/profiles/preview', { body });
  expect(Buffer.from(shown.bodyBase64, 'base64').toString()).toBe(shown.body);
  const headers = Object.entries(shown.headers).map(([name, value]) => [name.toLowerCase(), value] as const);
  return { body: shown.body, headers: Object.fromEntries(headers) };
}

const Profile = z.looseObject({
  version: z.int(),
  document: z.looseObject({
    provenance: z.record(z.string(), z.looseObject({ origin: z.string() })),
  }),
});

/** Where a profile says that its values come from, by JSON pointer. */
export async function originsOf(system: System, profile: string): Promise<Record<string, string>> {
  const { document } = await system().ask(Profile, 'GET', `/v1/profiles/${profile}`);
  return Object.fromEntries(Object.entries(document.provenance).map(([path, { origin }]) => [path, origin]));
}

/** Anything in the headers that looks like a signature. */
export const signatureHeaders = ({ headers }: Pick<ReceivedRequest, 'headers'>): string[] =>
  Object.keys(headers).filter((name) => /signature|hmac|webhook-/i.test(name));
