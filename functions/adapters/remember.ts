import { LRUCache } from 'lru-cache';

export interface RememberOptions {
  /** How many values are kept. The one that was used least recently makes room for a new one. */
  max: number;
  /** How long a value is kept, counted from the start of its load; null for a value that never changes. */
  ttlMs: number | null;
  /** Epoch milliseconds; counts only with `ttlMs`. */
  now?: () => number;
}

/** The value that is kept under a key, or else the one that `load` gives. */
export interface Remember<Value> {
  (key: string, load: () => Value): Value;
  forgetAll(): void;
}

/**
 * The cache of what is loaded by a key. Its values can be promises: callers that miss one key at the same moment share one load. Neither a
 * failure nor an absence (null) is kept, because both can end at any moment.
 */
export function remember<Value extends NonNullable<unknown>>({
  max,
  ttlMs,
  now = Date.now,
}: RememberOptions): Remember<Value> {
  const kept = new LRUCache<string, Value>({
    max,
    // Without a resolution, the cache asks the clock at each look.
    ...(ttlMs === null ? {} : { ttl: ttlMs, ttlResolution: 0, perf: { now } }),
  });

  function recall(key: string, load: () => Value): Value {
    const known = kept.get(key);
    if (known !== undefined) return known;
    const loaded = load();
    kept.set(key, loaded);
    if (loaded instanceof Promise) {
      const forget = (): void => {
        // Another load can have taken its place by now.
        if (kept.peek(key) === loaded) kept.delete(key);
      };
      loaded.then((value: unknown) => {
        if (value === null) forget();
      }, forget);
    }
    return loaded;
  }
  return Object.assign(recall, { forgetAll: () => kept.clear() });
}

/** What `make` gives for an object, as long as somebody keeps the object. */
export function rememberOf<Subject extends object, Value>(
  make: (subject: Subject) => Value,
): (subject: Subject) => Value {
  const made = new WeakMap<Subject, { value: Value }>();
  return (subject) => {
    let known = made.get(subject);
    if (known === undefined) {
      known = { value: make(subject) };
      made.set(subject, known);
    }
    return known.value;
  };
}
