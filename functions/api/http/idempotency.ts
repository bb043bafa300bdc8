import { createHash } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import * as z from 'zod';
import type { Idempotency } from '../../adapters/dynamodb/idempotency.ts';
import type { Principal } from '../../core/access/principal.ts';
import type { Vault } from '../../core/vault.ts';
import { invalid, Problem } from './problem.ts';

type Answer = APIGatewayProxyStructuredResultV2;

/** What a caller may choose. */
export const KEY_PATTERN = '^[\\x21-\\x7e]{1,255}$';
const KEY = new RegExp(KEY_PATTERN);

interface Keyed {
  principal: Principal;
  /** The path names the tenant: the same key at another path, or of another tenant, is another key. */
  path: string;
  /** With whose deletion the answer is forgotten: what it shows is gone then. Null if it goes with no tenant. */
  tenantId: string | null;
  /** The header's value. */
  given: string;
  body: string;
  keepsAnswer: boolean;
}

/** What a run is to know of its key, for work that may have been done half-way by a run before it. */
export interface KeyedRun {
  /** The same for each run of the same request, and of no other. */
  seed: string;
  /** When the first of them began, epoch milliseconds. */
  begunAt: number;
  isRepeated: boolean;
}

/** Runs a request once for its Idempotency-Key. A repetition gets the first answer; it never repeats the work. */
export async function once(
  deps: { idempotency: Idempotency; vault: Vault },
  { principal, path, tenantId, given, body, keepsAnswer }: Keyed,
  run: (keyed: KeyedRun) => Promise<Answer>,
): Promise<Answer> {
  if (!KEY.test(given)) {
    throw new Problem('malformed_request', 'Idempotency-Key must be 1 to 255 visible ASCII characters without blanks.');
  }
  const scope = principal.tenantId === null ? 'company' : `tenant:${principal.tenantId}`;
  const [key, fingerprint] = [sha256(`${scope}\n${path}\n${given}`), sha256(body)];
  const owner = { tenantId: scope, subscriptionId: 'idempotency' };
  const begun = await deps.idempotency.begin(key, fingerprint, tenantId);
  switch (begun.kind) {
    case 'answered':
      return { ...StoredAnswer.parse(JSON.parse(unpack(await deps.vault.open(begun.answer, owner)))) };
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
    case 'answer_lost':
      throw new Problem(
        'answer_not_kept',
        'The first request with this Idempotency-Key was carried out, or was interrupted, and its answer is not kept. Look at what is there; if the work is missing, send the request with a new key.',
      );
    case 'new':
      break;
    default:
      return begun satisfies never;
  }
  const { begunAt } = begun.run;
  const keyed = { seed: `${key} ${fingerprint}`, begunAt, isRepeated: begun.isRepeated };
  const answer = await run(keyed).catch(async (error: unknown) => {
    // Nothing was done, or it may be done again: the key is free for another try.
    await deps.idempotency.fail(key, begun.run);
    throw error;
  });
  // From here on the work is done, so nothing may free the key.
  const sealed = keepsAnswer ? await deps.vault.seal(pack(JSON.stringify(answer)), owner).catch(() => null) : null;
  await deps.idempotency.complete(key, begun.run, sealed);
  return answer;
}

const StoredAnswer = z
  .object({ statusCode: z.int(), headers: z.record(z.string(), z.string()), body: z.string().optional() })
  .transform(({ statusCode, headers, body }) => ({ statusCode, headers, ...(body === undefined ? {} : { body }) }));

/** Compressed, because an item of DynamoDB has room for 400 KB and an answer can be larger. */
function pack(text: string): string {
  return deflateRawSync(text).toString('base64');
}

function unpack(packed: string): string {
  return inflateRawSync(Buffer.from(packed, 'base64')).toString('utf8');
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}
