import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { eventually } from '../e2e/eventually.ts';
import { arrived, subscribed } from '../e2e/steps.ts';
import { functionId, synthesise, templateLike } from './assembly.ts';
import { type Deployment, startDeployment } from './deployment.ts';

/*
 * A version that fails, and is taken back. No emulator has CodeDeploy: what it does to an alias is done by hand here, half of the invocations
 * for the new version, and none again. Which share AWS begins with, for how long, and on which alarms it goes back, is on the
 * template (test/lib/rollout.test.ts).
 */

const ALIAS = 'live';
const { changed } = await synthesise();
const template = templateLike(changed, { rollout: 'canary' });
let deployment: Deployment;

beforeAll(async () => {
  deployment = await startDeployment({ enforcesIam: false }, async (aws) => {
    await aws.uploadAssets(changed);
    const { status } = await aws.create({ ...changed, template });
    expect(status, (await aws.failures()).join('\n')).toBe('CREATE_COMPLETE');
  });
});
afterEach(({ task }) => {
  if (task.result?.state === 'fail') console.error(`The emulator:\n${deployment.emulator.output()}`);
});
afterAll(() => deployment?.stop());

const Version = z.object({ Version: z.string() });
const Alias = z.object({
  FunctionVersion: z.string(),
  RoutingConfig: z.object({ AdditionalVersionWeights: z.record(z.string(), z.number()) }).optional(),
});
type Alias = z.infer<typeof Alias>;

/** Lambda's own calls about one function of the stack. */
async function lambdaOf(name: string) {
  const physicalId = (await deployment.aws.resources()).get(functionId(template, name));
  const call = async (method: string, path: string, body?: object): Promise<unknown> => {
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    const ofFunction = { service: 'lambda', method, path: `/2015-03-31/functions/${physicalId}/${path}` };
    return JSON.parse(await deployment.aws.call({ ...ofFunction, ...sent }));
  };
  return {
    alias: async (): Promise<Alias> => Alias.parse(await call('GET', `aliases/${ALIAS}`)),
    setAlias: (alias: Alias) => call('PUT', `aliases/${ALIAS}`, alias),
    async publish(code: string): Promise<string> {
      await call('PUT', 'code', { ZipFile: zipped(code) });
      return Version.parse(await call('POST', 'versions', {})).Version;
    },
  };
}

/** A bundle of a function, as Lambda takes it. */
function zipped(code: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-version-'));
  try {
    writeFileSync(join(folder, 'index.mjs'), code);
    execFileSync(deployment.emulator.python, ['-m', 'zipfile', '-c', 'code.zip', 'index.mjs'], { cwd: folder });
    return readFileSync(join(folder, 'code.zip')).toString('base64');
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What failed comes back after a second, not after minutes. */
async function hideBriefly(queue: string): Promise<void> {
  const { [`${queue}QueueUrl`]: QueueUrl } = (await deployment.aws.state()).outputs;
  const Attributes = { VisibilityTimeout: '1' };
  await deployment.aws.json('sqs', 'AmazonSQS.SetQueueAttributes', { QueueUrl, Attributes });
}

const EVENTS = 20;

describe.each([
  ['ingest', 'Events'],
  ['deliver', 'Deliveries'],
])('a version of %s that fails', (name, queue) => {
  test('takes its share, is taken back, and nothing is lost', async () => {
    const { client } = deployment;
    await hideBriefly(queue);
    const { tenant, path } = await subscribed(client, `rolled-out-${name}`);
    const lambda = await lambdaOf(name);
    const before = await lambda.alias();
    expect(before.RoutingConfig).toBeUndefined();
    const failing = `/failing-${name}`;
    const url = JSON.stringify(`${client.endpoints.receiverUrl}${failing}`);
    const version = await lambda.publish(
      `export const handler = async () => { await fetch(${url}, { method: 'POST' }); throw new Error('a version that fails'); };`,
    );
    await lambda.setAlias({ ...before, RoutingConfig: { AdditionalVersionWeights: { [version]: 0.5 } } });

    const published: string[] = [];
    await eventually(async () => {
      published.push(await client.publish(tenant));
      expect(published.length).toBeGreaterThanOrEqual(EVENTS);
      expect((await client.received(failing)).total).toBeGreaterThan(0);
    });
    await lambda.setAlias({ ...before, RoutingConfig: { AdditionalVersionWeights: {} } });
    expect(await lambda.alias()).toEqual(before);

    await arrived(client, path, published.length);
    const { requests } = await client.received(path);
    expect(requests.map(({ headers }) => headers['webhook-id']).sort()).toEqual(published.toSorted());
  });
});

test('an update that cannot be finished leaves every alias at the version before', async () => {
  const { aws, client } = deployment;
  const names = ['api', 'ingest', 'deliver'];
  const versions = async () => Promise.all(names.map(async (name) => (await lambdaOf(name)).alias()));
  const before = await versions();
  const broken = structuredClone(template);
  const { [functionId(template, 'deliver')]: deliver } = broken.Resources;
  Object.assign(Object(deliver?.Properties.Code), { S3Key: 'never-uploaded.zip' });
  expect((await aws.update(broken)).status).toBe('UPDATE_ROLLBACK_COMPLETE');
  expect(await versions()).toEqual(before);
  const { tenant, path } = await subscribed(client, 'not-rolled-out');
  await client.publish(tenant);
  await arrived(client, path, 1);
});
