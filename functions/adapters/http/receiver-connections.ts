import { type Connection, type ConnectionOptions, createConnector } from './open-connection.ts';

export interface ReceiverConnectionsOptions extends ConnectionOptions {
  /** Open connections for each identity. More requests than this wait. */
  maxConnections?: number | undefined;
}

/** Where a connection goes, and for whom. */
export interface Peer {
  url: URL;
  /** The `authorization` that its requests carry. Some receivers authenticate a connection, not a request. */
  authorization: string;
}

interface Waiter {
  resolve(connection: Connection | null): void;
  reject(error: unknown): void;
  timer: NodeJS.Timeout;
}

/** The connections of one identity: an origin and credentials. */
interface Pool {
  open: number;
  /** The last one was used last. */
  idle: Connection[];
  waiting: Waiter[];
  /** Pushed out by other pools: its connections end with their requests. */
  retired: boolean;
}

const MAX_CONNECTIONS = 128;
const SWEEP_MS = 1_000;
/** Past this the pool that was used longest ago retires: Lambda allows 1,024 open files. */
const MAX_POOLS = 256;

/** Keep-alive connections to receivers, bounded in number. Requests with different credentials never share one. */
export class ReceiverConnections {
  readonly #connect: (url: URL) => Connection;
  readonly #maxConnections: number;
  // The order of a Map is the order of use here: the first entry was used longest ago.
  readonly #pools = new Map<string, Pool>();
  readonly #all = new Set<Connection>();
  #sweeper: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: ReceiverConnectionsOptions) {
    this.#connect = createConnector(options);
    this.#maxConnections = options.maxConnections ?? MAX_CONNECTIONS;
  }

  /**
   * An idle connection, or one that is being made; null if there is neither within `maxWaitMs`.
   * Rejects with BlockedAddressError. The connection comes back by itself: with its socket's `free` event, which Node
   * emits after a complete exchange, or its `close`.
   */
  take(peer: Peer, maxWaitMs: number): Promise<Connection | null> {
    const pool = this.#poolOf(peer);
    const now = performance.now();
    for (let idle = pool.idle.pop(); idle !== undefined; idle = pool.idle.pop()) {
      if (isUsable(idle) && idle.idleUntil > now) return Promise.resolve(idle);
      idle.socket.destroy();
    }
    return new Promise((resolve, reject) => {
      if (pool.open < this.#maxConnections) return resolve(this.#open(pool, peer));
      const waiter: Waiter = {
        resolve,
        reject,
        timer: setTimeout(() => {
          pool.waiting.splice(pool.waiting.indexOf(waiter), 1);
          resolve(null);
        }, maxWaitMs),
      };
      pool.waiting.push(waiter);
    });
  }

  /** A connection of its own, for one request, beyond the limit. Throws BlockedAddressError. */
  single({ url }: Peer): Connection {
    const connection = this.#begin(url);
    connection.socket.on('free', () => connection.socket.destroy());
    return connection;
  }

  /** Ends all connections at once. */
  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#sweeper);
    this.#pools.clear();
    const closing = [...this.#all].map(({ socket }) => {
      const closed = new Promise((resolve) => socket.once('close', resolve));
      socket.destroy();
      return closed;
    });
    await Promise.all(closing);
  }

  #begin(url: URL): Connection {
    const connection = this.#connect(url);
    this.#all.add(connection);
    connection.socket.on('close', () => this.#all.delete(connection));
    return connection;
  }

  #open(pool: Pool, peer: Peer): Connection {
    const connection = this.#begin(peer.url);
    const { socket } = connection;
    pool.open += 1;
    socket.on('free', () => this.#takeBack(pool, connection));
    socket.on('close', () => {
      pool.open -= 1;
      pool.idle = pool.idle.filter((other) => other !== connection);
      const waiter = pool.waiting.shift();
      if (waiter === undefined) return;
      clearTimeout(waiter.timer);
      try {
        waiter.resolve(this.#closed ? null : this.#open(pool, peer));
      } catch (error) {
        waiter.reject(error);
      }
    });
    return connection;
  }

  #takeBack(pool: Pool, connection: Connection): void {
    const { socket } = connection;
    connection.used = true;
    if (!isUsable(connection) || connection.idleMs <= 0) {
      socket.destroy();
      return;
    }
    const waiter = pool.waiting.shift();
    if (waiter !== undefined) {
      clearTimeout(waiter.timer);
      waiter.resolve(connection);
    } else if (pool.retired) {
      socket.destroy();
    } else {
      connection.idleUntil = performance.now() + connection.idleMs;
      pool.idle.push(connection);
      this.#sweeper ??= setInterval(() => this.#sweep(), SWEEP_MS).unref();
    }
  }

  /** One timer for all: a timer for each connection and request would cost a twentieth of a request's CPU. */
  #sweep(): void {
    const now = performance.now();
    let left = 0;
    for (const { idle } of this.#pools.values()) {
      left += idle.length;
      for (const { socket, idleUntil } of idle) if (idleUntil <= now) socket.destroy();
    }
    if (left > 0) return;
    clearInterval(this.#sweeper);
    this.#sweeper = undefined;
  }

  #poolOf({ url, authorization }: Peer): Pool {
    const identity = `${url.origin} ${authorization}`;
    const known = this.#pools.get(identity);
    const pool = known ?? { open: 0, idle: [], waiting: [], retired: false };
    if (known !== undefined) this.#pools.delete(identity);
    else this.#makeRoom();
    this.#pools.set(identity, pool);
    return pool;
  }

  #makeRoom(): void {
    const [oldest] = this.#pools;
    if (this.#pools.size < MAX_POOLS || oldest === undefined) return;
    const [identity, pool] = oldest;
    this.#pools.delete(identity);
    pool.retired = true;
    for (const { socket } of pool.idle) socket.destroy();
  }
}

function isUsable({ socket }: Connection): boolean {
  return socket.writable && !socket.destroyed;
}
