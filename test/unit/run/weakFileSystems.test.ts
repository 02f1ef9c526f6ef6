/** Locks, cancelling and files on file systems that cannot do all that others can. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterEach, describe, expect, it } from 'vitest';
import { replaceFile, replaceFileSync } from '../../../src/base/replaceFile.ts';
import { userSecret } from '../../../src/home/secret.ts';
import { requestCancel, watchForCancel } from '../../../src/run/record/cancelRequest.ts';
import { EventLog } from '../../../src/run/record/eventLog.ts';
import { isLock, livingHolder, lockHolder, nameOf, tryLock } from '../../../src/run/record/lock.ts';
import type { Lock } from '../../../src/run/record/lock.ts';
import { adopted, writeManifest } from '../../../src/run/record/manifest.ts';
import { runFiles, runLocation } from '../../../src/run/record/runFolder.ts';
import { sampleManifest } from '../../fakes/sampleManifest.ts';
import { installWeakFs } from '../../fakes/weakFs.ts';
import type { Weaknesses } from '../../fakes/weakFs.ts';
import { temporaryFolder } from './folder.ts';

const folder = temporaryFolder();

let undo: (() => void) | null = null;
afterEach(() => {
  undo?.();
  undo = null;
});
async function weak(weaknesses: Weaknesses): Promise<void> {
  undo = await installWeakFs(weaknesses);
}

function take(file: string): Lock {
  const lock = tryLock(file);
  if (!isLock(lock)) throw new Error(`held by ${lock.pid}`);
  return lock;
}

describe.each(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EACCES', 'EISDIR'])(
  'without hard links (%s), a lock',
  (link) => {
    const file = (name: string) => join(folder, link, `${name}.json`);

    it('is held by one at a time, and leaves nothing behind', async () => {
      await weak({ link });
      const lock = take(file('one'));
      expect(tryLock(file('one'))).toMatchObject({ pid: process.pid, host: hostname() });
      expect(livingHolder(file('one'))?.pid).toBe(process.pid);
      lock.release();
      take(file('one')).release();
      expect(readdirSync(join(folder, link))).toEqual([]);
    });

    it('of a dead process, or damaged, is taken over at once', async () => {
      await weak({ link });
      mkdirSync(join(folder, link), { recursive: true });
      const { pid } = spawnSync(process.execPath, ['-e', '0']);
      writeFileSync(file('dead'), JSON.stringify({ pid, started: 'x', host: hostname(), token: 'old' }));
      const lock = take(file('dead'));
      expect(lockHolder(file('dead'))?.pid).toBe(process.pid);
      lock.release();
      writeFileSync(file('dead'), '{"pid":');
      take(file('dead')).release();
    });

    it('that is empty is being written, and free when that takes too long', async () => {
      await weak({ link });
      mkdirSync(join(folder, link), { recursive: true });
      writeFileSync(file('empty'), '');
      const holder = tryLock(file('empty'));
      expect(isLock(holder)).toBe(false);
      expect(isLock(holder) ? '' : nameOf(holder)).toBe('Another process');
      const past = new Date(Date.now() - 10_000);
      utimesSync(file('empty'), past, past);
      take(file('empty')).release();
    });
  },
);

describe('many processes', () => {
  it.each([null, 'EPERM'])('hold a lock one at a time (links: %s)', async (link) => {
    const place = join(folder, `many-${link}`);
    mkdirSync(place);
    const bundle = join(place, 'lock.mjs');
    await build({
      entryPoints: [fileURLToPath(new URL('../../../src/run/record/lock.ts', import.meta.url))],
      outfile: bundle,
      bundle: true,
      platform: 'node',
      format: 'esm',
      logLevel: 'silent',
    });
    const script = `
      import fs from 'node:fs';
      import { syncBuiltinESMExports } from 'node:module';
      const link = ${JSON.stringify(link)};
      if (link !== null) fs.linkSync = () => { throw Object.assign(new Error(link), { code: link }); };
      syncBuiltinESMExports();
      const { lockInTurn } = await import(${JSON.stringify(bundle)});
      for (let i = 0; i < 15; i++) {
        const lock = await lockInTurn(${JSON.stringify(join(place, 'lock.json'))}, new AbortController().signal);
        // Fails where somebody else is in here.
        fs.closeSync(fs.openSync(${JSON.stringify(join(place, 'inside'))}, 'wx'));
        fs.appendFileSync(${JSON.stringify(join(place, 'turns'))}, 'x');
        fs.rmSync(${JSON.stringify(join(place, 'inside'))});
        lock.release();
      }`;
    const codes = await Promise.all(
      Array.from({ length: 4 }, () => {
        const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'inherit' });
        return new Promise((resolve) => child.once('exit', resolve));
      }),
    );
    expect(codes).toEqual([0, 0, 0, 0]);
    expect(readFileSync(join(place, 'turns'), 'utf8')).toHaveLength(60);
    expect(existsSync(join(place, 'lock.json'))).toBe(false);
  });
});

describe('a wish to cancel', () => {
  async function heard(run: string, before: () => Promise<void>, during: () => Promise<void>): Promise<number> {
    const place = runLocation(folder, run).folder;
    mkdirSync(place, { recursive: true });
    await writeManifest(place, adopted(sampleManifest(folder, run)));
    await before();
    let count = 0;
    const unwatch = watchForCancel(place, () => count++);
    await during();
    await sleep(700);
    unwatch();
    return count;
  }

  it('is heard where times are known to two seconds, and where the disk has a clock of its own', async () => {
    await weak({ tickMs: 2_000_000 });
    const place = runLocation(folder, 'coarse').folder;
    expect(
      await heard(
        'coarse',
        () => Promise.resolve(),
        () => requestCancel(place),
      ),
    ).toBe(1);
    // Left when the process had begun and did not watch yet.
    expect(
      await heard(
        'coarse',
        () => requestCancel(place),
        () => Promise.resolve(),
      ),
    ).toBe(1);
  });

  it('that was left before is not heard, and the next one is', async () => {
    const place = runLocation(folder, 'stale').folder;
    const leave = async () => {
      await requestCancel(place);
      const past = new Date(performance.timeOrigin - 1500);
      utimesSync(runFiles(place).cancel, past, past);
    };
    expect(await heard('stale', leave, () => Promise.resolve())).toBe(0);
    expect(
      await heard(
        'stale',
        () => Promise.resolve(),
        () => requestCancel(place),
      ),
    ).toBe(1);
  });
});

describe('files', () => {
  it.each(['EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'])('are written where nothing is flushed (%s)', async (flush) => {
    await weak({ flush });
    const file = join(folder, `flush-${flush}`);
    await replaceFile(file, 'one');
    replaceFileSync(file, 'two');
    expect(readFileSync(file, 'utf8')).toBe('two');
    const log = new EventLog(`${file}.jsonl`);
    log.append({ type: 'warning', message: 'x' });
    log.flush(true);
    log.close();
    expect(readFileSync(`${file}.jsonl`, 'utf8')).toContain('"x"');
  });

  it('are not taken for written where the disk fails', async () => {
    await weak({ flush: 'EIO' });
    await expect(replaceFile(join(folder, 'io'), 'one')).rejects.toThrow('EIO');
    expect(() => replaceFileSync(join(folder, 'io'), 'one')).toThrow('EIO');
  });

  it.each(['EPERM', 'EACCES', 'EBUSY'])('that somebody holds open for a moment are replaced (%s)', async (code) => {
    const file = join(folder, `open-${code}`);
    await weak({ rename: { code, times: 3 } });
    await replaceFile(file, 'one');
    undo?.();
    await weak({ rename: { code, times: 3 } });
    replaceFileSync(file, 'two');
    expect(readFileSync(file, 'utf8')).toBe('two');
    undo?.();
    await weak({ rename: { code, times: 1000 } });
    await expect(replaceFile(file, 'three')).rejects.toThrow(code);
    expect([readFileSync(file, 'utf8'), readdirSync(folder).filter((name) => name.endsWith('.tmp'))]).toEqual([
      'two',
      [],
    ]);
  });

  it.each(['EPERM', 'ENOSYS', 'EISDIR'])(
    'the secret is made where there are neither links nor modes (%s)',
    async (code) => {
      await weak({ link: code, modes: code === 'EISDIR' ? 'EPERM' : code });
      const env = {
        ...process.env,
        XDG_DATA_HOME: join(folder, `home-${code}`),
        LOCALAPPDATA: join(folder, `home-${code}`),
      };
      const secret = userSecret(env);
      expect(userSecret(env)).toEqual(secret);
    },
  );
});
