import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';
import * as z from 'zod';

/** Texts from this length on are compressed: below it, DynamoDB's write units (1 KB) leave nothing to save. */
const COMPRESS_FROM = 512;

export function packText(text: string, from = COMPRESS_FROM): string | Uint8Array {
  return text.length < from ? text : deflateRawSync(text, { level: constants.Z_BEST_SPEED });
}

/** A packed text, unpacked. */
export const PackedText = z.union([
  z.string(),
  z.instanceof(Uint8Array).transform((bytes) => inflateRawSync(bytes).toString('utf8')),
]);
