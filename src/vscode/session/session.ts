import type * as vscode from 'vscode';
import type { ApiKeys } from '../keys/apiKeys.ts';
import type { ComparisonStore } from '../runs/comparisonStore.ts';
import type { CommandName } from '../../editor/names.ts';
import type { Consents } from '../keys/consents.ts';
import type { Evaluations } from '../programs/evaluations.ts';
import type { Knowledge } from '../programs/knowledge.ts';
import type { ChatModels } from '../models/chatModels.ts';
import type { Panels } from '../panel/panels.ts';
import type { ProgramIndex } from '../programs/programIndex.ts';
import type { Roots } from '../programs/roots.ts';
import type { RunStarter } from '../runs/runStarter.ts';
import type { RunStore } from '../runs/runStore.ts';
import type { RunTaskProvider } from '../runs/runTask.ts';
import type { Log } from '../base/log.ts';
import type { ToolName } from '../../tools/base/names.ts';

/** What commands work with. */
export interface Session {
  readonly context: vscode.ExtensionContext;
  readonly log: Log;
  /** `dist/cli.js`. */
  readonly cli: string;
  readonly roots: Roots;
  readonly programs: ProgramIndex;
  readonly panels: Panels;
  readonly runs: RunStore;
  readonly comparisons: ComparisonStore;
  readonly knowledge: Knowledge;
  readonly evaluations: Evaluations;
  readonly keys: ApiKeys;
  readonly consents: Consents;
  readonly starter: RunStarter;
  readonly chatModels: ChatModels;
  readonly tasks: RunTaskProvider;
  /** What language models can call. */
  readonly languageModelTools: ReadonlyMap<ToolName, vscode.LanguageModelTool<object>>;
  /** The Test Explorer. */
  tests(): { openTrace(argument: unknown): Promise<void> };
  /** Of the embedded endpoint. */
  home(): string;
  /** Of the processes that work in a root: with the Python that was chosen for it, and keys and the like in `extra`. */
  environment(root: string, extra?: Readonly<Record<string, string>>): Promise<NodeJS.ProcessEnv>;
  /** Runs a command; what goes wrong is shown. Never rejects. */
  run(name: CommandName, argument: unknown, all?: unknown): Promise<void>;
}
