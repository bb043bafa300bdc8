import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod';
import type { Item } from './keys.ts';

/*
 * Items as they stand in DynamoDB's JSON protocol, where bytes are base64. Only top-level attributes of ours are bytes.
 */

/**
 * How values become attributes. Without `convertClassInstanceToMap` an object with a member called `constructor` (in
 * metadata, say) is taken for an instance of some class, and refused.
 */
export const MARSHALL_OPTIONS = Object.freeze({ removeUndefinedValues: true, convertClassInstanceToMap: true });

/** An item of an answer. Its attributes are checked when it is parsed as what it should be, not one by one before. */
export const WireItem = z.custom<Record<string, AttributeValue>>(
  (value) => typeof value === 'object' && value !== null,
);

export function toWire(item: Item): Record<string, unknown> {
  const marshalled: Record<string, unknown> = {};
  for (const [name, attribute] of Object.entries(marshall(item, MARSHALL_OPTIONS))) {
    marshalled[name] = attribute.B === undefined ? attribute : { B: Buffer.from(attribute.B).toString('base64') };
  }
  return marshalled;
}

export function fromWire(wire: z.infer<typeof WireItem>): Item {
  const attributes: Record<string, AttributeValue> = {};
  for (const [name, attribute] of Object.entries(wire)) {
    const bytes: unknown = attribute.B;
    attributes[name] = typeof bytes === 'string' ? { B: new Uint8Array(Buffer.from(bytes, 'base64')) } : attribute;
  }
  return unmarshall(attributes);
}
