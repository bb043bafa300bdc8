import { describeHttpTarget, redactUrl, validateHttpTarget } from '../../core/target/http-target.ts';
import {
  checkReceiverUrl,
  credentialsOf,
  type ReceiverUrlCheck,
  type ReceiverUrlPolicy,
} from '../../core/target/receiver-url.ts';
import type { HttpTarget, TargetPort } from '../../core/target/target.ts';
import type { SendResult, WebhookRequest, WebhookResult } from '../../core/target/webhook.ts';
import { type ExchangeResult, exchange, type OutgoingRequest } from './http-exchange.ts';
import { BlockedAddressError } from './open-connection.ts';
import { type Peer, ReceiverConnections, type ReceiverConnectionsOptions } from './receiver-connections.ts';
import { judgeFailure, judgeResponse } from './send-failure.ts';

export interface HttpSenderOptions extends ReceiverUrlPolicy, ReceiverConnectionsOptions {
  /** For requests that bring no `user-agent` of their own. */
  userAgent?: string;
  /** Milliseconds, monotonic. */
  now?: () => number;
}

export interface HttpSender extends TargetPort<HttpTarget, WebhookRequest> {
  /** Ends all connections at once; call it when no request is under way. */
  close(): Promise<void>;
}

/** RFC 9112, sections 6 and 9: these say where a request ends, or what becomes of its connection. */
const FRAMING_HEADERS = new Set([
  'connection',
  'content-length',
  'expect',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

const MAX_CHECKS = 1_000;
/** `deliver` has 15 s beside the attempt's own time, and API Gateway waits 30 s for both. */
const MAX_WAIT_MS = 5_000;

/** Sends webhooks over HTTP/1.1, to public addresses only, following no redirects. `send` never rejects. */
export function createHttpSender(options: HttpSenderOptions): HttpSender {
  const { userAgent, now = () => performance.now() } = options;
  const connections = new ReceiverConnections(options);
  const checks = new Map<string, ReceiverUrlCheck>();

  /** Each delivery to a subscription has the same URL. The check asks no network, so that its result stays true. */
  function checkOnce(text: string): ReceiverUrlCheck {
    let check = checks.get(text);
    if (check === undefined) {
      check = checkReceiverUrl(text, options);
      if (checks.size >= MAX_CHECKS) checks.clear();
      checks.set(text, check);
    }
    return check;
  }

  async function send(request: WebhookRequest): Promise<SendResult> {
    const checked = checkOnce(request.url);
    if (!checked.ok) {
      const { code, message } = checked;
      const outcome = code === 'invalid_url' ? 'protocol_error' : 'blocked_address';
      return { outcome, durationMs: 0, response: null, error: { code, message } };
    }
    const { url, path } = checked;
    const framing = Object.keys(request.headers).find((name) => FRAMING_HEADERS.has(name.toLowerCase()));
    if (framing !== undefined) return cannotBeSent(`its header ${framing} belongs to the connection`);
    const headers = headersOf(request, url, userAgent);
    const outgoing: OutgoingRequest = {
      method: request.method ?? 'POST',
      path,
      headers: headers.lines,
      body: request.body,
    };
    const peer: Peer = { url, authorization: headers.authorization };
    // Waiting for one of our connections is no time of the receiver's.
    let startedAt = now();
    const elapsed = () => now() - startedAt;
    const remaining = () => request.timeoutMs - elapsed();
    let result: ExchangeResult;
    try {
      const shared = await connections.take(peer, request.maxWaitMs ?? MAX_WAIT_MS);
      if (shared === null) return { outcome: 'not_sent', reason: 'no_connection' };
      startedAt = now();
      result = await exchange(shared, outgoing, request.timeoutMs, request.alsoKeep);
      if ('failure' in result && result.failure.stale && remaining() > 0) {
        // Receivers close idle connections whenever they like; a request that crosses with that is nobody's fault. It may
        // also be that this one was received and its answer lost: webhooks are delivered at least once, with the same id.
        result = await exchange(connections.single(peer), outgoing, remaining(), request.alsoKeep);
      }
    } catch (error) {
      if (!(error instanceof BlockedAddressError)) throw error;
      return {
        outcome: 'blocked_address',
        durationMs: 0,
        response: null,
        error: { code: 'blocked_address', message: error.message },
      };
    }
    const durationMs = Math.round(elapsed());
    if ('response' in result) {
      return { durationMs, response: result.response, ...judgeResponse(result.response, result.cut) };
    }
    const host = describeHttpTarget({ kind: 'http', url: request.url });
    const target = { host, protocol: url.protocol, elapsedMs: durationMs };
    return { durationMs, response: result.failure.response, ...judgeFailure(result.failure, target) };
  }

  return {
    validate: (text) => validateHttpTarget(text, options),
    describe: describeHttpTarget,
    redact: redactUrl,
    send,
    close: () => connections.close(),
  };
}

function cannotBeSent(why: string): WebhookResult {
  const error = { code: 'invalid_request', message: `The request cannot be sent: ${why}.` };
  return { outcome: 'protocol_error', durationMs: 0, response: null, error };
}

/** The caller's headers and, unless it brought its own, ours: names and values in turn. */
function headersOf(
  request: WebhookRequest,
  url: URL,
  userAgent: string | undefined,
): { lines: string[]; authorization: string } {
  const lines = ['host', url.host, 'connection', 'keep-alive'];
  const ours = new Map([['accept-encoding', 'identity']]);
  if (userAgent !== undefined) ours.set('user-agent', userAgent);
  const credentials = credentialsOf(url);
  if (credentials !== null) {
    // UTF-8, as browsers do (RFC 7617, section 2.1).
    const { username, password } = credentials;
    ours.set('authorization', `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`);
  }
  let authorization = ours.get('authorization') ?? '';
  for (const [name, value] of Object.entries(request.headers)) {
    const lower = name.toLowerCase();
    // The host is the URL's. Another one would also change the name that the certificate is checked against.
    if (lower === 'host') continue;
    if (lower === 'authorization') authorization = value;
    lines.push(name, value);
    ours.delete(lower);
  }
  for (const [name, value] of ours) lines.push(name, value);
  const { method = 'POST', body } = request;
  if (method === 'POST' || body !== '') lines.push('content-length', String(Buffer.byteLength(body)));
  return { lines, authorization };
}
