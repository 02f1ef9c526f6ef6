import * as vscode from 'vscode';
import type { LazySession } from './lazySession.ts';
import { commandIds } from '../editor/names.ts';
import type { CommandName } from '../editor/names.ts';

/** Registers every command by name; what it does is loaded when it is called. */
export function registerCommands(session: LazySession): vscode.Disposable {
  const names = Object.keys(commandIds) as CommandName[];
  const registered = names.map((name) =>
    // From a tree, the second argument is all that is selected there.
    vscode.commands.registerCommand(commandIds[name], async (argument: unknown, all: unknown) => {
      await (await session.get()).run(name, argument, all);
    }),
  );
  return vscode.Disposable.from(...registered);
}
