import { parseArgs } from 'node:util';
import { runCampaign } from './campaign.ts';
import { describeVerdict } from './check-campaign.ts';

const USAGE = `Usage: npm run faults -- [options]
  --events N       how many events are published (1000)
  --per-second N   how many a second (12)
  --seed N         the seed of a campaign that is to be repeated (a random one)
  --kill-every N   seconds between two kills of the functions (6)
  --help`;

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
  const { verdict, quiet, output } = await runCampaign({
    seed,
    events: Number(values.events),
    perSecond: Number(values['per-second']),
    killEveryMs: Number(values['kill-every']) * 1_000,
    say: (line) => console.log(line),
  });
  if (process.env.FAULTS_LOG) console.log(output);
  console.log(`Seed ${seed}${quiet ? '' : ', not at rest'}: ${describeVerdict(verdict)}`);
  process.exitCode = quiet && verdict.findings.length === 0 ? 0 : 1;
}
