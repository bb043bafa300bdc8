import type { EventType, EventTypeInput, EventTypePatch } from '../api/types.ts';
import { type ReadJson, readJson, writeJson } from '../json/read-json.ts';

/** An event type as a form holds it. */
export interface EventTypeDraft {
  name: string;
  description: string;
  group: string;
  schema: string;
  validate: boolean;
  example: string;
}

export const NEW_EVENT_TYPE: EventTypeDraft = {
  name: '',
  description: '',
  group: '',
  schema: '',
  validate: false,
  example: '',
};

export function draftOf({ name, description, group, schema, validate, example }: EventType): EventTypeDraft {
  return { name, description, group: group ?? '', schema: writeJson(schema), validate, example: writeJson(example) };
}

/** No text: there is none. */
export function readText(text: string): ReadJson {
  return text.trim() === '' ? { ok: true, value: null } : readJson(text);
}

export function inputOf(draft: EventTypeDraft, schema: unknown, example: unknown): EventTypeInput {
  const { name, description, group, validate } = draft;
  // The API holds the schema to be one.
  return {
    name,
    description,
    validate,
    group: group.trim() === '' ? null : group.trim(),
    schema: schema as EventTypeInput['schema'],
    example,
  };
}

/** Only what was changed: numbers that JavaScript cannot hold stay as they are where no one touched them. */
export function patchOf(draft: EventTypeDraft, before: EventType, schema: unknown, example: unknown): EventTypePatch {
  const was = draftOf(before);
  const { name: _, ...now } = inputOf(draft, schema, example);
  const changed = (Object.keys(now) as (keyof typeof now)[]).filter((field) => draft[field] !== was[field]);
  return Object.fromEntries(changed.map((field) => [field, now[field]]));
}
