import { notFound, Refusal } from './refusal.ts';

interface Change<T extends { revision: number }> {
  what: string;
  /** The revision that the caller has seen; null for any. */
  ifMatch: number | null;
  read: () => Promise<T | null>;
  /** The same object if there is nothing to change. */
  change: (current: T) => T | Refusal | Promise<T | Refusal>;
  /** False, and nothing written, unless the stored revision is the given one. */
  save: (next: T, revision: number) => Promise<boolean>;
}

const MAX_CONFLICTS = 5;

/**
 * Reads a stored thing, changes it, and writes it unless another request wrote it in between. Then it starts again, so
 * that no change undoes another. With `ifMatch` it refuses instead. Returns the thing as it is stored now.
 */
export async function changeStored<T extends { revision: number }>({
  what,
  ifMatch,
  read,
  change,
  save,
}: Change<T>): Promise<T | Refusal> {
  for (let conflicts = 0; conflicts < MAX_CONFLICTS; conflicts += 1) {
    const current = await read();
    if (current === null) return notFound(what);
    const stale = refuseStale(ifMatch, current);
    if (stale !== null) return stale;
    const next = await change(current);
    if (next === current || next instanceof Refusal) return next;
    if (await save(next, current.revision)) return { ...next, revision: current.revision + 1 };
  }
  return new Refusal('conflict', 'Other requests keep changing it. Send the request again.', [], 1);
}

/** Null if the caller's revision is the stored one, or if the caller named none. */
export function refuseStale(ifMatch: number | null, { revision }: { revision: number }): Refusal | null {
  if (ifMatch === null || ifMatch === revision) return null;
  return new Refusal(
    'precondition_failed',
    'It was changed in the meantime. Read it again, and repeat your change on what it is now.',
  );
}
