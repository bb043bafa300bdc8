import { parseArgs } from 'node:util';
import { runCampaign } from './campaign.ts';
import { describeVerdict } from './check-campaign.ts';
import { describeTimelines } from './timeline.ts';

const USAGE = `Usage: npm run faults -- [options]
  --events N       how many events are published (1000)
  --per-second N   how many a second (12)
  --seed N         the seed of a campaign that is to be repeated (a random one)
  --round N        events of one campaign, on a system of its own: with more of them, more is kept to be checked (2000)
  --kill-every N   seconds between two kills of the functions (6)
  --help`;

const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '1000' },
    'per-second': { type: 'string', default: '12' },
    seed: { type: 'string' },
    round: { type: 'string', default: '2000' },
    'kill-every': { type: 'string', default: '6' },
    help: { type: 'boolean', default: false },
  },
});
/** A campaign of no events would succeed. */
function atLeast(least: number, name: 'events' | 'per-second' | 'seed' | 'round' | 'kill-every'): number {
  const number = Number(values[name] || undefined);
  if (Number.isFinite(number) && number >= least) return number;
  console.error(`--${name} must be a number from ${least} on, and is "${values[name]}".\n\n${USAGE}`);
  return process.exit(1);
}

if (values.help) console.log(USAGE);
else {
  const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : atLeast(0, 'seed');
  const events = atLeast(1, 'events');
  const perRound = atLeast(1, 'round');
  const rounds = Math.ceil(events / perRound);
  const total = { rounds: 0, failed: 0, repeats: 0 };
  for (let round = 0; round < rounds; round += 1) {
    const { verdict, record, quiet, output } = await runCampaign({
      seed: seed + round,
      events: Math.min(perRound, events - round * perRound),
      perSecond: atLeast(1, 'per-second'),
      killEveryMs: atLeast(1, 'kill-every') * 1_000,
      say: (line) => console.log(line),
    });
    if (process.env.FAULTS_LOG) console.log(output);
    const isClean = quiet && verdict.findings.length === 0;
    console.log(`Seed ${seed + round}${quiet ? '' : ', not at rest'}: ${describeVerdict(verdict)}`);
    for (const timeline of describeTimelines(record, verdict)) console.log(timeline);
    total.rounds += 1;
    total.repeats += verdict.repeats;
    if (!isClean) total.failed += 1;
    console.log(
      `Round ${total.rounds} of ${rounds}: ${total.failed} failed, ${total.repeats} explained repeats so far.`,
    );
  }
  process.exitCode = total.failed === 0 ? 0 : 1;
}
