import { beforeEach, describe, expect, it } from 'vitest';
import type { Found } from '../../../src/detect/base/found.ts';
import { nothingFound } from '../../../src/detect/base/found.ts';
import type { Finder } from '../../../src/editor/finder.ts';
import { ProgramIndex } from '../../../src/vscode/programs/programIndex.ts';
import type { Roots } from '../../../src/vscode/programs/roots.ts';
import { EventEmitter, FakeDocument, FakeNotebook, Uri, fake, resetFake } from '../../fakes/fakeVscode.ts';

beforeEach(resetFake);

const about = { language: 'python', kind: 'module', framework: 'dspy', runnable: true } as const;
const predictor = { name: 'self', signature: null };
const found: Found = {
  ...nothingFound,
  programs: [
    { ...about, file: 'qa.ipynb', name: 'QA', line: 4, cell: 3, predictors: [{ ...predictor, line: 6, cell: 2 }] },
    { ...about, file: 'nb.py', name: 'Mo', line: 9, cell: 2, predictors: [] },
  ],
};

/** An index over what is found; `edits` are the texts that it had read again. */
async function indexOf() {
  const edits: (readonly [string, unknown])[] = [];
  const finder: Finder = {
    scan: () => Promise.resolve(found),
    edit: (_, file, text) => {
      edits.push([file, text === null ? null : file.endsWith('.ipynb') ? JSON.parse(text) : text]);
      return Promise.resolve(found);
    },
    remove: () => Promise.resolve(found),
  };
  const roots = { all: [], of: () => undefined, onDidChange: new EventEmitter<void>().event };
  const log = { warn: () => undefined, debug: () => undefined };
  fake.folders.push('/w');
  const index = new ProgramIndex(finder, roots as unknown as Roots, log);
  await index.refresh();
  return { index, edits };
}

const place = (index: ProgramIndex, name: string) => {
  const { line, cell, predictors } = index.all.find((each) => each.name === name)!;
  return { line, cell, predictors: predictors.map((each) => [each.cell, each.line]) };
};
const typing = (document: FakeDocument, line: number, text: string) =>
  fake.typed.fire({ document, contentChanges: [{ range: { start: { line }, end: { line } }, text }] });

describe('the index of programs', () => {
  it('moves lines of the cell that is typed in at once, and then reads the notebook as it is shown', async () => {
    const { index, edits } = await indexOf();
    const notebook = new FakeNotebook('/w/qa.ipynb', ['# dspy', 'ask = 1', 'class QA: ...']);
    fake.notebooks.push(notebook);
    typing(notebook.cells[2]!.document, 0, '\n\n');
    expect(place(index, 'QA')).toEqual({ line: 6, cell: 3, predictors: [[2, 6]] });
    typing(notebook.cells[1]!.document, 0, '\n');
    expect(place(index, 'QA')).toEqual({ line: 6, cell: 3, predictors: [[2, 7]] });
    expect(place(index, 'Mo')).toEqual({ line: 9, cell: 2, predictors: [] });
    await expect.poll(() => edits).toHaveLength(1);
    expect(edits[0]).toMatchObject([
      'qa.ipynb',
      {
        cells: [
          { cell_type: 'markdown', source: '' },
          { cell_type: 'code', metadata: {}, source: 'ask = 1' },
          { cell_type: 'code', source: 'class QA: ...' },
        ],
      },
    ]);
    index.dispose();
  });

  it('moves cells that others were put before', async () => {
    const { index, edits } = await indexOf();
    const notebook = new FakeNotebook('/w/qa.ipynb', ['a', 'b', 'c']);
    fake.notebooks.push(notebook);
    const change = (start: number, end: number, added: readonly string[]) => {
      const addedCells = added.map((text) => notebook.cell(text));
      fake.cellsChanged.fire({ notebook, contentChanges: [{ range: { start, end }, addedCells, removedCells: [] }] });
    };
    change(1, 1, ['new', 'new']);
    expect(place(index, 'QA')).toMatchObject({ cell: 5, predictors: [[4, 6]] });
    change(0, 1, []);
    expect(place(index, 'QA')).toMatchObject({ cell: 4, predictors: [[3, 6]] });
    change(3, 3, ['between']);
    expect(place(index, 'QA')).toMatchObject({ cell: 5, predictors: [[3, 6]] });
    change(5, 5, ['behind']);
    expect(place(index, 'QA')).toMatchObject({ line: 4, cell: 5 });
    // What cells put out changes the notebook too.
    fake.cellsChanged.fire({ notebook, contentChanges: [], cellChanges: [{}] });
    await expect.poll(() => edits).toHaveLength(1);
    fake.notebookClosed.fire(notebook);
    await expect.poll(() => edits).toHaveLength(2);
    expect(edits[1]).toEqual(['qa.ipynb', null]);
    index.dispose();
  });

  it('moves all lines of a notebook of marimo, which is a file', async () => {
    const { index, edits } = await indexOf();
    const document = new FakeDocument(Uri.file('/w/nb.py'), 'python', 'text');
    fake.documents.push(document);
    typing(document, 0, '\n');
    expect(place(index, 'Mo')).toMatchObject({ line: 10, cell: 2 });
    await expect.poll(() => edits).toEqual([['nb.py', 'text']]);
    fake.closed.fire(document);
    await expect.poll(() => edits).toHaveLength(2);
    index.dispose();
  });

  it('is not concerned with documents of no file', async () => {
    const { index, edits } = await indexOf();
    const scratch = new FakeDocument(Uri.from({ scheme: 'untitled', path: '/w/qa.ipynb' }), 'python', '');
    typing(scratch, 0, '\n');
    fake.closed.fire(scratch);
    expect(place(index, 'QA')).toMatchObject({ line: 4 });
    expect(edits).toEqual([]);
    index.dispose();
  });
});
