import { describe, expect, it } from 'vitest';
import { StepBudget } from '../../../functions/core/step-budget.ts';
import { parseFilter } from '../../../functions/core/subscription/filter/filter.ts';
import { MAX_FILTER_STEPS } from '../../../functions/core/subscription/filter/filter-cost.ts';
import { SubscriptionHeaders } from '../../../functions/core/subscription/headers.ts';
import { createMatcher, FilteredContent } from '../../../functions/core/subscription/match.ts';
import {
  nextGeneration,
  previousKeysEnd,
  type StoredKey,
  signingKeys,
} from '../../../functions/core/subscription/subscription.ts';
import { makeEvent, makeSubscription, NOW } from '../../support/domain.ts';

describe('a matcher', () => {
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
    const match = createMatcher(makeSubscription(subscription));
    const content = new FilteredContent(() => ({ country: 'DE' }));
    expect(match(makeEvent(), isRepetition, content)).toBe(expected ? 'match' : 'no_match');
  });

  it('says so where an event would take its filter too many steps', () => {
    // Stored before there was a bound: written now, it is refused.
    const filter = { data: { n: [{ 'anything-but': { prefix: Array.from({ length: 300 }, (_, at) => `a${at}`) } }] } };
    expect(parseFilter(filter)).toMatchObject({
      ok: false,
      errors: [{ message: expect.stringMatching(/times the steps/) }],
    });
    const match = createMatcher(makeSubscription({ filter }));
    const steps = new StepBudget(2 * MAX_FILTER_STEPS);
    expect(match(makeEvent(), false, new FilteredContent(() => ({ n: Array(60_000).fill('a1') })), steps)).toBe(
      'over_budget',
    );
    expect(steps.spent).toBeLessThan(1.01 * MAX_FILTER_STEPS);
    expect(match(makeEvent(), false, new FilteredContent(() => ({ n: ['a1', 'b'] })))).toBe('match');
  });

  it('reads the data only where a filter asks for it', () => {
    let reads = 0;
    const content = new FilteredContent(() => {
      reads += 1;
      return {};
    });
    createMatcher(makeSubscription())(makeEvent(), false, content);
    createMatcher(makeSubscription({ filter: { data: { a: [1] } }, eventTypes: ['other'] }))(
      makeEvent(),
      false,
      content,
    );
    expect(reads).toBe(0);
    for (let count = 0; count < 2; count += 1) {
      createMatcher(makeSubscription({ filter: { data: { a: [1] } } }))(makeEvent(), false, content);
    }
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

  it('those that were replaced end with the last of them, of the versions wanted', () => {
    const keys = [key('current'), key('ending', { endsAt: 7 }), key('older', { endsAt: 5 })];
    const end = (more: StoredKey[]) => previousKeysEnd({ keys: [...keys, ...more], signatureVersions: ['v1'] });
    expect(end([])).toBe(7);
    expect(end([key('other version', { version: 'v1a', endsAt: 9 })])).toBe(7);
    expect(previousKeysEnd({ keys: [key('current')], signatureVersions: ['v1'] })).toBeNull();
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
    ['as much as there may be', { 'x-a': 'v'.repeat(2_048), 'x-b': 'v'.repeat(2_048), 'x-c': 'v'.repeat(2_039) }],
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
      'more together than receivers take',
      { 'x-a': 'v'.repeat(2_048), 'x-b': 'v'.repeat(2_048), 'x-c': 'v'.repeat(2_040) },
      '/ must be at most 6144 characters together: receivers refuse more',
    ],
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

describe('the generation', () => {
  const before = makeSubscription({ generation: 4 });

  it.each([
    ['moves to another URL', before, { url: 'https://other.example/' }, 5],
    ['gets other credentials', before, { credentials: 'sealed' }, 5],
    ['is resumed', makeSubscription({ status: 'paused', generation: 4 }), { status: 'active' as const }, 5],
    ['is verified', makeSubscription({ status: 'unverified', generation: 4 }), { status: 'active' as const }, 5],
    ['is paused', before, { status: 'paused' as const }, 4],
    ['gets another name', before, { name: 'new' }, 4],
  ])('of a subscription that %s', (_, from, change, expected) => {
    expect(nextGeneration(from, { ...from, ...change })).toBe(expected);
  });
});
