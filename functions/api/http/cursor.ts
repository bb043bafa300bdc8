import { Problem } from './problem.ts';

/** A place in a list: opaque to callers, a sort key to us. It stays valid while items come and go. */
export function encodeCursor(position: string | null): string | null {
  return position === null ? null : Buffer.from(position).toString('base64url');
}

export function decodeCursor(cursor: string | undefined): string | null {
  if (cursor === undefined) return null;
  const position = Buffer.from(cursor, 'base64url').toString('utf8');
  if (!/^[\x21-\x7e]{1,200}$/.test(position) || encodeCursor(position) !== cursor) {
    throw new Problem(
      'malformed_request',
      'The cursor is not one of ours. Take it from nextCursor as it is, or leave it out to start from the beginning.',
    );
  }
  return position;
}
