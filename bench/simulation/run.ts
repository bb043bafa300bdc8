import { parseArgs } from 'node:util';
import { createChoices } from '../../test/faults/random.ts';
import { DEAD_RECEIVERS, type Load, loadsOf } from './scenarios.ts';
import { type Outcome, type Scenario, simulate } from './simulate.ts';

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

function print(name: string, scenario: Scenario, { samples, mostInFlight, requests, looks, exhausted }: Outcome): void {
  console.log(
    `\nReceivers that ${name}: ${count(scenario.deliveries)} deliveries to ${scenario.subscriptions} of them`,
  );
  console.log('  minute  in flight    delayed    visible   attempts/s');
  for (const { seconds, inFlight, delayed, visible, requests: made } of samples) {
    const minute = seconds / 60;
    if (minute > 10 ? minute % 15 !== 0 : minute % 2 !== 0) continue;
    const columns = [count(minute).padStart(8), count(inFlight).padStart(11), count(delayed).padStart(11)];
    console.log([...columns, count(visible).padStart(11), (made / 60).toFixed(1).padStart(13)].join(''));
  }
  console.log(`  most in flight: ${count(mostInFlight)} (bound: ${count(BOUND)})`);
  console.log(
    `  requests: ${count(requests)}, ${count(requests / scenario.subscriptions)} a receiver; ${count(exhausted)} schedules used up`,
  );
  console.log(
    `  messages received without an attempt: ${count(looks)}, ${(looks / scenario.deliveries).toFixed(2)} a delivery`,
  );
}

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

function printLoad(
  { name, scenario }: Load,
  { samples, mostInFlight, succeeded, exhausted, firstDelays }: Outcome,
): void {
  console.log(`\nUnder ${name}: ${count(scenario.deliveries)} deliveries`);
  console.log(
    '  minute   firsts: waiting  age s  in flight   retries: waiting  age s  in flight    delayed   attempts/s',
  );
  for (const { seconds, firsts, ages, visible, inFlight, delayed, requests } of samples) {
    const minute = seconds / 60;
    if (minute > 10 ? minute % 5 !== 0 : minute % 1 !== 0) continue;
    const columns = [count(minute).padStart(8), count(firsts.visible).padStart(18), count(ages.firsts).padStart(7)];
    columns.push(count(firsts.inFlight).padStart(11), count(visible).padStart(19), count(ages.retries).padStart(7));
    columns.push(count(inFlight).padStart(11), count(delayed).padStart(11), (requests / 60).toFixed(0).padStart(13));
    console.log(columns.join(''));
  }
  console.log(
    `  first attempts that no breaker held began within ${percentile(firstDelays, 0.5)} s (p50), ${percentile(firstDelays, 0.99)} s (p99)`,
  );
  console.log(`  most retries in flight: ${count(mostInFlight)} (bound: ${count(BOUND)})`);
  console.log(`  succeeded: ${count(succeeded)}; schedules used up: ${count(exhausted)}`);
}

let failed = false;
for (const load of values.only === 'dead' ? [] : loadsOf(Number(values.scale))) {
  const outcome = simulate({ ...load.scenario, random: createChoices(Number(values.seed)).next });
  printLoad(load, outcome);
  failed ||= outcome.mostInFlight >= BOUND;
}
for (const { name, profile, result } of values.only === 'loads' ? [] : DEAD_RECEIVERS) {
  const scenario: Scenario = {
    deliveries: Number(values.deliveries),
    subscriptions: Number(values.subscriptions),
    profile,
    result,
    publishSeconds: PUBLISH_SECONDS,
    seconds: Number(values.hours) * 3_600,
    random: createChoices(Number(values.seed)).next,
  };
  const outcome = simulate(scenario);
  print(name, scenario, outcome);
  failed ||= outcome.mostInFlight >= BOUND;
}
process.exitCode = failed ? 1 : 0;
