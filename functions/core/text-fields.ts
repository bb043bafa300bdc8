import * as z from 'zod';

/** A string that UTF-8 can carry. Half a surrogate pair would be stored as another character than was sent. */
export const Text = z.string().refine((text) => text.isWellFormed(), 'must not contain an unpaired surrogate');

export const Name = Text.min(1).max(200);

export const MetadataName = Text.min(1).max(64);
export const MetadataValue = Text.max(512);
export const Metadata = z
  .record(MetadataName, MetadataValue)
  .refine((metadata) => Object.keys(metadata).length <= 50, 'must have at most 50 keys')
  .meta({ maxProperties: 50, description: 'Your own notes: up to 50 keys of 64 characters, values of 512.' });
