/**
 * What the extension's parts use of the `vscode` module, as far as unit tests need it. Vitest resolves `vscode` to this
 * file; the real thing is used by the tests in `test/vscode`.
 */
import { FakeTestController } from './fakeTests.ts';

export class Disposable {
  readonly #end: () => void;
  constructor(end: () => void) {
    this.#end = end;
  }
  dispose(): void {
    this.#end();
  }
  static from(...parts: readonly { dispose(): void }[]): Disposable {
    return new Disposable(() => {
      for (const part of parts) part.dispose();
    });
  }
}

export class EventEmitter<T> {
  readonly #listeners = new Set<(value: T) => void>();
  readonly event = (listener: (value: T) => void): Disposable => {
    this.#listeners.add(listener);
    return new Disposable(() => this.#listeners.delete(listener));
  };
  fire(value: T): void {
    for (const listener of [...this.#listeners]) listener(value);
  }
  dispose(): void {
    this.#listeners.clear();
  }
}

export class Position {
  readonly line: number;
  readonly character: number;
  constructor(line: number, character: number) {
    this.line = line;
    this.character = character;
  }
}

export class Range {
  readonly start: Position;
  readonly end: Position;
  constructor(line: number, character: number, endLine: number, endCharacter: number) {
    this.start = new Position(line, character);
    this.end = new Position(endLine, endCharacter);
  }
}

export class RelativePattern {
  readonly base: string;
  readonly pattern: string;
  constructor(base: string, pattern: string) {
    this.base = base;
    this.pattern = pattern;
  }
}

export class CodeLens {
  readonly range: Range;
  readonly command: unknown;
  constructor(range: Range, command: unknown) {
    this.range = range;
    this.command = command;
  }
}

export class ThemeIcon {
  readonly id: string;
  constructor(id: string) {
    this.id = id;
  }
}

export class TreeItem {
  readonly label: string;
  readonly collapsibleState: number | undefined;
  constructor(label: string, collapsibleState?: number) {
    this.label = label;
    this.collapsibleState = collapsibleState;
  }
}

export const TreeItemCollapsibleState = { None: 0, Collapsed: 1, Expanded: 2 } as const;
export const UIKind = { Desktop: 1, Web: 2 } as const;
export const TaskScope = { Global: 1, Workspace: 2 } as const;
export const TaskRevealKind = { Always: 1, Silent: 2, Never: 3 } as const;
export const TaskPanelKind = { Shared: 1, Dedicated: 2, New: 3 } as const;
export const QuickPickItemKind = { Separator: -1, Default: 0 } as const;
export const QuickInputButtons = { Back: {} } as const;
export const ViewColumn = { Active: -1, Beside: -2 } as const;
export const ProgressLocation = { Notification: 15 } as const;
export const StatusBarAlignment = { Left: 1, Right: 2 } as const;

export class CustomExecution {
  readonly callback: (definition: unknown) => Promise<unknown>;
  constructor(callback: (definition: unknown) => Promise<unknown>) {
    this.callback = callback;
  }
}

export class ProcessExecution {
  readonly process: string;
  readonly args: readonly string[];
  readonly options: unknown;
  constructor(process: string, args: readonly string[], options: unknown) {
    this.process = process;
    this.args = args;
    this.options = options;
  }
}

export class Task {
  readonly definition: unknown;
  readonly scope: unknown;
  readonly name: string;
  readonly source: string;
  readonly execution: unknown;
  constructor(definition: unknown, scope: unknown, name: string, source: string, execution: unknown) {
    this.definition = definition;
    this.scope = scope;
    this.name = name;
    this.source = source;
    this.execution = execution;
  }
}

interface UriParts {
  readonly scheme: string;
  readonly path: string;
  readonly query?: string;
  readonly fragment?: string;
}

export const Uri = {
  from: (parts: UriParts) => ({
    ...parts,
    fsPath: parts.path,
    toString: () => `${parts.scheme}:${parts.path}${parts.fragment === undefined ? '' : `#${parts.fragment}`}`,
  }),
  file: (path: string) => Uri.from({ scheme: 'file', path }),
  joinPath: (base: { readonly path: string }, ...parts: readonly string[]) => Uri.file([base.path, ...parts].join('/')),
};

export class CancellationTokenSource {
  readonly #emitter = new EventEmitter<void>();
  readonly token = { isCancellationRequested: false, onCancellationRequested: this.#emitter.event };
  cancel(): void {
    if (this.token.isCancellationRequested) return;
    this.token.isCancellationRequested = true;
    this.#emitter.fire();
  }
  dispose(): void {
    this.#emitter.dispose();
  }
}

export const LanguageModelChatMessage = {
  User: (content: string) => ({ role: 1, content }),
  Assistant: (content: string) => ({ role: 2, content }),
};

export class LanguageModelError extends Error {
  readonly code: string;
  constructor(message: string, code: string) {
    super(message);
    this.code = code;
  }
  static NotFound(message = ''): LanguageModelError {
    return new LanguageModelError(message, 'NotFound');
  }
  static NoPermissions(message = ''): LanguageModelError {
    return new LanguageModelError(message, 'NoPermissions');
  }
}

/** A chat model, as extensions are given it. */
export interface FakeChatModel {
  readonly id: string;
  readonly vendor: string;
  readonly family: string;
  readonly version: string;
  readonly name: string;
  readonly maxInputTokens: number;
  sendRequest(
    messages: readonly unknown[],
    options: unknown,
    token: CancellationTokenSource['token'],
  ): Promise<{ readonly text: AsyncIterable<string> }>;
  countTokens(text: unknown): Promise<number>;
}

export { TestMessage, TestRunProfileKind, TestRunRequest, TestTag } from './fakeTests.ts';

export class Location {
  readonly uri: unknown;
  readonly range: unknown;
  constructor(uri: unknown, range: unknown) {
    this.uri = uri;
    this.range = range;
  }
}

const never = (): Disposable => new Disposable(() => undefined);

interface FakeItem {
  readonly label: string;
  readonly description?: string;
  readonly detail?: string;
}

/** What a test answers a question with to go back. */
export const goBack = '\0back';

/** What questions have in common. */
class FakeQuestion {
  title = '';
  step: number | undefined = undefined;
  totalSteps: number | undefined = undefined;
  buttons: readonly unknown[] = [];
  protected readonly accepted = new EventEmitter<void>();
  readonly #hidden = new EventEmitter<void>();
  readonly #triggered = new EventEmitter<unknown>();
  readonly onDidAccept = this.accepted.event;
  readonly onDidHide = this.#hidden.event;
  readonly onDidTriggerButton = this.#triggered.event;
  protected goBack(): void {
    if (!this.buttons.includes(QuickInputButtons.Back)) throw new Error(`"${this.title}" has no way back`);
    this.#triggered.fire(QuickInputButtons.Back);
  }
  hide(): void {
    this.#hidden.fire();
  }
  dispose(): void {
    this.accepted.dispose();
  }
}

/** A question for a text, answered by the next of `fake.inputs` as soon as it is shown; a text that will not do closes it. */
export class FakeInput extends FakeQuestion {
  prompt = '';
  value = '';
  placeholder: string | undefined = undefined;
  password = false;
  /** What was in it when it was shown. */
  proposed = '';
  validationMessage = '';
  readonly #changed = new EventEmitter<string>();
  readonly onDidChangeValue = this.#changed.event;
  show(): void {
    fake.asked.push(this);
    this.proposed = this.value;
    const text = fake.inputs.shift();
    if (text === undefined) return this.hide();
    if (text === goBack) return this.goBack();
    this.value = text;
    this.#changed.fire(text);
    this.accepted.fire();
    if (this.validationMessage !== '') this.hide();
  }
}

/** A question with choices, answered by the next of `fake.picks` as soon as it is shown. */
export class FakePicker extends FakeQuestion {
  placeholder = '';
  items: readonly FakeItem[] = [];
  selectedItems: readonly FakeItem[] = [];
  show(): void {
    fake.pickers.push(this);
    const label = fake.picks.shift();
    if (label === goBack) return this.goBack();
    const chosen =
      label === undefined ? [] : this.items.filter((item) => item.label.replace(/^\$\([^)]*\) /, '').startsWith(label));
    if (label !== undefined && chosen.length === 0) throw new Error(`"${this.title}" has no choice "${label}"`);
    if (chosen.length === 0) return this.hide();
    this.selectedItems = chosen.slice(0, 1);
    this.accepted.fire();
  }
}

/** A task that was started, as long as it is at work. */
export class FakeExecution {
  readonly task: Task;
  #terminal: { open(dimensions: undefined): void; close(): void } | null = null;
  constructor(task: Task) {
    this.task = task;
  }
  async open(): Promise<void> {
    if (!(this.task.execution instanceof CustomExecution)) return;
    this.#terminal = (await this.task.execution.callback(this.task.definition)) as {
      open(dimensions: undefined): void;
      close(): void;
    };
    this.#terminal.open(undefined);
  }
  /** Its process, or its terminal, ends. */
  end(exitCode: number): void {
    fake.endedProcesses.fire({ execution: this, exitCode });
    this.terminate();
  }
  terminate(): void {
    this.#terminal?.close();
    fake.executions.splice(fake.executions.indexOf(this), 1);
    fake.endedTasks.fire({ execution: this });
  }
}

export const NotebookCellKind = { Markup: 1, Code: 2 } as const;
export const NotebookEditorRevealType = { InCenterIfOutsideViewport: 2 } as const;

export class NotebookRange {
  readonly start: number;
  readonly end: number;
  constructor(start: number, end: number) {
    this.start = start;
    this.end = end;
  }
}

export class NotebookCellData {
  readonly kind: number;
  readonly value: string;
  readonly languageId: string;
  constructor(kind: number, value: string, languageId: string) {
    this.kind = kind;
    this.value = value;
    this.languageId = languageId;
  }
}

export const NotebookEdit = {
  insertCells: (index: number, cells: readonly NotebookCellData[]) => ({ index, cells }),
};

export class WorkspaceEdit {
  readonly edits: (readonly [ReturnType<typeof Uri.file>, readonly ReturnType<typeof NotebookEdit.insertCells>[]])[] =
    [];
  set(uri: ReturnType<typeof Uri.file>, edits: readonly ReturnType<typeof NotebookEdit.insertCells>[]): void {
    this.edits.push([uri, edits]);
  }
}

/** A document in an editor; tests change its text. */
export class FakeDocument {
  readonly uri: ReturnType<typeof Uri.from>;
  readonly languageId: string;
  isDirty = false;
  text: string;
  constructor(uri: ReturnType<typeof Uri.from>, languageId: string, text: string) {
    this.uri = uri;
    this.languageId = languageId;
    this.text = text;
  }
  get lineCount(): number {
    return this.text.split('\n').length;
  }
  getText(): string {
    return this.text;
  }
}

/** A notebook in an editor, of cells of Python and of Markdown. */
export class FakeNotebook {
  readonly uri: ReturnType<typeof Uri.file>;
  readonly notebookType = 'jupyter-notebook';
  isDirty = false;
  cells: readonly { readonly kind: number; readonly document: FakeDocument }[] = [];
  #made = 0;
  constructor(file: string, cells: readonly string[]) {
    this.uri = Uri.file(file);
    this.cells = cells.map((text) => this.cell(text));
  }
  /** A text that begins with `#` is one of Markdown. */
  cell(text: string) {
    const isCode = !text.startsWith('# ');
    const uri = Uri.from({ scheme: 'vscode-notebook-cell', path: this.uri.path, fragment: `W${this.#made++}` });
    const document = new FakeDocument(uri, isCode ? 'python' : 'markdown', text);
    return { kind: isCode ? NotebookCellKind.Code : NotebookCellKind.Markup, document };
  }
  get cellCount(): number {
    return this.cells.length;
  }
  getCells() {
    return this.cells;
  }
  cellAt(index: number) {
    return this.cells[index]!;
  }
  save(): Promise<boolean> {
    this.isDirty = false;
    return Promise.resolve(true);
  }
}

/** What tests set, and what was said to the person. `resetFake` puts it back. */
export const fake = {
  trusted: true,
  settings: new Map<string, unknown>(),
  folders: [] as string[],
  inputs: [] as (string | undefined)[],
  asked: [] as FakeInput[],
  messages: [] as string[],
  /** What stands below each of the messages. */
  details: [] as string[],
  /** The buttons below each of the messages. */
  buttons: [] as (readonly string[])[],
  answers: [] as (string | undefined)[],
  /** Beginnings of the labels to choose, one a question; without one the question is closed. */
  picks: [] as string[],
  /** The questions that were asked. */
  pickers: [] as FakePicker[],
  /** Tasks at work. */
  executions: [] as FakeExecution[],
  endedProcesses: new EventEmitter<{ readonly execution: FakeExecution; readonly exitCode: number }>(),
  endedTasks: new EventEmitter<{ readonly execution: FakeExecution }>(),
  inFront: undefined as
    | {
        readonly document: { readonly uri: ReturnType<typeof Uri.from> };
        readonly selection: { readonly active: { readonly line: number } };
      }
    | undefined,
  /** The folder that is chosen in a dialog. */
  chosenFolder: undefined as string | undefined,
  commands: new Map<string, (...args: unknown[]) => unknown>(),
  executed: [] as (readonly unknown[])[],
  /** When the window has done what it was told. */
  onCommand: (): Promise<unknown> => Promise.resolve(undefined),
  /** Where the extension runs, and where the window is. */
  remoteName: undefined as string | undefined,
  uiKind: UIKind.Desktop as number,
  /** What was handed to the browser. */
  opened: [] as string[],
  /** The file that is chosen to save to. */
  savedTo: undefined as string | undefined,
  /** Documents that were shown. */
  shown: [] as { readonly uri: ReturnType<typeof Uri.from> }[],
  providers: new Map<string, { provideTextDocumentContent(uri: unknown): unknown }>(),
  /** Those of other extensions. */
  chatModels: [] as FakeChatModel[],
  trustGranted: new EventEmitter<void>(),
  /** Documents that were saved. */
  saved: new EventEmitter<{ readonly uri: ReturnType<typeof Uri.file> }>(),
  /** Controllers that were not disposed. */
  testControllers: [] as FakeTestController[],
  /** Documents and notebooks that are open, and what editors tell of them. */
  documents: [] as FakeDocument[],
  notebooks: [] as FakeNotebook[],
  typed: new EventEmitter<unknown>(),
  closed: new EventEmitter<unknown>(),
  cellsChanged: new EventEmitter<unknown>(),
  notebookClosed: new EventEmitter<unknown>(),
  extensions: new Map<string, { isActive: boolean; exports: unknown; activate(): Promise<unknown> }>(),
};

export function resetFake(): void {
  fake.onCommand = () => Promise.resolve(undefined);
  fake.chosenFolder = undefined;
  fake.inFront = undefined;
  fake.trusted = true;
  fake.remoteName = undefined;
  fake.uiKind = UIKind.Desktop;
  fake.savedTo = undefined;
  fake.settings.clear();
  fake.commands.clear();
  fake.extensions.clear();
  fake.providers.clear();
  for (const list of [
    fake.folders,
    fake.inputs,
    fake.asked,
    fake.messages,
    fake.details,
    fake.answers,
    fake.executed,
    fake.shown,
    fake.picks,
    fake.buttons,
    fake.pickers,
    fake.opened,
    fake.executions,
    fake.chatModels,
    fake.testControllers,
    fake.documents,
    fake.notebooks,
  ])
    list.length = 0;
}

const watcher = () => ({ onDidChange: never, onDidCreate: never, onDidDelete: never, dispose: () => undefined });

export const workspace = {
  get isTrusted() {
    return fake.trusted;
  },
  get workspaceFolders() {
    return fake.folders.map((path, index) => ({ uri: Uri.file(path), name: path.split('/').at(-1)!, index }));
  },
  getWorkspaceFolder: (uri: ReturnType<typeof Uri.file>) =>
    workspace.workspaceFolders.find(({ uri: { path } }) => uri.path.startsWith(path)),
  get textDocuments() {
    return fake.documents;
  },
  get notebookDocuments() {
    return fake.notebooks;
  },
  openNotebookDocument: (uri: ReturnType<typeof Uri.file>) => {
    const found = fake.notebooks.find((each) => each.uri.path === uri.path);
    return found === undefined ? Promise.reject(new Error(`no notebook ${uri.path}`)) : Promise.resolve(found);
  },
  getConfiguration: () => ({ get: (key: string) => fake.settings.get(key) }),
  createFileSystemWatcher: watcher,
  findFiles: () => Promise.resolve([]),
  registerTextDocumentContentProvider: (
    scheme: string,
    provider: { provideTextDocumentContent(uri: unknown): unknown },
  ) => {
    fake.providers.set(scheme, provider);
    return new Disposable(() => fake.providers.delete(scheme));
  },
  openTextDocument: (uri: ReturnType<typeof Uri.from>) => Promise.resolve({ uri }),
  applyEdit: ({ edits }: WorkspaceEdit) => {
    for (const [uri, changes] of edits) {
      const notebook = fake.notebooks.find((each) => each.uri.path === uri.path);
      for (const { index, cells } of notebook === undefined ? [] : changes) {
        const added = cells.map(({ value }) => notebook!.cell(value));
        notebook!.cells = notebook!.cells.toSpliced(index, 0, ...added);
        notebook!.isDirty = true;
      }
    }
    return Promise.resolve(true);
  },
  asRelativePath: (path: string | ReturnType<typeof Uri.file>) => (typeof path === 'string' ? path : path.fsPath),
  onDidChangeWorkspaceFolders: never,
  onDidChangeTextDocument: (listener: (event: unknown) => void) => fake.typed.event(listener),
  onDidCloseTextDocument: (listener: (event: unknown) => void) => fake.closed.event(listener),
  onDidChangeNotebookDocument: (listener: (event: unknown) => void) => fake.cellsChanged.event(listener),
  onDidCloseNotebookDocument: (listener: (event: unknown) => void) => fake.notebookClosed.event(listener),
  onDidSaveNotebookDocument: never,
  onDidGrantWorkspaceTrust: (listener: () => void) => fake.trustGranted.event(listener),
  onDidSaveTextDocument: (listener: (document: { readonly uri: ReturnType<typeof Uri.file> }) => void) =>
    fake.saved.event(listener),
  onDidChangeConfiguration: never,
};

const say = (message: string, options?: unknown, ...others: readonly string[]): Promise<string | undefined> => {
  fake.messages.push(message);
  fake.buttons.push(typeof options === 'string' ? [options, ...others] : others);
  const { detail = '' } = (typeof options === 'object' ? options : {}) as { readonly detail?: string };
  fake.details.push(detail);
  return Promise.resolve(fake.answers.shift());
};

export const window = {
  createQuickPick: () => new FakePicker(),
  showSaveDialog: () => Promise.resolve(fake.savedTo === undefined ? undefined : Uri.file(fake.savedTo)),
  showOpenDialog: () => Promise.resolve(fake.chosenFolder === undefined ? [] : [Uri.file(fake.chosenFolder)]),
  withProgress: (_: unknown, work: (progress: unknown, token: unknown) => unknown) =>
    work({ report: () => undefined }, { isCancellationRequested: false, onCancellationRequested: never }),
  /** The text editor in front, and where its cursor is. */
  get activeTextEditor() {
    return fake.inFront;
  },
  visibleTextEditors: [] as { readonly document: { readonly uri: ReturnType<typeof Uri.from> } }[],
  /** All that are open. */
  get visibleNotebookEditors() {
    return fake.notebooks.map((notebook) => ({ notebook }));
  },
  showNotebookDocument: (notebook: FakeNotebook) => {
    fake.shown.push(notebook);
    return Promise.resolve({ revealRange: () => undefined });
  },
  createInputBox: () => new FakeInput(),
  showTextDocument: (shown: (typeof fake.shown)[number] | ReturnType<typeof Uri.from>) => {
    fake.shown.push('uri' in shown ? shown : { uri: shown });
    return Promise.resolve();
  },
  showErrorMessage: say,
  showInformationMessage: say,
  showWarningMessage: say,
};

export const commands = {
  registerCommand: (id: string, run: (...args: unknown[]) => unknown) => {
    fake.commands.set(id, run);
    return new Disposable(() => fake.commands.delete(id));
  },
  executeCommand: (...call: readonly unknown[]) => {
    fake.executed.push(call);
    return fake.onCommand();
  },
};

/** English: no bundle. */
export const l10n = { bundle: undefined };

export const env = {
  get remoteName() {
    return fake.remoteName;
  },
  get uiKind() {
    return fake.uiKind;
  },
  openExternal: (uri: ReturnType<typeof Uri.file>) => {
    fake.opened.push(uri.fsPath);
    return Promise.resolve(true);
  },
};

/** By id: what an extension exports; tests set it. */
export const extensions = {
  getExtension: (id: string) => fake.extensions.get(id),
};

export const tasks = {
  registerTaskProvider: never,
  get taskExecutions() {
    return fake.executions;
  },
  executeTask: async (task: Task) => {
    const execution = new FakeExecution(task);
    fake.executions.push(execution);
    await execution.open();
    return execution;
  },
  onDidEndTaskProcess: (listener: (event: { readonly execution: FakeExecution; readonly exitCode: number }) => void) =>
    fake.endedProcesses.event(listener),
  onDidEndTask: (listener: (event: { readonly execution: FakeExecution }) => void) => fake.endedTasks.event(listener),
};
export const lm = { selectChatModels: () => Promise.resolve([...fake.chatModels]) };
export const languages = { registerCodeLensProvider: never };

export class LanguageModelTextPart {
  readonly value: string;
  constructor(value: string) {
    this.value = value;
  }
}

export class LanguageModelToolResult {
  readonly content: readonly unknown[];
  constructor(content: readonly unknown[]) {
    this.content = content;
  }
}

export class CancellationError extends Error {
  override readonly name = 'CancellationError';
}
export const tests = {
  createTestController: (id: string, label: string) => {
    const controller = new FakeTestController(id, label, () => {
      fake.testControllers.splice(fake.testControllers.indexOf(controller), 1);
    });
    fake.testControllers.push(controller);
    return controller;
  },
};

export class McpStdioServerDefinition {
  readonly label: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly version: string;
  constructor(label: string, command: string, args: string[], env: Record<string, string>, version: string) {
    this.label = label;
    this.command = command;
    this.args = args;
    this.env = env;
    this.version = version;
  }
}
