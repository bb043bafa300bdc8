import { expect, it } from 'vitest';
import { isSignedToken, personOf } from '../../../functions/core/access/sign-in.ts';

const SIGN_IN = {
  issuer: 'https://id.example.com',
  clientId: 'console',
  claim: 'groups',
  adminValues: ['ops', 'owners'],
  readValues: ['staff'],
};
const ADA = { sub: '248', exp: 1_000, email: 'ada@example.com', name: 'Ada' };

it.each<[string, unknown, 'admin' | 'read' | null]>([
  ['one of the values that mean admin', ['staff', 'ops'], 'admin'],
  ['one that means read', ['staff', 'other'], 'read'],
  ['a text instead of a list', 'owners', 'admin'],
  ['no value that means anything', ['other'], null],
  ['a part of a value', ['op'], null],
  ['another case', ['OPS'], null],
  ['an empty list', [], null],
  ['a number', 7, null],
  ['an object', { ops: true }, null],
  ['lists in a list', [['ops']], null],
  ['nothing', undefined, null],
])('a claim with %s', (_, groups, role) => {
  expect(personOf({ ...ADA, groups }, SIGN_IN)?.role ?? null).toBe(role);
});

it('a person sees all tenants, until the token ends', () => {
  expect(personOf({ ...ADA, groups: ['ops'] }, SIGN_IN)).toEqual({
    kind: 'person',
    id: 'usr_248',
    name: 'ada@example.com',
    role: 'admin',
    tenantId: null,
    endsAt: 1_000_000,
  });
  expect(personOf({ sub: '248', exp: 1, name: 'Ada', groups: 'ops' }, SIGN_IN)?.name).toBe('Ada');
  expect(personOf({ sub: '248', exp: 1, email: 7, groups: 'ops' }, SIGN_IN)?.name).toBeNull();
});

it.each([{ exp: 1, groups: 'ops' }, { sub: '', exp: 1, groups: 'ops' }, { sub: '1', groups: 'ops' }, null])(
  'claims without subject or end are no one’s: %j',
  (claims) => {
    expect(personOf(claims, SIGN_IN)).toBeNull();
  },
);

it('what every object has is no claim', () => {
  expect(personOf(ADA, { ...SIGN_IN, claim: 'constructor', adminValues: ['Object'] })).toBeNull();
});

it.each([
  ['aa.bb.cc', true],
  ['phk_01J', false],
  ['a.b', false],
  ['a.b.c.d', false],
  ['a b.c.d', false],
])('%s has the form of a signed token: %s', (text, expected) => {
  expect(isSignedToken(text)).toBe(expected);
});
