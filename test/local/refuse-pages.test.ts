import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { startDynamoDb } from '../../local/emulators/dynamodb.ts';
import { startSqs } from '../../local/emulators/sqs.ts';

const dir = mkdtempSync(join(tmpdir(), 'posthorn-pages-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

test.each([
  ['DynamoDB', 'DynamoDB_20120810.ListTables', () => startDynamoDb({ port: 0 })],
  ['SQS', 'AmazonSQS.ListQueues', () => startSqs({ port: 0, dir })],
])('a page in a browser may not ask %s, and a program may', async (_, target, start) => {
  const emulator = await start();
  const ask = (method: string, headers: Record<string, string>) =>
    fetch(emulator.url, {
      method,
      headers: {
        'x-amz-target': target,
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-date': '20260101T000000Z',
        authorization: 'AWS4-HMAC-SHA256 Credential=a/b/c/d/aws4_request, SignedHeaders=host, Signature=e',
        ...headers,
      },
      ...(method === 'POST' ? { body: '{}' } : {}),
    });
  const origin = 'https://page.example';
  for (const answer of [
    await ask('OPTIONS', { origin, 'access-control-request-method': 'POST' }),
    await ask('POST', { origin }),
  ]) {
    expect(answer.status).toBe(403);
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
  }
  expect((await ask('POST', {})).status).toBe(200);
  await emulator.close();
});
