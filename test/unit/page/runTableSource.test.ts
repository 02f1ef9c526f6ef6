import { describe, expect, it, vi } from 'vitest';
import type { RunItem } from '../../../src/editor/items/runItem.ts';
import { runTableSource } from '../../../src/page/runTableSource.ts';
import { toViewSchema } from '../../../src/viewProtocol/messages.ts';
import type { RunTable } from '../../../src/viewProtocol/runTable.ts';
import { listedRuns, tableRun } from '../../fakes/sampleRuns.ts';

function open(items: readonly RunItem[]) {
  const runs = listedRuns(items);
  const act = vi.fn(() => Promise.resolve());
  const copyNumbers = vi.fn(() => Promise.resolve());
  const source = runTableSource(runs, { act, copyNumbers });
  const rows = () => (source.picture(true) as RunTable).rows;
  return { runs, source, rows, act, copyNumbers };
}

const [a, b] = [tableRun('a'), tableRun('b')];
const folder = ({ run }: RunItem): string => run.folder;

describe('the table of all runs', () => {
  it('sends all rows, and makes only those anew that changed', () => {
    const { runs, source, rows } = open([a, b]);
    const [first, second] = rows();
    const mark = source.mark;
    expect(toViewSchema.parse(source.picture(true))).toMatchObject({ type: 'runTable' });
    expect(source.mark).toBe(mark);
    runs.all = [a, { ...b, status: 'running' }];
    expect(source.live).toBe(true);
    expect(source.mark).not.toBe(mark);
    expect(rows()[0]).toBe(first);
    expect(rows()[1]).toMatchObject({ ...second, status: 'running', atWork: 'working' });
    runs.all = [b];
    expect(source.live).toBe(false);
    expect(rows().map(({ id }) => id)).toEqual(['b']);
  });

  it('names folders once there are several', () => {
    const { runs, rows } = open([a]);
    expect(rows()[0]!.folder).toBeNull();
    runs.all = [a, tableRun('a', { root: '/other' })];
    expect(rows().map((row) => row.folder)).toEqual(['w', 'other']);
  });

  it('hands acts to the commands, by the folders of runs that are there', async () => {
    const { source, act, copyNumbers } = open([a, b]);
    await source.answer({ ask: 'openListed', runs: [folder(b)] });
    await source.answer({ ask: 'actOnListed', act: 'compare', runs: [folder(b), folder(a)] });
    expect(act.mock.calls).toEqual([
      ['open', [folder(b)]],
      ['compare', [folder(b), folder(a)]],
    ]);
    await source.answer({ ask: 'copyNumbers', runs: [folder(b), folder(a)] });
    expect(copyNumbers).toHaveBeenCalledWith([
      expect.objectContaining({ id: 'b' }),
      expect.objectContaining({ id: 'a' }),
    ]);
  });

  it('refuses other folders, other questions and what does not apply', async () => {
    const { source, act } = open([a, { ...b, status: 'running' }]);
    const refused = (ask: Parameters<typeof source.answer>[0], why: string) =>
      expect(source.answer(ask)).rejects.toThrow(why);
    await refused({ ask: 'actOnListed', act: 'delete', runs: ['/etc'] }, 'The run in /etc is not there any more.');
    await refused({ ask: 'openListed', runs: ['/w'] }, 'not there');
    await refused({ ask: 'actOnListed', act: 'delete', runs: [folder(b)] }, 'is at work');
    await refused({ ask: 'actOnListed', act: 'compare', runs: [folder(b)] }, 'two runs or more');
    await refused({ ask: 'states', candidates: [] }, 'does not answer "states"');
    await refused({ ask: 'actOnListed', act: 'format' as 'delete', runs: [folder(a)] }, 'does not answer');
    expect(act).not.toHaveBeenCalled();
  });
});
