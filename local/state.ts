import { accessSync, constants, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { messageOf, StartError } from './errors.ts';
import { readIfThere, replaceFile } from './files.ts';

/** What scripts need to join a running system; stands in `endpoints.json` while it runs. */
export const Endpoints = z.object({
  /** Without `/v1`. */
  apiUrl: z.string(),
  adminKey: z.string(),
  eventsQueueUrl: z.string(),
  sqsEndpoint: z.string(),
  dynamodbEndpoint: z.string(),
  receiverUrl: z.string(),
  /** The test clock: GET, or POST `{"advanceSeconds": N}`. */
  clockUrl: z.string(),
  pid: z.int(),
  handlersPid: z.int(),
});
export type Endpoints = z.infer<typeof Endpoints>;

const FILES = ['sqs', 'dynamodb', 'cdk.out', 'keys.json', 'clock.json', 'handlers.log', 'handlers.log.1'];

/** Where the functions' threads connect. */
const SOCKET = 'functions.sock';
/** In bytes, of a socket's path; macOS has the least (sys/un.h), Linux four more. */
const MAX_SOCKET_PATH = 103;

/** Takes the state folder for this process. The lock ends with the process, however that ends. */
export function openState(dir: string, fresh: boolean) {
  const path = (name: string) => join(dir, name);
  if (Buffer.byteLength(path(SOCKET)) > MAX_SOCKET_PATH)
    throw new StartError(
      `The path of the state folder ${dir} is too long for a socket in it. Choose a shorter one with --state DIR.`,
    );
  const lock = takeLock(path('lock'), dir);
  // File by file: --fresh must not empty a folder that --state names by mistake.
  if (fresh) for (const name of FILES) rmSync(path(name), { recursive: true, force: true });
  rmSync(path('endpoints.json'), { force: true });
  // One old log is kept.
  if (existsSync(path('handlers.log'))) renameSync(path('handlers.log'), path('handlers.log.1'));

  return {
    sqsDir: path('sqs'),
    dynamodbDir: path('dynamodb'),
    assemblyDir: path('cdk.out'),
    keyFile: path('keys.json'),
    logFile: path('handlers.log'),
    socketPath: path(SOCKET),
    readClockOffsetMs(): number {
      const { offsetMs }: { offsetMs?: unknown } = JSON.parse(readIfThere(path('clock.json')) ?? '{}');
      return typeof offsetMs === 'number' ? offsetMs : 0;
    },
    writeClockOffsetMs: (offsetMs: number) => replaceFile(path('clock.json'), JSON.stringify({ offsetMs })),
    writeEndpoints: (endpoints: Endpoints) =>
      replaceFile(path('endpoints.json'), `${JSON.stringify(endpoints, null, 2)}\n`),
    /** Takes `endpoints.json` away and lets the next runner in. */
    close() {
      rmSync(path('endpoints.json'), { force: true });
      lock.close();
    },
  };
}

/** SQLITE_BUSY (sqlite.org/rescode.html): another connection has the lock. */
const BUSY = 5;

/** SQLite's file lock: unlike a file with a pid in it, nothing of it outlives a `kill -9`. */
function takeLock(path: string, dir: string): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    // SQLite locks a file that it may only read, such as one that `sudo npm start` left.
    accessSync(dir, constants.W_OK);
    database = new DatabaseSync(path);
    database.exec('PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE');
    return database;
  } catch (error) {
    database?.close();
    if (error instanceof Error && 'errcode' in error && error.errcode === BUSY)
      throw new StartError(
        `Another runner uses the state folder ${dir}. End it first, or choose another folder with --state DIR (and other ports).`,
      );
    throw new StartError(
      `The state folder ${dir} cannot be used (${messageOf(error)}). Choose another one with --state DIR.`,
    );
  }
}
