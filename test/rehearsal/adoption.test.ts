import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import * as z from 'zod';
import { createApp } from '../../lib/app.ts';
import { eventually } from '../e2e/eventually.ts';
import { idsOf, subscribed } from '../e2e/steps.ts';
import { CHANGED, synthesise, Template } from './assembly.ts';
import { type Deployment, startDeployment } from './deployment.ts';

const { changed } = synthesise();
let deployment: Deployment;

beforeAll(async () => {
  deployment = await startDeployment({ enforcesIam: false }, async (aws) => {
    await aws.uploadAssets(changed);
    const { status } = await aws.create(changed);
    expect(status, (await aws.failures()).join('\n')).toBe('CREATE_COMPLETE');
  });
});
afterEach(({ task }) => {
  if (task.result?.state === 'fail') console.error(`The emulator:\n${deployment.emulator.output()}`);
});
afterAll(() => deployment?.stop());

/** The template with what is adopted, and the code of the one that was deployed. */
function adopting(adopt: unknown): Template {
  const outdir = mkdtempSync(join(tmpdir(), 'posthorn-adopting-'));
  try {
    const context = { ...CHANGED, adopt, 'aws:cdk:bundling-stacks': [] };
    createApp({ appProps: { outdir, context, builtinCloudFormationValidation: false } }).synth();
    const template = Template.parse(JSON.parse(readFileSync(join(outdir, 'Posthorn.template.json'), 'utf8')));
    for (const [id, { Type, Properties }] of Object.entries(template.Resources))
      if (Type === 'AWS::Lambda::Function') Properties.Code = changed.template.Resources[id]?.Properties.Code;
    return template;
  } finally {
    rmSync(outdir, { recursive: true });
  }
}

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

  const { status } = await aws.create({ ...changed, template: adopting(adopt) });
  expect(status, (await aws.failures()).join('\n')).toBe('CREATE_COMPLETE');
  const kept = new Set((await aws.resources()).keys());
  for (const [id, { Type }] of Object.entries(changed.template.Resources))
    if (/::(GlobalTable|Key|Secret|Queue)$/.test(Type)) expect(kept).not.toContain(id);
  // The retry of the first, swept from the Journal, and the event that waited in the queue: signed with the secret of before.
  await eventually(async () => expect((await client.received(path)).total).toBe(3), 150_000);
  const { requests } = await client.received(path);
  expect(new Set(idsOf(requests)).size).toBe(2);
});
