import { setMaxListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { Budget } from '../../../src/engine/budget.ts';
import { Pool } from '../../../src/engine/pool.ts';
import { percent, scoreOf } from '../../../src/engine/score.ts';
import { optimizers } from '../../../src/engine/optimizers/all.ts';
import { formatStrategy, parseStrategy, prefixesOf } from '../../../src/data/strategy.ts';
import goldens from '../../goldens/optimizers.json' with { type: 'json' };

const never = new AbortController().signal;
setMaxListeners(0, never);

describe('strategies', () => {
  it('are read with free spaces, arrows and Greek letters', () => {
    for (const text of ['p -> w -> p', 'p->w->p', ' P→ W →p ', 'Π→Θ→Π', 'π -> θ -> π']) {
      expect(formatStrategy(parseStrategy(text, optimizers.names))).toBe('p -> w -> p');
    }
    expect(parseStrategy('', optimizers.names)).toEqual([]);
    expect(parseStrategy('vanilla', optimizers.names)).toEqual([]);
    expect(parseStrategy('p -> p -> p -> w -> w', optimizers.names)).toHaveLength(5);
  });

  it('say once what is repeated', () => {
    const read = (text: string) => formatStrategy(parseStrategy(text, optimizers.names));
    expect(read('(gepa -> grpo)*2')).toBe('gepa -> grpo -> gepa -> grpo');
    expect(read('p → (w→grpo) × 2 → w*2')).toBe('p -> w -> grpo -> w -> grpo -> w -> w');
    expect(read('(p*2 -> w)*2')).toBe('p -> p -> w -> p -> p -> w');
    expect(read('θ*1')).toBe('w');
    expect(() => read('p -> (w)*0')).toThrow('"(w)*0" is no step at all');
    expect(() => read('(p -> w)*51')).toThrow('has 100 steps at most');
    expect(() => read('w*99999999999')).toThrow('has 100 steps at most');
    expect(() => read('(p -> x)*2')).toThrow('step 2 of 4 is "x"');
    expect(() => read('(p -> w')).toThrow('step 1 of 2 is "(p"');
  });

  it('name the piece that is wrong', () => {
    expect(() => parseStrategy('p -> x -> p', optimizers.names)).toThrow('step 2 of 3 is "x"');
    expect(() => parseStrategy('p -> ', optimizers.names)).toThrow('step 2 of 2 is empty');
    expect(() => parseStrategy('pw', optimizers.names)).toThrow('step 1 of 1 is "pw"');
    expect(() => parseStrategy('constructor', optimizers.names)).toThrow('step 1 of 1 is "constructor"');
  });

  it('have a prefix for every stage', () => {
    expect(prefixesOf(parseStrategy('p->w', optimizers.names))).toEqual(['', 'p', 'p -> w']);
  });
});

describe('scores', () => {
  it('round as Python does', () => {
    const golden = goldens.evaluate_score_rounding;
    expect(percent(2, 3)).toBe(golden['2/3']);
    expect(percent(1, 3)).toBe(golden['1/3']);
    expect(percent(1, 8)).toBe(golden['1/8']);
    expect(percent(1, 160)).toBe(golden['1/160(0.625)']);
    expect(percent(5, 800)).toBe(golden['5/800(0.625)']);
    expect(percent(2.5, 7)).toBe(golden['2.5/7']);
  });

  it('carry Wilson’s interval for right and wrong', () => {
    const scores = [...Array<number>(81).fill(1), ...Array<number>(19).fill(0)];
    expect(scoreOf(scores, 3)).toEqual({ score: 81, low: 72.22, high: 87.49, n: 100, failed: 3 });
    expect(scoreOf([0, 0], 2)).toMatchObject({ score: 0, low: 0 });
  });

  it('carry the interval of a mean otherwise, within the metric’s range', () => {
    const { score, low, high } = scoreOf([0.5, 1, 1, 1], 0);
    expect(score).toBe(87.5);
    expect(low).toBeLessThan(87.5);
    expect(high).toBe(100);
  });
});

describe('the budget', () => {
  const call = { calls: 1, tokens: 100, usd: 0.1 };
  const nothing = { calls: 0, tokens: 0, usd: 0 };

  it('never lets spent and in flight exceed a cap, with many at once', async () => {
    const budget = new Budget({ calls: 10, tokens: null, usd: null }, nothing);
    let most = 0;
    const results = await Promise.allSettled(
      Array.from({ length: 50 }, async () => {
        const held = await budget.reserve(call, never);
        most = Math.max(most, budget.spent.calls);
        await new Promise((resolve) => setImmediate(resolve));
        held.settle({ inputTokens: 5, outputTokens: 5, usd: null });
      }),
    );
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(10);
    expect(budget.spent.calls).toBe(10);
  });

  it('waits for what is in flight, and admits what then fits', async () => {
    const budget = new Budget({ calls: null, tokens: 150, usd: null }, nothing);
    const first = await budget.reserve(call, never);
    let admitted = false;
    const second = budget.reserve(call, never).then((held) => {
      admitted = true;
      return held;
    });
    await Promise.resolve();
    expect(admitted).toBe(false);
    first.settle({ inputTokens: 20, outputTokens: 10, usd: null });
    (await second).settle({ inputTokens: 20, outputTokens: 10, usd: null });
    expect(budget.spent.tokens).toBe(60);
  });

  it('charges the worst for what the endpoint does not report', async () => {
    const budget = new Budget({ calls: null, tokens: 250, usd: null }, nothing);
    (await budget.reserve(call, never)).settle({ inputTokens: null, outputTokens: null, usd: null });
    (await budget.reserve(call, never)).settle({ inputTokens: null, outputTokens: null, usd: null });
    await expect(budget.reserve(call, never)).rejects.toThrow(
      '200 of 250 tokens are spent, and the next call may take 100 more.',
    );
  });

  it('counts earlier sessions, gives back what was not used, and lets a waiter go', async () => {
    const budget = new Budget({ calls: 5, tokens: null, usd: 1 }, { calls: 4, tokens: 0, usd: 0 });
    (await budget.reserve(call, never)).release();
    const held = await budget.reserve(call, never);
    const abort = new AbortController();
    const waiting = budget.reserve(call, abort.signal);
    abort.abort();
    await expect(waiting).rejects.toThrow('cancelled');
    held.settle({ inputTokens: 1, outputTokens: 1, usd: 0.05 });
    expect(budget.spent).toEqual({ calls: 5, tokens: 2, usd: 0.05 });
    await expect(budget.reserve(call, never)).rejects.toMatchObject({ exit: 3 });
  });

  it('lets no call through that the ledger did not take, and does not count it', async () => {
    const ledger = { settle: () => undefined, charge: () => true };
    const full = { ...ledger, hold: () => Promise.reject(new Error('the disk is full')) };
    const budget = new Budget({ calls: 1, tokens: null, usd: null }, nothing, full);
    await expect(budget.reserve(call, never)).rejects.toThrow('the disk is full');
    await expect(budget.reserve(call, never)).rejects.toThrow('the disk is full');
    expect(budget.spent.calls).toBe(0);
  });

  it('enters each call in the ledger before it is let through, and a job once', async () => {
    const entries: unknown[] = [];
    const jobs = new Set<string>();
    const budget = new Budget({ calls: 1, tokens: null, usd: null }, nothing, {
      hold: (id, worst) => Promise.resolve(void entries.push(['hold', id, worst])),
      settle: (id, cost) => void entries.push(['settle', id, cost]),
      charge: (job) => !jobs.has(job) && jobs.add(job) !== undefined,
    });
    const first = await budget.reserve(call, never);
    const second = budget.reserve(call, never);
    expect(entries).toEqual([['hold', 1, call]]);
    first.release();
    (await second).settle({ inputTokens: 5, outputTokens: 5, usd: 0.01 });
    const paid = { calls: 1, tokens: 10, usd: 0.01 };
    expect(entries.slice(1)).toEqual([
      ['settle', 1, null],
      ['hold', 2, call],
      ['settle', 2, paid],
    ]);
    budget.charge('job', { calls: 0, tokens: 0, usd: 2 });
    budget.charge('job', { calls: 0, tokens: 0, usd: 2 });
    expect(budget.spent).toEqual({ calls: 1, tokens: 10, usd: 2.01 });
  });
});

describe('the pool', () => {
  it('runs at most so many, the lowest priority first, and skips what was dropped', async () => {
    const pool = new Pool(2);
    const order: string[] = [];
    let underWay = 0;
    const task = (name: string) => async () => {
      underWay++;
      expect(underWay).toBeLessThanOrEqual(2);
      order.push(name);
      await new Promise((resolve) => setImmediate(resolve));
      underWay--;
    };
    const dropped = new AbortController();
    const work = [
      pool.run(5, never, task('late 1')),
      pool.run(5, never, task('late 2')),
      pool.run(5, dropped.signal, task('dropped')).catch(() => order.push('skipped')),
      pool.run(1, never, task('early')),
      pool.run(5, never, task('late 3')),
    ];
    dropped.abort();
    await Promise.all(work);
    expect(order.filter((name) => name !== 'skipped')).toEqual(['late 1', 'late 2', 'early', 'late 3']);
    expect(order).toContain('skipped');
  });
});
