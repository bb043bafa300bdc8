import { parseArgs } from 'node:util';
import { runCampaign } from './campaign.ts';
import { describeVerdict } from './check-campaign.ts';

const USAGE = `Usage: npm run faults -- [options]
  --events N       how many events are published (1000)
  --per-second N   how many a second (12)
  --seed N         the seed of a campaign that is to be repeated (a random one)
  --kill-every N   seconds between two kills of the functions (6)
  --help`;

/**
 * So many events are one campaign, on a system of its own: what is kept to be checked stays within some hundred megabytes, and
 * a round can be repeated alone.
 */
const ROUND = 2_000;

const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '1000' },
    'per-second': { type: 'string', default: '12' },
    seed: { type: 'string' },
    'kill-every': { type: 'string', default: '6' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) console.log(USAGE);
else {
  const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
  const events = Number(values.events);
  const rounds = Math.ceil(events / ROUND);
  const total = { rounds: 0, failed: 0, repeats: 0 };
  for (let round = 0; round < rounds; round += 1) {
    const { verdict, quiet, output } = await runCampaign({
      seed: seed + round,
      events: Math.min(ROUND, events - round * ROUND),
      perSecond: Number(values['per-second']),
      killEveryMs: Number(values['kill-every']) * 1_000,
      say: (line) => console.log(line),
    });
    if (process.env.FAULTS_LOG) console.log(output);
    const isClean = quiet && verdict.findings.length === 0;
    console.log(`Seed ${seed + round}${quiet ? '' : ', not at rest'}: ${describeVerdict(verdict)}`);
    total.rounds += 1;
    total.repeats += verdict.repeats;
    if (!isClean) total.failed += 1;
    console.log(
      `Round ${total.rounds} of ${rounds}: ${total.failed} failed, ${total.repeats} explained repeats so far.`,
    );
  }
  process.exitCode = total.failed === 0 ? 0 : 1;
}
