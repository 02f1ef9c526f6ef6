import { isAbsolute, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface UserFrame {
  readonly file: string;
  /** From 1. */
  readonly line: number;
}

/** Whether a file is the user's own: in the workspace and not in a package. */
export function isUserFile(file: string, workspace: string): boolean {
  if (!isAbsolute(file)) return false;
  const path = relative(workspace, file);
  // On Windows the way to another drive is absolute.
  if (path === '' || path === '..' || path.startsWith(`..${sep}`) || isAbsolute(path)) return false;
  return !path.split(sep).includes('node_modules');
}

/** The innermost place in the user's own files that an error's stack passes through. */
export function userFrame(error: unknown, workspace: string): UserFrame | undefined {
  const stack = stackOf(error);
  if (stack === undefined) return undefined;
  for (const text of stack.split('\n')) {
    const frame = parseFrame(text);
    if (frame !== undefined && isUserFile(frame.file, workspace)) return frame;
  }
  return undefined;
}

/** Reads one line of a V8 stack: `    at f (/a/b.ts:3:7)`, `    at async file:///a/b.mjs:3:7`. */
export function parseFrame(text: string): UserFrame | undefined {
  const at = /^\s*at .*? \((.+):(\d+):\d+\)$/.exec(text) ?? /^\s*at (.+):(\d+):\d+$/.exec(text);
  if (at === null) return undefined;
  const place = at[1]!.replace(/^async /, '');
  try {
    return { file: place.startsWith('file:') ? fileURLToPath(place) : place, line: Number(at[2]) };
  } catch {
    return undefined;
  }
}

function stackOf(error: unknown): string | undefined {
  const stack = typeof error === 'object' && error !== null && 'stack' in error ? error.stack : undefined;
  return typeof stack === 'string' ? stack : undefined;
}
