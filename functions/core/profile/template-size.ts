import { MAX_DATA_BYTES } from '../event/event-data.ts';
import { dataPath, splitText } from './template.ts';

/** What one delivery's body may have, in bytes: four times the largest payload. */
export const MAX_BODY_BYTES = 1_048_576;
/** What the headers of a profile may have together, in bytes; common receivers take 16 to 32 KiB of headers in all. */
export const MAX_HEADER_BYTES = 16_384;

/** A character of a name or of metadata is written in six bytes at most, as \u0000. */
const BYTES_A_CHARACTER = 6;
const LARGEST: Record<string, number> = {
  'event.type': 128,
  'subscription.name': 200 * BYTES_A_CHARACTER,
  'subscription.url': 2_048 * BYTES_A_CHARACTER,
  'subscription.metadata': 50 * (64 + 512) * BYTES_A_CHARACTER + 50 * 6,
  'delivery.id': 256,
};
/** Ids, times and numbers. */
const LARGEST_OTHER = 66;

/** How many bytes an envelope can render at most, for the largest payload and subscription. */
export function worstEnvelopeBytes(template: unknown): number {
  const paths: string[][] = [];
  let bytes = Buffer.byteLength(JSON.stringify(template) ?? '');
  const open: unknown[] = [template];
  while (open.length > 0) {
    const next = open.pop();
    if (typeof next === 'string') {
      for (const { reference } of splitText(next)) {
        const data = reference === null ? null : dataPath(reference);
        if (data !== null) paths.push(data.path);
        else if (reference !== null) bytes += LARGEST[reference] ?? LARGEST_OTHER;
      }
    } else if (typeof next === 'object' && next !== null) open.push(...Object.values(next));
  }
  return bytes + MAX_DATA_BYTES * mostOfOneByte(paths);
}

/** How often one byte of the payload can be rendered: different parts share none unless one lies within the other. */
function mostOfOneByte(paths: readonly string[][]): number {
  const counts = new Map<string, number>();
  for (const path of paths) {
    const key = JSON.stringify(path);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  let most = 0;
  for (const path of paths) {
    let sum = 0;
    for (let length = 0; length <= path.length; length += 1)
      sum += counts.get(JSON.stringify(path.slice(0, length))) ?? 0;
    most = Math.max(most, sum);
  }
  return most;
}

/** How many bytes a text with references can render at most, without `body`. */
export function worstTextBytes(template: string): number {
  return splitText(template).reduce(
    (sum, { text, reference }) =>
      sum + (reference === null ? Buffer.byteLength(text) : (LARGEST[reference] ?? LARGEST_OTHER)),
    0,
  );
}
