import * as vscode from 'vscode';
import { Disposables } from '../disposables.ts';
import type { RunItem } from '../runs/runItem.ts';
import type { RunStore } from '../runs/runStore.ts';
import { runTreeItem } from './runTreeItem.ts';

export interface RunNode {
  readonly kind: 'run';
  readonly run: RunItem;
}

/** All runs: those at work first, then the latest. */
export class RunsView implements vscode.TreeDataProvider<RunNode>, vscode.Disposable {
  readonly #parts = new Disposables();
  readonly #changed = this.#parts.add(new vscode.EventEmitter<void>());
  readonly onDidChangeTreeData = this.#changed.event;
  readonly #runs: RunStore;

  constructor(runs: RunStore) {
    this.#runs = runs;
    this.#parts.add(runs.onDidChange(() => this.#changed.fire()));
  }

  getChildren(node?: RunNode): RunNode[] {
    if (node !== undefined) return [];
    const latestFirst = this.#runs.all.toReversed();
    const running = latestFirst.filter(({ status }) => status === 'running');
    const others = latestFirst.filter(({ status }) => status !== 'running');
    return [...running, ...others].map((run) => ({ kind: 'run', run }));
  }

  getTreeItem({ run }: RunNode): vscode.TreeItem {
    return runTreeItem(run, 'inRuns');
  }

  dispose(): void {
    this.#parts.dispose();
  }
}
