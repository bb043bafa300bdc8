import * as z from 'zod';

/** A string that UTF-8 can carry. Half a surrogate pair would be stored as another character than was sent. */
export const Text = z.string().refine((text) => text.isWellFormed(), 'must not contain an unpaired surrogate');

export const Name = Text.min(1).max(200);

/** A record whose member `__proto__` is refused. zod would leave it out without a word. */
export function recordOf<Value extends z.ZodType>(name: z.ZodString, value: Value) {
  return z.preprocess(
    (input, context) => {
      if (typeof input === 'object' && input !== null && Object.hasOwn(input, '__proto__'))
        context.addIssue({ code: 'custom', path: ['__proto__'], message: 'is a name that cannot be used', input });
      return input;
    },
    z.record(name, value),
  );
}

export const MetadataName = Text.min(1).max(64);
export const MetadataValue = Text.max(512);
export const Metadata = recordOf(MetadataName, MetadataValue)
  .refine((metadata) => Object.keys(metadata).length <= 50, 'must have at most 50 keys')
  .meta({ maxProperties: 50, description: 'Your own notes: up to 50 keys of 64 characters, values of 512.' });
