import { type LookupAddress, lookup as systemLookup } from 'node:dns';
import { connect as connectPlain, isIP, type LookupFunction, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { AddressPolicy } from '../../core/target/address-policy.ts';

/** All addresses of a name, as the operating system sees them. */
export type Resolve = (
  hostname: string,
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

export interface ConnectionOptions {
  addressPolicy: AddressPolicy;
  resolve?: Resolve | undefined;
  /** Certificate authorities (PEM) to trust instead of the well-known ones. */
  ca?: string[] | undefined;
}

/** Whom a connection serves at present. */
export interface Client {
  /** The connection is established: the request can be written. */
  ready(): void;
  read(chunk: Buffer): void;
  fail(error: Error): void;
}

/** One connection to a receiver. It carries one request at a time. */
export interface Connection {
  socket: Socket;
  /** Whether TCP and, with https, TLS are established. */
  ready: boolean;
  /** Whether it has carried a request before. */
  used: boolean;
  /** How long it may be idle after the present request, milliseconds. */
  idleMs: number;
  /** Past this an idle connection is not used again; `performance.now()`. */
  idleUntil: number;
  client: Client | null;
}

/** The receiver's address is one that webhooks may not be sent to. `message` is for the customer. */
export class BlockedAddressError extends Error {
  readonly code = 'BLOCKED_ADDRESS';
}

/** Node tries a name's addresses in turn. Its default of 250 ms each would give up on receivers across an ocean. */
const ATTEMPT_PER_ADDRESS_MS = 2_000;
/** Most servers close idle connections after 5 s or more. A Keep-Alive header of the receiver says otherwise. */
const IDLE_MS = 4_000;
const MAX_SESSIONS = 256;

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
        // The address itself stays unsaid: a customer must not learn what the company's own name servers answer.
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

/**
 * Returns a function that begins a connection to a URL's origin, to checked addresses only.
 * That function throws BlockedAddressError if the host is an address that is not allowed.
 */
export function createConnector({ addressPolicy, resolve = resolveBySystem, ca }: ConnectionOptions) {
  const lookup = guardedLookup(addressPolicy, resolve);
  // For TLS resumption, which saves a handshake its public-key operations. The order of a Map is the order of writing.
  const sessions = new Map<string, Buffer>();

  function remember(origin: string, session: Buffer): void {
    sessions.delete(origin);
    sessions.set(origin, session);
    const [oldest] = sessions.keys();
    if (sessions.size > MAX_SESSIONS && oldest !== undefined) sessions.delete(oldest);
  }

  return (url: URL): Connection => {
    const isTls = url.protocol === 'https:';
    const host = url.hostname.startsWith('[') ? url.hostname.slice(1, -1) : url.hostname;
    // A literal address never reaches `lookup`.
    const check = isIP(host) === 0 ? null : addressPolicy.check(host);
    if (check?.allowed === false) throw blocked(host, `the address is ${check.reason}`);
    const tcp = {
      host,
      port: url.port === '' ? (isTls ? 443 : 80) : Number(url.port),
      lookup,
      noDelay: true,
      autoSelectFamily: true,
      autoSelectFamilyAttemptTimeout: ATTEMPT_PER_ADDRESS_MS,
    };
    const socket = isTls ? connectSecurely() : connectPlain(tcp);
    const connection: Connection = { socket, ready: false, used: false, idleMs: IDLE_MS, idleUntil: 0, client: null };
    socket.once(isTls ? 'secureConnect' : 'connect', () => {
      connection.ready = true;
      connection.client?.ready();
    });
    // An idle connection keeps no process alive; while there is a request, its timer does.
    socket.unref();
    socket.on('error', (error) => connection.client?.fail(error));
    socket.on('data', (chunk: Buffer) => {
      // What comes between two requests would be taken for the answer to the next one.
      if (connection.client === null) socket.destroy();
      else connection.client.read(chunk);
    });
    return connection;

    function connectSecurely(): Socket {
      const { origin } = url;
      const session = sessions.get(origin);
      const tls = connectTls({
        ...tcp,
        // RFC 6066, section 3: a name, without a trailing dot; an address is none.
        ...(isIP(host) === 0 ? { servername: host.replace(/\.$/, '') } : {}),
        ALPNProtocols: ['http/1.1'],
        // Said here so that NODE_TLS_REJECT_UNAUTHORIZED=0 in some environment cannot switch it off.
        rejectUnauthorized: true,
        ...(ca === undefined ? {} : { ca }),
        ...(session === undefined ? {} : { session }),
      });
      tls.on('session', (fresh: Buffer) => {
        // Node does not check the host name of a resumed session again.
        if (tls.authorized) remember(origin, fresh);
      });
      return tls;
    }
  };
}
