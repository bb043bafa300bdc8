import { createHmac, createPublicKey, verify } from 'node:crypto';
import fc from 'fast-check';
import { Webhook as StandardWebhook } from 'standardwebhooks';
import { Webhook as SvixWebhook } from 'svix';
import { describe, expect, it } from 'vitest';
import {
  formatSecret,
  generateSigningKey,
  parseSecret,
  publicKeyOf,
  type SigningKey,
} from '../../../functions/core/profile/signing.ts';
import { builtIn, makeProfile, makeValues } from '../../support/profiles.ts';

/** The headers and signatures of Standard Webhooks, over any body at all. */
const { headers, signatures } = builtIn('standard').document;
const standard = makeProfile({ subscription: {}, envelope: '{{event.data}}', headers, signatures });

function signatureHeaders(id: string, timestamp: number, data: string, subscription: readonly SigningKey[]) {
  const values = makeValues({ event: { id, data }, delivery: { timestamp } });
  const request = standard.render(values, { subscription, tenant: null });
  expect(request.body).toBe(data);
  const { 'content-type': _type, ...rest } = request.headers;
  return rest;
}

const bytes = (count: number) => Buffer.alloc(count, 7);
const secret = fc.uint8Array({ minLength: 24, maxLength: 64 }).map(formatSecret);
const seconds = (): number => Math.floor(Date.now() / 1_000);

describe('v1', () => {
  it('is what the specification says', () => {
    const key = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
    const headers = signatureHeaders('msg_p5jXN8AQM9LWM0D4loKWxJek', 1614265330, '{"test": 2432232314}', [
      { version: 'v1', material: key },
    ]);
    // The example of the specification's reference implementations.
    expect(headers).toEqual({
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    });
  });

  it.each<[string, (key: string) => { verify(body: string, headers: Record<string, string>): unknown }]>([
    ['standardwebhooks', (key) => new StandardWebhook(key)],
    ['svix', (key) => new SvixWebhook(key)],
  ])('verifies with the package %s, and with a byte changed does not', (_, receiver) => {
    fc.assert(
      fc.property(secret, fc.json(), (material, body) => {
        const headers = signatureHeaders('evt_1', seconds(), body, [{ version: 'v1', material }]);
        expect(receiver(material).verify(body, headers)).toEqual(JSON.parse(body));
        expect(() => receiver(material).verify(`${body} `, headers)).toThrow(/signature/i);
        expect(() => receiver(material).verify(body, { ...headers, 'webhook-id': 'evt_2' })).toThrow(/signature/i);
      }),
    );
  });

  it('of two keys verifies with either, and with no third', () => {
    const [old, fresh, other] = [1, 2, 3].map((fill) => formatSecret(Buffer.alloc(32, fill)));
    const keys = [fresh, old].map((material = '') => ({ version: 'v1' as const, material }));
    const headers = signatureHeaders('evt_1', seconds(), '{}', keys);
    expect(headers['webhook-signature']?.split(' ')).toHaveLength(2);
    for (const key of [old, fresh]) expect(new StandardWebhook(key ?? '').verify('{}', headers)).toEqual({});
    expect(() => new StandardWebhook(other ?? '').verify('{}', headers)).toThrow(/signature/i);
  });

  it('covers the bytes of UTF-8', () => {
    const material = formatSecret(bytes(24));
    const { 'webhook-signature': signature } = signatureHeaders('e', 1, '"ü😀"', [{ version: 'v1', material }]);
    const expected = createHmac('sha256', bytes(24)).update(Buffer.from('e.1."ü😀"', 'utf8')).digest('base64');
    expect(signature).toBe(`v1,${expected}`);
  });
});

describe('v1a', () => {
  it('verifies with the public key that is shown', () => {
    const material = generateSigningKey();
    const headers = signatureHeaders('evt_1', 1_700_000_000, '{"a":1}', [{ version: 'v1a', material }]);
    const raw = Buffer.from(publicKeyOf(material).replace(/^whpk_/, ''), 'base64');
    expect(raw).toHaveLength(32);
    const key = createPublicKey({
      key: { kty: 'OKP', crv: 'Ed25519', x: raw.toString('base64url') },
      format: 'jwk',
    });
    const [version, signature = ''] = (headers['webhook-signature'] ?? '').split(',');
    expect(version).toBe('v1a');
    const check = (content: string) => verify(null, Buffer.from(content), key, Buffer.from(signature, 'base64'));
    expect(check('evt_1.1700000000.{"a":1}')).toBe(true);
    expect(check('evt_1.1700000000.{"a":2}')).toBe(false);
  });

  it('beside v1 leaves v1 readable for receivers that know no other', () => {
    const material = formatSecret(bytes(32));
    const keys = [
      { version: 'v1a' as const, material: generateSigningKey() },
      { version: 'v1' as const, material },
    ];
    expect(new StandardWebhook(material).verify('{}', signatureHeaders('e', seconds(), '{}', keys))).toEqual({});
  });

  it('generates another key each time', () => {
    expect(publicKeyOf(generateSigningKey())).not.toBe(publicKeyOf(generateSigningKey()));
  });
});

describe('a secret', () => {
  it('is read as it is written', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 24, maxLength: 64 }), (material) => {
        expect(parseSecret(formatSecret(material))).toEqual(Buffer.from(material));
      }),
    );
  });

  it.each([
    ['of 23 bytes', formatSecret(bytes(23))],
    ['of 65 bytes', formatSecret(bytes(65))],
    ['without its prefix', bytes(32).toString('base64')],
    ['with another prefix', `WHSEC_${bytes(32).toString('base64')}`],
    ['without padding', formatSecret(bytes(32)).replace(/=+$/, '')],
    ['in base64url', `whsec_${Buffer.alloc(33, 0xff).toString('base64url')}`],
    ['with a line break', `${formatSecret(bytes(24))}\n`],
    ['that is empty', 'whsec_'],
    ['that is nothing', ''],
  ])('%s is refused', (_, text) => {
    expect(parseSecret(text)).toBeNull();
  });
});
