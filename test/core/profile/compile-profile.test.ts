import { createHmac, createPublicKey, verify } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { ProfileKeys } from '../../../functions/core/profile/compile-profile.ts';
import { generateSigningKey, publicKeyOf } from '../../../functions/core/profile/signing.ts';
import { makeProfile, makeValues } from '../../support/profiles.ts';

const DATA = '{"id":9007199254740993,"list":[],"none":{},"a":[1.0,{"b":null}]}';
const VALUES = makeValues({ event: { data: DATA } });
const v1 = (...materials: string[]): ProfileKeys => ({
  subscription: materials.map((material) => ({ version: 'v1' as const, material })),
  tenant: null,
});
const SECRET = 'a secret with ümlaut';
const WHSEC = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const hmac = (key: string | Buffer, content: string) => createHmac('sha256', key).update(content, 'utf8');
const SCHEME = { header: 'X-Signature', algorithm: 'hmac-sha256', encoding: 'hex' };
const signing = (...signatures: object[]) => ({ signatures: signatures.map((one) => ({ ...SCHEME, ...one })) });
const WHSEC_SUBSCRIPTION = { subscription: { secretFormat: 'whsec' } };

function headersOf(document: object, keys: ProfileKeys = v1(SECRET)) {
  const { body, headers } = makeProfile(document).render(VALUES, keys);
  return { body, headers, signature: headers['X-Signature'] };
}

describe('the style', () => {
  const BODY = `{"type":"employee.created","data":${DATA}}`;
  const LINES = [
    '{',
    '  "type": "employee.created",',
    '  "data": {',
    '    "id": 9007199254740993,',
    '    "list": [],',
    '    "none": {},',
    '    "a": [',
    '      1.0,',
    '      {',
    '        "b": null',
    '      }',
    '    ]',
    '  }',
    '}',
  ];
  const indented = (width: number, newline: string) =>
    LINES.map((line) => line.replace(/^ +/, (blanks) => ' '.repeat((blanks.length / 2) * width))).join(newline);

  it.each<[string, object, string]>([
    ['compact by default', {}, BODY],
    ['compact, whatever the newline', { newline: 'crlf' }, BODY],
    ['two blanks and LF', { indent: 2 }, indented(2, '\n')],
    ['two blanks and CRLF', { indent: 2, newline: 'crlf' }, indented(2, '\r\n')],
    ['four blanks', { indent: 4 }, indented(4, '\n')],
  ])('%s', (_, style, expected) => {
    expect(headersOf({ style }).body).toBe(expected);
  });

  it('is signed as it is sent', () => {
    const { body, signature } = headersOf({ style: { indent: 2, newline: 'crlf' } });
    expect(body).toContain('\r\n');
    expect(signature).toBe(hmac(SECRET, body).digest('hex'));
  });

  it.each([
    ['flat', `[${'1,'.repeat(100_000)}1]`],
    ['deep', `${'['.repeat(130_000)}${']'.repeat(130_000)}`],
    ['deep, with members', `${'{"a":['.repeat(40_000)}${']}'.repeat(40_000)}`],
  ])('of the largest payloads costs neither seconds nor hundreds of megabytes (%s)', (_, data) => {
    const profile = makeProfile({ envelope: '{{event.data}}', style: { indent: 8, newline: 'crlf' } });
    const before = performance.now();
    const { body } = profile.render(makeValues({ event: { data } }), v1(SECRET));
    expect(performance.now() - before).toBeLessThan(5_000);
    expect(body.length).toBeLessThan(100_000_000);
    expect(body.replace(/\s+/g, '')).toBe(data);
  });
});

describe('an envelope', () => {
  it('loses no member, whatever it is called', () => {
    const envelope: unknown = JSON.parse('{"__proto__":1,"a":{"__proto__":"{{event.type}}","constructor":2}}');
    expect(headersOf({ envelope }).body).toBe('{"__proto__":1,"a":{"__proto__":"employee.created","constructor":2}}');
  });
});

describe('a signature', () => {
  it.each<[string, object, (digest: () => Buffer) => string]>([
    ['in hex', {}, (digest) => digest().toString('hex')],
    ['in upper-case hex', { encoding: 'HEX' }, (digest) => digest().toString('hex').toUpperCase()],
    ['in base64', { encoding: 'base64' }, (digest) => digest().toString('base64')],
    [
      'in urlsafe base64, with its padding',
      { encoding: 'base64url' },
      (digest) => digest().toString('base64').replaceAll('+', '-').replaceAll('/', '_'),
    ],
    ['with a prefix', { prefix: 'sha256=' }, (digest) => `sha256=${digest().toString('hex')}`],
    ['with a prefix that ends with a blank', { prefix: 'HMAC ' }, (digest) => `HMAC ${digest().toString('hex')}`],
    [
      'with a prefix that refers',
      { prefix: 't={{delivery.timestamp}},v1=' },
      (digest) => `t=1795341600,v1=${digest().toString('hex')}`,
    ],
  ])('%s', (_, scheme, expected) => {
    const { body, signature } = headersOf(signing(scheme));
    expect(signature).toBe(expected(() => hmac(SECRET, body).digest()));
  });

  it('in urlsafe base64 is padded, and has neither of the two characters that are not safe', () => {
    const signatures = Array.from({ length: 50 }, (_, index) =>
      headersOf(signing({ encoding: 'base64url' }), v1(`${index}`)),
    );
    for (const { signature } of signatures) expect(signature).toMatch(/^[\w-]{43}=$/);
    expect(signatures.some(({ signature }) => /[_-]/.test(signature ?? ''))).toBe(true);
  });

  it('covers what its content says', () => {
    const { body, signature } = headersOf(signing({ content: '{{delivery.timestamp}}.{{event.id}}.{{body}}' }));
    expect(signature).toBe(hmac(SECRET, `1795341600.evt_1.${body}`).digest('hex'));
  });

  it('covers the bytes of UTF-8', () => {
    const values = makeValues({ event: { data: '"Zoë 😀"' } });
    const { body, headers } = makeProfile().render(values, v1(SECRET));
    expect(headers['X-Signature']).toBe(createHmac('sha256', SECRET).update(Buffer.from(body)).digest('hex'));
  });

  it.each<[string, object, string, Buffer]>([
    ['text, though it looks like a whsec_ one', {}, WHSEC, Buffer.from(WHSEC)],
    ['whsec_', { keyFormat: 'whsec' }, WHSEC, Buffer.from(WHSEC.slice(6), 'base64')],
  ])('is keyed by a secret of the format %s', (_, scheme, secret, key) => {
    const { body, signature } = headersOf({ ...WHSEC_SUBSCRIPTION, ...signing(scheme) }, v1(secret));
    expect(signature).toBe(hmac(key, body).digest('hex'));
  });

  it("of the tenant's key needs that key, and none of the subscription's", () => {
    const document = { subscription: { secret: 'none' }, ...signing({ key: 'tenant' }) };
    const profile = makeProfile(document);
    expect(profile.usesTenantKey).toBe(true);
    expect(makeProfile().usesTenantKey).toBe(false);
    const { body, headers } = profile.render(VALUES, {
      subscription: [{ version: 'v1', material: 'x' }],
      tenant: SECRET,
    });
    expect(headers['X-Signature']).toBe(hmac(SECRET, body).digest('hex'));
  });

  it('is left out where a secret is optional, and there is none', () => {
    const document = { subscription: { secret: 'optional', secretFormat: 'text' }, ...signing({ when: 'if_secret' }) };
    expect(headersOf(document, v1()).headers).toEqual({ 'content-type': 'application/json' });
    expect(headersOf(document).signature).toMatch(/^[0-9a-f]{64}$/);
  });

  it('of several keys is that of the newest, unless they share the header', () => {
    const keys = v1('new', 'old');
    const of = (key: string, body: string) => `v1,${hmac(key, body).digest('hex')}`;
    const alone = headersOf(signing({ prefix: 'v1,' }), keys);
    expect(alone.signature).toBe(of('new', alone.body));
    const shared = headersOf(signing({ prefix: 'v1,', separator: ' ' }), keys);
    expect(shared.signature).toBe(`${of('new', shared.body)} ${of('old', shared.body)}`);
  });

  it('of ed25519 is made with that key alone, and verifies', () => {
    const material = generateSigningKey();
    const ed25519 = { algorithm: 'ed25519', encoding: 'base64', header: 'X-Ed' };
    const keys: ProfileKeys = {
      ...v1(SECRET),
      subscription: [{ version: 'v1a', material }, ...v1(SECRET).subscription],
    };
    const { body, headers } = makeProfile(signing({}, ed25519)).render(VALUES, keys);
    const x = Buffer.from(publicKeyOf(material).replace('whpk_', ''), 'base64').toString('base64url');
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
    expect(verify(null, Buffer.from(body), key, Buffer.from(headers['X-Ed'] ?? '', 'base64'))).toBe(true);
    expect(headers['X-Signature']).toBe(hmac(SECRET, body).digest('hex'));
  });

  it('of two schemes in one header stands beside the other, in their order', () => {
    const pair = signing({ prefix: 'a=', separator: ',' }, { prefix: 'b=', encoding: 'base64', separator: ',' });
    const { body, signature } = headersOf(pair);
    const digest = () => hmac(SECRET, body);
    expect(signature).toBe(`a=${digest().digest('hex')},b=${digest().digest('base64')}`);
  });

  it('in a header called as a member that every object has stands alone', () => {
    const { body, headers } = headersOf(signing({ header: 'constructor', separator: ',' }));
    expect(headers).toHaveProperty('constructor', hmac(SECRET, body).digest('hex'));
  });

  it('in an old header and a new one are both there: a vendor that migrates sends both', () => {
    const document = {
      ...WHSEC_SUBSCRIPTION,
      headers: { 'webhook-id': '{{event.id}}', 'webhook-timestamp': '{{delivery.timestamp}}' },
      ...signing(
        { header: 'X-Old', prefix: 'sha256=' },
        {
          header: 'webhook-signature',
          content: '{{event.id}}.{{delivery.timestamp}}.{{body}}',
          encoding: 'base64',
          prefix: 'v1,',
          keyFormat: 'whsec',
          separator: ' ',
        },
      ),
    };
    const { body, headers } = headersOf(document, v1(WHSEC));
    const key = Buffer.from(WHSEC.slice(6), 'base64');
    expect(headers).toEqual({
      'content-type': 'application/json',
      'webhook-id': 'evt_1',
      'webhook-timestamp': '1795341600',
      'X-Old': `sha256=${hmac(WHSEC, body).digest('hex')}`,
      'webhook-signature': `v1,${hmac(key, `evt_1.1795341600.${body}`).digest('base64')}`,
    });
  });
});

describe('a header', () => {
  it('holds visible ASCII, whatever a reference brings in', () => {
    const values = makeValues({ subscription: { name: ' Zoë\r\nX-Evil: 1 😀 ' } });
    const { headers } = makeProfile({ headers: { 'X-Name': '{{subscription.name}}' } }).render(values, v1(SECRET));
    expect(headers['X-Name']).toBe('Zo?X-Evil: 1 ?');
  });

  it('is not the wrong one because a subscription has no name', () => {
    const values = makeValues({ subscription: { name: null } });
    expect(
      makeProfile({ headers: { 'X-Name': '{{subscription.name}}' } }).render(values, v1(SECRET)).headers,
    ).toMatchObject({ 'X-Name': '' });
  });

  it('names the content type that the profile wants', () => {
    const contentType = 'application/vnd.acme+json; charset=utf-8';
    expect(headersOf({ contentType }).headers['content-type']).toBe(contentType);
  });
});
