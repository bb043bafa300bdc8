import type { Dispatcher } from 'undici';
import { checkReceiverUrl, credentialsOf, type ReceiverUrlPolicy } from '../../core/target/receiver-url.ts';
import type { WebhookRequest, WebhookResult, WebhookSender } from '../../core/target/webhook.ts';
import { exchange } from './http-exchange.ts';
import { type ConnectionsOptions, createReceiverConnections } from './receiver-connections.ts';
import { judgeFailure, judgeResponse } from './send-failure.ts';

export interface HttpSenderOptions extends ReceiverUrlPolicy, ConnectionsOptions {
  /** For requests that bring no `user-agent` of their own. */
  userAgent?: string;
  /** Milliseconds, monotonic. */
  now?: () => number;
}

export interface HttpSender extends WebhookSender {
  /** Ends all connections at once; call it when no request is under way. */
  close(): Promise<void>;
}

/** Sends webhooks over HTTP/1.1, to public addresses only, following no redirects. `send` never rejects. */
export function createHttpSender(options: HttpSenderOptions): HttpSender {
  const { userAgent, now = () => performance.now() } = options;
  const connections = createReceiverConnections(options);

  async function send(request: WebhookRequest): Promise<WebhookResult> {
    const startedAt = now();
    const elapsed = () => now() - startedAt;
    const checked = checkReceiverUrl(request.url, options);
    if (!checked.ok) {
      const { code, message } = checked;
      const outcome = code === 'invalid_url' ? 'protocol_error' : 'blocked_address';
      return { outcome, durationMs: 0, response: null, error: { code, message } };
    }
    const { url } = checked;
    const outgoing: Dispatcher.DispatchOptions = {
      method: request.method ?? 'POST',
      path: url.pathname + url.search,
      headers: headersOf(request, url, userAgent),
      // undici sends an empty text as a body of length 0, which a GET should not have.
      ...(request.body === '' ? {} : { body: request.body }),
    };
    const shared = connections.to(url.origin);
    let result = await exchange(shared, outgoing, request.timeoutMs, request.alsoKeep);
    const remainingMs = request.timeoutMs - elapsed();
    if ('failure' in result && result.failure.stale && remainingMs > 0) {
      // Receivers close idle connections whenever they like; a request that crosses with that is nobody's fault. It may
      // also be that this one was received and its answer lost: webhooks are delivered at least once, with the same id.
      const own = connections.fresh(url.origin);
      result = await exchange(own, outgoing, remainingMs, request.alsoKeep);
      own.dispatcher.destroy().catch(() => {});
    }
    const durationMs = Math.round(elapsed());
    if ('response' in result) return { durationMs, response: result.response, ...judgeResponse(result.response) };
    const target = { host: url.host, protocol: url.protocol, elapsedMs: durationMs };
    return { durationMs, response: result.failure.response, ...judgeFailure(result.failure, target) };
  }

  return { send, close: connections.close };
}

/** The caller's headers and, unless it brought its own, ours: names and values in turn, the cheapest form for undici. */
function headersOf(request: WebhookRequest, url: URL, userAgent: string | undefined): string[] {
  const headers: string[] = [];
  const ours = new Map([['accept-encoding', 'identity']]);
  if (userAgent !== undefined) ours.set('user-agent', userAgent);
  const credentials = credentialsOf(url);
  if (credentials !== null) {
    // UTF-8, as browsers do (RFC 7617, section 2.1).
    const { username, password } = credentials;
    ours.set('authorization', `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`);
  }
  for (const [name, value] of Object.entries(request.headers)) {
    const lower = name.toLowerCase();
    // The host is the URL's. Another one would also change the name that the certificate is checked against.
    if (lower === 'host') continue;
    headers.push(name, value);
    ours.delete(lower);
  }
  for (const [name, value] of ours) headers.push(name, value);
  return headers;
}
