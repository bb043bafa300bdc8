import { findNodeAtLocation, type JSONPath, type Node, type ParseError, parseTree } from 'jsonc-parser';
import { pointerKeys } from '../../functions/core/json/pointer.ts';

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

/** The line on which the value stands that a JSON pointer names, or, if there is none, the nearest around it. */
export function lineOfPointer(text: string, pointer: string): number {
  const root = parseTree(text);
  const keys = pointerKeys(pointer);
  for (let length = keys.length; root !== undefined && length >= 0; length -= 1) {
    const node = find(root, keys.slice(0, length));
    if (node !== undefined) return lineAt(text, node.offset);
  }
  return 1;
}

/** In a list a key is a number. */
function find(root: Node, keys: readonly string[]): Node | undefined {
  return keys.reduce<Node | undefined>(
    (node, key) => node && findNodeAtLocation(node, [node.type === 'array' ? Number(key) : key] satisfies JSONPath),
    root,
  );
}

function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}
