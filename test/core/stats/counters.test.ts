import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RecordedWrite } from '../../../functions/core/delivery/commit.ts';
import type { Delivery } from '../../../functions/core/delivery/delivery.ts';
import type { MadeAttempt } from '../../../functions/core/delivery/settle.ts';
import { countWrites, mergeCounters } from '../../../functions/core/stats/counters.ts';
import type { WebhookResult } from '../../../functions/core/target/webhook.ts';
import { deliverSetup } from '../../support/deliver-setup.ts';
import { answered, makeDelivery, makeMessage, NOW, subscriptionId, UNANSWERED } from '../../support/domain.ts';

const made = (result: WebhookResult): MadeAttempt => ({
  id: 'a',
  trigger: 'automatic',
  startedAt: NOW,
  url: 'https://receiver.example/',
  request: { url: 'https://receiver.example/', headers: {} },
  generation: 0,
  result,
});
const write = (from: Delivery['status'], to: Delivery['status'], result: WebhookResult | null): RecordedWrite => ({
  kind: 'recorded',
  before: makeDelivery({ status: from }),
  delivery: makeDelivery({ status: to }),
  made: result === null ? null : made(result),
});

describe('one write counts', () => {
  it.each([0, 99, 600, 999])('the status %i, which HTTP does not know, as a 5xx', (status) => {
    const [counted] = countWrites([write('pending', 'pending', answered(status))]);
    expect(counted?.counters).toEqual({ http_error: 1, '5xx': 1, ms_27: 1 });
  });

  it.each<[string, RecordedWrite, Record<string, number>]>([
    ['a success', write('pending', 'succeeded', answered(204)), { succeeded: 1, success: 1, '2xx': 1, ms_27: 1 }],
    ['a failure that is retried', write('pending', 'pending', answered(500)), { http_error: 1, '5xx': 1, ms_27: 1 }],
    ['the last failure', write('pending', 'failed', answered(404)), { failed: 1, http_error: 1, '4xx': 1, ms_27: 1 }],
    ['no answer', write('pending', 'pending', UNANSWERED), { timeout: 1, ms_56: 1 }],
    [
      'a success that is sent once more',
      write('succeeded', 'succeeded', answered(200)),
      { success: 1, '2xx': 1, ms_27: 1 },
    ],
    ['a failure without an attempt', write('pending', 'failed', null), { failed: 1 }],
  ])('%s', (_, one, counters) => {
    const { tenantId, subscriptionId: id } = one.delivery;
    expect(countWrites([one])).toEqual([{ tenantId, subscriptionId: id, counters }]);
  });

  it.each([
    ['parking', write('pending', 'parked', null)],
    ['cancelling', write('pending', 'cancelled', null)],
    ['what was over already', write('failed', 'failed', null)],
  ])('nothing for %s', (_, one) => {
    expect(countWrites([one])).toEqual([]);
  });
});

it('a batch makes one addition for each subscription', () => {
  const ofOther = makeDelivery({ status: 'succeeded', subscriptionId: subscriptionId(2) });
  const success = write('pending', 'succeeded', answered(200));
  expect(countWrites([success, { ...success, delivery: ofOther }, success])).toEqual([
    { tenantId: 'acme', subscriptionId: subscriptionId(1), counters: { succeeded: 2, success: 2, '2xx': 2, ms_27: 2 } },
    { tenantId: 'acme', subscriptionId: subscriptionId(2), counters: { succeeded: 1, success: 1, '2xx': 1, ms_27: 1 } },
  ]);
});

it('counters add up in any order and any grouping', () => {
  const counters = fc.dictionary(
    fc.constantFrom('success', 'timeout', '2xx', '__proto__', 'constructor'),
    fc.nat(1_000),
  );
  fc.assert(
    fc.property(fc.array(counters), fc.nat(10), (all, at) => {
      const whole = mergeCounters(all);
      expect(mergeCounters(all.toReversed())).toEqual(whole);
      expect(mergeCounters([mergeCounters(all.slice(0, at)), mergeCounters(all.slice(at))])).toEqual(whole);
    }),
  );
});

describe('what deliver reports', () => {
  const counted = (setup: ReturnType<typeof deliverSetup>) =>
    countWrites(setup.reports.filter((report) => report.kind === 'recorded'));

  it('a message that is handed out again counts nothing', async () => {
    const setup = deliverSetup();
    await setup.deliver(makeMessage());
    expect(counted(setup)).toHaveLength(1);
    setup.reports.length = 0;
    await setup.deliver({ receivedBefore: true });
    expect(counted(setup)).toEqual([]);
  });

  it('an attempt that could not be recorded counts nothing, and once when it can', async () => {
    const setup = deliverSetup();
    setup.receive = () => answered(500);
    setup.journal.before = (operation) => {
      if (operation === 'saveDelivery') throw new Error('throttled');
    };
    await setup.deliver(makeMessage());
    expect(counted(setup)).toEqual([]);
    setup.journal.before = () => {};
    await setup.deliver({ receivedBefore: true });
    expect(counted(setup)).toMatchObject([{ counters: { http_error: 1, '5xx': 1 } }]);
  });

  it('an attempt whose delivery was written meanwhile counts by what it was written over', async () => {
    const setup = deliverSetup();
    setup.receive = () => {
      setup.journal.store(makeDelivery({ revision: 1, status: 'succeeded', completedAt: NOW }));
      return answered(200);
    };
    await setup.deliver({ receivedBefore: true });
    expect(counted(setup)[0]?.counters).toEqual({ success: 1, '2xx': 1, ms_27: 1 });
  });

  it('a second go at an effect that is owed counts nothing', async () => {
    const setup = deliverSetup();
    setup.receive = () => answered(410);
    setup.journal.before = (operation) => {
      if (operation === 'disableSubscription') throw new Error('throttled');
    };
    await setup.deliver(makeMessage());
    expect(counted(setup)[0]?.counters).toMatchObject({ failed: 1, http_error: 1, '4xx': 1 });
    setup.journal.before = () => {};
    setup.reports.length = 0;
    await setup.deliver({ fromRetries: true });
    expect(setup.reports).toMatchObject([{ kind: 'recorded' }, { kind: 'deactivated' }]);
    expect(counted(setup)).toEqual([]);
  });
});
