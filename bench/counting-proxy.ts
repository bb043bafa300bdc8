import { Agent, createServer, request as httpRequest, type IncomingMessage } from 'node:http';
import { z } from 'zod';
import { Item, indexWrites, storageBytes } from './item-size.ts';
import { emptyTally } from './tally.ts';

/** SQS bills a call as one request for each 64 KB of its payload begun. */
const CHUNK_BYTES = 65_536;

/** Passes the calls of one emulator on and counts what AWS would bill for them. */
export function createCountingProxy(service: 'SQS' | 'DynamoDB', emulatorUrl: string, tally = emptyTally()) {
  const { hostname, port } = new URL(emulatorUrl);
  const agent = new Agent({ keepAlive: true, maxSockets: 256 });

  const server = createServer(async (incoming, outgoing) => {
    try {
      const target = String(incoming.headers['x-amz-target'] ?? '');
      const operation = target.slice(target.indexOf('.') + 1);
      const asked = await readBody(incoming);
      // DynamoDB then says what the call consumed. In front: of two equal names the last one counts, which is the caller's.
      const body = service === 'SQS' ? asked : Buffer.concat([CAPACITY_WANTED, asked.subarray(1)]);
      const headers = { ...incoming.headers, 'content-length': body.length };
      const upstream = httpRequest({ hostname, port, method: incoming.method, path: incoming.url, headers, agent });
      upstream.on('error', () => outgoing.destroy());
      // A receiver that hangs up while it waits must not go on waiting behind the proxy.
      outgoing.on('close', () => outgoing.writableFinished || upstream.destroy());
      upstream.on('response', async (response) => {
        try {
          const answer = await readBody(response);
          if (response.statusCode === 200) count(operation, asked, answer);
          const { 'transfer-encoding': _, ...rest } = response.headers;
          outgoing.writeHead(response.statusCode ?? 502, { ...rest, 'content-length': answer.length });
          outgoing.end(answer);
        } catch (error) {
          console.error(error);
          outgoing.destroy();
        }
      });
      upstream.end(body);
    } catch {
      outgoing.destroy();
    }
  });

  function count(operation: string, asked: Buffer, answer: Buffer): void {
    if (service === 'SQS') countSqs(operation, asked, answer);
    else countDynamoDb(operation, asked, answer);
  }

  function countSqs(operation: string, asked: Buffer, answer: Buffer): void {
    if (operation === 'ReceiveMessage' && answer.length < 100 && !answer.includes('"MessageId"')) {
      tally.emptyReceives += 1;
      return;
    }
    const { QueueUrl = '' } = SqsRequest.parse(JSON.parse(asked.toString()));
    const [, queue = 'other'] = /(Events|Deliveries|Retries)/.exec(QueueUrl.slice(QueueUrl.lastIndexOf('/'))) ?? [];
    addCall(`SQS ${operation} ${queue.toLowerCase()}`);
    tally.sqsRequests += Math.max(1, Math.ceil(payloadBytes(asked, answer) / CHUNK_BYTES));
  }

  function countDynamoDb(operation: string, asked: Buffer, answer: Buffer): void {
    const { ConsumedCapacity } = CapacityAnswer.parse(JSON.parse(answer.toString()));
    const units = [ConsumedCapacity ?? []].flat().reduce((sum, { CapacityUnits }) => sum + CapacityUnits, 0);
    const index = operation === 'Query' ? (/"IndexName":"(\w+)"/.exec(asked.toString())?.[1] ?? '') : '';
    addCall(`DynamoDB ${operation} ${index}`.trim());
    if (READS.has(operation)) tally.readUnits += Math.max(0.5, units);
    if (!WRITES.has(operation)) return;
    tally.writeUnits += units;
    for (const item of itemsPut(asked)) {
      // The emulator's units leave the indexes out.
      tally.writeUnits += indexWrites(item);
      tally.storedBytes += storageBytes(item);
    }
  }

  function addCall(name: string): void {
    tally.calls[name] = (tally.calls[name] ?? 0) + 1;
  }

  return { server, tally };
}

const CAPACITY_WANTED = Buffer.from('{"ReturnConsumedCapacity":"TOTAL",');
const READS = new Set(['GetItem', 'BatchGetItem', 'Query', 'Scan']);
const WRITES = new Set(['PutItem', 'UpdateItem', 'DeleteItem', 'BatchWriteItem']);

const SqsRequest = z.object({ QueueUrl: z.string().optional() });
const Bodies = z.object({
  MessageBody: z.string().default(''),
  Entries: z.array(z.object({ MessageBody: z.string().default('') })).default([]),
});
const Received = z.object({ Messages: z.array(z.object({ Body: z.string() })).default([]) });
const Capacity = z.object({ CapacityUnits: z.number() });
const CapacityAnswer = z.object({ ConsumedCapacity: z.union([Capacity, z.array(Capacity)]).optional() });
const Put = z.object({
  Item: Item.optional(),
  RequestItems: z.record(z.string(), z.array(z.object({ PutRequest: z.object({ Item }).optional() }))).default({}),
});

/** The text of the messages, whichever way they go. Looked into only if it could be more than one chunk. */
function payloadBytes(asked: Buffer, answer: Buffer): number {
  if (asked.length <= CHUNK_BYTES && answer.length <= CHUNK_BYTES) return 1;
  const { MessageBody, Entries } = Bodies.parse(JSON.parse(asked.toString()));
  const { Messages } = Received.parse(JSON.parse(answer.toString()));
  const texts = [MessageBody, ...Entries.map((entry) => entry.MessageBody), ...Messages.map(({ Body }) => Body)];
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
}

function itemsPut(asked: Buffer): Item[] {
  const { Item: single, RequestItems } = Put.parse(JSON.parse(asked.toString()));
  const batch = Object.values(RequestItems).flatMap((requests) =>
    requests.flatMap(({ PutRequest }) => (PutRequest ? [PutRequest.Item] : [])),
  );
  return single === undefined ? batch : [single, ...batch];
}

async function readBody(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk);
  return Buffer.concat(chunks);
}
