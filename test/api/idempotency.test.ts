import { createHash } from 'node:crypto';
import { ScanCommand } from '@aws-sdk/lib-dynamodb';
import { beforeEach, describe, expect, it } from 'vitest';
import { QueueRefusedError } from '../../functions/adapters/sqs/work-queue.ts';
import type { PublishedBody } from '../../functions/core/event/republish.ts';
import { type ApiRequest, expectProblem, tenantOf, useApi } from '../support/api.ts';

const { call, deps, clock, queues, tables } = useApi();
const PATH = '/v1/tenants/acme/subscriptions';
const BODY = { url: 'https://a.example/', eventTypes: ['*'] };
let number = 0;
let key = '';
beforeEach(() => {
  number += 1;
  key = `key-${number}`;
});
const send = (request: ApiRequest = {}, changes: Parameters<typeof call>[3] = {}, path = PATH) =>
  call('POST', path, { body: BODY, headers: { 'idempotency-key': key }, ...request }, changes);
const count = async () => (await deps.stores.subscriptions.pageSubscriptions('acme', 100, null, null)).values.length;

describe('Idempotency-Key', () => {
  it('the same request again gives the first answer, and does nothing', async () => {
    const first = await send();
    const before = await count();
    const again = await send();
    expect(again).toMatchObject({ status: 201, text: first.text, headers: first.headers });
    expect(await count()).toBe(before);
  });

  it('without it each request is one of its own', async () => {
    const [a, b] = [await call('POST', PATH, { body: BODY }), await call('POST', PATH, { body: BODY })];
    expect(a.field('id')).not.toBe(b.field('id'));
  });

  it('with another body is refused', async () => {
    await send();
    const other = await send({ body: { ...BODY, name: 'x' } });
    expect(other).toMatchObject({ status: 422, json: { code: 'invalid_request' } });
  });

  it('of another tenant, or at another path, is another key', async () => {
    const first = await send();
    const other = await send({}, {}, '/v1/tenants/other/subscriptions');
    expect(other).toMatchObject({ status: 201, json: { tenantId: 'other' } });
    expect(other.field('id')).not.toBe(first.field('id'));
    const published = await send({ body: { type: 'a', data: 1 } }, {}, '/v1/tenants/acme/events');
    expect(published.status).toBe(202);
    await queues.events.take();
    expect((await send()).text).toBe(first.text);
  });

  it('of another caller is another key', async () => {
    const first = await send();
    const other = await send({ as: tenantOf('acme') });
    expect(other.status).toBe(201);
    expect(other.field('id')).not.toBe(first.field('id'));
  });

  it('while the first request runs is a conflict that ends soon', async () => {
    const published = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const publish = async () => {
      begun.resolve();
      await published.promise;
    };
    const body = { type: 'a', data: 1 };
    const first = send({ body }, { publish }, '/v1/tenants/acme/events');
    await begun.promise;
    const second = await send({ body }, { publish }, '/v1/tenants/acme/events');
    expect(second).toMatchObject({ status: 409, json: { code: 'conflict' }, headers: { 'retry-after': '1' } });
    published.resolve();
    expect((await first).status).toBe(202);
    expect((await send({ body }, {}, '/v1/tenants/acme/events')).text).toBe((await first).text);
    expect(await queues.events.take()).toEqual([]);
  });

  it('gives an answer again that is larger than an item', async () => {
    const body = { profile: 'standard', event: { type: 'a.b', data: 'x'.repeat(250_000) } };
    const preview = () => send({ body }, {}, '/v1/profiles/preview');
    const first = await preview();
    expect(first.status).toBe(200);
    expect(first.text.length).toBeGreaterThan(400_000);
    expect((await preview()).text).toBe(first.text);
  });

  it('whose answer could not be kept does nothing again, and says so', async () => {
    const complete = deps.idempotency.complete;
    const idempotency = {
      ...deps.idempotency,
      complete: (id: string, run: Parameters<typeof complete>[1]) => complete(id, run, null),
    };
    expect((await send({}, { idempotency })).status).toBe(201);
    const before = await count();
    for (let round = 0; round < 3; round += 1) {
      expectProblem(await send(), 409, 'answer_not_kept');
    }
    expect(await count()).toBe(before);
  });

  it('whose answer cannot be sealed is answered, and does nothing again', async () => {
    const seal = (text: string, owner: Parameters<typeof deps.vault.seal>[1]) =>
      owner.subscriptionId === 'idempotency' ? Promise.reject(new Error('KMS is away')) : deps.vault.seal(text, owner);
    expect((await send({}, { vault: { ...deps.vault, seal } })).status).toBe(201);
    expectProblem(await send(), 409, 'answer_not_kept');
  });

  it('of a request that failed is free again', async () => {
    const refuse = () => Promise.reject(new Error('away'));
    expect(
      (
        await send(
          {},
          { stores: { ...deps.stores, subscriptions: { ...deps.stores.subscriptions, saveSubscription: refuse } } },
        )
      ).status,
    ).toBe(500);
    expect((await send()).status).toBe(201);
  });

  it('of events of which some were queued before it failed gives them the same ids again', async () => {
    const body = {
      events: Array.from({ length: 12 }, (_, n) => ({ type: 'a', data: n, ...(n === 5 && { id: 'own' }) })),
    };
    const events = '/v1/tenants/acme/events';
    const sent: PublishedBody[][] = [];
    const publish = (isAway: boolean) => async (messages: readonly PublishedBody[]) => {
      sent.push([...messages]);
      if (isAway) throw new QueueRefusedError('RequestThrottled');
    };
    expect((await send({ body }, { publish: publish(true) }, events)).status).toBe(503);
    clock.now += 5_000;
    const again = await send({ body }, { publish: publish(false) }, events);
    expect(again.status).toBe(202);
    expect(sent[1]?.map(({ body: text }) => text)).toEqual(sent[0]?.map(({ body: text }) => text));
    expect(new Set(sent[0]?.map(({ body: text }) => JSON.parse(text).id)).size).toBe(12);
    const madeIds = sent.map((messages) => new Set(messages.map(({ idMade }) => idMade)));
    expect(madeIds).toEqual([new Set(['first', undefined]), new Set(['again', undefined])]);
  });

  it('of a request that was wrong is free for the right one', async () => {
    expect((await send({ body: { ...BODY, url: 'ftp://x' } })).status).toBe(422);
    expect((await send()).status).toBe(201);
  });

  it('is forgotten after 24 hours', async () => {
    const first = await send();
    clock.now += 24 * 3_600_000 + 1_000;
    const later = await send();
    expect(later.status).toBe(201);
    expect(later.field('id')).not.toBe(first.field('id'));
  });

  it.each([
    ['DELETE', '/v1/tenants/brief', 204],
    ['POST', '/v1/tenants/brief/erasure', 202],
  ] as const)('is forgotten with its tenant: %s %s', async (method, end, status) => {
    const subscriptions = '/v1/tenants/brief/subscriptions';
    const first = await send({}, {}, subscriptions);
    clock.now += 1;
    const headers = { 'idempotency-key': `${key}-end` };
    const ended = await call(method, end, { headers });
    expect(ended.status).toBe(status);
    clock.now += 1;
    const later = await send({}, {}, subscriptions);
    expect(later.status).toBe(201);
    expect(later.field('id')).not.toBe(first.field('id'));
    expect((await call('GET', `${subscriptions}/${later.field('id')}`)).status).toBe(200);
    expect((await send({}, {}, subscriptions)).text).toBe(later.text);
    // An erasure that is sent again is the same, and takes nothing of the later tenant.
    if (method === 'POST') expect((await call(method, end, { headers })).text).toBe(ended.text);
  });

  it.each(['', 'a b', 'ü', 'x'.repeat(256)])('%j is none', async (text) => {
    key = text;
    expect(await send()).toMatchObject({ status: 400, json: { code: 'malformed_request' } });
  });

  it('makes one API key, and keeps nothing of it but its hash', async () => {
    const request = { body: { name: key, role: 'read' } };
    const made = await send(request, {}, '/v1/api-keys');
    expect(made.status).toBe(201);
    const again = await send(request, {}, '/v1/api-keys');
    expect(again).toMatchObject({ status: 409, json: { code: 'answer_not_kept' } });
    expect(await deps.stores.apiKeys.listApiKeys(100, null)).toMatchObject({ values: [{ id: made.field('id') }] });
    for (const TableName of [tables.journalTable, tables.catalogTable]) {
      const { Items = [] } = await tables.client.send(new ScanCommand({ TableName }));
      expect(Items.length).toBeGreaterThan(0);
      expect(JSON.stringify(Items)).not.toContain(made.field('key').slice(30));
    }
    const own = (await deps.stores.apiKeys.getApiKey(made.field('id')))?.secretHash;
    expect(own).toBe(createHash('sha256').update(made.field('key').slice(30)).digest('base64url'));
  });

  it('leaves no secret in the journal', async () => {
    const secret = (await send()).field('secret');
    const { Items = [] } = await tables.client.send(new ScanCommand({ TableName: tables.journalTable }));
    const answers = Items.filter(({ pk }) => String(pk).startsWith('I#'));
    expect(answers.length).toBeGreaterThan(0);
    expect(JSON.stringify(answers)).not.toContain(secret.slice(6));
  });
});

describe('If-None-Match: *', () => {
  const headers = { 'if-none-match': '*' };

  it('creates a tenant once, and replaces none', async () => {
    const put = (name: string) => call('PUT', '/v1/tenants/only-new', { body: { name }, headers });
    const answers = await Promise.all(['a', 'a', 'a'].map(put));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 412, 412]);
    expectProblem(await put('b'), 412, 'precondition_failed');
    expect((await call('GET', '/v1/tenants/only-new')).json).toMatchObject({ name: 'a' });
  });

  it('replaces no profile', async () => {
    const body = { name: 'only-new', envelope: {}, retry: { gapsSeconds: [60] } };
    const path = '/v1/profiles/only-new';
    expectProblem(await call('PUT', path, { body, headers }), 404, 'not_found');
    expect((await call('POST', '/v1/profiles', { body })).status).toBe(201);
    expectProblem(await call('PUT', path, { body, headers }), 412, 'precondition_failed');
  });
});

describe('changes at the same moment', () => {
  it('undo none of each other', async () => {
    const id = (await call('POST', PATH, { body: BODY })).field('id');
    const patches = [{ name: 'n' }, { metadata: { a: '1' } }, { headers: { 'X-B': '2' } }, { metadata: { c: '3' } }];
    const answers = await Promise.all(patches.map((body) => call('PATCH', `${PATH}/${id}`, { body })));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect((await call('GET', `${PATH}/${id}?show=headers`)).json).toMatchObject({
      name: 'n',
      metadata: { a: '1', c: '3' },
      headers: { 'X-B': '2' },
    });
  });

  it('with If-Match, only the first of them is made', async () => {
    const created = await call('POST', PATH, { body: BODY });
    const etag = String(created.headers.etag);
    const path = `${PATH}/${created.field('id')}`;
    const answers = await Promise.all(
      ['a', 'b', 'c'].map((name) => call('PATCH', path, { body: { name }, headers: { 'if-match': etag } })),
    );
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 412, 412]);
    const current = String((await call('GET', path)).headers.etag);
    expect(current).not.toBe(etag);
    expect((await call('DELETE', path, { headers: { 'if-match': current } })).status).toBe(204);
  });
});
