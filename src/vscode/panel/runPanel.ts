/** The run view as a panel of VS Code: one per run, restored after a reload. */
import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import * as z from 'zod';
import { messageOf } from '../../data/errors.ts';
import type { RunLocation } from '../../run/request.ts';
import { pageOf } from './html.ts';
import { isRunOfWindow } from './windowRuns.ts';
import { RunReader } from './runReader.ts';
import { RunSession } from './session.ts';
import { diffStates, registerStateDocuments, showSource } from './stateDocuments.ts';

/** `onWebviewPanel:bettertogether.run` restores it. */
export const runViewType = 'bettertogether.run';

export interface PanelParts {
  readonly log: vscode.LogOutputChannel;
}

/** The open panels of an activation, by the run's folder. */
const openPanels = new WeakMap<vscode.ExtensionContext, Map<string, vscode.WebviewPanel>>();

/** What the page keeps over a reload (`setState`), as far as the host needs it. */
const keptSchema = z.object({ run: z.object({ id: z.string(), folder: z.string() }) });

/** Restores panels after a reload and serves the documents of the diff editor. Call once, when activated. */
export function registerRunPanels(context: vscode.ExtensionContext, parts: PanelParts): void {
  context.subscriptions.push(
    registerStateDocuments(),
    vscode.window.registerWebviewPanelSerializer(runViewType, {
      async deserializeWebviewPanel(panel, state) {
        const kept = keptSchema.safeParse(state);
        if (!kept.success || !isRunOfWindow(kept.data.run)) return panel.dispose();
        try {
          await fill(context, parts, kept.data.run, panel);
        } catch (error) {
          parts.log.warn(`the view of run ${kept.data.run.id} is not restored: ${messageOf(error)}`);
          panel.dispose();
        }
      },
    }),
  );
}

/**
 * Opens the run's view, or shows the one that is open. Needs `registerRunPanels`.
 *
 * @throws UsageError when the run's manifest cannot be read.
 */
export async function openRunPanel(
  context: vscode.ExtensionContext,
  deps: { readonly log: vscode.LogOutputChannel },
  run: RunLocation,
): Promise<void> {
  const known = openPanels.get(context)?.get(run.folder);
  if (known !== undefined) return known.reveal();
  const panel = vscode.window.createWebviewPanel(runViewType, run.id, vscode.ViewColumn.Active);
  try {
    await fill(context, deps, run, panel);
  } catch (error) {
    panel.dispose();
    throw error;
  }
}

async function fill(
  context: vscode.ExtensionContext,
  { log }: PanelParts,
  run: RunLocation,
  panel: vscode.WebviewPanel,
): Promise<void> {
  const panels = openPanels.get(context) ?? new Map<string, vscode.WebviewPanel>();
  openPanels.set(context, panels);
  panels.set(run.folder, panel);
  let session: RunSession | null = null;
  let gone = false;
  panel.onDidDispose(() => {
    gone = true;
    if (panels.get(run.folder) === panel) panels.delete(run.folder);
    session?.dispose();
  });
  const reader = await RunReader.open(run);
  if (gone) return reader.close();
  session = new RunSession({
    reader,
    effects: {
      openDiff: (left, right, predictor) => diffStates(run, left, right, predictor),
      openSource: (file, line) => showSource(run, file, line),
      copy: async (text) => {
        await vscode.env.clipboard.writeText(text);
      },
    },
    post: (message) => void panel.webview.postMessage(message),
    onBug: (what, error) => log.error(`${what}:`, error instanceof Error ? (error.stack ?? error.message) : error),
  });
  const { receive, show } = bound(session);
  panel.webview.onDidReceiveMessage(receive);
  panel.onDidChangeViewState(() => show(panel.visible));
  present(context, run, panel, reader.manifest.asked);
}

function bound(session: RunSession) {
  return {
    receive: (message: unknown) => void session.receive(message),
    show: (visible: boolean) => session.show(visible),
  };
}

/** Sets what is shown; setting it anew after a reload also resets what the page may load. */
function present(
  { extensionUri }: vscode.ExtensionContext,
  run: RunLocation,
  panel: vscode.WebviewPanel,
  asked: { readonly key: string; readonly strategy: string },
): void {
  const { webview } = panel;
  const dist = vscode.Uri.joinPath(extensionUri, 'dist');
  webview.options = { enableScripts: true, enableCommandUris: false, localResourceRoots: [dist] };
  panel.title = `${asked.key}: ${asked.strategy === '' ? 'baseline' : asked.strategy}`;
  panel.iconPath = vscode.Uri.joinPath(extensionUri, 'media', 'icon.png');
  const resource = (name: string): string => webview.asWebviewUri(vscode.Uri.joinPath(dist, name)).toString();
  webview.html = pageOf({
    script: resource('webview.js'),
    style: resource('webview.css'),
    source: webview.cspSource,
    nonce: newNonce(),
    styleNonce: newNonce(),
    title: panel.title,
    run,
  });
}

const newNonce = (): string => randomBytes(16).toString('base64');
