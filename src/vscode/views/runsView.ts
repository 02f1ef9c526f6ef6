import * as l10n from '../../base/l10n.ts';
import * as vscode from 'vscode';
import { comparisonTitle, runsOfComparison } from '../../editor/items/comparisonText.ts';
import type { ComparisonItem, ComparisonStore } from '../runs/comparisonStore.ts';
import { folderNameOf } from '../base/folders.ts';
import { Disposables } from '../base/disposables.ts';
import { commandIds } from '../../editor/names.ts';
import type { RunItem } from '../../editor/items/runItem.ts';
import { briefTime, localTime } from '../../editor/items/runItem.ts';
import { ofLaterVersion } from '../../run/reading/summary.ts';
import type { LaterRunItem, RunStore } from '../runs/runStore.ts';
import { runTreeItem } from './runTreeItem.ts';
import { TreeChanges } from './treeChanges.ts';
import { treeItem } from './treeItem.ts';
import { runStatusWord } from '../../view/runRow.ts';

export type RunsNode =
  | { readonly kind: 'run'; readonly run: RunItem; readonly cell: boolean }
  | { readonly kind: 'comparison'; readonly comparison: ComparisonItem }
  | { readonly kind: 'later'; readonly later: LaterRunItem }
  | { readonly kind: 'day'; readonly day: string; readonly nodes: readonly Dated[] };

type Dated = Extract<RunsNode, { readonly kind: 'run' | 'comparison' | 'later' }>;

/** More than this are put together by the day that they were begun on. */
const singleAtMost = 30;

/**
 * All runs and comparisons: those at work first, then the latest, many of them by day. The runs of a comparison are inside
 * of it.
 */
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
    if (node.kind === 'run' || node.kind === 'later') return [];
    const inside = node.kind === 'day' ? node.nodes : this.#cells(node.comparison);
    return inside.map((each) => this.#changes.node<RunsNode>(idOf(each), each));
  }

  #cells({ root, comparison }: ComparisonItem): readonly Dated[] {
    const ids = new Set(runsOfComparison(comparison));
    return this.#runs.all
      .filter((item) => item.root === root && ids.has(item.run.id))
      .map((run) => ({ kind: 'run', run, cell: true }));
  }

  getTreeItem(node: RunsNode): vscode.TreeItem {
    return Object.assign(itemOf(node), { id: idOf(node) });
  }

  dispose(): void {
    this.#parts.dispose();
  }

  #top(): readonly RunsNode[] {
    const runs = this.#runs.all.filter((run) => !this.#comparisons.has(run));
    const nodes: Dated[] = [
      ...this.#comparisons.all.map((comparison) => ({ kind: 'comparison', comparison }) as const),
      ...runs.map((run) => ({ kind: 'run', run, cell: false }) as const),
      ...this.#runs.later.map((later) => ({ kind: 'later', later }) as const),
    ];
    const works = (node: Dated): number => Number(statusOf(node) === 'running');
    // Ids begin with the time.
    const sorted = nodes.toSorted((a, b) => works(b) - works(a) || (locationOf(a).id < locationOf(b).id ? 1 : -1));
    if (sorted.length <= singleAtMost) return sorted;
    const rest = sorted.filter((node) => works(node) === 0);
    const days = [...new Set(rest.map(dayOf))].map((day) => {
      return { kind: 'day', day, nodes: rest.filter((node) => dayOf(node) === day) } as const;
    });
    return [...sorted.filter(works), ...days];
  }

  #update(): void {
    const nodes = this.#below();
    const items = new Map(nodes.map((node) => [idOf(node), this.getTreeItem(node)]));
    this.#changes.update([...items.keys()], items);
  }

  #below(node?: RunsNode): readonly RunsNode[] {
    return this.getChildren(node).flatMap((child) => [child, ...this.#below(child)]);
  }
}

function statusOf(node: Dated): string {
  if (node.kind === 'later') return 'unknown';
  return node.kind === 'run' ? node.run.status : node.comparison.status;
}

function locationOf(node: Dated): { readonly id: string; readonly folder: string } {
  if (node.kind === 'later') return node.later.run;
  return node.kind === 'run' ? node.run.run : node.comparison.location;
}

const idOf = (node: RunsNode): string => (node.kind === 'day' ? `day ${node.day}` : locationOf(node).folder);

/** `2026-11-23`, where the person is; of a run of a later version by its id, which begins with the day in UTC. */
function dayOf(node: Dated): string {
  if (node.kind === 'later') return node.later.run.id.replace(/^(\d{4})(\d\d)(\d\d).*$/u, '$1-$2-$3');
  const { created } = node.kind === 'run' ? node.run.manifest : node.comparison.comparison;
  return localTime(created).slice(0, 10);
}

function itemOf(node: RunsNode): vscode.TreeItem {
  if (node.kind === 'run') return runTreeItem(node.run, 'inRuns');
  if (node.kind === 'comparison') return comparisonTreeItem(node.comparison);
  if (node.kind === 'later') return laterTreeItem(node.later);
  const { day, nodes } = node;
  return treeItem({
    label: day,
    icon: 'calendar',
    description: String(nodes.length),
    contextValue: 'day',
    isParent: true,
  });
}

const icons = { running: 'sync~spin', finished: 'table', stopped: 'debug-pause' } as const;

function comparisonTreeItem({ root, comparison, location, status }: ComparisonItem): vscode.TreeItem {
  const title = comparisonTitle(comparison);
  const done = comparison.cells.filter((cell) => cell.status === 'done').length;
  const parts = [
    status === 'finished' ? '' : l10n.t`${runStatusWord[status]}, ${done} of ${comparison.cells.length}`,
    folderNameOf(root),
    status === 'running' ? '' : briefTime(comparison.created),
    comparison.model,
  ];
  const about = [title, l10n.t`${comparison.model} on ${comparison.endpoint}`, location.id];
  return treeItem({
    label: title,
    icon: icons[status],
    description: parts.filter(Boolean).join(' · '),
    tooltip: [...about, ...(comparison.stopped === null ? [] : [comparison.stopped.message])],
    contextValue: `comparison.${status}`,
    command: { title: l10n.t('Open comparison'), command: commandIds.openComparison, arguments: [location.id] },
    isParent: true,
  });
}

/** Nothing can be done with it here. */
function laterTreeItem({ root, run, later, reason }: LaterRunItem): vscode.TreeItem {
  return treeItem({
    label: run.id,
    icon: 'question',
    description: [ofLaterVersion(later), folderNameOf(root)].filter(Boolean).join(' · '),
    tooltip: [reason],
    contextValue: 'laterRun',
  });
}
