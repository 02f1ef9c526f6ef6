import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: {
    alias: {
      bettertogether: new URL('./src/program/sdk.ts', import.meta.url).pathname,
      vscode: new URL('./test/fakes/fakeVscode.ts', import.meta.url).pathname,
    },
  },
  test: {
    projects: [
      { extends: true, test: { name: 'unit', include: ['test/unit/**/*.test.ts'] } },
      { extends: true, test: { name: 'parity', include: ['test/parity/**/*.test.ts'] } },
      {
        extends: true,
        test: {
          name: 'system',
          include: ['test/system/**/*.test.ts'],
          testTimeout: 180_000,
          hookTimeout: 300_000,
          fileParallelism: false,
        },
      },
      {
        extends: true,
        test: {
          name: 'webview',
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
          include: ['test/vscode/**/*.test.ts'],
          testTimeout: 240_000,
          hookTimeout: 420_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
