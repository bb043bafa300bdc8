import type { Condition } from './conditional-write.ts';
import type { Item } from './keys.ts';

/** Whether the journal still keeps an item. DynamoDB removes expired items hours or days late. */
export interface Liveness {
  isLive(item: Item): boolean;
  /** The item exists, and the condition holds for it. */
  ifLive(condition?: Condition): Condition;
  /** The item is there, has expired, and the condition holds for it. */
  ifExpired(condition: Condition): Condition;
  /** There is no item, or it has expired. */
  ifAbsent(): Condition;
}

export interface Retention extends Liveness {
  /** Epoch seconds: when the journal may forget what is written now. */
  expiresAt(): number;
}

/** @param now epoch milliseconds */
export function createLiveness(now: () => number): Liveness {
  const and = (condition: Condition | undefined, expression: string): Condition => ({
    ...condition,
    expression: condition === undefined ? expression : `(${condition.expression}) AND ${expression}`,
    values: { ...condition?.values, ':nowSeconds': seconds(now()) },
  });
  return {
    isLive: ({ expiresAt }) => typeof expiresAt !== 'number' || expiresAt > seconds(now()),
    ifLive: (condition) => and(condition, 'expiresAt > :nowSeconds'),
    ifExpired: (condition) => and(condition, 'expiresAt <= :nowSeconds'),
    ifAbsent: () => and(undefined, 'attribute_not_exists(pk) OR expiresAt <= :nowSeconds'),
  };
}

export function createRetention(retentionDays: number, now: () => number): Retention {
  return { ...createLiveness(now), expiresAt: () => seconds(now()) + retentionDays * 86_400 };
}

const seconds = (ms: number): number => Math.floor(ms / 1_000);
