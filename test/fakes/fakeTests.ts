/** VS Code's testing API as far as unit tests need it: it keeps what it is told. */
export const TestRunProfileKind = { Run: 1, Debug: 2, Coverage: 3 } as const;

export class TestTag {
  readonly id: string;
  constructor(id: string) {
    this.id = id;
  }
}

export class TestMessage {
  readonly message: string;
  expectedOutput?: string;
  actualOutput?: string;
  location?: unknown;
  contextValue?: string;
  constructor(message: string) {
    this.message = message;
  }
}

export class TestRunRequest {
  readonly include: readonly FakeTestItem[] | undefined;
  readonly exclude: readonly FakeTestItem[] | undefined;
  readonly profile: unknown;
  readonly continuous: boolean;
  constructor(
    include?: readonly FakeTestItem[],
    exclude?: readonly FakeTestItem[],
    profile?: unknown,
    continuous = false,
  ) {
    this.include = include;
    this.exclude = exclude;
    this.profile = profile;
    this.continuous = continuous;
  }
}

class FakeItems {
  readonly #items = new Map<string, FakeTestItem>();
  readonly #above: FakeTestItem | undefined;
  constructor(above?: FakeTestItem) {
    this.#above = above;
  }
  get size(): number {
    return this.#items.size;
  }
  [Symbol.iterator](): IterableIterator<[string, FakeTestItem]> {
    return this.#items[Symbol.iterator]();
  }
  get(id: string): FakeTestItem | undefined {
    return this.#items.get(id);
  }
  add(item: FakeTestItem): void {
    item.parent = this.#above;
    this.#items.set(item.id, item);
  }
  delete(id: string): void {
    this.#items.delete(id);
  }
  replace(items: readonly FakeTestItem[]): void {
    this.#items.clear();
    for (const item of items) this.add(item);
  }
}

export class FakeTestItem {
  readonly id: string;
  label: string;
  readonly uri: { readonly fsPath: string } | undefined;
  readonly children: FakeItems;
  parent: FakeTestItem | undefined;
  description: string | undefined;
  error: string | undefined;
  range: unknown;
  sortText: string | undefined;
  tags: readonly TestTag[] = [];
  canResolveChildren = false;
  busy = false;
  constructor(id: string, label: string, uri: { readonly fsPath: string } | undefined) {
    this.id = id;
    this.label = label;
    this.uri = uri;
    this.children = new FakeItems(this);
  }
  /** Ids and labels of the items below, in the order that VS Code shows. */
  get shown(): readonly string[] {
    return [...this.children]
      .map(([, item]) => item)
      .sort((a, b) => ((a.sortText ?? a.label) < (b.sortText ?? b.label) ? -1 : 1))
      .map(({ label }) => label);
  }
}

/** A cancellation that a test makes. */
export class FakeToken {
  isCancellationRequested = false;
  readonly #listeners: (() => void)[] = [];
  onCancellationRequested = (listener: () => void): { dispose(): void } => {
    this.#listeners.push(listener);
    return { dispose: () => undefined };
  };
  cancel(): void {
    this.isCancellationRequested = true;
    for (const listener of this.#listeners) listener();
  }
}

export class FakeTestRun {
  readonly request: TestRunRequest;
  readonly name: string | undefined;
  readonly token = new FakeToken();
  /** The latest state of each item that was told one, by id. */
  readonly states = new Map<string, string>();
  readonly messages = new Map<string, TestMessage>();
  output = '';
  ended = false;
  constructor(request: TestRunRequest, name: string | undefined) {
    this.request = request;
    this.name = name;
  }
  enqueued(item: FakeTestItem): void {
    this.#set(item, 'enqueued');
  }
  started(item: FakeTestItem): void {
    this.#set(item, 'started');
  }
  passed(item: FakeTestItem): void {
    this.#set(item, 'passed');
  }
  failed(item: FakeTestItem, message: TestMessage): void {
    this.#set(item, 'failed', message);
  }
  errored(item: FakeTestItem, message: TestMessage): void {
    this.#set(item, 'errored', message);
  }
  appendOutput(text: string): void {
    this.output += text;
  }
  end(): void {
    this.ended = true;
  }
  #set({ id }: FakeTestItem, state: string, message?: TestMessage): void {
    if (this.ended) throw new Error(`"${id}" was told "${state}" after the end of its run`);
    this.states.set(id, state);
    if (message !== undefined) this.messages.set(id, message);
  }
}

interface FakeProfile {
  readonly label: string;
  readonly run: (request: TestRunRequest, token: FakeToken) => Promise<void>;
  readonly isDefault: boolean;
  readonly tag: TestTag | undefined;
  readonly continuous: boolean;
}

export class FakeTestController {
  readonly id: string;
  readonly label: string;
  readonly items = new FakeItems();
  readonly profiles: FakeProfile[] = [];
  readonly runs: FakeTestRun[] = [];
  resolveHandler: ((item: FakeTestItem | undefined) => Promise<void>) | undefined;
  refreshHandler: (() => Promise<void>) | undefined;
  readonly #end: () => void;
  constructor(id: string, label: string, end: () => void) {
    this.id = id;
    this.label = label;
    this.#end = end;
  }
  createTestItem(id: string, label: string, uri?: { readonly fsPath: string }): FakeTestItem {
    return new FakeTestItem(id, label, uri);
  }
  createRunProfile(
    label: string,
    _kind: number,
    run: FakeProfile['run'],
    isDefault = false,
    tag?: TestTag,
    continuous = false,
  ): { dispose(): void } {
    this.profiles.push({ label, run, isDefault, tag, continuous });
    return { dispose: () => undefined };
  }
  createTestRun(request: TestRunRequest, name?: string): FakeTestRun {
    const run = new FakeTestRun(request, name);
    this.runs.push(run);
    return run;
  }
  dispose(): void {
    this.#end();
  }
}
