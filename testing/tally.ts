/** What went to SQS and DynamoDB. All sums, so that the difference of two is what happened between them. */
export interface Tally {
  /** By service, operation and queue or index: `SQS ReceiveMessage deliveries`. */
  calls: Record<string, number>;
  /** Receives that brought nothing: how many depends on how long the queue is empty, not on the deliveries. */
  emptyReceives: number;
  /** Billed requests: a call for each 64 KB of its payload begun. */
  sqsRequests: number;
  writeUnits: number;
  readUnits: number;
  /** What was put, with its index entries, as DynamoDB bills its storage. */
  storedBytes: number;
}

export function emptyTally(): Tally {
  return { calls: {}, emptyReceives: 0, sqsRequests: 0, writeUnits: 0, readUnits: 0, storedBytes: 0 };
}

export function difference(after: Tally, before: Tally): Tally {
  const calls = Object.entries(after.calls).map(([name, count]) => [name, count - (before.calls[name] ?? 0)] as const);
  return {
    calls: Object.fromEntries(calls.filter(([, count]) => count > 0)),
    emptyReceives: after.emptyReceives - before.emptyReceives,
    sqsRequests: after.sqsRequests - before.sqsRequests,
    writeUnits: after.writeUnits - before.writeUnits,
    readUnits: after.readUnits - before.readUnits,
    storedBytes: after.storedBytes - before.storedBytes,
  };
}

export function total(tallies: readonly Tally[]): Tally {
  const sum = emptyTally();
  for (const { calls, ...numbers } of tallies) {
    for (const [name, count] of Object.entries(calls)) sum.calls[name] = (sum.calls[name] ?? 0) + count;
    sum.emptyReceives += numbers.emptyReceives;
    sum.sqsRequests += numbers.sqsRequests;
    sum.writeUnits += numbers.writeUnits;
    sum.readUnits += numbers.readUnits;
    sum.storedBytes += numbers.storedBytes;
  }
  return sum;
}

/** How many calls have a name that begins so. */
export function callsOf(tally: Tally, prefix: string): number {
  return Object.entries(tally.calls).reduce((sum, [name, count]) => sum + (name.startsWith(prefix) ? count : 0), 0);
}
