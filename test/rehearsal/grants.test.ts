import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../e2e/eventually.ts';
import { synthesise } from './assembly.ts';
import { type Deployment, startDeployment } from './deployment.ts';
import { type Grant, isAbout, NOT_PROVOKED, nameOf, readGrants } from './grants.ts';
import { ERRANDS, JOURNEY } from './journey.ts';

const { changed } = synthesise();
let deployment: Deployment;
let grants: Grant[];
let shown = 0;

beforeAll(async () => {
  deployment = await startDeployment({ enforcesIam: true }, async (aws) => {
    await aws.uploadAssets(changed);
    const { status } = await aws.create(changed);
    expect(status, (await aws.failures()).join('\n')).toBe('CREATE_COMPLETE');
  });
  grants = await readGrants(deployment.aws);
});
afterEach(({ task }) => {
  if (task.result?.state === 'fail') console.error(`The emulator:\n${deployment.emulator.output().slice(shown)}`);
  shown = deployment.emulator.output().length;
});
afterAll(() => deployment?.stop());

describe('the journey with the functions’ own roles', () => {
  test.each([...JOURNEY, ...ERRANDS])('$name', async ({ run }) => {
    await run({ ...deployment, until: eventually });
    expect(deployment.emulator.decisions.filter(({ allowed }) => !allowed)).toEqual([]);
  });
});

test('every grant is used', () => {
  const { decisions } = deployment.emulator;
  const unused = grants.filter((grant) => !decisions.some(isAbout(grant))).map(nameOf);
  expect(unused.filter((name) => !(name in NOT_PROVOKED))).toEqual([]);
  const names = grants.map(nameOf);
  expect(Object.keys(NOT_PROVOKED).filter((name) => !names.includes(name))).toEqual([]);
});
