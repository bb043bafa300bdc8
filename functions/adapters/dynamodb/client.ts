import { randomBytes } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { CLIENT_OPTIONS } from '../aws/client-options.ts';
import { createLeanCall, type LeanCall } from '../aws/lean-call.ts';
import { MARSHALL_OPTIONS } from './wire.ts';

/** The two tables and the way to them. */
export interface Tables {
  /** For the calls that every batch makes. */
  lean: LeanCall;
  client: DynamoDBDocumentClient;
  catalogTable: string;
  journalTable: string;
  /** A random text for each conditional write (conditional-write.ts). */
  newWriteId: () => string;
}

/**
 * Throttled calls are tried again with growing pauses for a few seconds, as long as the SDK's quota of retries lasts; what fails
 * then is the caller's to report.
 */
export function createTables<Names extends Partial<Pick<Tables, 'catalogTable' | 'journalTable'>>>(
  names: Names,
): Pick<Tables, 'client' | 'lean' | 'newWriteId'> & Names {
  const plain = new DynamoDBClient({ ...CLIENT_OPTIONS, maxAttempts: 6 });
  // A copy: lib-dynamodb writes its own defaults into it, with which `toWire` would make no items.
  const client = DynamoDBDocumentClient.from(plain, { marshallOptions: { ...MARSHALL_OPTIONS } });
  return { client, lean: createLeanCall(plain, 'dynamodb'), newWriteId, ...names };
}

/** Short, because it is stored in each item. 72 bits suffice: it is compared with one item's only. */
export function newWriteId(): string {
  return randomBytes(9).toString('base64url');
}
