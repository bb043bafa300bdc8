import { MAX_DATA_BYTES } from '../../event/event-data.ts';
import type { ObjectPattern, Pattern } from './pattern.ts';

/** What one filter may cost for one event, in steps of some nanoseconds: a value looked at, or four characters read. */
export const MAX_FILTER_STEPS = 10_000_000;

/** Characters of a text that are read in a step. */
export const CHARACTERS_A_STEP = 4;

/** A value in JSON takes two bytes at least, with its comma; an object takes three. */
const MAX_ITEMS = MAX_DATA_BYTES / 2;
const MAX_OBJECTS = MAX_DATA_BYTES / 3;

/**
 * What a pattern can cost for the largest event. Each value of an event is at one place, so the worst event has all of its
 * bytes at the place that most parts of the pattern look at.
 */
export function worstSteps(pattern: ObjectPattern): number {
  const places = new Map<string, number>();
  addTo(places, pattern);
  return Math.max(...places.values());
}

function addTo(places: Map<string, number>, pattern: Pattern): void {
  places.set(pattern.path, (places.get(pattern.path) ?? 0) + stepsAt(pattern));
  if (pattern.kind === 'value') return;
  for (const field of pattern.fields) addTo(places, field.pattern);
  for (const alternative of pattern.alternatives) addTo(places, alternative);
}

function stepsAt(pattern: Pattern): number {
  if (pattern.kind === 'object') return MAX_OBJECTS * (1 + pattern.fields.length);
  const { steps, readings } = pattern.cost;
  return MAX_ITEMS * steps + (MAX_DATA_BYTES / CHARACTERS_A_STEP) * readings;
}
