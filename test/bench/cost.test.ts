import { describe, expect, test } from 'vitest';
import { billedGbSeconds, costOf, type Usage, type Work } from '../../bench/cost.ts';
import { PRICES, type PriceName } from '../../bench/prices.ts';

const nothing: Usage = {
  dynamodbWrite: 0,
  dynamodbRead: 0,
  dynamodbStorage: 0,
  sqsRequest: 0,
  sqsFairRequest: 0,
  lambdaRequest: 0,
  lambdaDuration: 0,
  logs: 0,
  transferOut: 0,
};
const GB = 1024 ** 3;

describe('the price of a million deliveries', () => {
  test.each<[PriceName, number, number]>([
    // Two write units each, at $0.625 a million units.
    ['dynamodbWrite', 2, 1.25],
    ['dynamodbRead', 1.5, 0.1875],
    // 1 GB in all for a million deliveries, kept for a month.
    ['dynamodbStorage', GB / 1_000_000, 0.25],
    ['sqsRequest', 0.6, 0.24],
    ['sqsFairRequest', 0.6, 0.06],
    ['lambdaRequest', 0.2, 0.04],
    ['lambdaDuration', 0.01, 0.133334],
    ['logs', GB / 1_000_000, 0.5],
    ['transferOut', GB / 1_000_000, 0.09],
  ])('%s: %d a delivery are $%d', (name, perDelivery, dollars) => {
    const cost = costOf({ ...nothing, [name]: perDelivery * 500 }, 500);
    expect(cost.dollarsPerMillion).toBeCloseTo(dollars, 9);
    expect(cost.lines.find((line) => line.name === name)).toMatchObject({
      perDelivery: expect.closeTo(perDelivery, 9),
      dollarsPerMillion: expect.closeTo(dollars, 9),
      unit: PRICES[name].unit,
    });
  });

  test('is the sum of its lines, and every price is one of them', () => {
    const usage = { ...nothing, dynamodbWrite: 300, sqsRequest: 60, lambdaRequest: 20 };
    const { lines, dollarsPerMillion } = costOf(usage, 100);
    expect(dollarsPerMillion).toBeCloseTo(1.875 + 0.24 + 0.04, 9);
    expect(lines.map(({ name }) => name).sort()).toEqual(Object.keys(PRICES).sort());
  });
});

describe('what Lambda bills', () => {
  const idle: Work = {
    cpuMs: 0,
    deliverInvocations: 0,
    receiverMs: 0,
    awsCalls: 0,
    awsCallMs: 0,
    invocations: 0,
    memoryMib: 512,
  };

  test('waiting: by the memory that waits', () => {
    const waiting = { ...idle, deliverInvocations: 10, receiverMs: 200, awsCalls: 20, awsCallMs: 5 };
    expect(billedGbSeconds(waiting)).toBeCloseTo((10 * 0.2 + 20 * 0.005) * 0.5, 9);
    expect(billedGbSeconds({ ...waiting, memoryMib: 1024 })).toBeCloseTo(10 * 0.2 + 20 * 0.005, 9);
  });

  test('computing: the same at any memory up to one core, as half of it takes twice as long', () => {
    const computing = { ...idle, cpuMs: 1000 };
    expect(billedGbSeconds(computing)).toBeCloseTo(1769 / 1024, 9);
    expect(billedGbSeconds({ ...computing, memoryMib: 128 })).toBeCloseTo(1769 / 1024, 9);
  });

  test('computing: no faster beyond one core', () => {
    expect(billedGbSeconds({ ...idle, cpuMs: 1000, memoryMib: 4096 })).toBeCloseTo(4, 9);
  });

  test('a duration is rounded up to the millisecond', () => {
    expect(billedGbSeconds({ ...idle, invocations: 1000 })).toBeCloseTo(0.5 * 0.5, 9);
  });
});
