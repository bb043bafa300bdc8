import { createHash } from 'node:crypto';

/** Paths of the receiver: one never answers, one answers 500. */
export const HANGS = '/hangs';
export const FAILS = '/fails';

/** Finds the reference of an event in what was delivered. */
export const REFERENCE = /"reference":"([^"]*)"/;

const FIRST = ['Ada', 'Bao', 'Chiara', 'Dmitri', 'Elif', 'Fatima', 'Goran', 'Hana', 'Ioan', 'Jun', 'Kwame', 'Lucía'];
const LAST = ['Okafor', 'Nguyen', 'Rossi', 'Petrov', 'Yılmaz', 'Haddad', 'Kovač', 'Sato', 'Popescu', 'Kim', 'Mensah'];
const TEAMS = ['Payroll', 'People operations', 'Warehouse', 'Sales', 'Customer success', 'Engineering'];
const FIELDS = ['Cost centre', 'Badge number', 'Pension scheme', 'Union', 'Shirt size', 'Parking space', 'Locker'];

/**
 * A change of an employee as HR systems publish it, of exactly so many bytes of JSON. It differs from one reference to
 * the next in about the part in which real ones differ, so that it compresses like them.
 */
export function exampleData(reference: string, bytes: number): object {
  const digest = createHash('sha256').update(reference).digest();
  const pick = (list: readonly string[], at: number) => list[(digest[at] ?? 0) % list.length] ?? '';
  const number = digest.readUInt32BE(8);
  const firstName = pick(FIRST, 0);
  const lastName = pick(LAST, 1);
  const customFields: object[] = [];
  const data = {
    reference,
    employee: {
      id: uuid(digest, 0),
      firstName,
      lastName,
      email: `${firstName}.${lastName}${number % 1000}@example.com`.toLowerCase(),
      department: pick(TEAMS, 2),
      startDate: `20${10 + (number % 16)}-0${1 + (number % 9)}-1${number % 10}`,
      salary: { amount: 30_000 + (number % 90_000), currency: 'EUR' },
    },
    changedFields: ['salary.amount', 'department'],
    customFields,
    note: '',
  };
  for (let n = 0; size(data) < bytes - 150; n += 1) {
    const value = createHash('sha256').update(`${reference} ${n}`).digest();
    customFields.push({ id: uuid(value, 0), label: pick(FIELDS, n % 32), value: value.readUInt32BE(20) });
  }
  const text =
    'Approved by the regional manager and backdated to the start of the current pay period, see the attachment. ';
  data.note = text.repeat(Math.ceil(bytes / text.length)).slice(0, Math.max(0, bytes - size(data)));
  return data;
}

function size(data: object): number {
  return Buffer.byteLength(JSON.stringify(data));
}

function uuid(bytes: Buffer, start: number): string {
  const hex = bytes.toString('hex', start, start + 16);
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-');
}
