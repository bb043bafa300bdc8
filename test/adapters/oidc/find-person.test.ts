import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFindPerson, ProviderAwayError } from '../../../functions/adapters/oidc/find-person.ts';
import { NOW } from '../../support/domain.ts';

const SECONDS = NOW / 1_000;
const ours = await generateKeyPair('RS256', { extractable: true });
const theirs = await generateKeyPair('RS256', { extractable: true });
const jwkOf = async ({ publicKey }: { publicKey: CryptoKey }, kid: string): Promise<JWK> => ({
  ...(await exportJWK(publicKey)),
  kid,
  alg: 'RS256',
});

let server: Server;
let issuer: string;
let isDown: boolean;
let named: string | null;
let keys: JWK[];
const asked: string[] = [];

beforeEach(async () => {
  asked.length = 0;
  isDown = false;
  named = null;
  keys = [await jwkOf(ours, 'one')];
  server = createServer((request, response) => {
    asked.push(request.url ?? '');
    const answer = request.url === '/keys' ? { keys } : { issuer: named ?? issuer, jwks_uri: `${issuer}/keys` };
    response.writeHead(isDown ? 503 : 200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const find = () =>
  createFindPerson({ issuer, clientId: 'console', claim: 'groups', adminValues: ['ops'], readValues: [] }, () => NOW);
const claims = (): JWTPayload => ({
  iss: issuer,
  aud: 'console',
  sub: '248',
  iat: SECONDS,
  exp: SECONDS + 60,
  groups: ['ops'],
});
const sign = (payload: JWTPayload, header = {}, key: CryptoKey | Uint8Array = ours.privateKey) =>
  new SignJWT(payload).setProtectedHeader({ alg: 'RS256', kid: 'one', ...header }).sign(key);
const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('a token of the provider', () => {
  it('counts, and its keys are read once', async () => {
    const findPerson = find();
    expect(await findPerson(await sign(claims()))).toMatchObject({ id: 'usr_248', role: 'admin' });
    expect(await findPerson(await sign({ ...claims(), sub: '9' }))).toMatchObject({ id: 'usr_9' });
    expect(asked).toEqual(['/.well-known/openid-configuration', '/keys']);
  });

  it.each<[string, (payload: JWTPayload) => Promise<string>]>([
    ['made for another client', (payload) => sign({ ...payload, aud: 'other' })],
    [
      'made for another client, with ours among the audiences',
      (payload) => sign({ ...payload, aud: ['console', 'other'], azp: 'other' }),
    ],
    ['of another issuer', (payload) => sign({ ...payload, iss: 'https://other.example.com' })],
    ['that has ended', (payload) => sign({ ...payload, exp: SECONDS - 31 })],
    ['that has no end', ({ exp: _, ...payload }) => sign(payload)],
    ['that is not yet to count', (payload) => sign({ ...payload, nbf: SECONDS + 31 })],
    ['of a person without a role', (payload) => sign({ ...payload, groups: ['staff'] })],
    ['signed with a key that the provider does not have', (payload) => sign(payload, {}, theirs.privateKey)],
    ['that names a key that the provider does not have', (payload) => sign(payload, { kid: 'two' })],
    ['without a signature', async (payload) => `${base64({ alg: 'none' })}.${base64(payload)}.`],
    [
      'signed with what is public',
      async (payload) => sign(payload, { alg: 'HS256' }, new TextEncoder().encode(JSON.stringify(keys[0]))),
    ],
    [
      'whose claims were changed',
      async (payload) => {
        const [header, , signature] = (await sign(payload)).split('.');
        return `${header}.${base64({ ...payload, sub: '1' })}.${signature}`;
      },
    ],
    ['that is none', async () => 'a.b.c'],
  ])('does not count %s', async (_, make) => {
    const findPerson = find();
    expect(await findPerson(await make(claims()))).toBeNull();
    // The same with nothing wrong counts.
    expect(await findPerson(await sign(claims()))).not.toBeNull();
  });

  it('of another issuer asks nothing of anyone', async () => {
    expect(await find()(await sign({ ...claims(), iss: 'https://other.example.com' }))).toBeNull();
    expect(asked).toEqual([]);
  });

  it('is no one’s fault while the provider is down, and counts when it is back', async () => {
    const findPerson = find();
    const token = await sign(claims());
    isDown = true;
    await expect(findPerson(token)).rejects.toThrow(ProviderAwayError);
    isDown = false;
    expect(await findPerson(token)).not.toBeNull();
  });

  it.each<[string, (asked: string) => boolean]>([
    ['answers nothing', () => true],
    ['gives no keys', (asked) => asked === '/keys'],
  ])('finds the provider away that %s', async (_, hangsUp) => {
    server.prependListener('request', (request, response) => hangsUp(request.url ?? '') && response.destroy());
    await expect(find()(await sign(claims()))).rejects.toThrow(ProviderAwayError);
  });

  it('is not looked at where the provider names another issuer', async () => {
    named = 'https://other.example.com';
    await expect(find()(await sign(claims()))).rejects.toMatchObject({
      cause: { message: expect.stringContaining('names another issuer') },
    });
  });
});
