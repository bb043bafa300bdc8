import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { createAddressPolicy } from '../../../functions/core/target/address-policy.ts';
import { answer, httpReceiver, rawReceiver } from './fixtures/receivers.ts';
import { newSender, resolveFailing, resolveTo, testSender, webhook } from './fixtures/sender.ts';

const accept = (socket: Socket) => socket.write(answer('200 OK'));

describe('names', () => {
  it.each([
    ['ENOTFOUND', 'name_not_found'],
    ['ENODATA', 'name_not_found'],
    ['EAI_AGAIN', 'name_lookup_failed'],
    ['EAI_FAIL', 'name_lookup_failed'],
  ])('that fail with %s', async (failure, code) => {
    const result = await testSender({ resolve: resolveFailing(failure) }).send(webhook('https://hook.test/'));
    expect(result).toMatchObject({ outcome: 'dns_error', response: null, error: { code } });
    expect(result.error?.message).toContain('hook.test');
  });

  it('without addresses', async () => {
    const result = await testSender({ resolve: resolveTo([]).resolve }).send(webhook('http://hook.test/'));
    expect(result).toMatchObject({ outcome: 'dns_error', error: { code: 'name_not_found' } });
  });

  it('that the system does not know', async () => {
    // RFC 6761: "invalid" never resolves; a machine without a network may say so in another way.
    const result = await testSender().send(webhook('http://posthorn.invalid/', { timeoutMs: 5_000 }));
    expect(result.outcome).toMatch(/^(dns_error|timeout)$/);
  });

  it.each([
    ['public and private', ['93.184.216.34', '10.0.0.1']],
    ['allowed and private', ['127.0.0.1', '10.0.0.1']],
    ['private and allowed', ['10.0.0.1', '127.0.0.1']],
    ['allowed and metadata', ['127.0.0.1', '169.254.169.254']],
    ['allowed and NAT64', ['127.0.0.1', '64:ff9b::7f00:1']],
    ['allowed and mapped private', ['127.0.0.1', '::ffff:10.0.0.1']],
    ['allowed and IPv4-compatible', ['127.0.0.1', '::127.0.0.1']],
    ['allowed and with a zone', ['127.0.0.1', 'fe80::1%lo']],
  ])('with one address %s are blocked', async (_, addresses) => {
    const receiver = await rawReceiver(accept);
    const url = `http://user:s3cret@hook.test:${receiver.port}/`;
    const result = await testSender({ resolve: resolveTo(addresses).resolve }).send(webhook(url));
    expect(result).toMatchObject({ outcome: 'blocked_address', response: null, error: { code: 'blocked_address' } });
    expect(result.error?.message).toContain('hook.test');
    // What the company's own name servers say is not for its customers.
    for (const address of addresses) expect(JSON.stringify(result)).not.toContain(address);
    expect(receiver.connections).toBe(0);

    const control = testSender({ resolve: resolveTo(['127.0.0.1']).resolve });
    expect(await control.send(webhook(url))).toMatchObject({ outcome: 'success' });
    expect(receiver.requests[0]).toContain(`host: hook.test:${receiver.port}`);
  });

  it('are looked up once for a connection, so a second answer cannot slip in', async () => {
    const receiver = await rawReceiver((socket) => socket.end(answer('200 OK', ['connection: close'])));
    const names = resolveTo(['127.0.0.1'], ['10.0.0.1']);
    const sender = testSender({ resolve: names.resolve });
    const url = `http://hook.test:${receiver.port}/`;
    expect(await sender.send(webhook(url))).toMatchObject({ outcome: 'success' });
    expect(names.lookups).toEqual(['hook.test']);
    expect(await sender.send(webhook(url))).toMatchObject({ outcome: 'blocked_address' });
    expect(receiver.connections).toBe(1);
  });

  it('fall back to their next address', async () => {
    const receiver = await rawReceiver(accept);
    const sender = testSender({ resolve: resolveTo(['127.0.0.2', '127.0.0.1']).resolve });
    expect(await sender.send(webhook(`http://hook.test:${receiver.port}/`))).toMatchObject({ outcome: 'success' });
  });

  it('localhost is an address like others', async () => {
    const receiver = await rawReceiver(accept);
    const url = `http://localhost:${receiver.port}/`;
    const addressPolicy = createAddressPolicy({ allowedPrivateRanges: [] });
    expect(await testSender({ addressPolicy }).send(webhook(url))).toMatchObject({ outcome: 'blocked_address' });
    expect(receiver.connections).toBe(0);
    const loopback = createAddressPolicy({ allowedPrivateRanges: ['127.0.0.0/8', '::1/128'] });
    expect(await testSender({ addressPolicy: loopback }).send(webhook(url))).toMatchObject({ outcome: 'success' });
  });
});

describe('literal addresses', () => {
  it.each(['127.0.0.1', '127.1', '2130706433', '0x7f.1', '0177.0.0.1', '[::ffff:127.0.0.1]', '127.0.0.1.'])(
    '%s reaches no receiver unless allowed',
    async (host) => {
      const receiver = await rawReceiver(accept);
      const url = `http://${host}:${receiver.port}/`;
      const addressPolicy = createAddressPolicy({ allowedPrivateRanges: [] });
      expect(await testSender({ addressPolicy }).send(webhook(url))).toMatchObject({ outcome: 'blocked_address' });
      expect(receiver.connections).toBe(0);
      expect(await testSender().send(webhook(url))).toMatchObject({ outcome: 'success' });
    },
  );

  it('are checked when connecting too, were the check of the URL to miss one', async () => {
    const receiver = await rawReceiver(accept);
    const answers = [{ allowed: true }, { allowed: false, reason: 'private' }] as const;
    let checks = 0;
    const addressPolicy = { check: () => answers[checks++ % 2] ?? answers[1] };
    const result = await testSender({ addressPolicy }).send(webhook(`http://127.0.0.1:${receiver.port}/`));
    expect(result).toMatchObject({ outcome: 'blocked_address' });
    expect(checks).toBe(2);
    expect(receiver.connections).toBe(0);
  });
});

describe('connections', () => {
  it('serve one request after another', async () => {
    const receiver = await httpReceiver((_, response) => response.end('ok'));
    const sender = testSender();
    for (let i = 0; i < 20; i += 1) await sender.send(webhook(`http://127.0.0.1:${receiver.port}/${i}`));
    expect(receiver).toMatchObject({ connections: 1, requests: { length: 20 } });
  });

  it('to one origin are at most 128', async () => {
    const receiver = await httpReceiver((_, response) => void setTimeout(() => response.end('ok'), 20));
    const sender = testSender();
    const url = `http://127.0.0.1:${receiver.port}/`;
    const results = await Promise.all(
      Array.from({ length: 300 }, () => sender.send(webhook(url, { timeoutMs: 5_000 }))),
    );
    expect(new Set(results.map(({ outcome }) => outcome))).toEqual(new Set(['success']));
    expect(receiver.connections).toBe(128);
  });

  it('that are all busy cost an attempt none of its time', async () => {
    const receiver = await httpReceiver((_, response) => void setTimeout(() => response.end('ok'), 200));
    const sender = newSender({ maxConnections: 2 });
    const url = `http://127.0.0.1:${receiver.port}/`;
    // The last two wait for 400 ms, which is longer than an attempt may last.
    const send = () => sender.send(webhook(url, { timeoutMs: 350, maxWaitMs: 2_000 }));
    const results = await Promise.all(Array.from({ length: 6 }, send));
    for (const result of results) {
      expect(result).toMatchObject({ outcome: 'success', error: null, durationMs: expect.any(Number) });
      expect('durationMs' in result && result.durationMs).toBeLessThan(350);
    }
    expect(receiver).toMatchObject({ connections: 2, requests: { length: 6 } });
  });

  it('that stay busy leave a request unsent, and the receiver without blame', async () => {
    const receiver = await httpReceiver((_, response) => void setTimeout(() => response.end('ok'), 300));
    const sender = newSender({ maxConnections: 2 });
    const url = `http://127.0.0.1:${receiver.port}/`;
    const send = () => sender.send(webhook(url, { maxWaitMs: 50 }));
    const outcomes = (await Promise.all(Array.from({ length: 5 }, send))).map(({ outcome }) => outcome);
    expect(outcomes).toEqual(['success', 'success', 'not_sent', 'not_sent', 'not_sent']);
    expect(receiver.requests).toHaveLength(2);
    // Nothing of the unsent ones stays behind.
    expect(await send()).toMatchObject({ outcome: 'success' });
    expect(receiver.requests).toHaveLength(3);
  });

  it('that end badly make room for those who wait', async () => {
    const receiver = await rawReceiver((socket, count) => (count % 2 === 0 ? accept(socket) : socket.destroy()));
    const sender = newSender({ maxConnections: 1 });
    const url = `http://127.0.0.1:${receiver.port}/`;
    const results = await Promise.all(Array.from({ length: 4 }, () => sender.send(webhook(url))));
    expect(results.map(({ outcome }) => outcome)).toEqual([
      'connection_reset',
      'success',
      // On the kept connection the second chance is a connection of its own.
      'success',
      'connection_reset',
    ]);
  });

  it.each<[string, string, Record<string, string>, string, Record<string, string>, number]>([
    ['the same', 'u:p@', {}, 'u:p@', {}, 1],
    ['no', '', {}, '', {}, 1],
    ['another password', 'u:p@', {}, 'u:q@', {}, 2],
    ['another user', 'u:p@', {}, 'v:p@', {}, 2],
    ['some and none', 'u:p@', {}, '', {}, 2],
    ['another header', '', { Authorization: 'Bearer a' }, '', { authorization: 'Bearer b' }, 2],
    ['the same header', '', { Authorization: 'Bearer a' }, '', { authorization: 'Bearer a' }, 1],
    ['a header over basic auth', 'u:p@', { authorization: 'Bearer a' }, 'u:p@', {}, 2],
  ])('with %s credentials', async (_, first, firstHeaders, second, secondHeaders, connections) => {
    const receiver = await rawReceiver(accept);
    const sender = testSender();
    const send = (userinfo: string, headers: Record<string, string>) =>
      sender.send(webhook(`http://${userinfo}127.0.0.1:${receiver.port}/`, { headers }));
    await send(first, firstHeaders);
    await send(second, secondHeaders);
    await send(first, firstHeaders);
    expect(receiver).toMatchObject({ connections, requests: { length: 3 } });
  });

  it('to all origins together are bounded: the least used close', async () => {
    const receiver = await rawReceiver(accept);
    const sender = testSender({ resolve: resolveTo(['127.0.0.1']).resolve });
    const outcomes = new Set<string>();
    for (let i = 0; i < 300; i += 1) {
      outcomes.add((await sender.send(webhook(`http://h${i}.test:${receiver.port}/`))).outcome);
      outcomes.add((await sender.send(webhook(`http://h0.test:${receiver.port}/`))).outcome);
    }
    expect(outcomes).toEqual(new Set(['success']));
    // One each; h0, in constant use, kept its own.
    expect(receiver.connections).toBe(300);
    await expect.poll(() => receiver.open.size).toBe(256);
  });

  it.each([
    ['a second before the receiver closes them', ['keep-alive: timeout=2'], 1],
    ['when they are used, if the receiver closes them within a second', ['keep-alive: timeout=1'], 2],
    ['after their use, if where its answer ended is unsure', ['transfer-encoding: chunked'], 2],
  ])('end %s', async (_, headers, connections) => {
    const body = headers.includes('transfer-encoding: chunked') ? '2\r\nok\r\n0\r\n\r\n' : 'ok';
    const receiver = await rawReceiver((socket) => socket.write(answer('200 OK', headers, body)));
    const sender = testSender();
    const url = `http://127.0.0.1:${receiver.port}/`;
    expect(await sender.send(webhook(url))).toMatchObject({ outcome: 'success', response: { body: 'ok' } });
    expect(await sender.send(webhook(url))).toMatchObject({ outcome: 'success', response: { body: 'ok' } });
    expect(receiver.connections).toBe(connections);
    await expect.poll(() => receiver.open.size, { timeout: 3_000 }).toBe(0);
  });

  it('end with the sender', async () => {
    const receiver = await rawReceiver(accept);
    const sender = testSender();
    await sender.send(webhook(`http://127.0.0.1:${receiver.port}/`));
    expect(receiver.open.size).toBe(1);
    await sender.close();
    await expect.poll(() => receiver.open.size).toBe(0);
  });
});

describe('a connection that the receiver closed while it was idle', () => {
  const send = async (script: (socket: Socket, count: number) => void, times = 2, pauseMs = 0) => {
    const receiver = await rawReceiver(script);
    const sender = testSender();
    const outcomes: string[] = [];
    for (let i = 0; i < times; i += 1) {
      outcomes.push((await sender.send(webhook(`http://127.0.0.1:${receiver.port}/`))).outcome);
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
    return { receiver, outcomes };
  };

  it('is noticed in time', async () => {
    const { receiver, outcomes } = await send((socket) => socket.end(answer('200 OK')), 3, 20);
    expect(outcomes).toEqual(['success', 'success', 'success']);
    expect(receiver).toMatchObject({ connections: 3, requests: { length: 3 } });
  });

  it.each<[string, (socket: Socket) => void]>([
    ['closed', (socket) => socket.end()],
    ['reset', (socket) => socket.resetAndDestroy()],
  ])('is not the fault of either when a request crosses with it (%s)', async (_, drop) => {
    const { receiver, outcomes } = await send((socket, count) => (count === 2 ? drop(socket) : accept(socket)));
    expect(outcomes).toEqual(['success', 'success']);
    expect(receiver).toMatchObject({ connections: 2, requests: { length: 3 } });
    expect(receiver.requests[2]).toBe(receiver.requests[1]);
    // The connection of the second try is not kept.
    await expect.poll(() => receiver.open.size).toBe(0);
  });

  it('gets one second chance only', async () => {
    const { receiver, outcomes } = await send((socket, count) =>
      count > 1 ? socket.resetAndDestroy() : accept(socket),
    );
    expect(outcomes).toEqual(['success', 'connection_reset']);
    expect(receiver.requests).toHaveLength(3);
  });

  it('gets none once an answer has begun', async () => {
    const { receiver, outcomes } = await send((socket, count) =>
      count === 2 ? socket.end('HTTP/1.1 20') : accept(socket),
    );
    expect(outcomes).toEqual(['success', 'connection_reset']);
    expect(receiver.requests).toHaveLength(2);
  });

  it('gets none when time is up', async () => {
    const { receiver, outcomes } = await send((socket, count) => void (count === 1 && accept(socket)), 1);
    expect(outcomes).toEqual(['success']);
    const sender = testSender();
    const result = await sender.send(webhook(`http://127.0.0.1:${receiver.port}/`, { timeoutMs: 60 }));
    expect(result.outcome).toBe('timeout');
    expect(receiver.requests).toHaveLength(2);
  });
});
