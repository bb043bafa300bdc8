import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isHeld, isParked } from '../../../functions/core/delivery/delivery.ts';
import { systemEventId } from '../../../functions/core/system-event/system-event.ts';
import { answered, makeEvent, makeMessage, UNANSWERED } from '../../support/domain.ts';
import { Pipeline } from '../../support/pipeline.ts';

const fate = fc.record({
  crashAt: fc.option(fc.nat(6)),
  failAt: fc.option(fc.nat(6)),
  loseAt: fc.option(fc.nat(6)),
  pace: fc.array(fc.nat(12), { minLength: 1, maxLength: 6 }),
});
const answer = fc.constantFrom(answered(200), answered(500), answered(410), UNANSWERED);
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('receive'), pick: fc.nat(5), twin: fc.boolean(), answer, fate }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('retry by hand'), fate }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('sweep'), fate }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('publish again') }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        'pause' as const,
        'resume' as const,
        'move' as const,
        'discard' as const,
        'delete' as const,
      ),
      isTold: fc.boolean(),
    }),
  },
);
/** Each group runs at the same time, then time passes. The indexes may lag behind until the end of all. */
const history = fc.array(
  fc.record({
    steps: fc.array(step, { minLength: 1, maxLength: 4 }),
    seconds: fc.constantFrom(0, 1, 6, 90, 700),
    indexesCatchUp: fc.boolean(),
  }),
  { maxLength: 8 },
);

/** The same histories each time: what is rare must not fail on another day. */
const RUNS = { numRuns: 600, seed: 20_261_122 };

async function live(
  groups: typeof history extends fc.Arbitrary<infer T> ? T : never,
  events: number,
): Promise<Pipeline> {
  const pipeline = new Pipeline();
  const message = makeMessage();
  for (let number = 1; number <= events; number += 1) {
    const id = `evt_${number}`;
    pipeline.journal.add(makeEvent({ id }));
    pipeline.enqueue({ ...message, eventId: id }, false);
  }
  for (const { steps, seconds, indexesCatchUp } of groups) {
    await Promise.all(
      steps.map(async (one) => {
        if ('pick' in one) await pipeline.receive(one.pick, one.twin, one.answer, one.fate);
        else if ('isTold' in one) pipeline.change(one.kind, one.isTold);
        else if (one.kind === 'retry by hand' && 'fate' in one) await pipeline.retryByHand(message, one.fate);
        else if (one.kind === 'sweep' && 'fate' in one) await pipeline.sweep(one.fate);
        else pipeline.enqueue({ ...message, repeated: true }, false, 60);
      }),
    );
    pipeline.now += seconds * 1_000;
    if (indexesCatchUp) pipeline.journal.catchUpIndexes();
  }
  return pipeline;
}

/** The ids of the system events of a type that are on record, and whose message was sent. */
function toldIds({ published, journal }: Pick<Pipeline, 'published' | 'journal'>, type: string): string[] {
  const ids = [...new Set(published.map((body) => String(JSON.parse(body).id)))];
  return ids.filter((id) => journal.events.get(`posthorn ${id}`)?.type === type);
}

/** Runs each history to its end, in which the receiver answers `last`, and looks at what has become of it. */
function always(last: ReturnType<typeof answered>, check: (pipeline: Pipeline) => void, events = 1): Promise<void> {
  return fc.assert(
    fc.asyncProperty(history, async (groups) => {
      const pipeline = await live(groups, events);
      await pipeline.settle(last);
      check(pipeline);
    }),
    RUNS,
  );
}

describe('whatever interleaves, is handed out twice, crashes, or has its effect and fails', () => {
  it('no success is undone', () =>
    always(answered(500), (pipeline) => {
      expect(pipeline.undone).toEqual([]);
    }));

  it('no delivery is lost: it comes to an end, or is parked beside an inactive subscription', () =>
    always(answered(200), ({ journal, queue, subscription }) => {
      const delivery = journal.delivery(makeMessage());
      expect(delivery).toMatchObject({ nextAttemptAt: null, claim: null, effects: [] });
      expect(queue).toEqual([]);
      if (subscription !== undefined && subscription.status !== 'active' && delivery && isParked(delivery)) {
        expect(delivery.dueAt).not.toBeNull();
        return;
      }
      expect(delivery?.requested).toBeNull();
      expect(delivery?.dueAt).toBeNull();
      const attempts = delivery?.attempts ?? [];
      const isRefused = attempts.some(({ response }) => response?.status === 410);
      const isExhausted = attempts.filter(({ trigger }) => trigger === 'automatic').length >= 10;
      const isGone = subscription === undefined || subscription.discards.length > 0;
      const ends = ['succeeded', ...(isRefused || isExhausted ? ['failed'] : []), ...(isGone ? ['cancelled'] : [])];
      expect(ends).toContain(delivery?.status);
    }));

  it('a subscription whose receiver said 410, and that was not touched since, is not active', () =>
    always(answered(200), ({ gone, subscription }) => {
      if (subscription !== undefined && gone.has(subscription.generation))
        expect(subscription.status).not.toBe('active');
    }));

  it('a subscription that a 410 disabled, and that was not touched since, has told so once', () =>
    always(answered(200), ({ disabled, published, journal, subscription, overwroteEffects }) => {
      const ids = toldIds({ published, journal }, 'posthorn.subscription.disabled');
      expect(ids.length).toBeLessThanOrEqual(disabled.size);
      if (subscription?.status !== 'disabled' || !disabled.has(subscription.generation) || overwroteEffects) return;
      expect(ids).toContain(systemEventId(`${subscription.id} disabled in generation ${subscription.generation}`));
    }));

  it('a delivery whose attempts are used up has told so', () =>
    always(answered(500), ({ journal, published, overwroteEffects }) => {
      const delivery = journal.delivery(makeMessage());
      if (delivery?.statusReason?.code !== 'attempts_exhausted' || overwroteEffects) return;
      // More than once only if it was retried by hand and failed again.
      const byHand = delivery.attempts.filter(({ trigger }) => trigger === 'manual').length;
      const ids = toldIds({ published, journal }, 'posthorn.delivery.exhausted');
      expect(ids.length).toBeGreaterThanOrEqual(1);
      expect(ids.length).toBeLessThanOrEqual(1 + byHand);
    }));

  it('no delivery of a deleted subscription is open', () =>
    always(answered(500), ({ journal, subscription }) => {
      if (subscription !== undefined) return;
      for (const { status, dueAt } of journal.deliveries.values()) {
        expect(['succeeded', 'failed', 'cancelled']).toContain(status);
        expect(dueAt).toBeNull();
      }
    }));

  it.each([200, 500])(
    'an open breaker lets one probe at a time through, and health is written of what it is about, if it changes (%i)',
    async (last) => {
      let [probes, held] = [0, 0];
      const check = ({ health, journal }: Pipeline): void => {
        expect(health.breaches).toEqual([]);
        probes += health.probes.size;
        held += health.held;
        for (const delivery of journal.deliveries.values()) expect(isHeld(delivery)).toBe(false);
      };
      // One that opens the breaker, and others that wait for it.
      await always(answered(last), check, 3);
      expect(probes).toBeGreaterThan(50);
      expect(held).toBeGreaterThan(50);
    },
  );

  it('each attempt is on record once, and an attempt by the schedule never comes before its time', () =>
    always(answered(200), ({ journal, early }) => {
      expect(early).toEqual([]);
      for (const { attempts } of journal.deliveries.values()) {
        expect(new Set(attempts.map(({ id }) => id)).size).toBe(attempts.length);
      }
    }));
});
