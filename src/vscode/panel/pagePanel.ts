/** Puts a page of ours into a panel of VS Code: the page first, so that there is something to see, then what it shows. */
import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import { uiText } from '../../editor/uiText.ts';
import { pageOf } from '../../page/html.ts';
import type { PageView } from '../../page/html.ts';
import { PageSession } from '../../page/pageSession.ts';
import type { PageSource } from '../../page/pageSession.ts';
import { stackOf } from '../base/log.ts';
import type { Log } from '../base/log.ts';

export interface PagePanel {
  readonly panel: vscode.WebviewPanel;
  /** Settles when what is shown could be opened; `null`: the panel was closed before. */
  readonly session: Promise<PageSession | null>;
}

export interface OpenedPage {
  readonly source: PageSource;
  readonly title: string;
  /** What is shown has changed: it is looked at now and not by the clock. */
  readonly onDidChange?: vscode.Event<void>;
}

export interface PageParts {
  readonly extensionUri: vscode.Uri;
  readonly log: Log;
  readonly view: PageView;
  /** Of the tab, until the source is open. */
  readonly title: string;
  /** Opens what the page shows, and says what its tab is called. */
  open(): Promise<OpenedPage>;
}

export function fillPanel(panel: vscode.WebviewPanel, parts: PageParts): PagePanel {
  const { extensionUri, log } = parts;
  let gone = false;
  const session = parts.open().then(({ source, title, onDidChange }) => {
    if (gone) return null;
    panel.title = uiText(title);
    const opened = new PageSession({
      source,
      post: (message) => void panel.webview.postMessage(message),
      onBug: (what, error) => log.error(`${what}: ${stackOf(error)}`),
    });
    const listening = onDidChange?.(() => void opened.look());
    panel.onDidDispose(() => void listening?.dispose());
    return opened;
  });
  // `session` reports it to the opener of the panel.
  const whenOpen = (use: (opened: PageSession) => void): void =>
    void session.then(
      (opened) => (opened === null ? undefined : use(opened)),
      () => undefined,
    );
  panel.onDidDispose(() => {
    gone = true;
    whenOpen((opened) => opened.dispose());
  });
  panel.webview.onDidReceiveMessage((message: unknown) => whenOpen((opened) => void opened.receive(message)));
  panel.onDidChangeViewState(() => whenOpen((opened) => opened.show(panel.visible)));
  present(panel, extensionUri, parts.view, parts.title);
  return { panel, session };
}

/** Setting the page again after a reload also resets what it may load. */
function present(panel: vscode.WebviewPanel, extensionUri: vscode.Uri, view: PageView, title: string): void {
  const { webview } = panel;
  const dist = vscode.Uri.joinPath(extensionUri, 'dist');
  webview.options = { enableScripts: true, enableCommandUris: false, localResourceRoots: [dist] };
  panel.title = uiText(title);
  const icon = (theme: string): vscode.Uri => vscode.Uri.joinPath(extensionUri, 'media', `panel-${theme}.svg`);
  panel.iconPath = { light: icon('light'), dark: icon('dark') };
  const resource = (name: string): string => webview.asWebviewUri(vscode.Uri.joinPath(dist, name)).toString();
  webview.html = pageOf({
    script: resource('webview.js'),
    style: resource('webview.css'),
    source: webview.cspSource,
    nonce: newNonce(),
    styleNonce: newNonce(),
    title,
    view,
    language: vscode.env.language,
    strings: vscode.l10n.bundle ?? null,
  });
}

const newNonce = (): string => randomBytes(16).toString('base64');
