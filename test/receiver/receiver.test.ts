import { request } from 'node:http';
import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Receiver, startReceiver } from '../../receiver/server.ts';

const SECRET = `whsec_${Buffer.alloc(24, 7).toString('base64')}`;
const OTHER = `whsec_${Buffer.alloc(24, 8).toString('base64')}`;

let receiver: Receiver;
let secrets: { known: string[]; afterRefresh: string[]; asked: number };

beforeEach(async () => {
  secrets = { known: [SECRET], afterRefresh: [SECRET], asked: 0 };
  receiver = await startReceiver({
    port: 0,
    secretsFor: async (_path, refresh) => {
      secrets.asked++;
      return refresh ? secrets.afterRefresh : secrets.known;
    },
  });
});
afterEach(() => receiver.close());

function sign(body: string, secret: string, at = new Date()): Record<string, string> {
  return {
    'webhook-id': 'evt_1',
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': new Webhook(secret).sign('evt_1', at, body),
  };
}

const post = (path: string, body: string, headers: Record<string, string> = {}) =>
  fetch(receiver.url + path, { method: 'POST', body, headers });
interface Listed {
  path: string;
  total: number;
  data: { body: string; status: number | null; verified: boolean | null; reason: string; receivedAt: string }[];
}
const requests = async (path: string) =>
  (await (await fetch(`${receiver.url}/_requests?path=${path}`)).json()) as Listed;
const behave = (path: string, behaviour: unknown) =>
  fetch(`${receiver.url}/_behaviours${path}`, { method: 'PUT', body: JSON.stringify(behaviour) });

/** The status of an answer to a request that names another host; fetch sends its own. */
const ask = (method: string, path: string, host: string) =>
  new Promise<number | undefined>((resolve, reject) => {
    request(receiver.url + path, { method, headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .once('error', reject)
      .end();
  });

describe('what has arrived', () => {
  test.each([
    ['GET', '/'],
    ['GET', '/_requests?path=/a'],
    ['DELETE', '/_requests'],
    ['PUT', '/_behaviours/a'],
  ])('is not for a page whose name leads here: %s %s', async (method, path) => {
    await post('/a', 'first');
    expect(await ask(method, path, 'rebound.example:28781')).toBe(403);
    expect(await requests('/a')).toMatchObject({ total: 1 });
    for (const host of ['localhost:28781', '[::1]:28781', '127.0.0.1']) {
      expect(await ask(method, path, host)).not.toBe(403);
    }
  });

  test('is taken by any name', async () => {
    expect(await ask('POST', '/a', 'host.docker.internal')).toBe(200);
    expect(await requests('/a')).toMatchObject({ total: 1 });
  });

  test('is kept with all that was sent and answered, newest first', async () => {
    await post('/a?x=1', 'first', { 'x-team': 'payroll' });
    await post('/a', 'second');
    const { total, data } = await requests('/a');
    expect(total).toBe(2);
    expect(data.map(({ body }) => body)).toEqual(['second', 'first']);
    expect(data[1]).toMatchObject({
      method: 'POST',
      path: '/a',
      query: '?x=1',
      headers: { 'x-team': 'payroll' },
      status: 200,
    });
    expect(Date.parse(data[1]?.receivedAt ?? '')).toBeGreaterThan(Date.now() - 10_000);
    expect(secrets.asked).toBeGreaterThan(0);
  });

  test('is kept for the last hundred of a path, and counted beyond', async () => {
    for (let index = 0; index < 130; index++) await post('/many', String(index));
    await post('/few', 'x');
    const { total, data } = await requests('/many');
    expect(total).toBe(130);
    expect(data).toHaveLength(100);
    expect([data[0]?.body, data[99]?.body]).toEqual(['129', '30']);
    const all = await (await fetch(`${receiver.url}/_requests`)).json();
    expect(all).toEqual({
      paths: [
        { path: '/few', total: 1 },
        { path: '/many', total: 130 },
      ],
    });
  });

  test('can be forgotten', async () => {
    await post('/a', 'x');
    expect((await fetch(`${receiver.url}/_requests`, { method: 'DELETE' })).status).toBe(204);
    expect(await requests('/a')).toEqual({ path: '/a', total: 0, data: [] });
  });
});

describe('the signature', () => {
  test('holds if it was made with a secret of the path', async () => {
    await post('/a', '{"n":1.0}', sign('{"n":1.0}', SECRET));
    expect((await requests('/a')).data[0]?.verified).toBe(true);
  });

  test.each([
    ['another body', '{"n":2}', sign('{"n":1}', SECRET)],
    ['another secret', '{}', sign('{}', OTHER)],
    ['an old timestamp', '{}', sign('{}', SECRET, new Date(Date.now() - 6 * 60_000))],
    ['a timestamp to come', '{}', sign('{}', SECRET, new Date(Date.now() + 6 * 60_000))],
  ])('does not hold with %s', async (_what, body, headers) => {
    await post('/a', body, headers);
    const [request] = (await requests('/a')).data;
    expect(request).toMatchObject({ verified: false, reason: expect.stringMatching(/signature/) });
  });

  test('is not judged where there is none, or no secret', async () => {
    secrets.known = [];
    secrets.afterRefresh = [];
    await post('/a', '{}');
    await post('/a', '{}', sign('{}', SECRET));
    const { data } = await requests('/a');
    expect(data.map(({ verified }) => verified)).toEqual([null, null]);
    expect(data[0]?.reason).toContain('No subscription');
    expect(data[1]?.reason).toContain('no webhook-signature');
  });

  test('is checked with fresh secrets if the known ones do not fit', async () => {
    secrets.afterRefresh = [SECRET, OTHER];
    await post('/a', '{}', sign('{}', OTHER));
    expect((await requests('/a')).data[0]?.verified).toBe(true);
  });

  test('costs nothing until a person looks', async () => {
    await post('/a', '{}', sign('{}', SECRET));
    expect(secrets.asked).toBe(0);
  });
});

describe('a behaviour', () => {
  test('is a sequence whose last answer repeats', async () => {
    await behave('/a', {
      responses: [
        { status: 500, body: 'no' },
        { status: 429, retryAfter: 7, headers: { 'x-a': 'b' } },
      ],
    });
    const answers = [await post('/a', ''), await post('/a', ''), await post('/a', '')];
    expect(answers.map(({ status }) => status)).toEqual([500, 429, 429]);
    expect(await answers[0]?.text()).toBe('no');
    expect(answers[1]?.headers.get('retry-after')).toBe('7');
    expect(answers[1]?.headers.get('x-a')).toBe('b');
    expect((await post('/other', '')).status).toBe(200);
    expect((await requests('/a')).data[0]?.status).toBe(429);
  });

  test('may go over to another answer for good, and be reset', async () => {
    await behave('/a', JSON.parse('{"responses": [{"status": 503}], "then": {"status": 204}}'));
    expect([(await post('/a', '')).status, (await post('/a', '')).status, (await post('/a', '')).status]).toEqual([
      503, 204, 204,
    ]);
    await fetch(`${receiver.url}/_behaviours/a`, { method: 'DELETE' });
    expect((await post('/a', '')).status).toBe(200);
  });

  test('may be slow or never answer', async () => {
    await behave('/a', { responses: [{ delayMs: 200 }, { hang: true }] });
    const startedAt = performance.now();
    expect((await post('/a', '')).status).toBe(200);
    expect(performance.now() - startedAt).toBeGreaterThan(190);
    const hanging = fetch(`${receiver.url}/a`, { method: 'POST', signal: AbortSignal.timeout(300) });
    await expect(hanging).rejects.toThrow('timeout');
    expect((await requests('/a')).data[0]?.status).toBeNull();
  });

  test.each([
    [{}],
    [{ responses: [{ status: 99 }] }],
    [{ responses: [{ stauts: 500 }] }],
    [{ responses: 'x' }],
    [{ responses: [{ headers: { 'a b': 'c' } }] }],
    ['x'],
  ])('%j is refused with a reason', async (behaviour) => {
    const answer = await behave('/a', behaviour);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toEqual({ error: expect.stringMatching(/^(body|\/\w+)/) });
  });
});

test('the page shows what arrived and escapes it', async () => {
  await post('/a', '<script>alert("x")</script>', { 'x-b': '<img src=x>' });
  await post('/%3Cb%3E"onmouseover=', 'x');
  const page = await (await fetch(receiver.url)).text();
  expect(page).toContain('&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;');
  expect(page).not.toMatch(/<script|<img|"onmouseover/);
  const one = await fetch(`${receiver.url}/?path=${encodeURIComponent('/<i>')}`);
  expect(await one.text()).not.toContain('<i>');
});
