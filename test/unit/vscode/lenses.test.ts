import { beforeEach, describe, expect, it } from 'vitest';
import type { TextDocument } from 'vscode';
import { EventEmitter } from 'vscode';
import { coalesced } from '../../../src/editor/coalesce.ts';
import { Disposables } from '../../../src/vscode/base/disposables.ts';
import type { Knowledge } from '../../../src/vscode/programs/knowledge.ts';
import type { ProgramKnowledge } from '../../../src/editor/items/lensModel.ts';
import { LensProvider } from '../../../src/vscode/views/lensProvider.ts';
import type { ProgramIndex } from '../../../src/vscode/programs/programIndex.ts';
import { bestScore } from '../../../src/editor/items/scores.ts';
import { readSettings } from '../../../src/vscode/base/settings.ts';
import { fake, resetFake, window } from '../../fakes/fakeVscode.ts';
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
    const document = { uri: { fsPath: program.file }, lineCount: 40 } as unknown as TextDocument;
    window.visibleTextEditors = [{ document: { uri: { fsPath: program.file } } }];
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
    window.visibleTextEditors = [{ document: { uri: { fsPath: program.file } } }];
    knowledgeChanged.fire();
    expect(fired).toBe(0);
    known = { ...nothing, score: bestScore([runItem('a')]) };
    knowledgeChanged.fire();
    knowledgeChanged.fire();
    expect(fired).toBe(1);
    expect(titles()[0]).toBe('80.0 % (+30.0) p -> w');
    expect(provider.provideCodeLenses({ ...document, uri: { fsPath: '/w/other.ts' } } as TextDocument)).toEqual([]);
    expect(provider.provideCodeLenses({ ...document, lineCount: 3 } as TextDocument)).toEqual([]);
    window.visibleTextEditors = [];
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
