import { describe, expect, it } from 'vitest';
import { makeApiKey } from '../../../functions/core/access/api-key.ts';
import { createAuthenticate } from '../../../functions/core/access/authenticate.ts';
import { ANONYMOUS, type Principal, STACK_KEY } from '../../../functions/core/access/principal.ts';
import { makeToken } from '../../../functions/core/access/token.ts';
import { HOUR, NOW } from '../../support/domain.ts';

const ADMIN_KEY = 'an-admin-key-of-some-length';
const NEXT_KEY = 'another-admin-key-of-some-length';
const { token, text: TOKEN } = makeToken(
  { tenantId: 'acme', readOnly: true, createdAt: NOW, endsAt: NOW + HOUR, tenantCreatedAt: NOW },
  Math.random,
);
const TENANT = { kind: 'token', id: token.id, name: null, role: 'read', tenantId: 'acme', endsAt: NOW + HOUR };
const { key: apiKey, text: API_KEY } = makeApiKey(
  {
    name: 'Payroll',
    role: 'publish',
    tenantId: 'acme',
    createdAt: NOW,
    maxPerSecond: 7,
    endsAt: NOW + 2 * HOUR,
    tenantCreatedAt: NOW,
  },
  Math.random,
);
const API_KEY_HOLDER = {
  kind: 'key',
  id: apiKey.id,
  name: 'Payroll',
  role: 'publish',
  tenantId: 'acme',
  endsAt: NOW + 2 * HOUR,
};
const PERSON_TOKEN = `${'h'.repeat(500)}.${'p'.repeat(2_000)}.${'s'.repeat(342)}`;
const PERSON: Principal = {
  kind: 'person',
  id: 'usr_1',
  name: 'ada@example.com',
  role: 'read',
  tenantId: null,
  endsAt: NOW + HOUR,
};
const COMPANY = STACK_KEY;
const NOBODY = ANONYMOUS;

let now = NOW;
let others: string[] = [];
const asked: string[] = [];
const identify = createAuthenticate({
  adminKeys: {
    current: async () => {
      asked.push('current');
      return ADMIN_KEY;
    },
    others: async () => {
      asked.push('others');
      return others;
    },
  },
  findToken: async (text) => {
    asked.push('token');
    return text === TOKEN ? token : null;
  },
  findApiKey: async (text) => {
    asked.push('API key');
    return text === API_KEY ? apiKey : null;
  },
  findPerson: async (text) => {
    asked.push('person');
    return text === PERSON_TOKEN ? PERSON : null;
  },
  now: () => now,
});
const authenticate = async (authorization: string | undefined) => (await identify(authorization)).principal;
const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;

it('a signed token is a person’s, or no one’s: no other key is looked at', async () => {
  expect(await askedFor(`Bearer ${PERSON_TOKEN}`)).toEqual({ principal: PERSON, asked: ['person'] });
  expect(await askedFor('Bearer a.b.c')).toEqual({ principal: NOBODY, asked: ['person'] });
});

async function askedFor(authorization: string) {
  asked.length = 0;
  return { principal: await authenticate(authorization), asked: [...asked] };
}

describe('who sends a request', () => {
  it.each([`Bearer ${ADMIN_KEY}`, `bearer ${ADMIN_KEY}`, `Bearer   ${ADMIN_KEY} `])(
    'is the company (%s)',
    async (header) => {
      expect(await authenticate(header)).toEqual(COMPANY);
    },
  );

  it('is a tenant by its token, until that ends, even where it was found in memory', async () => {
    expect(await authenticate(`Bearer ${TOKEN}`)).toEqual(TENANT);
    now = NOW + HOUR;
    expect(await authenticate(`Bearer ${TOKEN}`)).toEqual(NOBODY);
    now = NOW;
  });

  it('is the holder of an API key, until that ends, even where it was found in memory', async () => {
    expect(await authenticate(`Bearer ${API_KEY}`)).toEqual(API_KEY_HOLDER);
    now = NOW + 2 * HOUR - 1;
    expect(await authenticate(`Bearer ${API_KEY}`)).toEqual(API_KEY_HOLDER);
    now = NOW + 2 * HOUR;
    expect(await authenticate(`Bearer ${API_KEY}`)).toEqual(NOBODY);
    now = NOW;
  });

  it.each<[string, string, object]>([
    ['as the password, as Staffology’s clients send it', basic(`user:${ADMIN_KEY}`), COMPANY],
    ['as the password of nobody', basic(`:${ADMIN_KEY}`), COMPANY],
    ['as the user, as KeyPay’s clients send it', basic(`${ADMIN_KEY}:`), COMPANY],
    ['as the user with some password', basic(`${ADMIN_KEY}:x`), COMPANY],
    ['as the user, without a colon', basic(ADMIN_KEY), COMPANY],
    ['of a tenant, as the password', basic(`x:${TOKEN}`), TENANT],
    ['of a tenant, as the user', basic(`${TOKEN}:`), TENANT],
    ['of one’s own, as the password', basic(`x:${API_KEY}`), API_KEY_HOLDER],
    ['in small letters', basic(`:${ADMIN_KEY}`).replace('Basic', 'basic'), COMPANY],
  ])('is told by a key in Basic %s', async (_, header, principal) => {
    expect(await authenticate(header)).toEqual(principal);
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
    TOKEN,
    `Basic ${ADMIN_KEY}`,
    `Bearer ${ADMIN_KEY}x`,
    `Bearer ${ADMIN_KEY.slice(0, -1)}`,
    `Bearer ${ADMIN_KEY} ${ADMIN_KEY}`,
    `Bearer ${ADMIN_KEY.toUpperCase()}`,
    `Bearer ${NEXT_KEY}`,
    `Bearer ${TOKEN}x`,
    `Bearer ${API_KEY}x`,
    `Bearer ${API_KEY.slice(0, -1)}`,
    API_KEY,
    `Bearer ${'x'.repeat(1_025)}`,
    'Bearer kéy',
  ])('is nobody with %s', async (header) => {
    expect(await authenticate(header)).toEqual(NOBODY);
  });

  it('is the company by each of its keys while one replaces the other', async () => {
    others = [NEXT_KEY, 'the-admin-key-that-was-before'];
    expect(await authenticate(`Bearer ${NEXT_KEY}`)).toEqual(COMPANY);
    expect(await authenticate('Bearer the-admin-key-that-was-before')).toEqual(COMPANY);
    expect(await authenticate(`Bearer ${ADMIN_KEY}`)).toEqual(COMPANY);
    expect(await authenticate(`Bearer ${NEXT_KEY}x`)).toEqual(NOBODY);
    others = [];
  });

  it('may send as much a second as its key says, and others without a limit', async () => {
    const limits = [];
    for (const key of [API_KEY, TOKEN, ADMIN_KEY, 'wrong']) limits.push((await identify(`Bearer ${key}`)).maxPerSecond);
    expect(limits).toEqual([7, null, null, null]);
  });

  it('is looked up no further than needed', async () => {
    expect(await askedFor(`Bearer ${ADMIN_KEY}`)).toEqual({ principal: COMPANY, asked: ['current'] });
    expect(await askedFor(`Bearer ${TOKEN}`)).toEqual({ principal: TENANT, asked: ['token'] });
    expect(await askedFor(`Bearer ${API_KEY}`)).toEqual({ principal: API_KEY_HOLDER, asked: ['API key'] });
    expect(await askedFor('Bearer wrong')).toEqual({ principal: NOBODY, asked: ['current', 'others'] });
    expect(await askedFor('Bearer')).toEqual({ principal: NOBODY, asked: [] });
  });
});
