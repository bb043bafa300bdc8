import { type LookupAddress, lookup as systemLookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { buildConnector, Client, Pool } from 'undici';
import type { AddressPolicy } from '../../core/target/address-policy.ts';

/** All addresses of a name, as the operating system sees them. */
export type Resolve = (
  hostname: string,
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/** The connections to one origin. */
export interface ReceiverConnections {
  dispatcher: Pool | Client;
  /**
   * True while a new connection is being handed over. undici writes the first request inside that call, so a request
   * that starts while this is false travels on a connection that has carried another one.
   */
  handingOver: boolean;
}

export interface ConnectionsOptions {
  addressPolicy: AddressPolicy;
  resolve?: Resolve | undefined;
  /** Certificate authorities (PEM) to trust instead of the well-known ones. */
  ca?: string[] | undefined;
}

/** The receiver's address is one that webhooks may not be sent to. `message` is for the customer. */
export class BlockedAddressError extends Error {
  readonly code = 'BLOCKED_ADDRESS';
}

/** Open connections per origin. More requests than this wait, and their waiting counts towards their timeout. */
const MAX_CONNECTIONS_PER_ORIGIN = 128;
/** Origins with a pool. Past this the one used longest ago closes: Lambda allows 1,024 open files. */
const MAX_ORIGINS = 256;
/** Name lookup, TCP and TLS together. Attempts have their own, usually shorter limit; this one frees the socket. */
const CONNECT_TIMEOUT_MS = 15_000;
/** Node tries a name's addresses in turn. Its default of 250 ms each would give up on receivers across an ocean. */
const ATTEMPT_PER_ADDRESS_MS = 2_000;
/** Idle connections close after this, unless the receiver's Keep-Alive header names another time: most servers wait 5 s or more. */
const IDLE_MS = 4_000;
const MAX_IDLE_MS = 30_000;

// IPv4 first: Lambda without a VPC has no way out by IPv6, and fixed egress addresses are IPv4.
const resolveBySystem: Resolve = (hostname, callback) =>
  systemLookup(hostname, { all: true, order: 'ipv4first' }, callback);

/** Refuses a name if one of its addresses is refused; otherwise the socket gets the very addresses that were checked. */
function guardedLookup(addressPolicy: AddressPolicy, resolve: Resolve): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, (error, addresses) => {
      if (error) return callback(error, []);
      for (const { address } of addresses) {
        const check = addressPolicy.check(address);
        if (check.allowed) continue;
        // The address itself is not told: the company's own DNS may give answers that are nobody else's business.
        return callback(blocked(hostname, `its name resolves to an address that is ${check.reason}`), []);
      }
      const [first] = addresses;
      if (first === undefined) {
        return callback(Object.assign(new Error('no addresses'), { code: 'ENODATA', syscall: 'getaddrinfo' }), []);
      }
      if (options.all) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}

function blocked(host: string, why: string): BlockedAddressError {
  return new BlockedAddressError(`Webhooks cannot be sent to ${host}: ${why}.`);
}

/** Keep-alive connections to receivers, bounded in number, to checked addresses only. */
export function createReceiverConnections({ addressPolicy, resolve = resolveBySystem, ca }: ConnectionsOptions) {
  const connectTo = buildConnector({
    allowH2: false,
    maxCachedSessions: MAX_ORIGINS,
    timeout: CONNECT_TIMEOUT_MS,
    lookup: guardedLookup(addressPolicy, resolve),
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: ATTEMPT_PER_ADDRESS_MS,
    // Said here so that NODE_TLS_REJECT_UNAUTHORIZED=0 in some environment cannot switch it off.
    rejectUnauthorized: true,
    ...(ca === undefined ? {} : { ca }),
  });

  function open(create: (connect: buildConnector.connector) => Pool | Client): ReceiverConnections {
    const connections: ReceiverConnections = {
      handingOver: false,
      dispatcher: create((options, callback) => {
        // A literal address never reaches `lookup`.
        const check = isIP(options.hostname) === 0 ? null : addressPolicy.check(options.hostname);
        if (check?.allowed === false) {
          return callback(blocked(options.hostname, `the address is ${check.reason}`), null);
        }
        connectTo(options, (...result) => {
          connections.handingOver = true;
          try {
            callback(...result);
          } finally {
            connections.handingOver = false;
          }
        });
      }),
    };
    return connections;
  }

  // The order of a Map is the order of use here: the first entry was used longest ago.
  const pools = new Map<string, ReceiverConnections>();
  const settings = {
    allowH2: false,
    keepAliveTimeout: IDLE_MS,
    keepAliveMaxTimeout: MAX_IDLE_MS,
    maxHeaderSize: 16_384,
    // The timer of the exchange covers both; undici's are coarse (500 ms).
    headersTimeout: 0,
    bodyTimeout: 0,
  };

  return {
    /** The shared connections to an origin. */
    to(origin: string): ReceiverConnections {
      let connections = pools.get(origin);
      if (connections === undefined) {
        const limits = { ...settings, connections: MAX_CONNECTIONS_PER_ORIGIN };
        connections = open((connect) => new Pool(origin, { ...limits, connect }));
        const [oldest] = pools;
        if (pools.size >= MAX_ORIGINS && oldest !== undefined) {
          pools.delete(oldest[0]);
          // Lets requests under way finish. Rejects only if closed already.
          oldest[1].dispatcher.close().catch(() => {});
        }
      } else {
        pools.delete(origin);
      }
      pools.set(origin, connections);
      return connections;
    },

    /** A connection of its own, for one request. The caller destroys its dispatcher. */
    fresh(origin: string): ReceiverConnections {
      return open((connect) => new Client(origin, { ...settings, connect }));
    },

    /** Ends all connections at once. */
    async close(): Promise<void> {
      const closing = [...pools.values()].map(({ dispatcher }) => dispatcher.destroy());
      pools.clear();
      await Promise.all(closing);
    },
  };
}
