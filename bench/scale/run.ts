import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { listenOnLoopback } from '../../local/listen.ts';
import { median } from '../phase.ts';
import { type Filling, fill } from './fill.ts';
import { type LongJob, runLongJob } from './long-job.ts';
import { type Place, startPlace } from './place.ts';

/*
 * npm run scale: whether lists, fan-out, sweep and start-up are as fast with much on record as with little. Two Posthorns run
 * side by side on this machine; what is compared takes turns, so that other work on it slows both. Prints the ratios, and exits
 * with 1 if one is over the target. Filling a million takes some minutes, and about 3 GB of the temporary folder.
 */

const { values } = parseArgs({
  options: {
    deliveries: { type: 'string', default: '1000000' },
    events: { type: 'string', default: '100000' },
    subscriptions: { type: 'string', default: '10000' },
    rounds: { type: 'string', default: '20' },
  },
});
const TARGET = 1.5;
/** Half of them have failed: lists are compared by pages of the same length. */
const FEW: Filling = { deliveries: 100, events: 100, subscriptions: 100, failedEvery: 2 };
const MANY: Filling = {
  deliveries: Number(values.deliveries),
  events: Number(values.events),
  subscriptions: Number(values.subscriptions),
  failedEvery: 100,
};
const ROUNDS = Number(values.rounds);
/** Deliveries that wait for the sweep, in either place. */
const DUE = 100;
const SWEEPS = 5;
const STARTS = 3;
const WAIT_SECONDS = 900;

/** Answers by path: what waits is told to come again in a quarter of an hour, until it is mended. */
async function startReceiver() {
  const arrived = new Map<string, number>();
  const failing = new Set<string>();
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    request.resume().on('end', () => {
      arrived.set(path, (arrived.get(path) ?? 0) + 1);
      if (failing.has(path)) response.writeHead(503, { 'retry-after': String(WAIT_SECONDS) }).end();
      else response.writeHead(200).end();
    });
  });
  return {
    url: await listenOnLoopback(server, 0, ''),
    failing,
    count: (path: string) => arrived.get(path) ?? 0,
    async until(path: string, total: number): Promise<void> {
      while ((arrived.get(path) ?? 0) < total) await sleep(1);
    },
    close: () => server.close(),
  };
}

const receiver = await startReceiver();

interface Line {
  what: string;
  few: number;
  many: number;
}
const lines: Line[] = [];
let longJob: LongJob;

/** @param measure milliseconds, or milliseconds a thing */
async function compare(what: string, rounds: number, measure: (place: Place) => Promise<number>) {
  console.error(`${what} …`);
  const figures = new Map<Place, number[]>([few, many].map((place) => [place, []]));
  for (let round = 0; round <= rounds; round += 1) {
    for (const [place, measured] of figures) {
      const figure = await measure(place);
      // The first is a warm-up.
      if (round > 0) measured.push(figure);
    }
  }
  const [little = 0, much = 0] = [...figures.values()].map(median);
  lines.push({ what, few: little, many: much });
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

const few = await startPlace('few', receiver.url);
const many = await startPlace('many', receiver.url);
try {
  for (const [place, filling] of [
    [few, FEW],
    [many, MANY],
  ] as const) {
    const seconds = (await timed(() => fill(place, filling, (done) => console.error(`  ${done}`)))) / 1_000;
    console.error(`${place.name}: ${filling.deliveries} deliveries in ${seconds.toFixed(0)} s`);
    // What was written in the last minute is read again at each fan-out.
    await place.advance(120);
  }

  const pageTwo = new Map<Place, string>();
  for (const place of [few, many]) pageTwo.set(place, await place.nextPage(`${place.log}/deliveries?limit=50`));
  const middle = new Date(Date.now() - 12 * 3_600_000).toISOString();
  const lists: Record<string, (place: Place) => string> = {
    'deliveries of a subscription, first page': ({ log }) => `${log}/deliveries?limit=50`,
    'deliveries, the page after it': (place) => pageTwo.get(place) ?? '',
    'deliveries, from the middle': ({ log }) => `${log}/deliveries?limit=50&to=${middle}`,
    'deliveries that failed': ({ log }) => `${log}/deliveries?limit=50&status=failed`,
    events: ({ tenant }) => `/tenants/${tenant}/events?limit=50`,
    subscriptions: ({ tenant }) => `/tenants/${tenant}/subscriptions?limit=50`,
  };
  for (const [what, pathOf] of Object.entries(lists))
    await compare(what, ROUNDS, (place) => timed(() => place.get(pathOf(place))));

  const sweep = async (place: Place) => {
    const before = receiver.count(place.due);
    receiver.failing.add(place.due);
    for (let count = 0; count < DUE; count += 1) await place.publish('to.due');
    await receiver.until(place.due, before + DUE);
    receiver.failing.delete(place.due);
    await place.untilWaiting(DUE);
    return timed(async () => {
      await place.advance(WAIT_SECONDS * 1.2);
      await receiver.until(place.due, before + 2 * DUE);
    });
  };
  await compare(`sweep of ${DUE} that are due, until they arrive`, SWEEPS, sweep);
  await compare('fan-out to all subscriptions, for each', 3, async (place) => {
    const before = receiver.count(place.all);
    const total = (place === few ? FEW : MANY).subscriptions;
    const all = await timed(async () => {
      await place.publish('to.all');
      await receiver.until(place.all, before + total);
    });
    return all / total;
  });
  await compare('fan-out to one subscription of them', ROUNDS, async (place) => {
    const before = receiver.count(place.one);
    return timed(async () => {
      await place.publish('to.one');
      await receiver.until(place.one, before + 1);
    });
  });

  // Fan-out to all has just given the sweep statistics of each subscription to add up.
  await compare('the same sweep, with their statistics', SWEEPS, sweep);
  await compare('start-up', STARTS, (place) => place.restart());

  console.error('a job over the whole log …');
  longJob = await runLongJob(many, MANY.deliveries);
} finally {
  await Promise.all([few.remove(), many.remove()]);
  receiver.close();
}

const columns = (what: string, few: string, many: string, ratio: string) =>
  [what.padEnd(42), few.padStart(10), many.padStart(10), ratio.padStart(7)].join(' ');
console.log(`\n${MANY.deliveries} deliveries and ${MANY.subscriptions} subscriptions, against 100 and 100\n`);
console.log(columns('ms', 'few', 'many', 'ratio'));
for (const { what, few: little, many: much } of lines) {
  const ratio = much / little;
  const mark = ratio > TARGET ? ' missed' : '';
  console.log(`${columns(what, little.toFixed(2), much.toFixed(2), ratio.toFixed(2))}${mark}`);
}
const { items, seconds, firstMb, lastMb } = longJob;
const grows = lastMb / firstMb > TARGET;
console.log(
  `\nA job that counted ${items} deliveries took ${seconds.toFixed(0)} s (${(items / seconds).toFixed(0)} a second). Memory of the functions: ` +
    `${firstMb.toFixed(0)} MB in its first tenth, ${lastMb.toFixed(0)} MB in its last${grows ? ' missed' : ''}`,
);
process.exitCode = grows || lines.some(({ few: little, many: much }) => much / little > TARGET) ? 1 : 0;
