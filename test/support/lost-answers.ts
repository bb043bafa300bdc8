import type { CallFaults } from './call-faults.ts';

export interface LostAnswers {
  /** The next call of this operation reaches the store and has its effect; then its answer is lost. */
  loseNext(operation: string): void;
  /** As `loseNext`, for the next write, whichever it is, but the announcement of one. */
  loseNextWrite(): void;
  /** How many answers were lost so far. */
  count(): number;
}

const WRITES = ['PutItem', 'UpdateItem', 'DeleteItem', 'BatchWriteItem'];
/** That a subscription is about to be written. */
const ANNOUNCEMENT = '"CHANGED#';

/** "Effect, then error": a connection that breaks after the store has carried out a call. Such a call is repeated without telling its caller. */
export function loseAnswers(faults: CallFaults): LostAnswers {
  const armed = new Set<string>();
  let nextWrite = false;
  let lost = 0;
  faults.loses = (operation, body) => {
    if (nextWrite && WRITES.includes(operation) && !body.includes(ANNOUNCEMENT)) nextWrite = false;
    else if (!armed.delete(operation)) return false;
    lost += 1;
    return true;
  };
  return {
    loseNext: (operation) => {
      armed.add(operation);
    },
    loseNextWrite: () => {
      nextWrite = true;
    },
    count: () => lost,
  };
}
