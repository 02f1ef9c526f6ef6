import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: {
    alias: {
      bettertogether: new URL('./src/program/sdk.ts', import.meta.url).pathname,
      vscode: new URL('./test/fakes/fakeVscode.ts', import.meta.url).pathname,
    },
  },
  test: {
    // One group after the other: processes, browsers and the model do not share two cores with each other.
    projects: [
      { extends: true, test: { name: 'unit', include: ['test/unit/**/*.test.ts'], sequence: { groupOrder: 0 } } },
      { extends: true, test: { name: 'parity', include: ['test/parity/**/*.test.ts'], sequence: { groupOrder: 1 } } },
      {
        extends: true,
        test: {
          name: 'system',
          sequence: { groupOrder: 2 },
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
          // VS Code redraws lenses and trees while a click is on its way.
          retry: 2,
          testTimeout: 240_000,
          hookTimeout: 420_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
