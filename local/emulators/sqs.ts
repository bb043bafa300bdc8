/*
 * The only file that imports a package's own files (a test holds that). fauxqs exports nothing but its front door, which
 * either keeps messages on disk or binds to the loopback, not both; and two of its faults can only be mended inside: see
 * `QueueFiles` and `acceptAllOfUnicode`. Its version is pinned, and test/local fails if these parts change.
 */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { buildApp } from 'fauxqs';
import { PersistenceManager } from '../../node_modules/fauxqs/dist/persistence.js';
import { S3Store } from '../../node_modules/fauxqs/dist/s3/s3Store.js';
import { SnsStore } from '../../node_modules/fauxqs/dist/sns/snsStore.js';
import { SqsStore } from '../../node_modules/fauxqs/dist/sqs/sqsStore.js';
import { INVALID_MESSAGE_BODY_CHAR } from '../../node_modules/fauxqs/dist/sqs/sqsTypes.js';
import { hasCode } from '../errors.ts';
import { addressOf, KEEP_ALIVE_MS, portTaken } from '../listen.ts';

export interface Emulator {
  /** Base address, `http://127.0.0.1:PORT`. */
  url: string;
  close(): Promise<void>;
}

/** Starts SQS on 127.0.0.1, with its messages in SQLite below `dir`. */
export async function startSqs(options: { port: number; dir: string }): Promise<Emulator> {
  acceptAllOfUnicode();
  const sqsStore = new SqsStore();
  const snsStore = new SnsStore();
  const s3Store = new S3Store();
  const files = new QueueFiles(options.dir);
  files.load(sqsStore, snsStore, s3Store);
  // Only after loading: while a store has its persistence, creating a queue replaces its row and so drops its messages.
  sqsStore.persistence = files;
  for (const queue of sqsStore.allQueues()) queue.persistence = files;

  const app = buildApp({ logger: false, stores: { sqsStore, snsStore, s3Store } });
  app.server.keepAliveTimeout = KEEP_ALIVE_MS;
  try {
    await app.listen({ port: options.port, host: '127.0.0.1' });
  } catch (error) {
    files.close();
    throw hasCode(error, 'EADDRINUSE') ? portTaken(options.port, '--sqs-port') : error;
  }
  return {
    url: addressOf(app.server),
    async close() {
      sqsStore.shutdown();
      await app.close();
      files.close();
    },
  };
}

class QueueFiles extends PersistenceManager {
  private readonly makeReady: (messageId: string) => void;

  constructor(dir: string) {
    super(dir);
    const db: unknown = Reflect.get(this, 'db');
    if (!(db instanceof DatabaseSync)) {
      throw new Error(`fauxqs no longer keeps its queues in ${join(dir, 'fauxqs.db')} by node:sqlite`);
    }
    // In WAL mode NORMAL still survives the death of the process, and saves an fsync for each message.
    db.exec('PRAGMA synchronous = NORMAL');
    const statement = db.prepare(
      'UPDATE sqs_messages SET receipt_handle = NULL, visibility_deadline = NULL WHERE message_id = ?',
    );
    this.makeReady = (messageId) => statement.run(messageId);
  }

  /** The inherited one also sets the receive count to NULL, which the table refuses: a message made visible would be lost. */
  override updateMessageReady(messageId: string): void {
    this.makeReady(messageId);
  }
}

/** SQS takes all of XML's characters; the emulator's pattern lacks the `u` flag and so refuses every emoji. */
function acceptAllOfUnicode(): void {
  const invalid = /[^\t\n\r\x20-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u;
  INVALID_MESSAGE_BODY_CHAR.test = (body) => invalid.test(body);
}
