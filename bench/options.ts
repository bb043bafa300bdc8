import { parseArgs } from 'node:util';
import { messageOf, StartError } from '../local/errors.ts';

export interface BenchOptions {
  /** Published as fast as they go: throughput, CPU and cost. */
  events: number;
  /** Published one at a time at `rate` a second: latency. */
  pacedEvents: number;
  rate: number;
  warmUpEvents: number;
  tenants: number;
  /** Over all tenants. */
  subscriptions: number;
  /** Subscriptions that each event goes to. */
  fanOut: number;
  /** Of an event's `data`, as JSON. */
  bytes: number;
  /** Whether the publisher gives each event an id of its own, so that publishing it again changes nothing. */
  ids: boolean;
  /** What the bill is estimated with: how long the slowest receiver of a batch takes, and one call of SQS or DynamoDB. */
  receiverMs: number;
  awsCallMs: number;
  assert: boolean;
}

export const USAGE = `Usage: npm run bench -- [options]
  --events N         events published in a burst (6000)
  --paced-events N   events published one at a time, for the latency (500)
  --rate N           of those, how many a second (50)
  --warm-up N        events published before anything is measured (6000)
  --tenants N        (1)
  --subscriptions N  over all tenants (10)
  --fan-out N        subscriptions that each event goes to (1)
  --bytes N          of each event's data (1024)
  --ids              the publisher gives each event an id, for idempotency
  --receiver-ms N    in the bill: how long the slowest receiver of a batch takes to answer (200)
  --aws-call-ms N    in the bill: how long one call of SQS or DynamoDB takes (5)
  --assert           exit 1 if a target is missed, not only if a delivery is lost
  --help`;

const WHOLE_NUMBERS = {
  events: { fallback: 6000, min: 100, max: 1_000_000 },
  'paced-events': { fallback: 500, min: 20, max: 100_000 },
  rate: { fallback: 50, min: 1, max: 1000 },
  'warm-up': { fallback: 6000, min: 0, max: 100_000 },
  tenants: { fallback: 1, min: 1, max: 1000 },
  subscriptions: { fallback: 10, min: 1, max: 10_000 },
  'fan-out': { fallback: 1, min: 1, max: 10_000 },
  /** The least that the fields of the example event take; the most that Posthorn takes is 256 KiB. */
  bytes: { fallback: 1024, min: 512, max: 262_144 },
  'receiver-ms': { fallback: 200, min: 0, max: 20_000 },
  'aws-call-ms': { fallback: 5, min: 0, max: 1000 },
} as const;

const FLAGS = ['ids', 'assert', 'help'] as const;

/** Reads the command line. 'help' if that was asked for; a StartError that names what is wrong. */
export function parseOptions(args: string[]): BenchOptions | 'help' {
  const values = parse(args);
  if (values.help === true) return 'help';
  const whole = (name: keyof typeof WHOLE_NUMBERS): number => wholeNumber(name, values[name]);
  const options: BenchOptions = {
    events: whole('events'),
    pacedEvents: whole('paced-events'),
    rate: whole('rate'),
    warmUpEvents: whole('warm-up'),
    tenants: whole('tenants'),
    subscriptions: whole('subscriptions'),
    fanOut: whole('fan-out'),
    bytes: whole('bytes'),
    ids: values.ids === true,
    receiverMs: whole('receiver-ms'),
    awsCallMs: whole('aws-call-ms'),
    assert: values.assert === true,
  };
  if (options.subscriptions % options.tenants !== 0) {
    throw new StartError('--subscriptions must be a multiple of --tenants: each tenant has as many.');
  }
  if (options.fanOut > options.subscriptions / options.tenants) {
    throw new StartError('--fan-out is more than the subscriptions of a tenant: raise --subscriptions.');
  }
  return options;
}

function parse(args: string[]): Record<string, string | boolean | undefined> {
  try {
    return parseArgs({
      args,
      options: {
        ...Object.fromEntries(Object.keys(WHOLE_NUMBERS).map((name) => [name, { type: 'string' as const }])),
        ...Object.fromEntries(FLAGS.map((name) => [name, { type: 'boolean' as const }])),
      },
    }).values;
  } catch (error) {
    throw new StartError(`${messageOf(error)}\n\n${USAGE}`);
  }
}

function wholeNumber(name: keyof typeof WHOLE_NUMBERS, text: string | boolean | undefined): number {
  const { fallback, min, max } = WHOLE_NUMBERS[name];
  if (text === undefined) return fallback;
  const number = typeof text === 'string' && /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (number >= min && number <= max) return number;
  throw new StartError(`--${name} takes a whole number from ${min} to ${max}, not "${text}".`);
}
