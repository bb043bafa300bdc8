import * as z from 'zod';

/**
 * What a change made of a field: a text as it is, anything else as JSON, null where there is none. A long one is cut, and says
 * so at its end.
 */
export const AuditChange = z.object({ from: z.string().nullable(), to: z.string().nullable() });
export type AuditChange = z.infer<typeof AuditChange>;

const MAX_CHANGES = 25;
const MAX_VALUE_LENGTH = 300;
const MAX_PATH_LENGTH = 100;
/** Deeper members are shown as JSON: `document.retry.gapsSeconds` is a field of its own, what lies below is not. */
const MAX_DEPTH = 3;

/** What differs between what a thing showed before and after a change, by the path of each field; null: there is no such thing. */
export function changesBetween(before: unknown, after: unknown): Record<string, AuditChange> {
  const [old, next] = [fieldsOf(before), fieldsOf(after)];
  const changed = [...new Set([...old.keys(), ...next.keys()])].filter((path) => old.get(path) !== next.get(path));
  return Object.fromEntries(
    changed.slice(0, MAX_CHANGES).map((path) => {
      const change = { from: cut(old.get(path) ?? null), to: cut(next.get(path) ?? null) };
      return [path.slice(0, MAX_PATH_LENGTH), change];
    }),
  );
}

/** The text of each field by its path; without those that are null. */
function fieldsOf(value: unknown, path: readonly string[] = []): Map<string, string> {
  if (value === null || value === undefined) return new Map();
  if (typeof value === 'object' && !Array.isArray(value) && path.length < MAX_DEPTH)
    return new Map(Object.entries(value).flatMap(([name, member]) => [...fieldsOf(member, [...path, name])]));
  return new Map([[path.join('.'), typeof value === 'string' ? value : JSON.stringify(value)]]);
}

function cut(text: string | null): string | null {
  if (text === null || text.length <= MAX_VALUE_LENGTH) return text;
  return `${text.slice(0, MAX_VALUE_LENGTH).toWellFormed()}… (cut: it has ${text.length} characters)`;
}
