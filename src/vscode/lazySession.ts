import type * as vscode from 'vscode';
import type { Session } from './session/session.ts';
import type { Log } from './base/log.ts';

export interface LazySession {
  /** Made at the first request; a failure is reported again at every later one. */
  get(): Promise<Session>;
}

/** Loads what is behind the commands only when it is wanted: activation itself takes a few milliseconds. */
export function lazySession(context: vscode.ExtensionContext, log: Log): LazySession {
  let session: Promise<Session> | undefined;
  return {
    get: () => {
      session ??= import('./openSession.ts').then(({ openSession }) => openSession(context, log));
      return session;
    },
  };
}
