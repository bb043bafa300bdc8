import type { APIGatewayRequestAuthorizerEventV2 } from 'aws-lambda';
import { describe, expect, it } from 'vitest';
import { createAuthorizerHandler } from '../../functions/authorizer/handler.ts';
import { NOW } from '../support/domain.ts';

const ADMIN_KEY = 'an-admin-key-of-some-length';
const TOKEN = 'pht_token';
const GRANT = { tenantId: 'acme', readOnly: true, createdAt: NOW, endsAt: NOW, tenantCreatedAt: NOW };
const asked: string[] = [];
const handler = createAuthorizerHandler({
  adminKey: async () => ADMIN_KEY,
  tokens: {
    find: async (token) => {
      asked.push(token);
      return token === TOKEN ? { ...GRANT, id: 'ptk_00000000000000000000000001', secretHash: '' } : null;
    },
  },
});

async function identify(authorization: string | undefined) {
  const event: APIGatewayRequestAuthorizerEventV2 = {
    version: '2.0',
    type: 'REQUEST',
    routeArn: '',
    identitySource: [],
    routeKey: '$default',
    rawPath: '/v1/tenants',
    rawQueryString: '',
    cookies: [],
    headers: authorization === undefined ? {} : { authorization },
    requestContext: {
      accountId: '',
      apiId: '',
      domainName: '',
      domainPrefix: '',
      http: { method: 'GET', path: '/', protocol: '', sourceIp: '', userAgent: '' },
      requestId: '',
      routeKey: '',
      stage: '',
      time: '',
      timeEpoch: 0,
    },
    pathParameters: {},
    stageVariables: {},
  };
  return handler(event);
}

describe('the authorizer', () => {
  it.each([`Bearer ${ADMIN_KEY}`, `bearer ${ADMIN_KEY}`, `Bearer   ${ADMIN_KEY} `])(
    'knows the company (%s)',
    async (header) => {
      expect(await identify(header)).toEqual({ isAuthorized: true, context: { kind: 'company' } });
    },
  );

  it('knows a tenant by its token', async () => {
    const context = { kind: 'tenant', tenantId: 'acme', readOnly: true };
    expect(await identify(`Bearer ${TOKEN}`)).toEqual({ isAuthorized: true, context });
  });

  const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;

  it.each<[string, string, object]>([
    ['as the password, as Staffology’s clients send it', basic(`user:${ADMIN_KEY}`), { kind: 'company' }],
    ['as the password of nobody', basic(`:${ADMIN_KEY}`), { kind: 'company' }],
    ['as the user, as KeyPay’s clients send it', basic(`${ADMIN_KEY}:`), { kind: 'company' }],
    ['as the user with some password', basic(`${ADMIN_KEY}:x`), { kind: 'company' }],
    ['as the user, without a colon', basic(ADMIN_KEY), { kind: 'company' }],
    ['of a tenant, as the password', basic(`x:${TOKEN}`), { kind: 'tenant', tenantId: 'acme', readOnly: true }],
    ['of a tenant, as the user', basic(`${TOKEN}:`), { kind: 'tenant', tenantId: 'acme', readOnly: true }],
    ['in small letters', basic(`:${ADMIN_KEY}`).replace('Basic', 'basic'), { kind: 'company' }],
  ])('takes a key by Basic %s', async (_, header, context) => {
    expect(await identify(header)).toEqual({ isAuthorized: true, context });
  });

  it.each([
    basic(''),
    basic(':'),
    basic(`x:${ADMIN_KEY}x`),
    basic(`a:b:${ADMIN_KEY}`),
    basic(`Bearer ${ADMIN_KEY}`),
    `Basic ${'A'.repeat(1_025)}`,
    'Basic !!!',
    `Digest ${ADMIN_KEY}`,
    undefined,
    '',
    'Bearer',
    'Bearer ',
    ADMIN_KEY,
    `Basic ${ADMIN_KEY}`,
    `Bearer ${ADMIN_KEY}x`,
    `Bearer ${ADMIN_KEY.slice(0, -1)}`,
    `Bearer ${ADMIN_KEY} ${ADMIN_KEY}`,
    `Bearer ${ADMIN_KEY.toUpperCase()}`,
    `Bearer ${'x'.repeat(1_025)}`,
    'Bearer kéy',
  ])('lets everybody else through as nobody, whom the API answers with 401 (%s)', async (header) => {
    expect(await identify(header)).toEqual({ isAuthorized: true, context: { kind: 'anonymous' } });
  });

  it('asks for no token where the key is the company’s', async () => {
    asked.length = 0;
    await identify(`Bearer ${ADMIN_KEY}`);
    expect(asked).toEqual([]);
  });
});
