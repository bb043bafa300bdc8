import type { Dispatcher } from 'undici';
import type { IncomingHttpHeaders } from 'undici/types/header.js';
import type { ReceiverResponse } from '../../core/target/webhook.ts';
import type { ReceiverConnections } from './receiver-connections.ts';
import { BodyExcerpt, keepHeaders } from './response-excerpt.ts';

/** How far a request came: `connect` covers waiting for a connection, name lookup, TCP and TLS. */
export type Phase = 'connect' | 'headers' | 'body';

export interface ExchangeFailure {
  phase: Phase;
  /** What undici or the system reported; `timed_out` if time was up. */
  cause: Error | 'timed_out';
  /** What there was of the response when it broke off. */
  response: ReceiverResponse | null;
  /** The connection was an idle one, and it ended before the first byte of a response: the request probably met a closed door. */
  stale: boolean;
}

export type ExchangeResult = { response: ReceiverResponse } | { failure: ExchangeFailure };

/** A body longer than this is cut by closing the connection. Up to here it is read, so that the connection can be used again. */
const MAX_BODY_BYTES = 65_536;

const ABANDONED = new Error('the request was abandoned');
const CLOSED_CODES = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE', 'ECONNABORTED']);

/**
 * One request and its response, in at most `timeoutMs`. Never rejects.
 *
 * A dispatch handler instead of undici's `request`, because an AbortSignal there takes effect only once a connection
 * stands, and because a stream for each body costs more CPU than all of this.
 */
export function exchange(
  connections: ReceiverConnections,
  request: Dispatcher.DispatchOptions,
  timeoutMs: number,
  alsoKeep?: readonly string[],
): Promise<ExchangeResult> {
  return new Promise((resolve) => {
    connections.dispatcher.dispatch(request, new ExchangeHandler(connections, timeoutMs, alsoKeep, resolve));
  });
}

class ExchangeHandler implements Dispatcher.DispatchHandler {
  readonly #connections: ReceiverConnections;
  readonly #alsoKeep: readonly string[] | undefined;
  readonly #resolve: (result: ExchangeResult) => void;
  readonly #timer: NodeJS.Timeout;
  #settled = false;
  #controller: Dispatcher.DispatchController | null = null;
  #reused = false;
  #answering = false;
  #status = 0;
  #headers: IncomingHttpHeaders = {};
  readonly #body = new BodyExcerpt();

  constructor(
    connections: ReceiverConnections,
    timeoutMs: number,
    alsoKeep: readonly string[] | undefined,
    resolve: (result: ExchangeResult) => void,
  ) {
    this.#connections = connections;
    this.#alsoKeep = alsoKeep;
    this.#resolve = resolve;
    this.#timer = setTimeout(() => this.#fail('timed_out'), timeoutMs);
  }

  /** The request is about to be written onto a connection. */
  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.#settled) {
      controller.abort(ABANDONED);
      return;
    }
    this.#controller = controller;
    this.#reused = !this.#connections.handingOver;
  }

  onResponseStarted(): void {
    this.#answering = true;
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    // Informational responses (102, 103) precede the one that counts.
    if (status < 200) return;
    this.#status = status;
    this.#headers = headers;
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#body.add(chunk);
    if (this.#body.size > MAX_BODY_BYTES) this.#succeed();
  }

  onResponseEnd(): void {
    this.#succeed();
  }

  onResponseError(_: Dispatcher.DispatchController | null, error: Error): void {
    this.#fail(error);
  }

  #succeed(): void {
    const result = { response: this.#response(false) };
    // undici takes a connection back one turn of the event loop after the end of a response. Whoever sends to the same
    // receiver next should find that one, instead of opening another.
    this.#settle(() => queueMicrotask(() => setImmediate(this.#resolve, result)));
  }

  #fail(cause: Error | 'timed_out'): void {
    if (this.#settled) return;
    const closed = cause !== 'timed_out' && 'code' in cause && CLOSED_CODES.has(String(cause.code));
    const failure: ExchangeFailure = {
      phase: this.#status > 0 ? 'body' : this.#controller === null ? 'connect' : 'headers',
      cause,
      response: this.#status > 0 ? this.#response(true) : null,
      stale: closed && this.#reused && !this.#answering,
    };
    this.#settle(() => this.#resolve({ failure }));
  }

  #settle(report: () => void): void {
    if (this.#settled) return;
    this.#settled = true;
    clearTimeout(this.#timer);
    report();
    // Without effect on a response that is complete; closes the connection of any other.
    this.#controller?.abort(ABANDONED);
  }

  #response(incomplete: boolean): ReceiverResponse {
    const headers = keepHeaders(this.#headers, this.#alsoKeep);
    // Compressed although we ask for identity: not worth the risk of a decompression bomb, and noise as text.
    const encoding = headers['content-encoding'] ?? 'identity';
    const { body, truncated } =
      encoding === 'identity' ? this.#body.text() : { body: '', truncated: this.#body.size > 0 };
    return { status: this.#status, headers, body, truncated: truncated || incomplete };
  }
}
