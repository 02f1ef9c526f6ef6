/**
 * The Python that runs a workspace's programs: the extension's setting, else what is chosen in the Python extension, else
 * what the run process finds by itself (`.venv`, python3).
 */
import { join } from 'node:path';
import * as vscode from 'vscode';
import * as z from 'zod';
import { messageOf } from '../../base/errors.ts';
import { pythonSetting, section } from '../../editor/names.ts';
import { lookForDspy } from '../../run/services/lookForDspy.ts';
import { readSettings } from '../base/settings.ts';
import type { Log } from '../base/log.ts';

/** @throws UsageError, with what mends it, where a Python program of `root` could not be run. */
export async function requireDspy(
  { context, log }: { readonly context: Pick<vscode.ExtensionContext, 'extensionPath'>; readonly log: Log },
  root: string,
): Promise<void> {
  const launcher = join(context.extensionPath, 'python', 'host', 'launch.py');
  await lookForDspy({ workspace: root, launcher, ...(await chosenPython(root, log)) });
}

const pythonExtension = 'ms-python.python';

/** The part of the Python extension's API that is used: `environments` (PVSC_EXTENSION_ID's `PythonExtension`). */
const environmentSchema = z.object({
  executable: z.object({ uri: z.object({ fsPath: z.string() }).optional() }),
});
const pathSchema = z.object({ path: z.string() });
type Method = (...args: unknown[]) => unknown;
const method = z.custom<Method>((value) => typeof value === 'function');
const apiSchema = z.object({
  environments: z.looseObject({ getActiveEnvironmentPath: method, resolveEnvironment: method }),
});

export interface ChosenPython {
  readonly python: string;
  /** What named it, in words. */
  readonly namedBy: string;
}

/** `null`: none was chosen. A problem with the Python extension is not ours: it goes to the log. */
export async function chosenPython(root: string, log: Pick<Log, 'debug' | 'warn'>): Promise<ChosenPython | null> {
  const { python } = readSettings();
  if (python !== null) return { python, namedBy: `setting ${section}.${pythonSetting}` };
  try {
    const active = await activeEnvironment(root);
    return active === null ? null : { python: active, namedBy: 'chosen in the Python extension' };
  } catch (error) {
    log.warn(`the Python extension did not say which interpreter is chosen: ${messageOf(error)}`);
    return null;
  }
}

async function activeEnvironment(root: string): Promise<string | null> {
  const extension = vscode.extensions.getExtension<unknown>(pythonExtension);
  if (extension === undefined) return null;
  const exported: unknown = extension.isActive ? extension.exports : await extension.activate();
  const { environments } = apiSchema.parse(exported);
  // Methods of the API are called on it.
  const path = pathSchema.parse(environments.getActiveEnvironmentPath(vscode.Uri.file(root)));
  const resolved = environmentSchema.safeParse(await environments.resolveEnvironment(path));
  if (resolved.success && resolved.data.executable.uri !== undefined) return resolved.data.executable.uri.fsPath;
  // `python` alone is the extension's word for "none was chosen".
  return /[\\/]/.test(path.path) ? path.path : null;
}
