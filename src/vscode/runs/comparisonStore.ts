/** All comparisons of the workspace, read from their records. */
import * as vscode from 'vscode';
import type { Comparison } from '../../comparison.ts';
import { readComparisons } from '../../run/compare/comparisonFolder.ts';
import type { ComparisonLocation } from '../../run/compare/comparisonFolder.ts';
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
  readonly onDidChange = this.#changed.event;
  readonly #roots: () => readonly string[];
  #all: readonly ComparisonItem[] = [];
  #shown = '';

  constructor(roots: () => readonly string[]) {
    this.#roots = roots;
  }

  /** Oldest first. */
  get all(): readonly ComparisonItem[] {
    return this.#all;
  }

  get(id: string): ComparisonItem | undefined {
    return this.#all.find(({ location }) => location.id === id);
  }

  readonly refresh = coalesced(async () => {
    const found = await Promise.all(this.#roots().map(async (root) => ({ root, all: await readComparisons(root) })));
    this.#all = found.flatMap(({ root, all }) =>
      all.map(({ comparison, madeHere, location, pid }) => {
        // A record that says that it runs, and whose process is gone, is of one that was killed.
        const status = pid !== null ? 'running' : comparison.status === 'running' ? 'stopped' : comparison.status;
        return { root, location, comparison, madeHere, status, pid } as const;
      }),
    );
    const shown = JSON.stringify(
      this.#all.map(({ location, comparison, status }) => [location.id, comparison.updated, status]),
    );
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#changed.fire();
  });

  dispose(): void {
    this.#parts.dispose();
  }
}

/** `two: 8 strategies × 3 seeds`. */
export function comparisonTitle({ program, strategies, seeds }: Comparison): string {
  const rows = strategies.length === 1 ? '1 strategy' : `${strategies.length} strategies`;
  return `${program}: ${rows} × ${seeds.length === 1 ? '1 seed' : `${seeds.length} seeds`}`;
}
