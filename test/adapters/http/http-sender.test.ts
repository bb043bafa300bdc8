import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { answer, httpReceiver, rawReceiver } from './fixtures/receivers.ts';
import { resolveFailing, testSender, webhook } from './fixtures/sender.ts';

const receiverAnswering = (...parts: (string | Buffer)[]) =>
  rawReceiver((socket) => {
    for (const part of parts) socket.write(part);
  });

describe('a complete response', () => {
  it.each([
    [
      '200',
      answer('200 OK'),
      { outcome: 'success', error: null, response: { status: 200, body: 'ok', truncated: false } },
    ],
    ['200 without a reason', answer('200'), { outcome: 'success' }],
    ['202', answer('202 Accepted'), { outcome: 'success', response: { status: 202 } }],
    ['204', 'HTTP/1.1 204 No Content\r\n\r\n', { outcome: 'success', response: { status: 204, body: '' } }],
    ['299', answer('299 Fine'), { outcome: 'success', response: { status: 299 } }],
    [
      'chunked',
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
      { response: { body: 'ok' } },
    ],
    ['after early hints', `HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n${answer('200 OK')}`, { outcome: 'success' }],
    ['after 100', `HTTP/1.1 100 Continue\r\n\r\n${answer('200 OK')}`, { outcome: 'success', error: null }],
    [
      'with a folded header',
      answer('200 OK', ['x-request-id: a', ' b']),
      { response: { headers: { 'x-request-id': 'a b' } } },
    ],
    ['with a folded empty header', answer('200 OK', ['x-a:', '\tb']), { outcome: 'success', error: null }],
    [
      'with line feeds alone',
      'HTTP/1.1 200 OK\ncontent-length: 2\n\nok',
      { outcome: 'success', response: { body: 'ok' } },
    ],
    ['with 60 KB in a header', answer('200 OK', [`x-a: ${'a'.repeat(60_000)}`]), { outcome: 'success', error: null }],
    [
      'with more headers than are read',
      answer(
        '200 OK',
        Array.from({ length: 20_000 }, (_, i) => `x-${i}: 12345`),
      ),
      { outcome: 'success', error: { code: 'response_cut' }, response: { status: 200, truncated: true } },
    ],
    [
      'with NUL in a header',
      answer('200 OK', ['x-request-id: a\0b']),
      { response: { headers: { 'x-request-id': 'a b' } } },
    ],
    [
      'with two lengths',
      `HTTP/1.1 200 OK\r\ncontent-length: 9\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n`,
      { outcome: 'success', response: { body: 'ok' } },
    ],
    [
      'with more bytes after it',
      `${answer('200 OK')}ok`,
      { outcome: 'success', error: null, response: { body: 'ok' } },
    ],
    ['after 102', `HTTP/1.1 102 Processing\r\n\r\n${answer('200 OK')}`, { outcome: 'success' }],
    ['304', 'HTTP/1.1 304 Not Modified\r\n\r\n', { outcome: 'http_error', error: { code: 'http_status' } }],
    [
      '400',
      answer('400 Bad Request', [], 'no such field'),
      { outcome: 'http_error', response: { body: 'no such field' } },
    ],
    ['410', answer('410 Gone'), { outcome: 'http_error', response: { status: 410 }, error: { code: 'http_status' } }],
    ['500', answer('500 Oops'), { outcome: 'http_error', response: { status: 500 } }],
    ['999', answer('999 Odd'), { outcome: 'http_error', response: { status: 999 }, error: { code: 'invalid_status' } }],
    ['000', answer('000 Odd'), { outcome: 'http_error', response: { status: 0 }, error: { code: 'invalid_status' } }],
    ['099', answer('099 Odd'), { outcome: 'http_error', response: { status: 99 }, error: { code: 'invalid_status' } }],
  ])('%s', async (_, text, expected) => {
    const receiver = await receiverAnswering(text);
    const result = await testSender().send(webhook(`http://127.0.0.1:${receiver.port}/`));
    expect(result).toMatchObject(expected);
    expect(result.durationMs).toBeLessThan(1_000);
  });

  it.each(['301', '302', '303', '307', '308'])('does not follow a redirect (%s)', async (status) => {
    const elsewhere = await receiverAnswering(answer('200 OK'));
    const location = `http://user:secret@127.0.0.1:${elsewhere.port}/new`;
    const receiver = await receiverAnswering(answer(`${status} Moved`, [`location: ${location}`]));
    const result = await testSender().send(webhook(`http://127.0.0.1:${receiver.port}/`));
    expect(result).toMatchObject({
      outcome: 'http_error',
      response: { status: Number(status) },
      error: { code: 'redirect' },
    });
    expect(result.error?.message).toContain(`to http://127.0.0.1:${elsewhere.port}/new`);
    expect(JSON.stringify(result)).not.toContain('secret');
    expect(elsewhere.connections).toBe(0);
  });

  it('from an HTTP/1.0 server ends where the connection does', async () => {
    const receiver = await rawReceiver((socket) => socket.end('HTTP/1.0 200 OK\r\nserver: old\r\n\r\ndone'));
    const result = await testSender().send(webhook(`http://127.0.0.1:${receiver.port}/`));
    expect(result).toMatchObject({ outcome: 'success', response: { body: 'done', headers: { server: 'old' } } });
  });
});

describe('what is sent', () => {
  async function sent(path: string, rest: Parameters<typeof webhook>[1] = {}, userAgent = 'Posthorn/1') {
    const receiver = await receiverAnswering(answer('200 OK'));
    const result = await testSender({ userAgent }).send(
      webhook(path.replace('HOST', `127.0.0.1:${receiver.port}`), rest),
    );
    return { result, text: receiver.requests[0] ?? '', host: `127.0.0.1:${receiver.port}` };
  }

  it('is the body as it is, with the headers as they are', async () => {
    const { text, host } = await sent('http://HOST/hooks?a=1&b=%20', {
      headers: { 'X-Custom': 'Value', 'webhook-id': 'msg_1' },
    });
    expect(text).toBe(
      [
        'POST /hooks?a=1&b=%20 HTTP/1.1',
        `host: ${host}`,
        'connection: keep-alive',
        'X-Custom: Value',
        'webhook-id: msg_1',
        'accept-encoding: identity',
        'user-agent: Posthorn/1',
        'content-length: 18',
        '',
        '{"hello":"wörld"}',
      ].join('\r\n'),
    );
  });

  it.each(["/it's?q='x'", '/a?', '/%2e%2e/b', '/a/../b', '/?', '//a', "/!$&'()*+,;=:@"])(
    'goes to %s, byte for byte',
    async (path) => {
      expect((await sent(`http://HOST${path}`)).text.split(' ', 2)).toEqual(['POST', path]);
    },
  );

  it('can be an empty body', async () => {
    expect((await sent('http://HOST/', { body: '' })).text).toMatch(/content-length: 0\r\n\r\n$/);
  });

  it('leaves the headers that the caller brings alone', async () => {
    const headers = { 'User-Agent': 'Mine/2', 'Accept-Encoding': 'br', AUTHORIZATION: 'Bearer t' };
    const { text } = await sent('http://user:pass@HOST/', { headers });
    expect(text).toMatch(/User-Agent: Mine\/2\r\nAccept-Encoding: br\r\nAUTHORIZATION: Bearer t\r\ncontent-length/);
  });

  it('goes to the host of the URL, whatever the headers say', async () => {
    const { text, host } = await sent('http://HOST/', { headers: { Host: 'internal.example' } });
    expect(text.match(/host: .*/gi)).toEqual([`host: ${host}`]);
  });

  it.each([
    ['user:pass', 'user:pass'],
    ['user', 'user:'],
    [':pass', ':pass'],
    ['a%20b:p%40ss%3A%2F', 'a b:p@ss:/'],
    ['us%C3%A9r:%E2%82%AC', 'usér:€'],
  ])('carries %s as basic auth', async (userinfo, decoded) => {
    const { text, result } = await sent(`http://${userinfo}@HOST/path`);
    expect(text).toContain(`\r\nauthorization: Basic ${Buffer.from(decoded).toString('base64')}\r\n`);
    expect(text).toMatch(/^POST \/path HTTP/);
    expect(result.outcome).toBe('success');
    expect((await sent('http://HOST/path')).text).not.toContain('authorization');
  });

  it.each([
    ['a line break in a value', { 'x-a': 'b\r\nx-evil: 1' }],
    ['NUL in a value', { 'x-a': '\0' }],
    ['a character beyond Latin-1', { 'x-a': '€' }],
    ['a space in a name', { 'x a': 'b' }],
    ['transfer-encoding', { 'transfer-encoding': 'chunked' }],
    ['expect', { expect: '100-continue' }],
    ['upgrade', { upgrade: 'h2c' }],
    ['a wrong content-length', { 'content-length': '3' }],
  ])('is never a request with %s', async (_, headers) => {
    const { result, text } = await sent('http://HOST/', { headers });
    expect(result).toMatchObject({ outcome: 'protocol_error', response: null, error: { code: 'invalid_request' } });
    expect(text).toBe('');
  });
});

describe('what is kept of a response', () => {
  const get = async (...parts: (string | Buffer)[]) => {
    const receiver = await receiverAnswering(...parts);
    return (await testSender().send(webhook(`http://127.0.0.1:${receiver.port}/`))).response;
  };

  it('is ten headers worth keeping, cut to 256 characters', async () => {
    const names = [
      'content-type',
      'location',
      'retry-after',
      'server',
      'date',
      'x-request-id',
      'request-id',
      'cf-ray',
      'traceparent',
    ];
    const headers = [...names, 'x-amzn-requestid', 'x-amzn-trace-id', 'set-cookie', 'x-other'].map(
      (name) => `${name}: ${name.repeat(100)}`,
    );
    const kept = (await get(answer('503 Busy', headers)))?.headers ?? {};
    expect(Object.keys(kept)).toHaveLength(10);
    expect(kept).toMatchObject({ 'retry-after': 'retry-after'.repeat(100).slice(0, 256), 'content-length': '2' });
    expect(kept).not.toHaveProperty('set-cookie');
  });

  it.each<[string, string[], string]>([
    ['longer than what is kept', [`//user:${'s3cret'.repeat(100)}@a.example/`], '//a.example/'],
    ['in the second of two', ['/a', 'https://user:s3cret@a.example/'], '/a, https://a.example/'],
  ])('holds no credentials of a location, %s', async (_, locations, kept) => {
    const response = await get(
      answer(
        '302 Found',
        locations.map((value) => `location: ${value}`),
      ),
    );
    expect(response?.headers.location).toBe(kept);
  });

  it('joins a header that comes twice', async () => {
    expect((await get(answer('200 OK', ['x-request-id: a', 'x-request-id: b'])))?.headers).toMatchObject({
      'x-request-id': 'a, b',
    });
  });

  it.each([
    ['2,048 bytes as they are', 'x'.repeat(2_048), 'x'.repeat(2_048), false],
    ['2 KiB of more', 'x'.repeat(2_049), 'x'.repeat(2_048), true],
    ['no half character', `x${'€'.repeat(700)}`, `x${'€'.repeat(682)}`, true],
    ['no half emoji', `xyz${'😀'.repeat(600)}`, `xyz${'😀'.repeat(511)}`, true],
    ['what is not UTF-8 replaced', Buffer.from([0x61, 0xff, 0xfe, 0x62, 0xc3]), 'a\uFFFD\uFFFDb\uFFFD', false],
    ['NUL replaced', 'a\0b', 'a\uFFFDb', false],
    ['2 KiB even when replacing makes it longer', Buffer.alloc(2_000, 0xff), '\uFFFD'.repeat(682), true],
  ])('keeps %s', async (_, body, kept, truncated) => {
    const bytes = Buffer.from(body);
    const response = await get(`HTTP/1.1 200 OK\r\ncontent-length: ${bytes.length}\r\n\r\n`, bytes);
    expect(response).toMatchObject({ body: kept, truncated });
    expect(Buffer.byteLength(response?.body ?? '')).toBeLessThanOrEqual(2_048);
  });

  it.each(['Identity', ''])('keeps a body whose content-encoding is "%s": it is not compressed', async (encoding) => {
    const head = `HTTP/1.1 500 Oops\r\ncontent-encoding: ${encoding}\r\ncontent-length: 4\r\n\r\n`;
    expect(await get(head, Buffer.from('oops'))).toMatchObject({ body: 'oops', truncated: false });
  });

  it('does not decode compressed bodies', async () => {
    const bytes = gzipSync('x'.repeat(100_000));
    const response = await get(
      `HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: ${bytes.length}\r\n\r\n`,
      bytes,
    );
    expect(response).toMatchObject({ status: 200, body: '', truncated: true, headers: { 'content-encoding': 'gzip' } });
  });

  it.each([
    ['200 OK', 'success'],
    ['500 Oops', 'http_error'],
  ])('is the status (%s) when the body never ends', async (status, outcome) => {
    const receiver = await httpReceiver((_, response) => {
      response.writeHead(Number(status.slice(0, 3)));
      const more = () => response.write('y'.repeat(16_384)) && setImmediate(more);
      response.on('drain', more);
      more();
    });
    const result = await testSender().send(webhook(`http://127.0.0.1:${receiver.port}/`));
    expect(result).toMatchObject({ outcome, response: { body: 'y'.repeat(2_048), truncated: true } });
    expect(result.durationMs).toBeLessThan(1_000);
    await expect.poll(() => receiver.open.size).toBe(0);
  });

  it('is read to 64 KiB, so that the connection can serve again', async () => {
    const receiver = await receiverAnswering(answer('200 OK', [], 'z'.repeat(65_536)));
    const sender = testSender();
    for (let i = 0; i < 3; i += 1) {
      expect(await sender.send(webhook(`http://127.0.0.1:${receiver.port}/`))).toMatchObject({ outcome: 'success' });
    }
    expect(receiver).toMatchObject({ connections: 1, requests: { length: 3 } });
  });
});

describe('never rejects', () => {
  it('for any URL', async () => {
    const sender = testSender({ resolve: resolveFailing('ENOTFOUND'), allowedPorts: [443] });
    const url = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.webUrl(),
      fc.string().map((rest) => `https://u:hunter2@x.test/${rest}`),
    );
    await fc.assert(
      fc.asyncProperty(url, async (text) => {
        const result = await sender.send(webhook(text));
        expect(['protocol_error', 'blocked_address', 'dns_error']).toContain(result.outcome);
        expect(result.error?.message).toMatch(/\w/);
        expect(JSON.stringify(result)).not.toContain('hunter2');
      }),
    );
  });

  it.each([
    ['ftp://127.0.0.1/', 'blocked_address', 'scheme_not_allowed'],
    ['http://127.0.0.1:81/', 'blocked_address', 'port_not_allowed'],
    ['http://10.0.0.1/', 'blocked_address', 'blocked_address'],
    ['nonsense', 'protocol_error', 'invalid_url'],
  ])('refuses %s before connecting', async (url, outcome, code) => {
    const result = await testSender({ allowedPorts: [80] }).send(webhook(url));
    expect(result).toMatchObject({ outcome, response: null, error: { code } });
  });
});
