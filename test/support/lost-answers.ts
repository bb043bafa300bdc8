import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { HttpRequest } from '@smithy/core/protocols';

export interface LostAnswers {
  /** The next call of this operation reaches the store and has its effect; then its answer is lost. */
  loseNext(operation: string): void;
  /** How many answers were lost so far. */
  count(): number;
}

/**
 * "Effect, then error": a connection that breaks after the store has carried out a call. The SDK repeats such a call
 * without telling its caller.
 */
export function loseAnswers(client: DynamoDBClient): LostAnswers {
  const armed = new Set<string>();
  let lost = 0;
  client.middlewareStack.add(
    (next) => async (args) => {
      const answer = await next(args);
      const target = HttpRequest.isInstance(args.request) ? args.request.headers['x-amz-target'] : undefined;
      if (!armed.delete(target?.split('.').at(-1) ?? '')) return answer;
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
    count: () => lost,
  };
}
