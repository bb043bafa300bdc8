import { describe, expect, it } from 'vitest';
import { synthesize } from '../../lib/synthesize.ts';
import { TABLE_SHAPES } from '../../support/emulators.ts';

/** Keys and indexes in an order of their own, so that they can be compared. */
function shapeOf(table: Record<string, unknown>) {
  const { KeySchema, AttributeDefinitions, GlobalSecondaryIndexes } = table;
  const sorted = (list: unknown) => (Array.isArray(list) ? list.map((one) => JSON.stringify(one)).toSorted() : list);
  return { KeySchema, attributes: sorted(AttributeDefinitions), indexes: sorted(GlobalSecondaryIndexes) };
}

describe("the tables of the adapters' tests", () => {
  it("are the stack's", () => {
    const tables = Object.values(synthesize().findResources('AWS::DynamoDB::GlobalTable'));
    expect(
      tables
        .map(({ Properties }) => shapeOf(Properties))
        .map((one) => JSON.stringify(one))
        .toSorted(),
    ).toEqual(
      Object.values(TABLE_SHAPES)
        .map((shape) => JSON.stringify(shapeOf(shape)))
        .toSorted(),
    );
  });
});
