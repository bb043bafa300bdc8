import { readdirSync, readFileSync } from 'node:fs';
import * as z from 'zod';
import { EventTypePack, type PackedEventType } from '../../functions/core/event/event-type-pack.ts';

const folder = new URL('../../functions/vendors/', import.meta.url);

export const packNames = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

export const readText = (name: string) => readFileSync(new URL(`${name}/event-types.json`, folder), 'utf8');
export const readEventTypePack = (name: string) => EventTypePack.parse(JSON.parse(readText(name)));

export function eventType(vendor: string, name: string): PackedEventType {
  const found = readEventTypePack(vendor).eventTypes.find((type) => type.name === name);
  if (found === undefined) throw new Error(`${vendor}/event-types.json has no ${name}`);
  return found;
}

export const asObject = (value: unknown) => z.record(z.string(), z.json()).parse(value);

/** A published sample, transcribed: the whole body as the vendor shows it. */
export const readFixture = (file: string) =>
  asObject(JSON.parse(readFileSync(new URL(`fixtures/${file}`, import.meta.url), 'utf8')));
