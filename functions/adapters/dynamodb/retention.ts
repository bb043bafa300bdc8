import type { Condition } from './conditional-write.ts';
import type { Item } from './keys.ts';

/** How long the journal keeps an item, and whether it still does. DynamoDB removes expired items hours or days late. */
export interface Retention {
  /** Epoch seconds: when the journal may forget what is written now. */
  expiresAt(): number;
  isLive(item: Item): boolean;
  /** The item exists, and the condition holds for it. */
  ifLive(condition?: Condition): Condition;
  /** There is no item, or it has expired. */
  ifAbsent(): Condition;
}

export function createRetention(retentionDays: number, now: () => number): Retention {
  const nowSeconds = (): number => Math.floor(now() / 1_000);
  return {
    expiresAt: () => nowSeconds() + retentionDays * 86_400,
    isLive: ({ expiresAt }) => typeof expiresAt !== 'number' || expiresAt > nowSeconds(),
    ifLive: (condition) => ({
      ...condition,
      expression:
        condition === undefined ? 'expiresAt > :nowSeconds' : `(${condition.expression}) AND expiresAt > :nowSeconds`,
      values: { ...condition?.values, ':nowSeconds': nowSeconds() },
    }),
    ifAbsent: () => ({
      expression: 'attribute_not_exists(pk) OR expiresAt <= :nowSeconds',
      values: { ':nowSeconds': nowSeconds() },
    }),
  };
}
