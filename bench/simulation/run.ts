import { parseArgs } from 'node:util';
import { createChoices } from '../../test/faults/random.ts';
import { table } from '../table.ts';
import { DEAD_RECEIVERS, type Load, loadsOf } from './scenarios.ts';
import { type Outcome, simulate } from './simulate.ts';

/*
 * npm run simulate: what hundreds of thousands of deliveries to dead receivers do to the retries queue, by the core's own
 * policies; and how the queues fare under a burst, an outage and a region's worth of retries. Exits with 1 if more than the bound
 * are in flight at any moment. `--only dead` or `--only loads`; `--scale` multiplies the loads, of 100 deliveries a second.
 */

const { values } = parseArgs({
  options: {
    deliveries: { type: 'string', default: '500000' },
    subscriptions: { type: 'string', default: '500' },
    hours: { type: 'string', default: '3' },
    seed: { type: 'string', default: '1' },
    scale: { type: 'string', default: '1' },
    only: { type: 'string' },
  },
});

/** SQS hands out nothing past 120,000. */
const BOUND = 20_000;
const PUBLISH_SECONDS = 600;

const count = (value: number): string => Math.round(value).toLocaleString('en');

/** Seconds within which so many of all first attempts began. */
function percentile(delays: readonly number[], share: number): number {
  const all = delays.reduce((sum, one) => sum + one, 0);
  let seen = 0;
  const found = Array.from(delays, (one = 0) => one).findIndex((one) => {
    seen += one;
    return seen >= share * all;
  });
  return found;
}

function print(
  { name, scenario }: Load,
  { samples, mostInFlight, requests, looks, succeeded, exhausted, firstDelays }: Outcome,
): void {
  const { deliveries, subscriptions } = scenario;
  const head = ['minute', 'firsts: waiting', 'age s', 'in flight', 'retries: waiting', 'age s', 'in flight', 'delayed'];
  const rows = samples.flatMap(({ seconds, firsts, ages, visible, inFlight, delayed, requests: made }) => {
    const minute = seconds / 60;
    if (minute % (minute > 60 ? 15 : minute > 10 ? 5 : 1) !== 0) return [];
    const cells = [minute, firsts.visible, ages.firsts, firsts.inFlight, visible, ages.retries, inFlight, delayed];
    return [[...cells.map(count), (made / 60).toFixed(1)]];
  });
  console.log(`
Under ${name}: ${count(deliveries)} deliveries to ${subscriptions} subscriptions

${table([...head, 'attempts/s'], rows)}

- first attempts that no breaker held began within ${percentile(firstDelays, 0.5)} s (p50), ${percentile(firstDelays, 0.99)} s (p99)
- most retries in flight: ${count(mostInFlight)} (bound: ${count(BOUND)})
- requests: ${count(requests)}, ${count(requests / subscriptions)} a receiver
- messages received without an attempt: ${count(looks)}, ${(looks / deliveries).toFixed(2)} a delivery
- succeeded: ${count(succeeded)}; schedules used up: ${count(exhausted)}`);
}

const dead = DEAD_RECEIVERS.map(
  ({ name, profile, result }): Load => ({
    name: `receivers that ${name}`,
    scenario: {
      deliveries: Number(values.deliveries),
      subscriptions: Number(values.subscriptions),
      profile,
      result,
      publishSeconds: PUBLISH_SECONDS,
      seconds: Number(values.hours) * 3_600,
    },
  }),
);
const loads = values.only === 'dead' ? [] : loadsOf(Number(values.scale));
for (const load of [...loads, ...(values.only === 'loads' ? [] : dead)]) {
  const outcome = simulate({ ...load.scenario, random: createChoices(Number(values.seed)).next });
  print(load, outcome);
  if (outcome.mostInFlight >= BOUND) process.exitCode = 1;
}
