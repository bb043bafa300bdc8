import { Problem } from './problem.ts';

/** In hexadecimal, the visible ASCII characters that places are made of: the pattern refuses just what the code refuses. */
export const CURSOR_PATTERN = '^(?:2[1-9a-f]|[3-6][0-9a-f]|7[0-9a-e]){1,200}$';
const CURSOR = new RegExp(CURSOR_PATTERN);

/** A place in a list: opaque to callers, a sort key to us. It stays valid while items come and go. */
export function encodeCursor(position: string | null): string | null {
  return position === null ? null : Buffer.from(position).toString('hex');
}

export function decodeCursor(cursor: string | undefined): string | null {
  if (cursor === undefined) return null;
  if (CURSOR.test(cursor)) return Buffer.from(cursor, 'hex').toString();
  const message =
    'The cursor is not one of ours. Take it from nextCursor as it is, or leave it out to start from the beginning.';
  throw new Problem('malformed_request', message);
}
