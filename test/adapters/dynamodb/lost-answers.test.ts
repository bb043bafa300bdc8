import { beforeEach, describe, expect, it } from 'vitest';
import { createDeliveries } from '../../../functions/adapters/dynamodb/deliveries.ts';
import { createDueDeliveries } from '../../../functions/adapters/dynamodb/due-deliveries.ts';
import { createEventTypes } from '../../../functions/adapters/dynamodb/event-types.ts';
import { createEvents } from '../../../functions/adapters/dynamodb/events.ts';
import { createProfileStore } from '../../../functions/adapters/dynamodb/profiles.ts';
import { createSubscriptions } from '../../../functions/adapters/dynamodb/subscriptions.ts';
import { createTenants } from '../../../functions/adapters/dynamodb/tenants.ts';
import { createVault } from '../../../functions/adapters/kms/vault.ts';
import { scheduleAttempt } from '../../../functions/core/delivery/wake.ts';
import { WAITS } from '../../support/deliver-setup.ts';
import { HOUR, makeDelivery, makeEvent, makeEventType, makeSubscription, NOW } from '../../support/domain.ts';
import { KEY_ARN, useKms, useTables } from '../../support/emulators.ts';
import { loseAnswers } from '../../support/lost-answers.ts';

const tables = useTables();
const kms = useKms();
const answers = loseAnswers(tables.dynamodb);
const options = { tables, retentionDays: 30, now: () => NOW };
const deliveries = createDeliveries(options);
const events = createEvents(options);
const due = createDueDeliveries(tables);
const subscriptions = createSubscriptions(tables);
const tenants = createTenants(tables);
const eventTypes = createEventTypes(tables);
const profiles = createProfileStore(tables);

let number = 0;
beforeEach(() => {
  number += 1;
});
const subscription = (rest: Parameters<typeof makeSubscription>[0] = {}) =>
  makeSubscription({ tenantId: `tenant-${number}`, ...rest });
const delivery = (rest: Parameters<typeof makeDelivery>[0] = {}) =>
  makeDelivery({ tenantId: `tenant-${number}`, eventId: `e${number}`, ...rest });
const event = (rest: Parameters<typeof makeEvent>[0] = {}) => makeEvent({ tenantId: `tenant-${number}`, ...rest });
const profile = (document: unknown) => ({ name: `own-${number}`, document, createdAt: NOW, updatedAt: NOW });
const REASON = { code: 'receiver_gone', message: 'gone', at: NOW };

/** Runs a write whose answer is lost once. */
async function losing<T>(operation: string, write: () => Promise<T>): Promise<T> {
  const before = answers.count();
  answers.loseNext(operation);
  const result = await write();
  expect(answers.count()).toBe(before + 1);
  return result;
}

describe('a conditional write whose answer was lost, and that the SDK repeated, has had its effect', () => {
  it('a delivery that is new', async () => {
    expect(await losing('PutItem', () => deliveries.saveDelivery(delivery(), 0))).toBe(true);
  });

  it('a delivery that is on record', async () => {
    await deliveries.saveDelivery(delivery(), 0);
    expect(await losing('PutItem', () => deliveries.saveDelivery(delivery({ ticket: 7 }), 1))).toBe(true);
    expect(await deliveries.getDelivery(delivery())).toMatchObject({ ticket: 7, revision: 2 });
  });

  it('a lease on a due delivery', async () => {
    await deliveries.saveDelivery(scheduleAttempt(delivery(), NOW, NOW, WAITS), 0);
    const dueAt = NOW + WAITS.lostAfterMs;
    const found = await Promise.all(due.shards.map((shard) => due.listDueDeliveries(shard, dueAt)));
    const entry = found.flat().find(({ key }) => key.sk.endsWith(`#e${number}`));
    if (entry === undefined) throw new Error('not due');
    const leased = await losing('UpdateItem', () => due.leaseDelivery(entry, NOW + HOUR));
    expect(leased).toMatchObject({ eventId: `e${number}`, dueAt: NOW + HOUR, ticket: 1, revision: 2 });
    expect(await due.leaseDelivery(entry, NOW + HOUR)).toBeNull();
  });

  it('an event', async () => {
    expect(await losing('PutItem', () => events.createEvent(event()))).toBe(true);
    expect(await events.createEvent(event())).toBe(false);
  });

  it('the place where a fan-out goes on, and the removal of data', async () => {
    await events.createEvent(event());
    await losing('UpdateItem', () => events.saveFanOutCursor(event(), 'sub_1'));
    expect(await losing('UpdateItem', () => events.expungeEvent(event()))).toBe(true);
  });

  it('a subscription that is new, and one that is changed', async () => {
    expect(await losing('PutItem', () => subscriptions.saveSubscription(subscription(), 0))).toBe(true);
    expect(await losing('PutItem', () => subscriptions.saveSubscription(subscription({ name: 'b' }), 1))).toBe(true);
    expect(await subscriptions.getSubscription(`tenant-${number}`, subscription().id)).toMatchObject({
      name: 'b',
      revision: 2,
    });
  });

  it('a subscription that is disabled', async () => {
    await subscriptions.saveSubscription(subscription(), 0);
    const { tenantId, id } = subscription();
    await losing('UpdateItem', () => subscriptions.disableSubscription(tenantId, id, REASON, 0));
    expect(await subscriptions.getSubscription(tenantId, id)).toMatchObject({ status: 'disabled', revision: 2 });
  });

  it('a subscription that is deleted', async () => {
    await subscriptions.saveSubscription(subscription(), 0);
    expect(await losing('DeleteItem', () => subscriptions.deleteSubscription(subscription()))).toBe(true);
    expect(await subscriptions.getSubscription(`tenant-${number}`, subscription().id)).toBeNull();
  });

  it('a tenant', async () => {
    await losing('PutItem', () => tenants.createTenant(`tenant-${number}`, NOW));
    const created = await tenants.getTenant(`tenant-${number}`);
    if (created === null) throw new Error('not created');
    expect(await losing('PutItem', () => tenants.saveTenant({ ...created, name: 'b' }, 1))).toBe(true);
  });

  it('an event type', async () => {
    const type = makeEventType({ name: `type.${number}` });
    expect(await losing('PutItem', () => eventTypes.saveEventType(type, 0))).toBe(true);
    expect(await losing('PutItem', () => eventTypes.saveEventType(type, 1))).toBe(true);
  });

  it('a profile that is made and deleted', async () => {
    const made = await losing('PutItem', () => profiles.saveProfile(profile({}), 0));
    if (made === null) throw new Error('not made');
    expect(made).toMatchObject({ version: 1, revision: 1 });
    expect(await profiles.saveProfile(profile({ n: 2 }), 1)).toMatchObject({ version: 2, revision: 2 });
  });

  it('the data key, of which KMS makes one only', async () => {
    const vault = createVault(tables, kms, KEY_ARN);
    const owner = { tenantId: 'acme', subscriptionId: 'sub_1' };
    const sealed = await losing('PutItem', () => vault.seal('secret', owner));
    expect(await createVault(tables, kms, KEY_ARN).open(sealed, owner)).toBe('secret');
  });
});

describe("another writer's write is told from our own", () => {
  it('a save that came after another one is refused', async () => {
    await deliveries.saveDelivery(delivery({ ticket: 1 }), 0);
    expect(await deliveries.saveDelivery(delivery({ ticket: 2 }), 0)).toBe(false);
    expect(await deliveries.getDelivery(delivery())).toMatchObject({ ticket: 1, revision: 1 });
  });

  it('a subscription that was changed since it was read is not deleted', async () => {
    await subscriptions.saveSubscription(subscription(), 0);
    await subscriptions.saveSubscription(subscription({ name: 'b' }), 1);
    expect(await subscriptions.deleteSubscription(subscription())).toBe(false);
    expect(await subscriptions.getSubscription(`tenant-${number}`, subscription().id)).not.toBeNull();
  });
});
