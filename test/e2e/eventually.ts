import { vi } from 'vitest';

/** Tries until it no longer throws. Ten times what any of it takes on an idle machine. */
export function eventually<T>(attempt: () => T | Promise<T>, timeoutMs = 20_000): Promise<T> {
  return vi.waitFor(attempt, { timeout: timeoutMs, interval: 50 });
}
