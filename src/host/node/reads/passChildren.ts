import childProcess from 'node:child_process';
import type { ProcessReads } from './processReads.ts';
import { replace } from './replace.ts';
import type { AnyFunction } from './replace.ts';

const starting = ['spawn', 'spawnSync', 'exec', 'execSync', 'execFile', 'execFileSync', 'fork'];

/** Node hands all variables on to a process that is started: what that reads of them is not seen. */
export function passChildren(reads: ProcessReads): void {
  const unnoticed =
    (start: AnyFunction): AnyFunction =>
    (...args) =>
      reads.unnoticed(() => start(...args));
  for (const name of starting) replace(childProcess, name, unnoticed, (_made, custom) => unnoticed(custom));
}
