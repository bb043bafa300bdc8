import { Webhook } from 'standardwebhooks';
import { messageOf } from '../local/errors.ts';
import type { ReceivedRequest } from './log.ts';

/** `verified` is null where nothing can be said: no signature, or no secret to check it with. */
export interface Verdict {
  verified: boolean | null;
  reason: string;
}

/** Gives the secrets of the subscriptions that point to a path. `refresh`: those of a moment ago did not fit. */
export type SecretsFor = (path: string, refresh: boolean) => Promise<string[]>;

/** As the package `standardwebhooks` has it. */
const TOLERANCE_SECONDS = 300;

/**
 * Judges requests when a person looks at them, so that it costs nothing while they arrive. A good verdict stays.
 * The package's own `verify` compares the timestamp with the present, but what counts is when the request arrived: so the
 * package makes the signature, and the comparison and the tolerance stand here.
 */
export function createVerifier(secretsFor: SecretsFor) {
  const verdicts = new WeakMap<ReceivedRequest, Verdict>();

  return async (request: ReceivedRequest): Promise<Verdict> => {
    const known = verdicts.get(request);
    if (known) return known;
    let verdict = judge(request, await secretsOrNone(request.path, false));
    if (verdict.verified !== true && request.headers['webhook-signature'] !== undefined) {
      verdict = judge(request, await secretsOrNone(request.path, true));
    }
    if (verdict.verified === true) verdicts.set(request, verdict);
    return verdict;
  };

  async function secretsOrNone(path: string, refresh: boolean): Promise<string[] | Error> {
    try {
      return await secretsFor(path, refresh);
    } catch (error) {
      return new Error(`The secrets could not be read: ${messageOf(error)}`);
    }
  }
}

function judge(request: ReceivedRequest, secrets: string[] | Error): Verdict {
  const id = request.headers['webhook-id'];
  const timestamp = request.headers['webhook-timestamp'];
  const signatures = request.headers['webhook-signature']?.split(' ') ?? [];
  if (signatures.length === 0) return { verified: null, reason: 'There is no webhook-signature header' };
  if (id === undefined || timestamp === undefined || !/^\d+$/.test(timestamp)) {
    return { verified: false, reason: 'webhook-id or webhook-timestamp is missing or malformed' };
  }
  if (secrets instanceof Error) return { verified: null, reason: secrets.message };
  if (secrets.length === 0) return { verified: null, reason: 'No subscription with a secret points to this path' };
  if (!signatures.some((signature) => signature.startsWith('v1,'))) {
    return { verified: null, reason: 'There is no v1 signature, the only kind that is checked here' };
  }
  const signed = secrets.some((secret) =>
    signatures.includes(new Webhook(secret).sign(id, new Date(Number(timestamp) * 1000), request.body)),
  );
  if (!signed) return { verified: false, reason: 'No v1 signature fits a secret of the subscriptions to this path' };
  if (Math.abs(request.receivedAt / 1000 - Number(timestamp)) > TOLERANCE_SECONDS) {
    return { verified: false, reason: 'The signature fits, but webhook-timestamp is over five minutes off' };
  }
  return { verified: true, reason: 'A v1 signature fits' };
}
