import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/** A test of a whole Posthorn waits more than it computes: two cores bear three of them. */
const maxWorkers = Math.max(3, Math.floor(availableParallelism() / 2));

export default defineConfig({
  test: {
    maxWorkers,
    projects: [
      {
        test: {
          name: 'parts',
          include: ['test/**/*.test.ts'],
          exclude: ['test/e2e/**', 'test/console/**', 'test/rehearsal/**'],
          // Most of a small file's time would be its imports. What a test replaces is put back before the next one.
          isolate: false,
          restoreMocks: true,
          unstubEnvs: true,
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        // Each file runs a whole Posthorn of its own.
        test: {
          name: 'end to end',
          include: ['test/e2e/**/*.test.ts', 'test/console/**/*.test.ts'],
          globalSetup: 'test/e2e/set-up.ts',
          testTimeout: 120_000,
          hookTimeout: 240_000,
        },
      },
      {
        // Deploys the template to an emulator of AWS: processes of its own, and real time.
        test: {
          name: 'rehearsal',
          include: ['test/rehearsal/**/*.test.ts'],
          globalSetup: 'test/rehearsal/set-up.ts',
          testTimeout: 120_000,
          hookTimeout: 240_000,
        },
      },
    ],
    reporters: ['default'],
  },
});
