import { isAbsolute, relative, sep } from 'node:path';
import type { BlockedAt } from './hostProcess.ts';

interface Frame {
  readonly file: string;
  readonly line: number;
  readonly name: string;
}

/** A program run that may be what keeps the interpreter busy. */
export interface BusyRun {
  readonly run: number;
  /** The operating system's number of its thread. */
  readonly thread: number;
  readonly file?: string;
  readonly line?: number;
}

export interface PythonStacks {
  /** Runs that do not wait for an LM. All but one of them may be waiting for the interpreter. */
  readonly busy: readonly BusyRun[];
  /** Where the main thread loads the user's code, if it does. */
  readonly loading?: Pick<BlockedAt, 'file' | 'line'>;
}

/**
 * Reads what Python's faulthandler writes about all threads, innermost frame first. A run's thread is known by the
 * function `run_<run>_<thread>` (python/host/bettertogether_host/main.py), one that waits for an LM by `Answer.wait`.
 *
 * @returns `null` when there is no stack to read.
 */
export function readPythonStacks(text: string, workspace: string): PythonStacks | null {
  const threads = text
    .split(/^(?:Current thread|Thread) 0x[0-9a-f]+.*$/mu)
    .slice(1)
    .map(framesOf)
    .filter((frames) => frames.length > 0);
  if (threads.length === 0) return null;
  const busy = threads.flatMap((frames) => {
    const run = waits(frames) ? undefined : runOf(frames);
    return run === undefined ? [] : [{ ...run, ...placeOf(frames, workspace) }];
  });
  const loading = threads.find((frames) => frames.some(({ file, name }) => isHost(file) && name === 'load'));
  return { busy, ...(loading !== undefined && { loading: placeOf(loading, workspace) }) };
}

function framesOf(text: string): readonly Frame[] {
  return [...text.matchAll(/^ {2}File "(.*)", line (\d+) in (.*)$/gmu)].map(([, file, line, name]) => ({
    file: unescaped(file!),
    line: Number(line),
    name: name!,
  }));
}

/** Characters beyond ASCII come as `\xe9` or `\u2013`. */
function unescaped(text: string): string {
  return text.replace(/\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|U([0-9a-f]{8}))/gu, (_, x?: string, u?: string, U?: string) =>
    String.fromCodePoint(parseInt(x ?? u ?? U ?? '', 16)),
  );
}

function runOf(frames: readonly Frame[]): Pick<BusyRun, 'run' | 'thread'> | undefined {
  for (const { file, name } of frames) {
    const found = isHost(file) ? /^run_(\d+)_(\d+)$/u.exec(name) : null;
    if (found !== null) return { run: Number(found[1]), thread: Number(found[2]) };
  }
  return undefined;
}

function waits(frames: readonly Frame[]): boolean {
  return frames.some(({ file, name }) => isHost(file) && file.endsWith('wire.py') && name === 'wait');
}

function isHost(file: string): boolean {
  return /[/\\]bettertogether_host[/\\](?:notebooks[/\\])?[^/\\]+$/u.test(file);
}

function placeOf(frames: readonly Frame[], workspace: string): { readonly file?: string; readonly line?: number } {
  const place = frames.find(({ file }) => isUsers(file, workspace));
  return place === undefined ? {} : { file: place.file, line: place.line };
}

function isUsers(file: string, workspace: string): boolean {
  const path = relative(workspace, file);
  if (!isAbsolute(file) || isOutside(path) || isHost(file)) return false;
  return !path.split(sep).some((part) => part === 'site-packages' || part === 'dist-packages');
}

/** @param path from a folder to a file. */
function isOutside(path: string): boolean {
  return path === '..' || path.startsWith(`..${sep}`) || isAbsolute(path);
}
