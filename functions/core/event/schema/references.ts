import { pointerKeys, valueAt } from '../../json/pointer.ts';

/** Where a schema begins that has no `$id`. */
const BASE = 'https://schema.invalid/';
/** Their values are data, whatever it looks like. */
const DATA_KEYWORDS = new Set(['const', 'enum', 'default', 'examples', 'example']);

/** Finds what references within a schema lead to: pointers, `$anchor` and `$id`. Nothing is fetched. */
export function referenceIndex(root: unknown): (reference: string, from: object) => unknown {
  const targets = new Map<string, unknown>([[BASE, root]]);
  const bases = new Map<object, string>();
  const open: { json: unknown; base: string }[] = [{ json: root, base: BASE }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { json, base: outer } = next;
    if (typeof json !== 'object' || json === null) continue;
    const id: unknown = Reflect.get(json, '$id');
    const base = typeof id === 'string' ? (resolve(id, outer)?.base ?? outer) : outer;
    if (base !== outer) targets.set(base, json);
    bases.set(json, base);
    const anchor: unknown = Reflect.get(json, '$anchor');
    if (typeof anchor === 'string') targets.set(`${base}#${anchor}`, json);
    for (const [key, member] of Object.entries(json)) if (!DATA_KEYWORDS.has(key)) open.push({ json: member, base });
  }
  return (reference, from) => {
    const target = resolve(reference, bases.get(from) ?? BASE);
    if (target === null) return undefined;
    const { base, fragment } = target;
    if (fragment !== '' && !fragment.startsWith('/')) return targets.get(`${base}#${fragment}`);
    const resource = targets.get(base);
    return fragment === '' ? resource : valueAt(resource, pointerKeys(fragment));
  };
}

function resolve(reference: string, base: string): { base: string; fragment: string } | null {
  if (!URL.canParse(reference, base)) return null;
  const url = new URL(reference, base);
  const fragment = decode(url.hash.slice(1));
  url.hash = '';
  return { base: url.href, fragment };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // It is no URI fragment, and so leads nowhere.
    return text;
  }
}
