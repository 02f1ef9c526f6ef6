import type { ChildProcess } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { exitOf } from '../../../src/host/childExit.ts';

describe('the end of a child', () => {
  it('is told when its stderr had closed before', async () => {
    const stderr = new PassThrough();
    const child = Object.assign(new EventEmitter(), { pid: 1, stderr }) as unknown as ChildProcess;
    const exited = exitOf(child, 'node');
    stderr.write('last words\n');
    await new Promise((resolve) => setTimeout(resolve, 10));
    stderr.destroy();
    await new Promise((resolve) => stderr.once('close', resolve));
    child.emit('exit', 0, null);
    expect(await exited).toEqual({ code: 0, signal: null, lastWords: 'last words' });
  });

  it('is waited for by a process that has nothing else to wait for', async () => {
    // A pipe that a grandchild holds open never closes.
    const child = Object.assign(new EventEmitter(), { pid: 1, stderr: new PassThrough() }) as unknown as ChildProcess;
    const exited = exitOf(child, 'node');
    // Timers that are not held do not count here, and do not keep a process.
    const held = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    const before = held();
    child.emit('exit', 0, null);
    expect(held()).toBe(before + 1);
    expect(await exited).toMatchObject({ code: 0 });
  });
});
