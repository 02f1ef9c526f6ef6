import { stat } from 'node:fs/promises';
import { resolve, sep } from 'node:path';
import { UsageError } from '../base/errors.ts';
import { everyStepOf, parseStrategies, parseStrategy, settingsKey } from '../data/strategy.ts';
import type { Strategy } from '../data/strategy.ts';
import { modelNameOf } from '../data/modelName.ts';
import { endingsText, languageOf, languages } from '../data/language.ts';
import { optimizers } from '../engine/optimizers/all.ts';
import { requireMethods } from '../engine/trainingMethods.ts';
import { defaultFormat } from '../program/formats/registry.ts';
import { folderRemedy } from './dataFolder.ts';
import { fileOfData, isBuiltInCode } from './dataset.ts';
import { checkServing, otherServices, resolveEndpoint } from './endpoint.ts';
import type { LoadedConfig } from './load.ts';
import { resolveMetric } from './metric.ts';
import { checkInside } from './inside.ts';
import { entryWithOverrides } from './overrides.ts';
import type { Overrides } from './overrides.ts';
import { languageOfProgram } from './resolved.ts';
import type { BudgetCaps, ResolvedEndpoint, ResolvedProgram } from './resolved.ts';
import type { ProgramEntry } from './schema.ts';
import { servicesOf } from './services.ts';
import { methodsKnown } from './trainer.ts';
import type { PlacedLm } from './lmsOfSteps.ts';
import { checkTeachers, unpricedLms } from './lmsOfSteps.ts';
import { resolveSteps, stepFiles, stepNames, teleprompterSteps, trains } from './steps.ts';

/** The LM of the embedded endpoint when none is named. */
export const embeddedModel = 'smollm2-135m-instruct';

/**
 * The settings of the program `asked` for, a key of `bettertogether.json` or `file#export`, with every default.
 * Paths of the file are relative to its folder, those of the command line to `cwd`.
 *
 * @throws UsageError naming the setting, or the file that is missing.
 */
export async function resolveProgram(
  loaded: LoadedConfig,
  asked: string,
  overrides: Overrides = {},
  cwd: string = process.cwd(),
): Promise<ResolvedProgram> {
  const entry = entryWithOverrides(loaded, asked, overrides, cwd);
  const absolute = (path: string): string => resolve(loaded.workspace, path);
  const where = loaded.file === null ? asked : `"${asked}" in ${loaded.file}`;
  const endpoint = resolveEndpoint(loaded, entry.endpoint ?? 'embedded', where);
  const program = codeReference(entry.program, absolute, where);
  const strategy = [...strategyOf(entry, overrides)];
  const steps = resolveSteps(entry, { embedded: endpoint.kind === 'embedded' });
  const services = servicesOf({ program, strategy, steps, endpoint }, otherServices(loaded, endpoint), where);
  const resolved: ResolvedProgram = {
    key: asked,
    program,
    metric: resolveMetric(entry.metric, absolute, where),
    data: dataFiles(entry, absolute),
    inputs: entry.inputs ?? null,
    endpoint,
    ...(services.length === 0 ? {} : { services: [...services] }),
    model: entry.model ?? defaultModel(endpoint, where),
    ...programSettings(entry),
    strategy,
    steps,
    budget: {
      calls: entry.budget?.calls ?? null,
      tokens: entry.budget?.tokens ?? null,
      usd: entry.budget?.usd ?? null,
    },
  };
  checkLanguages(resolved, where);
  checkTeleprompters(resolved, where);
  checkRange(resolved, where);
  checkTeachers(resolved);
  checkPrices(resolved, resolved.budget);
  if (trains(resolved)) checkServing(resolved.endpoint);
  checkMethods(resolved);
  const code = stepFiles(resolved, absolute);
  await checkInside(loaded.workspace, { ...namedByFile(loaded, asked, entry, resolved), ...code });
  for (const [key, file] of Object.entries(code)) await mustExist(file, `"${key}" of ${where}`);
  await checkFiles(resolved, where);
  return resolved;
}

function programSettings(entry: ProgramEntry) {
  return {
    threshold: entry.threshold ?? entry.metricRange?.[1] ?? 1,
    metricRange: entry.metricRange ?? ([0, 1] satisfies [number, number]),
    adapter: entry.adapter ?? defaultFormat,
    guided: entry.sampling?.guided ?? 'auto',
    frozen: entry.frozen ?? [],
    ...(entry.hostWorkers === undefined ? {} : { hostWorkers: entry.hostWorkers }),
    ...(entry.exampleSeconds === undefined ? {} : { exampleSeconds: entry.exampleSeconds }),
    ...(entry.remember === undefined ? {} : { remember: entry.remember }),
    seed: entry.seed ?? 0,
    sampling: {
      temperature: givenOr(entry.sampling?.temperature, 0.1),
      topP: givenOr(entry.sampling?.topP, 0.97),
      maxTokens: entry.sampling?.maxTokens ?? 1024,
    },
  } as const;
}

/** @throws UsageError naming the piece that is not a step. */
function strategyOf({ strategy, steps }: ProgramEntry, { strategies }: Overrides): Strategy {
  const names = stepNames(steps);
  if (strategies !== undefined) return everyStepOf(parseStrategies(strategies, names));
  return parseStrategy(strategy ?? 'p -> w -> p', names);
}

/** `null` is a value: none is sent. */
function givenOr(value: number | null | undefined, standard: number): number | null {
  return value === undefined ? standard : value;
}

function dataFiles(entry: ProgramEntry, absolute: (path: string) => string): ResolvedProgram['data'] {
  const orNull = (path: string | undefined): string | null => (path === undefined ? null : absolute(path));
  return { train: absolute(entry.train), dev: orNull(entry.dev), test: orNull(entry.test) };
}

function codeReference(
  reference: string,
  absolute: (path: string) => string,
  where: string,
): ResolvedProgram['program'] {
  const hash = reference.lastIndexOf('#');
  const file = hash < 0 ? reference : reference.slice(0, hash);
  const name = hash < 0 ? '' : reference.slice(hash + 1);
  if (name === '') {
    throw new UsageError(`The program "${reference}" of ${where} does not say which export is meant: "${file}#Name".`);
  }
  if (languageOf(file) === null) {
    throw new UsageError(`The program "${reference}" of ${where} is not a ${endingsText()} file.`);
  }
  return { file: absolute(file), name };
}

function defaultModel(endpoint: ResolvedEndpoint, where: string): string {
  if (endpoint.kind === 'embedded') {
    return endpoint.modelFile === undefined ? embeddedModel : modelNameOf(endpoint.modelFile);
  }
  throw new UsageError(
    `${where} does not say which model of endpoint "${endpoint.name}" to use: add "model" or --model.`,
  );
}

/** Program and metric run in one process, so they are in one language. */
function checkLanguages({ program, metric }: ResolvedProgram, where: string): void {
  const language = languageOfProgram(program);
  if (metric.kind !== 'code' || languageOf(metric.file) === language) return;
  throw new UsageError(
    `The program of ${where} is in ${languages[language].title}, and its metric ${metric.file}#${metric.name} is not. ` +
      `Name a function in a ${endingsText(language)} file, or a built-in metric such as exactMatch:answer.`,
  );
}

/**
 * An optimizer of DSPy's compiles a program of DSPy's.
 *
 * @throws UsageError naming the step.
 */
function checkTeleprompters(resolved: ResolvedProgram, where: string): void {
  const [step] = teleprompterSteps(resolved);
  const { title, takesTeleprompters } = languages[languageOfProgram(resolved.program)];
  if (step === undefined || takesTeleprompters) return;
  throw new UsageError(
    `"${settingsKey(step)}" of ${where} is an optimizer of DSPy's, and the program is in ${title}. Take a step of the ` +
      'kind "p", "mipro", "gepa" or "custom" for it.',
  );
}

/** @throws UsageError naming a step whose rows the endpoint's training service is known not to take. */
function checkMethods({ strategy, steps, endpoint }: ResolvedProgram): void {
  const methods = methodsKnown(endpoint);
  if (methods === null) return;
  const taken = strategy.map((name) => {
    const { changes, trains: method } = optimizers.get(steps[name]!.kind);
    return { name, changes, trains: method };
  });
  requireMethods(taken, { methods });
}

function checkRange({ metricRange: [low, high], threshold }: ResolvedProgram, where: string): void {
  if (low >= high)
    throw new UsageError(`"metricRange" of ${where} is [${low}, ${high}]: the first has to be the lower.`);
  if (threshold > high) {
    throw new UsageError(
      `"threshold" of ${where} is ${threshold}, above the highest value of the metric (${high}): no trace could be correct.`,
    );
  }
}

/**
 * A dollar cap can only hold where prices are known, that of training too where the strategy trains, and those of all
 * LMs that steps name.
 *
 * @throws UsageError naming endpoint and model without a price.
 */
export function checkPrices(
  config: Pick<ResolvedProgram, 'endpoint' | 'services' | 'model' | 'strategy' | 'steps'>,
  budget: BudgetCaps,
): void {
  const { endpoint, model } = config;
  if (budget.usd === null) return;
  const [unpriced] = unpricedLms(config);
  if (unpriced !== undefined) throw withoutPrice(budget.usd, unpriced);
  // Without prices of its own the embedded endpoint costs nothing.
  if (endpoint.kind === 'embedded' && endpoint.prices === null) return;
  const price = endpoint.prices?.[model] ?? endpoint.prices?.['*'];
  if (price !== undefined && (price.training !== undefined || !trains(config))) return;
  const [what, add, otherwise] =
    price === undefined
      ? ['price', 'it', 'cap calls or tokens instead']
      : ['price of training', '"training"', 'leave out the steps that train'];
  throw new UsageError(
    `A cap of $${budget.usd} cannot hold: endpoint "${endpoint.name}" has no ${what} for "${model}". ` +
      `Add ${add} under endpoints.${endpoint.name}.prices (US dollars per million tokens; "*" is any model), ` +
      `or ${otherwise}.`,
  );
}

function withoutPrice(usd: number, { key, model, endpoint }: PlacedLm): UsageError {
  return new UsageError(
    `A cap of $${usd} cannot hold: endpoint "${endpoint}" has no price for "${model}" ("${key}"). Add it under ` +
      `endpoints.${endpoint}.prices (US dollars per million tokens; "*" is any model), or cap calls or tokens instead.`,
  );
}

/** Files that the configuration names, and not the command line, by their setting. */
function namedByFile(
  loaded: LoadedConfig,
  asked: string,
  entry: ProgramEntry,
  { program, metric, data }: ResolvedProgram,
): Readonly<Record<string, string>> {
  const written = loaded.config.programs?.[asked];
  const held = (file: string | null): string | null => (file === null ? null : fileOfData(file));
  const sources = { train: held(data.train), dev: held(data.dev), test: held(data.test) };
  const all = { program: program.file, metric: metric.kind === 'code' ? metric.file : null, ...sources };
  return Object.fromEntries(
    Object.entries(all).flatMap(([setting, file]) => {
      const same = written?.[setting as keyof typeof all] === entry[setting as keyof typeof all];
      return file === null || !same ? [] : [[setting, file]];
    }),
  );
}

async function checkFiles(resolved: ResolvedProgram, where: string): Promise<void> {
  const { endpoint } = resolved;
  if (endpoint.kind === 'embedded' && endpoint.modelFile !== undefined) {
    await mustExist(endpoint.modelFile, `"endpoints.${endpoint.name}.modelFile"`);
  }
  await mustExist(resolved.program.file, `"program" of ${where}`);
  if (resolved.metric.kind === 'code') await mustExist(resolved.metric.file, `"metric" of ${where}`);
  for (const split of ['train', 'dev', 'test'] as const) {
    const file = resolved.data[split];
    if (file !== null && !isBuiltInCode(file)) {
      await mustExist(fileOfData(file), `"${split}" of ${where}`, folderRemedy);
    }
  }
}

/** @param remedyOf what is said of a folder there, with a space before it */
async function mustExist(
  file: string,
  what: string,
  remedyOf: (folder: string) => Promise<string> = () => Promise.resolve(''),
): Promise<void> {
  const found = await stat(file).catch(() => undefined);
  if (found === undefined) throw new UsageError(`${what} names ${file}, which does not exist.${misspelt(file)}`);
  if (!found.isFile()) throw new UsageError(`${what} names ${file}, which is not a file.${await remedyOf(file)}`);
}

/** What in a path that leads nowhere is read otherwise elsewhere. */
function misspelt(file: string): string {
  if (sep === '/' && file.includes('\\'))
    return ' Folders are parted by "/" here, and by "\\" on Windows alone: "/" is right on both.';
  if (/(^|[\\/])~[\\/]|\$\{?\w/.test(file))
    return ' "~" and variables are not filled in: write the path from the folder of this file.';
  return file.includes('*') ? ' One file is named, and no pattern: put the rows into one.' : '';
}
