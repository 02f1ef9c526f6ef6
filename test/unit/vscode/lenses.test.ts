import { beforeEach, describe, expect, it } from 'vitest';
import type { TextDocument } from 'vscode';
import { EventEmitter } from 'vscode';
import { coalesced } from '../../../src/editor/coalesce.ts';
import { Disposables } from '../../../src/vscode/base/disposables.ts';
import type { Knowledge } from '../../../src/vscode/programs/knowledge.ts';
import type { ProgramItem } from '../../../src/editor/items/programItem.ts';
import type { ProgramKnowledge } from '../../../src/editor/items/lensModel.ts';
import { LensProvider } from '../../../src/vscode/views/lensProvider.ts';
import type { ProgramIndex } from '../../../src/vscode/programs/programIndex.ts';
import { bestScore } from '../../../src/editor/items/scores.ts';
import { readSettings } from '../../../src/vscode/base/settings.ts';
import { FakeNotebook, Uri, fake, resetFake, window } from '../../fakes/fakeVscode.ts';
import { program, runItem } from '../editor/samples.ts';

beforeEach(resetFake);

const nothing: ProgramKnowledge = { score: null, evaluation: null, stale: false, running: null, latest: null };

describe('LensProvider', () => {
  it('answers at once from the cache and asks to be asked again only when a lens is another', () => {
    const [indexChanged, knowledgeChanged] = [new EventEmitter<void>(), new EventEmitter<void>()];
    let known = nothing;
    const index = {
      onDidChange: indexChanged.event,
      inFile: (file: string) => (file === program.file ? [program] : []),
    };
    const knowledge = { onDidChange: knowledgeChanged.event, of: () => known };
    const provider = new LensProvider(index as unknown as ProgramIndex, knowledge as unknown as Knowledge);
    let fired = 0;
    provider.onDidChangeCodeLenses(() => fired++);
    const document = { uri: Uri.file(program.file), lineCount: 40 } as unknown as TextDocument;
    window.visibleTextEditors = [{ document: { uri: Uri.file(program.file) } }];
    const titles = () => provider.provideCodeLenses(document).map(({ command }) => command?.title);
    knowledgeChanged.fire();
    expect(fired).toBe(0);
    expect(titles()).toEqual(['Not scored', 'Optimize', 'Evaluate']);
    knowledgeChanged.fire();
    indexChanged.fire();
    expect(fired).toBe(0);
    // Another file in front, and this one again, is no reason either.
    window.visibleTextEditors = [];
    knowledgeChanged.fire();
    window.visibleTextEditors = [{ document: { uri: Uri.file(program.file) } }];
    knowledgeChanged.fire();
    expect(fired).toBe(0);
    known = { ...nothing, score: bestScore([runItem('a')]) };
    knowledgeChanged.fire();
    knowledgeChanged.fire();
    expect(fired).toBe(1);
    expect(titles()[0]).toBe('80.0 % (+30.0) p -> w');
    expect(provider.provideCodeLenses({ ...document, uri: Uri.file('/w/other.ts') } as TextDocument)).toEqual([]);
    expect(provider.provideCodeLenses({ ...document, lineCount: 3 } as TextDocument)).toEqual([]);
    window.visibleTextEditors = [];
    provider.dispose();
  });
});

describe('lenses in a notebook', () => {
  const file = '/w/qa.ipynb';
  const item = { ...program, file, line: 2, cell: 3, predictors: [] };

  function providerOf(items: readonly ProgramItem[]) {
    const changed = new EventEmitter<void>();
    let known = nothing;
    const index = {
      onDidChange: changed.event,
      inFile: (asked: string) => items.filter((each) => each.file === asked),
    };
    const knowledge = { onDidChange: changed.event, of: () => known };
    const provider = new LensProvider(index as unknown as ProgramIndex, knowledge as unknown as Knowledge);
    const know = (now: ProgramKnowledge): void => {
      known = now;
      changed.fire();
    };
    return { provider, know };
  }

  const lensesIn = (provider: LensProvider, document: object) =>
    provider
      .provideCodeLenses(document as TextDocument)
      .map(({ range, command }) => [range.start.line, command?.title]);

  it('stand in the cell of their program alone, and come anew where something is known', () => {
    const notebook = new FakeNotebook(file, ['# text', 'import dspy', '\nclass QA(dspy.Module): ...', 'QA()']);
    fake.notebooks.push(notebook);
    const { provider, know } = providerOf([item]);
    let fired = 0;
    provider.onDidChangeCodeLenses(() => fired++);
    const lenses = notebook.cells.map(({ document }) => lensesIn(provider, document));
    const expected = [
      [1, 'Not scored'],
      [1, 'Optimize'],
      [1, 'Evaluate'],
    ];
    expect(lenses).toEqual([[], [], expected, []]);
    know(nothing);
    expect(fired).toBe(0);
    know({ ...nothing, score: bestScore([runItem('a')]) });
    expect(fired).toBe(1);
    // A cell in front of it: the document is the same, its number is another.
    notebook.cells = [notebook.cell('x = 1'), ...notebook.cells];
    expect(notebook.cells.map(({ document }) => lensesIn(provider, document).length)).toEqual([0, 0, 0, 0, 0]);
    provider.dispose();
  });

  it('stand above predictors in other cells', () => {
    const notebook = new FakeNotebook(file, ['ask = 1', '', 'class QA: ...']);
    fake.notebooks.push(notebook);
    const [name] = Object.keys(runItem('a').states!.best.state.predictors);
    const predictors = [{ name: name!, line: 1, cell: 1, signature: null }];
    const { provider, know } = providerOf([{ ...item, line: 1, predictors }]);
    know({ ...nothing, score: bestScore([runItem('a')]) });
    expect(lensesIn(provider, notebook.cells[0]!.document)).toEqual([[0, expect.stringMatching(/demo/)]]);
    expect(lensesIn(provider, notebook.cells[2]!.document)[0]).toEqual([0, '80.0 % (+30.0) p -> w']);
    provider.dispose();
  });

  it('are none in a notebook that was never saved or is none of Jupyter’s', () => {
    const other = new FakeNotebook('/w/notes.md', ['class QA: ...']);
    fake.notebooks.push(other);
    const { provider } = providerOf([{ ...item, file: '/w/notes.md', line: 1, cell: 1 }]);
    expect(lensesIn(provider, other.cells[0]!.document)).toEqual([]);
    const untitled = { uri: Uri.from({ scheme: 'vscode-notebook-cell', path: 'Untitled-1.ipynb', fragment: 'W0' }) };
    expect(lensesIn(provider, untitled)).toEqual([]);
    provider.dispose();
  });
});

describe('settings', () => {
  it('fall back where somebody wrote nonsense', () => {
    fake.settings.set('lenses', 'sometimes').set('optimize.defaultBudgetUsd', -3).set('embedded.home', 7);
    expect(readSettings()).toMatchObject({ lenses: 'all', defaultBudgetUsd: null, embeddedHome: null, estimate: true });
    fake.settings.set('lenses', 'never').set('optimize.defaultBudgetUsd', 5);
    expect(readSettings()).toMatchObject({ lenses: 'never', defaultBudgetUsd: 5 });
  });
});

describe('coalesced', () => {
  it('runs one at a time, and once more however many asked meanwhile', async () => {
    let runs = 0;
    let release = (): void => undefined;
    const work = coalesced(() => {
      runs++;
      return new Promise<void>((resolve) => (release = resolve));
    });
    const first = work();
    const later = [work(), work(), work()];
    expect(runs).toBe(1);
    release();
    await first;
    await expect.poll(() => runs).toBe(2);
    release();
    await Promise.all(later);
    expect(runs).toBe(2);
  });
});

describe('Disposables', () => {
  it('puts away at once what comes too late', () => {
    let gone = 0;
    const parts = new Disposables();
    parts.add({ dispose: () => gone++ });
    parts.dispose();
    expect(gone).toBe(1);
    parts.add({ dispose: () => gone++ });
    expect(gone).toBe(2);
  });
});
