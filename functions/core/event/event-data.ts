import { findJsonMember, isWellFormedJson } from '../json/json-text.ts';

/** 256 KiB of JSON without insignificant white space, in UTF-8. */
export const MAX_DATA_BYTES = 262_144;

/** .NET's System.Text.Json reads 64 levels by default (JsonReaderOptions.MaxDepth), of which the envelope takes some. */
const MAX_DATA_DEPTH = 60;

type PreparedData =
  | { ok: true; data: string }
  | { ok: false; code: 'invalid_event' | 'payload_too_large'; message: string };

/**
 * Cuts `data` out of an event's text.
 * @param json the same text, parsed
 */
export function prepareData(text: string, json: unknown): PreparedData {
  const member = findJsonMember(text, 'data');
  if (member === null) return { ok: false, code: 'invalid_event', message: 'is required; it may be null' };
  const { value: data, depth } = member;
  const bytes = Buffer.byteLength(data);
  if (bytes > MAX_DATA_BYTES) {
    return {
      ok: false,
      code: 'payload_too_large',
      message: `is ${bytes} bytes without white space; at most ${MAX_DATA_BYTES} are allowed. Publish a reference to the rest.`,
    };
  }
  if (depth > MAX_DATA_DEPTH) {
    const message = `is nested deeper than ${MAX_DATA_DEPTH} levels, which many receivers could not read`;
    return { ok: false, code: 'invalid_event', message };
  }
  // Only an escape can bring half of a surrogate pair this far, so most payloads need not be walked.
  if (/\\u[dD][89a-fA-F]/.test(data) && !isWellFormedJson(json)) {
    return {
      ok: false,
      code: 'invalid_event',
      message: 'contains an unpaired surrogate (\\ud800 to \\udfff), which UTF-8 cannot carry',
    };
  }
  return { ok: true, data };
}
