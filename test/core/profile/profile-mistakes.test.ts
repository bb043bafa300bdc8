import { describe, expect, it } from 'vitest';
import { compileProfile } from '../../../functions/core/profile/compile-profile.ts';
import { profileDocument } from '../../support/profiles.ts';

const SCHEME = { header: 'X-Signature', algorithm: 'hmac-sha256', encoding: 'hex' };
const signing = (...signatures: object[]) => ({ signatures: signatures.map((one) => ({ ...SCHEME, ...one })) });
const deep = (levels: number): unknown => (levels === 0 ? 1 : { a: deep(levels - 1) });

describe('a wrong profile is refused, with the path and the reason', () => {
  const withSubscription = (subscription: object, ...signatures: object[]) => ({
    subscription,
    ...signing(...signatures),
  });

  it.each<[string, unknown, [path: string, message: RegExp][]]>([
    ['nothing', null, [['', /object/]]],
    ['a list', [], [['', /object/]]],
    ['no name', { name: undefined }, [['/name', /is required/]]],
    ['a name with capitals', { name: 'Acme' }, [['/name', /must be 1 to 63 of a-z 0-9 -/]]],
    ['no envelope', { envelope: undefined }, [['/envelope', /./]]],
    ['no retry policy', { retry: undefined }, [['/retry', /is required/]]],
    ['an unknown field', { colour: 'red' }, [['/colour', /is not a known field/]]],
    ['an unknown field further in', { style: { tabs: true } }, [['/style/tabs', /is not a known field/]]],
    ['too wide an indent', { style: { indent: 9 } }, [['/style/indent', /8/]]],
    ['a newline that is none', { style: { newline: 'cr' } }, [['/style/newline', /lf/]]],
    ['a content type that is no JSON', { contentType: 'text/plain' }, [['/contentType', /must be a media type/]]],
    ['a line break in the content type', { contentType: 'application/json\r\nX: y' }, [['/contentType', /media type/]]],
    ['an unknown reference in the envelope', { envelope: { a: '{{x}}' } }, [['/envelope/a', /\{\{x\}\} is unknown/]]],
    ['a payload in a header', { headers: { 'X-A': '{{event.data}}' } }, [['/headers/X-A', /must stand alone/]]],
    ['a header name with a blank', { headers: { 'X A': '1' } }, [['/headers/X A', /header name/]]],
    ['a header that is set elsewhere', { headers: { Host: 'x' } }, [['/headers/Host', /it is set elsewhere/]]],
    [
      'a header that would be untrue',
      { headers: { 'Content-Encoding': 'gzip' } },
      [['/headers/Content-Encoding', /it is set elsewhere/]],
    ],
    ['a header that no request may have', { headers: { Expect: '100' } }, [['/headers/Expect', /set elsewhere/]]],
    ['a header twice', { headers: { 'X-A': '1', 'x-a': '2' } }, [['/headers/x-a', /same header as \/headers\/X-A/]]],
    ['a header that signs, too', { headers: { 'x-signature': '1' } }, [['/signatures/0/header', /same header as/]]],
    ['a signature in Authorization', signing({ header: 'Authorization' }), [['/signatures/0/header', /set elsewhere/]]],
    ['an unknown algorithm', signing({ algorithm: 'md5' }), [['/signatures/0/algorithm', /hmac-sha256/]]],
    ['an unknown encoding', signing({ encoding: 'base32' }), [['/signatures/0/encoding', /hex/]]],
    [
      'an unknown reference in what is signed',
      signing({ content: '{{x}}' }),
      [['/signatures/0/content', /unknown.*body/]],
    ],
    ['half a reference in what is signed', signing({ content: '{{body' }), [['/signatures/0/content', /not part of/]]],
    ['an unknown reference in a prefix', signing({ prefix: '{{body}}' }), [['/signatures/0/prefix', /is unknown/]]],
    ['a line break between signatures', signing({ separator: '\r\n' }), [['/signatures/0/separator', /visible ASCII/]]],
    [
      'two schemes in one header without a separator',
      signing({ separator: ',' }, {}),
      [['/signatures/1/separator', /is required: another scheme/]],
    ],
    [
      'two schemes in headers that differ by case only',
      signing({ separator: ',' }, { header: 'x-signature', separator: ',' }),
      [['/signatures/1/header', /same header/]],
    ],
    [
      'a letter that no header can hold',
      { headers: { 'X-A': 'Zoë {{event.type}}' } },
      [['/headers/X-A', /visible ASCII/]],
    ],
    ['a line break in a header', { headers: { 'X-A': 'a\r\nX-B: b' } }, [['/headers/X-A', /visible ASCII/]]],
    ['a line break in a prefix', signing({ prefix: 'a\n' }), [['/signatures/0/prefix', /visible ASCII/]]],
    [
      'a traceparent of its own beside the publisher’s',
      { traceparent: true, headers: { Traceparent: 'x' } },
      [['/headers/Traceparent', /is set by \/traceparent/]],
    ],
    [
      'a longest pause that is shorter than the first',
      { breaker: { pauseSeconds: 1_000 } },
      [['/breaker/maxPauseSeconds', /at least \/breaker\/pauseSeconds/]],
    ],
    [
      'a reference in the name for what is no object',
      { envelope: { '...': ['{{event.data}}', '{{event.type}}'] } },
      [['/envelope/...', /reference in its name/]],
    ],
    ['six schemes', signing({}, {}, {}, {}, {}, {}), [['/signatures', /5/]]],
    [
      'an ed25519 key of the tenant',
      withSubscription({}, { algorithm: 'ed25519', key: 'tenant' }),
      [['/signatures/0/key', /a tenant has no ed25519 key/]],
    ],
    [
      'a key that subscriptions do not have',
      withSubscription({ secret: 'none' }, {}),
      [['/signatures/0/key', /there is no key to sign with/]],
    ],
    [
      'a signature always, of a secret that is optional',
      withSubscription({ secret: 'optional', secretFormat: 'text' }, {}),
      [['/signatures/0/when', /must be if_secret/]],
    ],
    [
      'a whsec_ key of a secret that is text',
      withSubscription({ secretFormat: 'text' }, { keyFormat: 'whsec' }),
      [['/signatures/0/keyFormat', /secretFormat must be whsec/]],
    ],
    [
      'a whsec_ key of a tenant',
      withSubscription({ secret: 'none' }, { key: 'tenant', keyFormat: 'whsec' }),
      [['/signatures/0/keyFormat', /must be text/]],
    ],
    ['gaps that are no numbers', { retry: { gapsSeconds: ['1 min'] } }, [['/retry/gapsSeconds/0', /number/]]],
    ['a status that is none', { responses: { success: ['20x'] } }, [['/responses/success/0', /must be a status/]]],
    ['no success at all', { responses: { success: [] } }, [['/responses/success', /./]]],
    ['an unknown handshake', { verification: 'hello' }, [['/verification', /ms-echo/]]],
    ['a fixed test without data', { testEvent: { kind: 'fixed' } }, [['/testEvent/data', /./]]],
    ['a test of another kind', { testEvent: { kind: 'none' } }, [['/testEvent/kind', /./]]],
    [
      'a remark on what is not there',
      { provenance: { '/retry/gaps': { origin: 'ours' }, style: { origin: 'ours' } } },
      [
        ['/provenance/~1retry~1gaps', /speaks of \/retry\/gaps, which is not in the profile/],
        ['/provenance/style', /speaks of style/],
      ],
    ],
    [
      'a remark of unknown origin',
      { provenance: { '/style': { origin: 'hearsay' } } },
      [['/provenance/~1style/origin', /promised/]],
    ],
    ['a deep envelope', { envelope: deep(21) }, [[`/envelope${'/a'.repeat(21)}`, /deeper than 20 levels/]]],
    ['a deep test event', { testEvent: { kind: 'fixed', data: deep(60) } }, [['', /deeper than 50 levels/]]],
    ['a bottomless one', { envelope: deep(3_000) }, [['', /deeper than 50 levels/]]],
    [
      'several mistakes, each',
      { envelope: ['{{x}}'], headers: { TE: '{{y}}' }, ...signing({ content: '{{z}}' }) },
      [
        ['/headers/TE', /set elsewhere/],
        ['/envelope/0', /\{\{x\}\}/],
        ['/headers/TE', /\{\{y\}\}/],
        ['/signatures/0/content', /\{\{z\}\}/],
      ],
    ],
  ])('%s', (_, rest, expected) => {
    const isWhole = rest === null || Array.isArray(rest);
    const compiled = compileProfile(isWhole ? rest : profileDocument(Object(rest)), 1);
    const errors = compiled.ok ? [] : compiled.errors;
    expect(errors.map(({ path }) => path)).toEqual(expected.map(([path]) => path));
    expected.forEach(([, message], index) => {
      expect(errors[index]?.message).toMatch(message);
    });
  });

  it('with thousands of mistakes lists as many as are worth reading', () => {
    const compiled = compileProfile(profileDocument({ envelope: Array(5_000).fill('{{x}}') }), 1);
    expect(compiled.ok ? [] : compiled.errors).toHaveLength(51);
  });

  it('and the document that all of these are made from is right', () => {
    expect(compileProfile(profileDocument(), 7)).toMatchObject({ ok: true, profile: { version: 7 } });
  });
});
