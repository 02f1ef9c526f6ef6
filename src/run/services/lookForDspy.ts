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
  /** Why the host would not work with its DSPy; `null`: it would. */
  trouble: z.string().nullable(),
  python: z.string(),
  version: z.string(),
  /** `null`: none that was installed as a package. */
  dspy: z.string().nullable(),
  install: z.array(z.string()).min(1),
});
export type PythonLook = z.infer<typeof lookSchema>;

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
  const looked = await lookAtPython(findPython(options), options);
  if (looked === null || looked.trouble === null) return;
  const install = { kind: 'install', what: 'DSPy', command: looked.install, folder: options.workspace } as const;
  throw new UsageError(`${looked.trouble}. Install DSPy 3 there, or choose the interpreter that has it.`, undefined, [
    install,
    { kind: 'interpreter' },
  ]);
}

/** What an interpreter is, without importing DSPy; `null`: it does not say, as one older than 3.8 does not. */
export async function lookAtPython(
  python: string,
  { workspace, launcher, env = process.env }: Pick<LookOptions, 'workspace' | 'launcher' | 'env'>,
): Promise<PythonLook | null> {
  const own = { ...env };
  delete own['ELECTRON_RUN_AS_NODE'];
  const args = ['-m', 'bettertogether_host.look_for_dspy', workspace];
  try {
    const { stdout } = await promisify(execFile)(python, args, {
      cwd: dirname(launcher),
      env: own,
      timeout: patienceMs,
    });
    return lookSchema.parse(JSON.parse(stdout));
  } catch {
    return null;
  }
}
