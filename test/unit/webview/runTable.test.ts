import { describe, expect, it, vi } from 'vitest';
import { runRow } from '../../../src/editor/items/runRow.ts';
import type { RunRow } from '../../../src/view/runRow.ts';
import type { Ask } from '../../../src/viewProtocol/asks.ts';
import type { Bridge } from '../../../webview/bridge.ts';
import { RunTableController } from '../../../webview/runTableController.ts';
import {
  firstRunTableModel,
  programsOf,
  runColumns,
  runTableKeptSchema,
  shownRuns,
  tickedRuns,
} from '../../../webview/runTableModel.ts';
import type { RunTableKept } from '../../../webview/runTableModel.ts';
import { tableRun } from '../../fakes/sampleRuns.ts';

const { kept } = firstRunTableModel;
const row = (id: string, change: Partial<RunRow> = {}): RunRow => ({ ...runRow(tableRun(id), null), ...change });
const ids = (rows: readonly RunRow[]) => rows.map(({ id }) => id);
const by = (change: Partial<RunTableKept>) => ({ ...kept, ...change });

describe('the rows that are shown', () => {
  it('are those with all words somewhere, in any case', () => {
    const rows = [
      row('a', { name: 'First try', note: 'small P' }),
      row('b', { program: 'qa', folder: 'first' }),
      row('c', { model: 'qwen', endpoint: 'groq', strategy: 'p -> gepa' }),
    ];
    const found = (search: string) => ids(shownRuns(rows, by({ search }))).toSorted();
    expect(found('')).toEqual(['a', 'b', 'c']);
    expect(found(' FIRST  ')).toEqual(['a', 'b']);
    expect(found('first small')).toEqual(['a']);
    expect(found('qwen gepa')).toEqual(['c']);
    expect(found('.*')).toEqual([]);
    expect(ids(shownRuns(rows, by({ program: 'qa' })))).toEqual(['b']);
    expect(ids(shownRuns(rows, by({ status: 'crashed' })))).toEqual([]);
    expect(programsOf(rows)).toEqual(['intents', 'qa']);
  });

  it('are sorted by any column, what is not known last, and the latest of equals first', () => {
    const score = { score: 50, low: 1, high: 99, n: 4, failed: 0 };
    const rows = [
      row('a', { name: 'run 10', usd: 2, dev: null, gain: { split: 'dev', points: -3, difference: null } }),
      row('b', { name: 'run 9', usd: null, dev: { ...score, score: 9 }, gain: null, note: 'z' }),
      row('c', { name: 'run 10', usd: 10, dev: { ...score, score: 80 }, gain: null }),
    ];
    const sorted = (column: RunTableKept['sort']['by'], descending = false) =>
      ids(shownRuns(rows, by({ sort: { by: column, descending } }))).join('');
    expect(sorted('name')).toBe('bca');
    expect(sorted('name', true)).toBe('cab');
    expect(sorted('cost')).toBe('acb');
    expect(sorted('cost', true)).toBe('cab');
    expect(sorted('dev')).toBe('bca');
    expect(sorted('dev', true)).toBe('cba');
    expect(sorted('gain', true)).toBe('acb');
    expect(sorted('note', true)).toBe('bca');
    for (const column of runColumns) expect(sorted(column)).toHaveLength(3);
  });

  it('are in order where there are thousands', () => {
    const rows = Array.from({ length: 5000 }, (_, i) => row(String(i), { seed: (i * 7919) % 5000 }));
    const shown = shownRuns(rows, by({ sort: { by: 'seed', descending: false }, search: 'intents' }));
    expect(shown.map(({ seed }) => seed)).toEqual(rows.map((_, i) => i));
  });
});

it('keeps nothing that it does not know, and what it knows', () => {
  expect(runTableKeptSchema.parse({ sort: { by: 'nothing', descending: true }, status: 'x', ticked: 3 })).toEqual(kept);
  const mine = by({ search: 'x', program: 'qa', sort: { by: 'seed', descending: false }, ticked: ['k'] });
  expect(runTableKeptSchema.parse(mine)).toEqual(mine);
});

describe('the table', () => {
  const rows = [row('a'), row('b'), row('c', { program: 'qa' })];
  const key = (id: string): string => `/w/.bettertogether/runs/${id}`;

  function open(before: unknown = undefined) {
    const ask = vi.fn((body: Ask) => Promise.resolve({ body }));
    const save = vi.fn();
    const bridge = { ask, tellBug: vi.fn() } as unknown as Pick<Bridge, 'ask' | 'tellBug'>;
    const controller = new RunTableController({ bridge, draw: vi.fn(), save }, before);
    controller.told({ type: 'runTable', rows });
    return { controller, ask, save };
  }

  it('acts on rows that are ticked and can be seen, in the order in which they stand', () => {
    const { controller, ask } = open();
    controller.tick([key('a'), key('b'), key('c')], true);
    controller.tick([key('b')], false);
    controller.act('compare');
    controller.keep({ program: 'qa' });
    controller.act('delete');
    expect(ask.mock.calls.map(([body]) => body)).toEqual([
      { ask: 'actOnListed', act: 'compare', runs: [key('c'), key('a')] },
      { ask: 'actOnListed', act: 'delete', runs: [key('c')] },
    ]);
  });

  it('forgets the tick of a run that is gone', () => {
    const { controller, save } = open({ ticked: [key('a'), key('gone')] });
    expect(controller.model.kept.ticked).toEqual([key('a')]);
    controller.told({ type: 'runTable', rows: [rows[1]!] });
    expect(save).toHaveBeenLastCalledWith(expect.objectContaining({ ticked: [] }));
    expect(tickedRuns(rows, controller.model.kept)).toEqual([]);
  });

  it('copies the rows that are shown, and says so', async () => {
    const { controller, ask } = open({ search: 'qa' });
    controller.copyNumbers();
    expect(ask).toHaveBeenCalledWith({ ask: 'copyNumbers', runs: [key('c')] });
    await expect.poll(() => controller.model.notice).toBe('The numbers of 1 run are in the clipboard, as CSV.');
  });

  it('says what the host refused', async () => {
    const { controller, ask } = open();
    ask.mockRejectedValueOnce(new Error('The run is not there any more.'));
    controller.open(key('a'));
    await expect.poll(() => controller.model.notice).toBe('The run is not there any more.');
  });
});
