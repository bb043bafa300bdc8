import * as z from 'zod';
import { AnyJson } from '../json/any-json.ts';
import { PublishableTypeName } from './event-type.ts';

/** Where a statement comes from: the vendor's page on webhooks, another public source, or our own judgement. */
const ORIGINS = ['promised', 'public', 'ours'] as const;
const Origin = z.enum(ORIGINS);

/** An event type as an event-type pack writes it. `source` speaks of the type, `exampleSource` of its example. */
export const PackedEventType = z.strictObject({
  name: PublishableTypeName,
  description: z.string().min(1),
  group: z.string().min(1),
  source: Origin,
  exampleSource: Origin,
  /** JSON Schema 2020-12 of the event's data. */
  schema: z.record(z.string(), AnyJson),
  /** What a publisher would send as data. */
  example: AnyJson,
});
export type PackedEventType = z.infer<typeof PackedEventType>;

/** The event types of one vendor, to be loaded into the deployment's own list. */
export const EventTypePack = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9-]*$/, 'must be lower-case letters, digits and -, as in the file name'),
  title: z.string().min(1),
  description: z.string().min(1),
  sources: z.array(z.strictObject({ title: z.string().min(1), url: z.url().optional(), origin: Origin })),
  eventTypes: z
    .array(PackedEventType)
    .min(1)
    .check(({ value, issues }) => {
      const seen = new Set<string>();
      for (const [index, { name }] of value.entries()) {
        if (seen.has(name)) {
          issues.push({
            code: 'custom',
            input: name,
            path: [index, 'name'],
            message: `${name} is listed twice; keep one`,
          });
        }
        seen.add(name);
      }
    }),
});
export type EventTypePack = z.infer<typeof EventTypePack>;
