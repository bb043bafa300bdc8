import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BURST_MS } from '../../../functions/core/delivery/rate-limit.ts';
import { answered, makeEvent, makeMessage, SECOND, UNANSWERED } from '../../support/domain.ts';
import { Pipeline } from '../../support/pipeline.ts';

const EVENTS = 12;
/** Two seconds between two requests. */
const PER_SECOND = 0.5;

const fate = fc.record({
  crashAt: fc.option(fc.nat(7), { freq: 2 }),
  failAt: fc.option(fc.nat(7), { freq: 2 }),
  loseAt: fc.option(fc.nat(7), { freq: 2 }),
  pace: fc.array(fc.nat(12), { minLength: 1, maxLength: 6 }),
});
const step = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constant('receive' as const),
      pick: fc.nat(20),
      twin: fc.boolean(),
      answer: fc.constantFrom(answered(200), answered(500), UNANSWERED),
      fate,
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('sweep' as const), fate }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('retry by hand' as const), pick: fc.nat(EVENTS - 1), fate }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('pause' as const, 'resume' as const) }) },
);
/** Each group runs at the same time, then time passes: moments, or so long that everything is late. */
const history = fc.array(
  fc.record({
    steps: fc.array(step, { minLength: 1, maxLength: 12 }),
    seconds: fc.constantFrom(0, 0.3, 1, 3, 20, 700),
  }),
  { minLength: 1, maxLength: 14 },
);

const messageOf = (index: number) => makeMessage({ eventId: `evt_${index}` });

async function live(
  limits: { maxPerSecond?: number; maxConcurrent?: number },
  groups: typeof history extends fc.Arbitrary<infer T> ? T : never,
): Promise<Pipeline> {
  const pipeline = new Pipeline(limits);
  for (let index = 0; index < EVENTS; index += 1) {
    pipeline.journal.add(makeEvent({ id: `evt_${index}` }));
    pipeline.enqueue(messageOf(index), false);
  }
  for (const { steps, seconds } of groups) {
    await Promise.all(
      steps.map((one) => {
        if (one.kind === 'receive') return pipeline.receive(one.pick, one.twin, one.answer, one.fate);
        if (one.kind === 'sweep') return pipeline.sweep(one.fate);
        if (one.kind === 'retry by hand') return pipeline.retryByHand(messageOf(one.pick), one.fate);
        return pipeline.change(one.kind, true);
      }),
    );
    pipeline.now += seconds * SECOND;
    pipeline.journal.catchUpIndexes();
  }
  return pipeline;
}

const RUNS = { numRuns: 300, seed: 20_261_125 };

/** The most that came in any window beyond what the rate allows in it. */
function excess(sentAt: readonly number[]): number {
  const sorted = sentAt.toSorted((a, b) => a - b);
  return Math.max(
    0,
    ...sorted.flatMap((from, first) =>
      sorted.slice(first).map((until, index) => index + 1 - ((until - from) / SECOND) * PER_SECOND),
    ),
  );
}

describe('whatever interleaves, comes late, is handed out twice, crashes, or has its effect and fails', () => {
  it('a rate-limited subscription gets no more than its rate and the burst in any window', async () => {
    let sent = 0;
    await fc.assert(
      fc.asyncProperty(history, async (groups) => {
        const { sentAt } = await live({ maxPerSecond: PER_SECOND }, groups);
        sent += sentAt.length;
        expect(excess(sentAt)).toBeLessThanOrEqual(1 + (BURST_MS / SECOND) * PER_SECOND + 0.001);
      }),
      RUNS,
    );
    // The limit was met often.
    expect(sent).toBeGreaterThan(RUNS.numRuns * 2);
  });

  it('a subscription that takes two requests at the same moment never has a third', async () => {
    let full = 0;
    await fc.assert(
      fc.asyncProperty(history, async (groups) => {
        const { mostUnderWay } = await live({ maxConcurrent: 2 }, groups);
        expect(mostUnderWay).toBeLessThanOrEqual(2);
        if (mostUnderWay === 2) full += 1;
      }),
      RUNS,
    );
    expect(full).toBeGreaterThan(RUNS.numRuns / 3);
  });

  it.each([{ maxPerSecond: PER_SECOND }, { maxConcurrent: 1 }, { maxPerSecond: PER_SECOND, maxConcurrent: 1 }])(
    'all that waits comes to an end: %j',
    async (limits) => {
      await fc.assert(
        fc.asyncProperty(history, async (groups) => {
          const pipeline = await live(limits, groups);
          pipeline.change('resume', true);
          await pipeline.settle(answered(200));
          expect(pipeline.queue).toEqual([]);
          for (let index = 0; index < EVENTS; index += 1) {
            const delivery = pipeline.journal.delivery(messageOf(index));
            expect(delivery?.status).toMatch(/^(succeeded|failed)$/);
            expect(delivery).toMatchObject({ dueAt: null, nextAttemptAt: null, limitedSince: null });
          }
        }),
        { ...RUNS, numRuns: 60 },
      );
    },
  );
});
