import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'parts',
          include: ['test/**/*.test.ts'],
          exclude: ['test/e2e/**', 'test/console/**', 'test/rehearsal/**'],
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      {
        // Each file runs a whole Posthorn of its own: one at a time, or two cores make every deadline late.
        test: {
          name: 'end to end',
          include: ['test/e2e/**/*.test.ts', 'test/console/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        // Deploys the template to an emulator of AWS: processes of its own, and real time.
        test: {
          name: 'rehearsal',
          include: ['test/rehearsal/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 180_000,
        },
      },
    ],
    reporters: ['default'],
  },
});
