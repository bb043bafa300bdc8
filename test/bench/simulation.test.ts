import { describe, expect, it } from 'vitest';
import { DEAD_RECEIVERS, loadsOf } from '../../bench/simulation/scenarios.ts';
import { type Scenario, simulate } from '../../bench/simulation/simulate.ts';
import { createChoices } from '../faults/random.ts';

const SUBSCRIPTIONS = 20;
/** A twenty-fifth of what `npm run simulate` takes, and of its bound. */
const DELIVERIES = 20_000;
const BOUND = 800;
/** 250 workers with ten each. */
const UNDER_WAY = 2_500;

const scenarioOf = ({ profile, result }: (typeof DEAD_RECEIVERS)[number], rest: Partial<Scenario> = {}): Scenario => ({
  deliveries: DELIVERIES,
  subscriptions: SUBSCRIPTIONS,
  profile,
  result,
  publishSeconds: 60,
  seconds: 1_800,
  random: createChoices(1).next,
  ...rest,
});

describe('deliveries to receivers that are dead', () => {
  it.each(DEAD_RECEIVERS)('wait, and few are in flight: $name', (receivers) => {
    const { mostInFlight, samples, requests } = simulate(scenarioOf(receivers));
    expect(mostInFlight).toBeLessThan(BOUND);
    // They wait on the queue or in the due index, not in the lane of first attempts.
    expect(mostInFlight).toBeGreaterThan(0);
    expect(Math.max(...samples.map(({ delayed }) => delayed))).toBeGreaterThan(BOUND);
    expect(requests).toBeGreaterThan(SUBSCRIPTIONS * 10);
  });

  it.each(DEAD_RECEIVERS.filter(({ profile }) => profile.breaker !== null))(
    'cost their breaker, and not each delivery, a request: $name',
    (receivers) => {
      const { requests, looks } = simulate(scenarioOf(receivers));
      // Besides what all workers have under way before the first of them times out.
      expect(requests - UNDER_WAY).toBeLessThan(SUBSCRIPTIONS * 60);
      expect(looks / DELIVERIES).toBeLessThan(10);
    },
  );

  it('are simulated alike each time', () => {
    const [receivers] = DEAD_RECEIVERS;
    if (receivers === undefined) throw new Error('there is one');
    const [one, two] = [1, 2].map(() => simulate(scenarioOf(receivers, { deliveries: 2_000, seconds: 600 })));
    expect(one).toEqual(two);
  });
});

describe('loads that a deployment must bear', () => {
  /** A tenth of what `npm run simulate` takes. */
  const [burst, outage, region] = loadsOf(0.1).map(({ scenario }) =>
    simulate({ ...scenario, random: createChoices(1).next }),
  );

  /** How many first attempts began within so many seconds. */
  const within = ({ firstDelays }: NonNullable<typeof burst>, seconds: number) =>
    firstDelays.slice(0, seconds).reduce((sum, one) => sum + (one ?? 0), 0);

  it('a burst is worked off as the event source is given more', () => {
    expect(burst?.succeeded).toBeGreaterThan(35_000);
    expect(Math.max(...(burst?.samples ?? []).map(({ ages }) => ages.firsts))).toBeLessThan(60);
    expect(burst?.mostInFlight).toBe(0);
  });

  it('an outage of the largest receiver holds up no other', () => {
    if (outage === undefined) throw new Error('there is one');
    expect(within(outage, 2) / within(outage, 3_600)).toBeGreaterThan(0.99);
    expect(Math.max(...outage.samples.map(({ ages }) => ages.firsts))).toBeLessThan(30);
    expect(outage.mostInFlight).toBeLessThan(1_000);
    expect(outage.exhausted).toBe(0);
  });

  it('a region’s worth of retries is worked off, and nothing is given up', () => {
    expect(region?.exhausted).toBe(0);
    expect(region?.mostInFlight).toBeLessThan(1_000);
    expect(region?.succeeded).toBeGreaterThan(53_000);
    // Every receiver is dead, and few requests are made.
    expect(region?.samples.find(({ seconds }) => seconds === 1_200)?.requests).toBeLessThan(600);
  });
});
