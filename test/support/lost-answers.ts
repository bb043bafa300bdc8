import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { HttpRequest } from '@smithy/core/protocols';

export interface LostAnswers {
  /** The next call of this operation reaches the store and has its effect; then its answer is lost. */
  loseNext(operation: string): void;
  /** As `loseNext`, for the next write, whichever it is. */
  loseNextWrite(): void;
  /** How many answers were lost so far. */
  count(): number;
}

const WRITES = ['PutItem', 'UpdateItem', 'DeleteItem'];

/**
 * "Effect, then error": a connection that breaks after the store has carried out a call. The SDK repeats such a call
 * without telling its caller.
 */
export function loseAnswers(client: DynamoDBClient): LostAnswers {
  const armed = new Set<string>();
  let nextWrite = false;
  let lost = 0;
  client.middlewareStack.add(
    (next) => async (args) => {
      const answer = await next(args);
      const target = HttpRequest.isInstance(args.request) ? args.request.headers['x-amz-target'] : undefined;
      const operation = target?.split('.').at(-1) ?? '';
      if (nextWrite && WRITES.includes(operation)) nextWrite = false;
      else if (!armed.delete(operation)) return answer;
      lost += 1;
      throw Object.assign(new Error('socket hang up'), { name: 'TimeoutError', code: 'ECONNRESET' });
    },
    // Within the SDK's own retries, which are in `finalizeRequest`, and after the answer was read.
    { step: 'deserialize', priority: 'high', name: 'lost-answers' },
  );
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
