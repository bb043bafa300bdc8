import * as z from 'zod';

/**
 * Any member of a JSON document. Not z.json(): that describes a schema that refers to itself, which stops generators of
 * clients.
 */
export const AnyJson = z.unknown().refine((value) => value !== undefined, 'is required');
