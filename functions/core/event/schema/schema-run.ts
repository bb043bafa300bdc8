import { type FieldError, listErrors } from '../../field-error.ts';
import { jsonPointer } from '../../json/pointer.ts';
import type { StepBudget } from '../../step-budget.ts';

/** A place in the data: it becomes a pointer only if there is a mistake to be told there. */
export interface Place {
  parent: Place | null;
  key: string | number;
  depth: number;
}

export function within(parent: Place | null, key: string | number): Place {
  return { parent, key, depth: (parent?.depth ?? 0) + 1 };
}

const MAX_KEPT = 100;
const MAX_LISTED = 50;

/** What is wrong with the data: the first mistakes, and how many there are. */
export class Mistakes {
  readonly kept: { place: Place | null; message: string }[] = [];
  private count = 0;

  /** Further ones are only counted. */
  get isFull(): boolean {
    return this.kept.length >= MAX_KEPT;
  }

  add(place: Place | null, message: string): void {
    this.count += 1;
    if (!this.isFull) this.kept.push({ place, message });
  }

  /** With pointers that begin with /data. */
  list(): FieldError[] {
    // Several keywords can find the same fault.
    const unique = new Map(
      this.kept.map(({ place, message }) => {
        const path = `/data${pointerTo(place)}`;
        return [`${path} ${message}`, { path, message }];
      }),
    );
    const listed = listErrors([...unique.values()].slice(0, MAX_LISTED));
    const more = this.count - this.kept.length + unique.size - listed.length;
    return more === 0 ? listed : [...listed, { path: '', message: `and ${more} more mistakes` }];
  }
}

function pointerTo(place: Place | null): string {
  const keys: (string | number)[] = [];
  for (let at = place; at !== null; at = at.parent) keys.push(at.key);
  return jsonPointer(keys.reverse());
}

/** The properties and items of one value that a schema has looked at: what `unevaluated…` leaves alone. */
export interface Seen {
  keys: Set<string>;
  items: Set<number>;
}

/** Schemas within schemas and data within data, together. Deeper, the stack could end. */
const MAX_DEPTH = 800;

/** One check of one event's data. Once it has stopped, its answer means nothing. */
export class SchemaRun {
  readonly budget: StepBudget;
  /** Whether each schema keeps what it has looked at: only a few documents ask for it. */
  readonly tracksSeen: boolean;
  isTooDeep = false;
  private depth = 0;

  constructor(budget: StepBudget, tracksSeen = false) {
    this.budget = budget;
    this.tracksSeen = tracksSeen;
  }

  get hasStopped(): boolean {
    return this.isTooDeep || this.budget.isSpent;
  }

  /** Goes a level deeper; false if that is too deep. Every `enter` that gave true needs its `leave`. */
  enter(): boolean {
    if (this.depth >= MAX_DEPTH) this.isTooDeep = true;
    else this.depth += 1;
    return !this.isTooDeep;
  }

  leave(): void {
    this.depth -= 1;
  }

  /** One text for all JSON that counts as equal: keys in order, numbers by value. Null once the run has stopped. */
  canonical(value: unknown): string | null {
    const { budget } = this;
    if (typeof value === 'string') {
      budget.spend(1 + value.length / CHARACTERS_A_STEP);
      return JSON.stringify(value);
    }
    budget.spend(1);
    // JSON.stringify would write Infinity, which JSON.parse reads from 1e400, as null.
    if (typeof value !== 'object' || value === null) return String(value);
    if (budget.isSpent || !this.enter()) return null;
    const text = Array.isArray(value) ? this.canonicalList(value) : this.canonicalObject(value);
    this.leave();
    return text;
  }

  private canonicalList(list: readonly unknown[]): string | null {
    const parts: string[] = [];
    for (const item of list) {
      const part = this.canonical(item);
      if (part === null) return null;
      parts.push(part);
    }
    return `[${parts.join()}]`;
  }

  private canonicalObject(object: object): string | null {
    const members = Object.entries(object);
    this.budget.spend(members.length * Math.ceil(Math.log2(members.length + 1)));
    const parts: string[] = [];
    for (const [key, member] of members.sort(([left], [right]) => (left < right ? -1 : 1))) {
      const part = this.canonical(member);
      if (part === null) return null;
      parts.push(`${JSON.stringify(key)}:${part}`);
    }
    return `{${parts.join()}}`;
  }
}

/** Characters that are read, compared or copied in a step. */
export const CHARACTERS_A_STEP = 8;
