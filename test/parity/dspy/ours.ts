/** The same programs and the same scripted LM as the oracle's, on our engine and SDK. */
import { Module, Predict } from 'bettertogether';
import { messageOf } from '../../../src/base/errors.ts';
import type { Fields, JsonValue } from '../../../src/base/json.ts';
import type { ChatMessage } from '../../../src/data/lm.ts';
import type { Example, ProgramDescription } from '../../../src/data/program.ts';
import type { ProgramOutcome, TraceCall, TrainingRow } from '../../../src/data/trace.ts';
import { Budget } from '../../../src/engine/budget.ts';
import type { CallLm, LanguageModel, Program, RowRequest, RunRequest } from '../../../src/engine/interfaces.ts';
import { Optimization } from '../../../src/engine/optimize.ts';
import type { Stage } from '../../../src/engine/optimize.ts';
import type { SizedSettings } from '../../../src/engine/optimizers/fewShot/settings.ts';
import type { FittedSettings } from '../../../src/engine/optimizers/fineTune/settings.ts';
import type { OptimizeSettings } from '../../../src/engine/settings.ts';
import { UsageMeter } from '../../../src/engine/usage.ts';
import { isParseError } from '../../../src/program/values/parseError.ts';
import { describe as describeProgram, namedPredictors } from '../../../src/program/predictors.ts';
import { renderRow } from '../../../src/program/rows.ts';
import { withRuntime } from '../../../src/program/runtime/runtime.ts';
import { FakeJournal, FakeLm, FakeSurroundings, FakeTrainer } from '../../unit/engine/fakes.ts';
import type { Asked } from '../../unit/engine/fakes.ts';
import { settingsOf } from '../../unit/engine/settingsOf.ts';

export type Row = Readonly<{ question: string; answer: string }>;

/** `{ question: 'train 3', answer: 'a train 3' }`. */
export function rows(split: string, count: number): readonly Row[] {
  return Array.from({ length: count }, (_, id) => ({ question: `${split} ${id}`, answer: `a ${split} ${id}` }));
}

export function examples(from: readonly Row[]): readonly Example[] {
  return from.map((fields, id) => ({ id, inputs: { question: fields.question }, fields }));
}

export class Two extends Module {
  hint = new Predict('question -> hint');
  answer = new Predict('question, hint -> answer');

  async forward({ question }: { question: string }): Promise<Fields> {
    const { hint } = await this.hint({ question });
    return this.answer({ question, hint });
  }
}

/** Asks for a hint twice, so that the second call of a trace is not the second predictor's. */
export class Twice extends Two {
  override async forward({ question }: { question: string }): Promise<Fields> {
    await this.hint({ question });
    const { hint } = await this.hint({ question: `again ${question}` });
    return this.answer({ question, hint });
  }
}

export type Metric = (example: Fields, prediction: Fields, trace?: readonly TraceCall[]) => boolean;
export const exact: Metric = (example, prediction) => example['answer'] === prediction['answer'];
export const odd: Metric = (example) => Number(String(example['question']).split(' ').at(-1)) % 2 === 1;

/** What the scripted LM is asked: by DSPy over the wire, by us directly. */
export interface Prompted {
  readonly model: string;
  readonly messages: readonly { readonly role: string; readonly content: string }[];
}

/**
 * Fills in the ChatAdapter's field. `base` knows every third row, two of three when it is shown demos; a tuned model
 * knows all.
 */
export function script({ model, messages }: Prompted): string {
  const asked = messages.at(-1)!.content;
  const [, question, split, id] = /\[\[ ## question ## \]\]\n((?:again )?(\w+) (\d+))/.exec(asked) ?? [];
  const number = Number(id);
  const knows = model.startsWith('tuned') || number % 3 === 0 || (messages.length > 2 && number % 3 === 1);
  const field = /starting with the field `\[\[ ## (\w+) ## \]\]`/.exec(asked)?.[1] ?? 'answer';
  const value = field === 'hint' ? `hint for ${question}` : knows ? `a ${split} ${id}` : 'no idea';
  return `[[ ## ${field} ## ]]\n${value}\n\n[[ ## completed ## ]]`;
}

/** A TypeScript program in this process, in the chat format, as the Node host runs it in one of its own. */
export class SdkProgram implements Program {
  readonly #root: Two;
  readonly #metric: Metric;

  constructor(root: Two, metric: Metric) {
    this.#root = root;
    this.#metric = metric;
  }

  async describe(): Promise<ProgramDescription> {
    return { name: 'program', language: 'typescript', predictors: describeProgram(this.#root), sources: {} };
  }

  async run({ state, example, collecting }: RunRequest, lm: CallLm): Promise<ProgramOutcome> {
    const trace: TraceCall[] = [];
    const names = new Map(namedPredictors(this.#root).map(({ name, predictor }) => [predictor as object, name]));
    let phase: 'program' | 'metric' = 'program';
    try {
      const runtime = {
        format: 'chat' as const,
        guided: 'auto' as const,
        startedAt: 0,
        complete: lm,
        record: (call: TraceCall) => void trace.push(call),
        lookup: (predictor: object) => {
          const name = names.get(predictor)!;
          return { name, state: state.predictors[name]! };
        },
      };
      const inputs = example.inputs as unknown as { question: string };
      const prediction = await withRuntime(runtime, () => this.#root.call(inputs));
      phase = 'metric';
      const given = collecting ? [trace] : [];
      const score = Number(this.#metric(example.fields, prediction, ...given));
      return { prediction, score, trace, seconds: 0 };
    } catch (error) {
      const kind = isParseError(error) ? 'parse' : phase;
      return { prediction: null, score: 0, error: { kind, message: messageOf(error) }, trace, seconds: 0 };
    }
  }

  async renderRows(requests: readonly RowRequest[]): Promise<readonly TrainingRow[]> {
    const signatures = new Map((await this.describe()).predictors.map(({ name, signature }) => [name, signature]));
    return requests.map(({ predictor, state, inputs, outputs }) => ({
      predictor,
      ...renderRow(signatures.get(predictor)!, state, 'chat', inputs, outputs),
    }));
  }
}

export function messagesOf(call: Asked['call']): readonly ChatMessage[] {
  return call.prompt.kind === 'chat' ? call.prompt.messages : [];
}

export interface OursOptions {
  readonly program?: Two;
  readonly metric?: Metric;
  readonly script?: (asked: Prompted, rollout: Asked['rollout']) => string;
  readonly train: readonly Row[];
  readonly dev: readonly Row[];
  readonly p?: Partial<SizedSettings>;
  readonly w?: Partial<FittedSettings>;
  readonly memory?: Map<string, JsonValue>;
  readonly lmMemo?: Map<string, string>;
  readonly trainer?: FakeTrainer;
  readonly lm?: LanguageModel;
}

export interface Ours {
  readonly stages: readonly Stage[];
  readonly error: unknown;
  readonly lm: FakeLm;
  readonly journal: FakeJournal;
  readonly trainer: FakeTrainer;
}

const prices = { ofAnswer: () => null, ofTraining: () => null };

/** Runs a strategy, seed 0. */
export async function optimize(strategy: string, options: OursOptions): Promise<Ours> {
  const program = new SdkProgram(options.program ?? new Two(), options.metric ?? exact);
  const say = options.script ?? script;
  const lm = new FakeLm(
    ({ call, rollout }) => say({ model: call.model, messages: messagesOf(call) }, rollout),
    options.lmMemo,
  );
  const [journal, trainer] = [new FakeJournal(options.memory), options.trainer ?? new FakeTrainer()];
  let stages: readonly Stage[] = [];
  const optimization = new Optimization(
    {
      program,
      lm: options.lm ?? lm,
      trainer,
      journal,
      surroundings: new FakeSurroundings(),
      gate: new Budget({ calls: null, tokens: null, usd: null }, { calls: 0, tokens: 0, usd: 0 }),
      prices,
      meter: new UsageMeter(prices),
      concurrency: 4,
      identity: 'parity',
    },
    settings(strategy, options),
    { train: examples(options.train), dev: examples(options.dev), test: null },
    await program.describe(),
    { signal: new AbortController().signal, onStage: (now) => (stages = now) },
  );
  let error: unknown;
  try {
    stages = await optimization.run();
  } catch (caught) {
    error = caught;
  }
  return { stages, error, lm, journal, trainer };
}

function settings(strategy: string, { p, w, train }: OursOptions): OptimizeSettings {
  const half = Math.floor(train.length / 2);
  const hyperParameters: Partial<FittedSettings> = {
    epochs: 5,
    learningRate: 1e-5,
    schedule: 'constant',
    batchSize: 8,
    lora: { rank: 32, alpha: 64, targets: ['q_proj', 'k_proj'] },
  };
  return settingsOf(strategy, {
    p: { train: half, validation: train.length - half, ...p },
    w: { ...hyperParameters, ...w },
  });
}
