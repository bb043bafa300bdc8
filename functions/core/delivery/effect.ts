import * as z from 'zod';
import { OwedSystemEvent } from '../system-event/system-event.ts';

/**
 * What an outcome still demands elsewhere. It stays on the delivery until it is done, so that a crash cannot lose it.
 * Doing it twice changes nothing.
 */
export const Effect = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('deactivate_subscription'),
    deactivation: z.enum(['disable', 'remove']),
    /** The subscription's generation that the attempt used: a verdict does not bind a later one. */
    generation: z.int(),
    reason: z.object({ code: z.string(), message: z.string() }),
    /** The URL that was attempted. Effects from before have none. */
    url: z.string().default(''),
    at: z.number(),
    /** Since when all attempts have failed, if that is the reason: a success in between disproves it. */
    failingSince: z.number().optional(),
  }),
  OwedSystemEvent.extend({ kind: z.literal('emit_system_event') }),
]);
export type Effect = z.infer<typeof Effect>;
