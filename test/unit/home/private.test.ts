/** What lies in the home is the user's alone; what lies in a workspace is shared as the umask says. */
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { contentHash } from '../../../src/base/contentHash.ts';
import { FileStore } from '../../../src/embedded/files/fileStore.ts';
import { JobStore } from '../../../src/embedded/jobs/jobStore.ts';
import { defaults } from '../../../src/embedded/models/hyperParameters.ts';
import { ownModel } from '../../../src/embedded/modelFile.ts';
import { mustRun, runCommand } from '../../../src/embedded/setup/command.ts';
import { stamp, withSetupLock } from '../../../src/embedded/setup/stamp.ts';
import { homeAt } from '../../../src/home/home.ts';
import type { Home } from '../../../src/home/home.ts';
import { openHome } from '../../../src/home/private.ts';
import { userSecret } from '../../../src/home/secret.ts';
import { ownToken } from '../../../src/home/token.ts';
import { openMemo } from '../../../src/lm/memo.ts';
import { copyWeights } from '../../../src/run/weights/copyWeights.ts';

let folder: string;
let home: Home;
let umask: number;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bt-private-'));
  home = homeAt(join(folder, 'data', 'bettertogether'));
  umask = process.umask();
});
afterEach(() => {
  process.umask(umask);
  rmSync(folder, { recursive: true });
});

/** Every file and folder below, with its mode: `{ 'files/file-1': '600' }`. */
function modesBelow(root: string): Readonly<Record<string, string>> {
  const names = readdirSync(root, { recursive: true, encoding: 'utf8' });
  return Object.fromEntries(names.map((name) => [name, (lstatSync(join(root, name)).mode & 0o777).toString(8)]));
}

const modesOf = (root: string, kind: 'isFile' | 'isDirectory'): readonly string[] => [
  ...new Set(
    Object.entries(modesBelow(root)).flatMap(([name, mode]) => (statSync(join(root, name))[kind]() ? [mode] : [])),
  ),
];

/** A program that makes a file and a folder. */
const make = (at: string) => ['-c', `mkdir -p '${at}/made' && echo a > '${at}/made/file'`] as const;

const job = {
  ...({ status: 'queued' } as const),
  ...{ model: 'base', modelHash: 'h', tunedName: 't', trainingFile: 'f', suffix: null },
  ...{
    metadata: {},
    hyperParameters: defaults,
    method: { type: 'supervised' as const },
    rows: 1,
    created: 0,
    finished: null,
  },
  ...{ trainedTokens: null, error: null, kills: 0 },
} as const;

describe.skipIf(process.platform === 'win32').each([0o022, 0o002, 0])('under the umask %o', (mask) => {
  const shared = (0o666 & ~mask).toString(8);
  beforeEach(() => {
    process.umask(mask);
  });

  it('all in the home is the user’s alone', async () => {
    openHome(home);
    ownToken(home);
    userSecret({ XDG_DATA_HOME: join(folder, 'data') });
    await new FileStore(home).create('rows.jsonl', 'fine-tune', Buffer.from('rows'));
    const jobs = new JobStore(home);
    const { id } = await jobs.create(job, [{ prompt: [1 as never], completion: [2 as never] }]);
    await jobs.addEvent(id, { level: 'info', message: 'a', data: null });
    await jobs.markCancelled(id);
    writeFileSync(join(folder, 'own.gguf'), 'GGUF');
    await ownModel(home, join(folder, 'own.gguf'));
    await withSetupLock(join(home.root, 'model.lock'), () => undefined, () => stamp(join(home.root, 'stamp.json'), 1)); // prettier-ignore
    await mustRun('sh', make(home.runtime), '');
    expect(Object.keys(modesBelow(home.root)).length).toBeGreaterThan(14);
    expect([modesOf(home.root, 'isFile'), modesOf(home.root, 'isDirectory')]).toEqual([['600'], ['700']]);
    expect(statSync(home.root).mode & 0o777).toBe(0o700);
    // Nothing else of this process changed.
    expect(process.umask()).toBe(mask);
  });

  it('a home that an earlier version left open is closed, whole, and nothing outside of it', () => {
    const outside = join(folder, 'outside');
    writeFileSync(outside, 'theirs');
    for (const part of ['files', 'jobs/ftjob-1', 'tuned/t/peft', 'venv/bin', 'runtime', 'models'] as const) {
      mkdirSync(join(home.root, part), { recursive: true });
      writeFileSync(join(home.root, part, 'file'), 'a');
    }
    chmodSync(join(home.root, 'venv', 'bin', 'file'), 0o755);
    symlinkSync(outside, join(home.root, 'files', 'link'));
    openHome(home);
    const { 'files/link': link, 'venv/bin/file': program, ...rest } = modesBelow(home.root);
    expect([link, program]).toEqual(['777', '700']);
    expect([...new Set(Object.values(rest))].sort()).toEqual(['600', '700']);
    expect((statSync(outside).mode & 0o777).toString(8)).toBe(shared);
    // What was written into it meanwhile, by one that still runs.
    writeFileSync(join(home.root, 'files', 'later'), 'a');
    openHome(home);
    expect(modesBelow(home.root)['files/later']).toBe('600');
  });

  it('answers that are remembered are shared', async () => {
    const cache = join(folder, 'cache');
    const memo = await openMemo(cache);
    await memo.put(contentHash('a'), 1);
    await memo.close();
    expect(modesOf(cache, 'isFile')).toEqual([shared]);
  });

  it('weights that are copied out of the home are shared', async () => {
    const from = join(home.tuned, 't');
    mkdirSync(join(from, 'peft'), { recursive: true, mode: 0o700 });
    for (const file of ['adapter.gguf', 'peft/adapter_config.json']) writeFileSync(join(from, file), 'a', { mode: 0o600 }); // prettier-ignore
    const weights = { name: 't', base: 'base', adapter: { kind: 'embedded', folder: from } } as const;
    await copyWeights([weights as never], join(folder, 'out'), () => Promise.resolve('no'));
    expect(Object.keys(modesBelow(join(folder, 'out')))).toContain(join('t', 'peft', 'adapter_config.json'));
    expect(modesOf(join(folder, 'out'), 'isFile')).toEqual([shared]);
  });

  it('what a program of ours makes elsewhere is shared', async () => {
    await runCommand('sh', make(folder));
    expect(modesOf(join(folder, 'made'), 'isFile')).toEqual([shared]);
  });
});

it.skipIf(process.platform === 'win32' || process.getuid?.() === 0)('a home of somebody else is refused', () => {
  expect(() => openHome(homeAt('/usr'))).toThrow(/BETTERTOGETHER_HOME/);
});
