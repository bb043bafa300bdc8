import { AWS_TIME_SCALE } from '../../names.ts';

const scale = Number(process.env[AWS_TIME_SCALE] ?? '1');

/**
 * A connection stands within a few milliseconds in a region. Below two seconds the SDK has one timer, which fires before the
 * event of a connection that stands when a function got no CPU for that long: on a busy machine each such request was
 * made again. From two seconds on it looks again after its first second. It counts waiting for one of 50 sockets, too.
 */
export const CONNECTION_TIMEOUT_MS = 2_000 * scale;

/** One request of several that a call may take; most are over within 10 ms. A function has 30 seconds in all. */
export const REQUEST_TIMEOUT_MS = 3_000 * scale;

/**
 * The SDK opens 50 connections at most, and counts waiting for one of them as connecting. One process that runs many
 * invocations has more calls under way, and a journal write that fails so repeats a delivery that was made.
 */
const AGENT_OPTIONS = { maxSockets: Number.POSITIVE_INFINITY };

/**
 * What every client of the SDK is made with. The SDK itself has no limit: a connection that went silent would hold up its
 * batch until Lambda ends the function. A request past its limit is tried again as after any broken connection.
 */
export const CLIENT_OPTIONS = {
  requestHandler: {
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    /** Until the answer's headers. Without `throwOnRequestTimeout` the SDK only writes a warning. */
    requestTimeout: REQUEST_TIMEOUT_MS,
    throwOnRequestTimeout: true,
    /** Silence within the answer. */
    socketTimeout: REQUEST_TIMEOUT_MS,
    httpAgent: AGENT_OPTIONS,
    httpsAgent: AGENT_OPTIONS,
  },
};
