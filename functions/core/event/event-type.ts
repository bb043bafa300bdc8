import * as z from 'zod';

const NAME = '[A-Za-z0-9_-]+(?:[.:][A-Za-z0-9_-]+)*';

/** Types of Posthorn's own events: its test event, and the system events. Publishers may not use them. */
export const RESERVED_PREFIX = 'posthorn.';
export const TEST_EVENT_TYPE = 'posthorn.test';

export const EventTypeName = z
  .string()
  .max(128, 'must be at most 128 characters')
  .regex(new RegExp(`^${NAME}$`), 'must be words of A-Z a-z 0-9 _ - joined by dots, as in employee.created');

export const PublishableTypeName = EventTypeName.refine((name) => !name.startsWith(RESERVED_PREFIX), {
  error: `must not start with ${RESERVED_PREFIX}, which is reserved`,
}).meta({ pattern: `^(?!posthorn\\.)${NAME}$` });

/** What a subscription wants: a name, every name below a prefix (`employee.*`), or all (`*`). */
export const EventTypePattern = z
  .string()
  .max(130, 'must be at most 130 characters')
  .regex(new RegExp(`^(?:\\*|${NAME}(?:\\.\\*)?)$`), 'must be an event type, a prefix as in employee.*, or *');

export function matchesPattern(pattern: string, type: string): boolean {
  // Test events go to the subscription under test alone, never by a pattern.
  if (pattern.endsWith('*') && type === TEST_EVENT_TYPE) return false;
  if (pattern === '*') return true;
  return pattern.endsWith('.*') ? type.startsWith(pattern.slice(0, -1)) : type === pattern;
}

export const EventType = z.object({
  name: EventTypeName,
  description: z.string(),
  group: z.string().nullable(),
  /** JSON Schema 2020-12 of the event's data, as JSON text. */
  schema: z.string().nullable(),
  /** Whether events are rejected whose data does not fit the schema. */
  validate: z.boolean().default(false),
  /** JSON text, kept as it was written. */
  example: z.string().nullable(),
  archived: z.boolean(),
  createdAt: z.number(),
  updatedAt: z.number(),
  /** Raised by each write, for conditional writes and ETags. */
  revision: z.int(),
});
export type EventType = z.infer<typeof EventType>;

/** The patterns that no live event type matches. */
export function unknownPatterns(patterns: readonly string[], known: readonly EventType[]): string[] {
  const live = known.filter((type) => !type.archived);
  return patterns.filter((pattern) => pattern !== '*' && !live.some((type) => matchesPattern(pattern, type.name)));
}
