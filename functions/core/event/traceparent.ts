/** W3C Trace Context: version (not ff), trace id, parent id (neither all zeros), flags. https://www.w3.org/TR/trace-context/ */
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/** Null for what is no traceparent, which is ignored: a wrong trace never stops an event. */
export function readTraceparent(text: string | null | undefined): string | null {
  return typeof text === 'string' && TRACEPARENT.test(text) ? text : null;
}

/** By which a trace is looked up. */
export function traceIdOf(traceparent: string | null | undefined): string | undefined {
  return TRACEPARENT.exec(traceparent ?? '')?.[1];
}
