/** What a tool is asked to start: the program with its settings, what it begins with, and a hash of all that decides its price. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import * as l10n from '../../base/l10n.ts';
import { contentHash } from '../../base/contentHash.ts';
import { HumanError, UsageError, messageOf } from '../../base/errors.ts';
import { agreedHash } from '../../config/agreed.ts';
import type { ResolvedProgram } from '../../config/resolved.ts';
import { stepFiles } from '../../config/steps.ts';
import { formatStrategy } from '../../data/strategy.ts';
import type { GivenState } from '../../run/record/importState.ts';
import { readOwnManifest } from '../../run/record/manifest.ts';
import type { DataHashes } from '../../run/record/manifest.ts';
import { readOwnStates } from '../../run/record/stateFile.ts';
import { ForeignRecord } from '../../run/record/foreign.ts';
import type { Work } from '../../run/work/consequences.ts';
import { configOf, programNamed, runNamed } from '../base/find.ts';
import type { NamedProgram } from '../base/find.ts';
import type { ToolHost } from '../base/host.ts';
import { evaluateTool } from '../base/names.ts';
import type { optimizeTool } from '../base/names.ts';

export interface AskedWork {
  readonly tool: typeof optimizeTool | typeof evaluateTool;
  readonly program: string;
  readonly folder?: string | undefined;
  readonly strategy?: string | undefined;
  readonly from?: string | undefined;
  readonly split?: 'dev' | 'test' | undefined;
}

export interface PlannedWork {
  readonly tool: AskedWork['tool'];
  readonly named: NamedProgram;
  /** Of an evaluation without steps, and without test rows where those are not measured. */
  readonly config: ResolvedProgram;
  /** As the command line reads it, for its estimate: with test rows. */
  readonly whole: ResolvedProgram;
  /** What consent is asked for. */
  readonly work: Work;
  readonly start?: GivenState;
  /** The run that `start` is of. */
  readonly from?: string;
}

/** @throws UsageError naming the argument or the setting that is wrong. */
export async function plannedWork(host: ToolHost, asked: AskedWork): Promise<PlannedWork> {
  const named = await programNamed(host, asked.program, asked.folder);
  const isEvaluation = asked.tool === evaluateTool;
  const config = await configOf(named, { strategy: isEvaluation ? 'vanilla' : asked.strategy });
  if (!isEvaluation && config.strategy.length === 0) {
    throw new UsageError(`"strategy" has no steps: to measure the program as it is, use ${evaluateTool}.`);
  }
  if (asked.split === 'test' && config.data.test === null) {
    throw new UsageError(
      `"split": the program has no test rows (no "test" in bettertogether.json). Take "dev", or leave it out.`,
    );
  }
  const start = asked.from === undefined ? {} : await startAt(host, named, asked.from);
  const onDev = isEvaluation && asked.split !== 'test';
  return {
    tool: asked.tool,
    named,
    whole: config,
    config: onDev ? { ...config, data: { ...config.data, test: null } } : config,
    work: isEvaluation ? 'evaluation' : 'run',
    ...start,
  };
}

async function startAt(
  host: ToolHost,
  { root }: NamedProgram,
  asked: string,
): Promise<{ readonly start: GivenState; readonly from: string }> {
  const { run } = await runNamed(host, asked, root);
  try {
    await readOwnManifest(run.folder);
    const states = await readOwnStates(run.folder);
    if (states !== null)
      return { from: run.id, start: { kind: 'state', from: `Run ${run.id}`, state: states.final.state } };
  } catch (error) {
    throw error instanceof ForeignRecord ? foreign(run.id, host) : error;
  }
  throw new UsageError(`"from": run ${run.id} has no state yet, because no step of it has finished.`);
}

/** A run that came with the folder is looked at and nothing more. */
export function foreign(run: string, { words }: ToolHost): UsageError {
  return new UsageError(
    `Run ${run} came with the folder and was not made by this person on this machine, so it can only be looked at. ${words.takeOver(run)}`,
  );
}

/**
 * All that decides what the work takes, but for its cap.
 *
 * @param loaded the files that the program was loaded from when its price was told, absolute.
 * @throws HumanError naming a source that cannot be read.
 */
export async function boundOf(
  { tool, named, config, start }: PlannedWork,
  data: DataHashes,
  loaded: readonly string[],
): Promise<string> {
  const { program, metric } = config;
  const optimizers = Object.values(stepFiles(config, (path) => path));
  const own = [program.file, ...(metric.kind === 'code' ? [metric.file] : []), ...optimizers];
  const files = [...new Set([...own, ...loaded])].sort();
  const sources = await Promise.all(files.map(async (file) => [file, await hashOf(file)]));
  const rows = [data.train.sha256, data.dev?.sha256 ?? null, data.test?.sha256 ?? null];
  return contentHash({
    tool,
    root: named.root,
    config: agreedHash(config),
    rows,
    sources,
    start: start ?? null,
  });
}

async function hashOf(file: string): Promise<string> {
  try {
    return createHash('sha256')
      .update(await readFile(file))
      .digest('hex');
  } catch (error) {
    throw new HumanError(`${file} could not be read: ${messageOf(error)}.`, { cause: error });
  }
}

/** `intents with p -> w`, `intents as it is, on test`. */
export function workText({ tool, config, from }: PlannedWork): string {
  const text = workOf(tool, config);
  return from === undefined ? text : l10n.t`${text}, from run ${from}`;
}

function workOf(tool: PlannedWork['tool'], { key, strategy, data }: ResolvedProgram): string {
  if (tool !== evaluateTool) return l10n.t`Optimize ${key} with ${formatStrategy(strategy)}`;
  return data.test === null
    ? l10n.t`Evaluate ${key} on its dev rows`
    : l10n.t`Evaluate ${key} on its dev and test rows`;
}
