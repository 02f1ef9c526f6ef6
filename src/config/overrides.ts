import { resolve } from 'node:path';
import { UsageError } from '../base/errors.ts';
import { fileOfData } from './dataset.ts';
import { configFileName } from './load.ts';
import type { LoadedConfig } from './load.ts';
import { suggestion } from './nearest.ts';
import type { BudgetCaps } from './resolved.ts';
import type { ProgramEntry } from './schema.ts';

/** What the command line may say in place of, or on top of, the configuration. */
export interface Overrides {
  readonly metric?: string | undefined;
  readonly train?: string | undefined;
  readonly inputs?: readonly string[] | undefined;
  readonly strategy?: string | undefined;
  /** Of a comparison, in place of one strategy: separated by commas. */
  readonly strategies?: string | undefined;
  readonly seed?: number | undefined;
  readonly endpoint?: string | undefined;
  readonly model?: string | undefined;
  readonly budget?: Partial<BudgetCaps> | undefined;
}

/**
 * The entry of the program `asked` for with the overrides laid over it. Paths from the command line are relative to
 * `cwd`. Another training set leaves the configured dev and test rows as they are: they are still what is compared on.
 *
 * @throws UsageError when there is no such program, or `file#export` came without --metric or --train.
 */
export function entryWithOverrides(
  loaded: LoadedConfig,
  asked: string,
  overrides: Overrides,
  cwd: string,
): ProgramEntry {
  const programs = loaded.config.programs ?? {};
  const found = Object.hasOwn(programs, asked) ? programs[asked] : undefined;
  const said = spoken(overrides, cwd);
  const budget = mergedBudget(found?.budget, overrides.budget);
  if (found !== undefined) return { ...withoutMovedModel(found, overrides), ...said, ...budget };
  if (!asked.includes('#')) throw noSuchProgram(loaded, asked);
  const { metric, train } = said;
  if (metric === undefined || train === undefined) {
    const missing = metric === undefined ? '--metric' : '--train';
    throw new UsageError(`"${asked}" is not a key of ${configFileName}, so ${missing} has to be given.`);
  }
  return { ...said, ...budget, program: fromFolder(asked, cwd), metric, train };
}

function spoken(overrides: Overrides, cwd: string): Partial<ProgramEntry> {
  const { metric, train, inputs, strategy, seed, endpoint, model } = overrides;
  return {
    ...(metric !== undefined && { metric: fromFolder(metric, cwd) }),
    ...(train !== undefined && { train: dataFromFolder(train, cwd) }),
    ...(inputs !== undefined && { inputs: [...inputs] }),
    ...(strategy !== undefined && { strategy }),
    ...(seed !== undefined && { seed }),
    ...(endpoint !== undefined && { endpoint }),
    ...(model !== undefined && { model }),
  };
}

/** `file#name` with the file made absolute; anything without `#` (a built-in metric) stays. */
function fromFolder(reference: string, folder: string): string {
  const hash = reference.lastIndexOf('#');
  if (hash < 0) return reference;
  return `${resolve(folder, reference.slice(0, hash))}${reference.slice(hash)}`;
}

/** A data file, or `file#name` where code builds the data, with the file made absolute. */
function dataFromFolder(reference: string, folder: string): string {
  const file = fileOfData(reference);
  return `${resolve(folder, file)}${reference.slice(file.length)}`;
}

/** Moved to the embedded endpoint, a program does not take the other endpoint's model name along. */
function withoutMovedModel(found: ProgramEntry, overrides: Overrides): ProgramEntry {
  const moved = overrides.endpoint === 'embedded' && (found.endpoint ?? 'embedded') !== 'embedded';
  if (!moved) return found;
  const rest = { ...found };
  delete rest.model;
  return rest;
}

function mergedBudget(
  found: ProgramEntry['budget'],
  said: Partial<BudgetCaps> | undefined,
): Pick<ProgramEntry, 'budget'> {
  const caps = Object.entries(said ?? {}).filter(([, cap]) => cap !== null && cap !== undefined);
  return found === undefined && caps.length === 0 ? {} : { budget: { ...found, ...Object.fromEntries(caps) } };
}

export function noSuchProgram(loaded: LoadedConfig, asked: string): UsageError {
  const known = Object.keys(loaded.config.programs ?? {});
  const none = loaded.file === null ? ` There is no ${configFileName} here or above.` : ` ${loaded.file} has none.`;
  return new UsageError(
    `There is no program "${asked}".${known.length > 0 ? suggestion(asked, known) : none} ` +
      'Name a key of "programs", or file#export with --metric and --train.',
  );
}
