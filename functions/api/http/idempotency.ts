import { createHash } from 'node:crypto';
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import * as z from 'zod';
import type { Idempotency } from '../../adapters/dynamodb/idempotency.ts';
import type { Principal } from '../../core/access/principal.ts';
import type { Vault } from '../../core/vault.ts';
import { invalid, Problem } from './problem.ts';

type Answer = APIGatewayProxyStructuredResultV2;

/** Runs a request once for its Idempotency-Key; a repetition gets the first answer. */
export async function once(
  deps: { idempotency: Idempotency; vault: Vault },
  principal: Principal,
  given: string,
  request: string,
  run: () => Promise<Answer>,
): Promise<Answer> {
  if (!/^[\x21-\x7e]{1,255}$/.test(given)) {
    throw new Problem('malformed_request', 'Idempotency-Key must be 1 to 255 visible ASCII characters without blanks.');
  }
  const scope = principal.kind === 'tenant' ? `tenant:${principal.tenantId}` : principal.kind;
  const [key, fingerprint] = [sha256(`${scope}\n${given}`), sha256(request)];
  const owner = { tenantId: scope, subscriptionId: 'idempotency' };
  const begun = await deps.idempotency.begin(key, fingerprint);
  switch (begun.kind) {
    case 'answered':
      return { ...StoredAnswer.parse(JSON.parse(await deps.vault.open(begun.answer, owner))) };
    case 'running':
      throw new Problem(
        'conflict',
        'A request with this Idempotency-Key is still being worked on. Send it again in a moment.',
        [],
        1,
      );
    case 'different':
      throw invalid([
        { path: '', message: 'Idempotency-Key was used for another request in the last 24 hours: use a new one' },
      ]);
    case 'new':
      try {
        const answer = await run();
        await deps.idempotency.complete(key, fingerprint, await deps.vault.seal(JSON.stringify(answer), owner));
        return answer;
      } catch (error) {
        // Nothing was done, or it may be done again: the key is free for another try.
        await deps.idempotency.forget(key);
        throw error;
      }
    default:
      return begun satisfies never;
  }
}

const StoredAnswer = z
  .object({ statusCode: z.int(), headers: z.record(z.string(), z.string()), body: z.string().optional() })
  .transform(({ statusCode, headers, body }) => ({ statusCode, headers, ...(body === undefined ? {} : { body }) }));

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}
