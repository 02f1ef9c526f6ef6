/** A file system that cannot do what others can, in front of Node's own for this process. */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

/** What it answers, by an error's code; what is left out works. */
export interface Weaknesses {
  /** Hard links. */
  readonly link?: string;
  /** Flushing a file to the disk. */
  readonly flush?: string;
  /** Renaming: how often it fails before it works. */
  readonly rename?: { readonly code: string; readonly times: number };
  /** Changing the modes of files. */
  readonly modes?: string;
  /** Files' times are known to so many milliseconds, rounded down. */
  readonly tickMs?: number;
}

type AnyFunction = (...args: unknown[]) => unknown;

/** Returns what puts Node's own file system back. */
export async function installWeakFs({ link, flush, rename, modes, tickMs }: Weaknesses): Promise<() => void> {
  const sync = fs as unknown as Record<string, AnyFunction>;
  const promises = fs.promises as unknown as Record<string, AnyFunction>;
  const handle = await fs.promises.open(process.execPath, 'r');
  const handles = Object.getPrototypeOf(handle) as Record<string, AnyFunction>;
  await handle.close();
  const undo: (() => void)[] = [];
  const patch = (target: Record<string, AnyFunction>, name: string, make: (original: AnyFunction) => AnyFunction) => {
    const original = target[name]!;
    target[name] = make(original);
    undo.push(() => (target[name] = original));
  };
  const fails = (code: string) => () => () => {
    throw errorOf(code);
  };
  const rejects = (code: string) => () => () => Promise.reject(errorOf(code));
  if (link !== undefined) patch(sync, 'linkSync', fails(link));
  if (flush !== undefined) {
    for (const name of ['fsyncSync', 'fdatasyncSync']) patch(sync, name, fails(flush));
    for (const name of ['sync', 'datasync']) patch(handles, name, rejects(flush));
  }
  if (modes !== undefined) patch(sync, 'chmodSync', fails(modes));
  if (rename !== undefined) {
    const { code, times } = rename;
    let left = times;
    patch(sync, 'renameSync', (original) => (...args) => {
      if (left-- > 0) throw errorOf(code);
      return original(...args);
    });
    patch(promises, 'rename', (original) => async (...args) => {
      if (left-- > 0) throw errorOf(code);
      return original(...args);
    });
  }
  if (tickMs !== undefined) {
    patch(sync, 'statSync', (original) => (...args) => {
      const found = original(...args) as fs.Stats | undefined;
      if (found !== undefined) found.mtimeMs = Math.floor(found.mtimeMs / tickMs) * tickMs;
      return found;
    });
  }
  syncBuiltinESMExports();
  return () => {
    for (const each of undo.reverse()) each();
    syncBuiltinESMExports();
  };
}

function errorOf(code: string): Error {
  return Object.assign(new Error(`${code}: not here`), { code });
}
