/**
 * A file system that fails at a chosen write: disks fill up, processes die between two writes and in the middle of one.
 * It stands in front of Node's own for this process; only files under the armed folder are touched.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { sep } from 'node:path';

export type FsFault =
  /** The write takes half of its bytes and says so; from the next one on the disk is full. */
  | 'short'
  /** The disk is full from this write on. */
  | 'full'
  /** The process dies before this write: none of what it does afterwards reaches the disk. */
  | 'dies'
  /** The process dies in the middle of this write. */
  | 'torn'
  /** The folder may not be written to from here on. */
  | 'readOnly';

interface Armed {
  readonly folder: string;
  /** The write, from 1, at which it fails; `null`: none, writes are only counted. */
  readonly at: number | null;
  readonly fault: FsFault;
}

type AnyFunction = (...args: unknown[]) => unknown;
type Patchable = Record<string, AnyFunction>;

/** What the armed process has done so far. */
export interface FailingFs {
  /** Writes, renames, links and truncations under the folder. */
  readonly writes: number;
  /** Whether the fault was met. */
  readonly struck: boolean;
  arm(armed: Armed): void;
  disarm(): void;
  /** Puts Node's own file system back. */
  uninstall(): void;
}

/** Puts itself in front of `node:fs` and `node:fs/promises`. */
export async function installFailingFs(): Promise<FailingFs> {
  const patched = new PatchedFs();
  await patched.install();
  return patched;
}

class PatchedFs implements FailingFs {
  readonly #undo: (() => void)[] = [];
  readonly #paths = new Map<number, string>();
  readonly #handles = new WeakMap<object, string>();
  #armed: Armed | null = null;
  writes = 0;
  struck = false;

  arm(armed: Armed): void {
    this.#armed = armed;
    this.writes = 0;
    this.struck = false;
  }

  disarm(): void {
    this.#armed = null;
  }

  uninstall(): void {
    for (const undo of this.#undo.reverse()) undo();
    syncBuiltinESMExports();
  }

  async install(): Promise<void> {
    const sync = fs as unknown as Patchable;
    const promises = fs.promises as unknown as Patchable;
    // Found out before anything is patched.
    const handle = await fs.promises.open(process.execPath, 'r');
    const handles = Object.getPrototypeOf(handle) as Patchable;
    await handle.close();
    this.#patch(sync, 'openSync', (original) => (path, ...rest) => {
      const fd = original(path, ...rest) as number;
      this.#paths.set(fd, String(path));
      return fd;
    });
    this.#patch(promises, 'open', (original) => async (path, ...rest) => {
      const opened = (await original(path, ...rest)) as object;
      this.#handles.set(opened, String(path));
      return opened;
    });
    this.#patchWrites(sync, promises, handles);
    for (const name of ['renameSync', 'linkSync']) this.#patch(sync, name, (original) => this.#whole(original, 1));
    this.#patch(sync, 'ftruncateSync', (original) => this.#whole(original, 0));
    this.#patch(promises, 'rename', (original) => async (...args) => {
      this.#strike(String(args[1]), null);
      return original(...args);
    });
    syncBuiltinESMExports();
  }

  #patchWrites(sync: Patchable, promises: Patchable, handles: Patchable): void {
    this.#patch(sync, 'writeSync', (original) => (fd, data, offset, length, position) => {
      const bytes = data as Uint8Array;
      const from = Number(offset ?? 0);
      const want = Number(length ?? bytes.length - from);
      const part = this.#strike(this.#paths.get(fd as number) ?? '', want);
      const written = part === 0 ? 0 : (original(fd, data, from, part ?? want, position) as number);
      if (part !== null && this.#armed?.fault === 'torn') throw dead();
      return written;
    });
    const whole =
      (original: AnyFunction, pathOf: (target: unknown) => string) =>
      (target: unknown, data: unknown, rest: unknown[]) => {
        const bytes = Buffer.from(data as string);
        const part = this.#strike(pathOf(target), bytes.length);
        return { part, run: () => original(target, part === null ? data : bytes.subarray(0, part), ...rest) };
      };
    const fail = (): never => {
      throw this.#armed?.fault === 'torn' ? dead() : full();
    };
    this.#patch(sync, 'writeFileSync', (original) => (file, data, ...rest) => {
      const path = (target: unknown) => (typeof target === 'number' ? (this.#paths.get(target) ?? '') : String(target));
      const { part, run } = whole(original, path)(file, data, rest);
      const done = run();
      // A call that writes all of it goes on after a short write, and meets the full disk.
      return part === null ? done : fail();
    });
    this.#patch(promises, 'writeFile', (original) => async (file, data, ...rest) => {
      const { part, run } = whole(original, String)(file, data, rest);
      const done = await run();
      return part === null ? done : fail();
    });
    const paths = this.#handles;
    const strike = (path: string, length: number) => this.#strike(path, length);
    this.#patch(
      handles,
      'writeFile',
      (original) =>
        async function (this: object, ...[data, ...rest]: unknown[]) {
          const bytes = Buffer.from(data as string);
          const part = strike(paths.get(this) ?? '', bytes.length);
          await original.call(this, part === null ? data : bytes.subarray(0, part), ...rest);
          if (part !== null) fail();
        },
    );
  }

  #patch(target: Patchable, name: string, make: (original: AnyFunction) => AnyFunction): void {
    const original = target[name]!;
    target[name] = make(original);
    this.#undo.push(() => {
      target[name] = original;
    });
  }

  /** A call that happens as a whole or not at all; its `place`-th argument is the file. */
  #whole(original: AnyFunction, place: number): AnyFunction {
    return (...args) => {
      const target = args[place];
      this.#strike(typeof target === 'number' ? (this.#paths.get(target) ?? '') : String(target), null);
      return original(...args);
    };
  }

  /**
   * Counts a write. `null`: all of it may happen; a number: so many bytes of it. Throws where none of it may.
   *
   * @param length bytes; `null` for what cannot happen by half.
   */
  #strike(path: string, length: number | null): number | null {
    const armed = this.#armed;
    if (armed === null || !path.startsWith(armed.folder + sep)) return null;
    this.writes++;
    if (armed.at === null || this.writes < armed.at) return null;
    const first = !this.struck;
    this.struck = true;
    if (armed.fault === 'readOnly') throw errorOf('EACCES', 'permission denied');
    if (armed.fault === 'dies' || (armed.fault === 'torn' && !first)) throw dead();
    // On a full disk files can still be renamed, linked and cut.
    if (length === null) {
      if (armed.fault === 'torn') throw dead();
      return null;
    }
    if (armed.fault === 'full' || !first) throw full();
    return Math.floor(length / 2);
  }
}

/** The process is gone: what it does after its death must not be taken for an error it could tell. */
function dead(): Error {
  return errorOf('EDEAD', 'the process is dead');
}

function full(): Error {
  return errorOf('ENOSPC', 'no space left on device');
}

function errorOf(code: string, message: string): Error {
  return Object.assign(new Error(`${code}: ${message}`), { code });
}
