import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readPlan } from '../../local/plan.ts';
import { synthesisePosthorn } from '../../local/template/synth.ts';

const dir = mkdtempSync(join(tmpdir(), 'posthorn-synth-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

// docs/recovery.md has it put under `context` in cdk.json, which npm start reads as well.
test('what a deployment adopts in AWS is made anew on one machine', { timeout: 60_000 }, async () => {
  const deadLettersArn = 'arn:aws:sqs:eu-central-1:111122223333:events-dead';
  const adopt = {
    catalogTableName: 'posthorn-catalog-restored',
    journalTableName: 'posthorn-journal-restored',
    encryptionKeyArn: 'arn:aws:kms:eu-central-1:111122223333:key/mrk-1',
    adminKeySecretArn: 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:admin-AbCdEf',
    queues: { events: { queueArn: 'arn:aws:sqs:eu-central-1:111122223333:events', deadLettersArn } },
  };
  const { content, stackName } = await synthesisePosthorn(dir, { adopt: JSON.stringify(adopt) });
  const addresses = { sqsEndpoint: 'http://127.0.0.1:1', apiUrl: 'http://127.0.0.1:2' };
  const plan = readPlan(content, { stackName, assemblyDir: dir, ...addresses });
  expect([plan.tables, plan.queues, plan.keys, plan.secrets].map(({ length }) => length)).toEqual([2, 8, 1, 1]);
  const names = plan.tables.map(({ name }) => name);
  for (const { env } of plan.functions) if (env.CATALOG_TABLE !== undefined) expect(names).toContain(env.CATALOG_TABLE);
});
