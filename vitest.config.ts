import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** Files of a suite that runs by itself alone (scripts/apart.mjs). */
const only = (suite: string): string[] =>
  process.env['BETTERTOGETHER_SUITE'] === suite ? [`test/${suite}/**/*.test.ts`] : [];

/** Of suites that open VS Code. */
const packagesOnce = ['test/vscode/packageOnce.ts'];

export default defineConfig({
  resolve: {
    alias: {
      bettertogether: fileURLToPath(new URL('./src/program/sdk.ts', import.meta.url)),
      vscode: fileURLToPath(new URL('./test/fakes/fakeVscode.ts', import.meta.url)),
    },
  },
  test: {
    // What comes about is waited for, however busy the machine is.
    expect: { poll: { timeout: 30_000 } },
    // One group after the other, where several projects are run together.
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts'],
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
          testTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'contracts',
          include: ['test/contracts/**/*.test.ts'],
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
          testTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'parity',
          include: ['test/parity/**/*.test.ts'],
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'system',
          sequence: { groupOrder: 2 },
          include: ['test/system/**/*.test.ts'],
          testTimeout: 180_000,
          hookTimeout: 300_000,
          // Much of it waits, for processes that start and for what they are told to wait for.
          maxWorkers: 2,
        },
      },
      // Long and by itself: `npm run test:soak`. In a run of all projects it has no files.
      {
        extends: true,
        test: {
          name: 'soak',
          sequence: { groupOrder: 5 },
          include: only('soak'),
          globalSetup: packagesOnce,
          testTimeout: 3_600_000,
          hookTimeout: 300_000,
          fileParallelism: false,
        },
      },
      // Another VS Code, which takes a minute or two to set up: `npm run test:oldest`.
      {
        extends: true,
        test: {
          name: 'oldest',
          sequence: { groupOrder: 7 },
          include: only('oldest'),
          globalSetup: packagesOnce,
          testTimeout: 240_000,
          hookTimeout: 420_000,
          fileParallelism: false,
        },
      },
      // Writes README's pictures and those of the pages: `npm run pictures`. In a run of all projects it has no files either.
      {
        extends: true,
        test: {
          name: 'pictures',
          sequence: { groupOrder: 6 },
          include: only('pictures'),
          globalSetup: packagesOnce,
          testTimeout: 240_000,
          hookTimeout: 420_000,
          fileParallelism: false,
        },
      },
      {
        extends: true,
        test: {
          name: 'webview',
          sequence: { groupOrder: 3 },
          include: ['test/webview/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          fileParallelism: false,
        },
      },
      {
        extends: true,
        test: {
          name: 'vscode',
          sequence: { groupOrder: 4 },
          include: ['test/vscode/**/*.test.ts'],
          globalSetup: packagesOnce,
          testTimeout: 240_000,
          hookTimeout: 420_000,
          // Two windows at once: each waits much of its time.
          maxWorkers: 2,
        },
      },
    ],
  },
});
