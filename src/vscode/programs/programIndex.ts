/** The programs of the workspace, found in the background and kept up to date while somebody types. */
import { relative, sep } from 'node:path';
import * as vscode from 'vscode';
import { nothingFound } from '../../detect/base/found.ts';
import type { Found } from '../../detect/base/found.ts';
import { languageNames, languages } from '../../data/language.ts';
import { messageOf } from '../../base/errors.ts';
import { isOneFile } from '../../base/oneFile.ts';
import { coalesced, debounced } from '../../editor/coalesce.ts';
import { Disposables } from '../base/disposables.ts';
import type { Roots } from './roots.ts';
import type { Finder } from '../../editor/finder.ts';
import { fileIn, mergePrograms } from '../../editor/items/merge.ts';
import type { ProgramItem } from '../../editor/items/programItem.ts';
import { shiftCell, shiftLine } from '../../editor/shiftLines.ts';
import { isJupyter, placeOf, shownDocument, textOf } from '../base/openNotebooks.ts';
import type { Log } from '../base/log.ts';

const editorIds: ReadonlySet<string> = new Set(languageNames.flatMap((name) => languages[name].editorIds));
const typingPauseMs = 300;
const diskPauseMs = 300;
const endings = languageNames.flatMap((name) => languages[name].endings.map((ending) => ending.slice(1)));
export const sourcesPattern = `**/*.{${[...new Set([...endings, 'ipynb'])].join(',')}}`;
const notSources = /[\\/](node_modules|\.bettertogether|\.venv|venv|site-packages|\.git|\.ipynb_checkpoints)[\\/]/;

export class ProgramIndex implements vscode.Disposable {
  readonly #parts = new Disposables();
  readonly #changed = this.#parts.add(new vscode.EventEmitter<void>());
  readonly onDidChange = this.#changed.event;
  readonly #finder: Finder;
  readonly #roots: Roots;
  readonly #log: Pick<Log, 'warn' | 'debug'>;
  readonly #found = new Map<string, Found>();
  readonly #typing = new Map<string, ReturnType<typeof debounced>>();
  readonly #onDisk = new Map<string, boolean>();
  readonly #settle = debounced(() => void this.#readTouched(), diskPauseMs);
  #items: readonly ProgramItem[] = [];

  constructor(finder: Finder, roots: Roots, log: Pick<Log, 'warn' | 'debug'>) {
    this.#finder = finder;
    this.#roots = roots;
    this.#log = log;
    this.#parts.add(vscode.workspace.onDidChangeWorkspaceFolders(() => void this.refresh()));
    this.#parts.add(vscode.workspace.onDidChangeTextDocument((event) => this.#typed(event)));
    this.#parts.add(vscode.workspace.onDidChangeNotebookDocument((event) => this.#cellsChanged(event)));
    this.#parts.add(vscode.workspace.onDidCloseTextDocument((document) => this.#closed(document)));
    this.#parts.add(vscode.workspace.onDidCloseNotebookDocument((notebook) => this.#closed(notebook)));
    const watcher = this.#parts.add(vscode.workspace.createFileSystemWatcher(sourcesPattern));
    this.#parts.add(watcher.onDidChange((uri) => this.#touched(uri, false)));
    this.#parts.add(watcher.onDidCreate((uri) => this.#touched(uri, false)));
    this.#parts.add(watcher.onDidDelete((uri) => this.#touched(uri, true)));
    this.#parts.add({ dispose: () => this.#settle.cancel() });
    this.#parts.add(roots.onDidChange(() => this.#merge()));
  }

  get all(): readonly ProgramItem[] {
    return this.#items;
  }

  inFile(file: string): readonly ProgramItem[] {
    return this.#items.filter((item) => item.file === file);
  }

  /** Functions in the shape of a metric, and data built in code, in the sources of a root. Files are absolute. */
  namesIn(root: string, what: 'metrics' | 'datasets'): readonly { readonly file: string; readonly name: string }[] {
    return [...this.#found].flatMap(([folder, found]) =>
      found[what]
        .map(({ file, name }) => ({ file: fileIn(folder, file), name }))
        .filter(({ file }) => this.#roots.of(file)?.folder === root),
    );
  }

  /** Reads all folders, or what changed in them. */
  readonly refresh = coalesced(async () => {
    for (const folder of workspaceFolders()) {
      const began = performance.now();
      const found = await this.#finder.scan(folder).catch((error: unknown) => this.#failed(folder, error));
      this.#found.set(folder, found);
      for (const { file, why } of found.problems ?? []) this.#log.warn(`${folder}: ${file}: ${why}`);
      this.#log.debug(`${folder}: ${found.programs.length} programs, ${Math.round(performance.now() - began)} ms`);
    }
    for (const folder of [...this.#found.keys()]) {
      if (!workspaceFolders().includes(folder)) this.#found.delete(folder);
    }
    this.#merge();
  });

  dispose(): void {
    for (const typing of this.#typing.values()) typing.cancel();
    this.#parts.dispose();
  }

  #failed(folder: string, error: unknown): Found {
    this.#log.warn(`programs in ${folder} could not be looked for: ${messageOf(error)}`);
    return this.#found.get(folder) ?? nothingFound;
  }

  #merge(): void {
    const found = [...this.#found].map(([folder, each]) => ({ folder, found: each }));
    this.#items = mergePrograms(found, this.#roots.all, (file) => this.#roots.of(file)?.folder, isOneFile);
    this.#changed.fire();
  }

  /** Lines move at once, the source is read again when the typing pauses. */
  #typed({ document, contentChanges }: vscode.TextDocumentChangeEvent): void {
    const place = isSource(document) ? placeOf(document) : null;
    if (place === null || contentChanges.length === 0) return;
    const changes = contentChanges.map(({ range, text }) => ({ start: range.start.line, end: range.end.line, text }));
    this.#move(place.file, (at) => (inCell(at, place.cell) ? { ...at, line: changes.reduce(shiftLine, at.line) } : at));
  }

  /** Cells that come and go take the numbers of those behind them along. */
  #cellsChanged({ notebook, contentChanges }: vscode.NotebookDocumentChangeEvent): void {
    if (!isJupyter(notebook) || contentChanges.length === 0) return;
    const changes = contentChanges.map(({ range, addedCells }) => ({
      start: range.start,
      end: range.end,
      added: addedCells.length,
    }));
    const moved = (cell: number): number => changes.reduce(shiftCell, cell);
    this.#move(notebook.uri.fsPath, (at) => (at.cell === undefined ? at : { ...at, cell: moved(at.cell) }));
  }

  #move(file: string, moved: Move): void {
    this.#items = this.#items.map((item) => (item.file === file ? moving(item, moved) : item));
    const typing = this.#typing.get(file) ?? debounced(() => void this.#edit(file), typingPauseMs);
    this.#typing.set(file, typing);
    typing();
  }

  /** An unedited document says nothing that the file does not. */
  #closed(document: vscode.TextDocument | vscode.NotebookDocument): void {
    const { scheme, fsPath } = document.uri;
    const typing = scheme === 'file' ? this.#typing.get(fsPath) : undefined;
    if (typing === undefined) return;
    typing.cancel();
    this.#typing.delete(fsPath);
    void this.#edit(fsPath, null);
  }

  #touched({ fsPath }: vscode.Uri, gone: boolean): void {
    if (notSources.test(fsPath)) return;
    this.#onDisk.set(fsPath, gone);
    this.#settle();
  }

  /** A checkout changes many files at once: they are taken in together. */
  async #readTouched(): Promise<void> {
    const touched = [...this.#onDisk];
    this.#onDisk.clear();
    for (const [file, gone] of touched) await this.#read(file, unsavedText(file), gone);
    this.#merge();
  }

  /** @param text as an editor shows it; `null`: as it is on the disk. */
  async #edit(file: string, text = shownText(file)): Promise<void> {
    await this.#read(file, text);
    this.#merge();
  }

  /** @param text as an editor shows it; `null`: as it is on the disk. */
  async #read(file: string, text: string | null, gone = false): Promise<void> {
    const folder = workspaceFolders().find((each) => file.startsWith(each + sep));
    if (folder === undefined || notSources.test(file)) return;
    const path = relative(folder, file).split(sep).join('/');
    const reading = gone ? this.#finder.remove(folder, path) : this.#finder.edit(folder, path, text);
    this.#found.set(folder, await reading.catch((error: unknown) => this.#failed(folder, error)));
  }
}

function isSource({ languageId }: vscode.TextDocument): boolean {
  return editorIds.has(languageId);
}

/** As an editor shows it; `null` where none does. */
function shownText(file: string): string | null {
  const shown = shownDocument(file);
  if (shown === undefined) return null;
  return 'getText' in shown ? shown.getText() : textOf(shown);
}

function unsavedText(file: string): string | null {
  return shownDocument(file)?.isDirty === true ? shownText(file) : null;
}

interface At {
  readonly line: number;
  readonly cell?: number;
}
type Move = (at: At) => At;

/** @param cell `null`: of a file without cells of its own; marimo's are in the file. */
function inCell(at: At, cell: number | null): boolean {
  return cell === null || at.cell === cell;
}

function moving(item: ProgramItem, moved: Move): ProgramItem {
  const predictors = item.predictors.map((each) =>
    each.file === undefined ? { ...each, ...moved(placeIn(each)) } : each,
  );
  const { line } = item;
  return { ...item, ...(line !== null && moved(placeIn({ ...item, line }))), predictors };
}

function placeIn({ line, cell }: At): At {
  return { line, ...(cell !== undefined && { cell }) };
}

function workspaceFolders(): readonly string[] {
  return (vscode.workspace.workspaceFolders ?? []).flatMap(({ uri }) => (uri.scheme === 'file' ? [uri.fsPath] : []));
}
