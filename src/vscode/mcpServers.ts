/** The MCP servers that VS Code may start: one for each folder with programs or runs, where tools are to be offered that way. */
import * as vscode from 'vscode';
import { section } from '../editor/names.ts';
import { uiText } from '../editor/uiText.ts';
import { readSettings } from './base/settings.ts';
import type { LazySession } from './lazySession.ts';
import type { Root } from './programs/roots.ts';
import type { Session } from './session/session.ts';

/** What our command line needs besides what VS Code gives a server anyway. */
const variables = ['BETTERTOGETHER_HOME', 'BETTERTOGETHER_PYTHON', 'ELECTRON_RUN_AS_NODE'] as const;

type Servers = vscode.McpServerDefinitionProvider<vscode.McpStdioServerDefinition> & vscode.Disposable;

export function mcpServers(lazy: LazySession): Servers {
  const changed = new vscode.EventEmitter<void>();
  const parts = [
    changed,
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration(`${section}.agents`)) changed.fire();
    }),
    vscode.workspace.onDidGrantWorkspaceTrust(() => changed.fire()),
    vscode.workspace.onDidChangeWorkspaceFolders(() => changed.fire()),
  ];
  return {
    onDidChangeMcpServerDefinitions: changed.event,
    provideMcpServerDefinitions: async () => {
      if (readSettings().offerTools !== 'mcp') return [];
      const session = await lazy.get();
      await session.roots.ready;
      return Promise.all(session.roots.all.map((root) => serverOf(session, root)));
    },
    dispose: () => parts.forEach((part) => void part.dispose()),
  };
}

/** Nobody is asked there: what it may do beyond reading was allowed at a terminal, and in Restricted Mode nothing is. */
async function serverOf(session: Session, { folder, name }: Root): Promise<vscode.McpStdioServerDefinition> {
  const env = await session.environment(folder);
  const readOnly = vscode.workspace.isTrusted ? [] : ['--read-only'];
  const { version } = session.context.extension.packageJSON as { readonly version: string };
  return new vscode.McpStdioServerDefinition(
    uiText(`BetterTogether: ${name}`),
    process.execPath,
    [session.cli, 'mcp', '--folder', folder, ...readOnly],
    Object.fromEntries(variables.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]]))),
    version,
  );
}
