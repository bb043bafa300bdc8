import { PRICE_NAMES, PRICES, type PriceName } from './prices.ts';

/** What a number of deliveries used, in the units of the prices. */
export type Usage = Record<PriceName, number>;

interface CostLine {
  name: PriceName;
  unit: string;
  perDelivery: number;
  dollarsPerMillion: number;
}

export interface Cost {
  lines: CostLine[];
  dollarsPerMillion: number;
}

const MILLION = 1_000_000;

/** The dollars of a million deliveries, item by item. */
export function costOf(usage: Usage, deliveries: number): Cost {
  const lines = PRICE_NAMES.map((name): CostLine => {
    const { dollars, per, unit } = PRICES[name];
    const perDelivery = usage[name] / deliveries;
    return { name, unit, perDelivery, dollarsPerMillion: (perDelivery * MILLION * dollars) / per };
  });
  return { lines, dollarsPerMillion: lines.reduce((sum, line) => sum + line.dollarsPerMillion, 0) };
}

export interface Work {
  /** CPU time of all invocations together, on one whole core. */
  cpuMs: number;
  /** Invocations that waited for receivers, and how long each: its requests run side by side. */
  deliverInvocations: number;
  receiverMs: number;
  /** Calls of SQS and DynamoDB, taken as made one after another, and how long each took. */
  awsCalls: number;
  awsCallMs: number;
  invocations: number;
  memoryMib: number;
}

/** With this much memory a function has one core; with less, that share of it. */
export const MIB_PER_CORE = 1769;
/** The duration is rounded up to the next millisecond. */
const ROUNDING_MS = 0.5;

/**
 * What Lambda would bill for it, in GB-seconds. Computing costs the same at any memory up to one core: half of the
 * memory takes twice as long. Waiting costs by the memory that waits.
 */
export function billedGbSeconds(work: Work): number {
  const { cpuMs, deliverInvocations, receiverMs, awsCalls, awsCallMs, invocations, memoryMib } = work;
  const computingMs = cpuMs * Math.max(1, MIB_PER_CORE / memoryMib);
  const waitingMs = deliverInvocations * receiverMs + awsCalls * awsCallMs + invocations * ROUNDING_MS;
  return (((computingMs + waitingMs) / 1000) * memoryMib) / 1024;
}
