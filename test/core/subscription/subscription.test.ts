import { describe, expect, it } from 'vitest';
import { SubscriptionHeaders } from '../../../functions/core/subscription/headers.ts';
import { wantsEvent } from '../../../functions/core/subscription/match.ts';
import { type StoredKey, signingKeys } from '../../../functions/core/subscription/subscription.ts';
import { makeEvent, makeSubscription, NOW } from '../../support/domain.ts';

describe('wantsEvent', () => {
  it.each<[string, Parameters<typeof makeSubscription>[0], boolean, boolean]>([
    ['of a type that it names', { eventTypes: ['employee.created'] }, false, true],
    ['of a type that one of its patterns matches', { eventTypes: ['payslip.*', 'employee.*'] }, false, true],
    ['of no type that it names', { eventTypes: ['payslip.*'] }, false, false],
    ['of another environment', { environment: 'development' }, false, false],
    ['while paused, to be parked', { status: 'paused' }, false, true],
    ['while disabled, to be parked', { status: 'disabled' }, false, true],
    ['new, although it is younger than the event', { createdAt: NOW + 1 }, false, true],
    ['repeated, if it is as old as the record', { createdAt: NOW }, true, true],
    ['repeated, not if it is younger than the record', { createdAt: NOW + 1 }, true, false],
    ['while it was never verified', { status: 'unverified', hasBeenVerified: false }, false, false],
    ['while another URL of it is verified, to be parked', { status: 'unverified' }, false, true],
    ['before it expires', { expiresAt: NOW + 1 }, false, true],
    ['from the moment at which it expires', { expiresAt: NOW }, false, false],
    ['that its filter matches', { filter: { data: { country: ['DE', 'FR'] } } }, false, true],
    ['that its filter does not match', { filter: { data: { country: ['FR'] } } }, false, false],
    ['by its type', { filter: { type: [{ suffix: '.created' }] } }, false, true],
    ['not by another type', { filter: { type: [{ 'anything-but': 'employee.created' }] } }, false, false],
    ['by its environment', { filter: { environment: ['production'] } }, false, true],
    ['not by another environment', { filter: { environment: ['development'] } }, false, false],
    ['that lacks what its filter looks at', { filter: { data: { salary: [{ numeric: ['>', 1] }] } } }, false, false],
    [
      'whose type it does not want, though its filter matches',
      { eventTypes: ['a'], filter: { type: [{ exists: true }] } },
      false,
      false,
    ],
  ])('an event %s', (_, subscription, isRepetition, expected) => {
    const data = () => ({ country: 'DE' });
    expect(wantsEvent(makeSubscription(subscription), makeEvent(), isRepetition, data)).toBe(expected);
  });

  it('reads the data only where a filter asks for it', () => {
    let reads = 0;
    const data = () => {
      reads += 1;
      return {};
    };
    wantsEvent(makeSubscription(), makeEvent(), false, data);
    wantsEvent(makeSubscription({ filter: { data: { a: [1] } }, eventTypes: ['other'] }), makeEvent(), false, data);
    expect(reads).toBe(0);
    wantsEvent(makeSubscription({ filter: { data: { a: [1] } } }), makeEvent(), false, data);
    expect(reads).toBe(1);
  });
});

describe('signingKeys', () => {
  const key = (sealed: string, rest: Partial<StoredKey> = {}): StoredKey => ({
    version: 'v1',
    sealed,
    createdAt: 0,
    endsAt: null,
    ...rest,
  });

  it('are the current one and those whose overlap lasts, of the versions wanted', () => {
    const keys = [
      key('current'),
      key('ending', { endsAt: NOW + 1 }),
      key('ended', { endsAt: NOW }),
      key('other version', { version: 'v1a' }),
    ];
    const sealed = (signatureVersions: StoredKey['version'][]) =>
      signingKeys({ keys, signatureVersions }, NOW).map((one) => one.sealed);
    expect(sealed(['v1'])).toEqual(['current', 'ending']);
    expect(sealed(['v1a'])).toEqual(['other version']);
    expect(sealed(['v1', 'v1a'])).toEqual(['current', 'ending', 'other version']);
  });
});

describe('headers', () => {
  const issues = (headers: unknown) =>
    (SubscriptionHeaders.safeParse(headers).error?.issues ?? []).map(
      ({ path, message }) => `/${path.join('/')} ${message}`,
    );

  it.each<[string, Record<string, string>]>([
    ['none', {}],
    ['a usual one', { 'X-Team': 'payroll' }],
    ['a key', { authorization: 'Bearer abc.def-ghi' }],
    ['an empty value', { 'x-a': '' }],
    ['every kind of character', { "x!#$%&'*+.^_`|~-9": 'a b\tc ~!' }],
    ['the longest', { ['x'.repeat(64)]: 'v'.repeat(2_048) }],
    ['twenty', Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`x-${index}`, '1']))],
    ['names like those of an object', { constructor: '1', tostring: '2' }],
  ])('%s', (_, headers) => {
    expect(issues(headers)).toEqual([]);
  });

  it.each<[string, unknown, string | RegExp]>([
    ['a line break in a value', { 'x-a': 'a\r\nx-b: c' }, /^\/x-a must be visible ASCII/],
    ['a line feed at the end', { 'x-a': 'a\n' }, /^\/x-a must be visible ASCII/],
    ['a NUL', { 'x-a': 'a\0' }, /^\/x-a must be visible ASCII/],
    ['beyond ASCII', { 'x-a': 'é' }, /^\/x-a must be visible ASCII/],
    ['blanks around', { 'x-a': ' a' }, /^\/x-a must be visible ASCII/],
    ['a number', { 'x-a': 1 }, /^\/x-a /],
    ['too long a value', { 'x-a': 'v'.repeat(2_049) }, /^\/x-a must be at most 2048/],
    ['a blank in a name', { 'x a': '1' }, /^\/x a is not a header name/],
    ['a colon in a name', { 'x:a': '1' }, /^\/x:a is not a header name/],
    ['an empty name', { '': '1' }, /^\/ is not a header name/],
    ['too long a name', { ['x'.repeat(65)]: '1' }, /is not a header name/],
    ['one name twice', { 'X-A': '1', 'x-a': '2' }, /^\/x-a is there twice/],
    [
      '21 headers',
      Object.fromEntries(Array.from({ length: 21 }, (_, index) => [`x-${index}`, '1'])),
      '/ must be at most 20 headers',
    ],
    ['Host', { Host: 'internal' }, '/Host may not be set: it follows from the URL'],
    ['Content-Length', { 'Content-Length': '0' }, '/Content-Length may not be set: it follows from the body'],
    [
      'Transfer-Encoding',
      { 'transfer-encoding': 'chunked' },
      '/transfer-encoding may not be set: it belongs to the connection',
    ],
    ['Connection', { CONNECTION: 'close' }, '/CONNECTION may not be set: it belongs to the connection'],
    ['User-Agent', { 'User-Agent': 'x' }, '/User-Agent may not be set: it names Posthorn'],
    ['Content-Type', { 'content-type': 'text/plain' }, '/content-type may not be set: it is set by the profile'],
    ...['Encoding', 'Range', 'Location', 'Language', 'Disposition', 'MD5', 'Digest'].map(
      (name): [string, object, string] => [
        `Content-${name}`,
        { [`Content-${name}`]: 'x' },
        `/Content-${name} may not be set: it describes the body`,
      ],
    ),
    ['Repr-Digest', { 'Repr-Digest': 'x' }, '/Repr-Digest may not be set: it describes the body'],
    ['ETag', { ETag: 'x' }, '/ETag may not be set: it describes the body'],
    [
      'a signature',
      { 'Webhook-Signature': 'v1,x' },
      '/Webhook-Signature may not be set: it is reserved for the signature',
    ],
    ['a proxy header', { 'Proxy-Authorization': 'x' }, '/Proxy-Authorization may not be set: it belongs to proxies'],
  ])('not %s', (_, headers, message) => {
    expect(issues(headers)).toEqual([typeof message === 'string' ? message : expect.stringMatching(message)]);
  });
});
