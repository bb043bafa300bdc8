/*
 * JSON pointers (RFC 6901).
 */

/** The pointer to a path of keys and indexes; the empty path is the whole document. */
export function jsonPointer(path: readonly PropertyKey[]): string {
  return path.map((key) => `/${escapePointer(String(key))}`).join('');
}

/** The pointer to what lies so many keys within another. */
export function pointerWithin(pointer: string, ...keys: readonly (string | number)[]): string {
  return pointer + jsonPointer(keys);
}

/** One key as it stands in a pointer. */
export function escapePointer(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}

/** The keys that a pointer names, in order. */
export function pointerKeys(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** The value at the end of a path; undefined if there is none. Only own members count. */
export function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined,
    input,
  );
}
