import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { answered, makeMessage, UNANSWERED } from '../../support/domain.ts';
import { Pipeline } from '../../support/pipeline.ts';

const fate = fc.record({
  crashAt: fc.option(fc.nat(6)),
  pace: fc.array(fc.nat(12), { minLength: 1, maxLength: 6 }),
});
const answer = fc.constantFrom(answered(200), answered(500), UNANSWERED);
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('receive'), pick: fc.nat(5), twin: fc.boolean(), answer, fate }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('retry by hand'), fate }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('sweep'), fate }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('pause', 'resume', 'publish again') }) },
);
/** Each group runs at once, then time passes. */
const history = fc.array(
  fc.record({ steps: fc.array(step, { minLength: 1, maxLength: 4 }), seconds: fc.constantFrom(0, 1, 6, 90, 700) }),
  { maxLength: 8 },
);

/** The same histories each time: what is rare must not fail some other day. */
const RUNS = { numRuns: 400, seed: 20_261_122 };

async function live(groups: typeof history extends fc.Arbitrary<infer T> ? T : never): Promise<Pipeline> {
  const pipeline = new Pipeline();
  const message = makeMessage();
  pipeline.enqueue(message, false);
  for (const { steps, seconds } of groups) {
    await Promise.all(
      steps.map(async (one) => {
        if ('pick' in one) await pipeline.receive(one.pick, one.twin, one.answer, one.fate);
        else if (one.kind === 'retry by hand' && 'fate' in one) await pipeline.retryByHand(message, one.fate);
        else if (one.kind === 'sweep' && 'fate' in one) await pipeline.sweep(one.fate);
        else if (one.kind === 'publish again') pipeline.enqueue(message, false, 60);
        else pipeline.setStatus(one.kind === 'pause' ? 'paused' : 'active');
      }),
    );
    pipeline.now += seconds * 1_000;
  }
  return pipeline;
}

describe('whatever interleaves, is handed out twice, or crashes', () => {
  it('no success is undone', async () => {
    await fc.assert(
      fc.asyncProperty(history, async (groups) => {
        const pipeline = await live(groups);
        await pipeline.settle(answered(500));
        expect(pipeline.undone).toEqual([]);
      }),
      RUNS,
    );
  });

  it('no delivery is lost: once all works again it arrives, and nothing is left to do', async () => {
    await fc.assert(
      fc.asyncProperty(history, async (groups) => {
        const pipeline = await live(groups);
        await pipeline.settle(answered(200));
        const delivery = pipeline.journal.delivery(makeMessage());
        const exhausted = (delivery?.attempts ?? []).filter(({ trigger }) => trigger === 'automatic').length >= 10;
        expect(delivery?.status).toBe(exhausted ? expect.stringMatching(/succeeded|failed/) : 'succeeded');
        expect(delivery).toMatchObject({ requested: null, nextAttemptAt: null, dueAt: null });
        expect(pipeline.queue).toEqual([]);
      }),
      RUNS,
    );
  });
});
