import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/**
 * The run view on a run of 100,000 calls, in Chromium: the test of it prints the times, and holds two of them to what is
 * promised only when it is asked to, as here. What `npm test` runs beside it would decide otherwise.
 */
export function view(): void {
  const vitest = dirname(createRequire(import.meta.url).resolve('vitest/package.json'));
  // The file first: a flag without a value takes what follows it for one, and all tests of the page would run.
  const args = ['run', 'test/webview/large.test.ts', '--project=webview', '--silent=false'];
  const all = [...args, '--disable-console-intercept'];
  const { status } = spawnSync(process.execPath, [join(vitest, 'vitest.mjs'), ...all], {
    stdio: 'inherit',
    env: { ...process.env, BETTERTOGETHER_HOLD_TIMES: '1' },
  });
  if (status !== 0) process.exitCode = 1;
}
