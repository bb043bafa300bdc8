import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { functionId, synthesise } from './assembly.ts';
import { EnforcedDeployment } from './enforced-deployment.ts';
import { NOT_PROVOKED, nameOf } from './grants.ts';
import { ERRANDS, JOURNEY } from './journey.ts';

/*
 * With IAM enforced. `npm test` takes one grant of each function away, EVERY_GRANT=true (npm run rehearse:grants) takes away
 * each in turn.
 */
const takesEach = process.env.EVERY_GRANT === 'true';

let enforced: EnforcedDeployment;
let shown = 0;

beforeAll(async () => {
  enforced = await EnforcedDeployment.start();
});
afterEach(({ task }) => {
  const output = enforced.deployment.emulator.output();
  if (task.result?.state === 'fail') console.error(`The emulator:\n${output.slice(shown)}`);
  shown = output.length;
});
afterAll(() => enforced?.deployment.stop());

describe('the functions’ own roles suffice', () => {
  test.each([...JOURNEY, ...ERRANDS])('$name', (step) => enforced.take(step));
});

test('every grant is used', () => {
  const { grants } = enforced;
  const unused = grants.filter((grant) => !enforced.isUsed(grant)).map(nameOf);
  expect(unused.filter((name) => !(name in NOT_PROVOKED))).toEqual([]);
  const names = grants.map(nameOf);
  expect(Object.keys(NOT_PROVOKED).filter((name) => !names.includes(name))).toEqual([]);
});

test(`something fails without ${takesEach ? 'any' : 'a'} grant`, { timeout: 1_800_000 }, async () => {
  const used = enforced.grants.filter((grant) => enforced.isUsed(grant));
  const sample = [...Map.groupBy(used, ({ role }) => role).values()].flatMap((own) => own.slice(0, 1));
  const tried = takesEach ? used : sample;
  expect(tried.length).toBeGreaterThan(4);
  const unnoticed: string[] = [];
  for (const grant of tried) if (!(await enforced.failsWithout(grant))) unnoticed.push(nameOf(grant));
  expect(unnoticed).toEqual([]);
});

test('API Gateway and schedules invoke only what lets them', async () => {
  const { aws, apiUrl, emulator } = enforced.deployment;
  expect(emulator.output()).not.toContain('not authorized to perform: lambda:InvokeFunction');
  const routes = { api: '/v1/health', console: '/console' };
  for (const [name, path] of Object.entries(routes)) {
    expect((await fetch(apiUrl + path)).status).toBe(200);
    const functionName = (await aws.resources()).get(functionId((await synthesise()).changed.template, name));
    const policyPath = `/2015-03-31/functions/${functionName}/policy`;
    const { Policy } = JSON.parse(await aws.call({ service: 'lambda', method: 'GET', path: policyPath }));
    for (const { Sid } of JSON.parse(Policy).Statement)
      await aws.call({ service: 'lambda', method: 'DELETE', path: `${policyPath}/${Sid}` });
    expect((await fetch(apiUrl + path)).status).toBe(500);
  }
});
