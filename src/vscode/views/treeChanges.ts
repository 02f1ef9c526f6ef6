/**
 * Notifies VS Code of the changed items of a tree, and only those: a tree that is redrawn while in use loses
 * the click, and a run that works changes something twice a second.
 */
import type * as vscode from 'vscode';

export class TreeChanges<T> {
  /** The same node for the same id, as long as it is there: VS Code knows nodes by identity. */
  readonly #nodes = new Map<string, T>();
  /** What was shown of each item. */
  readonly #shown = new Map<string, string>();
  #structure = '';
  readonly #changed: vscode.EventEmitter<T | undefined>;

  constructor(changed: vscode.EventEmitter<T | undefined>) {
    this.#changed = changed;
  }

  /** The node to hand out: updated in place where it is known. */
  node<N extends T & object>(id: string, fresh: N): N {
    const known = this.#nodes.get(id) as N | undefined;
    if (known === undefined) {
      this.#nodes.set(id, fresh);
      return fresh;
    }
    return Object.assign(known, fresh);
  }

  /**
   * @param ids of all items, in order and nesting.
   * @param items what is shown of each, by id.
   */
  update(ids: readonly string[], items: ReadonlyMap<string, unknown>): void {
    const structure = ids.join('\n');
    const changed = [...items].filter(([id, item]) => {
      const text = JSON.stringify(item);
      const same = this.#shown.get(id) === text;
      this.#shown.set(id, text);
      return !same;
    });
    for (const id of [...this.#nodes.keys()]) {
      if (items.has(id)) continue;
      this.#nodes.delete(id);
      this.#shown.delete(id);
    }
    if (structure !== this.#structure) {
      this.#structure = structure;
      return this.#changed.fire(undefined);
    }
    for (const [id] of changed) {
      const node = this.#nodes.get(id);
      if (node !== undefined) this.#changed.fire(node);
    }
  }
}
