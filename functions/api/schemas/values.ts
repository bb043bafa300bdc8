import * as z from 'zod';
import { JsonText } from '../http/json.ts';

/** Values that several resources show. A resource is shown by parsing it: what its schema does not name is left out. */
export const viewOf =
  <View extends z.ZodType>(schema: View) =>
  (value: z.input<View>): z.output<View> =>
    schema.parse(value);

/** Epoch milliseconds in, RFC 3339 out. */
export const Timestamp = z
  .number()
  .transform((at) => time(at))
  .pipe(z.iso.datetime().meta({ description: 'RFC 3339, UTC, milliseconds.' }));
export const Reason = z.object({ code: z.string(), message: z.string() });
export const Json = z.unknown().meta({ description: 'Any JSON.' });
/** JSON text in, the same text in the answer. */
export const JsonAsWritten = z
  .string()
  .nullable()
  .transform((text): unknown => (text === null ? null : new JsonText(text)))
  .pipe(Json);

/** RFC 3339 in UTC with milliseconds. */
export const time = (at: number): string => new Date(at).toISOString();
