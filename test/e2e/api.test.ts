import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { NewSubscription, Subscription } from './client.ts';
import { LISTS, TOTAL } from './cursor-lists.ts';
import { eventually } from './eventually.ts';
import { scene, useSystem } from './use-system.ts';

const system = useSystem();
const Item = z.looseObject({});

describe('Idempotency-Key', () => {
  const subscription = (tenant: string, key: string, extra: object = {}, token?: string) => {
    const body = { url: `${system().endpoints.receiverUrl}/once`, eventTypes: ['*'], ...extra };
    const options = { body, headers: { 'idempotency-key': key }, ...(token === undefined ? {} : { token }) };
    return system().call('POST', `/v1/tenants/${tenant}/subscriptions`, options);
  };
  const count = async (tenant: string) => (await system().all(Item, `/v1/tenants/${tenant}/subscriptions`)).length;

  test('a repetition gets the first answer, id and secret included, and does nothing', async () => {
    const { tenant } = scene('repeated');
    const first = await subscription(tenant, tenant);
    expect(first.status).toBe(201);
    expect(NewSubscription.parse(first.body).secret).toMatch(/^whsec_/);
    for (let round = 0; round < 3; round += 1) {
      const again = await subscription(tenant, tenant);
      expect([again.status, again.text, again.headers.get('etag')]).toEqual([
        201,
        first.text,
        first.headers.get('etag'),
      ]);
    }
    expect(await count(tenant)).toBe(1);
    const other = await subscription(tenant, `${tenant}-other`);
    expect(Subscription.parse(other.body).id).not.toBe(Subscription.parse(first.body).id);
    expect(await count(tenant)).toBe(2);
  });

  test('with another body is refused; of another tenant it is another key', async () => {
    const { tenant } = scene('misused');
    await subscription(tenant, tenant);
    const refused = { status: 422, body: { code: 'invalid_request' } };
    expect(await subscription(tenant, tenant, { name: 'another' })).toMatchObject(refused);
    expect((await subscription(`${tenant}-other`, tenant)).status).toBe(201);
    expect(await count(tenant)).toBe(1);
    expect(await count(`${tenant}-other`)).toBe(1);
  });

  test('ten times at once makes one', async () => {
    const { tenant } = scene('at-once');
    const answers = await Promise.all(Array.from({ length: 10 }, () => subscription(tenant, tenant)));
    const made = answers.filter(({ status }) => status === 201);
    expect(made).not.toHaveLength(0);
    expect(new Set(made.map(({ text }) => text)).size).toBe(1);
    for (const answer of answers.filter(({ status }) => status !== 201)) {
      expect(answer).toMatchObject({ status: 409, body: { code: 'conflict' } });
      expect(answer.headers.get('retry-after')).toBe('1');
    }
    expect(await count(tenant)).toBe(1);
    expect((await subscription(tenant, tenant)).text).toBe(made[0]?.text);
  });

  test('is not used up by a request that is refused', async () => {
    const { tenant } = scene('refused');
    expect((await subscription(tenant, tenant, { eventTypes: [] })).status).toBe(422);
    expect((await subscription(tenant, tenant)).status).toBe(201);
  });

  test("of one tenant's token is not that of another's", async () => {
    const tenants = [scene('keys').tenant, scene('keys').tenant];
    for (const tenant of tenants) {
      const Token = z.object({ token: z.string() });
      const { token } = await system().ask(Token, 'POST', `/v1/tenants/${tenant}/portal-tokens`);
      expect((await subscription(tenant, 'the-same-key', {}, token)).status).toBe(201);
      expect(await count(tenant)).toBe(1);
    }
  });

  test('makes one event of two requests', async () => {
    const { call, subscribe, received, all } = system();
    const { tenant, path } = scene('published');
    await subscribe(tenant, path);
    const options = { body: { type: 'a.b', data: 1 }, headers: { 'idempotency-key': tenant } };
    const publish = () => call('POST', `/v1/tenants/${tenant}/events`, options);
    const [first, second] = [await publish(), await publish()];
    expect(second.text).toBe(first.text);
    await system().publish(tenant, { id: 'control' });
    await eventually(async () => expect((await received(path)).total).toBe(2));
    expect(await all(Item, `/v1/tenants/${tenant}/events`)).toHaveLength(2);
  });

  test('is forgotten after a day', async () => {
    const { tenant } = scene('forgotten');
    const first = await subscription(tenant, tenant);
    await system().advance(86_000);
    expect((await subscription(tenant, tenant)).text).toBe(first.text);
    await system().advance(401);
    const later = await subscription(tenant, tenant, { name: 'another' });
    expect(later.status).toBe(201);
    expect(await count(tenant)).toBe(2);
  });
});

describe('a cursor stays valid', () => {
  test.each(Object.keys(LISTS))('while there come and go %s', async (what) => {
    const { tenant, path } = scene('cursor');
    const list = await LISTS[what]?.(system(), tenant, path);
    if (list === undefined) throw new Error('unreachable');
    const keys: string[] = [];
    for (let number = 0; number < TOTAL; number += 1) keys.push(await list.add(number));
    await eventually(async () =>
      expect((await system().all(Item, list.path)).map(list.keyOf)).toEqual(expect.arrayContaining(keys)),
    );
    const seen: string[] = [];
    const join = list.path.includes('?') ? '&' : '?';
    const Page = z.object({ data: z.array(z.record(z.string(), z.unknown())), nextCursor: z.string().nullable() });
    let [cursor, added]: [string | null, number] = ['', TOTAL];
    while (cursor !== null) {
      const query: string = `${join}limit=5${cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`}`;
      const page: z.infer<typeof Page> = await system().ask(Page, 'GET', list.path + query);
      seen.push(...page.data.map(list.keyOf));
      // The place that the cursor points at goes away.
      const last = page.data.at(-1);
      if (last !== undefined) await list.remove?.(last);
      await list.add(added);
      added += 1;
      cursor = page.nextCursor;
    }
    expect(new Set(seen).size, 'none twice').toBe(seen.length);
    expect(seen).toEqual(expect.arrayContaining(keys));
    expect(added).toBeGreaterThan(TOTAL + 4);
  });
});

describe('If-Match', () => {
  const OTHER = { 'if-match': '"99"' };
  /** What has ETags: how to make one, how to change it, and how to take it away. */
  const RESOURCES = {
    subscription: async (tenant: string, path: string) => {
      const { id } = await system().subscribe(tenant, path);
      return { path: `/v1/tenants/${tenant}/subscriptions/${id}`, verb: 'PATCH', field: 'name', hasDelete: true };
    },
    tenant: async (tenant: string) => {
      await system().call('PUT', `/v1/tenants/${tenant}`, { body: {} });
      return { path: `/v1/tenants/${tenant}`, verb: 'PUT', field: 'name', hasDelete: true };
    },
    'event type': async (tenant: string) => {
      await system().call('POST', '/v1/event-types', { body: { name: `match.${tenant}` } });
      return { path: `/v1/event-types/match.${tenant}`, verb: 'PATCH', field: 'description', hasDelete: false };
    },
  };

  test.each(Object.entries(RESOURCES))(
    'refuses a change of what another caller changed meanwhile: %s',
    async (_, make) => {
      const { call } = system();
      const { tenant, path: receiver } = scene('match');
      const { path, verb, field, hasDelete } = await make(tenant, receiver);
      const read = async () => (await call('GET', path)).headers.get('etag') ?? '';
      const write = (value: string, headers: Record<string, string>) =>
        call(verb, path, { body: { [field]: value }, headers });
      const first = await read();
      expect(first).toMatch(/^"[^"]+"$/);
      const changed = await write('first', { 'if-match': first });
      expect(changed).toMatchObject({ status: 200, body: { [field]: 'first' } });
      expect(changed.headers.get('etag')).not.toBe(first);
      expect(await read()).toBe(changed.headers.get('etag'));
      for (const stale of [{ 'if-match': first }, OTHER])
        expect(await write('stale', stale)).toMatchObject({ status: 412, body: { code: 'precondition_failed' } });
      expect((await call('GET', path)).body).toMatchObject({ [field]: 'first' });
      expect((await write('none', { 'if-match': 'nonsense' })).status).toBe(400);
      expect((await write('any', { 'if-match': '*' })).status).toBe(200);
      expect((await write('without', {})).status).toBe(200);
      expect((await call('GET', path)).body).toMatchObject({ [field]: 'without' });

      // Of ten who have read the same, one can write.
      const etag = await read();
      const answers = await Promise.all(Array.from({ length: 10 }, (_, n) => write(`w${n}`, { 'if-match': etag })));
      expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array.from({ length: 9 }, () => 412)]);
      // Of three who do not ask for that, all can, and none is lost.
      const before = Number((await read()).replaceAll('"', ''));
      const all = await Promise.all(Array.from({ length: 3 }, (_, n) => write(`v${n}`, {})));
      expect(all.map(({ status }) => status)).toEqual([200, 200, 200]);
      expect(Number((await read()).replaceAll('"', ''))).toBe(before + 3);

      if (!hasDelete) return;
      expect((await call('DELETE', path, { headers: { 'if-match': etag } })).status).toBe(412);
      expect((await call('DELETE', path, { headers: { 'if-match': await read() } })).status).toBe(204);
      expect((await call('GET', path)).status).toBe(404);
    },
  );
});
