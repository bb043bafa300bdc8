import { readdirSync, readFileSync } from 'node:fs';
import * as z from 'zod';
import { Catalogue, type CatalogueEventType } from '../../functions/core/catalogue.ts';

const folder = new URL('../../catalogues/', import.meta.url);

export const catalogueNames = readdirSync(folder)
  .filter((file) => file.endsWith('.json'))
  .map((file) => file.slice(0, -'.json'.length));

export const readText = (name: string) => readFileSync(new URL(`${name}.json`, folder), 'utf8');
export const readCatalogue = (name: string) => Catalogue.parse(JSON.parse(readText(name)));

export function eventType(vendor: string, name: string): CatalogueEventType {
  const found = readCatalogue(vendor).eventTypes.find((type) => type.name === name);
  if (found === undefined) throw new Error(`${vendor}.json has no ${name}`);
  return found;
}

export const asObject = (value: unknown) => z.record(z.string(), z.json()).parse(value);

/** A published sample, transcribed: the whole body as the vendor shows it. */
export const readFixture = (file: string) =>
  asObject(JSON.parse(readFileSync(new URL(`fixtures/${file}`, import.meta.url), 'utf8')));
