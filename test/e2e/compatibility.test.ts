import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import type { CallOptions } from './client.ts';
import { eventually } from './eventually.ts';
import { startWatch } from './scheduled.ts';
import { scene, useSystem } from './use-system.ts';

const system = useSystem({ context: { compatibility: 'keypay,staffology' } });

/** A customer with a token of its own, sent as the vendors' clients send their keys. */
async function customer(name: string) {
  const client = system();
  const { tenant, path } = scene(name);
  const { token } = await client.ask(z.object({ token: z.string() }), 'POST', `/v1/tenants/${tenant}/portal-tokens`);
  const as =
    (userAndPassword: string) =>
    (method: string, target: string, options: CallOptions = {}) =>
      client.call(method, target, {
        ...options,
        token: null,
        headers: { authorization: `Basic ${Buffer.from(userAndPassword).toString('base64')}` },
      });
  const arrived = (count: number) =>
    eventually(async () => {
      const { requests } = await client.received(path);
      expect(requests).toHaveLength(count);
      return requests;
    });
  return { client, tenant, path, url: client.endpoints.receiverUrl + path, token, as, arrived };
}

describe("an integration that was made for KeyPay's API", () => {
  // From the vendor's own page: with these three the signature is the one that it publishes.
  const SECRET = 'OLgCtvLZU4h9GYzZgamuYGdn4e7Zk651';
  const ID = 'f62319a8e9594b1da89ee456525711ea';
  const SIGNATURE = 'sha256=d33766c44cd7ce49134833e072d10866a6e021053bff7f72b92b1da07b85cd3e';
  const bodyOf = (id: string) =>
    [
      '{',
      `  "Id": "${id}",`,
      '  "Attempt": 1,',
      '  "Properties": {},',
      '  "Notifications": [',
      '    {',
      '      "Action": "BankAccountDeleted",',
      '      "Type": "Test Message from Application"',
      '    }',
      '  ]',
      '}',
    ].join('\r\n');

  test('registers, tests, receives the published bytes, pauses and unregisters', async () => {
    const { client, tenant, url, token, as, arrived } = await customer('keypay');
    const keypay = as(`${token}:`);
    const list = `/business/${tenant}/webhookregistrations`;
    const made = await keypay('POST', list, {
      body: { WebHookUri: url, Secret: SECRET, Description: 'Roster', Filters: ['bankaccountdeleted'] },
    });
    const registration = z.looseObject({ id: z.string() }).parse(made.body);
    const one = `${list}/${registration.id}`;
    expect(made).toMatchObject({ status: 201, body: { webHookUri: url, secret: SECRET, isPaused: false } });
    expect(made.headers.get('location')).toBe(one);
    expect((await keypay('GET', list)).body).toEqual([registration]);

    expect(await keypay('GET', `${one}/test?filter=BankAccountDeleted`)).toMatchObject({ status: 200, text: '' });
    const [tested] = await arrived(1);
    const { Id } = z.looseObject({ Id: z.string().regex(/^[0-9a-f]{32}$/) }).parse(JSON.parse(tested?.body ?? ''));
    expect(tested?.body).toBe(bodyOf(Id));
    const hash = createHmac('sha256', SECRET)
      .update(tested?.body ?? '')
      .digest('hex');
    expect(tested?.headers['ms-signature']).toBe(`sha256=${hash}`);

    const event = { type: 'BankAccountDeleted', data: { Type: 'Test Message from Application' } };
    await client.publish(tenant, { ...event, id: ID });
    const [, sent] = await arrived(2);
    expect(sent?.body).toBe(bodyOf(ID));
    expect(sent?.headers).toMatchObject({
      'ms-signature': SIGNATURE,
      'content-type': 'application/json; charset=utf-8',
    });

    const put = (isPaused: boolean) => keypay('PUT', one, { body: { ...registration, isPaused } });
    expect(await put(true)).toMatchObject({ status: 200 });
    const missed = await client.publish(tenant, event);
    await eventually(async () => expect(await client.deliveryOf(tenant, missed)).toMatchObject({ status: 'parked' }));
    expect(await put(false)).toMatchObject({ status: 200 });
    await eventually(async () =>
      expect(await client.deliveryOf(tenant, missed)).toMatchObject({ status: 'cancelled' }),
    );
    await client.publish(tenant, event);
    await arrived(3);

    expect(await keypay('DELETE', list)).toMatchObject({ status: 200, text: '' });
    expect((await keypay('GET', one)).status).toBe(404);
    await client.publish(tenant, event);
    await (await startWatch(client)).settle();
    await arrived(3);
  });

  test('has no way to another business', async () => {
    const { token, as } = await customer('keypay');
    const { tenant } = await customer('keypay');
    const keypay = as(`${token}:`);
    expect((await keypay('GET', `/business/${tenant}/webhookregistrations`)).status).toBe(404);
    expect((await as('wrong:key')('GET', `/business/${tenant}/webhookregistrations`)).status).toBe(401);
  });
});

describe("an integration that was made for Staffology's API", () => {
  test('looks at a sample, subscribes, receives, reads its payloads, is deactivated and unsubscribes', async () => {
    const { client, tenant, path, url, token, as, arrived } = await customer('staffology');
    const staffology = as(`user:${token}`);
    const list = `/employers/${tenant}/webhooks`;
    const sample = await staffology('GET', `${list}/samples/Employee_Created`);
    expect(sample).toMatchObject({ status: 200, body: [{ personalDetails: { firstName: 'Owen' } }] });

    const made = await staffology('POST', list, { body: { webhookEvent: 'Employee_Created', url, active: true } });
    expect(made).toMatchObject({ status: 201, body: { webhookEvent: 'Employee_Created', url, active: true } });
    const { id } = z.looseObject({ id: z.guid() }).parse(made.body);
    const one = `${list}/${id}`;
    expect((await staffology('GET', list)).body).toEqual([{ id, name: 'Employee_Created', metadata: null, url: one }]);

    await client.behave(path, [{ status: 500 }, { status: 200 }, { status: 409 }]);
    const [data = ''] = [sample.text.slice(1, -1)];
    // Once as the sample promises, numbers and order included.
    await client.call('POST', `/v1/tenants/${tenant}/events`, {
      rawBody: `{"type":"Employee_Created","data":${data}}`,
    });
    await arrived(1);
    const readPayload = async () => {
      const [newest] = z.array(z.object({ id: z.guid() })).parse((await staffology('GET', `${one}/payloads`)).body);
      return (await staffology('GET', `${one}/payloads/${newest?.id}`)).body;
    };
    await eventually(async () =>
      expect(await readPayload()).toMatchObject({
        name: 'Employee_Created',
        url,
        payload: sample.body,
        attempts: 1,
        statusCode: 500,
        taskStatus: 'Processing',
      }),
    );
    await client.advance(80);
    const [first, second] = await arrived(2);
    expect([first?.body, second?.body]).toEqual([sample.text, sample.text]);
    await eventually(async () =>
      expect(await readPayload()).toMatchObject({ attempts: 2, statusCode: 200, taskStatus: 'Sent' }),
    );

    // "Webhooks will automatically deactivate if they receive a 409 - Gone response."
    await client.publish(tenant, { type: 'Employee_Created', data: { id: 'e2' } });
    await arrived(3);
    await eventually(async () =>
      expect((await staffology('GET', one)).body).toMatchObject({
        active: false,
        eventCount: 2,
        lastPayload: { payload: [{ id: 'e2' }], statusCode: 409, taskStatus: 'Failed' },
      }),
    );
    const page = await staffology('GET', `${one}/payloads?pageNum=2&pageSize=1`);
    expect(page).toMatchObject({ status: 200, body: [{ name: 'Employee_Created' }] });

    await client.behave(path, [{ status: 200 }]);
    const changed = { webhookEvent: 'Employee_Updated', url, active: true };
    expect(await staffology('PUT', one, { body: changed })).toMatchObject({ status: 200, body: changed });
    await client.publish(tenant, { type: 'Employee_Updated', data: { id: 'e3' } });
    const requests = await arrived(4);
    expect(requests.at(-1)?.body).toBe('[{"id":"e3"}]');

    expect(await staffology('DELETE', one)).toMatchObject({ status: 204, text: '' });
    expect((await staffology('GET', list)).body).toEqual([]);
    await client.publish(tenant, { type: 'Employee_Updated', data: { id: 'e4' } });
    await (await startWatch(client)).settle();
    await arrived(4);
  });
});
