import { errors } from 'undici';
import type { AttemptError, AttemptOutcome, ReceiverResponse } from '../../core/target/webhook.ts';
import type { ExchangeFailure, Phase } from './http-exchange.ts';
import { BlockedAddressError } from './receiver-connections.ts';

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
  headers: 'before an answer came',
  body: 'in the middle of the answer',
};

/** What a complete response means. */
export function judgeResponse(response: ReceiverResponse): Verdict {
  const { status } = response;
  if (status >= 200 && status < 300) return { outcome: 'success', error: null };
  if (status >= 300 && status < 400 && status !== 304) {
    const location = response.headers.location;
    const where = location === undefined ? '' : ` to ${location}`;
    const message = `The receiver redirected${where} (status ${status}). Redirects are not followed: change the webhook's URL.`;
    return { outcome: 'http_error', error: { code: 'redirect', message } };
  }
  const message = `The receiver answered with status ${status}. Anything from 200 to 299 means success.`;
  return { outcome: 'http_error', error: { code: 'http_status', message } };
}

/** Why there was no complete response, in the customer's words. Takes what undici, Node and OpenSSL report. */
export function judgeFailure({ cause, phase }: ExchangeFailure, target: Target): Verdict {
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
    case 'UND_ERR_CONNECT_TIMEOUT':
    case 'ETIMEDOUT':
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
    case 'UND_ERR_HEADERS_OVERFLOW':
      return verdict('protocol_error', 'headers_too_large', 'the headers of its answer are over 16 KiB. Send fewer.');
    case 'UND_ERR_INVALID_ARG':
    case 'UND_ERR_NOT_SUPPORTED':
    case 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH':
      return verdict('protocol_error', 'invalid_request', `the request cannot be sent: ${cause.message}.`);
  }
  if (isTlsFailure(code, cause, phase, target)) return judgeTls(code, verdict);
  if (isNotHttp(code, cause, phase)) {
    return verdict(
      'protocol_error',
      'not_http',
      'its answer is not valid HTTP/1.1. Check that the port is that of a web server.',
    );
  }
  // undici destroys the connection on an unexpected 100 or 101.
  if (cause.message === 'bad response' || cause.message === 'bad upgrade') {
    return verdict(
      'protocol_error',
      'unexpected_status',
      'it answered with status 100 or 101, which was not asked for.',
    );
  }
  if (isEndOfConnection(code, cause)) {
    return verdict('connection_reset', 'connection_reset', `the connection was closed ${CLOSED[phase]}.`);
  }
  return verdict('protocol_error', 'unexpected_error', `the request failed (${code === '' ? cause.name : code}).`);
}

function isNotHttp(code: string, cause: Error, phase: Phase): boolean {
  // undici reports two content-lengths, or one beside transfer-encoding, as a mismatch too, but before there is a body.
  if (code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH') return phase !== 'body';
  return cause instanceof errors.HTTPParserError && !isCutOff(cause);
}

function isEndOfConnection(code: string, cause: Error): boolean {
  if (code === 'UND_ERR_SOCKET' || code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH') return true;
  return code === 'ECONNRESET' || code === 'ECONNABORTED' || code === 'EPIPE' || isCutOff(cause);
}

/** The parser's name for a connection that ended inside a message. Its errors carry no code, only this text. */
function isCutOff(cause: Error): boolean {
  return cause instanceof errors.HTTPParserError && cause.message.includes('Invalid EOF state');
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
  if (phase === 'connect' && !('errno' in cause) && !code.startsWith('UND_ERR_')) return true;
  return code === 'EPROTO' || code.startsWith('ERR_SSL_') || code.startsWith('ERR_TLS_');
}

function judgeTls(code: string, verdict: (outcome: AttemptOutcome, code: string, words: string) => Verdict): Verdict {
  switch (code) {
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
