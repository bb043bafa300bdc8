import { deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { Problem } from '../../functions/api/http/problem.ts';
import { readBody } from '../../functions/api/http/read-body.ts';
import { encodeBody } from '../../local/resources/http-api/gateway-event.ts';

const TEXT_TYPE = 'application/json';
/** API Gateway hands this one over in base64. */
const BYTES_TYPE = 'application/vnd.acme+json';
const FORMS = [TEXT_TYPE, BYTES_TYPE];

/** As API Gateway hands it over. */
const read = (body: Buffer, type: string, headers: Record<string, string | undefined> = {}) =>
  readBody(
    { ...encodeBody(body, type), headers: { 'content-type': type, 'content-length': String(body.length), ...headers } },
    false,
  );
function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof Problem) return error.code;
    throw error;
  }
  return 'accepted';
}

const INVALID: [string, number[]][] = [
  ['a byte that begins nothing', [0xff]],
  ['Latin-1', [0x52, 0x65, 0x6e, 0xe9, 0x65]],
  ['half a character', [0xe2, 0x82]],
  ['a surrogate', [0xed, 0xa0, 0x80]],
  ['an overlong form', [0xc0, 0xaf]],
  ['a character beyond U+10FFFF', [0xf4, 0x90, 0x80, 0x80]],
];

describe('a body', () => {
  it('comes in both forms', () => {
    expect(FORMS.map((type) => encodeBody(Buffer.from('{}'), type).isBase64Encoded)).toEqual([false, true]);
  });

  describe.each(FORMS)('of the type %s', (type) => {
    it.each(['{"a":1}', '{"a":"é€😀"}', '{"a":"\ufffd"}', '{"a":"\\ufffd"}', '{"a":"\u0000\uffff"}', '\ufeff{}'])(
      'is read as it was sent: %j',
      (text) => {
        expect(read(Buffer.from(text), type)).toBe(text);
      },
    );

    it.each(INVALID)('that is not UTF-8 is refused: %s', (_, bytes) => {
      const body = Buffer.concat([Buffer.from('{"a":"'), Buffer.from(bytes), Buffer.from('"}')]);
      expect(codeOf(() => read(body, type))).toBe('malformed_request');
    });

    it.each(['utf-8', 'UTF-8', '"utf-8"', 'utf8', ' utf-8 '])('may say that it is UTF-8 (charset=%s)', (charset) => {
      expect(codeOf(() => read(Buffer.from('{}'), `${type}; charset=${charset}`))).toBe('accepted');
      expect(codeOf(() => read(Buffer.from('{}'), `${type};version=1;CHARSET=${charset};q=1`))).toBe('accepted');
    });

    it.each(['iso-8859-1', '"ISO-8859-1"', 'utf-16', 'utf-8-sig', 'us-ascii', ''])(
      'of another charset is refused (charset=%s)',
      (charset) => {
        expect(codeOf(() => read(Buffer.from('{}'), `${type}; charset=${charset}`))).toBe('unsupported_media_type');
        expect(codeOf(() => read(Buffer.from('{}'), `${type}; charset=utf-8; charset=${charset}`))).toBe(
          'unsupported_media_type',
        );
      },
    );
  });

  it.each(FORMS)('that is compressed is refused for its coding, not for what it looks like as text (%s)', (type) => {
    for (const [coding, compress] of Object.entries({ gzip: gzipSync, deflate: deflateSync, zstd: zstdCompressSync })) {
      const body = compress(Buffer.from('{"type":"employee.created","data":{"id":1}}'));
      expect(codeOf(() => read(body, type, { 'content-encoding': coding }))).toBe('unsupported_media_type');
      expect(codeOf(() => read(body, type))).toBe('malformed_request');
    }
  });

  it('with U+FFFD and without Content-Length is refused as text: nothing shows where U+FFFD comes from', () => {
    const body = Buffer.from('{"a":"\ufffd"}');
    expect(codeOf(() => read(body, TEXT_TYPE, { 'content-length': undefined }))).toBe('malformed_request');
    expect(codeOf(() => read(body, BYTES_TYPE, { 'content-length': undefined }))).toBe('accepted');
  });
});
