/** The items of the Test Explorer: programs, their rows, and apart from these the rows that are held out. The only maker of test items. */
import * as l10n from '../../base/l10n.ts';
import * as vscode from 'vscode';
import { HumanError, messageOf } from '../../base/errors.ts';
import type { Example } from '../../data/program.ts';
import type { ProgramTest, TestSplit } from '../../editor/tests/programTests.ts';
import { listedRows, listedText, rowId, rowsListedAtMost, rowTest } from '../../editor/tests/rowTests.ts';
import { hoverText, uiText } from '../../editor/uiText.ts';
import { folderNameOf } from '../base/folders.ts';

export type TestNode =
  | { readonly kind: 'program' | 'heldOut'; readonly test: ProgramTest }
  | { readonly kind: 'row'; readonly test: ProgramTest; readonly split: TestSplit; readonly row: Example };

export interface TreeParts {
  readonly controller: vscode.TestController;
  /** @throws HumanError saying why the rows cannot be had. */
  load(test: ProgramTest, split: TestSplit): Promise<readonly Example[]>;
  /** The program's score in words; '' where it has none. */
  scoreOf(test: ProgramTest): string;
}

/** What items of a profile carry: VS Code runs no others with it. */
export const splitTags: Readonly<Record<TestSplit, vscode.TestTag>> = {
  dev: new vscode.TestTag('dev'),
  test: new vscode.TestTag('test'),
};

const heldOutId = 'heldOut';
const heldOutText = l10n.t('held out: only run by themselves');

export class TestTree {
  readonly #parts: TreeParts;
  readonly #nodes = new WeakMap<vscode.TestItem, TestNode>();
  readonly #rows = new Map<string, readonly Example[]>();
  readonly #failed = new Map<string, Set<number>>();

  constructor(parts: TreeParts) {
    this.#parts = parts;
  }

  nodeOf(item: vscode.TestItem): TestNode | undefined {
    return this.#nodes.get(item);
  }

  /** The items of the programs. */
  get programs(): readonly vscode.TestItem[] {
    return [...this.#parts.controller.items].map(([, item]) => item);
  }

  /** `undefined`: it is not configured any more. */
  find(id: string): { readonly item: vscode.TestItem; readonly test: ProgramTest } | undefined {
    const item = this.#parts.controller.items.get(id);
    const node = item === undefined ? undefined : this.#nodes.get(item);
    return item === undefined || node === undefined ? undefined : { item, test: node.test };
  }

  /** The item that the rows of a split are below. */
  above(test: ProgramTest, split: TestSplit): vscode.TestItem | undefined {
    const program = this.#parts.controller.items.get(test.id);
    return split === 'dev' ? program : program?.children.get(heldOutId);
  }

  /** `undefined`: the row is not listed. */
  rowItem(test: ProgramTest, split: TestSplit, row: number): vscode.TestItem | undefined {
    return this.above(test, split)?.children.get(rowId(split, row));
  }

  /** The row as it was read last. */
  row(test: ProgramTest, split: TestSplit, row: number): Example | undefined {
    return this.#rows.get(keyOf(test, split))?.find(({ id }) => id === row);
  }

  /**
   * Makes the items those of these programs; rows stay where their program says the same as before.
   *
   * @param kept folders whose configuration cannot be read just now: their items are left as they are, with the reason.
   */
  sync(tests: readonly ProgramTest[], kept: ReadonlyMap<string, string>): void {
    const { items } = this.#parts.controller;
    const ids = new Set(tests.map(({ id }) => id));
    for (const item of this.programs) {
      const problem = kept.get(this.#nodes.get(item)?.test.program.root ?? '');
      if (problem !== undefined) item.error = hoverText(problem);
      else if (!ids.has(item.id)) items.delete(item.id);
    }
    for (const test of tests) this.#syncProgram(test);
  }

  /** Scores are others now. */
  describe(): void {
    for (const item of this.programs) this.#describe(item, this.#nodes.get(item)!.test);
  }

  /** Lists the rows below an item that was opened; what is in the way is shown there. */
  async resolve(item: vscode.TestItem): Promise<void> {
    const node = this.#nodes.get(item);
    if (node === undefined || node.kind === 'row') return;
    item.busy = true;
    try {
      await this.list(node.test, node.kind === 'program' ? 'dev' : 'test');
    } catch (error) {
      if (!(error instanceof HumanError)) throw error;
      item.error = hoverText(messageOf(error));
    } finally {
      item.busy = false;
    }
  }

  /** Reads the rows of a split anew, lists them, and returns them all. Errors as `TreeParts.load`. */
  async list(test: ProgramTest, split: TestSplit): Promise<readonly Example[]> {
    const rows = await this.#parts.load(test, split);
    this.#rows.set(keyOf(test, split), rows);
    const item = this.above(test, split);
    if (item !== undefined) item.error = undefined;
    this.#show(test, split);
    return rows;
  }

  /** Rows that just failed, or did not: of more than can be listed, the failed ones are. */
  judged(test: ProgramTest, split: TestSplit, row: number, passed: boolean): void {
    const failed = this.#failed.get(keyOf(test, split)) ?? new Set();
    this.#failed.set(keyOf(test, split), failed);
    if (passed) failed.delete(row);
    else failed.add(row);
  }

  /** Lists anew after an evaluation; rows that come into the list by it. */
  relist(test: ProgramTest, split: TestSplit): readonly Example[] {
    const rows = this.#rows.get(keyOf(test, split)) ?? [];
    if (rows.length <= rowsListedAtMost) return [];
    return this.#show(test, split);
  }

  #syncProgram(test: ProgramTest): void {
    const { items } = this.#parts.controller;
    const { file, line, cell } = test.program;
    const known = items.get(test.id);
    const before = known === undefined ? undefined : this.#nodes.get(known)?.test;
    const item =
      known !== undefined && known.uri?.fsPath === file
        ? known
        : this.#item(test.id, { kind: 'program', test }, test.key, file);
    this.#nodes.set(item, { kind: 'program', test });
    item.error = undefined;
    // The line of a cell is none of the file.
    const isInCell = cell !== undefined && file.endsWith('.ipynb');
    item.range = line === null || isInCell ? undefined : new vscode.Range(line - 1, 0, line - 1, 0);
    item.tags = test.hasTest ? [splitTags.dev, splitTags.test] : [splitTags.dev];
    item.canResolveChildren = true;
    if (item !== known) items.add(item);
    this.#syncHeldOut(item, test);
    this.#describe(item, test);
    if (before !== undefined && before.settings !== test.settings) this.#readAgain(item, test);
  }

  #syncHeldOut(program: vscode.TestItem, test: ProgramTest): void {
    const known = program.children.get(heldOutId);
    if (!test.hasTest) return program.children.delete(heldOutId);
    const node: TestNode = { kind: 'heldOut', test };
    const item = known ?? this.#item(heldOutId, node, l10n.t('Test rows'), test.program.file);
    this.#nodes.set(item, node);
    if (known !== undefined) return;
    item.description = heldOutText;
    item.tags = [splitTags.test];
    item.canResolveChildren = true;
    // Behind all rows.
    item.sortText = 'held out';
    program.children.add(item);
  }

  /** The entry says something else: its rows may be of other files. */
  #readAgain(item: vscode.TestItem, test: ProgramTest): void {
    for (const split of ['dev', 'test'] as const) {
      const wasRead = this.#rows.delete(keyOf(test, split));
      this.#failed.delete(keyOf(test, split));
      if (!wasRead) continue;
      this.#show(test, split);
      const above = split === 'dev' ? item : item.children.get(heldOutId);
      if (above !== undefined) void this.resolve(above);
    }
  }

  #show(test: ProgramTest, split: TestSplit): readonly Example[] {
    const above = this.above(test, split);
    if (above === undefined) return [];
    const listed = listedRows(
      this.#rows.get(keyOf(test, split)) ?? [],
      this.#failed.get(keyOf(test, split)) ?? new Set(),
    );
    const fresh: Example[] = [];
    const children = listed.rows.map((row) => {
      const known = above.children.get(rowId(split, row.id));
      if (known === undefined) fresh.push(row);
      return this.#rowItem(known, test, split, row);
    });
    const heldOut = split === 'dev' ? above.children.get(heldOutId) : undefined;
    above.children.replace(heldOut === undefined ? children : [...children, heldOut]);
    if (split === 'dev') this.#describe(above, test);
    else above.description = [listedText(listed), heldOutText].filter(Boolean).join(' · ');
    return fresh;
  }

  #rowItem(known: vscode.TestItem | undefined, test: ProgramTest, split: TestSplit, row: Example): vscode.TestItem {
    const { id, label, description, sortText } = rowTest(split, row);
    const item = known ?? this.#item(id, { kind: 'row', test, split, row }, label, test.program.file);
    this.#nodes.set(item, { kind: 'row', test, split, row });
    const shown = uiText(label);
    if (item.label !== shown) item.label = shown;
    const about = uiText(description);
    if (item.description !== about) item.description = about;
    item.sortText = sortText;
    if (known === undefined) item.tags = [splitTags[split]];
    return item;
  }

  #describe(item: vscode.TestItem, test: ProgramTest): void {
    const rows = this.#rows.get(keyOf(test, 'dev')) ?? [];
    const listed = listedText(listedRows(rows, new Set()));
    const parts = [folderNameOf(test.program.root), this.#parts.scoreOf(test), listed];
    const description = uiText(parts.filter(Boolean).join(' · '));
    if (item.description !== description) item.description = description;
  }

  #item(id: string, node: TestNode, label: string, file: string): vscode.TestItem {
    const item = this.#parts.controller.createTestItem(id, uiText(label), vscode.Uri.file(file));
    this.#nodes.set(item, node);
    return item;
  }
}

const keyOf = ({ id }: ProgramTest, split: TestSplit): string => `${split} ${id}`;
