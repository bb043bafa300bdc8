import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';
import * as z from 'zod';

/** Texts from this length on are compressed: below it, DynamoDB's write units (1 KB) leave nothing to save. */
const COMPRESS_FROM = 512;

/**
 * A window of 4 KB, little memory and a small buffer for the result take a third less CPU (20 against 13 µs for 0.5 KB), and find the same in
 * short texts.
 */
const SHORT = { level: constants.Z_BEST_SPEED, windowBits: 12, memLevel: 5, chunkSize: 4_096 };
const SHORT_UP_TO = 4_096;
const LONG = { level: constants.Z_BEST_SPEED };

export function packText(text: string, from = COMPRESS_FROM): string | Uint8Array {
  if (text.length < from) return text;
  return deflateRawSync(text, text.length <= SHORT_UP_TO ? SHORT : LONG);
}

/** A packed text, unpacked. */
export const PackedText = z.union([
  z.string(),
  z
    .instanceof(Uint8Array)
    .transform((bytes) =>
      inflateRawSync(bytes, bytes.length <= SHORT_UP_TO ? { chunkSize: SHORT.chunkSize } : {}).toString('utf8'),
    ),
]);
