import { createCatalog } from '../adapters/dynamodb/catalog.ts';
import { createTables } from '../adapters/dynamodb/client.ts';
import { createJournal } from '../adapters/dynamodb/journal.ts';
import { createKnownTypes } from '../adapters/dynamodb/known-types.ts';
import { readEnvironment } from '../adapters/lambda/environment.ts';
import { createTelemetry } from '../adapters/lambda/telemetry.ts';
import { createSqs, createWorkQueue } from '../adapters/sqs/work-queue.ts';
import { ENV } from '../names.ts';
import { createIngestHandler } from './handler.ts';

const env = readEnvironment([
  ENV.catalogTable,
  ENV.journalTable,
  ENV.eventsQueueUrl,
  ENV.deliveriesQueueUrl,
  ENV.eventTypes,
  ENV.journalRetentionDays,
]);
const now = (): number => Date.now();
const tables = createTables({ catalogTable: env.CATALOG_TABLE, journalTable: env.JOURNAL_TABLE });
const journal = createJournal({ tables, retentionDays: env.JOURNAL_RETENTION_DAYS, now });
const catalog = createCatalog(tables);
const sqs = createSqs();

export const handler = createIngestHandler({
  store: { ...journal, ...catalog, findType: createKnownTypes(catalog, now, env.EVENT_TYPES === 'strict') },
  deliveries: createWorkQueue(sqs, env.DELIVERIES_QUEUE_URL),
  sqs: sqs.client,
  eventsQueueUrl: env.EVENTS_QUEUE_URL,
  eventTypes: env.EVENT_TYPES,
  now,
  ...createTelemetry(),
});
