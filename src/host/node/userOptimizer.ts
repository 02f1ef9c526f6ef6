/** A user's own optimizer in this process: loaded once, and run once. */
import { realpathSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import * as z from 'zod';
import { messageOf } from '../../base/errors.ts';
import type { JsonValue } from '../../base/json.ts';
import type { CodeEvaluation, CodeRequest, CodeScores } from '../../engine/optimizerCode.ts';
import type { Question } from '../../engine/ask.ts';
import { isOptimizer } from '../../program/optimizer.ts';
import type { Evaluation, Optimizer, OptimizerRow, OptimizerTask } from '../../program/optimizer.ts';
import type { LoadedOptimizer, LoadOptimizerParams } from '../protocol.ts';
import { parseExportPath } from './exportPath.ts';
import type { ExportPath } from './exportPath.ts';
import { guardImports } from './importGuard.ts';
import { LoadError } from './loadError.ts';
import { createLoader } from './loader.ts';
import { kindOf, take } from './program.ts';
import { userError } from './userError.ts';
import { userFrame } from './userFrame.ts';

/** The run process, as an optimizer asks it. */
export interface OptimizerParent {
  evaluate(asked: CodeEvaluation): Promise<CodeScores>;
  ask(question: Question): Promise<string>;
}

/** The optimizer's own code failed: a message for people that names it. */
export class OptimizerFailed extends Error {
  override readonly name = 'OptimizerFailed';
}

export class UserOptimizer {
  readonly about: LoadedOptimizer;
  readonly #optimizer: Optimizer;
  readonly #path: ExportPath;
  readonly #workspace: string;

  private constructor(optimizer: Optimizer, path: ExportPath, workspace: string, about: LoadedOptimizer) {
    this.#optimizer = optimizer;
    this.#path = path;
    this.#workspace = workspace;
    this.about = about;
  }

  /**
   * @param beforeUserCode called when what we need ourselves is loaded.
   * @param end see `guardImports`.
   * @throws LoadError naming file, export, line or setting.
   */
  static async load(
    { workspace: given, optimizer: spec, settings }: LoadOptimizerParams,
    sdkPath: string,
    beforeUserCode: () => void,
    end: (reason: string) => never,
  ): Promise<UserOptimizer> {
    const workspace = realpathSync(given);
    const path = parseExportPath(spec, workspace, 'optimizer');
    const loader = await createLoader(workspace, path.file, sdkPath);
    beforeUserCode();
    const exports = await guardImports(workspace, end, () => loader.load(path.file));
    const optimizer = takeOptimizer(exports, path);
    for (const each of settings) settingsFor(optimizer, each, path);
    // Paths as the parent knows them, which may have come to the workspace by a link.
    const sources = Object.entries(loader.sources()).map(([file, hash]) => [
      resolve(given, relative(workspace, file)),
      hash,
    ]);
    const about = {
      runtime: `Node ${process.versions.node}`,
      sources: Object.fromEntries(sources) as Record<string, string>,
    };
    return new UserOptimizer(optimizer, path, workspace, about);
  }

  /** @throws OptimizerFailed */
  async run(request: CodeRequest, parent: OptimizerParent, signal: AbortSignal): Promise<unknown> {
    const settings = settingsFor(this.#optimizer, request.settings, this.#path);
    try {
      const running = this.#optimizer.run(taskOf(request, settings, parent, signal));
      return asJson(await orUncaught(running), 'What it returns');
    } catch (error) {
      const frame = userFrame(error, this.#workspace);
      const at = frame === undefined ? '' : ` at ${frame.file}:${frame.line}`;
      const { message } = userError(error, 'program', this.#workspace);
      throw new OptimizerFailed(`The optimizer ${this.#path.spec} failed${at}: ${message}`, { cause: error });
    }
  }
}

/** An error thrown in a timer or a callback reaches nobody who awaits the work, which may then never end. */
async function orUncaught<T>(work: T | Promise<T>): Promise<T> {
  let onError: (error: unknown) => void = () => undefined;
  const uncaught = new Promise<never>((_, reject) => {
    onError = reject;
    process.on('uncaughtException', onError);
  });
  try {
    return await Promise.race([work, uncaught]);
  } finally {
    process.off('uncaughtException', onError);
  }
}

function takeOptimizer(exports: Readonly<Record<string, unknown>>, path: ExportPath): Optimizer {
  const exported = take(exports, path, 'optimizer');
  if (isOptimizer(exported) && typeof exported.run === 'function') return exported;
  throw new LoadError(
    `${path.spec} is ${kindOf(exported)}, which is no optimizer. Export what optimizer({ run }) of 'bettertogether' gives.`,
    path.file,
  );
}

/** @throws LoadError naming the settings that are wrong. */
function settingsFor(optimizer: Optimizer, written: Readonly<Record<string, JsonValue>>, path: ExportPath): unknown {
  if (optimizer.settings === undefined) return written;
  try {
    return optimizer.settings.parse(written);
  } catch (error) {
    throw new LoadError(`${path.spec} does not take its "settings": ${issuesOf(error)}`, path.file);
  }
}

const issuesSchema = z.object({
  issues: z.array(z.object({ path: z.array(z.union([z.string(), z.number()])), message: z.string() })).min(1),
});

/** Of zod, whichever version the author has; of any other schema its message. */
function issuesOf(error: unknown): string {
  const { data } = issuesSchema.safeParse(error);
  if (data === undefined) return messageOf(error);
  return data.issues
    .map(({ path, message }) => (path.length === 0 ? message : `"${path.join('.')}": ${message}`))
    .join('; ');
}

function taskOf(
  request: CodeRequest,
  settings: unknown,
  parent: OptimizerParent,
  signal: AbortSignal,
): OptimizerTask<unknown> {
  const { state, predictors, rows: examples, seed, threshold, metricRange } = request;
  const rows = examples.map(({ inputs, fields }): OptimizerRow => ({ inputs, fields }));
  const places = new Map(rows.map((row, place) => [row, place]));
  const score = async (asked: Omit<CodeEvaluation, 'rows'>, some: readonly OptimizerRow[]): Promise<Evaluation> => {
    const made = asJson(asked.state, 'A state');
    const scores = await parent.evaluate({ ...asked, state: made, rows: some.map((row) => placeOf(row, places)) });
    return frozen({ score: scores.score, rows: scores.rows.map((result, i) => ({ ...result, row: some[i]! })) });
  };
  return {
    state: frozen(state),
    predictors: frozen(predictors.map(({ name, signature }) => ({ name, signature }))),
    rows: frozen(rows),
    settings: frozen(settings),
    ...{ seed, threshold, metricRange, signal },
    random: generator(seed),
    evaluate: (made, some) => score({ state: made }, some),
    candidate: async (made, some, about = {}) => score({ state: made, about: aboutOf(about) }, some),
    ask: async (question, options = {}) => parent.ask(questionOf(question, options)),
  };
}

function placeOf(row: OptimizerRow, places: ReadonlyMap<OptimizerRow, number>): number {
  const place = places.get(row);
  if (place !== undefined) return place;
  throw new TypeError('evaluate and candidate take rows of the task: elements of task.rows, not copies of them.');
}

const aboutSchema = z.record(z.string().max(200), z.union([z.string(), z.number(), z.boolean(), z.null()]));

/** @throws TypeError */
function aboutOf(about: unknown): NonNullable<CodeEvaluation['about']> {
  const facts = aboutSchema.safeParse(about);
  if (facts.success) return facts.data;
  throw new TypeError(`about takes texts, numbers and booleans, by short names: ${z.prettifyError(facts.error)}`);
}

const optionsSchema = z.strictObject({
  temperature: z.number().min(0).max(2).default(1),
  maxTokens: z.int().positive().default(1000),
});
const messagesSchema = z
  .array(z.strictObject({ role: z.enum(['system', 'user', 'assistant']), content: z.string() }))
  .min(1);

/** @throws TypeError */
function questionOf(question: unknown, options: unknown): Question {
  const asked = typeof question === 'string' ? [{ role: 'user', content: question }] : question;
  const messages = messagesSchema.safeParse(asked);
  if (!messages.success) throw new TypeError(`ask takes a text or messages: ${z.prettifyError(messages.error)}`);
  const sampling = optionsSchema.safeParse(options);
  if (!sampling.success) throw new TypeError(`ask takes temperature and maxTokens: ${z.prettifyError(sampling.error)}`);
  return { prompt: { kind: 'chat', messages: messages.data }, sampling: sampling.data };
}

/** @throws TypeError for what is not plain data. */
function asJson(value: unknown, what: string): unknown {
  try {
    return JSON.parse(JSON.stringify(value) ?? 'null') as unknown;
  } catch (error) {
    throw new TypeError(`${what} is no plain data: ${messageOf(error)}`, { cause: error });
  }
}

/** The value, which cannot be changed any more. */
function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const part of Object.values(value)) frozen(part);
  return value;
}

/** Mulberry32: numbers from 0 to below 1, the same ones for a seed. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
