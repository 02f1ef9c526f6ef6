/** A reflective search that is killed, or stopped by its cap, and goes on. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { resultOf } from '../resultOf.ts';
import { Reflection, isProposal, proposals, run } from './reflection.ts';

let task: Reflection;

beforeEach(async () => {
  task = await Reflection.open();
});
afterEach(() => task.close());

describe('a reflective search that is interrupted', () => {
  it('goes on after a kill with what an undisturbed run finds, and pays for no answer twice', async () => {
    const whole = resultOf(await task.workspace.run(run));
    const paid = task.fake.counters.answered;
    const asked = proposals(task.fake.calls).map(({ prompt }) => prompt);
    task.fake.reset();
    task.change({ endpoint: { concurrency: 1 } });
    // Killed when a proposal has been answered, and again in the midst of the runs that follow the next one.
    for (const [index, extra] of [0, 5].entries()) {
      const { child, done } = task.workspace.start(index === 0 ? run : ['resume', 'latest', '--json']);
      await expect
        .poll(() => proposals(task.fake.calls).length, { timeout: 60_000, interval: 1 })
        .toBeGreaterThan(index);
      const from = task.fake.counters.answered;
      await expect
        .poll(() => task.fake.counters.answered, { timeout: 60_000, interval: 1 })
        .toBeGreaterThanOrEqual(from + extra);
      child.kill('SIGKILL');
      expect((await done).code).toBeNull();
    }
    const resumed = resultOf(await task.workspace.run(['resume', 'latest', '--json']));
    expect([resumed.scores, resumed.state]).toEqual([whole.scores, whole.state]);
    // What was in flight when the process died is asked for again: one call at a time here.
    expect(task.fake.counters.repeated).toBeLessThanOrEqual(2);
    expect(task.fake.counters.answered - task.fake.counters.repeated).toBe(paid);
    expect([...new Set(proposals(task.fake.calls).map(({ prompt }) => prompt))]).toEqual(asked);
  });

  it('stops at a cap without going beyond it, and goes on from there', async () => {
    const whole = resultOf(await task.workspace.run(run));
    const paid = task.fake.counters.answered;
    const asked = task.fake.calls.flatMap((call, place) => (isProposal(call) ? [place] : []));
    // Just before a proposal, and in the midst of the runs that follow one.
    for (const cap of [asked[1]!, asked[1]! + 5]) {
      task.fake.reset();
      task.change({});
      const stopped = await task.workspace.run([...run, '--budget-calls', String(cap)]);
      expect(stopped.code, stopped.stderr).toBe(3);
      expect(task.fake.counters.answered).toBeLessThanOrEqual(cap);
      expect(proposals(task.fake.calls).length).toBeGreaterThan(0);
      const resumed = resultOf(await task.workspace.run(['resume', 'latest', '--json', '--budget-calls', '5000']));
      expect([resumed.scores, resumed.state]).toEqual([whole.scores, whole.state]);
      expect([task.fake.counters.answered, task.fake.counters.repeated]).toEqual([paid, 0]);
    }
  });
});
