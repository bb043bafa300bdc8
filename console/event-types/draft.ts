import type { EventType, EventTypeInput, EventTypePatch } from '../api/types.ts';
import { JsonText, layOutJson } from '../json/json-as-written.ts';
import { type ReadJson, readJson } from '../json/read-json.ts';

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
  return {
    name,
    description,
    group: group ?? '',
    schema: layOutJson(schema ?? ''),
    validate,
    example: layOutJson(example ?? ''),
  };
}

/** No text: there is none. */
export function readText(text: string): ReadJson {
  return text.trim() === '' ? { ok: true, value: null } : readJson(text);
}

export function inputOf({ name, description, group, schema, validate, example }: EventTypeDraft): EventTypeInput {
  return {
    name,
    description,
    validate,
    group: group.trim() === '' ? null : group.trim(),
    schema: jsonOf(schema),
    example: jsonOf(example),
  };
}

/** Only what was changed. */
export function patchOf(draft: EventTypeDraft, before: EventType): EventTypePatch {
  const was = draftOf(before);
  const { name: _, ...now } = inputOf(draft);
  const changed = (Object.keys(now) as (keyof typeof now)[]).filter((field) => draft[field] !== was[field]);
  return Object.fromEntries(changed.map((field) => [field, now[field]]));
}

const jsonOf = (text: string): JsonText | null => (text.trim() === '' ? null : new JsonText(text));
