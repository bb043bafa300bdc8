const MAX_TEXT = 40;
const MAX_LISTED = 5;

/** A value as JSON, shortened; text never ends in half a character. */
export function quote(value: unknown): string {
  if (typeof value !== 'string') return String(value);
  if (value.length <= MAX_TEXT) return JSON.stringify(value);
  return `${JSON.stringify(value.slice(0, MAX_TEXT).replace(/[\ud800-\udbff]$/, ''))}…`;
}

/** `a, b or c`; of a long list the first few, and how many more there are. */
export function list(items: readonly string[], word: 'and' | 'or'): string {
  const shown = items.length > MAX_LISTED ? items.slice(0, MAX_LISTED) : items.slice(0, -1);
  const last = items.length > MAX_LISTED ? `${items.length - MAX_LISTED} more` : (items.at(-1) ?? '');
  return shown.length === 0 ? last : `${shown.join(', ')} ${word} ${last}`;
}
