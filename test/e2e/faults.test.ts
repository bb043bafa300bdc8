import { randomInt } from 'node:crypto';
import { expect, test } from 'vitest';
import { runCampaign } from '../faults/campaign.ts';
import { describeVerdict } from '../faults/check-campaign.ts';
import { describeTimelines } from '../faults/timeline.ts';

const seed = Number(process.env.FAULTS_SEED ?? randomInt(2 ** 31));

test(`a short fault campaign (FAULTS_SEED=${seed}) loses, repeats and invents nothing`, {
  timeout: 420_000,
}, async () => {
  const { verdict, record, kills, quiet, output } = await runCampaign({
    seed,
    events: 400,
    perSecond: 8,
    killEveryMs: 2_500,
    say: (line) => console.log(line),
  });
  const summary = `Seed ${seed}: ${describeVerdict(verdict)}`;
  console.log(summary);
  const isClean = quiet && verdict.findings.length === 0;
  if (!isClean) console.error([output, ...describeTimelines(record, verdict)].join('\n'));
  expect(verdict.findings, summary).toEqual([]);
  expect(quiet, `Seed ${seed}: the system came to rest`).toBe(true);
  // A campaign in which nothing happened would show nothing.
  expect(kills).toBeGreaterThan(0);
  expect(record.publications.filter(({ endedAt }) => endedAt !== null).length).toBeGreaterThan(300);
  expect(record.requests.length).toBeGreaterThan(1_500);
  expect(record.requests.some(({ status }) => status === 410)).toBe(true);
  expect(record.doubled.size).toBeGreaterThan(0);
});
