/** Has the window's models answer runs, as long as a configuration of its folders names them and the window is trusted. */
import * as vscode from 'vscode';
import { announceWindow } from '../../home/editorWindows.ts';
import type { PublishedWindow } from '../../home/editorWindows.ts';
import { coalesced } from '../../editor/coalesce.ts';
import type { EditorModels } from '../../editor/models/editorModels.ts';
import { serveEditorModels } from '../../editor/models/modelServer.ts';
import { Disposables } from '../base/disposables.ts';
import { stackOf } from '../base/log.ts';
import type { Log } from '../base/log.ts';

export interface WindowServerOptions {
  readonly models: EditorModels;
  readonly log: Log;
  /** Whether a configuration of the window's folders names an endpoint of the kind "editor". */
  readonly isWanted: () => boolean;
  /** Something of what decides that has changed. */
  readonly onDidChange: vscode.Event<void>;
  /** Its models answer from now on. */
  readonly onOpened: () => void;
  /** Where windows say what they are. Default: in the user's own folder. */
  readonly folder?: string;
  readonly beatMs?: number;
}

interface Serving {
  readonly window: PublishedWindow;
  readonly baseURL: string;
  readonly close: () => void;
}

/** Set in the window itself, which answers when it has done so. */
const beatKey = 'bettertogether.windowAnswers';

export class WindowServer implements vscode.Disposable {
  readonly #options: WindowServerOptions;
  readonly #parts = new Disposables();
  #serving: Serving | null = null;
  #isThere = true;
  #disposed = false;

  constructor(options: WindowServerOptions) {
    this.#options = options;
    const update = (): void => void this.update();
    this.#parts.add(options.onDidChange(update));
    this.#parts.add(vscode.workspace.onDidGrantWorkspaceTrust(update));
    this.#parts.add(vscode.workspace.onDidChangeWorkspaceFolders(update));
    const timer = setInterval(() => void this.#beat(), options.beatMs ?? 5000);
    this.#parts.add({ dispose: () => clearInterval(timer) });
    void this.update();
  }

  readonly update = coalesced(async () => {
    const { isWanted, log } = this.#options;
    try {
      if (this.#disposed) return;
      if (!vscode.workspace.isTrusted || !isWanted() || !this.#isThere) this.#end();
      else await this.#serve();
    } catch (error) {
      log.error(`Models of VS Code are not served to runs: ${stackOf(error)}`);
    }
  });

  /** At once: an extension host that ends waits for nothing. */
  dispose(): void {
    this.#disposed = true;
    this.#parts.dispose();
    this.#end();
  }

  async #serve(): Promise<void> {
    const isNew = this.#serving === null;
    const serving = (this.#serving ??= await this.#open());
    if (this.#disposed) return this.#end();
    const folders = (vscode.workspace.workspaceFolders ?? []).filter(({ uri }) => uri.scheme === 'file');
    await serving.window.publish(
      serving.baseURL,
      folders.map(({ uri }) => uri.fsPath),
    );
    if (!isNew) return;
    this.#options.log.info('models of VS Code answer runs of this window’s folders');
    this.#options.onOpened();
  }

  async #open(): Promise<Serving> {
    const { models, log, folder } = this.#options;
    const window = await announceWindow(folder);
    try {
      const onError = (error: unknown): void => log.error(stackOf(error));
      const server = await serveEditorModels({ models, token: window.token, onError });
      return { window, baseURL: server.baseURL, close: () => void server.close() };
    } catch (error) {
      window.remove();
      throw error;
    }
  }

  #end(): void {
    this.#serving?.window.remove();
    this.#serving?.close();
    this.#serving = null;
  }

  /**
   * On a remote machine the extension host outlives its window for hours: a closed one, and one whose connection is lost,
   * answer nothing, and would keep runs waiting.
   */
  async #beat(): Promise<void> {
    if (this.#serving === null && this.#isThere) return;
    const late = new Promise<'late'>((resolve) => {
      setTimeout(() => resolve('late'), 2 * (this.#options.beatMs ?? 5000)).unref();
    });
    const answered = vscode.commands.executeCommand('setContext', beatKey, true).then(() => 'there' as const);
    const isThere = (await Promise.race([answered, late])) === 'there';
    if (isThere === this.#isThere) return;
    this.#isThere = isThere;
    await this.update();
    // The window comes back by itself where its connection does.
    if (!isThere) void answered.then(() => this.#beat());
  }
}
