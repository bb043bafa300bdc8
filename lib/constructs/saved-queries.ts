import { Names } from 'aws-cdk-lib';
import { CfnQueryDefinition, type ILogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { Watched } from './watched.ts';

interface SavedQuery {
  /** As the runbook calls it. */
  readonly name: string;
  readonly query: readonly string[];
  readonly logGroups: readonly ILogGroup[];
}

/** The runbook's questions, in CloudWatch Logs Insights under "Saved queries". They cost nothing until they are asked. */
export class SavedQueries extends Construct {
  constructor(scope: Construct, id: string, { functions, gateway }: Watched) {
    super(scope, id);
    const everyFunction = Object.values(functions).map(({ logGroup }) => logGroup);
    const queries: SavedQuery[] = [
      {
        name: 'What the functions failed at',
        query: [
          'fields @timestamp, service, level, message, requestId, tenantId, subscriptionId, eventId, error.name, error.message, record.status, record.errorType, record.requestId',
          // The second are Lambda's own lines.
          'filter level = "ERROR" or record.status in ["timeout", "error", "failure"]',
          'sort @timestamp desc',
          'limit 100',
        ],
        logGroups: everyFunction,
      },
      {
        name: 'What happened to an event',
        query: [
          'fields @timestamp, service, level, message, tenantId, subscriptionId, attempt, outcome, status, deliveryStatus, error.message',
          'filter eventId = "put the id of the event here"',
          'sort @timestamp asc',
          'limit 500',
        ],
        logGroups: everyFunction,
      },
      {
        name: 'Which subscriptions fail most',
        query: [
          'filter message = "an attempt failed"',
          'stats count(*) as failures, latest(outcome) as lastOutcome, latest(status) as lastStatus, max(@timestamp) as last by tenantId, subscriptionId',
          'sort failures desc',
          'limit 25',
        ],
        logGroups: [functions.deliver.logGroup],
      },
      {
        name: 'Why events are rejected',
        query: [
          'filter message = "an event was rejected"',
          'stats count(*) as events, latest(rejectedEventId) as lastRejectedEventId by tenantId, code',
          'sort events desc',
          'limit 25',
        ],
        logGroups: [functions.ingest.logGroup],
      },
      {
        name: 'Which requests got a server error',
        query: [
          'filter status >= 500',
          'stats count(*) as answers, max(latencyMs) as slowestMs, latest(requestId) as lastRequestId, latest(integrationError) as lastError by status, route',
          'sort answers desc',
        ],
        logGroups: [gateway.accessLogs],
      },
      {
        name: 'Which audit records are missing',
        query: [
          'filter message = "a change is missing in the audit trail"',
          'fields @timestamp, auditRecord.at, auditRecord.operation, auditRecord.by.id, auditRecord.tenantId, error.name',
          'sort @timestamp asc',
        ],
        logGroups: [functions.api.logGroup],
      },
    ];
    const deployment = Names.uniqueResourceName(scope, { maxLength: 100, separator: '-' });
    for (const { name, query, logGroups } of queries)
      new CfnQueryDefinition(this, name.replaceAll(' ', ''), {
        name: `${deployment}/${name}`,
        queryString: query.join('\n| '),
        logGroupNames: logGroups.map(({ logGroupName }) => logGroupName),
      });
  }
}
