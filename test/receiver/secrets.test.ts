import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { closeServer, listenOnLoopback } from '../../local/listen.ts';
import { secretsByApi } from '../../receiver/secrets.ts';

const RECEIVER = 'http://127.0.0.1:7';
/** What the API answers, by path and query. */
const answers: Record<string, unknown> = {
  '/v1/tenants?limit=100': { data: [{ id: 'a' }], nextCursor: 'c=1' },
  '/v1/tenants?limit=100&cursor=c%3D1': { data: [{ id: 'b' }], nextCursor: null },
  '/v1/tenants/a/subscriptions?limit=100': {
    data: [
      { id: 'sub_1', url: `${RECEIVER}/x?query=1` },
      { id: 'sub_2', url: 'https://example.com/x' },
    ],
    nextCursor: null,
  },
  '/v1/tenants/b/subscriptions?limit=100': {
    data: [
      { id: 'sub_3', url: 'http://localhost:7/x' },
      { id: 'sub_4', url: `${RECEIVER}/y` },
    ],
    nextCursor: null,
  },
  '/v1/tenants/a/subscriptions/sub_1/secret': { secret: 'one' },
  '/v1/tenants/b/subscriptions/sub_3/secret': { secret: 'three' },
  '/v1/tenants/b/subscriptions/sub_4/secret': { secret: null },
};
let asked: string[] = [];
let server: Server;
let apiUrl: string;

beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push(request.url ?? '');
    const answer = request.headers.authorization === 'Bearer key' ? answers[request.url ?? ''] : undefined;
    response.writeHead(answer ? 200 : 404).end(JSON.stringify(answer ?? {}));
  });
  apiUrl = await listenOnLoopback(server, 0, '');
});
afterAll(() => closeServer(server));

test('the secrets of a path are those of all subscriptions of all tenants that point to it', async () => {
  const secretsFor = secretsByApi({ apiUrl, adminKey: 'key', receiverUrl: RECEIVER });
  expect(await secretsFor('/x', false)).toEqual(['one', 'three']);
  expect(await secretsFor('/y', false)).toEqual([]);
  expect(await secretsFor('/nowhere', false)).toEqual([]);
  asked = [];
  expect(await secretsFor('/x', false)).toEqual(['one', 'three']);
  expect(asked).toEqual([]);
});

test('a refresh learns rotated secrets and keeps the ones before, and does not list everything each time', async () => {
  const secretsFor = secretsByApi({ apiUrl, adminKey: 'key', receiverUrl: RECEIVER });
  await secretsFor('/x', false);
  answers['/v1/tenants/a/subscriptions/sub_1/secret'] = { secret: 'new' };
  asked = [];
  expect(await secretsFor('/x', true)).toEqual(['one', 'new', 'three']);
  expect(asked).toEqual(['/v1/tenants/a/subscriptions/sub_1/secret', '/v1/tenants/b/subscriptions/sub_3/secret']);
});

test('a refusal of the API is not taken for the absence of secrets', async () => {
  const secretsFor = secretsByApi({ apiUrl, adminKey: 'wrong', receiverUrl: RECEIVER });
  await expect(secretsFor('/x', false)).rejects.toThrow('/v1/tenants answered 404');
});
