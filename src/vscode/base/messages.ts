/** What is said to the person and asked of them: the only module that calls VS Code's notifications and questions. */
import * as vscode from 'vscode';
import { uiText } from '../../editor/uiText.ts';

const shows = {
  info: vscode.window.showInformationMessage,
  warning: vscode.window.showWarningMessage,
  error: vscode.window.showErrorMessage,
} as const;
export type MessageKind = keyof typeof shows;

/** A notification. Resolves to the action that was chosen. */
export async function notify<A extends string>(
  kind: MessageKind,
  text: string,
  ...actions: readonly A[]
): Promise<A | undefined> {
  return shows[kind](uiText(text), ...actions);
}

export interface Agreement {
  readonly kind: Exclude<MessageKind, 'error'>;
  readonly question: string;
  /** One line, or several. */
  readonly detail: string | readonly string[];
  /** Of the button that agrees. */
  readonly action: string;
}

/** A question that blocks until it is answered. */
export async function agreesTo({ kind, question, detail, action }: Agreement): Promise<boolean> {
  const lines = typeof detail === 'string' ? [detail] : detail;
  const options = { modal: true, detail: lines.map(uiText).join('\n') };
  return (await shows[kind](uiText(question), options, action)) === action;
}

export interface Progressing {
  report(message: string): void;
  readonly token: vscode.CancellationToken;
}

/** A notification that stays as long as the work takes. */
export async function withProgress<T>(
  title: string,
  work: (progressing: Progressing) => Promise<T>,
  { cancellable = false }: { readonly cancellable?: boolean } = {},
): Promise<T> {
  const options = { location: vscode.ProgressLocation.Notification, title: uiText(title), cancellable };
  return vscode.window.withProgress(options, (progress, token) =>
    work({ report: (message) => progress.report({ message: uiText(message) }), token }),
  );
}
