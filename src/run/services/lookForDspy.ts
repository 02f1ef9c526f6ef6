/** Whether a Python has the DSPy that programs need, seen before anything is asked of the person or run. */
import { execFile } from 'node:child_process';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import * as z from 'zod';
import { UsageError } from '../../base/errors.ts';
import { findPython } from '../../host/findPython.ts';
import type { FindPythonOptions } from '../../host/findPython.ts';

const patienceMs = 20_000;

/** What `bettertogether_host/look_for_dspy.py` prints. */
const lookSchema = z.object({
  trouble: z.string().nullable(),
  python: z.string(),
  install: z.array(z.string()).min(1),
});

export interface LookOptions extends FindPythonOptions {
  /** `python/host/launch.py`; what looks lies beside it. */
  readonly launcher: string;
}

/**
 * Where it cannot be told, nothing is said: the program's host says it when it starts.
 *
 * @throws UsageError where there is no such Python, or it has no DSPy 3; with what mends it.
 */
export async function lookForDspy(options: LookOptions): Promise<void> {
  const { workspace, launcher, env = process.env } = options;
  const python = findPython(options);
  const looked = await look(python, ['-m', 'bettertogether_host.look_for_dspy', workspace], dirname(launcher), env);
  if (looked === null || looked.trouble === null) return;
  const install = { kind: 'install', what: 'DSPy', command: looked.install, folder: workspace } as const;
  throw new UsageError(`${looked.trouble}. Install DSPy 3 there, or choose the interpreter that has it.`, undefined, [
    install,
    { kind: 'interpreter' },
  ]);
}

async function look(python: string, args: readonly string[], cwd: string, env: NodeJS.ProcessEnv) {
  const own = { ...env };
  delete own['ELECTRON_RUN_AS_NODE'];
  try {
    const { stdout } = await promisify(execFile)(python, args, { cwd, env: own, timeout: patienceMs });
    return lookSchema.parse(JSON.parse(stdout));
  } catch {
    return null;
  }
}
