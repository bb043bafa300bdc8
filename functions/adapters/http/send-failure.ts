import type { AttemptError, AttemptOutcome, ReceiverResponse } from '../../core/target/webhook.ts';
import type { ExchangeFailure, Phase } from './http-exchange.ts';
import { BlockedAddressError } from './open-connection.ts';

export interface Verdict {
  outcome: AttemptOutcome;
  error: AttemptError | null;
}

interface Target {
  host: string;
  protocol: string;
  elapsedMs: number;
}

const TIMEOUTS: Record<Phase, { code: string; words: (seconds: string) => string }> = {
  connect: {
    code: 'connect_timeout',
    words: (s) => `no connection within ${s} s. Check that the host is up and that a firewall lets it be reached.`,
  },
  handshake: {
    code: 'connect_timeout',
    words: (s) =>
      `it took the connection, but no TLS handshake was complete within ${s} s. Check that the port is for https.`,
  },
  headers: {
    code: 'response_timeout',
    words: (s) => `no answer within ${s} s. Answer first and do the work afterwards.`,
  },
  body: {
    code: 'body_timeout',
    words: (s) => `the answer began but was not complete within ${s} s. Answer with a short body, or none.`,
  },
};

const CLOSED: Record<Phase, string> = {
  connect: 'while it was being made',
  handshake: 'while it was being made',
  headers: 'before an answer came',
  body: 'in the middle of the answer',
};

/**
 * What a response means.
 * @param cut there was more of it than is read
 */
export function judgeResponse(response: ReceiverResponse, cut: boolean): Verdict {
  const { status } = response;
  const tooLong = 'Its answer was too long and was cut off. Answer with a short body, or none.';
  if (status >= 200 && status < 300) {
    if (!cut) return { outcome: 'success', error: null };
    const message = `The receiver answered with status ${status}, which means success. ${tooLong}`;
    return { outcome: 'success', error: { code: 'response_cut', message } };
  }
  const { code, message } = describeStatus(response);
  return { outcome: 'http_error', error: { code, message: cut ? `${message} ${tooLong}` : message } };
}

function describeStatus({ status, headers }: ReceiverResponse): AttemptError {
  if (status < 100 || status > 599) {
    const shown = String(status).padStart(3, '0');
    const message = `The receiver answered with status ${shown}, which HTTP does not know. It counts like 5xx.`;
    return { code: 'invalid_status', message };
  }
  if (status >= 300 && status < 400 && status !== 304) {
    const where = headers.location === undefined ? '' : ` to ${headers.location}`;
    const message = `The receiver redirected${where} (status ${status}). Redirects are not followed: change the webhook's URL.`;
    return { code: 'redirect', message };
  }
  const message = `The receiver answered with status ${status}. Anything from 200 to 299 means success.`;
  return { code: 'http_status', message };
}

/** Why there was no complete response, in the customer's words. Takes what Node and OpenSSL report. */
export function judgeFailure({ cause, phase, foreign }: ExchangeFailure, target: Target): Verdict {
  const verdict = (outcome: AttemptOutcome, code: string, words: string): Verdict => ({
    outcome,
    error: { code, message: `The receiver ${target.host}: ${words}` },
  });
  const timeout = () => {
    const { code, words } = TIMEOUTS[phase];
    return verdict('timeout', code, words((target.elapsedMs / 1_000).toFixed(1)));
  };
  if (cause === 'timed_out') return timeout();
  if (cause instanceof BlockedAddressError) {
    return { outcome: 'blocked_address', error: { code: 'blocked_address', message: cause.message } };
  }
  const code = codeOf(cause);
  switch (code) {
    case 'ETIMEDOUT':
    case 'ERR_SOCKET_CONNECTION_TIMEOUT':
      return timeout();
    case 'ECONNREFUSED':
      return verdict(
        'connection_refused',
        'connection_refused',
        'the connection was refused. Check that the server runs and that the port is right.',
      );
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'EHOSTDOWN':
    case 'ENETDOWN':
      return verdict('connection_refused', 'unreachable', 'there is no route to its address. Check its DNS records.');
    case 'ENOTFOUND':
    case 'ENODATA':
    case 'ENONAME':
      return verdict('dns_error', 'name_not_found', "its name does not resolve. Check the host in the webhook's URL.");
    case 'EAI_AGAIN':
    case 'EAI_FAIL':
    case 'ESERVFAIL':
      return verdict(
        'dns_error',
        'name_lookup_failed',
        'its name could not be looked up. Its name servers may be down.',
      );
    case 'ENDLESS_ANSWER':
    case 'HPE_HEADER_OVERFLOW':
      return verdict('protocol_error', 'endless_answer', 'its answer was too long and was cut off before its status.');
    case 'UNASKED_UPGRADE':
      return verdict('protocol_error', 'unexpected_status', 'it answered with status 101, which was not asked for.');
    case 'ERR_INVALID_CHAR':
    case 'ERR_INVALID_HTTP_TOKEN':
    case 'ERR_UNESCAPED_CHARACTERS':
    case 'ERR_FRAMING_HEADER':
      return verdict('protocol_error', 'invalid_request', `the request cannot be sent: ${cause.message}.`);
  }
  if (isTlsFailure(code, cause, phase, target)) return judgeTls(code, verdict);
  if (foreign !== null) return judgeForeign(foreign, verdict);
  if (code.startsWith('HPE_') && code !== 'HPE_INVALID_EOF_STATE') {
    return verdict(
      'protocol_error',
      'not_http',
      'its answer is not valid HTTP/1.1. Check that the port is that of a web server.',
    );
  }
  if (code === 'ECONNRESET' || code === 'ECONNABORTED' || code === 'EPIPE' || code === 'HPE_INVALID_EOF_STATE') {
    // OpenSSL closes without a word when it is spoken to in plain text.
    const hint = target.protocol === 'http:' && phase === 'headers' ? ' If the port is for https, write https.' : '';
    return verdict('connection_reset', 'connection_reset', `the connection was closed ${CLOSED[phase]}.${hint}`);
  }
  return verdict('protocol_error', 'unexpected_error', `the request failed (${code === '' ? cause.name : code}).`);
}

type Verdicts = (outcome: AttemptOutcome, code: string, words: string) => Verdict;

const HTTP2_ONLY = 'it speaks HTTP/2 only. Let it accept HTTP/1.1, too.';

/** What a receiver speaks whose first bytes are not those of HTTP/1. */
function judgeForeign(bytes: Buffer, verdict: Verdicts): Verdict {
  // RFC 9113, section 3.4: a server's first frame is SETTINGS (type 4) on stream 0.
  if (bytes.length >= 9 && bytes[3] === 4 && bytes.readUInt32BE(5) === 0) {
    return verdict('protocol_error', 'http2_only', HTTP2_ONLY);
  }
  // RFC 8446, section 5.1: an alert (21) or a handshake record (22) of version 3.x.
  if ((bytes[0] === 21 || bytes[0] === 22) && bytes[1] === 3) {
    return verdict('tls_error', 'tls_expected', 'it speaks TLS on this port. Write https instead of http.');
  }
  return verdict(
    'protocol_error',
    'not_http',
    'its answer is not valid HTTP/1.1. Check that the port is that of a web server.',
  );
}

/** A name with several addresses fails with an AggregateError, one error for each address. */
function codeOf(error: Error): string {
  if ('code' in error && typeof error.code === 'string') return error.code;
  if (!(error instanceof AggregateError)) return '';
  const first: unknown = error.errors[0];
  return first instanceof Error ? codeOf(first) : '';
}

function isTlsFailure(code: string, cause: Error, phase: Phase, { protocol }: Target): boolean {
  if (protocol !== 'https:') return false;
  // OpenSSL's names for certificate errors have no common prefix. But an error from the system has an errno, while Node's
  // own "socket disconnected before secure TLS connection was established", an ECONNRESET too, has none.
  if (phase === 'connect' && !('errno' in cause)) return true;
  return code === 'EPROTO' || code.startsWith('ERR_SSL_') || code.startsWith('ERR_TLS_');
}

function judgeTls(code: string, verdict: Verdicts): Verdict {
  switch (code) {
    case 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL':
    case 'ERR_SSL_SSL/TLS_ALERT_NO_APPLICATION_PROTOCOL':
      return verdict('protocol_error', 'http2_only', HTTP2_ONLY);
    case 'CERT_HAS_EXPIRED':
      return verdict('tls_error', 'certificate_expired', 'its TLS certificate has expired. Renew it.');
    case 'CERT_NOT_YET_VALID':
      return verdict('tls_error', 'certificate_not_yet_valid', 'its TLS certificate is not valid yet.');
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return verdict('tls_error', 'certificate_wrong_host', 'its TLS certificate is for another host name.');
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
      return verdict(
        'tls_error',
        'certificate_self_signed',
        'its TLS certificate is self-signed. Use one from a public authority.',
      );
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
      return verdict(
        'tls_error',
        'certificate_untrusted',
        'its TLS certificate cannot be traced to a public authority. The server may not send its intermediate certificates.',
      );
    case 'ERR_SSL_WRONG_VERSION_NUMBER':
    case 'ERR_SSL_PACKET_LENGTH_TOO_LONG':
      return verdict(
        'tls_error',
        'not_tls',
        'it does not speak TLS on this port. Check the port, or whether http is meant.',
      );
    default:
      return verdict('tls_error', 'tls_handshake', `the TLS handshake failed (${code}).`);
  }
}
