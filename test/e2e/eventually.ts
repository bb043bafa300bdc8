import { vi } from 'vitest';

/** Tries until it no longer throws. Twenty times what any of it takes on an idle machine: others share the one that tests run on. */
export function eventually<T>(attempt: () => T | Promise<T>, timeoutMs = 40_000): Promise<T> {
  return vi.waitFor(attempt, { timeout: timeoutMs, interval: 50 });
}
