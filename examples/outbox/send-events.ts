import { SendMessageBatchCommand, type SQSClient } from '@aws-sdk/client-sqs';

/** One row of an outbox, as Posthorn takes it (docs/publishing.md). */
export interface OutboxEvent {
  /** The row's own: an event that is sent twice is one event. */
  id: string;
  tenantId: string;
  type: string;
  /** RFC 3339. */
  occurredAt: string;
  /** JSON as text, so that numbers beyond 2^53 and the order of keys stay as they are. */
  data: string;
}

/** SQS takes ten messages a call, of 1 MiB together. */
const BATCH = 10;
const BATCH_BYTES = 1_000_000;

/** Characters for which SQS refuses a message, each time it is sent: what waits behind it would never be sent. */
const NOT_TAKEN = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;
/** A group may have few characters besides those of a tenant's id. */
const TENANT_ID = /^[A-Za-z0-9_-]{1,64}$/;

/** Sends events to Posthorn's events queue. Returns those that SQS has taken; the others can be sent again later. */
export async function sendEvents<T extends OutboxEvent>(
  sqs: SQSClient,
  queueUrl: string,
  events: readonly T[],
): Promise<Set<T>> {
  const sent = new Set<T>();
  for (const batch of divide(events)) {
    const Entries = batch.map(({ event, body }, index) => ({
      Id: String(index),
      MessageBody: body,
      // The queue is fair: one tenant's burst does not hold up the others. What is no tenant's id Posthorn refuses, in words.
      ...(TENANT_ID.test(event.tenantId) && { MessageGroupId: event.tenantId }),
    }));
    const { Successful = [] } = await sqs.send(new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries }));
    for (const { Id } of Successful) {
      const one = batch[Number(Id)];
      if (one !== undefined) sent.add(one.event);
    }
  }
  return sent;
}

function divide<T extends OutboxEvent>(events: readonly T[]): { event: T; body: string }[][] {
  const batches: { event: T; body: string }[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const event of events) {
    const { id, tenantId, type, occurredAt, data } = event;
    const text = `${JSON.stringify({ tenantId, id, type, occurredAt }).slice(0, -1)},"data":${data}}`;
    const body = text.replace(NOT_TAKEN, escapeInJson);
    const size = Buffer.byteLength(body);
    const batch = batches.at(-1);
    if (batch === undefined || batch.length === BATCH || bytes + size > BATCH_BYTES) {
      batches.push([{ event, body }]);
      bytes = size;
    } else {
      batch.push({ event, body });
      bytes += size;
    }
  }
  return batches;
}

/** In JSON the same character. */
function escapeInJson(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
