import { type ParseError, parseTree } from 'jsonc-parser';

/** What a text says as JSON, or what is wrong with it, in the browser's words, and on which line, from 1. */
export type ReadJson = { ok: true; value: unknown } | { ok: false; message: string; line: number };

export function readJson(text: string): ReadJson {
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch (error) {
    const mistakes: ParseError[] = [];
    parseTree(text, mistakes, { disallowComments: true, allowTrailingComma: false });
    const line = lineAt(text, mistakes[0]?.offset ?? 0);
    return { ok: false, message: error instanceof Error ? error.message : String(error), line };
  }
}

/** As a person reads it; no text for what is not there. */
export function writeJson(value: unknown): string {
  return value === undefined || value === null ? '' : JSON.stringify(value, null, 2);
}

function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}
