import * as z from 'zod';

export const ENVIRONMENTS = ['production', 'development'] as const;
export const Environment = z.enum(ENVIRONMENTS);
export type Environment = z.infer<typeof Environment>;
