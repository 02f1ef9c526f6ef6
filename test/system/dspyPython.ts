import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The program of `Workspace` in Python: the class `Two` and its `metric`. */
export const two = readFileSync(new URL('../fixtures/programs/two.py', import.meta.url), 'utf8');

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
