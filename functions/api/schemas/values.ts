import * as z from 'zod';

/** Values that several resources show. */
export const Timestamp = z.iso.datetime().meta({ description: 'RFC 3339, UTC, milliseconds.' });
export const Reason = z.object({ code: z.string(), message: z.string() });
export const Json = z.unknown().meta({ description: 'Any JSON.' });

/** RFC 3339 in UTC with milliseconds. */
export const time = (at: number): string => new Date(at).toISOString();
export const timeOrNull = (at: number | null): string | null => (at === null ? null : time(at));
