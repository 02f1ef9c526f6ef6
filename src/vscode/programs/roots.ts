/** The folders that runs belong to: workspace folders, and folders in them with a `bettertogether.json` of their own. */
import { basename, dirname, join, relative, sep } from 'node:path';
import * as vscode from 'vscode';
import { configFileName, loadOwnConfig } from '../../config/load.ts';
import type { LoadedConfig } from '../../config/load.ts';
import { HumanError, messageOf } from '../../base/errors.ts';
import { coalesced } from '../../editor/coalesce.ts';
import { Disposables } from '../base/disposables.ts';

export interface Root {
  /** Absolute. */
  readonly folder: string;
  /** As views show it. */
  readonly name: string;
  readonly loaded: LoadedConfig;
  /** What is wrong with the configuration; it then counts as empty. */
  readonly problem: HumanError | null;
}

const excluded = '**/{node_modules,.bettertogether,.venv,venv,site-packages}/**';
const mostConfigs = 50;

export class Roots implements vscode.Disposable {
  readonly #parts = new Disposables();
  readonly #changed = this.#parts.add(new vscode.EventEmitter<void>());
  readonly onDidChange = this.#changed.event;
  #roots: readonly Root[] = [];

  #began: () => void = () => undefined;
  /** The folders of the window are known; those inside of them may still be looked for. */
  readonly ready: Promise<void>;

  constructor() {
    this.ready = new Promise((resolve) => {
      this.#began = resolve;
    });
    const watcher = this.#parts.add(vscode.workspace.createFileSystemWatcher(`**/${configFileName}`));
    const again = (): void => void this.refresh();
    for (const event of [watcher.onDidChange, watcher.onDidCreate, watcher.onDidDelete]) this.#parts.add(event(again));
    this.#parts.add(vscode.workspace.onDidChangeWorkspaceFolders(again));
  }

  get all(): readonly Root[] {
    return this.#roots;
  }

  /** The nearest root around a file; `undefined` outside the workspace. */
  of(file: string): Root | undefined {
    const around = this.#roots.filter(({ folder }) => file === folder || file.startsWith(folder + sep));
    return around.toSorted((a, b) => b.folder.length - a.folder.length)[0];
  }

  readonly refresh = coalesced(async () => {
    const folders = (vscode.workspace.workspaceFolders ?? []).filter(({ uri }) => uri.scheme === 'file');
    const outer = folders.map(({ uri }) => uri.fsPath);
    if (this.#roots.length === 0) {
      // The search of a window that just opened takes seconds; no one has to wait for it.
      this.#roots = await Promise.all(folders.map(({ uri, name }) => readRoot(uri.fsPath, name)));
      this.#changed.fire();
      this.#began();
    }
    const found = folders.length === 0 ? [] : await findConfigs();
    const inner = found.map(dirname).filter((folder) => !outer.includes(folder));
    const named = [
      ...folders.map(({ uri, name }) => ({ folder: uri.fsPath, name })),
      ...inner.map((folder) => ({ folder, name: nameWithin(outer, folder) })),
    ];
    this.#roots = await Promise.all(named.map(({ folder, name }) => readRoot(folder, name)));
    this.#changed.fire();
  });

  dispose(): void {
    this.#parts.dispose();
  }
}

async function findConfigs(): Promise<readonly string[]> {
  const uris = await vscode.workspace.findFiles(`*/**/${configFileName}`, excluded, mostConfigs);
  return uris.filter(({ scheme }) => scheme === 'file').map(({ fsPath }) => fsPath);
}

function nameWithin(outer: readonly string[], folder: string): string {
  const parent = outer.find((each) => folder.startsWith(each + sep));
  return parent === undefined ? basename(folder) : relative(parent, folder);
}

async function readRoot(folder: string, name: string): Promise<Root> {
  try {
    return { folder, name, loaded: await loadOwnConfig(folder), problem: null };
  } catch (error) {
    const problem = error instanceof HumanError ? error : new HumanError(messageOf(error), { cause: error });
    return { folder, name, loaded: { workspace: folder, file: join(folder, configFileName), config: {} }, problem };
  }
}
