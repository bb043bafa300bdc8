/*
 * The only file that imports a package's own files (a test holds that). fauxqs exports nothing but its front door: a server of
 * SQS, SNS and S3 that either keeps messages on disk or binds to the loopback, not both. Three of its faults can only be mended
 * inside: see `QueueFiles`, `FairStore` and `acceptAllOfUnicode`. Its version is pinned, and test/local fails if these parts change.
 */
import { readdirSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { basename, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { text as readText } from 'node:stream/consumers';
import { z } from 'zod';
import { PersistenceManager } from '../../node_modules/fauxqs/dist/persistence.js';
import { SnsStore } from '../../node_modules/fauxqs/dist/sns/snsStore.js';
import { SqsRouter } from '../../node_modules/fauxqs/dist/sqs/sqsRouter.js';
import { type SqsQueue, SqsStore } from '../../node_modules/fauxqs/dist/sqs/sqsStore.js';
import { INVALID_MESSAGE_BODY_CHAR, type SqsMessage } from '../../node_modules/fauxqs/dist/sqs/sqsTypes.js';
import { closeServer, listenOnLoopback } from '../listen.ts';
import { refusePages } from './refuse-pages.ts';
import { InFlight, WaitingMessages } from './waiting-messages.ts';

export interface Emulator {
  /** Base address, `http://127.0.0.1:PORT`. */
  url: string;
  close(): Promise<void>;
}

/** The answer to one operation; with a status other than 200 `body` is the error, as SQS's protocol has it. */
export interface SqsAnswer {
  status: number;
  headers: Record<string, string>;
  body: unknown;
}

export interface SqsEmulator extends Emulator {
  /** What a request for the operation is answered, without HTTP. */
  answer(operation: string, input: unknown): Promise<SqsAnswer>;
}

/** Each of its files exports an action: a function of the file's name. */
const ACTIONS = new URL('../../node_modules/fauxqs/dist/sqs/actions/', import.meta.url);

/** Starts SQS on 127.0.0.1, with its messages in SQLite below `dir`. */
export async function startSqs(options: { port: number; dir: string }): Promise<SqsEmulator> {
  acceptAllOfUnicode();
  const store = new FairStore();
  const files = new QueueFiles(options.dir);
  files.loadSqsAndSns(store, new SnsStore());
  // Only after loading: while a store has its persistence, creating a queue replaces its row and so drops its messages.
  store.persistence = files;
  for (const queue of store.allQueues()) queue.persistence = files;
  const route = await createRoute(store);

  async function answerTo(headers: IncomingHttpHeaders, body: unknown): Promise<SqsAnswer> {
    const answer: SqsAnswer = { status: 200, headers: {}, body: {} };
    const reply = {
      status(status: number) {
        answer.status = status;
      },
      header(name: string, value: string) {
        answer.headers = { ...answer.headers, [name]: value };
      },
    };
    try {
      store.sending = Sending.parse(body);
      answer.body = await route({ headers, body }, reply);
      await files.written();
    } catch (error) {
      return { status: 500, headers: {}, body: { __type: 'InternalFailure', message: String(error) } };
    }
    return answer;
  }

  const server = createServer(async (incoming, response) => {
    const text = await readText(incoming).catch(() => '');
    const { status, headers, body } = await answerTo(incoming.headers, parseJson(text));
    const json = JSON.stringify(body);
    response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(json) });
    response.end(json);
  });

  refusePages(server);
  try {
    const url = await listenOnLoopback(server, options.port, '--sqs-port');
    return {
      url,
      answer: (operation, input) => answerTo({ 'x-amz-target': `AmazonSQS.${operation}` }, input),
      async close() {
        store.shutdown();
        await closeServer(server);
        await files.written();
        files.close();
      },
    };
  } catch (error) {
    files.close();
    throw error;
  }
}

/** What is no JSON sends nothing, and is answered so. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Fastify's request and reply, as far as fauxqs looks at them. */
type Route = (
  request: { headers: IncomingHttpHeaders; body: unknown },
  reply: { status(code: number): void; header(name: string, value: string): void },
) => Promise<unknown>;

async function createRoute(store: SqsStore): Promise<Route> {
  const router = new SqsRouter(store);
  const files = readdirSync(ACTIONS).filter((file) => file.endsWith('.js'));
  for (const file of files) {
    const name = basename(file, '.js');
    const exported: Record<string, unknown> = await import(new URL(file, ACTIONS).href);
    const action = exported[name];
    if (typeof action !== 'function') throw new Error(`${file} of fauxqs exports no action ${name}`);
    router.register(
      name.replace(/^./, (first) => first.toUpperCase()),
      (...given) => action(...given),
    );
  }
  return (request, reply) => Reflect.apply(router.handle, router, [request, reply]);
}

const Entry = z.object({ MessageBody: z.string().optional(), MessageGroupId: z.string().optional() });
type Entry = z.output<typeof Entry>;
/** What a request sends, if it sends anything. */
const Sending = Entry.extend({ Entries: z.array(Entry).optional() }).transform(({ Entries, ...single }) =>
  Entries ? Entries : [single],
);

/** Standard queues drop a message's group; here they keep it, and hand messages out as fair queues do. */
class FairStore extends SqsStore {
  /** Of the request that is being answered: an action runs in one go. */
  sending: Entry[] = [];

  override createQueue(...args: Parameters<SqsStore['createQueue']>): SqsQueue {
    const queue = super.createQueue(...args);
    if (queue.isFifo()) return queue;
    const inFlight = new InFlight<SqsMessage>();
    const waiting = new WaitingMessages<SqsMessage>(inFlight);
    Reflect.set(queue, 'inflightMessages', inFlight);
    Reflect.defineProperty(queue, 'messages', { get: () => waiting, set: () => waiting.clear() });
    const enqueue = queue.enqueue.bind(queue);
    queue.enqueue = (message) => {
      const group = message.messageGroupId ?? this.#groupOf(message.body);
      enqueue(group === undefined ? message : Object.assign(message, { messageGroupId: group }));
    };
    return queue;
  }

  /** Entries are enqueued in their order, without those that are refused. */
  #groupOf(body: string): string | undefined {
    const index = this.sending.findIndex(({ MessageBody }) => MessageBody === body);
    return this.sending.splice(0, index + 1).at(-1)?.MessageGroupId;
  }
}

/** Writes all that happens in one turn of the event loop in one transaction. */
class QueueFiles extends PersistenceManager {
  readonly #db: DatabaseSync;
  readonly #makeReady: (messageId: string) => void;
  #transaction: Promise<void> | undefined;

  constructor(dir: string) {
    super(dir);
    const db: unknown = Reflect.get(this, 'db');
    if (!(db instanceof DatabaseSync)) {
      throw new Error(`fauxqs no longer keeps its queues in ${join(dir, 'fauxqs.db')} by node:sqlite`);
    }
    this.#db = db;
    // In WAL mode NORMAL still survives the death of the process, and saves an fsync for each transaction.
    db.exec('PRAGMA synchronous = NORMAL');
    const statement = db.prepare(
      'UPDATE sqs_messages SET receipt_handle = NULL, visibility_deadline = NULL WHERE message_id = ?',
    );
    this.#makeReady = (messageId) => statement.run(messageId);
  }

  /** Once what has been changed so far is on disk. */
  async written(): Promise<void> {
    await this.#transaction;
  }

  #begin(): void {
    if (this.#transaction) return;
    this.#db.exec('BEGIN');
    this.#transaction = new Promise((resolve) => {
      setImmediate(() => {
        this.#transaction = undefined;
        this.#db.exec('COMMIT');
        resolve();
      });
    });
  }

  override insertMessage(...args: Parameters<PersistenceManager['insertMessage']>): void {
    this.#begin();
    super.insertMessage(...args);
  }

  override deleteMessage(messageId: string): void {
    this.#begin();
    super.deleteMessage(messageId);
  }

  override updateMessageInflight(...args: Parameters<PersistenceManager['updateMessageInflight']>): void {
    this.#begin();
    super.updateMessageInflight(...args);
  }

  /** The inherited one also sets the receive count to NULL, which the table refuses: a message made visible would be lost. */
  override updateMessageReady(messageId: string): void {
    this.#begin();
    this.#makeReady(messageId);
  }
}

/** SQS takes all of XML's characters; the emulator's pattern lacks the `u` flag and so refuses every emoji. */
function acceptAllOfUnicode(): void {
  const invalid = /[^\t\n\r\x20-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u;
  INVALID_MESSAGE_BODY_CHAR.test = (body) => invalid.test(body);
}
