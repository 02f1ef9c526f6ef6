/** The programs of the workspace, found in the background and kept up to date while somebody types. */
import { join, relative, sep } from 'node:path';
import * as vscode from 'vscode';
import { nothingFound } from '../../detect/base/found.ts';
import type { Found } from '../../detect/base/found.ts';
import { languageNames, languages } from '../../data/language.ts';
import { messageOf } from '../../base/errors.ts';
import { coalesced, debounced } from '../../editor/coalesce.ts';
import { Disposables } from '../base/disposables.ts';
import type { Roots } from './roots.ts';
import type { Finder } from '../../editor/finder.ts';
import { mergePrograms } from '../../editor/items/merge.ts';
import type { ProgramItem } from '../../editor/items/programItem.ts';
import { shiftLine } from '../../editor/shiftLines.ts';
import type { Log } from '../base/log.ts';

const editorIds: ReadonlySet<string> = new Set(languageNames.flatMap((name) => languages[name].editorIds));
const typingPauseMs = 300;
const diskPauseMs = 300;
const endings = languageNames.flatMap((name) => languages[name].endings.map((ending) => ending.slice(1)));
export const sourcesPattern = `**/*.{${endings.join(',')}}`;
const notSources = /[\\/](node_modules|\.bettertogether|\.venv|venv|site-packages|\.git)[\\/]/;

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
    this.#parts.add(vscode.workspace.onDidCloseTextDocument((document) => void this.#edit(document, true)));
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
        .map(({ file, name }) => ({ file: join(folder, ...file.split('/')), name }))
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
    this.#items = mergePrograms(found, this.#roots.all, (file) => this.#roots.of(file)?.folder);
    this.#changed.fire();
  }

  /** Lines move at once, the source is read again when the typing pauses. */
  #typed({ document, contentChanges }: vscode.TextDocumentChangeEvent): void {
    if (!isSource(document) || contentChanges.length === 0) return;
    const file = document.uri.fsPath;
    const changes = contentChanges.map(({ range, text }) => ({ start: range.start.line, end: range.end.line, text }));
    const moved = (line: number): number => changes.reduce(shiftLine, line);
    this.#items = this.#items.map((item) => (item.file === file ? withLines(item, moved) : item));
    const typing = this.#typing.get(file) ?? debounced(() => void this.#edit(document, false), typingPauseMs);
    this.#typing.set(file, typing);
    typing();
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
    const shown = new Map(vscode.workspace.textDocuments.map((document) => [document.uri.fsPath, document]));
    for (const [file, gone] of touched) {
      const document = shown.get(file);
      await this.#read(file, document?.isDirty === true ? document.getText() : null, gone);
    }
    this.#merge();
  }

  async #edit(document: vscode.TextDocument, closed: boolean): Promise<void> {
    if (!isSource(document)) return;
    const file = document.uri.fsPath;
    const typing = this.#typing.get(file);
    // An unedited document says nothing that the file does not.
    if (typing === undefined) return;
    if (closed) typing.cancel();
    if (closed) this.#typing.delete(file);
    await this.#read(file, closed ? null : document.getText());
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

function isSource({ uri, languageId }: vscode.TextDocument): boolean {
  return uri.scheme === 'file' && editorIds.has(languageId);
}

function withLines(item: ProgramItem, moved: (line: number) => number): ProgramItem {
  const predictors = item.predictors.map((each) =>
    each.file === undefined ? { ...each, line: moved(each.line) } : each,
  );
  return { ...item, line: item.line === null ? null : moved(item.line), predictors };
}

function workspaceFolders(): readonly string[] {
  return (vscode.workspace.workspaceFolders ?? []).flatMap(({ uri }) => (uri.scheme === 'file' ? [uri.fsPath] : []));
}
