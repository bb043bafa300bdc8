import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import * as z from 'zod';
import { inspectAccount } from '../../bin/account.ts';
import { parseTuning } from '../../lib/tuning.ts';
import { CREDENTIALS } from '../../testing/queues.ts';
import { eventually } from '../e2e/eventually.ts';
import { idsOf, subscribed } from '../e2e/steps.ts';
import { synthesise, templateLike } from './assembly.ts';
import type { Aws } from './aws.ts';
import { type Deployment, startDeployment } from './deployment.ts';
import { sweep } from './journey.ts';

const STATEFUL = [
  'AWS::DynamoDB::GlobalTable',
  'AWS::SQS::Queue',
  'AWS::SecretsManager::Secret',
  'AWS::Logs::LogGroup',
];

const { changed } = await synthesise();
let deployment: Deployment;
let failure: Awaited<ReturnType<typeof failFirst>>;

/** What a first deployment leaves that could not be finished. As docs/recovery.md says, its protection is lifted then. */
async function failFirst(aws: Aws) {
  const template = structuredClone(changed.template);
  const stateful = Object.entries(template.Resources).filter(([, { Type }]) => STATEFUL.includes(Type));
  template.Resources.Broken = {
    Type: 'AWS::Lambda::EventInvokeConfig',
    Properties: { FunctionName: 'never-made', Qualifier: '$LATEST', MaximumRetryAttempts: 0 },
    DependsOn: stateful.map(([id]) => id),
  };
  const { status } = await aws.create({ ...changed, template });
  const existing = await aws.existing();
  const left = Object.fromEntries(
    STATEFUL.map((type) => [type, existing[type]?.match(/Posthorn-|vendedlogs/g)?.length ?? 0]),
  );
  const caller = { ...CREDENTIALS, endpoint: aws.url };
  const plan = { tuning: parseTuning({}), runtime: '', stackName: 'Posthorn' };
  const advice = (await inspectAccount(caller, plan)).find(({ fact }) => fact.startsWith('the stack'));
  await expect(aws.destroy()).rejects.toThrow('TerminationProtection');
  await aws.allowDeletion();
  await aws.destroy();
  return { status, left, advice };
}

beforeAll(async () => {
  deployment = await startDeployment({ enforcesIam: false }, async (aws) => {
    await aws.uploadAssets(changed);
    failure = await failFirst(aws);
    const { status } = await aws.create(changed);
    expect(status, (await aws.failures()).join('\n')).toBe('CREATE_COMPLETE');
  });
});
afterEach(({ task }) => {
  if (task.result?.state === 'fail') console.error(`The emulator:\n${deployment.emulator.output()}`);
});
afterAll(() => deployment?.stop());

const Secrets = z.object({ SecretList: z.array(z.object({ ARN: z.string() })) });

test('a stack that is gone leaves what the next one adopts: nothing that was accepted is lost', {
  timeout: 240_000,
}, async () => {
  const { aws, client } = deployment;
  const { tenant, path } = await subscribed(client, 'adopted');
  await client.behave(path, [{ status: 500 }], { status: 200 });
  const failed = await client.publish(tenant, { id: 'before' });
  await eventually(async () => {
    const { status, attempts } = await client.deliveryOf(tenant, failed);
    expect([status, attempts.length]).toEqual(['pending', 1]);
  }, 30_000);

  const { outputs } = await aws.state();
  const { SecretList } = Secrets.parse(await aws.json('secretsmanager', 'secretsmanager.ListSecrets', {}));
  const queueOf = (name: string) => ({
    queueArn: outputs[`${name}QueueArn`],
    deadLettersArn: outputs[`${name}DeadLettersArn`],
  });
  const adopt = {
    catalogTableName: outputs.CatalogTableName,
    journalTableName: outputs.JournalTableName,
    encryptionKeyArn: outputs.EncryptionKeyArn,
    adminKeySecretArn: SecretList[0]?.ARN,
    queues: {
      events: queueOf('Events'),
      deliveries: queueOf('Deliveries'),
      retries: queueOf('Retries'),
      jobs: queueOf('Jobs'),
    },
  };
  await aws.allowDeletion();
  expect((await aws.destroy()).status).toBe('gone');
  // The queue takes events while no one works.
  await client.send({ tenantId: tenant, id: 'between', type: 'thing.happened', data: {} });

  const { status } = await aws.create({ ...changed, template: templateLike(changed, { adopt }) });
  expect(status, (await aws.failures()).join('\n')).toBe('CREATE_COMPLETE');
  const kept = new Set((await aws.resources()).keys());
  for (const [id, { Type }] of Object.entries(changed.template.Resources))
    if (/::(GlobalTable|Key|Secret|Queue)$/.test(Type)) expect(kept).not.toContain(id);
  // The retry of the first, swept from the Journal, and the event that waited in the queue: signed with the secret of before.
  await sweep(deployment);
  await eventually(async () => expect((await client.received(path)).total).toBe(3), 60_000);
  const { requests } = await client.received(path);
  expect(new Set(idsOf(requests)).size).toBe(2);
});

test('a first deployment that fails leaves empty tables at most, and nothing that blocks the second', () => {
  const { 'AWS::DynamoDB::GlobalTable': tables, ...others } = failure.left;
  expect(failure.status).toBe('ROLLBACK_COMPLETE');
  // As preflight says; until then it cannot be deleted.
  expect(failure.advice?.change).toContain('--stack-name Posthorn --no-enable-termination-protection');
  expect(tables).toBeLessThanOrEqual(2);
  expect(others).toEqual({ 'AWS::SQS::Queue': 0, 'AWS::SecretsManager::Secret': 0, 'AWS::Logs::LogGroup': 0 });
});
