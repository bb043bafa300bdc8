import * as z from 'zod';

const Rfc3339 = z.iso.datetime({ offset: true });

/**
 * A moment as RFC 3339 writes it, with an offset. The letters T and Z may be lower-case (RFC 3339 §5.6). Parsed, it is
 * epoch milliseconds; finer fractions are cut off.
 */
export const Moment = z
  .string()
  .transform((text, { addIssue }) => {
    const upper = text.replace('t', 'T').replace('z', 'Z');
    if (!Rfc3339.safeParse(upper).success) {
      addIssue('must be an RFC 3339 date and time with an offset, as in 2026-11-22T10:00:00Z');
      return z.NEVER;
    }
    const at = Date.parse(upper);
    if (isCommonEra(at)) return at;
    addIssue('must be in the years 0000 to 9999 in UTC');
    return z.NEVER;
  })
  .meta({ format: 'date-time' });

/** RFC 3339 has four digits for the year; an offset can lead past them. */
function isCommonEra(at: number): boolean {
  return at >= -62_167_219_200_000 && at <= 253_402_300_799_999;
}
