import * as z from 'zod';

/** RFC 3339 has four digits for the year; an offset can lead past them. */
export function isCommonEra(text: string): boolean {
  const at = Date.parse(text);
  return at >= -62_167_219_200_000 && at <= 253_402_300_799_999;
}

/** A moment, as callers write it; epoch milliseconds inside. */
export const Moment = z.iso
  .datetime({ offset: true, abort: true, error: 'must be an RFC 3339 date and time, as in 2026-11-22T10:00:00Z' })
  .refine(isCommonEra, 'must be in the years 0000 to 9999 in UTC')
  .transform((text) => Date.parse(text))
  .meta({ override: { type: 'string', format: 'date-time' } });
