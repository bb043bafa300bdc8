import {
  Agent,
  type ClientRequest,
  type IncomingMessage,
  type RequestOptions,
  request as startRequest,
} from 'node:http';
import type { Socket } from 'node:net';
import type { ReceiverResponse } from '../../core/target/webhook.ts';
import type { Client, Connection } from './open-connection.ts';
import { BodyExcerpt, keepHeaders } from './response-excerpt.ts';
import { ResponseStart } from './response-start.ts';

/** How far a request came: `connect` covers name lookup, TCP and TLS; `handshake` is TLS alone, where time was up in it. */
export type Phase = 'connect' | 'handshake' | 'headers' | 'body';

export interface OutgoingRequest {
  method: string;
  /** Path and query, as they go onto the wire. */
  path: string;
  /** Names and values in turn: the cheapest form for Node. */
  headers: string[];
  body: string;
}

export interface ExchangeFailure {
  phase: Phase;
  /** What Node or the system reported; `timed_out` if time was up. */
  cause: Error | 'timed_out';
  /** What there was of the response when it broke off. */
  response: ReceiverResponse | null;
  /** The first bytes of the answer, if it is none of HTTP/1.1. */
  foreign: Buffer | null;
  /** The connection was an idle one, and it ended before the first byte of a response: the request probably met a closed door. */
  stale: boolean;
}

/** `cut`: there was more of the response than is read, and the connection was closed. */
export type ExchangeResult = { response: ReceiverResponse; cut: boolean } | { failure: ExchangeFailure };

/** A body longer than this is cut. Up to here it is read, so that the connection can be used again. */
const MAX_BODY_BYTES = 65_536;
/** Of one response, with all that Node's parser swallows: interim responses, extensions of chunks, trailers. */
const MAX_RAW_BYTES = 262_144;
const MAX_HEAD_BYTES = 65_536;
/** A connection closes this long before the receiver's own time is up, so that no request crosses with that. */
const IDLE_MARGIN_MS = 1_000;
const MAX_IDLE_MS = 30_000;

const CLOSED_CODES = new Set(['ECONNRESET', 'EPIPE', 'ECONNABORTED']);
/** Node's parser has limits of its own for heads, trailers and extensions of chunks. */
const OVERFLOW_CODES = new Set(['HPE_HEADER_OVERFLOW', 'HPE_CHUNK_EXTENSIONS_OVERFLOW']);

/** The answer has no status within the bytes that are read. */
export class EndlessAnswerError extends Error {
  readonly code = 'ENDLESS_ANSWER';
}

/** 101 was not asked for, and nothing can follow it. */
export class UnaskedUpgradeError extends Error {
  readonly code = 'UNASKED_UPGRADE';
}

interface OptionsForConnection extends RequestOptions {
  connection: Socket;
}

/** Gives a request the connection that was chosen for it: Node's own pool knows neither credentials nor a bounded wait. */
class GivenConnection extends Agent {
  addRequest(request: ClientRequest, { connection }: OptionsForConnection): void {
    request.onSocket(connection);
  }
}

const GIVEN_CONNECTION = new GivenConnection({ keepAlive: true });

/**
 * One request and its response, in at most `timeoutMs`. Never rejects.
 *
 * The parser is lenient: a receiver that said 2xx with an odd head (a folded line, a bare LF) has the webhook, and to
 * repeat it would help nobody. What leniency risks, a wrong guess where a response ends, stays with that receiver.
 */
export function exchange(
  connection: Connection,
  outgoing: OutgoingRequest,
  timeoutMs: number,
  alsoKeep?: readonly string[],
): Promise<ExchangeResult> {
  return new Promise((resolve) => new Exchange(connection, outgoing, timeoutMs, alsoKeep, resolve));
}

class Exchange implements Client {
  readonly #connection: Connection;
  readonly #outgoing: OutgoingRequest;
  readonly #alsoKeep: readonly string[] | undefined;
  readonly #resolve: (result: ExchangeResult) => void;
  readonly #timer: NodeJS.Timeout;
  readonly #start = new ResponseStart();
  readonly #body = new BodyExcerpt();
  #message: IncomingMessage | null = null;
  #rawBytes = 0;
  #settled = false;

  constructor(
    connection: Connection,
    outgoing: OutgoingRequest,
    timeoutMs: number,
    alsoKeep: readonly string[] | undefined,
    resolve: (result: ExchangeResult) => void,
  ) {
    this.#connection = connection;
    this.#alsoKeep = alsoKeep;
    this.#resolve = resolve;
    this.#timer = setTimeout(() => this.fail('timed_out'), timeoutMs);
    connection.client = this;
    this.#outgoing = outgoing;
    // Node would write to a socket that is still connecting, and then report the failed write instead of its cause.
    if (connection.ready) this.#send(outgoing);
  }

  ready(): void {
    this.#send(this.#outgoing);
  }

  #send({ method, path, headers, body }: OutgoingRequest): void {
    const options: OptionsForConnection = {
      method,
      path,
      headers,
      agent: GIVEN_CONNECTION,
      connection: this.#connection.socket,
      setHost: false,
      insecureHTTPParser: true,
      maxHeaderSize: MAX_HEAD_BYTES,
    };
    try {
      const request = startRequest(options);
      request.on('response', (message) => this.#begin(message));
      request.on('upgrade', () => this.fail(new UnaskedUpgradeError()));
      request.on('error', (error) => this.fail(error));
      request.end(body);
    } catch (error) {
      // Node refuses what cannot stand in a head.
      this.fail(error instanceof Error ? error : new Error(String(error)));
    }
  }

  read(chunk: Buffer): void {
    this.#rawBytes += chunk.length;
    if (this.#message === null) this.#start.add(chunk);
    if (this.#rawBytes > MAX_RAW_BYTES) this.#cut(new EndlessAnswerError());
  }

  #begin(message: IncomingMessage): void {
    this.#message = message;
    this.#planIdleTime(message.rawHeaders);
    message.on('data', (chunk: Buffer) => {
      this.#body.add(chunk);
      if (this.#body.size > MAX_BODY_BYTES) this.#cut(new EndlessAnswerError());
    });
    message.on('end', () => this.#succeed(message.statusCode ?? 0, false));
    message.on('error', (error) => this.fail(error));
  }

  #planIdleTime(rawHeaders: readonly string[]): void {
    let lengths = 0;
    for (let i = 0; i < rawHeaders.length; i += 2) {
      const name = rawHeaders[i]?.toLowerCase();
      if (name === 'content-length' || name === 'transfer-encoding') lengths += 1;
      if (name !== 'keep-alive') continue;
      const seconds = /timeout=(\d+)/i.exec(rawHeaders[i + 1] ?? '')?.[1];
      if (seconds === undefined) continue;
      this.#connection.idleMs = Math.min(Number(seconds) * 1_000 - IDLE_MARGIN_MS, MAX_IDLE_MS);
    }
    // RFC 9112 §6.3: transfer-encoding counts, but the receiver may have meant another end than the one that was read.
    if (lengths > 1) this.#connection.idleMs = 0;
  }

  /** There is more than is read. What there was decides, if it had a status. */
  #cut(cause: Error): void {
    const status = this.#status();
    if (status === null) this.#settleFailure(cause);
    else this.#succeed(status, true);
  }

  #succeed(status: number, cut: boolean): void {
    if (this.#settled) return;
    this.#settle({ response: this.#response(status, cut), cut }, cut);
  }

  fail(cause: Error | 'timed_out'): void {
    if (this.#settled) return;
    // What comes after a complete response spoils the connection, not the response: its `end` is on its way.
    if (cause !== 'timed_out' && this.#message?.complete === true) return;
    if (cause !== 'timed_out' && OVERFLOW_CODES.has(codeOf(cause))) this.#cut(cause);
    else this.#settleFailure(cause);
  }

  #settleFailure(cause: Error | 'timed_out'): void {
    const { ready, used, socket } = this.#connection;
    const connecting = cause === 'timed_out' && !socket.connecting ? 'handshake' : 'connect';
    const closed = cause !== 'timed_out' && CLOSED_CODES.has(codeOf(cause));
    const status = this.#status();
    const failure: ExchangeFailure = {
      phase: this.#message !== null ? 'body' : ready ? 'headers' : connecting,
      cause,
      response: status === null ? null : this.#response(status, true),
      foreign: this.#start.foreign(),
      stale: closed && used && this.#rawBytes === 0,
    };
    this.#settle({ failure }, true);
  }

  #settle(result: ExchangeResult, close: boolean): void {
    if (this.#settled) return;
    this.#settled = true;
    clearTimeout(this.#timer);
    this.#connection.client = null;
    if (close) this.#connection.socket.destroy();
    this.#resolve(result);
  }

  /** Null if none was read. */
  #status(): number | null {
    return this.#message?.statusCode ?? this.#start.status();
  }

  #response(status: number, incomplete: boolean): ReceiverResponse {
    const headers = keepHeaders(this.#message?.rawHeaders ?? [], this.#alsoKeep);
    // Compressed although we ask for identity: not worth the risk of a decompression bomb, and noise as text.
    const encoding = headers['content-encoding']?.toLowerCase() || 'identity';
    const { body, truncated } =
      encoding === 'identity' ? this.#body.text() : { body: '', truncated: this.#body.size > 0 };
    return { status, headers, body, truncated: truncated || incomplete };
  }
}

function codeOf(error: Error): string {
  return 'code' in error ? String(error.code) : '';
}
