import fs from 'node:fs';
import Module, { syncBuiltinESMExports } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { packageOf } from './packageOf.ts';
import type { ProcessReads } from './processReads.ts';
import { replace } from './replace.ts';
import type { AnyFunction } from './replace.ts';

type Arguments = readonly unknown[];
type Notice = (reads: ProcessReads, args: Arguments) => void;

const reading: Notice = (reads, [path]) => reads.opened(path);
const looking: Notice = (reads, [path]) => reads.lookedAt(path, false);
const asking: Notice = (reads, [path]) => reads.lookedAt(path, true);
const writing: Notice = (reads, [path]) => reads.wrote(path);
const removing: Notice = (reads, [path]) => reads.removed(path);
const copying: Notice = (reads, [from, to]) => {
  reads.opened(from);
  reads.wrote(to);
};
const linking: Notice = (reads, [, path]) => reads.wrote(path);
const moving: Notice = (reads, [from, to]) => {
  reads.wrote(from);
  reads.wrote(to);
};
const opening: Notice = (reads, [path, flags]) => {
  if (writes(flags)) reads.openedToWrite(path, { exclusively: isExclusive(flags), reads: readsToo(flags) });
  else reads.opened(path);
};
const listing: Notice = (reads, [path, options]) => {
  reads.listed(path);
  if (isRecursive(options)) for (const folder of foldersUnder(reads, path)) reads.listed(folder);
};
const making: Notice = (reads, [path]) => reads.makes(path);

/** What each function of `node:fs` does, by its name without `Sync`. The rest work on descriptors, or change no content. */
const notices: Readonly<Record<string, Notice>> = {
  readFile: reading,
  openAsBlob: reading,
  open: opening,
  stat: looking,
  lstat: looking,
  exists: asking,
  access: asking,
  readdir: listing,
  opendir: listing,
  writeFile: writing,
  appendFile: writing,
  truncate: writing,
  unlink: removing,
  rm: removing,
  rmdir: removing,
  rename: moving,
  copyFile: copying,
  cp: copying,
  link: linking,
  symlink: linking,
  mkdir: making,
};

/**
 * Notifies `reads` of every file that JavaScript of this process touches: with callbacks, promises or neither, and
 * modules that are loaded, which Node reads by the same functions.
 */
export function watchFiles(reads: ProcessReads): void {
  for (const [name, notice] of Object.entries(notices)) {
    for (const [holder, each] of [
      [fs, name],
      [fs, `${name}Sync`],
      [fs.promises, name],
    ] as const) {
      replace(holder, each, (original) => watched(original, (args) => notice(reads, args)), promised);
    }
  }
  replace(
    fs,
    'mkdtempSync',
    (original) =>
      (...args) => {
        const made = original(...args);
        reads.made(made);
        return made;
      },
    promised,
  );
  replace(
    fs.promises,
    'mkdtemp',
    (original) =>
      async (...args) => {
        const made = await original(...args);
        reads.made(made);
        return made;
      },
    promised,
  );
  replace(process, 'loadEnvFile', (original) => watched(original, ([path]) => reads.opened(path ?? '.env')), promised);
  replace(Module, '_resolveFilename', (original) => watchedLookUp(original, reads), promised);
  // What was imported by name before is bound to the functions above from here on.
  syncBuiltinESMExports();
}

/** `exists` calls back with its answer alone. */
function promised(made: AnyFunction): AnyFunction {
  return (...args) => new Promise((done) => made(...args, done));
}

function watched(original: AnyFunction, notice: (args: Arguments) => void): AnyFunction {
  return (...args) => {
    notice(args);
    return original(...args);
  };
}

/** A module that is nowhere may be there the next time. */
function watchedLookUp(original: AnyFunction, reads: ProcessReads): AnyFunction {
  return (...args) => {
    try {
      return original(...args);
    } catch (error) {
      const [request, parent] = args as [unknown, { readonly filename?: string; readonly paths?: readonly string[] }?];
      if (typeof request === 'string') for (const path of placesOf(request, parent)) reads.lookedAt(path, true);
      throw error;
    }
  };
}

const endings = ['', '.js', '.json', '.node', '/index.js', '.ts', '.mjs', '.cjs'];

/** Where a module of that name would be found. What packages look for is theirs to know. */
function placesOf(
  request: string,
  parent?: { readonly filename?: string; readonly paths?: readonly string[] },
): readonly string[] {
  const { filename, paths = [] } = parent ?? {};
  if (filename === undefined || packageOf(filename) !== null) return [];
  if (/^\.{0,2}\//.test(request)) return endings.map((ending) => resolve(dirname(filename), request) + ending);
  return paths.map((folder) => join(folder, request));
}

function writes(flags: unknown): boolean {
  if (typeof flags === 'string') return /[wa+]/.test(flags);
  const { O_WRONLY, O_RDWR, O_CREAT, O_TRUNC, O_APPEND } = fs.constants;
  return typeof flags === 'number' && (flags & (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | O_APPEND)) !== 0;
}

/** Whether what is in the file may be read through the same descriptor. */
function readsToo(flags: unknown): boolean {
  if (typeof flags === 'string') return flags.includes('+') && !flags.includes('w');
  const { O_RDWR, O_TRUNC } = fs.constants;
  return typeof flags === 'number' && (flags & O_RDWR) !== 0 && (flags & O_TRUNC) === 0;
}

function isExclusive(flags: unknown): boolean {
  if (typeof flags === 'string') return flags.includes('x');
  return typeof flags === 'number' && (flags & fs.constants.O_EXCL) !== 0;
}

function isRecursive(options: unknown): boolean {
  return typeof options === 'object' && options !== null && 'recursive' in options && options.recursive === true;
}

function foldersUnder(reads: ProcessReads, path: unknown): readonly string[] {
  if (typeof path !== 'string') return [];
  return reads.unnoticed(() => {
    try {
      const entries = fs.readdirSync(path, { recursive: true, withFileTypes: true });
      return entries.filter((entry) => entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name));
    } catch {
      return [];
    }
  });
}
