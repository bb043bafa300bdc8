import type { Counter } from '../adapters/lambda/telemetry.ts';
import type { RecordedWrite } from '../core/delivery/commit.ts';
import type { AttemptOutcome } from '../core/target/webhook.ts';
import { METRICS } from '../names.ts';

const FAILED_ATTEMPTS = {
  http_error: METRICS.attemptsHttpError,
  timeout: METRICS.attemptsTimeout,
  connection_refused: METRICS.attemptsConnectionRefused,
  connection_reset: METRICS.attemptsConnectionReset,
  dns_error: METRICS.attemptsDnsError,
  tls_error: METRICS.attemptsTlsError,
  protocol_error: METRICS.attemptsProtocolError,
  blocked_address: METRICS.attemptsBlockedAddress,
} as const satisfies Record<Exclude<AttemptOutcome, 'success'>, string>;

/** Counts what a write to the journal tells of its delivery. */
export function measureDelivery(counter: Counter, { before, delivery, made }: RecordedWrite): void {
  if (delivery.status === 'parked' && before.status !== 'parked') counter.count(METRICS.deliveriesParked);
  if (delivery.status === 'failed') {
    const isOurFault = delivery.statusReason?.code === 'interrupted_too_often';
    counter.count(isOurFault ? METRICS.deliveriesInterrupted : METRICS.deliveriesExhausted);
  }
  if (made === null) return;
  const { outcome, durationMs } = made.result;
  // Also where it is 0: the alarm on the share of attempts that succeed must not miss it when none does.
  counter.count(METRICS.attemptsSucceeded, outcome === 'success' ? 1 : 0);
  if (outcome !== 'success') {
    counter.count(METRICS.attemptsFailed);
    counter.count(FAILED_ATTEMPTS[outcome]);
  }
  counter.measure(METRICS.receiverLatency, Math.round(durationMs));
  // One that is on record already waited for its receiver: for a turn, a breaker, or to be resumed.
  if (made.trigger === 'automatic' && before.revision === 0)
    counter.measure(METRICS.firstAttemptDelay, Math.max(0, made.startedAt - delivery.eventAt));
}
