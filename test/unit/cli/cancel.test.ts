import { existsSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { describe, expect, it } from 'vitest';
import { runFiles } from '../../../src/run/record/runFolder.ts';
import { cli, finishedRun } from './workspace.ts';

describe('cancel', () => {
  it('has nothing to do where no process is at work', async () => {
    const { place } = await finishedRun();
    const { code, err } = await cli(place, ['cancel', 'latest']);
    expect(code).toBe(1);
    expect(err).toContain('nothing to cancel');
  });

  it('leaves its wish and waits until the process has stopped', async () => {
    const { place, run } = await finishedRun();
    const { lock, cancel } = runFiles(run.folder);
    writeFileSync(lock, JSON.stringify({ pid: process.pid, started: null, host: hostname(), token: 't' }));
    const watching = setInterval(() => {
      if (existsSync(cancel))
        writeFileSync(lock, JSON.stringify({ pid: 0, started: null, host: hostname(), token: 'x' }));
    }, 20);
    const { code, out } = await cli(place, ['cancel', 'latest']);
    clearInterval(watching);
    expect(code).toBe(0);
    expect(out).toContain(`run ${run.id} stopped`);
  });

  it('reaches a process that was started and has not taken the lock yet, and follows it into the lock', async () => {
    const { place, run } = await finishedRun();
    const { lock, process: started, cancel } = runFiles(run.folder);
    const holder = { pid: process.pid, started: null, host: hostname() };
    writeFileSync(started, JSON.stringify({ ...holder, token: 'started' }));
    let ended = false;
    const watching = setInterval(() => {
      if (!existsSync(cancel)) return;
      clearInterval(watching);
      writeFileSync(lock, JSON.stringify({ ...holder, token: 'locked' }));
      // Longer than `cancel` takes to look again.
      setTimeout(() => {
        ended = true;
        for (const file of [lock, started]) writeFileSync(file, JSON.stringify({ ...holder, pid: 0, token: 'gone' }));
      }, 500);
    }, 20);
    const { code, out, err } = await cli(place, ['cancel', 'latest']);
    clearInterval(watching);
    expect([code, ended]).toEqual([0, true]);
    expect(err).toContain(`Process ${process.pid} was asked to stop run ${run.id}`);
    expect(out).toContain(`run ${run.id} stopped`);
  });
});
