import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import {
  elsewhere,
  isLock,
  livingHolder,
  lockHolder,
  lockInTurn,
  nameOf,
  tryLock,
} from '../../../src/run/record/lock.ts';
import type { Lock } from '../../../src/run/record/lock.ts';
import { temporaryFolder } from './folder.ts';

const folder = temporaryFolder();

function take(file: string): Lock {
  const lock = tryLock(file);
  if (!isLock(lock)) throw new Error(`held by ${lock.pid}`);
  return lock;
}

describe('locks', () => {
  it('are held by one at a time, and tell by whom', () => {
    const file = join(folder, 'a', 'lock.json');
    const lock = take(file);
    const second = tryLock(file);
    expect(isLock(second)).toBe(false);
    expect(second).toMatchObject({ pid: process.pid, host: hostname() });
    expect(livingHolder(file)?.pid).toBe(process.pid);
    lock.release();
    expect(existsSync(file)).toBe(false);
    take(file).release();
    expect(readdirSync(join(folder, 'a'))).toEqual([]);
  });

  it('of a process that was killed are taken over at once', () => {
    const file = join(folder, 'dead.json');
    const { pid } = spawnSync(process.execPath, ['-e', '0']);
    writeFileSync(file, JSON.stringify({ pid, started: 'x', host: hostname(), token: 'old' }));
    expect(livingHolder(file)).toBeNull();
    const lock = take(file);
    expect(lockHolder(file)?.pid).toBe(process.pid);
    lock.release();
  });

  it.runIf(process.platform === 'linux')('of a process whose pid was given out again are taken over', () => {
    const file = join(folder, 'reused.json');
    writeFileSync(file, JSON.stringify({ pid: process.pid, started: 'earlier', host: hostname(), token: 'old' }));
    take(file).release();
  });

  it('of another machine are respected', () => {
    const file = join(folder, 'other.json');
    writeFileSync(file, JSON.stringify({ pid: 1, started: null, host: 'another-machine', token: 't' }));
    expect(tryLock(file)).toMatchObject({ host: 'another-machine' });
  });

  it('of another machine are free when they were not touched for two minutes', () => {
    const file = join(folder, 'gone.json');
    writeFileSync(file, JSON.stringify({ pid: 1, started: null, host: 'another-machine', token: 't' }));
    const past = new Date(Date.now() - 121_000);
    utimesSync(file, past, past);
    expect(livingHolder(file)).toBeNull();
    take(file).release();
  });

  it('are touched by who holds them, and never one that was lost', () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    try {
      const file = join(folder, 'beat.json');
      const lock = take(file);
      const content = readFileSync(file, 'utf8');
      const past = new Date(Date.now() - 600_000);
      utimesSync(file, past, past);
      vi.advanceTimersByTime(10_000);
      expect(Date.now() - statSync(file).mtimeMs).toBeLessThan(60_000);
      expect(readFileSync(file, 'utf8')).toBe(content);

      rmSync(file);
      writeFileSync(file, 'of another');
      utimesSync(file, past, past);
      vi.advanceTimersByTime(10_000);
      expect(statSync(file).mtimeMs).toBeCloseTo(past.getTime(), -1);
      rmSync(file);
      lock.release();
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  it('that are damaged hold nobody up', () => {
    const file = join(folder, 'damaged.json');
    writeFileSync(file, '{"pid":');
    take(file).release();
  });

  it('are not released by one who lost them', () => {
    const file = join(folder, 'lost.json');
    const lock = take(file);
    const other = { ...lockHolder(file), token: 'newer' };
    writeFileSync(file, JSON.stringify(other));
    lock.release();
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(other);
  });

  it('of a living process are respected, and free when it ends', async () => {
    const file = join(folder, 'living.json');
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000); console.log("up")']);
    await new Promise((resolve) => child.stdout.once('data', resolve));
    writeFileSync(file, JSON.stringify({ pid: child.pid, started: null, host: hostname(), token: 't' }));
    expect(tryLock(file)).toMatchObject({ pid: child.pid });
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('exit', resolve));
    take(file).release();
  });

  it('of a process of another user are respected, also where the system hides it, and name the user', () => {
    const file = join(folder, 'theirs.json');
    const holder = { pid: 4_000_000, started: 'boot/1', host: hostname(), token: 't', user: 'somebody.else' };
    writeFileSync(file, JSON.stringify(holder));
    const kill = vi.spyOn(process, 'kill').mockImplementation(() => {
      throw Object.assign(new Error('EPERM'), { code: 'EPERM' });
    });
    try {
      expect(tryLock(file)).toEqual(holder);
      expect(nameOf(lockHolder(file)!)).toBe('Process 4000000 of user somebody.else');
      writeFileSync(file, JSON.stringify({ ...holder, user: '\u001b[2J' }));
      expect(nameOf(lockHolder(file)!)).toBe('Process 4000000');
    } finally {
      kill.mockRestore();
    }
    take(file).release();
  });

  it('are waited for in turn, until the signal says otherwise', async () => {
    const file = join(folder, 'turn.json');
    const first = take(file);
    const order: string[] = [];
    const waiting = lockInTurn(file, new AbortController().signal).then((lock) => {
      order.push('second');
      lock.release();
    });
    await sleep(50);
    order.push('first');
    first.release();
    await waiting;
    expect(order).toEqual(['first', 'second']);

    const held = take(file);
    expect(elsewhere(lockHolder(file)!, file)).toBe('');
    const controller = new AbortController();
    const giving = lockInTurn(file, controller.signal);
    controller.abort(new Error('stop'));
    await expect(giving).rejects.toThrow('stop');
    held.release();
  });

  it('say once whom they wait for, and what to delete where that is another host', async () => {
    const file = join(folder, 'told.json');
    const controller = new AbortController();
    const told: string[] = [];
    const waitFor = async (holder: object) => {
      writeFileSync(file, JSON.stringify(holder));
      const before = told.length;
      await expect.poll(() => told.length, { timeout: 5000 }).toBe(before + 1);
    };
    const holder = { pid: process.pid, started: null, host: hostname(), token: 'a' };
    writeFileSync(file, JSON.stringify(holder));
    const waiting = lockInTurn(file, controller.signal, (message) => told.push(message));
    await waitFor(holder);
    await waitFor({ ...holder, pid: 12, host: 'old-container', token: 'b' });
    await sleep(500);
    expect(told).toEqual([
      `Process ${process.pid} works on the same and holds the lock ${file}: waiting for it.`,
      expect.stringMatching(
        /^Process 12 on host old-container works on the same .*to go on at once, delete .*told\.json\.$/,
      ),
    ]);
    controller.abort(new Error('stop'));
    await expect(waiting).rejects.toThrow('stop');
  });
});
