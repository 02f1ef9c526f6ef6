import * as vscode from 'vscode';
import { contextKeys } from '../editor/names.ts';
import type { ContextKey } from '../editor/names.ts';
import type { ComparisonStore } from './runs/comparisonStore.ts';
import { canRun } from '../editor/items/programItem.ts';
import type { ProgramIndex } from './programs/programIndex.ts';
import type { Roots } from './programs/roots.ts';
import { isResumable } from '../editor/items/runItem.ts';
import type { RunStore } from './runs/runStore.ts';

/** Keeps what `when` clauses ask up to date; a key is written only when it changes. */
export function maintainContext(
  programs: ProgramIndex,
  runs: RunStore,
  comparisons: ComparisonStore,
  roots: Roots,
): vscode.Disposable & { looked(): void } {
  const written = new Map<ContextKey, string>();
  const write = (key: ContextKey, value: boolean | readonly string[]): void => {
    const text = JSON.stringify(value);
    if (written.get(key) === text) return;
    written.set(key, text);
    void vscode.commands.executeCommand('setContext', key, value);
  };
  const update = (): void => {
    const all = runs.all;
    const files = programs.all.filter(canRun).map(({ file }) => file);
    write(contextKeys.hasPrograms, files.length > 0);
    // `resourcePath` is a path of the system's for a file, and the path of the address for a cell of a notebook.
    const paths = files.flatMap((file) => [file, vscode.Uri.file(file).path]);
    write(contextKeys.programFiles, [...new Set(paths)].sort());
    write(contextKeys.hasRuns, all.length > 0);
    write(contextKeys.hasTwoRuns, all.length > 1);
    write(contextKeys.hasComparisons, comparisons.all.length > 0);
    write(
      contextKeys.hasRunningRuns,
      all.some(({ status }) => status === 'running'),
    );
    write(contextKeys.hasResumableRuns, all.some(isResumable));
    write(
      contextKeys.hasStates,
      all.some(({ states }) => states !== null),
    );
    const endpoints = roots.all.flatMap(({ loaded }) => Object.values(loaded.config.endpoints ?? {}));
    write(
      contextKeys.hasEndpoints,
      endpoints.some(({ kind }) => kind !== 'embedded'),
    );
  };
  update();
  const subscriptions = [programs, runs, comparisons, roots].map(({ onDidChange }) => onDidChange(update));
  const parts = vscode.Disposable.from(...subscriptions);
  // The first look at the sources is over: from now on an empty view means that nothing is there.
  return { dispose: () => void parts.dispose(), looked: () => write(contextKeys.looked, true) };
}
