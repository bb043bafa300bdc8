import { notFound, Problem } from './problem.ts';

interface Modification<T extends { revision: number }> {
  what: string;
  ifMatch: number | null;
  read: () => Promise<T | null>;
  change: (current: T) => T | Promise<T>;
  save: (next: T, revision: number) => Promise<boolean>;
}

const MAX_CONFLICTS = 5;

/**
 * Reads a resource, changes it, and writes it unless somebody else has written in between; then it begins anew, so that
 * no change undoes another. With If-Match it gives up instead. Returns the resource as it is stored now.
 */
export async function modify<T extends { revision: number }>({
  what,
  ifMatch,
  read,
  change,
  save,
}: Modification<T>): Promise<T> {
  for (let conflicts = 0; conflicts < MAX_CONFLICTS; conflicts += 1) {
    const current = await read();
    if (current === null) throw notFound(what);
    checkRevision(ifMatch, current);
    const next = await change(current);
    if (next === current) return current; // there is nothing to change
    if (await save(next, current.revision)) return { ...next, revision: current.revision + 1 };
  }
  throw new Problem('conflict', 'Others keep changing it at the same moment. Send the request again.', [], 1);
}

export function checkRevision(ifMatch: number | null, { revision }: { revision: number }): void {
  if (ifMatch === null || ifMatch === revision) return;
  throw new Problem(
    'precondition_failed',
    'It was changed in the meantime. Read it again, and repeat your change on what it is now.',
  );
}
