import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { Readable } from 'node:stream';

type Done<Value = void> = (error: Error | null, value?: Value) => void;
type Write = (run: () => void, done: Done) => void;

/** A range of keys, as LevelDB has them. */
interface Range {
  gt?: string | undefined;
  gte?: string | undefined;
  lt?: string | undefined;
  lte?: string | undefined;
  reverse?: boolean;
  limit?: number;
}

const MAX_ITEM_BYTES = 400 * 1024;
/** Read at a time, if the range has no limit. */
const PAGE_ROWS = 100;
/** Pages of 4 KB that are written before they are moved to the database's own file. */
const CHECKPOINT_PAGES = 4_000;

/**
 * What dynalite keeps its tables in, on SQLite. Its own store hands each read and write to another thread, reads a table's
 * definition anew for each item, and maps its files into memory as they grow. Here a read is a call of microseconds, and all writes
 * of one turn of the event loop are one transaction. What was acknowledged survives the death of the process.
 */
export function createStore(options: { path?: string }) {
  if (options.path) mkdirSync(options.path, { recursive: true });
  const database = new DatabaseSync(options.path ? join(options.path, 'dynamodb.db') : ':memory:');
  // In WAL mode NORMAL survives the death of the process, and saves an fsync for each transaction.
  database.exec(
    `PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`,
  );
  const parts = new Map<string, Part>();
  let waiting: Done[] = [];

  const write: Write = (run, done) => {
    if (waiting.length === 0) {
      database.exec('BEGIN');
      setImmediate(commit);
    }
    waiting.push(done);
    run();
  };

  function commit(): void {
    const written = waiting;
    waiting = [];
    if (written.length > 0) database.exec('COMMIT');
    for (const done of written) done(null);
  }

  function part(name: string, open = () => new Part(database, name, write)): Part {
    const found = parts.get(name) ?? open();
    parts.set(name, found);
    return found;
  }

  function drop(name: string, done: Done): void {
    parts.delete(name);
    write(() => database.exec(`DROP TABLE IF EXISTS ${quoted(name)}`), done);
  }

  const tableDb = Object.assign(new Definitions(database, 'table', write), {
    awsAccountId: '000000000000',
    awsRegion: 'us-east-1',
  });
  const indexName = (kind: string, table: string, index: string) => `index-${kind.toLowerCase()}~${table}~${index}`;
  return {
    options: { createTableMs: 0, updateTableMs: 0, deleteTableMs: 0, maxItemSize: MAX_ITEM_BYTES },
    tableDb,
    getItemDb: (table: string) => part(`item-${table}`),
    deleteItemDb: (table: string, done: Done) => drop(`item-${table}`, done),
    getIndexDb(kind: string, table: string, index: string) {
      const name = indexName(kind, table, index);
      return part(name, () => new IndexPart(database, name, write));
    },
    deleteIndexDb: (kind: string, table: string, index: string, done: Done) =>
      drop(indexName(kind, table, index), done),
    getTagDb: (table: string) => part(`tag-${table}`),
    deleteTagDb: (table: string, done: Done) => drop(`tag-${table}`, done),
    /** With two arguments, as dynalite calls it, a table that is being created or deleted is not found. */
    getTable(name: string, ...rest: [false, Done<Table>] | [Done<Table>]): void {
      const [isAnyStatus, done] = rest.length === 2 ? [true, rest[1]] : [false, rest[0]];
      tableDb.get(name, (_, table) => {
        const isThere = isTable(table) && (isAnyStatus || !['CREATING', 'DELETING'].includes(table.TableStatus));
        if (isThere) done(null, table);
        else done(notFound(isAnyStatus ? `: Table: ${name} not found` : ''));
      });
    },
    db: {
      close(done: Done): void {
        commit();
        database.close();
        done(null);
      },
    },
  };
}

interface Table {
  TableStatus: string;
}

function isTable(value: unknown): value is Table {
  return typeof value === 'object' && value !== null && 'TableStatus' in value;
}

function notFound(more: string): Error {
  const body = {
    __type: 'com.amazonaws.dynamodb.v20120810#ResourceNotFoundException',
    message: `Requested resource not found${more}`,
  };
  return Object.assign(new Error(body.message), { name: 'NotFoundError', statusCode: 400, body });
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Keys in order, with values that are JSON: one of LevelDB's databases, as dynalite uses them. */
class Part {
  readonly #database: DatabaseSync;
  readonly #name: string;
  readonly #write: Write;
  readonly #get: StatementSync;
  readonly #put: StatementSync;
  readonly #del: StatementSync;
  readonly #ranges = new Map<string, StatementSync>();

  constructor(database: DatabaseSync, name: string, write: Write) {
    this.#database = database;
    this.#name = quoted(name);
    this.#write = write;
    database.exec(`CREATE TABLE IF NOT EXISTS ${this.#name} (key TEXT NOT NULL UNIQUE, value TEXT NOT NULL)`);
    this.#get = database.prepare(`SELECT value FROM ${this.#name} WHERE key = ?`);
    this.#put = database.prepare(
      `INSERT INTO ${this.#name} VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
    );
    this.#del = database.prepare(`DELETE FROM ${this.#name} WHERE key = ?`);
  }

  /** Nothing else happens between a read and the write that follows from it. */
  readonly lock = (_key: string, run: (release: (done: unknown) => unknown) => void): void => run((done) => done);

  get(key: string, done: Done<unknown>): void {
    const value = this.#get.get(key)?.value;
    done(null, value === undefined ? undefined : JSON.parse(String(value)));
  }

  put(key: string, value: unknown, done: Done): void {
    this.#write(() => this.#put.run(key, JSON.stringify(value)), done);
  }

  del(key: string, done: Done): void {
    this.#write(() => this.#del.run(key), done);
  }

  createValueStream(range: Range = {}): Readable {
    return this.#stream(range, ({ value }) => JSON.parse(String(value)));
  }

  createKeyStream(range: Range = {}): Readable {
    return this.#stream(range, ({ key }) => key);
  }

  #stream({ reverse = false, limit = -1, ...bounds }: Range, pick: (row: Record<string, unknown>) => unknown) {
    const pageRows = limit < 0 ? PAGE_ROWS : limit;
    const rowsIn = (within: typeof bounds) => this.#rowsIn(within, reverse, pageRows);
    return new Readable({
      objectMode: true,
      read() {
        const rows = rowsIn(bounds);
        for (const row of rows) this.push(pick(row));
        const last = rows.at(-1);
        if (last === undefined || rows.length < pageRows || pageRows === limit) return void this.push(null);
        const from = String(last.key);
        bounds = reverse ? { ...bounds, lte: undefined, lt: from } : { ...bounds, gte: undefined, gt: from };
      },
    });
  }

  #rowsIn(bounds: Omit<Range, 'reverse' | 'limit'>, isReverse: boolean, rows: number): Record<string, unknown>[] {
    const conditions: string[] = [];
    const values: SQLInputValue[] = [];
    for (const [name, operator] of OPERATORS) {
      const bound = bounds[name];
      if (bound === undefined) continue;
      conditions.push(`key ${operator} ?`);
      values.push(bound);
    }
    const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
    const sql = `SELECT key, value FROM ${this.#name} ${where} ORDER BY key ${isReverse ? 'DESC' : 'ASC'} LIMIT ?`;
    const statement = this.#ranges.get(sql) ?? this.#database.prepare(sql);
    this.#ranges.set(sql, statement);
    return statement.all(...values, rows);
  }
}

const OPERATORS = [
  ['gt', '>'],
  ['gte', '>='],
  ['lt', '<'],
  ['lte', '<='],
] as const;

/** An item is written after its index entries, in the same transaction: only the item's write is waited for. */
class IndexPart extends Part {
  override put(key: string, value: unknown, done: Done): void {
    super.put(key, value, NOTHING);
    done(null);
  }

  override del(key: string, done: Done): void {
    super.del(key, NOTHING);
    done(null);
  }
}

const NOTHING = () => {};

/** Every request asks for its table's definition, and every item of a batch again. */
class Definitions extends Part {
  readonly #kept = new Map<string, unknown>();

  override get(name: string, done: Done<unknown>): void {
    const kept = this.#kept.get(name);
    if (kept !== undefined) done(null, kept);
    else
      super.get(name, (error, definition) => {
        this.#kept.set(name, definition);
        done(error, definition);
      });
  }

  override put(name: string, definition: unknown, done: Done): void {
    this.#kept.delete(name);
    super.put(name, definition, done);
  }

  override del(name: string, done: Done): void {
    this.#kept.delete(name);
    super.del(name, done);
  }
}
