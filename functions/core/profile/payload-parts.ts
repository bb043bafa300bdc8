import { jsonMembers } from '../json/json-text.ts';

/** The parts of one payload that a template refers to: each object is taken apart once, however many references go through it. */
export class PayloadParts {
  private readonly members = new Map<string, ReadonlyMap<string, string>>();
  private readonly text: string;

  /** @param text valid JSON */
  constructor(text: string) {
    this.text = text;
  }

  /** The JSON text at the end of a path of member names; null if there is none. */
  at(path: readonly string[]): string | null {
    let value: string | null = this.text;
    for (const [depth, name] of path.entries()) {
      if (value === null) return null;
      value = this.membersAt(path.slice(0, depth), value).get(name) ?? null;
    }
    return value;
  }

  private membersAt(path: readonly string[], text: string): ReadonlyMap<string, string> {
    const key = JSON.stringify(path);
    const known = this.members.get(key);
    if (known !== undefined) return known;
    // Of a repeated name the last one counts, as with JSON.parse.
    const members = new Map(jsonMembers(text)?.map(({ name, value }) => [name, value]));
    this.members.set(key, members);
    return members;
  }
}
