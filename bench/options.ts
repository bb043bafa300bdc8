import { parseArgs } from 'node:util';
import { messageOf, StartError } from '../local/errors.ts';

interface WholeNumber {
  flag: string;
  fallback: number;
  min: number;
  max: number;
  about: string;
}

function wholeNumber(flag: string, fallback: number, [min, max]: [number, number], about: string): WholeNumber {
  return { flag, fallback, min, max, about };
}

/** The least that the fields of the example event take; the most that Posthorn takes is 256 KiB. */
const DATA_BYTES: [number, number] = [512, 262_144];

const WHOLE_NUMBERS = {
  /** Throughput, CPU and cost. */
  events: wholeNumber('events', 6000, [100, 1_000_000], 'events published in a burst'),
  pacedEvents: wholeNumber('paced-events', 500, [20, 100_000], 'events published one at a time, for the latency'),
  rate: wholeNumber('rate', 50, [1, 1000], 'of those, how many a second'),
  warmUpEvents: wholeNumber('warm-up', 6000, [0, 100_000], 'events published before anything is measured'),
  failingEvents: wholeNumber('failing-events', 20_000, [100, 100_000], 'events for a receiver that answers 500'),
  watchSeconds: wholeNumber('watch-seconds', 120, [1, 3600], 'for how long the CPU of what is pending is watched'),
  tenants: wholeNumber('tenants', 1, [1, 1000], ''),
  subscriptions: wholeNumber('subscriptions', 10, [1, 10_000], 'over all tenants'),
  fanOut: wholeNumber('fan-out', 1, [1, 10_000], 'subscriptions that each event goes to'),
  bytes: wholeNumber('bytes', 1024, DATA_BYTES, "of each event's data, as JSON"),
  machineDeliveries: wholeNumber('deliveries', 0, [0, 10_000_000], 'on one machine, until its memory is read last'),
  receiverMs: wholeNumber(
    'receiver-ms',
    200,
    [0, 20_000],
    'in the bill: ms until the slowest receiver of a batch answers',
  ),
  awsCallMs: wholeNumber('aws-call-ms', 5, [0, 1000], 'in the bill: ms that one call of SQS or DynamoDB takes'),
};

export type BenchOptions = Record<keyof typeof WHOLE_NUMBERS, number> & {
  /** Whether the publisher gives each event an id of its own, so that publishing it again changes nothing. */
  ids: boolean;
  assert: boolean;
  /** Only a quiet tenant alone, then beside a hostile one. */
  hostile: boolean;
  /** Only one machine as a whole, beside its peers. */
  oneMachine: boolean;
};

export const USAGE = `Usage: npm run bench -- [options]
${Object.values(WHOLE_NUMBERS)
  .map(({ flag, fallback, about }) => `  ${`--${flag} N`.padEnd(18)} ${`${about} (${fallback})`.trim()}`)
  .join('\n')}
  --ids              the publisher gives each event an id, for idempotency
  --hostile          only what a hostile tenant does to a quiet one: no bursts, no bill
  --one-machine      only what npm start does as a whole, beside others: no bill
  --assert           exit 1 if a target is missed, not only if a delivery is lost
  --help`;

/** Reads the command line. 'help' if that was asked for; a StartError that names what is wrong. */
export function parseOptions(args: string[]): BenchOptions | 'help' {
  const values = parse(args);
  if (values.help === true) return 'help';
  const read = (option: WholeNumber): number => readNumber(option, values[option.flag]);
  const numbers = Object.entries(WHOLE_NUMBERS).map(([name, option]) => [name, read(option)] as const);
  const options: BenchOptions = {
    ...(Object.fromEntries(numbers) as Record<keyof typeof WHOLE_NUMBERS, number>),
    ids: values.ids === true,
    assert: values.assert === true,
    hostile: values.hostile === true,
    oneMachine: values['one-machine'] === true,
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
  const flag = { type: 'boolean' as const };
  const numbers = Object.values(WHOLE_NUMBERS).map((option) => [option.flag, { type: 'string' as const }] as const);
  try {
    const flags = { ids: flag, assert: flag, hostile: flag, 'one-machine': flag, help: flag };
    return parseArgs({ args, options: { ...Object.fromEntries(numbers), ...flags } }).values;
  } catch (error) {
    throw new StartError(`${messageOf(error)}\n\n${USAGE}`);
  }
}

function readNumber({ flag, fallback, min, max }: WholeNumber, text: string | boolean | undefined): number {
  if (text === undefined) return fallback;
  const number = typeof text === 'string' && /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (number >= min && number <= max) return number;
  throw new StartError(`--${flag} takes a whole number from ${min} to ${max}, not "${text}".`);
}
