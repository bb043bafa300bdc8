import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { Construct } from 'constructs';
import { INDEXES, METRICS } from '../../functions/names.ts';
import { fileInProject } from './bundling.ts';
import type { Foundation } from './foundation.ts';
import { HandlerFunction } from './handler-function.ts';
import { ENCRYPTION_CONTEXT_CONDITION, type Keys } from './keys.ts';
import type { Queues } from './queues.ts';
import { indexArn, type Storage } from './storage.ts';

/** What the page at /docs loads: files beside the code, which the function reads only when a browser asks for them. */
const DOCS_FILES = ['swagger-ui.css', 'swagger-ui-bundle.js'];
const DOCS_FOLDER = fileInProject('node_modules/swagger-ui-dist');

function addDocs(folder: string): void {
  for (const file of DOCS_FILES) cpSync(join(DOCS_FOLDER, file), join(folder, 'docs', file));
}

export interface ApiProps extends Foundation {
  readonly storage: Storage;
  readonly queues: Queues;
  readonly keys: Keys;
}

/** The function behind every route. */
export class Api extends Construct {
  readonly handler: HandlerFunction;

  constructor(scope: Construct, id: string, { storage, queues, keys, ...foundation }: ApiProps) {
    super(scope, id);
    const { tuning, alarms } = foundation;
    const { events, deliveries, retries, jobs } = queues;

    this.handler = new HandlerFunction(this, 'Function', {
      ...foundation,
      name: 'api',
      // Handshakes and tests.
      callsReceivers: true,
      timeoutSeconds: tuning.functions.api.timeoutSeconds,
      addFiles: addDocs,
      environment: {
        catalogTable: storage.catalog.tableName,
        journalTable: storage.journal.tableName,
        eventsQueueUrl: events.queue.queueUrl,
        deliveriesQueueUrl: deliveries.queue.queueUrl,
        retriesQueueUrl: retries.queue.queueUrl,
        eventsDeadLettersUrl: events.deadLetters.queueUrl,
        deliveriesDeadLettersUrl: deliveries.deadLetters.queueUrl,
        jobsQueueUrl: jobs.queue.queueUrl,
        retriesDeadLettersUrl: retries.deadLetters.queueUrl,
        jobsDeadLettersUrl: jobs.deadLetters.queueUrl,
        adminSecretArn: keys.admin.secretArn,
        kmsKeyArn: keys.encryption.keyArn,
        eventTypes: tuning.eventTypes,
        defaultProfile: tuning.defaultProfile,
        maxSubscriptionsPerTenant: String(tuning.maxSubscriptionsPerTenant),
        compatibility: tuning.compatibility.join(','),
        journalRetentionDays: String(tuning.journalRetentionDays),
        auditRetentionDays: String(tuning.auditRetentionDays),
        statsRetentionDays: String(tuning.statsRetentionDays),
        allowedPrivateRanges: tuning.allowedPrivateRanges.join(','),
        deniedRanges: foundation.network?.ranges.join(',') ?? '',
        commit: tuning.commit,
        allowedPorts: tuning.allowedPorts.join(','),
        allowHttp: String(tuning.allowHttp),
        attemptTimeoutSeconds: String(tuning.attemptTimeoutSeconds),
        ...(tuning.console !== false &&
          tuning.console.signIn !== null && { signIn: JSON.stringify(tuning.console.signIn) }),
      },
    });
    this.handler.allow(
      ['dynamodb:DeleteItem', 'dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:Query', 'dynamodb:UpdateItem'],
      [storage.catalog.tableArn, storage.journal.tableArn],
    );
    this.handler.allow(['dynamodb:BatchGetItem', 'dynamodb:BatchWriteItem'], [storage.journal.tableArn]);
    this.handler.allow(
      ['dynamodb:Query'],
      [
        indexArn(storage.catalog, INDEXES.catalogList),
        indexArn(storage.journal, INDEXES.journalList),
        indexArn(storage.journal, INDEXES.journalDue),
      ],
    );
    const work = [events, deliveries, retries, jobs];
    this.handler.allow(
      ['sqs:GetQueueAttributes', 'sqs:SendMessage'],
      work.map(({ queue }) => queue.queueArn),
    );
    // To show them and to put them back.
    this.handler.allow(
      ['sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ReceiveMessage'],
      work.map(({ deadLetters }) => deadLetters.queueArn),
    );
    this.handler.allow(['secretsmanager:GetSecretValue'], [keys.admin.secretArn]);
    this.handler.allow(['kms:Decrypt', 'kms:GenerateDataKey'], [keys.encryption.keyArn], ENCRYPTION_CONTEXT_CONDITION);

    alarms.add(this, 'AuditAlarm', 'lostAuditRecords', this.handler.metric(METRICS.auditRecordsLost));
  }
}
