import * as z from 'zod';
import { FILTER_MISMATCH_CODES } from '../../core/subscription/filter/mismatch.ts';

export const FilterMismatchView = z
  .object({
    code: z.enum(FILTER_MISMATCH_CODES),
    field: z.string().nullable().meta({ description: 'The field that does not fit; null if it is none of them.' }),
    found: z
      .string()
      .nullable()
      .meta({ description: 'Its value as JSON, shortened; null if it has none, or several.' }),
  })
  .meta({ id: 'FilterMismatch', description: 'What a filter misses, for words in another language.' });
