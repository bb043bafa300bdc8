import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';

/** The two tables and the way to them. */
export interface Tables {
  client: DynamoDBDocumentClient;
  catalogTable: string;
  journalTable: string;
}

/** Throttled calls are tried again with growing pauses for a few seconds; what fails then is the caller's to report. */
export function createDocumentClient(): DynamoDBDocumentClient {
  return DynamoDBDocumentClient.from(new DynamoDBClient({ maxAttempts: 6 }), {
    marshallOptions: { removeUndefinedValues: true },
  });
}
