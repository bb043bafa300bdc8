import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../e2e/eventually.ts';
import { arrived, subscribed } from '../e2e/steps.ts';
import { verifyWithPackages } from '../e2e/verify.ts';
import { functionId, synthesise, templateLike } from './assembly.ts';
import { createAws } from './aws.ts';
import { type Deployment, openAccess, startDeployment } from './deployment.ts';
import { JOURNEY } from './journey.ts';

const { asDelivered, changed } = await synthesise();
let deployment: Deployment;

beforeAll(async () => {
  deployment = await startDeployment({ enforcesIam: false }, async (aws) => {
    await aws.uploadAssets(asDelivered);
    const { status } = await aws.create(asDelivered);
    expect(status, (await aws.failures()).join('\n')).toBe('CREATE_COMPLETE');
  });
});
afterEach(({ task }) => {
  if (task.result?.state === 'fail') console.error(`The emulator:\n${deployment.emulator.output()}`);
});
afterAll(async () => {
  await second?.close();
  await deployment?.stop();
});

test('as delivered it refuses receivers that are not public', async () => {
  const body = { url: `${deployment.client.endpoints.receiverUrl}/x`, eventTypes: ['*'] };
  const refused = await deployment.client.call('POST', '/v1/tenants/acme/subscriptions', { body });
  expect(refused).toMatchObject({ status: 422, body: { errors: [{ path: '/url' }] } });
});

test('it is updated with other settings', async () => {
  const { aws } = deployment;
  const { status } = await aws.update(changed.template);
  expect(status, (await aws.failures()).join('\n')).toBe('UPDATE_COMPLETE');
});

describe('the journey', () => {
  test.each(JOURNEY)('$name', async ({ run }) => {
    await run({ ...deployment, until: eventually });
  });
});

const API = functionId(changed.template, 'api');
const DELIVER = functionId(changed.template, 'deliver');

test('an update that cannot be finished is taken back as a whole', async () => {
  const { aws, client } = deployment;
  const template = structuredClone(changed.template);
  const { [API]: api, [DELIVER]: deliver } = template.Resources;
  Object.assign(Object(api?.Properties.Environment).Variables, { ALLOW_HTTP: 'false' });
  Object.assign(Object(deliver?.Properties.Code), { S3Key: 'never-uploaded.zip' });
  Object.assign(deliver ?? {}, { DependsOn: [API] });
  const { status } = await aws.update(template);
  expect(status).toBe('UPDATE_ROLLBACK_COMPLETE');
  expect((await aws.failures()).join('\n')).toContain('never-uploaded.zip');
  // What had been updated already is as it was.
  const { tenant, path } = await subscribed(client, 'rolled-back');
  await client.publish(tenant);
  await arrived(client, path, 1);
});

/** A second deployment in the same account, which is there when the first is destroyed. */
let second: Awaited<ReturnType<typeof openAccess>>;

test('a second deployment gets nothing of what the first gets', async () => {
  const { emulator, client } = deployment;
  const aws = createAws(emulator, 'Second');
  const template = templateLike(changed, { stackName: 'Second' });
  const { status } = await aws.create({ ...changed, template });
  expect(status, (await aws.failures()).join('\n')).toBe('CREATE_COMPLETE');
  second = await openAccess(emulator, aws);

  const [tenant, path] = ['in-both', '/in-both'];
  for (const one of [client, second.client]) await one.subscribe(tenant, path);
  const eventId = await client.publish(tenant);
  await arrived(client, path, 1);
  const own = await second.client.publish(tenant);
  const { last } = await arrived(second.client, path, 1);
  expect(last.headers['webhook-id']).toBe(own);
  expect((await client.received(path)).total).toBe(1);
  const ofTheFirst = `/v1/tenants/${tenant}/events/${eventId}`;
  expect((await client.call('GET', ofTheFirst)).status).toBe(200);
  expect((await second.client.call('GET', ofTheFirst)).status).toBe(404);
  expect((await second.client.call('GET', ofTheFirst, { token: client.endpoints.adminKey })).status).toBe(401);
});

describe('destroyed', () => {
  test('only once its protection is lifted', async () => {
    const { aws } = deployment;
    await expect(aws.destroy()).rejects.toThrow('TerminationProtection');
    expect((await aws.state()).status).toBe('UPDATE_ROLLBACK_COMPLETE');
  });

  test('what holds something is kept, and nothing else', async () => {
    const { aws } = deployment;
    const before = await aws.existing();
    const physicalIds = await aws.resources();
    const found = (account: Record<string, string>) =>
      Object.entries(changed.template.Resources)
        .filter(([id, { Type }]) => account[Type]?.includes(physicalIds.get(id) ?? 'no physical id'))
        .map(([id]) => id);
    const looked = Object.entries(changed.template.Resources).filter(([, { Type }]) => Type in before);
    expect(found(before)).toEqual(looked.map(([id]) => id));

    await aws.allowDeletion();
    expect((await aws.destroy()).status).toBe('gone');
    const kept = looked.filter(([, { DeletionPolicy = 'Delete' }]) => DeletionPolicy !== 'Delete');
    expect(found(await aws.existing())).toEqual(kept.map(([id]) => id));
    expect([...new Set(kept.map(([, { Type }]) => Type))].sort()).toEqual([
      'AWS::DynamoDB::GlobalTable',
      'AWS::KMS::Key',
      'AWS::Logs::LogGroup',
      'AWS::SQS::Queue',
      'AWS::SecretsManager::Secret',
    ]);
  });

  test('the second deployment works as before', async () => {
    const { tenant, path, secret } = await subscribed(second.client, 'left');
    await second.client.publish(tenant);
    verifyWithPackages((await arrived(second.client, path, 1)).last, secret);
  });
});
