import { Validator } from '@cfworker/json-schema';
import { describe, expect, it } from 'vitest';
import { asObject, eventType, packNames, readEventTypePack } from './pack-files.ts';

const errorsOf = (schema: object, data: unknown) => new Validator(schema, '2020-12', false).validate(data).errors;

/** Keywords that the event-type packs use. A misspelt one would be an annotation to a validator, and check nothing. */
const KEYWORDS = ['type', 'properties', 'required', 'items', 'additionalProperties', 'anyOf'];

function keywordsOf(schema: unknown): string[] {
  if (Array.isArray(schema)) return schema.flatMap(keywordsOf);
  if (typeof schema !== 'object' || schema === null) return [];
  return Object.entries(asObject(schema)).flatMap(([keyword, value]) => [
    keyword,
    // The keys of `properties` are names of the vendor's, not keywords.
    ...(keyword === 'properties' ? Object.values(asObject(value)).flatMap(keywordsOf) : keywordsOf(value)),
  ]);
}

describe.each(packNames)('%s', (vendor) => {
  const types = readEventTypePack(vendor).eventTypes.map((type) => [type.name, type] as const);

  it.each(types)('%s accepts its example', (_, { schema, example }) => {
    expect(errorsOf(schema, example)).toEqual([]);
  });

  it.each(types)('%s accepts members that the vendor adds later', (_, { schema, example }) => {
    expect(errorsOf(schema, { ...asObject(example), added_later: { deep: [1] } })).toEqual([]);
  });

  it.each(types)('%s refuses data of another kind', (_, { schema, example }) => {
    for (const other of [[example], 'text', 7, null]) expect(errorsOf(schema, other)).not.toEqual([]);
  });

  it.each(types)('%s uses keywords that are checked', (_, { schema }) => {
    for (const keyword of keywordsOf(schema)) expect(KEYWORDS).toContain(keyword);
  });
});

describe('a schema refuses what a receiver could not read', () => {
  const connector = { id: '018f99e2-ed3a-7f4c-ae97-83d619bdf95c' };
  const refused: [vendor: string, type: string, what: string, data: unknown, location: string][] = [
    ['bindbee', 'connector_synced', 'no connector', { data: { id: 'a', display_status: 'Done' } }, '#'],
    ['bindbee', 'employee_data_changed', 'an object of ids', { connector, data: { a: ['b'] } }, '#/data'],
    ['bindbee', 'employee_data_changed', 'a number as id', { connector, data: ['a', 5] }, '#/data/1'],
    ['bindbee', 'connector_data_modified', 'a list of ids', { connector, data: ['a'] }, '#/data'],
    ['keypay', 'EmployeeCreated', 'no id', { FirstName: 'Ada' }, '#'],
    ['keypay', 'PayRunDeleted', 'an id as text', { Id: '123' }, '#/Id'],
    ['keypay', 'BankAccountDeleted', 'neither id nor test message', {}, '#'],
    ['keypay', 'LeaveRequestApproved', 'hours as text', { Id: 1, EmployeeId: 2, TotalHours: '7.6' }, '#/TotalHours'],
    ['staffology', 'Employee_Updated', 'no id', { personalDetails: null }, '#'],
    ['staffology', 'Payrun_Finalised', 'a yes that is no boolean', { isClosed: 'yes' }, '#/isClosed'],
    ['peopleforce', 'employee_update', 'no attributes', { id: 1 }, '#'],
    [
      'peopleforce',
      'employee_salary_create',
      'an amount as number',
      { id: 1, attributes: { amount: 45000 } },
      '#/attributes/amount',
    ],
    [
      'peopleforce',
      'leave_request_create',
      'an entry as number',
      { id: 1, attributes: {}, entries: [{ occurs_on: '2023-05-04', amount: 1 }] },
      '#/entries/0/amount',
    ],
    ['peopleforce', 'vacancy_create', 'an id as text', { id: '1' }, '#/id'],
  ];

  it.each(refused)('%s %s: %s', (vendor, type, _, data, location) => {
    expect(errorsOf(eventType(vendor, type).schema, data).map((error) => error.instanceLocation)).toContain(location);
  });
});

it("accepts a deletion of KeyPay's by the bare id, as well as its test message", () => {
  const { schema, example } = eventType('keypay', 'BankAccountDeleted');
  expect(errorsOf(schema, { Id: 123 })).toEqual([]);
  expect(errorsOf(schema, example)).toEqual([]);
});
