import { describe, expect, it } from 'vitest';
import { runRow } from '../../../src/editor/items/runRow.ts';
import { rowGainClass, rowGainText, runRowSchema, whyNot } from '../../../src/view/runRow.ts';
import type { RunEvent } from '../../../src/protocol.ts';
import { runNumbers } from '../../../src/report/runNumbers.ts';
import { hostileTexts } from '../../fakes/hostile.ts';
import { tableRun } from '../../fakes/sampleRuns.ts';
import { runWithGains, scoreOf, started, usage, wholeRun } from '../run/samples.ts';
import { runItem } from './samples.ts';

describe('a run as a row', () => {
  it('has the scores of the best state and what they gained, as the log says it', () => {
    const row = runRow(tableRun('a', { half: 40, seed: 7, label: { name: 'try', note: 'n' } }), null);
    expect(runRowSchema.parse(row)).toEqual(row);
    expect(row).toMatchObject({
      ...{ key: '/w/.bettertogether/runs/a', id: 'a', root: '/w', folder: null, name: 'try', note: 'n', seed: 7 },
      ...{ program: 'intents', strategy: 'p -> w', model: 'base', endpoint: 'embedded', status: 'finished' },
      ...{ best: 'p -> w', dev: scoreOf(80), test: null, calls: usage.calls, usd: 0, seconds: 21, atWork: null },
    });
    expect(rowGainText(row.gain!)).toBe('+30.0 (−10.0 to +70.0, may be chance) on dev');
    expect(rowGainClass(row.gain!)).toBe('muted');
    const clear = runRow(runItem('a', { events: runWithGains(10) }), null);
    expect(rowGainText(clear.gain!)).toBe('+30.0 (+20.0 to +40.0) on dev');
    expect(rowGainClass(clear.gain!)).toBe('good');
  });

  it('is judged by test where there is one, and says nothing of chance without an interval', () => {
    const test = (prefix: string, score: number): RunEvent => ({
      ...{ type: 'evaluated', prefix, split: 'test', score: scoreOf(score), seconds: 1, usage },
    });
    const events = [...wholeRun.slice(0, -1), test('', 50), test('p', 99), test('p -> w', 45)];
    const row = runRow(runItem('a', { events }), 'other');
    expect(row).toMatchObject({ best: 'p -> w', test: scoreOf(45), folder: 'other' });
    expect(rowGainText(row.gain!)).toBe('−5.0 on test');
    expect(rowGainClass(row.gain!)).toBe('muted');
  });

  it('has no scores before there are any, and says what a run is at', () => {
    const fresh = runRow(runItem('a', { events: [], status: 'running' }), null);
    expect(fresh).toMatchObject({ best: null, dev: null, gain: null, seconds: null, atWork: 'starting' });
    const begun = runRow(runItem('a', { events: wholeRun.slice(0, 4), status: 'running' }), null);
    expect(begun).toMatchObject({ best: 'baseline', dev: scoreOf(50), gain: null });
  });

  it('is called by its start where it began with a state that it was given', () => {
    const events: RunEvent[] = [{ ...started, from: 'state.json' } as RunEvent, ...wholeRun.slice(1, 4)];
    expect(runRow(runItem('a', { events }), null).best).toBe('start');
  });

  it('takes any name as it is', () => {
    for (const text of hostileTexts.filter((each) => each !== '')) {
      expect(runRow(tableRun('a', { program: text, label: { name: text, note: text } }), text)).toMatchObject({
        ...{ name: text, program: text, note: text, folder: text },
      });
    }
  });
});

describe('what can be done with the runs that are ticked', () => {
  const row = (id: string, wishes: Parameters<typeof tableRun>[1] = {}) => runRow(tableRun(id, wishes), null);
  const rows = (many: number) => Array.from({ length: many }, (_, i) => row(`r${i}`));

  it('two to twelve of one folder are compared', () => {
    expect([0, 1, 2, 12, 13].map((many) => whyNot('compare', rows(many)) === null)).toEqual([
      ...[false, false, true, true, false],
    ]);
    expect(whyNot('compare', [row('a'), row('b', { root: '/other' })])).toContain('different folders');
  });

  it('one is reported, and many are deleted, but none that is at work', () => {
    expect([0, 1, 2].map((many) => whyNot('report', rows(many)) === null)).toEqual([false, true, false]);
    expect([0, 1, 50].map((many) => whyNot('delete', rows(many)) === null)).toEqual([false, true, true]);
    const working = row('a', { status: 'running', label: { name: 'mine' } });
    expect(whyNot('delete', [row('b'), working])).toBe('mine is at work. Cancel it first.');
    expect(whyNot('delete', [working, working])).toBe('2 runs of these are at work. Cancel them first.');
  });
});

describe('the numbers of rows', () => {
  it('are CSV, a line a run, and no name becomes a formula', () => {
    const rows = [
      runRow(tableRun('a', { half: 40, label: { name: '=1+1', note: 'two\nlines' } }), null),
      runRow(runItem('b', { events: [] }), '@folder'),
    ];
    const text = runNumbers(rows);
    const [head, first] = text.split('\n');
    expect(head!.split(',').slice(0, 12).join(' ')).toBe(
      'run name folder program strategy model endpoint seed status best dev dev_low',
    );
    expect(first).toContain(
      `a,'=1+1,,intents,p -> w,base,embedded,0,finished,p -> w,80,70,89,40,,,,,dev,30,-10,70,4,1,0,21`,
    );
    expect(text).toContain(`\nb,"intents, `);
    expect(text).toContain(`,'@folder,intents,`);
    expect(text).toContain('"two\nlines"');
  });
});
