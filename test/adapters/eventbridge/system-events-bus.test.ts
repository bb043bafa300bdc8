import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createCalls } from '../../../functions/adapters/aws/calls.ts';
import { createSystemEventsBus } from '../../../functions/adapters/eventbridge/system-events-bus.ts';
import { makeEvent, NOW } from '../../support/domain.ts';

const BUS = 'arn:aws:events:eu-west-1:111122223333:event-bus/ops';
const call = createCalls('eventBridge', {
  region: 'eu-west-1',
  credentials: { accessKeyId: 'AKID', secretAccessKey: 'secret' },
  endpoint: () => endpoint,
});

let server: Server;
let endpoint = '';
let requests: { headers: IncomingHttpHeaders; body: { Entries: Record<string, unknown>[] } }[] = [];
/** Status, and how many entries are refused. */
let answer: { status: number; failed: number };

beforeAll(async () => {
  server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request.setEncoding('utf8')) body += String(chunk);
    requests.push({ headers: request.headers, body: JSON.parse(body) });
    response.writeHead(answer.status).end(JSON.stringify({ FailedEntryCount: answer.failed, Entries: [] }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.close();
});
beforeEach(() => {
  requests = [];
  answer = { status: 200, failed: 0 };
});

const put = (...events: ReturnType<typeof makeEvent>[]) => createSystemEventsBus(call, BUS)(events);

describe('the bus of system events', () => {
  it('gets each event as the API shows it, signed for EventBridge', async () => {
    const data = '{"big":9007199254740993,"one":1.0}';
    await put(makeEvent({ id: 'sys_1', type: 'posthorn.job.ended', occurredAt: NOW, data }));
    expect(requests).toHaveLength(1);
    const [{ headers, body } = { headers: {}, body: { Entries: [] } }] = requests;
    expect(headers).toMatchObject({
      'x-amz-target': 'AWSEvents.PutEvents',
      'content-type': 'application/x-amz-json-1.1',
      authorization: expect.stringMatching(
        /^AWS4-HMAC-SHA256 Credential=AKID\/\d{8}\/eu-west-1\/events\/aws4_request, /,
      ),
    });
    const detail = `{"id":"sys_1","type":"posthorn.job.ended","occurredAt":"${new Date(NOW).toISOString()}","data":${data}}`;
    expect(body.Entries).toEqual([
      { EventBusName: BUS, Source: 'posthorn', DetailType: 'posthorn.job.ended', Time: NOW / 1_000, Detail: detail },
    ]);
  });

  it('gets ten in a call', async () => {
    await put(...Array.from({ length: 21 }, (_, index) => makeEvent({ id: `sys_${index}` })));
    expect(requests.map(({ body }) => body.Entries.length)).toEqual([10, 10, 1]);
  });

  it.each([
    ['refuses some', { status: 200, failed: 1 }, 'EventBridge did not take 1 event'],
    ['throttles', { status: 400, failed: 0 }, 'answered with status 400'],
    ['is away', { status: 503, failed: 0 }, 'answered with status 503'],
  ])('that %s fails the call', async (_, given, message) => {
    answer = given;
    await expect(put(makeEvent())).rejects.toThrow(message);
  });
});
