import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { cutJsonMember, minifyJson, splitJsonArray } from '../../functions/core/json/json-text.ts';
import { asObject, eventType, packNames, readEventTypePack, readFixture, readText } from './pack-files.ts';

/** Text, because the order of the members is part of what is promised. */
const example = (vendor: string, name: string) => JSON.stringify(eventType(vendor, name).example);

describe('the examples that a vendor publishes are kept to the letter', () => {
  it('bindbee connector_sync_started', () => {
    const { webhook, ...rest } = readFixture('bindbee-sync-started.json');
    expect(webhook).toMatchObject({ event: 'connector_sync_started' });
    expect(example('bindbee', 'connector_sync_started')).toBe(JSON.stringify(rest));
  });

  it('keypay BankAccountDeleted', () => {
    const notification = {
      Action: 'BankAccountDeleted',
      ...asObject(eventType('keypay', 'BankAccountDeleted').example),
    };
    const body = {
      Id: 'f62319a8e9594b1da89ee456525711ea',
      Attempt: 1,
      Properties: {},
      Notifications: [notification],
    };
    expect(JSON.stringify(body)).toBe(JSON.stringify(readFixture('keypay-test-message.json')));
  });

  it('peopleforce employee_create', () => {
    const body = { action: 'employee_create', data: eventType('peopleforce', 'employee_create').example };
    expect(JSON.stringify(body)).toBe(JSON.stringify(readFixture('peopleforce-employee-create.json')));
  });

  it('and are the only ones that claim so', () => {
    const promised = packNames.flatMap((name) =>
      readEventTypePack(name)
        .eventTypes.filter((type) => type.exampleSource === 'promised')
        .map((type) => `${name} ${type.name}`),
    );
    expect(promised.toSorted()).toEqual([
      'bindbee connector_sync_started',
      'keypay BankAccountDeleted',
      'peopleforce employee_create',
    ]);
  });

  // KeyPay publishes secret, body and signature together, so its sample proves its own transcription.
  it("keypay's sample has the signature that is published with it", () => {
    const body = JSON.stringify(readFixture('keypay-test-message.json'), null, 2).replaceAll('\n', '\r\n');
    expect(createHmac('sha256', 'OLgCtvLZU4h9GYzZgamuYGdn4e7Zk651').update(body).digest('hex')).toBe(
      'd33766c44cd7ce49134833e072d10866a6e021053bff7f72b92b1da07b85cd3e',
    );
  });
});

describe.each(packNames)('%s', (vendor) => {
  it('has examples that survive JSON.parse, so that every way of loading them gives the same text', () => {
    const texts = splitJsonArray(readText(vendor), 'eventTypes').map((type) => cutJsonMember(type, 'example') ?? '');
    const parsed = readEventTypePack(vendor).eventTypes.map((type) => JSON.stringify(type.example));
    expect(texts.map(minifyJson)).toEqual(parsed);
  });
});

it('keypay examples leave the member Action to the profile', () => {
  for (const { name, example } of readEventTypePack('keypay').eventTypes) {
    expect(example, name).toBeTypeOf('object');
    expect(Array.isArray(example), name).toBe(false);
    expect(example, name).not.toHaveProperty('Action');
  }
});
