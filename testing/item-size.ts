import { z } from 'zod';
import { INDEXES } from '../functions/names.ts';

/** DynamoDB's JSON: each value under the name of its type. */
export const Item = z.record(z.string(), z.record(z.string(), z.unknown()));
export type Item = z.infer<typeof Item>;

/** DynamoDB adds this to each item and to each index entry when it bills storage. */
const STORAGE_OVERHEAD = 100;

/** @returns bytes, by https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html */
export function itemBytes(item: Item): number {
  return Object.entries(item).reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + valueBytes(value), 0);
}

function valueBytes(typed: unknown): number {
  const [[type, value] = []] = Object.entries(z.record(z.string(), z.unknown()).parse(typed));
  switch (type) {
    case 'S':
      return Buffer.byteLength(String(value));
    case 'N':
      return Math.ceil(String(value).replace(/[-.]/g, '').length / 2) + 1;
    case 'B':
      return Buffer.byteLength(String(value), 'base64');
    case 'L':
      return (
        3 +
        z
          .array(z.unknown())
          .parse(value)
          .reduce<number>((sum, entry) => sum + 1 + valueBytes(entry), 0)
      );
    case 'M': {
      const members = Item.parse(value);
      return 3 + Object.keys(members).length + itemBytes(members);
    }
    case 'BOOL':
    case 'NULL':
      return 1;
    default:
      throw new Error(`there is no rule for the size of a DynamoDB value of type ${type}`);
  }
}

const KEYS_ONLY = [
  [INDEXES.journalList.partition, INDEXES.journalList.sort],
  [INDEXES.journalDue.partition, INDEXES.journalDue.sort],
] as const;

/** What a new item of the journal costs beside its own write units: an entry, below 1 KB, in each index that it is in. */
export function indexWrites(item: Item): number {
  return entries(item).length;
}

/** The bytes of storage that are billed for an item of the journal, with its index entries. */
export function storageBytes(item: Item): number {
  return [item, ...entries(item)].reduce((sum, one) => sum + itemBytes(one) + STORAGE_OVERHEAD, 0);
}

function entries(item: Item): Item[] {
  return KEYS_ONLY.flatMap(([partition, sort]) => {
    const names = ['pk', 'sk', partition, sort];
    const entry = names.flatMap((name) => (item[name] === undefined ? [] : [[name, item[name]] as const]));
    return entry.length === names.length ? [Object.fromEntries(entry)] : [];
  });
}
