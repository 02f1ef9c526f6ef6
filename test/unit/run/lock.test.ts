import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { isLock, livingHolder, lockHolder, lockInTurn, tryLock } from '../../../src/run/lock.ts';
import type { Lock } from '../../../src/run/lock.ts';
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
    const controller = new AbortController();
    const giving = lockInTurn(file, controller.signal);
    controller.abort(new Error('stop'));
    await expect(giving).rejects.toThrow('stop');
    held.release();
  });
});
