/** Where the models of the editor answer, for as long as a process asks them: a window may be closed, and opened again. */
import { messageOf } from '../../base/errors.ts';
import { tokenOfWindow, windowOn } from '../../home/editorWindows.ts';
import type { EditorWindow } from '../../home/editorWindows.ts';
import type { Connection } from '../../lm/connection.ts';

export interface FollowOptions {
  readonly workspace: string;
  readonly warn: (message: string) => void;
  /** Milliseconds between two looks. Default 500. */
  readonly everyMs?: number;
  /** Where windows say what they are. Default: in the user's own folder. */
  readonly folder?: string;
}

/** Keeps a connection at the window that has the workspace open; gone while there is none. Returns what ends it. */
export function followWindow(connection: Pick<Connection, 'moveTo'>, options: FollowOptions): () => void {
  const { warn, everyMs = 500 } = options;
  let at: string | null = null;
  let said = false;
  const look = (): void => {
    try {
      const window = found(options);
      const to = window?.tokenFile ?? null;
      if (to === at) return;
      at = to;
      connection.moveTo(window?.baseURL ?? null, window?.token);
    } catch (error) {
      // A folder that cannot be read would be so at each look.
      if (!said) warn(messageOf(error));
      said = true;
    }
  };
  look();
  const timer = setInterval(look, everyMs);
  timer.unref();
  return () => clearInterval(timer);
}

/** One that is being closed has lost its token already. */
function found({ workspace, folder }: FollowOptions): (EditorWindow & { readonly token: string }) | null {
  const window = windowOn(workspace, folder);
  const token = window === null ? null : tokenOfWindow(window);
  return window === null || token === null ? null : { ...window, token };
}
