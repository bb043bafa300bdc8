import { expect, test } from 'vitest';
import { startSchedules } from '../../local/resources/schedules.ts';

const schedule = { everyMs: 1, functionName: 'sweep' };
const due = () => new Promise((resolve) => setTimeout(resolve, 5));

test('stopping waits for the invocations that run, and starts no others', async () => {
  const running = Promise.withResolvers<void>();
  let invocations = 0;
  const schedules = startSchedules([schedule], () => {
    invocations += 1;
    return running.promise;
  });
  await due();
  schedules.tick();
  let stopped = false;
  const stopping = schedules.stop().then(() => {
    stopped = true;
  });
  await due();
  // The test clock may move while the runner ends.
  schedules.tick();
  expect([invocations, stopped]).toEqual([1, false]);
  running.resolve();
  await stopping;
  expect(stopped).toBe(true);
});

test('stopping does not fail because an invocation did', async () => {
  const schedules = startSchedules([schedule], () => Promise.reject(new Error('told to')));
  await due();
  schedules.tick();
  await expect(schedules.stop()).resolves.toBeUndefined();
});
