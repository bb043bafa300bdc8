import { describe, expect, it } from 'vitest';
import type { Method } from '../../functions/api/http/route.ts';
import { type ApiRequest, expectProblem, tenantOf, useApi } from '../support/api.ts';

const { call, deps, queues } = useApi();
const MOUNTED = { compatibility: ['keypay'] } as const;
const keypay = (method: Method, target: string, request: ApiRequest = {}) =>
  call(method, `/business${target}`, request, MOUNTED);
const URL = 'https://receiver.example/hooks';
const SECRET = 'OLgCtvLZU4h9GYzZgamuYGdn4e7Zk651';

let counter = 0;
/** A registration of a business of its own. */
async function register(body: Record<string, unknown> = {}) {
  counter += 1;
  const list = `/${counter}/webhookregistrations`;
  const made = await keypay('POST', list, { body: { WebHookUri: URL, Secret: SECRET, ...body } });
  expect(made).toMatchObject({ status: 201 });
  const id = made.field('id');
  return { made, list, one: `${list}/${id}`, id, v1: `/v1/tenants/${counter}/subscriptions/${id}` };
}

describe('to register', () => {
  it('takes members in any case, and answers in camel case', async () => {
    const { made, id, one, v1 } = await register({
      ID: 'f62319a8e9594b1da89ee456525711ea',
      Description: 'Roster',
      FILTERS: ['employeecreated', 'PayRunFinalised', 'EMPLOYEECREATED'],
      headers: { 'X-Roster': 'a' },
      properties: { site: 'Perth', level: 2, live: true },
    });
    const expected = {
      id,
      webHookUri: URL,
      secret: SECRET,
      description: 'Roster',
      isPaused: false,
      filters: ['EmployeeCreated', 'PayRunFinalised'],
      headers: { 'X-Roster': 'a' },
      properties: { site: 'Perth', level: '2', live: 'true' },
    };
    expect(made.json).toEqual(expected);
    expect(made.headers.location).toBe(`/business/${counter}/webhookregistrations/${id}`);
    expect(id).toMatch(/^sub_/);
    expect((await keypay('GET', one)).json).toEqual(expected);
    expect((await call('GET', v1)).json).toMatchObject({
      name: 'Roster',
      url: URL,
      eventTypes: ['EmployeeCreated', 'PayRunFinalised'],
      profile: 'keypay',
      metadata: { site: 'Perth' },
      status: 'active',
    });
  });

  it.each([{}, { secret: '' }, { secret: null, filters: [], description: '', headers: null, properties: null }])(
    'makes a secret and subscribes to everything where %j says nothing',
    async (rest) => {
      counter += 1;
      const made = await keypay('POST', `/${counter}/webhookregistrations`, { body: { webHookUri: URL, ...rest } });
      expect(made.json).toMatchObject({
        secret: expect.stringMatching(/^[A-Za-z0-9]{32}$/),
        filters: ['*'],
        description: null,
        headers: {},
        properties: {},
      });
    },
  );

  it('may begin paused', async () => {
    const { made, v1 } = await register({ isPaused: true });
    expect(made.json).toMatchObject({ isPaused: true });
    expect((await call('GET', v1)).json).toMatchObject({ status: 'paused', statusReason: { code: 'paused' } });
  });

  it('knows the event types that the company has added, but not those that it has archived', async () => {
    for (const name of ['ClockedIn', 'ClockedOut']) await call('POST', '/v1/event-types', { body: { name } });
    await call('POST', '/v1/event-types/ClockedOut/archive');
    expect((await register({ filters: ['clockedin'] })).made.json).toMatchObject({ filters: ['ClockedIn'] });
    const refused = await keypay('POST', '/1/webhookregistrations', {
      body: { webHookUri: URL, filters: ['ClockedOut', 'ClockedIn'] },
    });
    expectProblem(refused, 400, 'malformed_request');
    expect(refused.field('detail')).toContain('filters: ClockedOut: there is no such event');
  });

  it('knows where only known event types are accepted what is in it, only', async () => {
    const strict = { ...MOUNTED, eventTypes: 'strict' } as const;
    const post = (filters: string[]) =>
      call('POST', '/business/1/webhookregistrations', { body: { webHookUri: URL, filters } }, strict);
    expectProblem(await post(['TimesheetCreated']), 400, 'malformed_request');
    await call('POST', '/v1/event-types', { body: { name: 'TimesheetCreated' } });
    expect(await post(['timesheetcreated'])).toMatchObject({ status: 201 });
  });

  it.each<[string, unknown, string]>([
    ['nothing', {}, 'webHookUri: is required'],
    ['no object', [], ': '],
    ['a number for the URL', { WebHookUri: 5 }, 'webHookUri: '],
    ['a scheme that is none', { webHookUri: 'ftp://a.example/' }, 'webHookUri: The URL begins with ftp://'],
    ['a private address', { webHookUri: 'https://10.0.0.1/' }, 'webHookUri: '],
    ['a short secret', { webHookUri: URL, secret: 'x'.repeat(31) }, 'secret: must be 32 to 64 characters'],
    ['a long secret', { webHookUri: URL, secret: 'x'.repeat(65) }, 'secret: must be 32 to 64 characters'],
    ['a strange filter', { webHookUri: URL, filters: ['*', 'Nope'] }, 'filters: Nope: there is no such event'],
    ['a forbidden header', { webHookUri: URL, headers: { Host: 'x' } }, 'headers/Host: may not be set'],
    ['the header of the signature', { webHookUri: URL, headers: { 'MS-Signature': 'x' } }, 'headers/MS-Signature: '],
    ['an object as a property', { webHookUri: URL, properties: { a: {} } }, 'properties/a: must be text'],
    ['a name that cannot be kept', `{"webHookUri":"${URL}","properties":{"__proto__":"x"}}`, 'properties/__proto__: '],
    ['a header of that name', `{"webHookUri":"${URL}","headers":{"__proto__":"x"}}`, 'headers/__proto__: '],
    [
      'a number that would be rounded',
      `{"webHookUri":"${URL}","properties":{"a":9007199254740993}}`,
      'properties/a: is too large a number to be kept',
    ],
    ['a long description', { webHookUri: URL, description: 'x'.repeat(201) }, 'description: '],
  ])('refuses %s with 400 and a message', async (_, body, message) => {
    const answer = await keypay('POST', '/refused/webhookregistrations', { body });
    expectProblem(answer, 400, 'malformed_request');
    expect(answer.field('detail')).toContain(message);
    expect((await keypay('GET', '/refused/webhookregistrations')).json).toEqual([]);
  });
});

describe('the secret', () => {
  it('is not for tokens that only read', async () => {
    const { list, one } = await register();
    const as = tenantOf(String(counter), true);
    expect((await keypay('GET', one, { as })).json).toMatchObject({ secret: null });
    expect((await keypay('GET', list, { as })).text).not.toContain(SECRET);
    expect((await keypay('GET', one, { as: tenantOf(String(counter)) })).json).toMatchObject({ secret: SECRET });
  });
});

describe('to replace', () => {
  it('replaces everything, and answers as the stock library does', async () => {
    const { id, one, v1 } = await register({
      description: 'before',
      filters: ['EmployeeCreated'],
      headers: { 'X-A': '1', 'X-B': '2' },
      properties: { a: '1', b: '2' },
    });
    const body = {
      id,
      webHookUri: `${URL}/new`,
      secret: 'N'.repeat(64),
      isPaused: true,
      filters: ['leaverequestcreated'],
      headers: { 'x-a': '3' },
      properties: { c: '3' },
    };
    expect(await keypay('PUT', one, { body })).toMatchObject({ status: 200, text: '' });
    expect((await keypay('GET', one)).json).toEqual({ ...body, description: null, filters: ['LeaveRequestCreated'] });
    expect((await call('GET', `${v1}/secret`)).json).toMatchObject({ secret: 'N'.repeat(64), previous: [] });
  });

  it('takes back what it gave, and keeps what it does not show', async () => {
    counter += 1;
    const list = `/${counter}/webhookregistrations`;
    const made = await keypay('POST', list, { body: { webHookUri: 'https://ann:pw@receiver.example/' } });
    const one = `${list}/${made.field('id')}`;
    expect(made.json).toMatchObject({ webHookUri: 'https://receiver.example/' });
    expect(await keypay('PUT', one, { body: { ...Object(made.json), secret: '' } })).toMatchObject({ status: 200 });
    expect((await keypay('GET', one)).json).toEqual(made.json);
    expect((await call('GET', `/v1/tenants/${counter}/subscriptions/${made.field('id')}`)).json).toMatchObject({
      hasCredentials: true,
    });
  });

  it('refuses another id, and changes nothing for half a mistake', async () => {
    const { one, made } = await register();
    const wrong = { ...Object(made.json), description: 'changed' };
    expectProblem(await keypay('PUT', one, { body: { ...wrong, id: 'sub_x' } }), 400, 'malformed_request');
    expectProblem(await keypay('PUT', one, { body: { ...wrong, filters: ['Nope'] } }), 400, 'malformed_request');
    expectProblem(await keypay('PUT', one, { body: { ...wrong, webHookUri: 'x' } }), 400, 'malformed_request');
    const half = `${'x'.repeat(32)}\ud800`;
    expectProblem(await keypay('PUT', one, { body: { ...wrong, secret: half } }), 400, 'malformed_request');
    expect((await keypay('GET', one)).json).toEqual(made.json);
  });

  it('ends a pause without what happened during it', async () => {
    const { one, v1, made } = await register({ isPaused: true });
    await queues.retries.take();
    expect((await keypay('PUT', one, { body: { ...Object(made.json), isPaused: false } })).status).toBe(200);
    expect((await call('GET', v1)).json).toMatchObject({ status: 'active', statusReason: null });
    const sent = (await queues.retries.take()).map(({ body }) => JSON.parse(body));
    expect(sent).toEqual([expect.objectContaining({ kind: 'settle_parked', subscriptionId: made.field('id') })]);
    // What was active already has nothing parked.
    await keypay('PUT', one, { body: { webHookUri: URL } });
    expect(await queues.retries.take()).toEqual([]);
  });
});

describe('the test call', () => {
  it.each([
    ['the filter that is asked for', '?filter=bankaccountdeleted', ['*'], 'BankAccountDeleted'],
    ['the filter in any case', '?Filter=BankAccountDeleted', ['*'], 'BankAccountDeleted'],
    ['the registration’s first', '', ['PayRunDeleted'], 'PayRunDeleted'],
    ['the list’s first for all', '?filter=*', ['*'], 'EmployeeCreated'],
  ])('sends %s', async (_, query, filters, eventType) => {
    const { one, v1 } = await register({ filters });
    expect(await keypay('GET', `${one}/test${query}`)).toMatchObject({ status: 200, text: '' });
    const [message] = (await queues.deliveries.take()).map(({ body }) => JSON.parse(body));
    expect(message).toMatchObject({ trigger: 'test' });
    const event = await deps.stores.events.getEvent(message.tenantId, message.eventId);
    expect(event).toMatchObject({ type: eventType, data: '{"Type":"Test Message from Application"}' });
    expect(v1).toContain(message.subscriptionId);
  });

  it('refuses an event that there is none, and a registration that is paused', async () => {
    const { one } = await register();
    expectProblem(await keypay('GET', `${one}/test?filter=Nope`), 400, 'malformed_request');
    await keypay('PUT', one, { body: { webHookUri: URL, isPaused: true } });
    expectProblem(await keypay('GET', `${one}/test`), 409, 'conflict');
    expect(await queues.deliveries.take()).toEqual([]);
  });
});

describe('to unregister', () => {
  it('one, once', async () => {
    const { one, v1, id } = await register();
    expect(await keypay('DELETE', one)).toMatchObject({ status: 200, text: '' });
    expectProblem(await keypay('DELETE', one), 404, 'not_found');
    expectProblem(await call('GET', v1), 404, 'not_found');
    // What was parked is cancelled with it.
    expect((await queues.retries.take()).map(({ body }) => JSON.parse(body))).toEqual([
      expect.objectContaining({ kind: 'settle_parked', subscriptionId: id }),
    ]);
  });
});
