/** Runs a program where the person sees it: without a shell, so that nothing in an argument is a command. */
import * as vscode from 'vscode';
import { uiText } from '../../editor/uiText.ts';
import { notify } from './messages.ts';

interface Program {
  readonly program: string;
  readonly args: readonly string[];
  readonly folder: string;
}

/** How it ended is said, for its terminal closes with it. */
export function runVisibly(title: string, { program, args, folder }: Program): void {
  const terminal = vscode.window.createTerminal({
    name: uiText(title),
    shellPath: program,
    shellArgs: [...args],
    cwd: folder,
  });
  terminal.show();
  const closed = vscode.window.onDidCloseTerminal((each) => {
    if (each !== terminal) return;
    closed.dispose();
    const code = each.exitStatus?.code;
    void (code === 0
      ? notify('info', `${title}: done.`)
      : notify(
          'error',
          `${title} ended with ${code ?? 'a signal'}: \`${[program, ...args].join(' ')}\` in ${folder}.`,
        ));
  });
}
