import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { nothingFound } from '../../../src/detect/base/found.ts';
import type { FoundProgram } from '../../../src/detect/base/found.ts';
import type { RunEvent } from '../../../src/protocol.ts';
import { commandIds } from '../../../src/editor/names.ts';
import { lensesOf } from '../../../src/editor/items/lensModel.ts';
import { isThisPredictor, predictorPlace } from '../../../src/editor/items/predictorPlace.ts';
import type { ProgramKnowledge } from '../../../src/editor/items/lensModel.ts';
import { mergePrograms } from '../../../src/editor/items/merge.ts';
import { bestScore, runsOf } from '../../../src/editor/items/scores.ts';
import type { ProgramItem } from '../../../src/editor/items/programItem.ts';
import type { RunItem } from '../../../src/editor/items/runItem.ts';
import { shiftLine } from '../../../src/editor/shiftLines.ts';
import { SourceHashes } from '../../../src/editor/sourceHashes.ts';
import { runWithGains, scoreOf, testedToo, wholeRun } from '../run/samples.ts';
import { program, runItem } from './samples.ts';

const nothing: ProgramKnowledge = { score: null, evaluation: null, stale: false, running: null, latest: null };
const shown = { setting: 'all', trusted: true } as const;
const titles = (known: ProgramKnowledge, how: Parameters<typeof lensesOf>[2] = shown) =>
  lensesOf(program, known, how).map(({ title }) => title);

describe('bestScore', () => {
  it('is the best dev score of all runs, with its distance to the baseline of its run', () => {
    const best = bestScore([runItem('a'), runItem('b')]);
    expect(best).toMatchObject({ score: 80, delta: 30, strategy: 'p -> w', run: { run: { id: 'a' } } });
  });

  it('leaves out runs whose rows were others than those of the latest run', () => {
    const lower: RunEvent[] = wholeRun.map((event) =>
      event.type === 'evaluated' ? { ...event, score: scoreOf(event.score.score / 2) } : event,
    );
    const best = bestScore([runItem('a', { dev: 'old rows' }), runItem('b', { events: lower.slice(0, 12) })]);
    expect(best).toMatchObject({ score: 30, delta: 5, strategy: 'p', run: { run: { id: 'b' } } });
  });

  it('is of all seeds, which hold out the same rows', () => {
    const lower: RunEvent[] = wholeRun.map((event) =>
      event.type === 'evaluated' ? { ...event, score: scoreOf(event.score.score / 2) } : event,
    );
    const best = bestScore([
      runItem('a', { dev: null, seed: 0 }),
      runItem('b', { dev: null, seed: 1, events: lower.slice(0, 12) }),
    ]);
    expect(best).toMatchObject({ score: 80, run: { run: { id: 'a' } } });
  });

  it('says nothing of a run that has no score yet', () => {
    expect(bestScore([runItem('a', { events: wholeRun.slice(0, 2) })])).toBeNull();
  });

  it('takes runs of the program alone', () => {
    expect(runsOf(program, [runItem('a')])).toHaveLength(1);
    expect(runsOf({ ...program, name: 'Other' }, [runItem('a')])).toEqual([]);
  });
});

describe('lensesOf', () => {
  const scored: ProgramKnowledge = { ...nothing, score: bestScore([runItem('a')]), latest: runItem('a') };

  it('says among how many states the best was chosen, on the rows that are shown', () => {
    const tooltip = (...runs: readonly RunItem[]) =>
      lensesOf(program, { ...nothing, score: bestScore(runs) }, shown)[0]!.tooltip;
    expect(tooltip(runItem('a'), runItem('b'))).toContain('Best of 4 scored states on the dev rows');
    expect(tooltip(runItem('a', { events: wholeRun.slice(0, 12) }))).not.toContain('scored states');
  });

  it('says in the tooltip whether the gain is real, by test rows where there are any, as the page does', () => {
    const tooltip = (...runs: readonly (readonly RunEvent[])[]) => {
      const score = bestScore(runs.map((events, index) => runItem(`${index}`, { events })));
      return lensesOf(program, { ...nothing, score }, shown)[0]!.tooltip;
    };
    const flatters = 'It was chosen on these rows, which flatters it a little';
    const one = runWithGains(5).slice(0, 12);
    expect(tooltip(one)).toMatch(
      /made it\. p is really better than the baseline on 40 dev rows, by 10\.0 points \(95 % interval \+5\.0 to \+15\.0\)\.$/u,
    );
    // The best of two runs with a state each was chosen too.
    expect(tooltip(one, one)).toContain(flatters);
    const tested = tooltip(testedToo(runWithGains(10)));
    expect(tested).toContain(
      'p -> w scores +5.0 points against the baseline on 40 test rows (95 % interval −15.0 to +25.0), which may be chance.',
    );
    expect(tested).not.toContain(flatters);
  });

  it('keeps a place for the score before there is one', () => {
    expect(titles(nothing)).toEqual(['Not scored', 'Optimize', 'Evaluate']);
    expect(lensesOf(program, nothing, shown).map(({ line }) => line)).toEqual([10, 10, 10]);
  });

  it('has score, delta and strategy, and above the predictor its demos and model', () => {
    expect(titles(scored)).toEqual(['80.0 % (+30.0) p -> w', 'Optimize', 'Evaluate', 'Open run', '2 demos, base-ft-1']);
    const lenses = lensesOf(program, scored, shown);
    expect(lenses.at(-1)).toMatchObject({ line: 11, command: commandIds.showPromptChanges });
    expect(lenses[3]?.args).toEqual(['/w/.bettertogether/runs/a']);
  });

  it('says where the gain may be chance, and its interval beside it', () => {
    const gained = (half: number): ProgramKnowledge => ({
      ...nothing,
      score: bestScore([runItem('a', { events: runWithGains(half) })]),
    });
    expect(titles(gained(40))[0]).toBe('80.0 % (+30.0, may be chance) p -> w');
    const [sure] = lensesOf(program, gained(10), shown);
    expect(sure?.title).toBe('80.0 % (+30.0) p -> w');
    expect(sure?.tooltip).toContain('by 30.0 points (95 % interval +20.0 to +40.0)');
  });

  it('marks a score of other code, and a run at work', () => {
    expect(titles({ ...scored, stale: true })[0]).toBe('80.0 % (+30.0) p -> w (code changed since)');
    const atWork = { ...nothing, running: runItem('b', { status: 'running' }) };
    expect(lensesOf(program, atWork, shown)[0]).toMatchObject({ icon: 'sync~spin', title: 'Not scored' });
  });

  it('shows a measurement without a run', () => {
    const evaluation = { score: 61.25, low: 50, high: 70, n: 40, split: 'dev', time: '', source: 's' } as const;
    expect(titles({ ...nothing, evaluation })[0]).toBe('61.3 % baseline');
  });

  it('follows the setting', () => {
    expect(titles(scored, { setting: 'programs', trusted: true })).toHaveLength(4);
    expect(titles(scored, { setting: 'never', trusted: true })).toEqual([]);
  });

  it('offers nothing that runs code where there is no trust, nor for a program that cannot be loaded', () => {
    expect(titles(scored, { setting: 'programs', trusted: false })).toEqual(['80.0 % (+30.0) p -> w', 'Open run']);
    const nested = { ...program, runnable: false, keys: [] };
    expect(lensesOf(nested, nothing, shown).map(({ title }) => title)).toEqual(['Not scored']);
  });
});

describe('predictorPlace', () => {
  const item: ProgramItem = {
    ...program,
    predictors: [
      { name: 'hops[*]', line: 12, signature: null },
      { name: 'answer.predict', line: 3, signature: null, file: '/w/parts/answer.ts' },
    ],
  };

  it('says where a predictor is made: in the program, or in the file of its part', () => {
    expect(predictorPlace([item], program, 'hops[1]')).toEqual({ file: '/w/program.ts', line: 12 });
    expect(predictorPlace([item], program, 'answer.predict')).toEqual({ file: '/w/parts/answer.ts', line: 3 });
  });

  it('says nothing of what the sources do not show', () => {
    expect(predictorPlace([item], program, 'made_by_code')).toBeNull();
    expect(predictorPlace([item], { file: '/w/moved.ts', name: program.name }, 'hops[1]')).toBeNull();
  });
});

describe('isThisPredictor', () => {
  it.each([
    ['classify', 'classify', true],
    ['classify', 'classify.predict', true],
    ['hops[*]', 'hops[0]', true],
    ['hops[*]', 'hops[1].predict', true],
    ['hops', 'hops[0]', true],
    ['classify', 'classify2', false],
    ['a.b', 'axb', false],
  ])('%s is %s: %s', (inSource, inState, same) => {
    expect(isThisPredictor(inSource, inState)).toBe(same);
  });
});

describe('mergePrograms', () => {
  const found: FoundProgram = {
    file: 'src/program.ts',
    line: 3,
    name: 'Intents',
    language: 'typescript',
    kind: 'module',
    framework: 'bettertogether',
    runnable: true,
    predictors: [],
  };
  const entry = { metric: 'exactMatch:a', train: 't.jsonl' };

  const isSame = (a: string, b: string): boolean => a === b;

  it('joins what was found and what is configured, by file and name', () => {
    const roots = [
      {
        folder: '/w',
        loaded: {
          config: {
            programs: { one: { ...entry, program: 'src/program.ts#Intents' }, py: { ...entry, program: 'x.py#X' } },
          },
        },
      },
    ];
    const items = mergePrograms(
      [{ folder: '/w', found: { ...nothingFound, programs: [found] } }],
      roots,
      () => '/w',
      isSame,
    );
    expect(items.map(({ file, line, keys, language }) => [file, line, keys, language])).toEqual([
      ['/w/src/program.ts', 3, ['one'], 'typescript'],
      ['/w/x.py', null, ['py'], 'python'],
    ]);
  });

  it('knows a file that a configuration writes in other letters, where the disk takes them for the same', () => {
    const programs = { one: { ...entry, program: 'SRC/Program.ts#Intents' } };
    const roots = [{ folder: '/w', loaded: { config: { programs } } }];
    const merged = (isOneFile: (a: string, b: string) => boolean) =>
      mergePrograms([{ folder: '/w', found: { ...nothingFound, programs: [found] } }], roots, () => '/w', isOneFile);
    expect(merged((a, b) => a.toLowerCase() === b.toLowerCase())).toMatchObject([
      { file: '/w/src/program.ts', line: 3, keys: ['one'] },
    ]);
    expect(merged(isSame).map(({ file, keys }) => [file, keys])).toEqual([
      ['/w/SRC/Program.ts', ['one']],
      ['/w/src/program.ts', []],
    ]);
  });

  it('gives a program to the folder whose configuration names it', () => {
    const roots = [
      { folder: '/w', loaded: { config: {} } },
      { folder: '/w/src', loaded: { config: { programs: { own: { ...entry, program: 'program.ts#Intents' } } } } },
    ];
    const [item] = mergePrograms(
      [{ folder: '/w', found: { ...nothingFound, programs: [found] } }],
      roots,
      () => '/w',
      isSame,
    );
    expect(item).toMatchObject({ root: '/w/src', keys: ['own'], line: 3 });
  });
});

describe('shiftLine', () => {
  it.each([
    [5, { start: 0, end: 0, text: '\n\n' }, 7],
    [5, { start: 1, end: 3, text: '' }, 3],
    [2, { start: 4, end: 4, text: '\n' }, 2],
    [5, { start: 4, end: 4, text: 'x' }, 5],
    [5, { start: 2, end: 8, text: '' }, 3],
  ])('%i after %o is %i', (line, change, to) => {
    expect(shiftLine(line, change)).toBe(to);
  });
});

describe('SourceHashes', () => {
  it('notices that a file of the run changed, or is gone', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'bt-hash-'));
    try {
      const file = join(folder, 'a.ts');
      writeFileSync(file, 'one');
      const hashes = new SourceHashes();
      const before = { [file]: (await hashes.of(file))! };
      expect(await hashes.differ(before)).toBe(false);
      writeFileSync(file, 'another');
      expect(await hashes.differ(before)).toBe(true);
      rmSync(file);
      expect(await hashes.differ(before)).toBe(true);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
