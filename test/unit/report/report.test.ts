import { describe, expect, it } from 'vitest';
import { parse } from 'csv-parse/sync';
import { comparisonReport } from '../../../src/report/comparisonReport.ts';
import { readReportedRun } from '../../../src/report/readRun.ts';
import { reportCsv, reportFileName, reportHtml } from '../../../src/report/report.ts';
import { gainOverSeeds } from '../../../src/report/strategyGains.ts';
import { nothingSpent } from '../../../src/comparison.ts';
import type { Comparison } from '../../../src/comparison.ts';
import { writeSampleRun } from '../../fakes/sampleRun.ts';
import { temporaryFolder } from '../run/folder.ts';

const now = new Date('2026-11-29T12:00:00Z');
const sample = (options: Omit<Parameters<typeof writeSampleRun>[0], 'workspace'> = {}) =>
  writeSampleRun({ workspace: temporaryFolder(), dev: 12, test: 8, memo: false, ...options });

describe('the report of a run', () => {
  it('has its facts, scores, candidates, prompts and the rows that changed, and nothing outside it', async () => {
    const run = await sample();
    const page = await reportHtml({ kind: 'run', run }, now);
    for (const part of [
      run.id,
      'Scores',
      'Prompts: baseline and p -&gt; w -&gt; p',
      'What changed on dev rows',
      '2026-11-29T12:00:00.000Z',
    ]) {
      expect(page).toContain(part);
    }
    expect(page).toMatch(/\d+ candidates/);
    expect(page).toContain(`content="default-src &#39;none&#39;`);
    expect(page).not.toMatch(/<script|<img|<iframe|<link|https?:/);
    expect(reportFileName({ kind: 'run', run })).toBe(`bettertogether-${run.id}.html`);
  });

  it('lists rows that became worse before those that became better, with what was answered', async () => {
    const { snapshot, changed } = await readReportedRun(await sample({ dev: 40 }));
    const { fixed, broken, rows } = changed.dev!;
    expect(snapshot.best).not.toBe('');
    expect(fixed + broken).toBe(rows.length);
    const worse = rows.map(({ before, after }) => after.score < before.score);
    expect(worse).toEqual(worse.toSorted((a, b) => Number(b) - Number(a)));
    expect(rows.every(({ after }) => after.text !== '')).toBe(true);
  });

  it('takes what models and data wrote as text, wherever it stands', async () => {
    const run = await sample({ texts: ['</pre><script>alert(1)</script>', '"><img src=x onerror=alert(1)>'] });
    const page = await reportHtml({ kind: 'run', run }, now);
    expect(page).toContain('&lt;script&gt;alert(1)');
    expect(page).not.toMatch(/<(script|img)/);
  });

  it('of a program that no step has changed has no state to compare', async () => {
    const page = await reportHtml({ kind: 'run', run: await sample({ strategy: '' }) }, now);
    expect(page).not.toContain('What changed');
    expect(page).not.toContain('Prompts:');
  });
});

describe('the numbers of a run', () => {
  it('are a line for each step and split, and names in them are no formulas', async () => {
    const run = await sample();
    const lines = parse(await reportCsv({ kind: 'run', run }), { columns: true }) as Record<string, string>[];
    expect(lines.map(({ step, split }) => [step, split])).toEqual(
      ['baseline', 'p', 'p -> w', 'p -> w -> p'].flatMap((step) => [
        [step, 'dev'],
        [step, 'test'],
      ]),
    );
    for (const { score, low, high, rows, split } of lines) {
      expect(Number(low)).toBeLessThanOrEqual(Number(score));
      expect(Number(high)).toBeGreaterThanOrEqual(Number(score));
      expect(Number(rows)).toBe(split === 'dev' ? 12 : 8);
    }
    const { snapshot } = await readReportedRun(run);
    const { numbersOf } = await import('../../../src/report/numbers.ts');
    const named = numbersOf([{ ...snapshot, asked: { ...snapshot.asked, model: '=HYPERLINK("x")' } }]);
    expect(named).toContain(`"'=HYPERLINK(""x"")"`);
  });
});

describe('differences over seeds', () => {
  it('count a row once, however many seeds ran it', () => {
    const first = [
      [0, 0, 1, 1],
      [0, 0, 1, 1],
    ];
    const second = [
      [1, 0, 1, 1],
      [0, 0, 1, 1],
    ];
    const one = gainOverSeeds(first, second)!;
    expect(one).toMatchObject({ points: 12.5, n: 4 });
    // The same seeds again are no new rows: the interval stays as wide.
    expect(gainOverSeeds([...first, ...first], [...second, ...second])).toEqual(one);
    expect(gainOverSeeds([[1, null]], [[0, 1]])).toMatchObject({ points: -100, n: 1 });
    expect(gainOverSeeds([], [])).toBeNull();
    // Means over seeds are no more certain for being neither right nor wrong.
    expect(
      gainOverSeeds(
        [
          [0, 0],
          [0, 0],
        ],
        [
          [1, 0],
          [0, 1],
        ],
      )!.low,
    ).toBeLessThan(0);
  });
});

describe('the report of a comparison', () => {
  it('has the table, what is clear of chance, and the runs; what cannot be read is named', async () => {
    const runs = await Promise.all(['p', 'p -> w'].map((strategy) => sample({ strategy: strategy as 'p' | 'p -> w' })));
    const { snapshot } = await readReportedRun(runs[0]!);
    const score = { score: 50, low: 40, high: 60, n: 12, failed: 0 };
    const cell = (strategy: string, run: string | null) => ({
      ...{ strategy, seed: 0, status: 'done' as const, run, dev: score, test: null, best: null, usage: null },
      ...{ spent: nothingSpent, seconds: 1 },
    });
    const comparison: Comparison = {
      ...{ v: 1, type: 'comparison', id: 'c', created: 'then', updated: 'then', program: '<b>two', endpoint: 'lab' },
      ...{ model: 'base', strategies: ['p', 'p -> w'], seeds: [0], question: '', sources: null, status: 'finished' },
      ...{ budget: { calls: null, tokens: null, usd: null }, stopped: null, lattices: [] },
      cells: [cell('p', 'a'), cell('p -> w', 'b')],
    };
    const cells = [
      { strategy: 'p', seed: 0, snapshot, rows: { dev: Array<number>(100).fill(0), test: [] } },
      {
        strategy: 'p -> w',
        seed: 0,
        snapshot,
        rows: { dev: [...Array<number>(50).fill(1), ...Array<number>(50).fill(0)], test: [] },
      },
    ];
    const page = comparisonReport({ comparison, cells, problems: ['Run x is gone'] }, now.toISOString());
    for (const part of ['&lt;b&gt;two', 'Differences on dev', 'against p', '+50.0', 'Run x is gone']) {
      expect(page).toContain(part);
    }
    expect(page).not.toContain('Test scores');
  });
});
