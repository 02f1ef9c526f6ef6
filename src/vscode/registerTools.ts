import * as vscode from 'vscode';
import { mcpProviderId } from '../editor/names.ts';
import { toolNames } from '../tools/base/names.ts';
import type { ToolName } from '../tools/base/names.ts';
import type { LazySession } from './lazySession.ts';
import { mcpServers } from './mcpServers.ts';

/** Registers every tool by name, and the MCP server with the same tools; what they do is loaded when they are called. */
export function registerTools(session: LazySession): vscode.Disposable {
  const parts: vscode.Disposable[] = [];
  // Editors that are made of VS Code may lack either.
  if (typeof vscode.lm?.registerTool === 'function') {
    parts.push(...toolNames.map((name) => vscode.lm.registerTool(name, lazyTool(session, name))));
  }
  if (typeof vscode.lm?.registerMcpServerDefinitionProvider === 'function') {
    const servers = mcpServers(session);
    parts.push(servers, vscode.lm.registerMcpServerDefinitionProvider(mcpProviderId, servers));
  }
  return vscode.Disposable.from(...parts);
}

function lazyTool(session: LazySession, name: ToolName): vscode.LanguageModelTool<object> {
  const tool = async () => (await session.get()).languageModelTools.get(name)!;
  return {
    prepareInvocation: async (options, token) => (await tool()).prepareInvocation!(options, token),
    invoke: async (options, token) => (await tool()).invoke(options, token),
  };
}
