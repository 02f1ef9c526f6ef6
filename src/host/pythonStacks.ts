import { isAbsolute, relative, sep } from 'node:path';
import type { BlockedAt } from './hostProcess.ts';

interface Frame {
  readonly file: string;
  readonly line: number;
  readonly name: string;
}

/**
 * Reads what Python's faulthandler writes about all threads, innermost frame first: which program run keeps the
 * interpreter busy, and at which line of the user's. A run's thread is told by the function `run_<number>`
 * (python/host/bettertogether_host/workers.py), one that waits for an LM by `Answer.wait`.
 *
 * @returns no `run` when more than one could be meant; `null` when there is no stack to read.
 */
export function readPythonStacks(text: string, workspace: string): BlockedAt | null {
  const threads = text
    .split(/^(?:Current thread|Thread) 0x[0-9a-f]+.*$/mu)
    .slice(1)
    .map(framesOf)
    .filter((frames) => frames.length > 0);
  if (threads.length === 0) return null;
  const busy = threads.filter((frames) => runOf(frames) !== undefined && !waits(frames));
  const [only] = busy;
  if (only !== undefined && busy.length === 1) return { run: runOf(only), ...placeOf(only, workspace) };
  if (busy.length > 1) return {};
  // No run is under way: user code is being loaded, in the main thread.
  const loading = threads.find((frames) => frames.some(({ file, name }) => isHost(file) && name === 'load'));
  return loading === undefined ? {} : placeOf(loading, workspace);
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

function runOf(frames: readonly Frame[]): number | undefined {
  for (const { file, name } of frames) {
    const found = isHost(file) ? /^run_(\d+)$/u.exec(name) : null;
    if (found !== null) return Number(found[1]);
  }
  return undefined;
}

function waits(frames: readonly Frame[]): boolean {
  return frames.some(({ file, name }) => isHost(file) && file.endsWith('wire.py') && name === 'wait');
}

function isHost(file: string): boolean {
  return file.split(/[/\\]/u).at(-2) === 'bettertogether_host';
}

function placeOf(frames: readonly Frame[], workspace: string): Pick<BlockedAt, 'file' | 'line'> {
  const place = frames.find(({ file }) => isUsers(file, workspace));
  return place === undefined ? {} : { file: place.file, line: place.line };
}

function isUsers(file: string, workspace: string): boolean {
  const path = relative(workspace, file);
  if (!isAbsolute(file) || path.startsWith('..') || isAbsolute(path) || isHost(file)) return false;
  return !path.split(sep).some((part) => part === 'site-packages' || part === 'dist-packages');
}
