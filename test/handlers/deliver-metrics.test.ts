import { expect, it } from 'vitest';
import type { RecordedWrite } from '../../functions/core/delivery/commit.ts';
import { parkDelivery } from '../../functions/core/delivery/delivery.ts';
import { ATTEMPT_OUTCOMES, type WebhookResult } from '../../functions/core/target/webhook.ts';
import { measureDelivery } from '../../functions/deliver/measure-delivery.ts';
import { METRICS } from '../../functions/names.ts';
import { answered, HOUR, makeDelivery, NOW } from '../support/domain.ts';
import { recordTelemetry } from '../support/lambda.ts';

const ACCEPTED_AT = NOW - 1_234;

function measured({
  before = {},
  after = {},
  trigger = 'automatic' as NonNullable<RecordedWrite['made']>['trigger'],
  result = answered(200) as WebhookResult | null,
} = {}) {
  const { counter, counts, measures } = recordTelemetry();
  const delivery = makeDelivery({ eventAt: ACCEPTED_AT, status: 'succeeded', ...after });
  const made = result && {
    id: 'attempt',
    trigger,
    startedAt: NOW,
    url: '',
    request: { url: '', headers: {} },
    result,
    generation: 1,
  };
  measureDelivery(counter, { kind: 'recorded', before: makeDelivery({ revision: 0, ...before }), delivery, made });
  return { counts, measures };
}

it('measures how long a first attempt waited, and how long its receiver took', () => {
  expect(measured().measures).toEqual({ [METRICS.firstAttemptDelay]: [1_234], [METRICS.receiverLatency]: [100] });
});

it.each([
  ['a later attempt', { before: { revision: 1 } }],
  ['a test', { trigger: 'test' as const }],
  ['a replay', { trigger: 'replay' as const }],
  ['a request by hand', { trigger: 'manual' as const }],
])('takes %s for no first attempt', (_, write) => {
  expect(measured(write).measures).toEqual({ [METRICS.receiverLatency]: [100] });
});

it('knows no negative delay: the clocks of SQS and of the function differ', () => {
  expect(measured({ after: { eventAt: NOW + 5 } }).measures).toMatchObject({ [METRICS.firstAttemptDelay]: [0] });
});

it.each(ATTEMPT_OUTCOMES)(
  'counts an attempt of outcome %s as a success or a failure, and a failure by its outcome',
  (outcome) => {
    const { counts } = measured({ result: { ...answered(200), outcome }, after: { status: 'pending' } });
    const { [METRICS.attemptsSucceeded]: succeeded, [METRICS.attemptsFailed]: failed, ...byOutcome } = counts;
    expect([succeeded, failed]).toEqual(outcome === 'success' ? [1, undefined] : [0, 1]);
    const name = outcome.replace(/(?:^|_)./g, (start) => start.slice(-1).toUpperCase());
    expect(byOutcome).toEqual(outcome === 'success' ? {} : { [`Attempts${name}`]: 1 });
  },
);

it('counts a delivery as parked when it parks, not each time it looks at its subscription', () => {
  const parked = parkDelivery(makeDelivery(), NOW, '');
  expect(measured({ after: parked, result: null })).toEqual({
    counts: { [METRICS.deliveriesParked]: 1 },
    measures: {},
  });
  const again = parkDelivery(parked, NOW + HOUR, '');
  expect(measured({ before: parked, after: again, result: null })).toEqual({ counts: {}, measures: {} });
});

it('tells what failed by its receiver from what failed by us', () => {
  const failed = (code: string) => ({ status: 'failed' as const, statusReason: { code, message: '' } });
  expect(measured({ after: failed('attempts_exhausted'), result: null }).counts).toEqual({
    [METRICS.deliveriesExhausted]: 1,
  });
  expect(measured({ after: failed('interrupted_too_often'), result: null }).counts).toEqual({
    [METRICS.deliveriesInterrupted]: 1,
  });
});
