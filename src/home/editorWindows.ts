/**
 * Windows of VS Code whose models answer runs: each has a file in the user's own folder that says where it listens and
 * which folders are open in it, and a file with its token beside it. Processes find a window by these, so that its address
 * and token are in no argument, no environment and no workspace.
 */
import { randomBytes } from 'node:crypto';
import { fstatSync, openSync, closeSync, readdirSync, readFileSync, realpathSync, rmSync, constants } from 'node:fs';
import { hostname } from 'node:os';
import { isAbsolute, join, relative } from 'node:path';
import * as z from 'zod';
import { isMissing } from '../base/errors.ts';
import { noLink } from '../base/plainFile.ts';
import { startOf } from '../base/processStart.ts';
import { userFolder } from './home.ts';
import { makePrivateFolder, replacePrivateFile } from './private.ts';
import { readOrMakeSecret, readSecret } from './secretFile.ts';

const windowSchema = z.object({
  /** Nothing but a server on this machine's own interface is asked. */
  baseURL: z.string().regex(/^http:\/\/127\.0\.0\.1:\d{1,5}\/v1$/),
  /** Absolute, links resolved. */
  folders: z.array(z.string().max(10_000)).max(1000),
  pid: z.int().positive(),
  /** When the process began, as its system says it: tells it from a later one with the same pid. */
  started: z.string().max(200).nullable(),
  /** Processes of other machines that share the folder mean nothing here. */
  host: z.string(),
  /** Milliseconds since 1970. */
  since: z.number(),
});

/** A window that answers, as a run finds it. */
export interface EditorWindow {
  readonly baseURL: string;
  readonly tokenFile: string;
}

/** A window that has said where it is. */
export interface PublishedWindow {
  readonly token: string;
  /** Says it, or says anew which folders are open. */
  publish(baseURL: string, folders: readonly string[]): Promise<void>;
  /** Takes it back, at once: an extension host that ends waits for nothing. */
  remove(): void;
}

const mend = 'Delete it, and open the folder in VS Code again.';

export const editorFolder = (env: NodeJS.ProcessEnv = process.env): string => join(userFolder(env), 'editor');

/**
 * Makes the token of a window, for this process; what windows left that ended without a word is removed.
 *
 * @throws what the file system says.
 */
export async function announceWindow(folder = editorFolder()): Promise<PublishedWindow> {
  await makePrivateFolder(folder);
  removeStale(folder);
  const since = Date.now();
  const whose = { pid: process.pid, started: startOf(process.pid), host: hostname() };
  const name = `${process.pid}-${randomBytes(6).toString('hex')}`;
  const [record, tokenFile] = [join(folder, `${name}.json`), join(folder, `${name}.token`)];
  const token = readOrMakeSecret(tokenFile, mend).toString('hex');
  let removed = false;
  return {
    token,
    async publish(baseURL, folders) {
      if (removed) return;
      const about = { baseURL, folders: folders.map(resolved), ...whose, since };
      await replacePrivateFile(record, JSON.stringify(about));
      if (removed) rmSync(record, { force: true });
    },
    remove() {
      removed = true;
      for (const file of [record, tokenFile]) rmSync(file, { force: true });
    },
  };
}

/** The window that has a folder open, of several the one that was opened last; `null`: none. */
export function windowOn(workspace: string, folder = editorFolder()): EditorWindow | null {
  const wanted = resolved(workspace);
  const [last] = namesIn(folder)
    .flatMap((name) => {
      const window = readWindow(join(folder, `${name}.json`));
      return window === null ? [] : [{ name, ...window }];
    })
    .filter((window) => window.folders.some((open) => isWithin(wanted, open)) && isAlive(window))
    .toSorted((a, b) => b.since - a.since);
  return last === undefined ? null : { baseURL: last.baseURL, tokenFile: join(folder, `${last.name}.token`) };
}

/** @throws HumanError where the file is not the window's own; `null`: it has gone. */
export function tokenOfWindow({ tokenFile }: EditorWindow): string | null {
  return readSecret(tokenFile, mend)?.toString('hex') ?? null;
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).flatMap((name) => /^(\d+-[0-9a-f]{12})\.json$/.exec(name)?.[1] ?? []);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

/** `null` for what is no record of this user's, whoever put it there. */
function readWindow(file: string): z.infer<typeof windowSchema> | null {
  try {
    const open = openSync(file, constants.O_RDONLY | noLink);
    try {
      const { uid, size } = fstatSync(open);
      const me = process.getuid?.() ?? uid;
      if (uid !== me || size > recordBytes) return null;
      return windowSchema.safeParse(JSON.parse(readFileSync(open, 'utf8'))).data ?? null;
    } finally {
      closeSync(open);
    }
  } catch {
    return null;
  }
}

const recordBytes = 2 ** 20;

type Holder = Pick<z.infer<typeof windowSchema>, 'pid' | 'started' | 'host'>;

/** A window is this user's own: a process of somebody else's has its number by now. */
function isAlive({ pid, started, host }: Holder): boolean {
  if (host !== hostname()) return false;
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  const now = startOf(pid);
  // Not every system says of every process when it began.
  return started === null || now === null || started === now;
}

/** Tokens first lose their record: one without a record is of a window that is only now being opened. */
function removeStale(folder: string): void {
  for (const name of namesIn(folder)) {
    const window = readWindow(join(folder, `${name}.json`));
    if (window === null || (window.host === hostname() && !isAlive(window))) {
      for (const ending of ['json', 'token']) rmSync(join(folder, `${name}.${ending}`), { force: true });
    }
  }
}

/** Links resolved, where it is there. */
function resolved(path: string): string {
  try {
    return realpathSync.native(path);
  } catch {
    return path;
  }
}

function isWithin(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way === '' || (!/^\.\.($|[\\/])/.test(way) && !isAbsolute(way));
}
