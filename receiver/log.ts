export interface ReceivedRequest {
  method: string;
  /** Without the query. */
  path: string;
  query: string;
  headers: Record<string, string>;
  body: string;
  /** Milliseconds since the epoch. */
  receivedAt: number;
  /** What it was answered with; null while it is held back, or for good if it hangs. */
  status: number | null;
}

/** So many of each path are kept; all are counted. */
const KEPT = 100;

/** The last requests of each path, in rings: under load nothing is moved. */
export class RequestLog {
  readonly #paths = new Map<string, { ring: ReceivedRequest[]; total: number; lastNumber: number }>();
  #number = 0;

  add(request: ReceivedRequest): void {
    let entry = this.#paths.get(request.path);
    if (!entry) {
      entry = { ring: [], total: 0, lastNumber: 0 };
      this.#paths.set(request.path, entry);
    }
    entry.ring[entry.total % KEPT] = request;
    entry.total++;
    entry.lastNumber = ++this.#number;
  }

  /** Newest first. */
  of(path: string): { total: number; requests: ReceivedRequest[] } {
    const { ring, total } = this.#paths.get(path) ?? { ring: [], total: 0 };
    const start = total % KEPT;
    const oldestFirst = total > KEPT ? [...ring.slice(start), ...ring.slice(0, start)] : ring;
    return { total, requests: oldestFirst.toReversed() };
  }

  /** The path that was asked last comes first. */
  paths(): { path: string; total: number }[] {
    return [...this.#paths]
      .sort(([, a], [, b]) => b.lastNumber - a.lastNumber)
      .map(([path, { total }]) => ({ path, total }));
  }

  clear(path?: string): void {
    if (path === undefined) this.#paths.clear();
    else this.#paths.delete(path);
  }
}
