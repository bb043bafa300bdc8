import type { SQSClient } from '@aws-sdk/client-sqs';
import { sendEvents } from './send-events.ts';

/** One connection, such as a Client of the package `pg`: the statements are one transaction. */
export interface Connection {
  query(text: string, values?: unknown[]): Promise<{ rows: unknown[] }>;
}

interface Row {
  id: string;
  tenantId: string;
  type: string;
  occurredAt: string;
  data: string;
}

/** Rows that another relay has in hand are passed over, so that several can run side by side. */
const TAKE = `
  SELECT id, tenant_id AS "tenantId", type, data::text AS data,
         to_char(occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS "occurredAt"
  FROM outbox ORDER BY seq LIMIT 100 FOR UPDATE SKIP LOCKED`;

/**
 * Sends what lies in the outbox (postgres.sql), and deletes what was sent. Returns how many that were: call it again
 * immediately after a full hundred, and after a second otherwise. A crash after sending leaves the rows, which are then sent again.
 */
export async function relayOutbox(db: Connection, sqs: SQSClient, queueUrl: string): Promise<number> {
  await db.query('BEGIN');
  try {
    const rows = (await db.query(TAKE)).rows as Row[];
    const sent = await sendEvents(sqs, queueUrl, rows);
    await db.query('DELETE FROM outbox WHERE id = ANY($1::text[])', [[...sent].map(({ id }) => id)]);
    await db.query('COMMIT');
    return sent.size;
  } catch (error) {
    await db.query('ROLLBACK');
    throw error;
  }
}
