/** Whether the command of a trainer can be started at all, looked at before anything is paid. */
import { accessSync, constants, statSync, type Stats } from 'node:fs';
import { delimiter, isAbsolute, resolve } from 'node:path';
import type { CommandTrainerOptions } from './commandTrainer.ts';

type Started = Pick<CommandTrainerOptions, 'endpoint' | 'command' | 'cwd' | 'env'>;

/** Why it cannot, in sentences that name the setting and say what to do; `null`: it can, as far as can be seen. */
export function whyNotStarted({ endpoint, command, cwd, env }: Started): string | null {
  const setting = `endpoints.${endpoint}.fineTune`;
  if (!isFolder(cwd))
    return `${setting}.cwd: there is no folder ${cwd}, where the trainer would start. Make it, or name another.`;
  const [program = ''] = command;
  // What a job fills in is not known yet.
  if (/\{\w+\}/.test(program)) return null;
  const isPath = isAbsolute(program) || /[/\\]/.test(program);
  const found = (isPath ? [resolve(cwd, program)] : onPath(program, cwd, env)).flatMap(withEndings).filter(isFile);
  if (found.some(isExecutable)) return null;
  if (found.length > 0)
    return `${setting}.command: ${found[0]!} is not executable. Make it so (chmod +x), or name what runs it.`;
  const where = isPath ? 'There is no such file' : 'It is in no folder of PATH';
  return `${setting}.command: the trainer "${program}" is not found. ${where}: install it, or name its whole path.`;
}

function onPath(program: string, cwd: string, env: Started['env']): readonly string[] {
  const path = env['PATH'] ?? process.env['PATH'] ?? '';
  return path.split(delimiter).map((folder) => resolve(cwd, folder, program));
}

/** Windows starts programs that are named without their ending. */
function withEndings(file: string): readonly string[] {
  return process.platform === 'win32' ? ['', '.exe', '.com'].map((ending) => `${file}${ending}`) : [file];
}

const isFolder = (path: string): boolean => statOf(path)?.isDirectory() === true;
const isFile = (path: string): boolean => statOf(path)?.isFile() === true;

/** `null`: not there, or behind what is not a folder. */
function statOf(path: string): Stats | null {
  try {
    return statSync(path);
  } catch {
    return null;
  }
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
