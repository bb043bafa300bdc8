import type {
  DeleteCommandInput,
  GetCommandInput,
  PutCommandInput,
  QueryCommandInput,
  ScanCommandInput,
  UpdateCommandInput,
} from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import type { AwsCall } from '../aws/calls.ts';
import type { Item } from './keys.ts';
import { fromWire, toWire, WireItem } from './wire.ts';

interface FoundPage {
  Items: Item[];
  Count: number;
  /** Where the next page begins; undefined after the last. */
  LastEvaluatedKey: Item | undefined;
}

/** DynamoDB's calls for single items and for pages, with items as JavaScript's values. */
export interface Documents {
  getItem(input: GetCommandInput): Promise<Item | undefined>;
  putItem(input: PutCommandInput): Promise<void>;
  /** Gives the attributes that `ReturnValues` asks for. */
  updateItem(input: UpdateCommandInput): Promise<Item | undefined>;
  deleteItem(input: DeleteCommandInput): Promise<void>;
  query(input: QueryCommandInput): Promise<FoundPage>;
  scan(input: ScanCommandInput): Promise<FoundPage>;
}

const Found = z.object({ Item: WireItem.optional() });
const Updated = z.object({ Attributes: WireItem.optional() });
const Page = z.object({
  Items: z.array(WireItem).default([]),
  Count: z.int().default(0),
  LastEvaluatedKey: WireItem.optional(),
});

export function createDocuments(call: AwsCall): Documents {
  const pageOf = async (operation: string, input: object): Promise<FoundPage> => {
    const { Items, Count, LastEvaluatedKey } = Page.parse(await call(operation, wireInput(input)));
    return { Items: Items.map(fromWire), Count, LastEvaluatedKey: orNone(LastEvaluatedKey) };
  };
  return {
    getItem: async (input) => orNone(Found.parse(await call('GetItem', wireInput(input))).Item),
    putItem: async (input) => void (await call('PutItem', wireInput(input))),
    updateItem: async (input) => orNone(Updated.parse(await call('UpdateItem', wireInput(input))).Attributes),
    deleteItem: async (input) => void (await call('DeleteItem', wireInput(input))),
    query: (input) => pageOf('Query', input),
    scan: (input) => pageOf('Scan', input),
  };
}

const orNone = (item: z.infer<typeof WireItem> | undefined): Item | undefined =>
  item === undefined ? undefined : fromWire(item);

/** The parts of an input that hold items' attributes. */
const ATTRIBUTES = ['Item', 'Key', 'ExclusiveStartKey', 'ExpressionAttributeValues'];

function wireInput(input: object): object {
  const wire: Record<string, unknown> = { ...input };
  for (const part of ATTRIBUTES) if (wire[part] !== undefined) wire[part] = toWire(Object(wire[part]));
  return wire;
}
