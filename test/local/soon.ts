import { vi } from 'vitest';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

/** For `expect.poll`: what takes milliseconds on a quiet machine may take seconds on a busy one. */
export const SOON = { timeout: 20_000, interval: 25 };
