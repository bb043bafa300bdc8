import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createSecureServer as createHttp2SecureServer, createServer as createHttp2Server } from 'node:http2';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { createSecureContext, type TlsOptions } from 'node:tls';
import { Worker } from 'node:worker_threads';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createAuthority, createSelfSigned } from './fixtures/certificates.ts';
import { answer, rawReceiver, tlsReceiver } from './fixtures/receivers.ts';
import { resolveTo, testSender, webhook } from './fixtures/sender.ts';

/** Sends with credentials in the URL, which no result may show. */
async function sendTo(port: number, timeoutMs = 2_000) {
  const result = await testSender().send(webhook(`http://user:s3cret@127.0.0.1:${port}/`, { timeoutMs }));
  expect(JSON.stringify(result)).not.toContain('s3cret');
  return result;
}

describe('timeouts', () => {
  it.each<[string, (socket: Socket) => void, string, number | null]>([
    ['no answer', () => {}, 'response_timeout', null],
    ['half the headers', (socket) => socket.write('HTTP/1.1 503 Busy\r\ncontent-'), 'response_timeout', 503],
    ['early hints for ever', (socket) => repeat(socket, 'HTTP/1.1 103 Early Hints\r\n\r\n'), 'response_timeout', null],
    [
      'a dripping body',
      (socket) => repeat(socket, '1\r\nx\r\n', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n'),
      'body_timeout',
      200,
    ],
    [
      'a body that stops',
      (socket) => socket.write('HTTP/1.1 500 Oops\r\ncontent-length: 9\r\n\r\nhalf'),
      'body_timeout',
      500,
    ],
  ])('%s', async (_, script, code, status) => {
    const receiver = await rawReceiver(script);
    const result = await sendTo(receiver.port, 150);
    expect(result).toMatchObject({ outcome: 'timeout', error: { code } });
    expect(result.response?.status ?? null).toBe(status);
    expect(result.durationMs).toBeGreaterThanOrEqual(145);
    expect(result.durationMs).toBeLessThan(1_000);
    // The connection is given up too.
    await expect.poll(() => receiver.open.size).toBe(0);
  });

  it('a name server that does not answer', async () => {
    const result = await testSender({ resolve: () => {} }).send(webhook('http://hook.test/', { timeoutMs: 100 }));
    expect(result).toMatchObject({ outcome: 'timeout', response: null, error: { code: 'connect_timeout' } });
    expect(result.durationMs).toBeLessThan(1_000);
  });

  it('a TLS handshake that does not begin', async () => {
    const receiver = await rawReceiver(() => {});
    const result = await testSender().send(webhook(`https://127.0.0.1:${receiver.port}/`, { timeoutMs: 100 }));
    expect(result).toMatchObject({ outcome: 'timeout', error: { code: 'connect_timeout' } });
    // The host is up, and no firewall is in the way.
    expect(result).toMatchObject({ error: { message: expect.stringContaining('no TLS handshake was complete') } });
    expect(receiver.connections).toBe(1);
  });

  // Linux drops further connections silently once the backlog of a server that accepts none is full.
  it.runIf(process.platform === 'linux')('a connection that is not accepted', async () => {
    const worker = new Worker(
      `const { parentPort } = require('node:worker_threads');
       const server = require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
         parentPort.postMessage(server.address().port);
         Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
       });`,
      { eval: true },
    );
    const port = Number((await once(worker, 'message'))[0]);
    const fillers = Array.from({ length: 4 }, () => connect(port, '127.0.0.1').on('error', () => {}));
    onTestFinished(async () => {
      for (const socket of fillers) socket.destroy();
      await worker.terminate();
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await sendTo(port, 150)).toMatchObject({
      outcome: 'timeout',
      error: { code: 'connect_timeout', message: expect.stringContaining('no connection within') },
    });
  });

  it('an aborted wait for a connection sends nothing later', async () => {
    const receiver = await rawReceiver((socket) => socket.write(answer('200 OK')));
    const slow = resolveTo(['127.0.0.1']);
    const sender = testSender({ resolve: (host, callback) => setTimeout(() => slow.resolve(host, callback), 100) });
    const url = `http://hook.test:${receiver.port}/`;
    expect(await sender.send(webhook(url, { timeoutMs: 50 }))).toMatchObject({ outcome: 'timeout' });
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(receiver.requests).toHaveLength(0);
    expect(await sender.send(webhook(url))).toMatchObject({ outcome: 'success' });
    expect(receiver.requests).toHaveLength(1);
  });
});

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function repeat(socket: Socket, text: string, first = ''): void {
  socket.write(first);
  const timer = setInterval(() => socket.write(text), 10);
  socket.on('close', () => clearInterval(timer));
}

describe('broken connections', () => {
  it.each<[string, (socket: Socket) => void, number | null]>([
    ['closed before an answer', (socket) => socket.end(), null],
    ['reset before an answer', (socket) => socket.resetAndDestroy(), null],
    ['closed in the status line', (socket) => socket.end('HTTP/1.1 2'), null],
    ['closed in the headers', (socket) => socket.end('HTTP/1.1 503 Busy\r\nconte'), 503],
    ['closed in the body', (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf'), 200],
    [
      'closed in a last body',
      (socket) => socket.end('HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 9\r\n\r\nhalf'),
      200,
    ],
    [
      'closed in a chunk',
      (socket) => socket.end('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n9\r\nhalf'),
      200,
    ],
    [
      'closed in a last chunk',
      (socket) => socket.end('HTTP/1.1 200 OK\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n9\r\nhalf'),
      200,
    ],
    [
      'reset in the body',
      (socket) =>
        socket.write('HTTP/1.1 503 Busy\r\ncontent-length: 9\r\n\r\nhalf', () =>
          setTimeout(() => socket.resetAndDestroy(), 20),
        ),
      503,
    ],
  ])('%s', async (name, script, status) => {
    const receiver = await rawReceiver(script);
    const result = await sendTo(receiver.port);
    expect(result).toMatchObject({ outcome: 'connection_reset', error: { code: 'connection_reset' } });
    expect(result.response?.status ?? null).toBe(status);
    if (status !== null)
      expect(result.response).toMatchObject({ body: name.includes('headers') ? '' : 'half', truncated: true });
    // On a new connection nothing is tried twice: the receiver may have acted on the request.
    expect(receiver.requests).toHaveLength(1);
  });

  it('nobody listens', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    server.close();
    await once(server, 'close');
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    expect(await sendTo(port)).toMatchObject({
      outcome: 'connection_refused',
      response: null,
      error: { code: 'connection_refused' },
    });
    const { resolve } = resolveTo(['127.0.0.1', '127.0.0.2']);
    const result = await testSender({ resolve }).send(webhook(`http://hook.test:${port}/`));
    expect(result).toMatchObject({ outcome: 'connection_refused', error: { code: 'connection_refused' } });
  });
});

describe('what is not HTTP', () => {
  it.each([
    ['a banner', 'SSH-2.0-OpenSSH_9.9\r\n', 'not_http'],
    ['HTML', '<html></html>', 'not_http'],
    ['a bad status line', 'HTTP/1.1 abc\r\n\r\n', 'not_http'],
    ['HTTP/2', Buffer.from('000000040000000000', 'hex'), 'http2_only'],
    ['HTTP/2 with settings', Buffer.from('00000c040000000000000300000064000400100000', 'hex'), 'http2_only'],
    ['a bad content-length', 'HTTP/1.1 200 OK\r\ncontent-length: ten\r\n\r\n', 'not_http'],
    ['two content-lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nokk', 'not_http'],
    ['a bad chunk', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n', 'not_http'],
    ['a space in a header name', 'HTTP/1.1 200 OK\r\nx a: b\r\n\r\n', 'not_http'],
    [
      '101 unasked',
      'HTTP/1.1 101 Switching Protocols\r\nupgrade: h2c\r\nconnection: upgrade\r\n\r\n',
      'unexpected_status',
    ],
  ])('%s', async (_, bytes, code) => {
    const receiver = await rawReceiver((socket) => socket.write(bytes));
    expect(await sendTo(receiver.port)).toMatchObject({ outcome: 'protocol_error', error: { code } });
    await expect.poll(() => receiver.open.size).toBe(0);
  });

  it('keeps the status that was read before the fault', async () => {
    const receiver = await rawReceiver((socket) =>
      socket.write('HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 410 Gone\r\nx a: b\r\n\r\n'),
    );
    expect(await sendTo(receiver.port)).toMatchObject({
      outcome: 'protocol_error',
      response: { status: 410, headers: {}, body: '', truncated: true },
      error: { code: 'not_http' },
    });
  });

  it('a TLS port spoken to in plain text', async () => {
    const alert = await rawReceiver((socket) => socket.end(Buffer.from('15030100020246', 'hex')));
    expect(await sendTo(alert.port)).toMatchObject({
      outcome: 'tls_error',
      response: null,
      error: { code: 'tls_expected', message: expect.stringContaining('Write https') },
    });
    const silent = await tlsReceiver(createSelfSigned('good.test'), (socket) => socket.write(answer('200 OK')));
    expect(await sendTo(silent.port)).toMatchObject({
      outcome: 'connection_reset',
      error: { message: expect.stringContaining('If the port is for https') },
    });
    expect(silent.requests).toHaveLength(0);
  });

  it('a server that speaks HTTP/2 only', async () => {
    const port = await listen(createHttp2Server());
    const result = await sendTo(port);
    expect(result).toMatchObject({ outcome: 'protocol_error', response: null, error: { code: 'http2_only' } });
    expect(result.error?.message).toContain('HTTP/2 only');
  });
});

describe('an answer without an end', () => {
  it.each<[string, string, string, object]>([
    ['status line', 'HTTP/1.1 ', '0', { outcome: 'protocol_error', response: null }],
    [
      'reason',
      'HTTP/1.1 503 ',
      'a',
      { outcome: 'http_error', response: { status: 503 }, error: { code: 'http_status' } },
    ],
    [
      'header',
      'HTTP/1.1 200 OK\r\nx-a: ',
      'a',
      { outcome: 'success', response: { status: 200 }, error: { code: 'response_cut' } },
    ],
    ['list of headers', 'HTTP/1.1 410 Gone\r\n', 'x-a: a\r\n', { outcome: 'http_error', response: { status: 410 } }],
    [
      'series of interim answers',
      '',
      'HTTP/1.1 103 Early Hints\r\n\r\n',
      { outcome: 'protocol_error', response: null, error: { code: 'endless_answer' } },
    ],
    [
      'extension of a chunk',
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2;a=',
      'b',
      { outcome: 'success', response: { status: 200, truncated: true }, error: { code: 'response_cut' } },
    ],
    [
      'extension of each chunk',
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n',
      `1;${'a'.repeat(5_000)}\r\nx\r\n`,
      { outcome: 'success', response: { status: 200, truncated: true }, error: { code: 'response_cut' } },
    ],
    [
      'trailer',
      'HTTP/1.1 500 Oops\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nx-a: ',
      'a',
      { outcome: 'http_error', response: { status: 500, body: 'ok', truncated: true } },
    ],
    [
      'body',
      'HTTP/1.1 404 Not Found\r\n\r\n',
      'a',
      { outcome: 'http_error', response: { status: 404, body: 'a'.repeat(2_048), truncated: true } },
    ],
  ])('(its %s) is cut off', async (_, start, piece, expected) => {
    let socket: Socket | undefined;
    const more = piece.repeat(Math.ceil(65_536 / piece.length));
    const receiver = await rawReceiver((opened) => {
      socket = opened;
      opened.write(start);
      const pour = () => {
        while (!opened.destroyed && opened.write(more));
      };
      opened.on('drain', pour);
      pour();
    });
    const result = await sendTo(receiver.port);
    expect(result).toMatchObject(expected);
    expect(result.durationMs).toBeLessThan(1_000);
    await expect.poll(() => receiver.open.size).toBe(0);
    // The rest is what the two kernels hold.
    expect(socket?.bytesWritten).toBeLessThan(16 * 1_048_576);
  });

  it('says that it was cut off', async () => {
    const receiver = await rawReceiver((socket) => socket.write(answer('500 Oops', [], 'x'.repeat(65_537))));
    const result = await sendTo(receiver.port);
    expect(result.error?.message).toContain('was cut off');
    const whole = await rawReceiver((socket) => socket.write(answer('500 Oops', [], 'x'.repeat(65_536))));
    expect((await sendTo(whole.port)).error?.message).not.toContain('was cut off');
  });
});

describe('TLS', () => {
  const authority = createAuthority();
  const stranger = createAuthority('Unknown Authority');
  const hourAgo = new Date(Date.now() - 3_600_000);
  const inAnHour = new Date(Date.now() + 3_600_000);

  function tlsSender() {
    return testSender({ ca: [authority.ca], resolve: resolveTo(['127.0.0.1']).resolve });
  }

  it.each([
    ['trusted', authority.issue({ host: 'good.test' }), 'success', undefined],
    ['expired', authority.issue({ host: 'good.test', validTo: hourAgo }), 'tls_error', 'certificate_expired'],
    [
      'not valid yet',
      authority.issue({ host: 'good.test', validFrom: inAnHour }),
      'tls_error',
      'certificate_not_yet_valid',
    ],
    ['for another host', authority.issue({ host: 'other.test' }), 'tls_error', 'certificate_wrong_host'],
    ['self-signed', createSelfSigned('good.test'), 'tls_error', 'certificate_self_signed'],
    ['of an unknown authority', stranger.issue({ host: 'good.test' }), 'tls_error', 'certificate_untrusted'],
  ])('a certificate that is %s', async (_, certificate, outcome, code) => {
    const receiver = await tlsReceiver(certificate, (socket) => socket.write(answer('200 OK', ['connection: close'])));
    const sender = tlsSender();
    // Three times: a resumed TLS session must not get around the check.
    for (let i = 0; i < 3; i += 1) {
      const result = await sender.send(webhook(`https://user:s3cret@good.test:${receiver.port}/`));
      expect(result.outcome).toBe(outcome);
      expect(result.error?.code).toBe(code);
      expect(JSON.stringify(result)).not.toContain('s3cret');
    }
    expect(receiver.requests).toHaveLength(outcome === 'success' ? 3 : 0);
  });

  it('names the host without a trailing dot', async () => {
    const names: unknown[] = [];
    const certificate = authority.issue({ host: 'good.test' });
    const options: TlsOptions = {
      SNICallback: (name, callback) => {
        names.push(name);
        callback(null, createSecureContext(certificate));
      },
    };
    const receiver = await tlsReceiver({ ...certificate, ...options }, (socket) => socket.write(answer('200 OK')));
    const result = await tlsSender().send(webhook(`https://good.test.:${receiver.port}/`));
    expect(result).toMatchObject({ outcome: 'success' });
    expect(names).toEqual(['good.test']);
    // The name as a whole still counts.
    const other = await tlsSender().send(webhook(`https://other.test.:${receiver.port}/`));
    expect(other).toMatchObject({ outcome: 'tls_error', error: { code: 'certificate_wrong_host' } });
  });

  it('is not switched off by the environment', async () => {
    const receiver = await tlsReceiver(createSelfSigned('good.test'), (socket) => socket.write(answer('200 OK')));
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
    onTestFinished(() => {
      delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
    });
    const result = await tlsSender().send(webhook(`https://good.test:${receiver.port}/`));
    expect(result).toMatchObject({ outcome: 'tls_error', error: { code: 'certificate_self_signed' } });
  });

  it('speaks HTTP/1.1 to a server that would rather not', async () => {
    const certificate = authority.issue({ host: 'good.test' });
    const receiver = await tlsReceiver({ ...certificate, ALPNProtocols: ['h2', 'http/1.1'] }, (socket) =>
      socket.write(answer('200 OK')),
    );
    const result = await tlsSender().send(webhook(`https://good.test:${receiver.port}/`));
    expect(result).toMatchObject({ outcome: 'success' });
  });

  it.each<[string, () => Server]>([
    ['HTTP', () => createHttpServer((_, response) => response.end('ok'))],
    [
      'HTTP and closes',
      () => createServer((socket) => socket.on('error', () => {}).end('HTTP/1.1 400 Bad Request\r\n\r\n')),
    ],
    ['SSH', () => createServer((socket) => void socket.on('error', () => {}).write('SSH-2.0-OpenSSH_9.9\r\n'))],
  ])('a server that speaks plain %s', async (_, create) => {
    const port = await listen(create());
    const result = await tlsSender().send(webhook(`https://good.test:${port}/`));
    expect(result).toMatchObject({ outcome: 'tls_error', response: null, error: { code: 'not_tls' } });
    expect(result.error?.message).toContain('does not speak TLS');
  });

  it('a server that speaks HTTP/2 only', async () => {
    const port = await listen(
      createHttp2SecureServer({ ...authority.issue({ host: 'good.test' }), allowHTTP1: false }),
    );
    const result = await tlsSender().send(webhook(`https://good.test:${port}/`));
    expect(result).toMatchObject({ outcome: 'protocol_error', response: null, error: { code: 'http2_only' } });
  });

  it('a server that closes during the handshake', async () => {
    const server = createServer((socket) => socket.once('data', () => socket.end()).on('error', () => {}));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const result = await tlsSender().send(webhook(`https://good.test:${port}/`));
    expect(result).toMatchObject({ outcome: 'tls_error', error: { code: 'tls_handshake' } });
  });

  it('a server that knows old protocols only', async () => {
    const options = {
      ...authority.issue({ host: 'good.test' }),
      minVersion: 'TLSv1',
      maxVersion: 'TLSv1.1',
      ciphers: 'DEFAULT@SECLEVEL=0',
    } as const;
    const receiver = await tlsReceiver(options, (socket) => socket.write(answer('200 OK')));
    const result = await tlsSender().send(webhook(`https://good.test:${receiver.port}/`));
    expect(result).toMatchObject({ outcome: 'tls_error', error: { code: 'tls_handshake' } });
  });

  it('a server that wants a client certificate', async () => {
    const options = { ...authority.issue({ host: 'good.test' }), requestCert: true, rejectUnauthorized: true };
    const receiver = await tlsReceiver(options, (socket) => socket.write(answer('200 OK')));
    const result = await tlsSender().send(webhook(`https://good.test:${receiver.port}/`));
    expect(result.outcome).toMatch(/^(tls_error|connection_reset)$/);
    expect(receiver.requests).toHaveLength(0);
  });
});
