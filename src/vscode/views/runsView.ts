import * as vscode from 'vscode';
import { comparisonTitle, runsOfComparison } from '../../editor/items/comparisonText.ts';
import type { ComparisonItem, ComparisonStore } from '../runs/comparisonStore.ts';
import { Disposables } from '../base/disposables.ts';
import { commandIds } from '../../editor/names.ts';
import type { RunItem } from '../../editor/items/runItem.ts';
import { localTime } from '../../editor/items/runItem.ts';
import type { RunStore } from '../runs/runStore.ts';
import { runTreeItem } from './runTreeItem.ts';
import { TreeChanges } from './treeChanges.ts';
import { treeItem } from './treeItem.ts';

export type RunsNode =
  | { readonly kind: 'run'; readonly run: RunItem; readonly cell: boolean }
  | { readonly kind: 'comparison'; readonly comparison: ComparisonItem };

/** All runs and comparisons: those at work first, then the latest. The runs of a comparison are inside of it. */
export class RunsView implements vscode.TreeDataProvider<RunsNode>, vscode.Disposable {
  readonly #parts = new Disposables();
  readonly #changed = this.#parts.add(new vscode.EventEmitter<RunsNode | undefined>());
  readonly onDidChangeTreeData = this.#changed.event;
  readonly #changes = new TreeChanges<RunsNode>(this.#changed);
  readonly #runs: RunStore;
  readonly #comparisons: ComparisonStore;

  constructor(runs: RunStore, comparisons: ComparisonStore) {
    this.#runs = runs;
    this.#comparisons = comparisons;
    for (const { onDidChange } of [runs, comparisons]) this.#parts.add(onDidChange(() => this.#update()));
  }

  getChildren(node?: RunsNode): RunsNode[] {
    if (node === undefined) return this.#top().map((each) => this.#changes.node(idOf(each), each));
    if (node.kind === 'run') return [];
    const ids = new Set(runsOfComparison(node.comparison.comparison));
    return this.#runs.all
      .filter(({ run }) => ids.has(run.id))
      .map((run) => ({ kind: 'run', run, cell: true }) as const)
      .map((each) => this.#changes.node<RunsNode>(idOf(each), each));
  }

  getTreeItem(node: RunsNode): vscode.TreeItem {
    const item = node.kind === 'run' ? runTreeItem(node.run, 'inRuns') : comparisonTreeItem(node.comparison);
    return Object.assign(item, { id: idOf(node) });
  }

  dispose(): void {
    this.#parts.dispose();
  }

  #top(): readonly RunsNode[] {
    const runs = this.#runs.all.filter((run) => !this.#comparisons.has(run));
    const nodes: RunsNode[] = [
      ...this.#comparisons.all.map((comparison) => ({ kind: 'comparison', comparison }) as const),
      ...runs.map((run) => ({ kind: 'run', run, cell: false }) as const),
    ];
    const works = (node: RunsNode): number => Number(statusOf(node) === 'running');
    // Ids begin with the time.
    return nodes.toSorted((a, b) => works(b) - works(a) || (locationOf(a).id < locationOf(b).id ? 1 : -1));
  }

  #update(): void {
    const nodes = this.getChildren().flatMap((node) => [node, ...this.getChildren(node)]);
    const items = new Map(nodes.map((node) => [idOf(node), this.getTreeItem(node)]));
    this.#changes.update([...items.keys()], items);
  }
}

const statusOf = (node: RunsNode): string => (node.kind === 'run' ? node.run.status : node.comparison.status);
const locationOf = (node: RunsNode) => (node.kind === 'run' ? node.run.run : node.comparison.location);
const idOf = (node: RunsNode): string => locationOf(node).folder;

const icons = { running: 'sync~spin', finished: 'table', stopped: 'debug-pause' } as const;

function comparisonTreeItem({ comparison, location, status }: ComparisonItem): vscode.TreeItem {
  const title = comparisonTitle(comparison);
  const done = comparison.cells.filter((cell) => cell.status === 'done').length;
  const parts = [
    status === 'finished' ? '' : `${status}, ${done} of ${comparison.cells.length}`,
    status === 'running' ? '' : localTime(comparison.created),
  ];
  const about = [title, `${comparison.model} on ${comparison.endpoint}`, location.id];
  return treeItem({
    label: title,
    icon: icons[status],
    description: parts.filter(Boolean).join(' · '),
    tooltip: [...about, ...(comparison.stopped === null ? [] : [comparison.stopped.message])],
    contextValue: `comparison.${status}`,
    command: { title: 'Open comparison', command: commandIds.openComparison, arguments: [location.id] },
    isParent: true,
  });
}
