import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, ScanCommand } from '@aws-sdk/lib-dynamodb';
import { parseDelivery } from '../../functions/adapters/dynamodb/deliveries.ts';
import { parseEvent } from '../../functions/adapters/dynamodb/events.ts';
import type { Delivery } from '../../functions/core/delivery/delivery.ts';
import { Job } from '../../functions/core/jobs/job.ts';
import { CREDENTIALS, countMessages, createSqsClient, type QueueCount } from '../../testing/queues.ts';
import { type CampaignRecord, type RecordedEvent, recordedEvent } from './campaign-record.ts';

/** What is on record, read past the proxies and past all code of the stores but the parsing of items. */
export interface Journal {
  read(): Promise<Pick<CampaignRecord, 'events' | 'deliveries' | 'jobs'>>;
  queues(): Promise<QueueCount[]>;
  close(): void;
}

export function openJournal(endpoints: { sqs: string; dynamodb: string }): Journal {
  const dynamodb = new DynamoDBClient({ ...CREDENTIALS, endpoint: endpoints.dynamodb });
  const documents = DynamoDBDocumentClient.from(dynamodb);
  const sqs = createSqsClient(endpoints.sqs);
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
      const jobs: Job[] = [];
      let start: Record<string, unknown> | undefined;
      do {
        const page = await documents.send(new ScanCommand({ TableName: table, ExclusiveStartKey: start }));
        for (const item of page.Items ?? []) {
          if ('contentHash' in item) {
            const { event } = parseEvent(item);
            events.push(recordedEvent(event));
          } else if ('attempts' in item || ('status' in item && String(item.pk).startsWith('S#')))
            deliveries.push(parseDelivery(item));
          else if ('task' in item) jobs.push(Job.parse({ dueAt: null, ...item }));
        }
        start = page.LastEvaluatedKey;
      } while (start !== undefined);
      return { events, deliveries, jobs };
    },

    queues: () => countMessages(sqs, endpoints.sqs),

    close() {
      sqs.destroy();
      dynamodb.destroy();
    },
  };
}
