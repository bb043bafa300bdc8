import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@aws-lambda-powertools/logger';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { LogLine, withRequestId } from '../../../functions/adapters/lambda/log-lines.ts';
import { context } from '../../support/lambda.ts';

beforeEach(() => {
  vi.stubEnv('POWERTOOLS_SERVICE_NAME', 'posthorn-deliver');
});
afterEach(() => {
  vi.unstubAllEnvs();
});

function recordLines() {
  const lines: string[] = [];
  const keep = (line: string): void => void lines.push(line);
  const logger = new Logger({ logFormatter: new LogLine() });
  Reflect.set(logger, 'console', { info: keep, error: keep });
  return { logger, read: () => lines.map((line) => JSON.parse(line)) };
}

it('a line is JSON, and says what it was told', () => {
  const { logger, read } = recordLines();
  logger.info('an attempt failed', { tenantId: 'acme', traceId: undefined });
  expect(read()).toEqual([
    {
      level: 'INFO',
      message: 'an attempt failed',
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      service: 'posthorn-deliver',
      tenantId: 'acme',
    },
  ]);
});

it('each line names the invocation that logged it, also of two that run at the same time', async () => {
  const { logger, read } = recordLines();
  const handler = withRequestId(async (name: string) => {
    logger.info(`${name} begins`);
    await sleep(5);
    logger.info(`${name} ends`);
    return name;
  });
  const run = (name: string) => handler(name, { ...context(), awsRequestId: `request of ${name}` });
  expect(await Promise.all([run('one'), run('two')])).toEqual(['one', 'two']);
  expect(read().map(({ message, requestId }) => [message, requestId])).toEqual([
    ['one begins', 'request of one'],
    ['two begins', 'request of two'],
    ['one ends', 'request of one'],
    ['two ends', 'request of two'],
  ]);
});

it('an error has its stack and its cause, and what is said beside it', () => {
  const { logger, read } = recordLines();
  logger.error('failed', { tenantId: 'acme', error: new Error('outer', { cause: new Error('inner') }) });
  expect(read()[0]).toMatchObject({
    tenantId: 'acme',
    error: {
      name: 'Error',
      message: 'outer',
      stack: expect.stringContaining('log-lines.test.ts'),
      cause: { message: 'inner' },
    },
  });
});

it('an X-Ray trace is named where there is one', () => {
  vi.stubEnv('_X_AMZN_TRACE_ID', 'Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1');
  const { logger, read } = recordLines();
  logger.info('traced');
  expect(read()[0]).toMatchObject({ xrayTraceId: '1-5759e988-bd862e3fe1be46a994272793' });
});
