import { describe, expect, test } from 'vitest';
import { type PhaseResult, together } from '../../bench/phase.ts';
import { judge, type Results } from '../../bench/report.ts';
import { emptyTally } from '../../testing/tally.ts';

const assumptions = { memoryMib: 512, retentionDays: 30, receiverMs: 200, awsCallMs: 5 };
const phase = (more: Partial<PhaseResult> = {}): PhaseResult => ({
  expected: 100,
  arrived: 100,
  repeated: 0,
  seconds: 1,
  latenciesMs: [1],
  cpuMs: 70,
  tally: { ...emptyTally(), writeUnits: 400 },
  logBytes: 0,
  receivedBytes: 0,
  ...more,
});
const round = (more?: Partial<PhaseResult>) => ({
  bare: { requests: 1000, seconds: 1, cpuMs: 100 },
  bareAtOnce: { requests: 1000, seconds: 1, cpuMs: 50 },
  burst: phase(more),
});
const results = (more: Partial<Results> = {}): Results => ({
  rounds: [round()],
  paced: phase(),
  beside: phase(),
  bad: { alone: phase(), beside: phase(), failing: { published: 100, requests: 10, cpuMsPerSecond: 1 } },
  idleCpuMsPerSecond: 0,
  record: { expected: 200, succeeded: 200 },
  ...more,
});

describe('the verdict', () => {
  test('is good when all targets hold: 7 times the CPU, $2.50 of writes and a little of Lambda', () => {
    expect(judge(results(), assumptions)).toMatchObject({ lost: false, targetsHold: true });
  });

  test.each([
    ['one did not arrive', { rounds: [round({ arrived: 99 })] }],
    ['one of the paced ones did not arrive', { paced: phase({ arrived: 99 }) }],
    ['one beside a hostile tenant did not arrive', { beside: phase({ arrived: 99 }) }],
    ['one beside a hanging receiver did not arrive', { bad: { ...results().bad, beside: phase({ arrived: 99 }) } }],
    ['one is not on record', { record: { expected: 200, succeeded: 199 } }],
    ['one is not on record as succeeded', { record: { expected: 200, succeeded: 199 } }],
  ])('is a loss when %s', (_, more) => {
    expect(judge(results(more), assumptions).lost).toBe(true);
  });

  test.each([
    ['CPU', { cpuMs: 81 }],
    ['dollars', { tally: { ...emptyTally(), writeUnits: 480 } }],
  ])('is a missed target when the %s are too many', (_, more) => {
    expect(judge(results({ rounds: [round(more)] }), assumptions)).toMatchObject({ lost: false, targetsHold: false });
  });

  test.each([
    ['the others wait for a receiver that hangs', { beside: phase({ latenciesMs: [1.6] }) }],
    ['what fails takes 6 % of the CPU', { failing: { published: 100, requests: 10, cpuMsPerSecond: 4.5 } }],
  ])('is a missed target when %s', (_, more) => {
    expect(judge(results({ bad: { ...results().bad, ...more } }), assumptions).targetsHold).toBe(false);
  });

  test('takes the median of the rounds for the CPU', () => {
    const rounds = [round({ cpuMs: 500 }), round(), round({ cpuMs: 10 })];
    expect(judge(results({ rounds }), assumptions).lines[0]).toContain('(7.00)');
  });
});

test('several phases as one are their sums', () => {
  const both = together([phase({ latenciesMs: [1, 4] }), phase({ latenciesMs: [2, 3], seconds: 2 })]);
  expect(both).toMatchObject({ expected: 200, arrived: 200, seconds: 3, cpuMs: 140, latenciesMs: [1, 2, 3, 4] });
  expect(both.tally.writeUnits).toBe(800);
});
