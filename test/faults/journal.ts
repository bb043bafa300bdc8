import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, ScanCommand, type ScanCommandInput } from '@aws-sdk/lib-dynamodb';
import { parseDelivery } from '../../functions/adapters/dynamodb/deliveries.ts';
import { parseEvent } from '../../functions/adapters/dynamodb/events.ts';
import { STATS_FOLDED } from '../../functions/adapters/dynamodb/keys.ts';
import { parseStats } from '../../functions/adapters/dynamodb/stats.ts';
import { parseSubscription } from '../../functions/adapters/dynamodb/subscriptions.ts';
import type { Delivery } from '../../functions/core/delivery/delivery.ts';
import { Job } from '../../functions/core/jobs/job.ts';
import { type Health, healthOf } from '../../functions/core/subscription/health.ts';
import { CREDENTIALS, countMessages, createSqsClient, type QueueCount } from '../../testing/queues.ts';
import { type CampaignRecord, type RecordedEvent, recordedEvent } from './campaign-record.ts';

type OnRecord = Pick<CampaignRecord, 'events' | 'deliveries' | 'jobs' | 'counters' | 'health'>;

/** What is still to be done. */
interface Open {
  /** Those that wait, or owe something. */
  deliveries: Delivery[];
  /** Records of the statistics that are not added to the counters yet. */
  uncounted: number;
}

/** What is on record, read past the proxies and past all code of the stores but the parsing of items. */
export interface Journal {
  read(): Promise<OnRecord>;
  readOpen(): Promise<Open>;
  queues(): Promise<QueueCount[]>;
  close(): void;
}

const STATS_RECORDS = 'STATS_RECORD#';
/** Few of many: to read all again and again takes longer than what is left to be done. */
const OPEN = {
  FilterExpression:
    'begins_with(pk, :deliveries) AND (#status IN (:pending, :parked) OR attribute_exists(effects) OR attribute_exists(requested)) OR begins_with(pk, :records) OR pk = :folded',
  ExpressionAttributeNames: { '#status': 'status' },
  ExpressionAttributeValues: {
    ':deliveries': 'S#',
    ':pending': 'pending',
    ':parked': 'parked',
    ':records': STATS_RECORDS,
    ':folded': STATS_FOLDED.pk,
  },
};

export function openJournal(endpoints: { sqs: string; dynamodb: string }): Journal {
  const dynamodb = new DynamoDBClient({ ...CREDENTIALS, endpoint: endpoints.dynamodb });
  const documents = DynamoDBDocumentClient.from(dynamodb);
  const sqs = createSqsClient(endpoints.sqs);

  async function* itemsOf(
    table: 'Journal' | 'Catalog',
    filter: Pick<ScanCommandInput, 'FilterExpression' | 'ExpressionAttributeNames' | 'ExpressionAttributeValues'> = {},
  ): AsyncGenerator<Record<string, unknown>> {
    const { TableNames = [] } = await dynamodb.send(new ListTablesCommand({}));
    const TableName = TableNames.find((name) => name.includes(table));
    if (TableName === undefined) throw new Error(`There is no ${table} among ${TableNames.join(', ')}`);
    let start: Record<string, unknown> | undefined;
    do {
      const page = await documents.send(new ScanCommand({ TableName, ExclusiveStartKey: start, ...filter }));
      yield* page.Items ?? [];
      start = page.LastEvaluatedKey;
    } while (start !== undefined);
  }

  return {
    async read() {
      const events: RecordedEvent[] = [];
      const deliveries: Delivery[] = [];
      const jobs: Job[] = [];
      const counters: CampaignRecord['counters'] = [];
      for await (const item of itemsOf('Journal')) {
        const [pk, sk] = [String(item.pk), String(item.sk)];
        if ('contentHash' in item) {
          const { event } = parseEvent(item);
          events.push(recordedEvent(event));
        } else if ('attempts' in item || ('status' in item && pk.startsWith('S#')))
          deliveries.push(parseDelivery(item));
        else if ('task' in item) jobs.push(Job.parse({ dueAt: null, ...item }));
        else if (pk.startsWith('STATS#')) {
          const [tenantId = '', subscriptionId = ''] = [pk.split('#')[1], sk.split('#')[1]];
          counters.push({ tenantId, subscriptionId, counters: parseStats(item).counters });
        }
      }
      const health = new Map<string, Health>();
      for await (const item of itemsOf('Catalog')) {
        if (!String(item.sk).startsWith('sub_')) continue;
        const subscription = parseSubscription(item);
        health.set(subscription.id, healthOf(subscription));
      }
      return { events, deliveries, jobs, counters, health };
    },

    async readOpen() {
      const deliveries: Delivery[] = [];
      const positions: string[] = [];
      let foldedThrough = '';
      for await (const item of itemsOf('Journal', OPEN)) {
        const pk = String(item.pk);
        if (pk === STATS_FOLDED.pk) foldedThrough = String(item.foldedThrough);
        else if (pk.startsWith(STATS_RECORDS)) positions.push(String(item.sk));
        else deliveries.push(parseDelivery(item));
      }
      return { deliveries, uncounted: positions.filter((position) => position > foldedThrough).length };
    },

    queues: () => countMessages(sqs, endpoints.sqs),

    close() {
      sqs.destroy();
      dynamodb.destroy();
    },
  };
}
