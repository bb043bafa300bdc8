import { undoneOf } from '../partial-failure.ts';
import { isSlowOrFailing } from '../subscription/health.ts';
import type { Admission } from './admit.ts';
import type { CommitPorts } from './commit.ts';
import type { Outgoing } from './queue-message.ts';
import type { Decision, ReceivedMessage } from './received-message.ts';

/**
 * First attempts that came by the lane of first attempts though their receiver is slow or failing go over to that of the
 * retries: fan-out queued them before that was known, and in their lane they would hold up those of healthy receivers.
 * @returns what becomes of their messages
 */
export async function leaveFastLane(
  { retries, now, report }: Pick<CommitPorts, 'retries' | 'now' | 'report'>,
  admissions: ReadonlyMap<ReceivedMessage, Admission>,
): Promise<Map<ReceivedMessage, Decision>> {
  const outgoing = new Map<Outgoing, ReceivedMessage>();
  for (const [received, admission] of admissions) {
    const { fromRetries, message } = received;
    if (fromRetries || admission.kind !== 'attempt' || admission.trigger !== 'automatic') continue;
    if (!isSlowOrFailing(admission.subscription, now())) continue;
    // Sent, and handed out again all the same: there are two then.
    outgoing.set({ message: { ...message, repeated: true }, delaySeconds: 0 }, received);
  }
  const decisions = new Map<ReceivedMessage, Decision>();
  if (outgoing.size === 0) return decisions;
  const messages = [...outgoing.keys()];
  let failed: readonly Outgoing[] = [];
  let error: unknown;
  try {
    await retries.send(messages);
  } catch (cause) {
    failed = undoneOf(cause, messages);
    error = cause;
  }
  for (const [one, received] of outgoing) {
    const isFailed = failed.includes(one);
    if (isFailed) report({ kind: 'error', about: received.message, error });
    decisions.set(received, { kind: isFailed ? 'fail' : 'ack' });
  }
  return decisions;
}
