import { beforeEach, describe, expect, it } from 'vitest';
import { createDeliveries } from '../../../functions/adapters/dynamodb/deliveries.ts';
import { createDueDeliveries } from '../../../functions/adapters/dynamodb/due-deliveries.ts';
import { createVault } from '../../../functions/adapters/kms/vault.ts';
import { scheduleAttempt } from '../../../functions/core/delivery/wake.ts';
import { WAITS } from '../../support/deliver-setup.ts';
import { HOUR, makeDelivery, NOW } from '../../support/domain.ts';
import { KEY_ARN, useKms, useTables } from '../../support/emulators.ts';
import { loseAnswers } from '../../support/lost-answers.ts';

const tables = useTables();
const kms = useKms();
const answers = loseAnswers(tables.dynamodb);
const options = { tables, retentionDays: 30, now: () => NOW };
const deliveries = createDeliveries(options);
const due = createDueDeliveries(tables);

let number = 0;
beforeEach(() => {
  number += 1;
});
const delivery = (rest: Parameters<typeof makeDelivery>[0] = {}) =>
  makeDelivery({ tenantId: `tenant-${number}`, eventId: `e${number}`, ...rest });

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
});
