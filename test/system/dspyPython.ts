import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** An interpreter with DSPy, installed first if it is not there. */
export function dspyPython(): string {
  const script = fileURLToPath(new URL('../../scripts/dspy.mjs', import.meta.url));
  const { status, stdout } = spawnSync(process.execPath, [script], {
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error('DSPy could not be installed; see above.');
  return stdout.trim();
}
