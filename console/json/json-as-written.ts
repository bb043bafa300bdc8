import { cutJsonMember, indentJson, minifyJson } from '../../functions/core/json/json-text.ts';

/*
 * JSON.parse and JSON.stringify change numbers beyond 2^53, 1.0, 1e400 and the order of keys like "10". What people write
 * for others to receive stays text here.
 */

/** JSON that goes into a request as its author wrote it. */
export class JsonText {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** JSON.stringify, with each member that is a JsonText inserted as it is. */
export function toJson(body: unknown): string {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return JSON.stringify(body);
  const members = Object.entries(body).flatMap(([name, value]) => {
    const text = value instanceof JsonText ? value.text : JSON.stringify(value);
    return text === undefined ? [] : [`${JSON.stringify(name)}:${text}`];
  });
  return `{${members.join(',')}}`;
}

/** Of what is read, members that stay JSON text; null for null. */
export type AsWritten<T, Name extends keyof T> = Omit<T, Name> & Record<Name, string | null>;

/** Reads an object, of which the named members stay text. */
export const readAsWritten =
  (...names: string[]) =>
  (text: string) => {
    const texts = names.map((name) => [name, textOf(text, name)]);
    return { ...JSON.parse(text), ...Object.fromEntries(texts) };
  };

function textOf(text: string, name: string): string | null {
  const found = cutJsonMember(text, name);
  return found === 'null' ? null : found;
}

/** With its lines broken; what is not JSON stays as it is. */
export function layOutJson(text: string): string {
  try {
    JSON.parse(text);
  } catch {
    return text;
  }
  return indentJson(minifyJson(text), 2, '\n', Number.POSITIVE_INFINITY) ?? text;
}
