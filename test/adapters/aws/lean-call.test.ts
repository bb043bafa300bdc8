import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { HttpRequest } from '@smithy/core/protocols';
import { SignatureV4 } from '@smithy/signature-v4';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLeanCall } from '../../../functions/adapters/aws/lean-call.ts';

interface Received {
  headers: IncomingHttpHeaders;
  body: string;
}

describe('a lean call', () => {
  const received: Received[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request.setEncoding('utf8')) body += String(chunk);
    received.push({ headers: request.headers, body });
    response.setHeader('content-type', 'application/x-amz-json-1.0').end('{"TableNames":[]}');
  });
  const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'a secret', sessionToken: 'a session' };
  let client: DynamoDBClient;

  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    client = new DynamoDBClient({ region: 'eu-west-1', endpoint: `http://127.0.0.1:${port}`, credentials });
  });
  afterAll(() => {
    client.destroy();
    server.close();
  });

  it('carries the signature that the SDK would give it', async () => {
    const call = createLeanCall(client, 'dynamodb');
    // The SDK's own first call tells the endpoint.
    await client.send(new ListTablesCommand({}));
    const input = { RequestItems: { Journal: [{ PutRequest: { Item: { pk: { S: 'é – 日本' } } } }] } };
    expect(await call('BatchWriteItem', input)).toEqual({ TableNames: [] });

    const { headers, body } = received.at(-1) ?? { headers: {}, body: '' };
    expect(JSON.parse(body)).toEqual(input);
    const date = String(headers['x-amz-date']);
    const signer = new SignatureV4({
      service: 'dynamodb',
      region: 'eu-west-1',
      credentials,
      sha256: client.config.sha256,
      applyChecksum: false,
    });
    const names = /SignedHeaders=([^,]+)/.exec(String(headers.authorization))?.[1]?.split(';') ?? [];
    const signed = await signer.sign(
      new HttpRequest({
        method: 'POST',
        hostname: String(headers.host),
        path: '/',
        headers: Object.fromEntries(names.map((name) => [name, String(headers[name])])),
        body,
      }),
      { signingDate: date.replace(/^(....)(..)(..)T(..)(..)(..)Z$/, '$1-$2-$3T$4:$5:$6Z') },
    );
    expect(names).toContain('x-amz-security-token');
    expect(headers.authorization).toBe(signed.headers.authorization);
  });
});
