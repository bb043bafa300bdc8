import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { GetQueueAttributesCommand, ListQueuesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient, ScanCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { parseDelivery } from '../../functions/adapters/dynamodb/deliveries.ts';
import { parseEvent } from '../../functions/adapters/dynamodb/events.ts';
import type { Delivery } from '../../functions/core/delivery/delivery.ts';
import type { RecordedEvent } from './campaign-record.ts';

/** What is on record, read past the proxies and past all code of the stores but the parsing of items. */
export interface Journal {
  read(): Promise<{ events: RecordedEvent[]; deliveries: Delivery[] }>;
  /** Messages by queue: those that can be received now, and all. */
  queues(): Promise<{ queue: string; visible: number; count: number }[]>;
  close(): void;
}

const CREDENTIALS = { region: 'us-east-1', credentials: { accessKeyId: 'local', secretAccessKey: 'local' } };
const Marked = z.object({ mark: z.string() });

export function openJournal(endpoints: { sqs: string; dynamodb: string }): Journal {
  const dynamodb = new DynamoDBClient({ ...CREDENTIALS, endpoint: endpoints.dynamodb });
  const documents = DynamoDBDocumentClient.from(dynamodb);
  const sqs = new SQSClient({ ...CREDENTIALS, endpoint: endpoints.sqs, md5: false });
  let table: string | undefined;

  async function journalTable(): Promise<string> {
    const { TableNames = [] } = await dynamodb.send(new ListTablesCommand({}));
    const found = TableNames.find((name) => name.includes('Journal'));
    if (found === undefined) throw new Error(`There is no journal among ${TableNames.join(', ')}`);
    return found;
  }

  return {
    async read() {
      table ??= await journalTable();
      const events: RecordedEvent[] = [];
      const deliveries: Delivery[] = [];
      let start: Record<string, unknown> | undefined;
      do {
        const page = await documents.send(new ScanCommand({ TableName: table, ExclusiveStartKey: start }));
        for (const item of page.Items ?? []) {
          if ('contentHash' in item) {
            const { event } = parseEvent(item);
            const mark = Marked.parse(JSON.parse(event.data ?? '{}')).mark;
            events.push({ tenantId: event.tenantId, id: event.id, mark });
          } else if ('attempts' in item || ('status' in item && String(item.pk).startsWith('S#')))
            deliveries.push(parseDelivery(item));
        }
        start = page.LastEvaluatedKey;
      } while (start !== undefined);
      return { events, deliveries };
    },

    async queues() {
      const { QueueUrls = [] } = await sqs.send(new ListQueuesCommand({}));
      return Promise.all(
        QueueUrls.map(async (url) => {
          const queue = url.split('/').at(-1) ?? '';
          const QueueUrl = `${endpoints.sqs}/000000000000/${queue}`;
          const { Attributes = {} } = await sqs.send(
            new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }),
          );
          const numbers = new Map(Object.entries(Attributes));
          const number = (name: string) => Number(numbers.get(`ApproximateNumberOfMessages${name}`) ?? 0);
          return { queue, visible: number(''), count: number('') + number('NotVisible') + number('Delayed') };
        }),
      );
    },

    close() {
      sqs.destroy();
      dynamodb.destroy();
    },
  };
}
