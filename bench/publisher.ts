import { SendMessageBatchCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { createSqsClient } from '../testing/queues.ts';
import { sharedClockMs } from './clock.ts';
import { exampleData } from './example-event.ts';
import { inParallel, paced } from './pace.ts';

/** How events are spread: over the tenants in turn, and within a tenant over its event types. */
interface Shape {
  tenants: readonly string[];
  types: readonly string[];
  bytes: number;
  ids: boolean;
}

/** When each event was handed to SQS, by reference and the shared clock. */
export type PublishTimes = Map<string, number>;

interface Publisher {
  /** As fast as SQS takes them, in batches of ten. */
  burst(name: string, events: number): Promise<PublishTimes>;
  /** One by one, so many a second. */
  paced(name: string, events: number, perSecond: number): Promise<PublishTimes>;
  close(): void;
}

const BATCH = 10;
/** Batches under way at once: enough to keep the queue filled, few enough to leave the machine to what is measured. */
const PARALLEL = 2;

export function tenantId(index: number): string {
  return `company-${index}`;
}

export function eventType(index: number): string {
  return `employee.updated.${index}`;
}

export function createPublisher(endpoint: string, queueUrl: string, shape: Shape): Publisher {
  const sqs = createSqsClient(endpoint);

  function message(name: string, index: number) {
    const reference = `${name}-${index}`;
    const tenant = shape.tenants[index % shape.tenants.length] ?? '';
    const body = {
      tenantId: tenant,
      type: shape.types[Math.floor(index / shape.tenants.length) % shape.types.length],
      ...(shape.ids && { id: reference }),
      occurredAt: '2026-11-22T08:30:00.000Z',
      data: exampleData(reference, shape.bytes),
    };
    // Fair queues: one tenant's backlog does not hold up the others.
    return { reference, entry: { MessageBody: JSON.stringify(body), MessageGroupId: tenant } };
  }

  return {
    async burst(name, events) {
      const messages = Array.from({ length: events }, (_, index) => message(name, index));
      const times: PublishTimes = new Map();
      await inParallel(Math.ceil(events / BATCH), PARALLEL, async (number) => {
        const batch = messages.slice(number * BATCH, (number + 1) * BATCH);
        const now = sharedClockMs();
        for (const { reference } of batch) times.set(reference, now);
        const Entries = batch.map(({ entry }, index) => ({ Id: String(index), ...entry }));
        const { Failed = [] } = await sqs.send(new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries }));
        if (Failed.length > 0) throw new Error(`SQS did not take a message: ${Failed[0]?.Message}`);
      });
      return times;
    },

    async paced(name, events, perSecond) {
      const times: PublishTimes = new Map();
      await paced(events, perSecond, (index) => {
        const { reference, entry } = message(name, index);
        times.set(reference, sharedClockMs());
        return sqs.send(new SendMessageCommand({ QueueUrl: queueUrl, ...entry }));
      });
      return times;
    },

    close: () => sqs.destroy(),
  };
}
