import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** The run view on a run of 100,000 calls, in Chromium: the test that holds it to a second prints the times. */
export function view(): void {
  const vitest = dirname(createRequire(import.meta.url).resolve('vitest/package.json'));
  const args = [
    'run',
    '--project',
    'webview',
    '--silent=false',
    '--disable-console-intercept',
    'test/webview/large.test.ts',
  ];
  const { status } = spawnSync(process.execPath, [join(vitest, 'vitest.mjs'), ...args], { stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
}
