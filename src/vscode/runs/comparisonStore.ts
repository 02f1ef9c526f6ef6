/** All comparisons of the workspace, read from their records. */
import * as vscode from 'vscode';
import type { Comparison } from '../../comparison.ts';
import { readComparisons } from '../../run/compare/comparisonFolder.ts';
import type { ComparisonLocation } from '../../run/compare/comparisonFolder.ts';
import { runsOfComparison } from '../../editor/items/comparisonText.ts';
import type { RunItem } from '../../editor/items/runItem.ts';
import { coalesced } from '../../editor/coalesce.ts';
import { Disposables } from '../base/disposables.ts';

export interface ComparisonItem {
  /** The folder of the workspace it belongs to. */
  readonly root: string;
  readonly location: ComparisonLocation;
  readonly comparison: Comparison;
  readonly madeHere: boolean;
  readonly status: 'running' | 'finished' | 'stopped';
  /** Of the process that works on it. */
  readonly pid: number | null;
}

export class ComparisonStore implements vscode.Disposable {
  readonly #parts = new Disposables();
  readonly #changed = this.#parts.add(new vscode.EventEmitter<void>());
  readonly #ended = this.#parts.add(new vscode.EventEmitter<ComparisonItem>());
  readonly onDidChange = this.#changed.event;
  /** A comparison that was worked on is so no more. */
  readonly onDidEnd = this.#ended.event;
  readonly #roots: () => readonly string[];
  #all: readonly ComparisonItem[] = [];
  #runs: ReadonlySet<string> = new Set();
  #shown = '';

  constructor(roots: () => readonly string[]) {
    this.#roots = roots;
  }

  /** Oldest first. */
  get all(): readonly ComparisonItem[] {
    return this.#all;
  }

  /** Whether a run is a cell of a comparison: that speaks for it. */
  has({ root, run }: Pick<RunItem, 'root' | 'run'>): boolean {
    return this.#runs.has(keyOf(root, run.id));
  }

  get(id: string): ComparisonItem | undefined {
    return this.#all.find(({ location }) => location.id === id);
  }

  readonly refresh = coalesced(async () => {
    const running = new Set(
      this.#all.filter(({ status }) => status === 'running').map(({ location }) => location.folder),
    );
    const found = await Promise.all(this.#roots().map(async (root) => ({ root, all: await readComparisons(root) })));
    this.#all = found.flatMap(({ root, all }) =>
      all.map(({ comparison, madeHere, location, pid }) => {
        // A record that says that it runs, and whose process is gone, is of one that was killed.
        const status = pid !== null ? 'running' : comparison.status === 'running' ? 'stopped' : comparison.status;
        return { root, location, comparison, madeHere, status, pid } as const;
      }),
    );
    this.#runs = new Set(
      this.#all.flatMap(({ root, comparison }) => runsOfComparison(comparison).map((id) => keyOf(root, id))),
    );
    const shown = JSON.stringify(
      this.#all.map(({ location, comparison, status }) => [location.id, comparison.updated, status]),
    );
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#changed.fire();
    const ended = this.#all.filter((each) => each.status !== 'running' && running.has(each.location.folder));
    for (const item of ended) this.#ended.fire(item);
  });

  dispose(): void {
    this.#parts.dispose();
  }
}

const keyOf = (root: string, run: string): string => JSON.stringify([root, run]);
