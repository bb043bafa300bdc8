import { createCatalog } from '../adapters/dynamodb/catalog.ts';
import { createTables } from '../adapters/dynamodb/client.ts';
import { createJournal } from '../adapters/dynamodb/journal.ts';
import { readEnvironment } from '../adapters/environment.ts';
import { createKnownTypes } from '../adapters/known-types.ts';
import { createTelemetry } from '../adapters/telemetry.ts';
import { createSqs, createWorkQueue } from '../adapters/work-queue.ts';
import { ENV } from '../contract.ts';
import { createIngestHandler } from './handler.ts';

const env = readEnvironment([
  ENV.catalogTable,
  ENV.journalTable,
  ENV.eventsQueueUrl,
  ENV.deliveriesQueueUrl,
  ENV.catalogue,
  ENV.journalRetentionDays,
]);
const now = (): number => Date.now();
const tables = createTables({ catalogTable: env.CATALOG_TABLE, journalTable: env.JOURNAL_TABLE });
const journal = createJournal({ tables, retentionDays: env.JOURNAL_RETENTION_DAYS, now });
const catalog = createCatalog(tables);
const sqs = createSqs();

export const handler = createIngestHandler({
  store: { ...journal, ...catalog, findType: createKnownTypes(catalog, now, env.CATALOGUE === 'strict') },
  deliveries: createWorkQueue(sqs, env.DELIVERIES_QUEUE_URL),
  sqs: sqs.client,
  eventsQueueUrl: env.EVENTS_QUEUE_URL,
  catalogue: env.CATALOGUE,
  now,
  ...createTelemetry(),
});
