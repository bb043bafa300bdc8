import ipaddr from 'ipaddr.js';

type AddressCheck = { allowed: true } | { allowed: false; reason: string };

/** Decides which IP addresses a webhook may be sent to. */
export interface AddressPolicy {
  /** `ip` is an address in its usual notation, IPv6 without brackets. `reason` completes "the address is …". */
  check(ip: string): AddressCheck;
}

type Address = ReturnType<typeof ipaddr.parse>;

/**
 * No setting opens these. Link-local holds the metadata endpoints of EC2 (169.254.169.254) and Lambda (169.254.100.1).
 * The unspecified address reaches loopback on Linux. The rest carry an IPv4 address inside an IPv6 one, so that a gateway
 * would take the packet to an address that was not checked.
 */
const NEVER: Record<string, string> = {
  unspecified: 'unspecified (it means this machine)',
  linkLocal: 'link-local (metadata services live there)',
  multicast: 'multicast',
  broadcast: 'broadcast',
  rfc6052: 'translated (NAT64) from an IPv4 address that is not known to be public',
  isatap: 'tunnelled from IPv4 (ISATAP)',
  rfc6145: 'translated from IPv4 (SIIT)',
  '6to4': 'tunnelled from IPv4 (6to4)',
  teredo: 'tunnelled from IPv4 (Teredo)',
  ipv4Compatible: 'an IPv4-compatible IPv6 address, a notation withdrawn by RFC 4291',
};

const REASONS: Record<string, string> = {
  loopback: 'loopback (this machine)',
  private: 'private',
  uniqueLocal: 'private',
  carrierGradeNat: 'private (carrier-grade NAT)',
  deprecatedSiteLocal: 'private (site-local)',
};

const IPV4_COMPATIBLE = ipaddr.IPv6.parseCIDR('::/96');
/** Of the prefixes that ipaddr.js calls rfc6052, the well-known one. The other, 64:ff9b:1::/48, is each network's own affair (RFC 8215). */
const NAT64 = ipaddr.IPv6.parseCIDR('64:ff9b::/96');
/** All of global unicast so far (IANA); ipaddr.js calls everything unicast that it has no other name for. */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3');

/**
 * The IPv4 address in the last 32 bits of 64:ff9b::/96 (RFC 6052 §2.1). In a network with DNS64, names that have IPv4
 * addresses alone resolve to these. Its prefix must not stand for addresses that are not global (§3.1).
 */
function carriedByNat64(address: ipaddr.IPv6): ipaddr.IPv4 {
  return new ipaddr.IPv4(address.toByteArray().slice(12));
}

/** RFC 5214, section 6.1: under any prefix, an interface identifier 0000:5efe or 0200:5efe, then an IPv4 address. */
function isIsatap({ parts }: ipaddr.IPv6): boolean {
  return (parts[4] === 0 || parts[4] === 0x200) && parts[5] === 0x5efe;
}

function rangeOf(address: Address): string {
  const range = address.range();
  if (address instanceof ipaddr.IPv4) return range;
  if (address.match(NAT64)) return carriedByNat64(address).range() === 'unicast' ? 'unicast' : range;
  if (range !== 'unicast') return range;
  if (address.match(IPV4_COMPATIBLE)) return 'ipv4Compatible';
  if (isIsatap(address)) return 'isatap';
  return address.match(GLOBAL_UNICAST) ? 'unicast' : 'reserved';
}

/**
 * Null if `ip` is not an address in the usual notation: octal, hex and short IPv4 forms, and zone ids, are not.
 * ipaddr.js reads the IPv4-compatible "::1.2.3.4" as IPv4-mapped, while a socket would not: so that is none either.
 */
function parse(ip: string): Address | null {
  const usual =
    ipaddr.IPv4.isValidFourPartDecimal(ip) || (ipaddr.IPv6.isValid(ip) && !ip.includes('%') && !/^::\d+\./.test(ip));
  // `process` turns an IPv4-mapped IPv6 address into the IPv4 address that a socket would connect to.
  return usual ? ipaddr.process(ip) : null;
}

function parseRange(setting: string, cidr: string): (address: Address) => boolean {
  const reject = (why: string) => new Error(`${setting}: ${JSON.stringify(cidr)} ${why}`);
  const [network, bits] = cidr.split('/', 2);
  const start = parse(network ?? '');
  if (start === null || !ipaddr.isValidCIDR(cidr)) {
    throw reject('is not a CIDR block. Write it like "10.0.0.0/8" or "fd00::/8".');
  }
  const kind = start instanceof ipaddr.IPv4 ? ipaddr.IPv4 : ipaddr.IPv6;
  if (!kind.isValidCIDR(cidr)) {
    throw reject('is an IPv4-mapped IPv6 block. Write the IPv4 block: it covers the mapped addresses too.');
  }
  const first = kind.networkAddressFromCIDR(cidr);
  if (first.toString() !== start.toString()) {
    throw reject(`has bits set beyond its prefix. Did you mean "${first}/${bits}"?`);
  }
  const never = NEVER[rangeOf(first)];
  if (never !== undefined) throw reject(`begins with an address that can never be allowed: it is ${never}.`);
  const range = ipaddr.parseCIDR(cidr);
  return (address) => address.kind() === start.kind() && address.match(range);
}

/** What an IPv6 address stands for besides itself. */
function reachedBy(address: Address): Address[] {
  return address instanceof ipaddr.IPv6 && address.match(NAT64) ? [address, carriedByNat64(address)] : [address];
}

export interface AddressPolicyOptions {
  /** CIDR blocks that are allowed although they are not public. */
  allowedPrivateRanges: readonly string[];
  /** CIDR blocks that nothing allows: the networks that the sender itself is in. Absent: none. */
  deniedRanges?: readonly string[];
}

/**
 * Public unicast addresses are allowed, and those in `allowedPrivateRanges`, unless they are in `deniedRanges`. An IPv4 block
 * covers the same addresses in IPv4-mapped IPv6 notation. Throws if a block is not valid.
 */
export function createAddressPolicy({ allowedPrivateRanges, deniedRanges = [] }: AddressPolicyOptions): AddressPolicy {
  const allowed = allowedPrivateRanges.map((cidr) => parseRange('allowedPrivateRanges', cidr));
  const denied = deniedRanges.map((cidr) => parseRange('deniedRanges', cidr));
  return {
    check(ip) {
      const address = parse(ip);
      if (address === null) return { allowed: false, reason: 'not a plain IP address' };
      if (reachedBy(address).some((one) => denied.some((contains) => contains(one))))
        return { allowed: false, reason: 'in the network of the sender' };
      const range = rangeOf(address);
      if (range === 'unicast') return { allowed: true };
      const never = NEVER[range];
      if (never !== undefined) return { allowed: false, reason: never };
      if (allowed.some((contains) => contains(address))) return { allowed: true };
      return { allowed: false, reason: REASONS[range] ?? 'reserved for special use' };
    },
  };
}
