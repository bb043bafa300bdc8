import { describe, expect, test } from 'vitest';
import { parseOptions, USAGE } from '../../bench/options.ts';

describe('the options of the bench', () => {
  test('have defaults', () => {
    expect(parseOptions([])).toMatchObject({ fanOut: 1, bytes: 1024, tenants: 1, ids: false, assert: false });
  });

  test('are read', () => {
    const args = ['--events', '2000', '--subscriptions=10', '--tenants', '2', '--fan-out', '5', '--bytes', '4096'];
    expect(
      parseOptions([...args, '--rate', '20', '--paced-events', '40', '--warm-up', '0', '--ids', '--assert']),
    ).toEqual({
      events: 2000,
      pacedEvents: 40,
      rate: 20,
      warmUpEvents: 0,
      failingEvents: 20_000,
      watchSeconds: 120,
      tenants: 2,
      subscriptions: 10,
      fanOut: 5,
      bytes: 4096,
      ids: true,
      receiverMs: 200,
      awsCallMs: 5,
      machineDeliveries: 0,
      oneMachine: false,
      assert: true,
      hostile: false,
    });
  });

  test('ask for help', () => {
    expect(parseOptions(['--help'])).toBe('help');
  });

  test.each<[string[], string]>([
    [['--evnets', '5'], '--evnets'],
    [['stray'], 'stray'],
    [['--events'], '--events'],
    [['--events', '1e3'], '--events takes a whole number from 100 to 1000000, not "1e3"'],
    [['--events', '99'], '--events takes a whole number'],
    [['--bytes', '262145'], '--bytes takes a whole number from 512 to 262144'],
    [['--ids=yes'], '--ids'],
    [['--tenants', '3'], 'multiple of --tenants'],
    [['--fan-out', '11'], 'raise --subscriptions'],
  ])('%j is refused', (args, reason) => {
    expect(() => parseOptions(args)).toThrow(reason);
  });

  test('what is unknown is answered with the usage', () => {
    expect(() => parseOptions(['--nope'])).toThrow(USAGE);
  });
});
