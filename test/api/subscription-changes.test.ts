import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { createMatcher, FilteredContent } from '../../functions/core/subscription/match.ts';
import type { WebhookRequest } from '../../functions/core/target/webhook.ts';
import { expectProblem, useApi } from '../support/api.ts';
import { answered, makeEvent } from '../support/domain.ts';
import { profileDocument } from '../support/profiles.ts';

const { call, clock, deps, queues } = useApi();
const T = '/v1/tenants/acme';

async function subscribe(rest: object = {}): Promise<string> {
  const created = await call('POST', `${T}/subscriptions`, {
    body: { url: 'https://a.example/', eventTypes: ['*'], ...rest },
  });
  expect(created.status).toBe(201);
  return `${T}/subscriptions/${created.field('id')}`;
}

const idOf = (path: string) => path.split('/').at(-1) ?? '';

async function stored(path: string) {
  const found = await deps.stores.subscriptions.getSubscription('acme', idOf(path));
  if (found === null) throw new Error('the subscription is gone');
  return found;
}

async function basicAuth(path: string): Promise<string | null> {
  const { credentials, id } = await stored(path);
  return credentials === null ? null : deps.vault.open(credentials, { tenantId: 'acme', subscriptionId: id });
}

describe('the URL as it is shown, sent back', () => {
  it('keeps user name and password', async () => {
    const path = await subscribe({ url: 'https://user:pass@a.example/hooks?a=b' });
    const url = (await call('GET', path)).field('url');
    expect(await call('PATCH', path, { body: { url, name: 'N' } })).toMatchObject({
      status: 200,
      json: { url: 'https://a.example/hooks?a=b', hasCredentials: true, name: 'N' },
    });
    expect(await basicAuth(path)).toBe('user:pass');
  });

  it('with another user name or password replaces them, and with an empty one removes them', async () => {
    const path = await subscribe({ url: 'https://user:pass@a.example/' });
    await call('PATCH', path, { body: { url: 'https://other:word@a.example/' } });
    expect(await basicAuth(path)).toBe('other:word');
    expect(await call('PATCH', path, { body: { url: 'https://@a.example/' } })).toMatchObject({
      json: { url: 'https://a.example/', hasCredentials: false },
    });
    expect(await basicAuth(path)).toBeNull();
  });

  it('does not carry user name and password to another URL', async () => {
    const path = await subscribe({ url: 'https://user:pass@a.example/' });
    await call('PATCH', path, { body: { url: 'https://b.example/' } });
    expect(await basicAuth(path)).toBeNull();
  });
});

describe('a secret with blanks or line ends at its edges', () => {
  const path = z.object({ errors: z.tuple([z.object({ path: z.string() })]) });

  it.each(['my own\n', ' my own', 'my own ', '\tmy own', 'my own\r\n'])('%j is refused', async (secret) => {
    const body = { name: 'N', url: 'https://a.example/', eventTypes: ['a'], profile: 'keypay', secret };
    const created = await call('POST', `${T}/subscriptions`, { body });
    expectProblem(created, 422, 'invalid_request');
    expect(path.parse(created.json).errors[0].path).toBe('/secret');
    const one = await subscribe({ profile: 'keypay' });
    expectProblem(await call('POST', `${one}/secret/rotate`, { body: { secret } }), 422, 'invalid_request');
    expectProblem(await call('POST', `${T}/signing-key/rotate`, { body: { key: secret } }), 422, 'invalid_request');
  });

  it('is taken with blanks inside', async () => {
    expect(
      (await call('GET', `${await subscribe({ profile: 'keypay', secret: 'my own' })}/secret`)).json,
    ).toMatchObject({ secret: 'my own' });
  });
});

describe('a rotation', () => {
  const Keys = z.object({
    secret: z.string(),
    previous: z.array(z.object({ secret: z.string(), endsAt: z.string() })),
  });
  const rotate = async (path: string, overlapSeconds: number) =>
    Keys.parse((await call('POST', `${path}/secret/rotate`, { body: { overlapSeconds } })).json);

  it('without overlap ends every older key, those of earlier rotations included', async () => {
    const path = await subscribe();
    await rotate(path, 600);
    expect((await rotate(path, 600)).previous).toHaveLength(2);
    const { secret, previous } = await rotate(path, 0);
    expect(previous).toEqual([]);
    const keys = (await stored(path)).keys;
    expect(keys).toHaveLength(1);
    expect(await deps.vault.open(keys[0]?.sealed ?? '', { tenantId: 'acme', subscriptionId: idOf(path) })).toBe(secret);
  });

  it('shortens the overlap of earlier ones, and never lengthens it', async () => {
    const path = await subscribe();
    await rotate(path, 600);
    const at = (seconds: number) => new Date(clock.now + seconds * 1_000).toISOString();
    expect((await rotate(path, 60)).previous.map(({ endsAt }) => endsAt)).toEqual([at(60), at(60)]);
    expect((await rotate(path, 600)).previous.map(({ endsAt }) => endsAt)).toEqual([at(600), at(60), at(60)]);
  });

  it.each([
    ['seventh', ['v1'], 7],
    ['fourth', ['v1', 'v1a'], 4],
  ])('that is the %s within its overlap ends the first key early, with signatures %j', async (_, versions, times) => {
    const path = await subscribe({ signatureVersions: versions });
    const first = (await stored(path)).keys.map(({ sealed }) => sealed);
    for (let done = 1; done <= times; done += 1) {
      expect((await call('POST', `${path}/secret/rotate`)).status).toBe(200);
      const kept = (await stored(path)).keys.map(({ sealed }) => sealed);
      expect(first.filter((key) => kept.includes(key))).toEqual(done < times ? first : []);
    }
  });
});

describe('events while a URL is verified', () => {
  const echo = {
    send: async ({ url }: WebhookRequest) => {
      const result = answered(200);
      return {
        ...result,
        response: result.response && { ...result.response, body: new URL(url).searchParams.get('echo') ?? '' },
      };
    },
  };
  const silent = { send: async () => answered(200) };

  async function subscribeVerified(name: string, sender: typeof echo) {
    await call('POST', '/v1/profiles', { body: profileDocument({ name, verification: 'ms-echo' }) });
    const body = { url: 'https://a.example/', eventTypes: ['*'], profile: name };
    const created = await call('POST', `${T}/subscriptions`, { body }, { sender });
    return `${T}/subscriptions/${created.field('id')}`;
  }
  const wants = async (path: string) =>
    createMatcher(await stored(path))(makeEvent(), false, new FilteredContent(() => null)) === 'match';

  it('for the first time are not for the subscription', async () => {
    const path = await subscribeVerified('first-time', silent);
    expect(await call('GET', path)).toMatchObject({ json: { status: 'unverified' } });
    expect(await wants(path)).toBe(false);
  });

  it('again are for it, to be parked, until the receiver agrees', async () => {
    const path = await subscribeVerified('again', echo);
    expect(await wants(path)).toBe(true);
    const changed = await call('PATCH', path, { body: { url: 'https://b.example/' } }, { sender: silent });
    expect(changed).toMatchObject({ json: { status: 'unverified' } });
    expect(changed.json).not.toHaveProperty('hasBeenVerified');
    expect(await wants(path)).toBe(true);
    expect(await deps.stores.subscriptions.getSubscription('acme', idOf(path))).toMatchObject({
      hasBeenVerified: true,
    });

    await queues.retries.take();
    await call('POST', `${path}/verify`, {}, { sender: echo });
    expect((await queues.retries.take()).map(({ body }) => JSON.parse(body))).toMatchObject([
      { kind: 'settle_parked', subscriptionId: idOf(path) },
    ]);
  });
});

describe('a deleted subscription', () => {
  it('leaves a message by which its deliveries are cancelled', async () => {
    const path = await subscribe();
    await queues.retries.take();
    expect(await call('DELETE', path)).toMatchObject({ status: 204 });
    expect((await queues.retries.take()).map(({ body }) => JSON.parse(body))).toMatchObject([
      { kind: 'settle_parked', tenantId: 'acme', subscriptionId: idOf(path) },
    ]);
  });
});
