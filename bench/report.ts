import type { BadReceivers } from './bad-receivers.ts';
import { type Cost, costOf } from './cost.ts';
import type { BenchOptions } from './options.ts';
import { median, type PhaseResult, percentile, together } from './phase.ts';
import { PRICES } from './prices.ts';
import { holds, table } from './table.ts';
import { type Assumptions, invocationsOf, usageOf } from './usage.ts';

export interface BareLoop {
  requests: number;
  seconds: number;
  cpuMs: number;
}

/** One after the other, so that both saw the machine in the same state. */
export interface Round {
  /** One request after the other. */
  bare: BareLoop;
  /** Ten in flight, which spares the event loop turns: a yardstick that is harder to meet. */
  bareAtOnce: BareLoop;
  burst: PhaseResult;
}

export interface Results {
  rounds: Round[];
  paced: PhaseResult;
  /** Paced again, beside a hostile tenant. */
  beside: PhaseResult;
  bad: BadReceivers;
  idleCpuMsPerSecond: number;
  /** On record as succeeded, of all that was published, the warm-up included. */
  record: { expected: number; succeeded: number };
}

/** $ for a million deliveries, CPU time in multiples of the bare loop, and a quiet tenant's p99 beside a hostile one in multiples of its p99 alone. */
const TARGETS = { dollarsPerMillion: 3, cpuRatio: 8, slowdown: 1.5, failingShare: 0.05 };
export const BESIDE_HOSTILE = 'a quiet tenant beside a hostile one';

interface Verdict {
  lines: string[];
  lost: boolean;
  targetsHold: boolean;
}

export function judge(results: Results, assumptions: Assumptions): Verdict {
  const { rounds, paced, beside, bad, record } = results;
  const burst = together(rounds.map((round) => round.burst));
  const ratio = median(cpuRatios(rounds));
  const { dollarsPerMillion } = costOf(usageOf(burst, assumptions), burst.arrived);
  const missing = [burst, paced, beside, bad.alone, bad.beside].reduce(
    (sum, { expected, arrived }) => sum + expected - arrived,
    0,
  );
  const slower = judgeSlowdown({ alone: paced, beside }, BESIDE_HOSTILE);
  const hung = judgeSlowdown(bad, 'receivers beside one that hangs');
  const { published, requests, cpuMsPerSecond } = bad.failing;
  const shareOf = (phase: PhaseResult) => cpuMsPerSecond / (cpuMsPerSecond + phase.cpuMs / phase.seconds);
  const percent = (share: number) => `${(share * 100).toFixed(1)} %`;
  const unrecorded = record.expected - record.succeeded;
  const lost = missing > 0 || unrecorded > 0;
  return {
    lost,
    targetsHold:
      ratio <= TARGETS.cpuRatio &&
      dollarsPerMillion <= TARGETS.dollarsPerMillion &&
      slower.holds &&
      hung.holds &&
      shareOf(burst) <= TARGETS.failingShare,
    lines: [
      `At most ${TARGETS.cpuRatio} times the bare loop's CPU: ${holds(ratio, TARGETS.cpuRatio)} (${ratio.toFixed(2)})`,
      `At most ${dollars(TARGETS.dollarsPerMillion)} a million: ${holds(dollarsPerMillion, TARGETS.dollarsPerMillion)} (${dollars(dollarsPerMillion)})`,
      slower.line,
      hung.line,
      `At most ${percent(TARGETS.failingShare)} of busy handlers' CPU for ${published} pending to a receiver that fails: ${holds(shareOf(burst), TARGETS.failingShare)} (${percent(shareOf(burst))} beside the bursts, ${percent(shareOf(paced))} beside the paced events, ${cpuMsPerSecond.toFixed(1)} ms a second; it got ${requests} requests)`,
      `Nothing lost: ${lost ? `MISSED (${missing} did not arrive, ${unrecorded} of ${record.expected} are not on record as succeeded)` : `holds (${record.expected} of ${record.expected} arrived and on record, ${burst.repeated + paced.repeated} repeated)`}`,
    ],
  };
}

/** What a bad neighbour does to the others. */
export function judgeSlowdown(
  { alone, beside }: { alone: PhaseResult; beside: PhaseResult },
  who: string,
): { line: string; holds: boolean } {
  const ratio = percentile(beside.latenciesMs, 0.99) / percentile(alone.latenciesMs, 0.99);
  const [before, after] = [alone, beside].map(({ latenciesMs }) => percentile(latenciesMs, 0.99).toFixed(0));
  return {
    holds: ratio <= TARGETS.slowdown,
    line: `At most ${TARGETS.slowdown} times the p99 of ${who}: ${holds(ratio, TARGETS.slowdown)} (${ratio.toFixed(2)}, ${before} and ${after} ms)`,
  };
}

export function report(results: Results, assumptions: Assumptions, options: BenchOptions): string {
  const { rounds, paced } = results;
  const burst = together(rounds.map((round) => round.burst));
  const ratios = cpuRatios(rounds);
  const ratiosAtOnce = cpuRatios(rounds.map(({ burst: one, bareAtOnce }) => ({ burst: one, bare: bareAtOnce })));
  const bareCpuMs = median(rounds.map(({ bare }) => barePer(bare)));
  const costs = [burst, paced].map((phase) => costOf(usageOf(phase, assumptions), phase.arrived));
  const { memoryMib, retentionDays, receiverMs, awsCallMs } = assumptions;
  return [
    table(
      ['', `burst of ${options.events}`, `paced, ${options.rate} a second`],
      [
        [
          'CPU of a delivery : of a bare POST + HMAC',
          median(ratios).toFixed(2),
          (cpuPer(paced) / bareCpuMs).toFixed(2),
        ],
        spreadRow(ratios),
        ['against ten bare POSTs at once', median(ratiosAtOnce).toFixed(2), ''],
        spreadRow(ratiosAtOnce),
        ['CPU of a delivery, ms', ...both(cpuPer, 2)],
        ['CPU of a bare POST + HMAC, ms', bareCpuMs.toFixed(3), ''],
        ['the same, ten at once, ms', median(rounds.map(({ bareAtOnce }) => barePer(bareAtOnce))).toFixed(3), ''],
        ['deliveries a second', ...both((phase) => phase.arrived / phase.seconds, 0)],
        ['publish to arrival, p50, ms', ...both((phase) => percentile(phase.latenciesMs, 0.5), 0)],
        ['p95', ...both((phase) => percentile(phase.latenciesMs, 0.95), 0)],
        ['p99', ...both((phase) => percentile(phase.latenciesMs, 0.99), 0)],
        [
          'events a batch of ingest',
          ...both((phase) => phase.arrived / options.fanOut / invocationsOf(phase).ingest, 1),
        ],
        ['deliveries a batch of deliver', ...both((phase) => phase.arrived / invocationsOf(phase).deliver, 1)],
      ],
    ),
    'AWS calls, in total and for a delivery:',
    table(['', 'burst', 'a delivery', 'paced', 'a delivery'], callRows()),
    `Dollars for a million deliveries (receivers take ${receiverMs} ms, AWS calls ${awsCallMs} ms, ${memoryMib} MiB, kept ${retentionDays} days):`,
    table(['', 'unit', 'a delivery, burst', '$', 'a delivery, paced', '$'], costRows(costs)),
    `Idle, the handlers' process uses ${results.idleCpuMsPerSecond.toFixed(1)} ms of CPU a second, which is taken off. The bare loop made ${Math.round(median(rounds.map(({ bare }) => bare.requests / bare.seconds)))} requests a second.`,
  ].join('\n\n');

  function both(value: (phase: PhaseResult) => number, digits: number): string[] {
    return [burst, paced].map((phase) => value(phase).toFixed(digits));
  }

  function callRows(): string[][] {
    const names = new Set([...Object.keys(burst.tally.calls), ...Object.keys(paced.tally.calls)]);
    const cells = (phase: PhaseResult, count: number) => [String(count), (count / phase.arrived).toFixed(3)];
    const row = (name: string, count: (phase: PhaseResult) => number) => [
      name,
      ...cells(burst, count(burst)),
      ...cells(paced, count(paced)),
    ];
    return [
      ...[...names].sort().map((name) => row(name, ({ tally }) => tally.calls[name] ?? 0)),
      row('receives that brought nothing (not billed here)', ({ tally }) => tally.emptyReceives),
    ];
  }
}

function spreadRow(ratios: readonly number[]): string[] {
  const ends = [ratios.at(0), ratios.at(-1)].map((ratio) => ratio?.toFixed(2));
  return ['from the least round to the greatest', ends.join(' – '), ''];
}

function costRows(costs: Cost[]): string[][] {
  const [first, second] = costs;
  const rows = (first?.lines ?? []).map((line, index) => {
    const other = second?.lines[index];
    return [
      PRICES[line.name].name,
      PRICES[line.name].unit,
      quantity(line.perDelivery),
      line.dollarsPerMillion.toFixed(3),
      quantity(other?.perDelivery ?? 0),
      (other?.dollarsPerMillion ?? 0).toFixed(3),
    ];
  });
  const total = (cost: Cost | undefined) => (cost?.dollarsPerMillion ?? 0).toFixed(2);
  return [...rows, ['together', '', '', total(first), '', total(second)]];
}

function cpuPer({ cpuMs, arrived }: PhaseResult): number {
  return cpuMs / arrived;
}

function barePer({ cpuMs, requests }: BareLoop): number {
  return cpuMs / requests;
}

/** Ascending. */
function cpuRatios(rounds: readonly Pick<Round, 'burst' | 'bare'>[]): number[] {
  return rounds.map(({ burst, bare }) => cpuPer(burst) / barePer(bare)).sort((a, b) => a - b);
}

function dollars(amount: number): string {
  return `$${amount.toFixed(2)}`;
}

function quantity(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toFixed(value >= 0.1 ? 3 : 6);
}
