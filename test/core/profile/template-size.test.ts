import { describe, expect, it } from 'vitest';
import { compileProfile } from '../../../functions/core/profile/compile-profile.ts';
import { PayloadParts } from '../../../functions/core/profile/payload-parts.ts';
import { MAX_BODY_BYTES } from '../../../functions/core/profile/template-size.ts';
import { makeProfile, makeValues, profileDocument } from '../../support/profiles.ts';

const errorsOf = (rest: object) => {
  const compiled = compileProfile(profileDocument(rest), 1);
  return compiled.ok ? [] : compiled.errors.map(({ path, message }) => `${path} ${message}`);
};
const KEYS = { subscription: [], tenant: null };
const LARGEST = JSON.stringify('x'.repeat(262_142));

describe('what a profile can multiply is refused when it is written', () => {
  it.each<[string, object, RegExp]>([
    ['the payload 500 times', { envelope: Array(500).fill('{{event.data}}') }, /^\/envelope could become 131\d+ bytes/],
    ['the payload four times', { envelope: Array(4).fill('{{event.data}}') }, /^\/envelope could become/],
    [
      'a part within a part within a part',
      { envelope: ['{{event.data}}', '{{event.data.a}}', '{{event.data.a.b}}', '{{event.data.a.b.c}}'] },
      /^\/envelope could become/,
    ],
    ['metadata many times', { envelope: Array(10).fill('{{subscription.metadata}}') }, /^\/envelope could become/],
    ['members many times', { envelope: Array(5).fill({ '...': '{{event.data}}' }) }, /^\/envelope could become/],
    ['the URL in many headers', { headers: { 'X-A': '{{subscription.url}}'.repeat(9) } }, /^\/headers could become/],
    [
      'the body in what is signed',
      { signatures: [{ header: 'X-S', algorithm: 'hmac-sha256', encoding: 'hex', content: '{{body}}{{body}}' }] },
      /^\/signatures\/0\/content may refer to \{\{body\}\} once/,
    ],
    ['depth', { envelope: `{{event.data${'.a'.repeat(21)}}}` }, /^\/envelope refers deeper than 20 levels/],
  ])('%s', (_, rest, message) => {
    expect(errorsOf(rest)).toEqual([expect.stringMatching(message)]);
  });

  it.each<[string, object]>([
    ['the payload three times', { envelope: Array(3).fill('{{event.data}}') }],
    ['different parts, however many', { envelope: Array.from({ length: 500 }, (__, at) => `{{event.data.a${at}}}`) }],
  ])('but not %s', (_, rest) => {
    expect(errorsOf(rest)).toEqual([]);
  });
});

describe('a rendered body', () => {
  it('has at most 1 MiB for the largest payload and subscription', () => {
    const profile = makeProfile({ envelope: [...Array(3).fill('{{event.data}}'), '{{subscription.metadata}}'] });
    const metadata = Object.fromEntries(
      Array.from({ length: 50 }, (_, at) => [`${at}`.padEnd(64, '\u0000'), '\u0001'.repeat(512)]),
    );
    const { body } = profile.render(makeValues({ event: { data: LARGEST }, subscription: { metadata } }), KEYS);
    expect(Buffer.byteLength(body)).toBeLessThanOrEqual(MAX_BODY_BYTES);
    expect(Buffer.byteLength(body)).toBeGreaterThan(900_000);
  });

  it('stays compact where indentation would make it larger', () => {
    const profile = makeProfile({ envelope: '{{event.data}}', style: { indent: 8 } });
    const data = `${'['.repeat(40)}${Array(100_000).fill(1).join()}${']'.repeat(40)}`;
    expect(profile.render(makeValues({ event: { data } }), KEYS).body).toBe(data);
    expect(profile.render(makeValues({ event: { data: '[1]' } }), KEYS).body).toBe('[\n        1\n]');
  });

  it('of five hundred parts of one object takes the object apart once', () => {
    const data = JSON.stringify({ a: Array(120_000).fill(1) });
    const profile = makeProfile({ envelope: Array.from({ length: 500 }, (_, at) => `{{event.data.a${at}}}`) });
    const start = performance.now();
    profile.render(makeValues({ event: { data } }), KEYS);
    // Taken apart for each, it takes five seconds.
    expect(performance.now() - start).toBeLessThan(1_500);
  });
});

describe('a part of a payload', () => {
  const parts = new PayloadParts('{"a":{"b":[1.0],"b":{"c":1e400}},"n":null}');
  it.each<[string[], string | null]>([
    [[], '{"a":{"b":[1.0],"b":{"c":1e400}},"n":null}'],
    [['a', 'b', 'c'], '1e400'],
    [['a', 'b'], '{"c":1e400}'],
    [['n'], 'null'],
    [['n', 'x'], null],
    [['a', 'x', 'y'], null],
    [['toString'], null],
  ])('%j: %s', (path, expected) => {
    expect(parts.at(path)).toBe(expected);
    expect(parts.at(path)).toBe(expected);
  });
});
