import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createAddressPolicy } from '../../../functions/core/target/address-policy.ts';

const strict = createAddressPolicy({ allowedPrivateRanges: [] });

describe('without exceptions', () => {
  // The second column is the public neighbour: a policy that refuses everything would fail here.
  it.each([
    ['0.0.0.0', '1.0.0.0'],
    ['0.255.255.255', '1.0.0.1'],
    ['10.0.0.0', '9.255.255.255'],
    ['10.255.255.255', '11.0.0.0'],
    ['100.64.0.0', '100.63.255.255'],
    ['100.127.255.255', '100.128.0.0'],
    ['127.0.0.1', '126.255.255.255'],
    ['127.255.255.255', '128.0.0.0'],
    ['169.254.169.254', '169.253.255.255'],
    ['169.254.100.1', '169.255.0.0'],
    ['172.16.0.0', '172.15.255.255'],
    ['172.31.255.255', '172.32.0.0'],
    ['192.0.0.8', '192.0.1.0'],
    ['192.0.2.1', '192.0.3.0'],
    ['192.88.99.1', '192.88.98.255'],
    ['192.168.0.1', '192.167.255.255'],
    ['198.18.0.1', '198.17.255.255'],
    ['198.19.255.255', '198.20.0.0'],
    ['198.51.100.7', '198.51.101.0'],
    ['203.0.113.7', '203.0.114.0'],
    ['224.0.0.1', '223.255.255.255'],
    ['239.255.255.255', '8.8.8.8'],
    ['240.0.0.1', '1.1.1.1'],
    ['255.255.255.255', '93.184.216.34'],
    ['::', '2600::'],
    ['::1', '2606:4700::1111'],
    ['::7f00:1', '2001:200::1'],
    ['::8.8.8.8', '2001:4860:4860::8888'],
    ['::ffff:127.0.0.1', '::ffff:8.8.8.8'],
    ['::ffff:a9fe:a9fe', '::ffff:808:808'],
    ['::ffff:0:8.8.8.8', '2a00::1'],
    ['64:ff9b::7f00:1', '64:ff9b::8.8.8.8'],
    ['64:ff9b::10.0.0.1', '64:ff9b::9.255.255.255'],
    ['64:ff9b::169.254.169.254', '64:ff9b::a9fd:ffff'],
    ['64:ff9b::0.0.0.0', '64:ff9b::1.0.0.0'],
    ['64:ff9b::1:808:808', '2c0f::1'],
    ['64:ff9b:0:1::808:808', '2400:cb00::1'],
    ['64:ff9b:1::808:808', '2001:4860:4860::8844'],
    ['2001:4860:4860:1:0:5efe:7f00:1', '2001:4860:4860:1:0:5eff:7f00:1'],
    ['2001:4860:4860:1:200:5efe:7f00:1', '2001:4860:4860:1:201:5efe:7f00:1'],
    ['2001:4860:4860:1:0:5efe:8.8.8.8', '2001:4860:4860:1:1:5efe:808:808'],
    ['2001:4860:4860:1:200:5efe:8.8.8.8', '2001:4860:4860:1:5efe::'],
    ['64:ff9b:1::1', '2800::1'],
    ['100::1', '2a00:1450::1'],
    ['100:0:0:1::1', '2a00:1450::2'],
    ['2001::1', '2001:200::'],
    ['2001:2::1', '2001:400::'],
    ['2001:db8::1', '2001:db9::1'],
    ['2001:db8:ffff::1', '2001:db7::1'],
    ['2002:7f00:1::', '2003::1'],
    ['2002:808:808::1', '2001:ffff::1'],
    ['3fff::1', '3ffe::1'],
    ['3fff:fff::1', '3fff:1000::1'],
    ['4000::1', '3fff:ffff::1'],
    ['5f00::1', '2610::1'],
    ['fc00::1', '2620::1'],
    ['fdff::1', '2620:1::1'],
    ['fe80::1', '2630::1'],
    ['febf::1', '2630::2'],
    ['fec0::1', '2630::3'],
    ['ff02::1', '2630::4'],
  ])('refuses %s, allows %s', (refused, allowed) => {
    expect(strict.check(refused)).toMatchObject({ allowed: false, reason: expect.stringMatching(/./) });
    expect(strict.check(allowed)).toEqual({ allowed: true });
  });

  it.each([
    'fe80::1%eth0',
    '2606:4700::1111%1',
    '0x7f.0.0.1',
    '0177.0.0.1',
    '010.8.8.8',
    '8.8.8',
    '134744072',
    ' 8.8.8.8',
    '8.8.8.8.',
    '[2606:4700::1111]',
    'example.com',
    '',
  ])('refuses %j, which is not an address in the usual notation', (text) => {
    expect(strict.check(text)).toEqual({ allowed: false, reason: 'not a plain IP address' });
  });

  it('refuses every private IPv4 address in every IPv6 disguise', () => {
    const octet = fc.integer({ min: 0, max: 255 });
    const privateAddress = fc.oneof(
      fc.tuple(octet, octet, octet).map((rest) => [10, ...rest]),
      fc.tuple(octet, octet, octet).map((rest) => [127, ...rest]),
      fc.tuple(octet, octet).map((rest) => [192, 168, ...rest]),
      fc.tuple(octet, octet).map((rest) => [169, 254, ...rest]),
    );
    const disguise = fc.constantFrom(
      (hex: string) => `::ffff:${hex}`,
      (hex: string) => `::${hex}`,
      (hex: string) => `::ffff:0:${hex}`,
      (hex: string) => `64:ff9b::${hex}`,
      (hex: string) => `64:ff9b:1::${hex}`,
      (hex: string) => `2002:${hex}::`,
      (hex: string) => `2001:4860:4860::5efe:${hex}`,
      (hex: string) => `2001:4860:4860::200:5efe:${hex}`,
    );
    fc.assert(
      fc.property(privateAddress, disguise, (octets, wear) => {
        const hex = Buffer.from(octets).toString('hex');
        expect(strict.check(wear(`${hex.slice(0, 4)}:${hex.slice(4)}`)).allowed).toBe(false);
      }),
    );
  });

  it('answers for any text', () => {
    fc.assert(fc.property(fc.string(), (text) => typeof strict.check(text).allowed === 'boolean'));
  });
});

describe('with allowed ranges', () => {
  const policy = createAddressPolicy({
    allowedPrivateRanges: ['127.0.0.0/8', '10.20.0.0/16', 'fd12:3456::/32', '::1/128'],
  });

  it.each([
    ['127.0.0.1', true],
    ['::ffff:127.0.0.1', true],
    ['10.20.0.1', true],
    ['::ffff:a14:1', true],
    ['fd12:3456::9', true],
    ['::1', true],
    ['8.8.8.8', true],
    ['10.21.0.1', false],
    ['10.19.255.255', false],
    ['192.168.0.1', false],
    ['fd12:3457::9', false],
    // RFC 6052, section 3.1: NAT64's prefix never stands for an address that is not global.
    ['64:ff9b::127.0.0.1', false],
    ['64:ff9b::8.8.8.8', true],
    ['2002:7f00:1::', false],
    ['::127.0.0.1', false],
    ['::ffff:0:127.0.0.1', false],
  ])('%s: %s', (ip, allowed) => {
    expect(policy.check(ip).allowed).toBe(allowed);
  });

  it('never opens metadata services, however wide the range', () => {
    const wide = createAddressPolicy({ allowedPrivateRanges: ['128.0.0.0/1'] });
    expect(wide.check('192.168.1.1').allowed).toBe(true);
    expect(wide.check('169.254.169.254').allowed).toBe(false);
    expect(wide.check('169.254.100.1').allowed).toBe(false);
  });

  it.each([
    ['', 'not a CIDR block'],
    ['10.0.0.1', 'not a CIDR block'],
    ['10/8', 'not a CIDR block'],
    ['010.0.0.0/8', 'not a CIDR block'],
    ['10.0.0.0/33', 'not a CIDR block'],
    ['10.0.0.0/255.0.0.0', 'not a CIDR block'],
    [' 10.0.0.0/8', 'not a CIDR block'],
    ['10.0.0.0/8/8', 'not a CIDR block'],
    ['fe80::%eth0/10', 'not a CIDR block'],
    ['localhost', 'not a CIDR block'],
    ['10.1.2.3/8', 'Did you mean "10.0.0.0/8"'],
    ['::ffff:10.0.0.0/104', 'Write the IPv4 block'],
    ['169.254.0.0/16', 'never be allowed'],
    ['0.0.0.0/0', 'never be allowed'],
    ['64:ff9b::/96', 'never be allowed'],
  ])('does not accept %j as a range', (range, message) => {
    expect(() => createAddressPolicy({ allowedPrivateRanges: ['10.0.0.0/8', range] })).toThrow(message);
  });
});

describe('the ranges of the sender’s own network', () => {
  const policy = createAddressPolicy({
    allowedPrivateRanges: ['10.0.0.0/8', 'fd00::/8'],
    deniedRanges: ['10.20.0.0/16', '44.1.0.0/16', 'fd00:1::/32', '2600:1f18::/36'],
  });

  it.each([
    '10.20.0.1',
    '10.20.255.255',
    '::ffff:10.20.0.1',
    '44.1.2.3',
    '::ffff:44.1.2.3',
    '64:ff9b::2c01:203',
    'fd00:1::1',
    '2600:1f18::5',
  ])('%s is refused, whatever else is allowed', (ip) => {
    expect(policy.check(ip)).toEqual({ allowed: false, reason: 'in the network of the sender' });
  });

  it.each(['10.21.0.1', '44.2.0.1', '64:ff9b::2c02:1', 'fd00:2::1', '2600:1f19::5'])('%s is not in them', (ip) => {
    expect(policy.check(ip)).toEqual({ allowed: true });
  });

  it('are refused if they are not CIDR blocks', () => {
    expect(() => createAddressPolicy({ allowedPrivateRanges: [], deniedRanges: ['10.20.0.1/16'] })).toThrow(
      'deniedRanges: "10.20.0.1/16" has bits set beyond its prefix',
    );
  });
});
