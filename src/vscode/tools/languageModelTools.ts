/**
 * The tools as the editor offers them to language models, which are answered in English. What a person sees is in the editor's
 * language, and plain text: no Markdown, no links.
 */
import * as vscode from 'vscode';
import { tools } from '../../tools/all.ts';
import { callTool, checkedInput, errorForModel, questionOf } from '../../tools/base/callTool.ts';
import type { ToolHost } from '../../tools/base/host.ts';
import type { Tool, ToolQuestion } from '../../tools/base/tool.ts';
import type { ToolName } from '../../tools/base/names.ts';
import { uiText } from '../../editor/uiText.ts';
import { Dismissed } from '../base/errors.ts';
import { forModel } from '../base/language.ts';
import type { Log } from '../base/log.ts';

/** @param makeHost called once, when the first tool is. */
export function languageModelTools(
  makeHost: () => ToolHost,
  log: Log,
): ReadonlyMap<ToolName, vscode.LanguageModelTool<object>> {
  let made: ToolHost | undefined;
  const host = (): ToolHost => (made ??= makeHost());
  return new Map(tools.map((tool) => [tool.name as ToolName, languageModelTool(tool, host, log)]));
}

function languageModelTool(tool: Tool, host: () => ToolHost, log: Log): vscode.LanguageModelTool<object> {
  return {
    prepareInvocation: async ({ input }) => {
      const place = host();
      const question = await forModel(() => asked(tool, input, place));
      const doing = messageFor(tool, input);
      // Without a message VS Code says itself what it uses.
      const invocation = doing === null ? {} : { invocationMessage: uiText(doing) };
      if (question === null) return invocation;
      const { title, message } = question();
      return { ...invocation, confirmationMessages: { title: uiText(title), message: uiText(message) } };
    },
    invoke: async ({ input }, token) => {
      const abort = new AbortController();
      const cancelled = token.onCancellationRequested(() => abort.abort(new Dismissed()));
      if (token.isCancellationRequested) abort.abort(new Dismissed());
      try {
        const call = { signal: abort.signal, progress: (message: string) => log.debug(message) };
        const place = host();
        const { text } = await forModel(() => callTool(tool, input, place, call));
        return new vscode.LanguageModelToolResult([new vscode.LanguageModelTextPart(text)]);
      } catch (error) {
        if (abort.signal.aborted) throw new vscode.CancellationError();
        const message =
          error instanceof Dismissed ? 'The person did not agree. Do not try again.' : errorForModel(tool, error);
        log.warn(`${tool.name}: ${message}`);
        // The model is told why: what is thrown is shown to it in the place of a result.
        throw new Error(message, { cause: error });
      } finally {
        cancelled.dispose();
      }
    },
  };
}

/** Nobody is asked about what would be refused: the model is told why. Without a question nothing is done that needs one. */
async function asked(tool: Tool, input: object, host: ToolHost): Promise<(() => ToolQuestion) | null> {
  try {
    return await questionOf(tool, input, host);
  } catch (error) {
    throw new Error(errorForModel(tool, error), { cause: error });
  }
}

/** `null`: the arguments are wrong. */
function messageFor(tool: Tool, input: object): string | null {
  try {
    return tool.doing(checkedInput(tool, input));
  } catch {
    return null;
  }
}
