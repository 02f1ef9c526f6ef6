import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { foundAt, hashOfNames, namesIn } from '../../../src/data/foundAt.ts';
import type { JsonValue } from '../../../src/base/json.ts';
import type { Read, Reads } from '../../../src/data/reads.ts';
import { sealUnder } from '../../../src/home/seal.ts';
import { isAsSeen, keepSeen } from '../../../src/run/surroundings/seenByRun.ts';
import { FileSurroundings } from '../../../src/run/surroundings/surroundings.ts';

let folder: string;
let memo: Map<string, JsonValue>;
let warnings: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bettertogether-reads-'));
  memo = new Map();
  warnings = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const at = (name: string): string => join(folder, name);

function write(name: string, text: string): void {
  mkdirSync(dirname(at(name)), { recursive: true });
  writeFileSync(at(name), text);
}

/** As another process has it: only the memo is kept. */
function surroundings(env: NodeJS.ProcessEnv = {}, workspace = folder): FileSurroundings {
  return new FileSurroundings({
    workspace,
    env,
    memo: {
      get: (key) => Promise.resolve(memo.get(key)),
      put: (key, value) => Promise.resolve(void memo.set(key, value)),
    },
    seal: sealUnder(() => Buffer.alloc(32, 1)),
    warn: (message) => void warnings.push(message),
    freshMs: 0,
  });
}

const reads = (...here: readonly Read[]): Reads => ({ before: null, here });
const file = (name: string): Read => ({ kind: 'file', path: at(name), found: foundAt(at(name)) });

/** Whether what was read is as it was, looked at by another process. */
async function holds(read: Reads, change: () => void, env: NodeJS.ProcessEnv = {}): Promise<boolean> {
  const reading = await surroundings(env).whenRead(read);
  change();
  return (await surroundings(env).now(reading!.set)) === reading!.fingerprint;
}

describe('files', () => {
  it('go by their content, whatever their times are', async () => {
    write('a.txt', 'A');
    expect(await holds(reads(file('a.txt')), () => utimesSync(at('a.txt'), 1, 1))).toBe(true);
    expect(await holds(reads(file('a.txt')), () => write('a.txt', 'B'))).toBe(false);
    expect(await holds(reads(file('a.txt')), () => rmSync(at('a.txt')))).toBe(false);
  });

  it('that are large go by size and time', async () => {
    write('large.bin', 'x'.repeat(9 * 1024 * 1024));
    const { mtime } = statSync(at('large.bin'));
    const touch = (seconds: number) => () => utimesSync(at('large.bin'), mtime, new Date(mtime.getTime() + seconds));
    utimesSync(at('large.bin'), mtime, mtime);
    expect(await holds(reads(file('large.bin')), touch(0))).toBe(true);
    expect(await holds(reads(file('large.bin')), touch(5000))).toBe(false);
  });

  it('that were missing may appear', async () => {
    const place: Read = { kind: 'place', path: at('later'), found: 'nothing' };
    expect(await holds(reads(file('later'), place), () => undefined)).toBe(true);
    expect(await holds(reads(place), () => mkdirSync(at('later')))).toBe(false);
  });

  it('are taken as they were when they were read, not as they are by now', async () => {
    write('a.txt', 'A');
    const before = file('a.txt');
    const kept = surroundings();
    const first = await kept.whenRead(reads(before));
    write('a.txt', 'BB');
    // Its content is known from before, and a later run of the same process still had it.
    expect(await kept.whenRead(reads(before))).toEqual(first);
    // Nobody has looked at it before it changed: what was read is not known.
    expect(await surroundings().whenRead(reads(before))).toBeNull();
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain(`${at('a.txt')} changed while the program ran on it`);
  });

  it('are the same files in a workspace that is moved', async () => {
    write('deep/a.txt', 'A');
    const reading = await surroundings().whenRead(reads(file('deep/a.txt')));
    const moved = `${folder}-moved`;
    renameSync(folder, moved);
    try {
      expect(await surroundings({}, moved).now(reading!.set)).toBe(reading!.fingerprint);
    } finally {
      renameSync(moved, folder);
    }
    expect(JSON.stringify([...memo])).not.toContain(folder);
  });
});

describe('folders', () => {
  it('go by the names in them but for ours and those that the program makes', async () => {
    write('rows/one.txt', '1');
    const entries = hashOfNames(namesIn(at('rows'))!);
    const listed: Read = { kind: 'folder', path: at('rows'), without: ['made.txt'], entries };
    const adds = (name: string) => () => write(`rows/${name}`, 'x');
    expect(await holds(reads(listed), adds('one.txt'))).toBe(true);
    expect(await holds(reads(listed), adds('made.txt'))).toBe(true);
    expect(await holds(reads(listed), adds('.bettertogether/x'))).toBe(true);
    expect(await holds(reads(listed), adds('two.txt'))).toBe(false);
  });
});

describe('packages', () => {
  const pack = (path: string): Reads => reads({ kind: 'package', path: at(path) });

  it('of Node go by the version in package.json', async () => {
    const version = (text: string) => () => write('node_modules/@a/b/package.json', `{ "version": "${text}" }`);
    version('1.0.0')();
    expect(await holds(pack('node_modules/@a/b'), () => write('node_modules/@a/b/index.js', 'x'))).toBe(true);
    expect(await holds(pack('node_modules/@a/b'), version('1.0.1'))).toBe(false);
  });

  it('of Python go by what is installed under their name, or what says that it holds them', async () => {
    const site = 'lib/site-packages';
    write(`${site}/My_Pack-1.0.dist-info/RECORD`, 'my_pack/__init__.py,,\n');
    write(`${site}/PyYAML-6.0.dist-info/top_level.txt`, '_yaml\nyaml\n');
    write(`${site}/pillow-11.0.dist-info/RECORD`, 'PIL/__init__.py,sha256=x,1\npillow-11.0.dist-info/RECORD,,\n');
    const upgrade = (from: string, to: string) => () =>
      renameSync(at(`${site}/${from}.dist-info`), at(`${site}/${to}.dist-info`));
    const installsAnother = () => write(`${site}/other-1.dist-info/RECORD`, 'other.py,,\n');
    for (const name of ['my_pack', 'yaml', 'PIL'])
      expect(await holds(pack(`${site}/${name}`), installsAnother)).toBe(true);
    expect(await holds(pack(`${site}/my_pack`), upgrade('My_Pack-1.0', 'My_Pack-1.1'))).toBe(false);
    expect(await holds(pack(`${site}/yaml`), upgrade('PyYAML-6.0', 'PyYAML-6.1'))).toBe(false);
    expect(await holds(pack(`${site}/PIL`), upgrade('pillow-11.0', 'pillow-12.0'))).toBe(false);
    expect(await holds(pack(`${site}/missing`), () => write(`${site}/missing/__init__.py`, ''))).toBe(false);
  });
});

describe('variables', () => {
  const named = reads({ kind: 'variable', name: 'MODE' });
  const all = reads({ kind: 'environment' });

  async function same(read: Reads, before: NodeJS.ProcessEnv, after: NodeJS.ProcessEnv): Promise<boolean> {
    const reading = await surroundings(before).whenRead(read);
    return (await surroundings(after).now(reading!.set)) === reading!.fingerprint;
  }

  it('count by value, also where they are not set', async () => {
    expect(await same(named, { MODE: 'a' }, { MODE: 'a', OTHER: 'b' })).toBe(true);
    expect(await same(named, { MODE: 'a' }, { MODE: 'b' })).toBe(false);
    expect(await same(named, {}, { MODE: '' })).toBe(false);
  });

  it('count all where all were looked through, but for those of the session', async () => {
    expect(await same(all, { A: '1', TERM: 'xterm', SHLVL: '1' }, { A: '1', TERM: 'dumb', SHLVL: '2' })).toBe(true);
    expect(await same(all, { A: '1' }, { A: '1', B: '' })).toBe(false);
    expect(await same(reads({ kind: 'variable', name: 'PATH' }), { PATH: '/a' }, { PATH: '/b' })).toBe(true);
  });

  it('do not count all where they are those of a window, a login or what starts a program', async () => {
    const names = `BETTERTOGETHER_HOME BETTERTOGETHER_ANYTHING INIT_CWD NODE COLOR EDITOR SESSION_MANAGER XAUTHORITY WSL_INTEROP
      SYSTEMD_EXEC_PID MANAGERPID GIO_LAUNCHED_DESKTOP_FILE GIO_LAUNCHED_DESKTOP_FILE_PID SECURITYSESSIONID LaunchInstanceID
      __CFBundleIdentifier __CF_USER_TEXT_ENCODING XPC_FLAGS XPC_SERVICE_NAME COMMAND_MODE MallocNanoZone LC_TERMINAL
      LC_TERMINAL_VERSION CHROME_DESKTOP ORIGINAL_XDG_CURRENT_DESKTOP LS_COLORS LESSOPEN VTE_VERSION KITTY_WINDOW_ID
      CONDA_PROMPT_MODIFIER CONDA_SHLVL PAGER GIT_EDITOR GIT_PAGER ZDOTDIR USER_ZDOTDIR NODE_OPTIONS BUNDLED_DEBUGPY_PATH
      PWD OLDPWD SHLVL VSCODE_PID VSCODE_IPC_HOOK TERM_PROGRAM TERM_PROGRAM_VERSION TERM_SESSION_ID npm_config_x _`;
    const session = Object.fromEntries(names.split(/\s+/).map((name) => [name, 'one']));
    expect(await same(all, { A: '1', ...session }, { A: '1' })).toBe(true);
    for (const name of ['NODE_ENV', 'COLORS', 'LC_ALL', 'CONDA_PREFIX', 'EDITORS', 'HOME', 'LANG']) {
      expect(await same(all, { [name]: '1' }, { [name]: '2' }), name).toBe(false);
    }
  });

  it('count by name where they are of the session, but not of the terminal', async () => {
    const byName = (name: string) => same(reads({ kind: 'variable', name }), { [name]: '1' }, { [name]: '2' });
    for (const name of ['TERM', 'TERM_PROGRAM', 'LC_TERMINAL', 'COLOR', 'https_proxy']) {
      expect(await byName(name), name).toBe(true);
    }
    for (const name of ['PWD', 'EDITOR', 'NODE_OPTIONS', 'path']) expect(await byName(name), name).toBe(false);
  });

  it('leave no trace of their values, not even one that could be guessed from', async () => {
    const seal = (byte: number) => sealUnder(() => Buffer.alloc(32, byte));
    const of = (byte: number) =>
      new FileSurroundings({
        workspace: folder,
        env: { MODE: '1234' },
        memo: {
          get: () => Promise.resolve(undefined),
          put: (key, value) => Promise.resolve(void memo.set(key, value)),
        },
        seal: seal(byte),
        warn: () => undefined,
      });
    const [one, other] = [await of(1).whenRead(named), await of(2).whenRead(named)];
    expect(one!.set).toBe(other!.set);
    expect(one!.fingerprint).not.toBe(other!.fingerprint);
    expect(JSON.stringify([...memo])).not.toContain('1234');
  });
});

describe('sets', () => {
  it('that follow one another hold what was read before', async () => {
    write('a.txt', 'A');
    write('b.txt', 'B');
    const first = reads(file('a.txt'));
    const both: Reads = { before: first, here: [file('b.txt')] };
    expect(await holds(both, () => undefined)).toBe(true);
    expect(await holds(both, () => write('a.txt', 'AA'))).toBe(false);
  });

  it('that nobody knows, or that are damaged, are none', async () => {
    expect(await surroundings().now('unknown')).toBeNull();
    memo.set('damaged', { before: null, names: [{ kind: 'spell' }] });
    expect(await surroundings().now('damaged')).toBeNull();
  });
});

describe('what a run has seen', () => {
  it('is kept with it, and holds until something changes', async () => {
    write('a.txt', 'A');
    const kept = surroundings();
    await kept.whenRead(reads(file('a.txt'), { kind: 'place', path: at('b'), found: 'nothing' }));
    await keepSeen(at('reads.json'), kept.seen());
    expect(await isAsSeen(at('reads.json'), folder)).toBe(true);
    write('a.txt', 'B');
    expect(await isAsSeen(at('reads.json'), folder)).toBe(false);
    write('a.txt', 'A');
    write('b', '');
    expect(await isAsSeen(at('reads.json'), folder)).toBe(false);
  });

  it('holds a folder once, however often the program writes into it', async () => {
    mkdirSync(at('out'));
    const kept = surroundings();
    const listed = (without: readonly string[]): Read => {
      return { kind: 'folder', path: at('out'), without: [...without], entries: hashOfNames([]) };
    };
    await kept.whenRead(reads(listed([])));
    write('out/1.txt', '1');
    await kept.whenRead(reads(listed(['1.txt'])));
    await kept.whenRead(reads(listed([])));
    expect(kept.seen()!.names).toEqual([{ kind: 'folder', path: expect.any(String) as string, without: ['1.txt'] }]);
    await keepSeen(at('reads.json'), kept.seen());
    expect(await isAsSeen(at('reads.json'), folder)).toBe(true);
    write('out/2.txt', '2');
    expect(await isAsSeen(at('reads.json'), folder)).toBe(false);
  });

  it('is not kept where it cannot be written, and neither is what was kept before', async () => {
    write('a.txt', 'A');
    const kept = surroundings();
    await kept.whenRead(reads(file('a.txt')));
    await keepSeen(at('no/such/folder/reads.json'), kept.seen());
    expect(await isAsSeen(at('no/such/folder/reads.json'), folder)).toBe(false);
    await keepSeen(at('reads.json'), kept.seen());
    await keepSeen(at('reads.json'), null);
    expect(await isAsSeen(at('reads.json'), folder)).toBe(false);
  });

  it('is nothing where a file was not always the same, and such a run counts as changed', async () => {
    write('a.txt', 'A');
    const kept = surroundings();
    const { set } = (await kept.whenRead(reads(file('a.txt'))))!;
    write('a.txt', 'B');
    await kept.now(set);
    expect(kept.seen()).toBeNull();
    await keepSeen(at('reads.json'), kept.seen());
    expect(() => readFileSync(at('reads.json'))).toThrow('ENOENT');
    expect(await isAsSeen(at('reads.json'), folder)).toBe(false);
  });
});
