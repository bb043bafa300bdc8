import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { describe, expect, test } from 'vitest';
import { openFiles } from '../../functions/console/files.ts';
import { type ConsoleDeps, createConsoleHandler } from '../../functions/console/handler.ts';
import { temporaryFolder } from '../lib/synthesize.ts';

const PAGE = '<!doctype html><title>Console</title>';
const SCRIPT = 'console.log("a script that is long enough to be compressed, compressed, compressed, compressed")';
const SETTINGS = {
  companyName: 'Acme',
  logoUrl: null,
  accentColor: null,
  profiles: [],
  pages: [],
  defaultProfile: 'standard',
  signIn: null,
  frameAncestors: [],
};

function open(settings: Partial<ConsoleDeps['settings']> = {}) {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'assets'));
  writeFileSync(join(folder, 'index.html'), PAGE);
  writeFileSync(join(folder, 'assets/index-AbCd1234.js'), SCRIPT);
  writeFileSync(join(folder, 'assets/index-AbCd1234.js.br'), brotliCompressSync(SCRIPT));
  writeFileSync(join(folder, 'assets/index-AbCd1234.js.gz'), gzipSync(SCRIPT));
  const handler = createConsoleHandler({ files: openFiles(folder), settings: { ...SETTINGS, ...settings } });
  return async (path: string, headers: Record<string, string> = {}, method = 'GET') => {
    const event = { rawPath: path, headers, requestContext: { http: { method } } };
    const answer = await handler(event as unknown as APIGatewayProxyEventV2);
    const { body = '', isBase64Encoded = false, headers: sent = {} } = answer;
    return { status: answer.statusCode, headers: sent, body: Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8') };
  };
}

const ASSET = '/console/assets/index-AbCd1234.js';

describe('the page', () => {
  test.each([
    '/console',
    '/console/',
    '/console/tenants/acme/webhooks',
    '/console/tenants/a.b/webhooks/sub_1/settings',
    '/console/index.html',
  ])('stands at %s, and is asked for again each time', async (path) => {
    const { status, headers, body } = await open()(path);
    expect(status).toBe(200);
    expect(headers).toMatchObject({ 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-cache' });
    expect(body.toString()).toBe(PAGE);
  });

  test('is not sent again to who has it', async () => {
    const get = open();
    const etag = String((await get('/console')).headers.etag);
    for (const known of [etag, etag.replace('W/', ''), `"other", ${etag}`, '*']) {
      const again = await get('/console/tenants', { 'if-none-match': known });
      expect(again.status, known).toBe(304);
      expect(again.body.length).toBe(0);
      expect(again.headers.etag).toBe(etag);
    }
    expect((await get('/console', { 'if-none-match': '"other"' })).status).toBe(200);
  });

  test('loads and calls nothing from elsewhere, and stands in no frame', async () => {
    const policy = String((await open()('/console')).headers['content-security-policy']).split('; ');
    expect(policy).toEqual([
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "font-src 'self'",
      "img-src 'self' data:",
      "connect-src 'self'",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ]);
  });

  test('stands in the frames that the company names, with its logo', async () => {
    const get = open({ logoUrl: 'https://cdn.example.com/logo.svg', frameAncestors: ['https://app.example.com'] });
    const policy = String((await get('/console')).headers['content-security-policy']);
    expect(policy).toContain("img-src 'self' data: https://cdn.example.com;");
    expect(policy).toMatch(/frame-ancestors https:\/\/app\.example\.com$/);
  });
});

describe('an asset', () => {
  test.each([
    ['br', 'gzip, deflate, br', brotliCompressSync(SCRIPT)],
    ['gzip', 'gzip, br;q=0', gzipSync(SCRIPT)],
    [undefined, 'deflate', Buffer.from(SCRIPT)],
    [undefined, '', Buffer.from(SCRIPT)],
  ])('is sent as %s to who accepts %s, and kept for ever', async (coding, accepted, content) => {
    const { status, headers, body } = await open()(ASSET, { 'accept-encoding': accepted });
    expect(status).toBe(200);
    expect(headers).toMatchObject({
      'content-type': 'text/javascript; charset=utf-8',
      'cache-control': 'public, max-age=31536000, immutable',
      vary: 'accept-encoding',
    });
    expect(headers['content-encoding']).toBe(coding);
    expect(body.equals(content)).toBe(true);
  });

  test('has the same headers for HEAD, and no body', async () => {
    const get = open();
    const [whole, head] = [await get(ASSET), await get(ASSET, {}, 'HEAD')];
    expect(head).toEqual({ ...whole, body: Buffer.alloc(0) });
  });

  test.each([
    '/console/assets/absent.js',
    '/console/assets/index-AbCd1234.js.br',
    '/console/../index.mjs',
    '/console/favicon.ico',
  ])('is not found at %s, and that is not kept', async (path) => {
    const { status, headers } = await open()(path);
    expect(status).toBe(404);
    expect(headers['cache-control']).toBe('no-cache');
    expect(headers['content-security-policy']).toContain("default-src 'none'");
  });
});

test('what the company has set is told to the page', async () => {
  const { headers, body } = await open()('/console/settings.json');
  expect(headers).toMatchObject({ 'content-type': 'application/json', 'cache-control': 'no-cache' });
  expect(JSON.parse(body.toString())).toEqual(SETTINGS);
});
