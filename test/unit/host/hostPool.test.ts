import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ProgramDescription } from '../../../src/data/program.ts';
import type { ProgramOutcome } from '../../../src/data/trace.ts';
import type { RunRequest } from '../../../src/engine/interfaces.ts';
import { CpuLoad } from '../../../src/host/cpuLoad.ts';
import { HostPool } from '../../../src/host/hostPool.ts';
import type { Worker } from '../../../src/host/hostPool.ts';

class FakeWorker implements Worker {
  share = 0;
  closed = false;
  readonly sources: Record<string, string>;
  readonly finish: (() => void)[] = [];

  constructor(source = 'a') {
    this.sources = { 'program.py': source };
  }

  cpuShare(): number {
    return this.share;
  }

  describe(): Promise<ProgramDescription> {
    return Promise.resolve({ name: 'P', language: 'python', predictors: [], sources: this.sources });
  }

  run(): Promise<ProgramOutcome> {
    return new Promise((resolve) => {
      this.finish.push(() => {
        resolve({ prediction: {}, score: 1, trace: [], seconds: 0 });
      });
    });
  }

  renderRows() {
    return Promise.resolve([]);
  }

  renderPrompt(): Promise<never> {
    return Promise.reject(new Error('not asked for'));
  }

  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }
}

const request = {} as RunRequest;
const lm = () => Promise.reject(new Error('not asked for'));
const { signal } = new AbortController();

describe('HostPool', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  async function start(next: (n: number) => FakeWorker = () => new FakeWorker(), most = 3) {
    const workers: FakeWorker[] = [];
    const said: string[] = [];
    const open = (): Promise<Worker> => {
      const worker = next(workers.length);
      workers.push(worker);
      return Promise.resolve(worker);
    };
    const pool = await HostPool.start(open, { most, log: (line) => said.push(line) });
    const runs = (count: number) => {
      for (let i = 0; i < count; i++) void pool.run(request, lm, signal);
    };
    return { pool, workers, said, runs };
  }

  it('stays one process while the program waits for its LM', async () => {
    const { workers, runs } = await start();
    runs(64);
    workers[0]!.share = 0.6;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(workers).toHaveLength(1);
  });

  it('starts more while all of them use up a core, each asked for as many runs', async () => {
    const { pool, workers, said, runs } = await start();
    runs(4);
    workers[0]!.share = 0.99;
    await vi.advanceTimersByTimeAsync(2500);
    expect(workers).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1000);
    expect(workers).toHaveLength(2);
    runs(4);
    expect(workers.map(({ finish }) => finish.length)).toEqual([4, 4]);
    // The new one is not busy yet, so there is no third.
    await vi.advanceTimersByTimeAsync(10_000);
    expect(workers).toHaveLength(2);
    workers[1]!.share = 0.9;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(workers).toHaveLength(3);
    expect(said.at(-1)).toContain('3 processes');
    await pool.close();
    expect(workers.map(({ closed }) => closed)).toEqual([true, true, true]);
  });

  it('one long run alone needs no second process', async () => {
    const { workers, runs } = await start();
    runs(1);
    workers[0]!.share = 1;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(workers).toHaveLength(1);
  });

  it('does not mix two versions of the program', async () => {
    const { workers, said, runs } = await start((n) => new FakeWorker(n === 0 ? 'a' : 'b'));
    runs(8);
    workers[0]!.share = 1;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(workers).toHaveLength(2);
    expect(workers[1]!.closed).toBe(true);
    expect(said).toEqual([expect.stringContaining('program.py changed')]);
    runs(1);
    expect(workers[1]!.finish).toHaveLength(0);
  });

  it('goes on with those it has where no more can be started', async () => {
    const { workers, said, runs } = await start((n) => {
      if (n > 0) throw new Error('no memory');
      return new FakeWorker();
    });
    runs(8);
    workers[0]!.share = 1;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(said).toEqual([expect.stringContaining('no memory')]);
  });

  it('starts as many as were asked for, or none', async () => {
    const workers: FakeWorker[] = [];
    const open = (): Promise<Worker> => {
      if (workers.length === 2) return Promise.reject(new Error('no third'));
      workers.push(new FakeWorker());
      return Promise.resolve(workers.at(-1)!);
    };
    await expect(HostPool.start(open, { most: 3, atOnce: 3 })).rejects.toThrow('no third');
    expect(workers.every(({ closed }) => closed)).toBe(true);
  });
});

it('CpuLoad is the share of the last stretch, and forgets a process that ended', () => {
  const load = new CpuLoad();
  load.at(5, 1000);
  expect(load.share).toBe(0);
  load.at(5.5, 2000);
  expect(load.share).toBe(0.5);
  load.begin();
  load.at(0.2, 3000);
  expect(load.share).toBe(0);
  load.at(1.2, 4000);
  expect(load.share).toBe(1);
});
