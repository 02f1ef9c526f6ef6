/** The extension's log: the only module that makes its channel. */
import * as vscode from 'vscode';
import { onLines } from '../../base/visibleText.ts';

export interface Log extends vscode.Disposable {
  debug(text: string): void;
  info(text: string): void;
  warn(text: string): void;
  error(text: string): void;
  show(): void;
}

/** Every entry is plain to see, whatever its origin: nothing in it moves, hides or looks like an entry of its own. */
export function openLog(): Log {
  const channel = vscode.window.createOutputChannel('BetterTogether', { log: true });
  return {
    debug: (text) => channel.debug(logText(text)),
    info: (text) => channel.info(logText(text)),
    warn: (text) => channel.warn(logText(text)),
    error: (text) => channel.error(logText(text)),
    show: () => channel.show(),
    dispose: () => channel.dispose(),
  };
}

/** Lines after the first are indented: an entry begins at the margin, with its time. */
export function logText(text: string): string {
  return onLines(text).replaceAll('\n', '\n    ');
}

/** With its stack, for errors that are bugs. */
export function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
