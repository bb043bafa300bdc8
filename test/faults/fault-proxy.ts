import type { Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { createAwsProxy, type Pass, type ProxiedAnswer, type ProxiedCall } from '../../testing/aws-proxy.ts';
import type { Choices } from './random.ts';

/** What can befall a call, each with its probability for one call. */
export interface FaultRates {
  /** AWS refuses it for its rate. */
  throttle: number;
  /** AWS has a fault of its own. */
  fail: number;
  /** The connection breaks before the call has its effect. */
  resetBefore: number;
  /** The call has its effect, and then the connection breaks. */
  resetAfter: number;
  /** A batch of which only a part is done. */
  partial: number;
  /** It waits for up to `maxDelayMs` first. */
  delay: number;
  maxDelayMs: number;
  /** A message that was handed out before is handed out again. */
  double: number;
  /** The messages of an answer change places. */
  reorder: number;
  /** A message that is hidden is visible again while its invocation has it still. */
  expose: number;
  /** An eventually consistent read does not see the writes of the last moments. */
  stale: number;
  /** From now on, for `outageMs`, every write of this kind is refused: longer than the SDK goes on trying. */
  outage: number;
  outageMs: number;
}

export const FAULTS = [
  'throttle',
  'fail',
  'resetBefore',
  'resetAfter',
  'partial',
  'delay',
  'double',
  'reorder',
  'expose',
  'stale',
  'outage',
] as const;
export type Fault = (typeof FAULTS)[number];

export interface FaultProxy {
  server: Server;
  /** Off at first, so that the system can start. */
  set(active: boolean): void;
  /** How often each was done. */
  counts: Record<Fault, number>;
  /** The bodies of messages of which there were two: handed out again, or sent again because the answer was lost. */
  doubled: string[];
  /** The bodies of all messages that were handed out, and when. */
  handedOut: { body: string; at: number }[];
  /** The items of DynamoDB whose write did not go through at once, and when. */
  refusedWrites: { pk: string; sk: string; at: number }[];
  /** For how long no call came, in milliseconds; 0 while one is under way. Looking for messages does not count. */
  idleMs(): number;
}

type Service = 'SQS' | 'DynamoDB';

/** A call that has just had its effect, and whose answer is held back: `SendMessageBatch Retries`, `UpdateItem Catalog`. */
export type OnEffect = (point: string) => Promise<void>;

/** Stands before one emulator. What it does to each call follows from `choices` and the order of the calls. */
export function createFaultProxy(
  service: Service,
  emulatorUrl: string,
  rates: FaultRates,
  choices: Choices,
  onEffect: OnEffect = async () => {},
): FaultProxy {
  const counts = Object.fromEntries(FAULTS.map((fault) => [fault, 0])) as Record<Fault, number>;
  const recentMessages = new Map<string, Message[]>();
  const doubled: string[] = [];
  const handedOut: FaultProxy['handedOut'] = [];
  const refusedWrites: FaultProxy['refusedWrites'] = [];
  /** By operation, until when it is refused. */
  const outages = new Map<string, number>();
  const writes = new RecentWrites();
  let active = false;
  let underWay = 0;
  let lastAt = performance.now();

  function strikes(fault: Fault): boolean {
    return active && choices.chance(rates[fault]);
  }

  async function answer(call: ProxiedCall, pass: Pass): Promise<ProxiedAnswer | null> {
    const { operation, body: asked } = call;
    const given = await answerTo(operation, asked, pass);
    // A caller that gave up repeats the call as if its connection had broken.
    const isLost = given === null || call.isAbandoned();
    if (isLost && operation === 'SendMessageBatch')
      doubled.push(...Sent.parse(JSON.parse(asked.toString())).Entries.map(({ MessageBody }) => MessageBody));
    if (isLost || isRefusal(operation, given)) refusedWrites.push(...writtenKeys(operation, asked));
    return given;
  }

  async function answerTo(operation: string, asked: Buffer, pass: Pass): Promise<ProxiedAnswer | null> {
    if (strikes('delay')) {
      counts.delay += 1;
      await sleep(choices.next() * rates.maxDelayMs);
    }
    const refusal = service === 'SQS' ? SQS_REFUSALS : DYNAMODB_REFUSALS;
    if (strikes('throttle')) {
      counts.throttle += 1;
      return json(service === 'SQS' ? 403 : 400, choices.pick(refusal.throttle));
    }
    if (isRefusedNow(operation)) return json(service === 'SQS' ? 403 : 400, choices.pick(refusal.throttle));
    if (strikes('fail')) {
      counts.fail += 1;
      return json(500, refusal.fail);
    }
    if (strikes('resetBefore')) {
      counts.resetBefore += 1;
      return null;
    }
    const parts = strikes('partial') ? divide(operation, asked, choices) : null;
    if (parts !== null) counts.partial += 1;
    const isNothingDone = parts !== null && parts.asked === null;
    const given = isNothingDone ? json(200, parts.empty) : await pass(parts?.asked ?? asked);
    if (given === null) return null;
    if (given.status === 200 && active) await onEffect(`${operation} ${placeOf(asked)}`);
    if (strikes('resetAfter')) {
      counts.resetAfter += 1;
      return null;
    }
    if (given.status !== 200) return given;
    if (parts !== null) return json(200, parts.merge(JSON.parse(given.body.toString())));
    if (service === 'DynamoDB') writes.note(operation, asked, given);
    if (operation === 'BatchGetItem' && !asked.includes('"ConsistentRead":true') && strikes('stale')) {
      const past = writes.without(given);
      if (past !== null) counts.stale += 1;
      return past ?? given;
    }
    if (operation === 'ReceiveMessage' && strikes('expose')) expose(asked, given);
    return operation === 'ReceiveMessage' ? disturb(asked, given) : given;
  }

  /** Starts an outage now and then; says whether there is one. */
  function isRefusedNow(operation: string): boolean {
    if (!OUTAGES.includes(operation)) return false;
    if (performance.now() < (outages.get(operation) ?? 0)) return active;
    if (!strikes('outage')) return false;
    counts.outage += 1;
    outages.set(operation, performance.now() + rates.outageMs);
    return true;
  }

  /** Ends the visibility timeout of one of the messages that are handed out, so that it is handed out again. */
  function expose(asked: Buffer, given: ProxiedAnswer): void {
    const { QueueUrl } = Receive.parse(JSON.parse(asked.toString()));
    const messages = Received.parse(JSON.parse(given.body.toString())).Messages ?? [];
    if (messages.length === 0) return;
    const message = choices.pick(messages);
    counts.expose += 1;
    doubled.push(message.Body);
    const body = JSON.stringify({ QueueUrl, ReceiptHandle: message.ReceiptHandle, VisibilityTimeout: 0 });
    fetch(emulatorUrl, {
      method: 'POST',
      headers: { 'x-amz-target': 'AmazonSQS.ChangeMessageVisibility', 'content-type': 'application/x-amz-json-1.0' },
      body,
    }).catch(() => {});
  }

  /** Doubles and reorders what a queue hands out. */
  function disturb(asked: Buffer, given: ProxiedAnswer): ProxiedAnswer {
    const { QueueUrl, MaxNumberOfMessages } = Receive.parse(JSON.parse(asked.toString()));
    const answer = Received.parse(JSON.parse(given.body.toString()));
    let messages = answer.Messages ?? [];
    const kept = recentMessages.get(QueueUrl) ?? [];
    recentMessages.set(QueueUrl, [...kept, ...messages].slice(-KEPT_MESSAGES));
    if (messages.length < MaxNumberOfMessages && kept.length > 0 && strikes('double')) {
      counts.double += 1;
      const again = choices.pick(kept);
      doubled.push(again.Body);
      messages = [...messages, choices.chance(0.5) ? receivedAgain(again) : again];
    }
    if (messages.length > 1 && strikes('reorder')) {
      counts.reorder += 1;
      messages = messages
        .map((message) => ({ message, place: choices.next() }))
        .sort((one, other) => one.place - other.place)
        .map(({ message }) => message);
    }
    const at = Date.now();
    handedOut.push(...messages.map(({ Body }) => ({ body: Body, at })));
    return messages.length === 0 ? given : json(200, { ...answer, Messages: messages });
  }

  const server = createAwsProxy(emulatorUrl, (call, pass) => {
    if (call.operation !== 'ReceiveMessage') {
      underWay += 1;
      call.onEnd(() => {
        underWay -= 1;
        lastAt = performance.now();
      });
    }
    return answer(call, pass);
  });

  return {
    server,
    set(next) {
      active = next;
    },
    counts,
    doubled,
    handedOut,
    refusedWrites,
    idleMs: () => (underWay > 0 ? 0 : performance.now() - lastAt),
  };
}

/** Writes that a part of AWS refuses for a while. */
const OUTAGES = ['SendMessageBatch', 'SendMessage', 'PutItem', 'UpdateItem'];
/** How long an eventually consistent read may not see a write. */
const STALE_MS = 1_500;

const AnyItem = z.looseObject({ pk: z.object({ S: z.string() }), sk: z.object({ S: z.string() }) });
type AnyItem = z.infer<typeof AnyItem>;
const BatchGot = z.looseObject({ Responses: z.record(z.string(), z.array(AnyItem)).default({}) });

/** The items that were written in the last moments, as they were before. */
class RecentWrites {
  private readonly latest = new Map<string, { item: AnyItem; before: AnyItem | null; at: number }>();

  note(operation: string, asked: Buffer, { status, body }: ProxiedAnswer): void {
    if (status !== 200) return;
    const at = performance.now();
    for (const item of writtenItems(operation, asked, body)) {
      const key = `${item.pk.S} ${item.sk.S}`;
      const before = this.latest.get(key)?.item ?? null;
      this.latest.delete(key);
      this.latest.set(key, { item, before, at });
    }
    for (const [key, one] of this.latest) {
      if (this.latest.size <= KEPT_ITEMS && at - one.at < 60_000) break;
      this.latest.delete(key);
    }
  }

  /** The answer to a BatchGetItem without those writes; null if it has none of them. */
  without(given: ProxiedAnswer): ProxiedAnswer | null {
    const answer = BatchGot.parse(JSON.parse(given.body.toString()));
    let isPast = false;
    const past = (item: AnyItem): AnyItem[] => {
      const written = this.latest.get(`${item.pk.S} ${item.sk.S}`);
      if (written === undefined || performance.now() - written.at > STALE_MS) return [item];
      isPast = true;
      return written.before === null ? [] : [written.before];
    };
    const Responses = Object.fromEntries(
      Object.entries(answer.Responses).map(([table, items]) => [table, items.flatMap(past)]),
    );
    return isPast ? json(200, { ...answer, Responses }) : null;
  }
}

const KEPT_ITEMS = 5_000;

/** The items as a write left them, as far as its call tells. */
function writtenItems(operation: string, asked: Buffer, answered: Buffer): AnyItem[] {
  return writtenValues(operation, asked, answered).flatMap((value) => {
    const item = AnyItem.safeParse(value);
    return item.success ? [item.data] : [];
  });
}

const PutOne = z.object({ Item: z.unknown().optional() });
const Updated = z.object({ Attributes: z.unknown().optional() });
const BatchPut = z.object({ PutRequest: PutOne.optional() });

function writtenValues(operation: string, asked: Buffer, answered: Buffer): unknown[] {
  switch (operation) {
    case 'PutItem':
      return [PutOne.parse(JSON.parse(asked.toString())).Item];
    case 'UpdateItem':
      return [Updated.parse(JSON.parse(answered.toString())).Attributes];
    case 'BatchWriteItem': {
      const writes = Object.values(Writes.parse(JSON.parse(asked.toString())).RequestItems).flat();
      return writes.map((write) => BatchPut.parse(write).PutRequest?.Item);
    }
    default:
      return [];
  }
}

/** The queue or the table that a call is about, without the stack's and CDK's parts of its name. */
function placeOf(asked: Buffer): string {
  return /(Events|Deliveries|Retries|Jobs|Journal|Catalog)/.exec(asked.toString())?.[0] ?? '';
}

/** Of each queue, so many messages can be handed out again. */
const KEPT_MESSAGES = 200;

function json(status: number, body: object): ProxiedAnswer {
  const text = Buffer.from(JSON.stringify(body));
  return { status, headers: { 'content-type': 'application/x-amz-json-1.0' }, body: text };
}

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html */
const DYNAMODB_REFUSALS = {
  throttle: ['ProvisionedThroughputExceededException', 'ThrottlingException', 'RequestLimitExceeded'].map((code) => ({
    __type: `com.amazonaws.dynamodb.v20120810#${code}`,
    message: 'Rate exceeded',
  })),
  fail: { __type: 'com.amazonaws.dynamodb.v20120810#InternalServerError', message: 'The service failed' },
};

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/CommonErrors.html */
const SQS_REFUSALS = {
  throttle: ['RequestThrottled', 'ThrottlingException'].map((code) => ({
    __type: `com.amazonaws.sqs#${code}`,
    message: 'Rate exceeded',
  })),
  fail: { __type: 'com.amazonaws.sqs#InternalError', message: 'The service failed' },
};

const Message = z.looseObject({
  Body: z.string(),
  ReceiptHandle: z.string().optional(),
  Attributes: z.record(z.string(), z.string()).optional(),
});
type Message = z.infer<typeof Message>;
const Receive = z.object({ QueueUrl: z.string(), MaxNumberOfMessages: z.number().default(1) });
const Received = z.looseObject({ Messages: z.array(Message).optional() });

/** As it comes when its visibility timeout has ended: its receive count is higher. */
function receivedAgain(message: Message): Message {
  const count = Number(message.Attributes?.ApproximateReceiveCount ?? 1) + 1;
  return { ...message, Attributes: { ...message.Attributes, ApproximateReceiveCount: String(count) } };
}

/** Whether a write, or a part of it, is to be repeated. A condition that does not hold is an answer. */
function isRefusal(operation: string, { status, body }: ProxiedAnswer): boolean {
  if (status !== 200) return !body.includes('ConditionalCheckFailed');
  return operation === 'BatchWriteItem' && !body.includes('"UnprocessedItems":{}');
}

const ItemKey = z.object({ pk: z.object({ S: z.string() }), sk: z.object({ S: z.string() }) });
const Put = z.object({ PutRequest: z.object({ Item: ItemKey }) });

/** The keys of the items that a call puts. */
function writtenKeys(operation: string, asked: Buffer): { pk: string; sk: string; at: number }[] {
  const json: unknown = JSON.parse(asked.toString());
  const at = Date.now();
  const keyOf = ({ pk, sk }: z.infer<typeof ItemKey>) => ({ pk: pk.S, sk: sk.S, at });
  if (operation === 'PutItem') return [keyOf(z.object({ Item: ItemKey }).parse(json).Item)];
  if (operation !== 'BatchWriteItem') return [];
  return Object.values(Writes.parse(json).RequestItems).flatMap((writes) =>
    writes.flatMap((write) => {
      const put = Put.safeParse(write);
      return put.success ? [keyOf(put.data.PutRequest.Item)] : [];
    }),
  );
}

/** A batch call of which a part is left out: what is passed on, and the answer once that is done. */
interface Parts {
  /** Null if all of it is left out. */
  asked: Buffer | null;
  /** The answer to a call that does nothing. */
  empty: object;
  merge(answer: object): object;
}

const Sent = z.object({ Entries: z.array(z.object({ MessageBody: z.string() })) });
const Entries = z.looseObject({ Entries: z.array(z.looseObject({ Id: z.string() })) });
const Writes = z.looseObject({ RequestItems: z.record(z.string(), z.array(z.unknown())) });
const Gets = z.looseObject({ RequestItems: z.record(z.string(), z.looseObject({ Keys: z.array(z.unknown()) })) });

/** Null for a call that is done as a whole or not at all. */
function divide(operation: string, asked: Buffer, choices: Choices): Parts | null {
  const isKept = () => choices.chance(0.5);
  switch (operation) {
    case 'SendMessageBatch':
    case 'ChangeMessageVisibilityBatch':
    case 'DeleteMessageBatch': {
      const call = Entries.parse(JSON.parse(asked.toString()));
      const [kept, left] = split(call.Entries, isKept);
      if (left.length === 0) return null;
      const Failed = left.map(({ Id }) => ({ Id, SenderFault: false, Code: 'InternalError', Message: 'left out' }));
      return {
        asked: kept.length === 0 ? null : Buffer.from(JSON.stringify({ ...call, Entries: kept })),
        empty: { Successful: [], Failed },
        merge: (answer) => ({ ...answer, Failed }),
      };
    }
    case 'BatchWriteItem': {
      const call = Writes.parse(JSON.parse(asked.toString()));
      const { kept, left } = splitTables(call.RequestItems, (writes) => split(writes, isKept));
      if (isEmpty(left)) return null;
      return {
        asked: isEmpty(kept) ? null : Buffer.from(JSON.stringify({ ...call, RequestItems: kept })),
        empty: { UnprocessedItems: left },
        merge: (answer) => ({ ...answer, UnprocessedItems: left }),
      };
    }
    case 'BatchGetItem': {
      const call = Gets.parse(JSON.parse(asked.toString()));
      const { kept, left } = splitTables(call.RequestItems, ({ Keys, ...rest }) => {
        const [some, others] = split(Keys, isKept);
        return [some, others].map((keys) => (keys.length === 0 ? null : { ...rest, Keys: keys }));
      });
      if (isEmpty(left)) return null;
      return {
        asked: isEmpty(kept) ? null : Buffer.from(JSON.stringify({ ...call, RequestItems: kept })),
        empty: { Responses: {}, UnprocessedKeys: left },
        merge: (answer) => ({ ...answer, UnprocessedKeys: left }),
      };
    }
    default:
      return null;
  }
}

function split<T>(values: readonly T[], isKept: () => boolean): [T[], T[]] {
  const parts: [T[], T[]] = [[], []];
  for (const value of values) parts[isKept() ? 0 : 1].push(value);
  return parts;
}

function splitTables<T>(tables: Record<string, T>, divideTable: (ofTable: T) => unknown[]) {
  const kept: Record<string, unknown> = {};
  const left: Record<string, unknown> = {};
  for (const [table, ofTable] of Object.entries(tables)) {
    const [some, others] = divideTable(ofTable);
    if (isSomething(some)) kept[table] = some;
    if (isSomething(others)) left[table] = others;
  }
  return { kept, left };
}

const isSomething = (part: unknown): boolean => (Array.isArray(part) ? part.length > 0 : part !== null);
const isEmpty = (tables: object): boolean => Object.keys(tables).length === 0;
