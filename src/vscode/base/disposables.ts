import type * as vscode from 'vscode';

/** What has to be put away together. A thing that is added after the end is put away at once. */
export class Disposables implements vscode.Disposable {
  #items: vscode.Disposable[] | null = [];

  add<T extends vscode.Disposable>(item: T): T {
    if (this.#items === null) item.dispose();
    else this.#items.push(item);
    return item;
  }

  dispose(): void {
    const items = this.#items ?? [];
    this.#items = null;
    for (const item of items.reverse()) item.dispose();
  }
}
