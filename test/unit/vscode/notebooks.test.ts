import { beforeEach, describe, expect, it } from 'vitest';
import { python } from '../../../src/run/code/code.ts';
import { Dismissed } from '../../../src/vscode/base/errors.ts';
import { insertCell } from '../../../src/vscode/base/newCell.ts';
import { requireSaved } from '../../../src/vscode/base/saving.ts';
import { showPlace } from '../../../src/vscode/base/showPlace.ts';
import { FakeDocument, FakeNotebook, Uri, fake, resetFake } from '../../fakes/fakeVscode.ts';

beforeEach(resetFake);

function open(cells: readonly string[]): FakeNotebook {
  const notebook = new FakeNotebook('/w/qa.ipynb', cells);
  fake.notebooks.push(notebook);
  return notebook;
}

const opened = () => fake.executed.map(([id, uri, options]) => [id, String(uri), options]);

describe('a place in a source', () => {
  it('is a line of a cell in a notebook, the last one where there are fewer', async () => {
    const notebook = open(['# text', 'import dspy', 'class QA: ...']);
    await showPlace({ file: '/w/qa.ipynb', cell: 3, line: 2 });
    expect(fake.shown).toEqual([notebook]);
    const selection = { start: { line: 1, character: 0 }, end: { line: 1, character: 0 } };
    expect(opened()).toMatchObject([['vscode.open', 'vscode-notebook-cell:/w/qa.ipynb#W2', { selection }]]);
    await showPlace({ file: '/w/qa.ipynb', cell: 9, line: 1 });
    expect(opened()[1]![1]).toBe('vscode-notebook-cell:/w/qa.ipynb#W2');
  });

  it('in a notebook of marimo is a line of the file', async () => {
    await showPlace({ file: '/w/nb.py', cell: 3, line: 12 });
    expect(fake.shown.map(({ uri }) => uri.fsPath)).toEqual(['/w/nb.py']);
    expect(fake.executed).toEqual([]);
  });
});

describe('what is not saved', () => {
  it('is saved before a run reads it, when the person says so', async () => {
    const notebook = open(['x = 1']);
    await requireSaved('/w/qa.ipynb');
    expect(fake.messages).toEqual([]);
    notebook.isDirty = true;
    fake.answers.push('Save');
    await requireSaved('/w/qa.ipynb');
    expect(fake.messages).toEqual(['Save qa.ipynb?']);
    expect(notebook.isDirty).toBe(false);
  });

  it('stays so otherwise, and nothing is run', async () => {
    const document = new FakeDocument(Uri.file('/w/qa.py'), 'python', '');
    document.isDirty = true;
    fake.documents.push(document);
    await expect(requireSaved('/w/qa.py')).rejects.toThrow(Dismissed);
    expect(document.isDirty).toBe(true);
    await requireSaved('/w/other.py');
  });
});

describe('a cell that loads a result', () => {
  it('comes behind the cell of its program, unsaved, and is shown', async () => {
    const notebook = open(['import dspy', 'class QA: ...', 'QA()']);
    await insertCell('/w/qa.ipynb', 2, python`program = QA()\nprogram.load(${'best.json'})\n`);
    expect(notebook.cells.map(({ document }) => document.text)).toEqual([
      ...['import dspy', 'class QA: ...'],
      "program = QA()\nprogram.load('best.json')",
      'QA()',
    ]);
    expect(notebook.isDirty).toBe(true);
    expect(opened()[0]![1]).toBe(String(notebook.cells[2]!.document.uri));
  });

  it('comes last where the source does not show the program', async () => {
    const notebook = open(['import dspy', 'QA()']);
    await insertCell('/w/qa.ipynb', undefined, python`x`);
    expect(notebook.cells.at(-1)!.document.text).toBe('x');
  });
});
