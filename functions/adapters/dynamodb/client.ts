import { randomBytes } from 'node:crypto';
import { type AwsCall, createCalls } from '../aws/calls.ts';
import { createDocuments, type Documents } from './documents.ts';

/** The two tables and the way to them. */
export interface Tables {
  /** For batches, whose answers can leave out a part. */
  call: AwsCall;
  documents: Documents;
  catalogTable: string;
  journalTable: string;
  /** A random text for each conditional write (conditional-write.ts). */
  newWriteId: () => string;
}

/** Throttled calls are tried again with growing pauses for a few seconds; what fails then is the caller's to report. */
export function createTables<Names extends Partial<Pick<Tables, 'catalogTable' | 'journalTable'>>>(
  names: Names,
): Pick<Tables, 'call' | 'documents' | 'newWriteId'> & Names {
  const call = createCalls('dynamodb');
  return { call, documents: createDocuments(call), newWriteId, ...names };
}

/** Short, because it is stored in each item. 72 bits suffice: it is compared with one item's only. */
export function newWriteId(): string {
  return randomBytes(9).toString('base64url');
}
