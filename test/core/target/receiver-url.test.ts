import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createAddressPolicy } from '../../../functions/core/target/address-policy.ts';
import {
  checkReceiverUrl,
  type ReceiverUrlPolicy,
  splitCredentials,
} from '../../../functions/core/target/receiver-url.ts';

const addressPolicy = createAddressPolicy({ allowedPrivateRanges: [] });
const policy: ReceiverUrlPolicy = { allowHttp: false, allowedPorts: [], addressPolicy };
const local: ReceiverUrlPolicy = {
  allowHttp: true,
  allowedPorts: [],
  addressPolicy: createAddressPolicy({ allowedPrivateRanges: ['127.0.0.0/8', '::1/128'] }),
};

describe('accepts', () => {
  it.each([
    ['https://example.com', 'example.com'],
    ['https://example.com/hooks?a=1&b=%20#'.slice(0, -1), 'example.com'],
    ['HTTPS://Example.COM/Path', 'example.com'],
    ['https://example.com.', 'example.com.'],
    ['https://example.com:8443/', 'example.com'],
    ['https://bücher.example/ä', 'xn--bcher-kva.example'],
    ['https://user:pass@example.com/', 'example.com'],
    ['https://user@example.com/', 'example.com'],
    ['https://:pass@example.com/', 'example.com'],
    ['https://us%C3%A9r:p%40ss%3A%2F@example.com/', 'example.com'],
    ['https://8.8.8.8/', '8.8.8.8'],
    ['https://[2606:4700::1111]/', '[2606:4700::1111]'],
    ['https://[::ffff:8.8.8.8]/', '[::ffff:808:808]'],
    ['https://localhost.example.com/', 'localhost.example.com'],
    ['https://10.0.0.1.example.com/', '10.0.0.1.example.com'],
    [`https://example.com/${'x'.repeat(2048 - 20)}`, 'example.com'],
  ])('%s', (text, hostname) => {
    expect(checkReceiverUrl(text, policy)).toMatchObject({ ok: true, url: { hostname } });
  });
});

const LABEL = 'a'.repeat(63);

describe('host names', () => {
  it.each([
    ['of 63 octets a label', `${LABEL}.example`],
    ['of 253 octets', `${LABEL}.${LABEL}.${LABEL}.${'a'.repeat(61)}`],
    ['of 253 octets and a dot', `${LABEL}.${LABEL}.${LABEL}.${'a'.repeat(61)}.`],
    ['in Punycode', 'xn--bcher-kva.example'],
    ['in Punycode that reads from the right', 'xn--mgbh0fb.xn--kgbechtv'],
    ['in capital Punycode', 'XN--BCHER-KVA.example'],
    ['beyond ASCII', 'bücher.example'],
    ['with an underscore', 'a_b.example'],
    ['with hyphens', 'a--b.example'],
  ])('%s are accepted', (_, host) => {
    expect(checkReceiverUrl(`https://${host}/`, policy)).toMatchObject({ ok: true });
  });

  it.each([
    ['of 64 octets a label', `${LABEL}a.example`, 'longer than 63'],
    ['of 64 octets a label once it is ASCII', `${'ü'.repeat(60)}.example`, 'longer than 63'],
    ['of 254 octets', `${LABEL}.${LABEL}.${LABEL}.${'a'.repeat(62)}`, 'longer than 253'],
    ['with an empty label', 'a..example', 'two dots'],
    ['that begin with a dot', '.example', 'two dots'],
    ['that end with two dots', 'example..', 'two dots'],
    ['that are a dot', '.', 'two dots'],
    ['in Punycode of nothing', 'xn--.example', 'xn--'],
    ['in Punycode that is none', 'xn--a.example', 'xn--'],
    ['in Punycode that is none, at the end', 'example.xn--99999999', 'xn--'],
    ['in Punycode of Punycode', 'xn--xn---epa.example', 'xn--'],
  ])('%s are refused', (_, host, message) => {
    expect(checkReceiverUrl(`https://user:pass@${host}:8443/x`, policy)).toMatchObject({
      ok: false,
      code: 'invalid_url',
      message: expect.stringContaining(message),
    });
  });
});

describe('the path that is called', () => {
  it.each([
    ['', '/'],
    ['/', '/'],
    ['?', '/?'],
    ['/?', '/?'],
    ['?a=1', '/?a=1'],
    ['/a?', '/a?'],
    ["/it's?q='x'", "/it's?q='x'"],
    ['/%2e%2e/a', '/%2e%2e/a'],
    ['/a/../b/./c', '/a/../b/./c'],
    ['//a//b', '//a//b'],
    ['/a;b=1,2', '/a;b=1,2'],
    ["/-._~!$&'()*+,;=:@[]?/?", "/-._~!$&'()*+,;=:@[]?/?"],
    ['/%zz%', '/%zz%'],
    ['/a@b', '/a@b'],
    // What may not stand in a request is encoded, as any client does.
    ['/bücher?q=€😀', '/b%C3%BCcher?q=%E2%82%AC%F0%9F%98%80'],
    ['/{id}|^`"<>', '/%7Bid%7D%7C%5E%60%22%3C%3E'],
  ])('%s is %s', (text, path) => {
    expect(checkReceiverUrl(`https://user:p%40ss@example.com:8443${text}`, policy)).toMatchObject({ ok: true, path });
  });
});

describe('refuses what is no absolute https URL', () => {
  it.each([
    ['', 'must begin with https://'],
    ['example.com/hooks', 'must begin with https://'],
    ['//example.com', 'must begin with https://'],
    ['https:example.com', 'must begin with https://'],
    ['https:/example.com', 'must begin with https://'],
    ['https:\\\\example.com', 'backslash'],
    ['https://example.com\\@evil.example', 'backslash'],
    ['https://', 'names no host'],
    ['https:///path', 'names no host'],
    ['https://?x', 'names no host'],
    ['https://:443/', 'not valid'],
    ['https://user:pass@/', 'not valid'],
    ['https://example.com:99999/', 'not valid'],
    ['https://exa<mple.com/', 'not valid'],
    ['https://[fe80::1%25eth0]/', 'not valid'],
    ['https://1.2.3.4.5/', 'not valid'],
    ['https://256.1.1.1/', 'not valid'],
    [' https://example.com', 'spaces or control characters'],
    ['https://example.com/a b', 'spaces or control characters'],
    ['https://exam\tple.com/', 'spaces or control characters'],
    ['https://example.com/\r\nhost: evil', 'spaces or control characters'],
    ['https://example.com/\0', 'spaces or control characters'],
    ['https://example.com/\u00a0', 'spaces or control characters'],
    ['https://example.com/\u0085', 'spaces or control characters'],
    ['https://example.com/\ud800', 'spaces or control characters'],
    ['https://example.com/#top', '"#"'],
    ['https://example.com/#', '"#"'],
    [`https://example.com/${'x'.repeat(2048 - 19)}`, 'longer than 2048'],
    ['https://us%er:x@example.com/', 'user name or password'],
    ['https://user:%ff@example.com/', 'user name or password'],
    ['https://us%3Aer:x@example.com/', 'user name or password'],
    ['https://user:a%0D%0Ab@example.com/', 'user name or password'],
  ])('%j', (text, message) => {
    expect(checkReceiverUrl(text, policy)).toMatchObject({
      ok: false,
      code: 'invalid_url',
      message: expect.stringContaining(message),
    });
  });

  it.each([
    'http://example.com/',
    'ftp://example.com/',
    'file:///etc/passwd',
    'javascript://x',
    'data://x',
    'gopher://x',
    'ws://x',
  ])('scheme of %s', (text) => {
    expect(checkReceiverUrl(text, policy)).toMatchObject({ ok: false });
    expect(checkReceiverUrl(text.replace(/^[a-z]+:\/*/, 'https://'), policy)).toMatchObject({ ok: true });
  });

  it('allows http only by setting', () => {
    expect(checkReceiverUrl('http://example.com/', policy)).toMatchObject({ code: 'scheme_not_allowed' });
    expect(checkReceiverUrl('http://example.com/', { ...policy, allowHttp: true })).toMatchObject({ ok: true });
    expect(checkReceiverUrl('ftp://example.com/', { ...policy, allowHttp: true })).toMatchObject({
      code: 'scheme_not_allowed',
    });
  });
});

describe('refuses addresses that are not public, in every spelling', () => {
  it.each([
    'https://127.0.0.1/',
    'https://127.0.0.1:8443/',
    'https://127.1/',
    'https://127.0.0.1./',
    'https://2130706433/',
    'https://0x7f000001/',
    'https://0x7f.1/',
    'https://0177.0.0.1/',
    'https://017700000001/',
    'https://127.0.0.0x1/',
    'https://%31%32%37.0.0.1/',
    'https://１２７.0.0.1/',
    'https://①②⑦.⓪.⓪.①/',
    'https://127。0。0。1/',
    'https://0/',
    'https://user:secret@127.0.0.1/',
    'https://example.com@127.0.0.1/',
    'https://10.0.0.1/',
    'https://3232235521/',
    'https://169.254.169.254/latest/meta-data/',
    'https://169.254.100.1:9001/',
    'https://[::1]/',
    'https://[0:0:0:0:0:0:0:1]/',
    'https://[::]/',
    'https://[::ffff:127.0.0.1]/',
    'https://[::ffff:7f00:1]/',
    'https://[::127.0.0.1]/',
    'https://[64:ff9b::7f00:1]/',
    'https://[64:ff9b:1::7f00:1]/',
    'https://[2002:7f00:1::]/',
    'https://[fe80::1]/',
    'https://[fd00::1]/',
    'https://localhost/',
    'https://LOCALHOST/',
    'https://localhost./',
    'https://a.localhost/',
    'https://loc\u00adalhost/',
  ])('%s', (text) => {
    const check = checkReceiverUrl(text, policy);
    expect(check).toMatchObject({
      ok: false,
      code: 'blocked_address',
      message: expect.stringMatching(/the address is \w/),
    });
    expect(JSON.stringify(check)).not.toContain('secret');
  });

  it.each([
    'http://127.0.0.1:8080/',
    'http://localhost:8080/',
    'http://[::1]:8080/',
    'http://[::ffff:127.0.0.1]/',
    'http://2130706433/',
  ])('but allows %s by setting', (text) => {
    expect(checkReceiverUrl(text, local)).toMatchObject({ ok: true });
  });
});

describe('ports', () => {
  const restricted = { ...policy, allowHttp: true, allowedPorts: [443, 8443] };
  it.each([
    ['https://example.com/', true],
    ['https://example.com:443/', true],
    ['https://example.com:8443/', true],
    ['https://example.com:22/', false],
    ['https://example.com:0/', false],
    ['http://example.com/', false],
    ['http://example.com:443/', true],
  ])('%s: %s', (text, ok) => {
    expect(checkReceiverUrl(text, restricted)).toMatchObject(ok ? { ok } : { ok, code: 'port_not_allowed' });
  });

  it('refuses port 0 even where all ports are allowed', () => {
    expect(checkReceiverUrl('https://example.com:0/', policy)).toMatchObject({ code: 'port_not_allowed' });
    expect(checkReceiverUrl('https://example.com:1/', policy)).toMatchObject({ ok: true });
  });
});

describe('for any text', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      'https://',
      'http://',
      'user',
      ':hunter2',
      '@',
      '127.0.0.1',
      '[::1]',
      '.',
      '/',
      '\\',
      '?',
      '#',
      '%',
      '%41',
    ),
    fc.constantFrom('0x7f', '2130706433', 'localhost', 'example.com', ':443', '\t', '。', '１', '\u00ad'),
    fc.string({ unit: 'binary', maxLength: 3 }),
  );
  const text = fc.array(piece, { maxLength: 12 }).map((pieces) => `https://${pieces.join('')}`);

  it('answers, and what it accepts is not a private address', () => {
    fc.assert(
      fc.property(text, (url) => {
        const check = checkReceiverUrl(url, policy);
        if (!check.ok) return;
        expect(check.url.protocol).toBe('https:');
        expect(check.url.hostname).not.toMatch(/^127(\.\d+){3}$|^\[::1\]$|^(.+\.)?localhost\.?$|^$/);
      }),
      { numRuns: 2_000 },
    );
  });

  it('never repeats a password', () => {
    fc.assert(
      fc.property(text, (rest) => {
        const url = rest.replace('https://', 'https://user:hunter2@');
        const check = checkReceiverUrl(url, policy);
        if (!check.ok) expect(check.message).not.toContain('hunter2');
        else expect(splitCredentials(url).url).not.toMatch(/^[^/]*\/\/[^/?]*hunter2/);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('splitCredentials', () => {
  it.each([
    ['https://example.com', 'https://example.com', null],
    ['https://user:pass@Example.com', 'https://Example.com', { username: 'user', password: 'pass' }],
    [
      'HTTPS://u:p@example.com:443/a/../b?x=@y',
      'HTTPS://example.com:443/a/../b?x=@y',
      { username: 'u', password: 'p' },
    ],
    ['https://user@example.com/', 'https://example.com/', { username: 'user', password: '' }],
    ['https://:pass@example.com/', 'https://example.com/', { username: '', password: 'pass' }],
    ['https://@example.com/', 'https://example.com/', null],
    ['https://:@example.com/', 'https://example.com/', null],
    ['https://a%20b:p%40%3A%25@example.com/', 'https://example.com/', { username: 'a b', password: 'p@:%' }],
    ['https://a@b:c@d@example.com/', 'https://example.com/', { username: 'a@b', password: 'c@d' }],
    ['https://ü:é@example.com/', 'https://example.com/', { username: 'ü', password: 'é' }],
    ['https://example.com/a@b', 'https://example.com/a@b', null],
    ['https://example.com?a@b', 'https://example.com?a@b', null],
    ['https://user:%zz@example.com/', 'https://example.com/', null],
    ['not a url', 'not a url', null],
  ])('%s', (text, url, credentials) => {
    expect(splitCredentials(text)).toEqual({ url, credentials });
  });
});
