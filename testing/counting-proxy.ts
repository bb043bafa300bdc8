import { z } from 'zod';
import { createAwsProxy } from './aws-proxy.ts';
import { Item, indexWrites, storageBytes } from './item-size.ts';
import { emptyTally } from './tally.ts';

/** SQS bills a call as one request for each 64 KB of its payload begun. */
const CHUNK_BYTES = 65_536;

/** Passes the calls of one emulator on and counts what AWS would bill for them. */
export function createCountingProxy(service: 'SQS' | 'DynamoDB', emulatorUrl: string, tally = emptyTally()) {
  const server = createAwsProxy(emulatorUrl, async ({ operation, body }, pass) => {
    // DynamoDB then says what the call consumed. In front: of two equal names the last one counts, which is the caller's.
    const answer = await pass(service === 'SQS' ? body : Buffer.concat([CAPACITY_WANTED, body.subarray(1)]));
    if (answer?.status === 200) count(operation, body, answer.body);
    // A condition that does not hold is an answer. Whatever else is refused was made in vain, and should be seen.
    else if (answer !== null && !answer.body.includes('ConditionalCheckFailed'))
      addCall(`${service} ${operation} refused`);
    return answer;
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
    const [, queue = 'other'] = /(Events|Deliveries|Retries)/i.exec(QueueUrl.slice(QueueUrl.lastIndexOf('/'))) ?? [];
    addCall(`SQS ${operation} ${queue.toLowerCase()}`);
    tally.sqsRequests += Math.max(1, Math.ceil(payloadBytes(asked, answer) / CHUNK_BYTES));
  }

  function countDynamoDb(operation: string, asked: Buffer, answer: Buffer): void {
    const { ConsumedCapacity } = CapacityAnswer.parse(JSON.parse(answer.toString()));
    const units = [ConsumedCapacity ?? []].flat().reduce((sum, consumed) => sum + tableUnits(consumed), 0);
    const index = operation === 'Query' ? (/"IndexName":"(\w+)"/.exec(asked.toString())?.[1] ?? '') : '';
    addCall(`DynamoDB ${operation} ${index}`.trim());
    if (READS.has(operation)) tally.readUnits += Math.max(0.5, units);
    if (!WRITES.has(operation)) return;
    tally.writeUnits += units;
    for (const item of itemsPut(asked)) {
      // The emulator leaves the indexes out, and of another implementation's answer only the table is taken.
      tally.writeUnits += indexWrites(item);
      tally.storedBytes += storageBytes(item);
    }
  }

  function addCall(name: string): void {
    tally.calls[name] = (tally.calls[name] ?? 0) + 1;
  }

  return { server, tally };
}

const CAPACITY_WANTED = Buffer.from('{"ReturnConsumedCapacity":"INDEXES",');
const READS = new Set(['GetItem', 'BatchGetItem', 'Query', 'Scan']);
const WRITES = new Set(['PutItem', 'UpdateItem', 'DeleteItem', 'BatchWriteItem']);

const SqsRequest = z.object({ QueueUrl: z.string().optional() });
const Bodies = z.object({
  MessageBody: z.string().default(''),
  Entries: z.array(z.object({ MessageBody: z.string().default('') })).default([]),
});
const Received = z.object({ Messages: z.array(z.object({ Body: z.string() })).default([]) });
const Units = z.object({ CapacityUnits: z.number() });
const Capacity = Units.extend({ Table: Units.optional() });
const CapacityAnswer = z.object({ ConsumedCapacity: z.union([Capacity, z.array(Capacity)]).optional() });
const Put = z.object({
  Item: Item.optional(),
  RequestItems: z.record(z.string(), z.array(z.object({ PutRequest: z.object({ Item }).optional() }))).default({}),
});

function tableUnits({ Table, CapacityUnits }: z.infer<typeof Capacity>): number {
  return Table?.CapacityUnits ?? CapacityUnits;
}

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
