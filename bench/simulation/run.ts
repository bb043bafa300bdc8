import { parseArgs } from 'node:util';
import { createChoices } from '../../test/faults/random.ts';
import { DEAD_RECEIVERS } from './scenarios.ts';
import { type Outcome, type Scenario, simulate } from './simulate.ts';

/*
 * npm run simulate: what hundreds of thousands of deliveries to dead receivers do to the retries queue, by the core's own
 * policies. Exits with 1 if more than the bound are in flight at any moment.
 */

const { values } = parseArgs({
  options: {
    deliveries: { type: 'string', default: '500000' },
    subscriptions: { type: 'string', default: '500' },
    hours: { type: 'string', default: '3' },
    seed: { type: 'string', default: '1' },
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

let failed = false;
for (const { name, profile, result } of DEAD_RECEIVERS) {
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
