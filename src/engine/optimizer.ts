/**
 * What a kind of step is. An optimizer is a function from state to state, with settings; a strategy is a fold over
 * optimizers whose settings are bound (`Step`). Adding one: a folder under `optimizers/`, a line in `optimizers/all.ts`,
 * and settings to try it with in `test/contracts/optimizer.test.ts`.
 */
import type * as z from 'zod';
import type { JsonValue } from '../base/json.ts';
import type { Example, ProgramState } from '../data/program.ts';
import type { TrainingMethod } from '../data/trainingSet.ts';
import type { CandidateFacts, StepInfo } from '../protocol.ts';
import type { Ask, AskedModel } from './ask.ts';
import type { ChargingGate } from './budget.ts';
import type { Journal, LanguageModel, Program, Trainer } from './interfaces.ts';
import type { PlanContext, StepPlan } from './estimate.ts';
import type { OptimizerCode } from './optimizerCode.ts';
import type { WrittenLora } from './loraSettings.ts';
import type { RunMemory } from './runMemory.ts';
import type { Runner } from './runner.ts';
import type { Scope } from './scope.ts';
import type { KeptTeacher } from './settingSchemas.ts';
import type { Teleprompter } from './teleprompter.ts';
import type { Prices, UsageMeter } from './usage.ts';

/** What a step is handed from the one before it. */
export interface Carry {
  readonly state: ProgramState;
  /** The training set in the order of this step's shuffle. */
  readonly train: readonly Example[];
  /** Rows that the last prompt search chose on and did not learn from. */
  readonly validation: readonly Example[];
}

/** What an optimizer works with. */
export interface StepContext {
  readonly program: Program;
  readonly runner: Runner;
  /** What the step asks an LM by itself; counts as the step's. */
  readonly ask: Ask;
  /** The LM behind `runner` and `ask`, for calls that are neither's. */
  readonly lm: LanguageModel;
  /** Program runs under way at once. */
  readonly concurrency: number;
  /** The user's own optimizers that steps of the run name, by reference. */
  readonly code: ReadonlyMap<string, OptimizerCode>;
  /** DSPy's that steps of the run name, by reference. */
  readonly teleprompters: ReadonlyMap<string, Teleprompter>;
  /** What answers at the other endpoints, for memo keys, by the endpoint's name. */
  readonly endpoints: ReadonlyMap<string, string>;
  readonly journal: Journal;
  readonly memory: RunMemory;
  readonly meter: UsageMeter;
  readonly gate: ChargingGate;
  readonly prices: Prices;
  /** See `RunnerParts.identity`. */
  readonly identity: string;
  /** `null` when no step of the strategy changes weights. */
  readonly trainer: Trainer | null;
  /** See `TrainingParts.lostJob`. */
  readonly lostJob?: string;
  readonly seed: number;
  /** A trace is correct when its score is at least this. */
  readonly threshold: number;
  readonly metricRange: readonly [number, number];
  /** The base model's served name. */
  readonly model: string;
  /** Φ⟨Θ,Π⟩, where the run started. */
  readonly start: ProgramState;
  /** The predictors that may change. */
  readonly predictors: readonly string[];
  /** Those of them whose weights may change. */
  readonly tuned: readonly string[];
  readonly dev: readonly Example[];
  /** The program's code, for an LM that reads it; `null`: not known. */
  readonly source: string | null;
}

/** What a step ended in. */
export interface Reached {
  readonly state: ProgramState;
  /** The candidate that was chosen; `null`: there were none. */
  readonly candidate: number | null;
  /**
   * Rows that the step chose on and did not learn from. Left out where it searched nothing: the next step gets what this
   * one was given.
   */
  readonly validation?: readonly Example[];
}

/** A step without a result; the ones behind it are not taken either. */
export interface Skipped {
  readonly skipped: string;
}

export type StepResult = Reached | Skipped;

/** How many candidates a search tries, and on how many rows it chooses. */
export interface SearchSize {
  /** Left out where that shows only on the way. */
  readonly candidates?: number;
  readonly validation: number;
}

/** What defaults depend on. */
export interface EndpointFacts {
  /** The small model on this machine, which is trained otherwise than large ones. */
  readonly embedded: boolean;
  /** What the program's `w` says of LoRA: a job that goes on from an adapter keeps its shape. */
  readonly lora?: WrittenLora | undefined;
}

/** What sizes depend on. */
export interface RunFacts {
  /** Training rows. */
  readonly rows: number;
  /** Models that a training job gives to choose among: its last, and those it kept on the way. */
  readonly modelsPerJob: number;
}

/** Code of the user's that a step runs, with the settings it is given. */
export interface CodeReference {
  /** An optimizer of the SDK's, or a function of Python that makes one of DSPy's. */
  readonly kind: 'optimizer' | 'teleprompter';
  /** `file#export`, from the workspace on. */
  readonly reference: string;
  readonly settings: Readonly<Record<string, JsonValue>>;
}

/** An LM that a step asks. */
export interface NamedLm extends AskedModel {
  /** The key of the step's settings that names it: `proposer`. */
  readonly setting: string;
}

/** What a view says of a candidate. */
export interface CandidateText {
  /** What it is, in a word or two: `seed 3`, `weights after step 40`. */
  readonly name: string;
  /** What it consists of, for one line: `3 demos`. */
  readonly brief: string;
  /** By column. */
  readonly facts: readonly { readonly label: string; readonly text: string }[];
}

/** A kind of step, and what its author writes: see `defineOptimizer`. */
export interface OptimizerSpec<
  Written extends z.ZodObject,
  Settings extends Readonly<Record<string, JsonValue>>,
  Fitted,
> {
  /** What a strategy calls it. */
  readonly kind: string;
  /** Other spellings in a strategy, in small letters. */
  readonly spellings?: readonly string[];
  /** `prompt search` */
  readonly title: string;
  readonly changes: StepInfo['changes'];
  /** What its training jobs learn from, where it has any. Default: supervised sets. */
  readonly trains?: TrainingMethod;
  /** What may be written in `bettertogether.json`: each key optional, described with its default. */
  readonly written: Written;
  /** Settings with every default, as runs keep them. */
  readonly settings: z.ZodType<Settings>;
  /** Fills in the defaults. */
  resolve(written: z.output<Written>, endpoint: EndpointFacts): Settings;
  /**
   * Sizes for this run.
   * @param key where the settings are written in the program's entry, for messages: `p`, `steps.long`.
   * @throws UsageError where the run has not the rows for it.
   */
  fit(settings: Settings, run: RunFacts, key: string): Fitted;
  /** The user's code that it runs. */
  code?(settings: Settings): CodeReference;
  /** The LMs that it asks by itself, where they are not the run's base model. */
  asks?(settings: Settings): readonly NamedLm[];
  /** The teacher that its settings name, which need not be among `asks`; `null`: none. */
  teacher?(settings: Settings): KeptTeacher;
  /**
   * It shows the program's code (`StepContext.source`) to the LMs that it `asks`; where it names none, to the run's base
   * model.
   */
  readonly readsCode?: true;
  /** Where the step searches. */
  searchSize?(settings: Fitted, carry: Carry): SearchSize;
  run(settings: Fitted, context: StepContext, carry: Carry, scope: Scope): Promise<StepResult>;
  /** What `run` takes: the same schedule, counted instead of carried out. */
  plan(settings: Fitted, context: PlanContext): StepPlan;
  /** In words what `run` wrote under `about` of a candidate. */
  tell(about: CandidateFacts): CandidateText;
}

/** A step of a strategy: an optimizer with settings, under a name. */
export interface Step extends StepInfo {
  /** See `OptimizerSpec.trains`. */
  readonly trains: TrainingMethod;
  searchSize?(carry: Carry): SearchSize;
  run(context: StepContext, carry: Carry, scope: Scope): Promise<StepResult>;
  plan(context: PlanContext): StepPlan;
}

/** A kind of step as the registry holds it: whatever its settings are, they are checked on the way in. */
export interface Optimizer {
  readonly kind: string;
  readonly spellings: readonly string[];
  readonly title: string;
  readonly changes: StepInfo['changes'];
  /** See `OptimizerSpec.trains`. */
  readonly trains: TrainingMethod;
  readonly written: z.ZodObject;
  /** Settings with every default, as JSON. @param written as `written` takes it. */
  resolve(written: unknown, endpoint: EndpointFacts): Readonly<Record<string, JsonValue>>;
  /** `false`: a strategy names it by a key of "steps" alone, because it is nothing without settings. */
  readonly standsAlone: boolean;
  /** See `OptimizerSpec.code`; `null`: it runs none. @param settings as for `asks`. */
  code(settings: unknown): CodeReference | null;
  /** See `OptimizerSpec.asks`. @param settings as `resolve` gave them; others name none. */
  asks(settings: unknown): readonly NamedLm[];
  /** See `OptimizerSpec.teacher`. @param settings as for `asks`. */
  teacher(settings: unknown): KeptTeacher;
  /** See `OptimizerSpec.readsCode`. */
  readonly readsCode: boolean;
  /**
   * Binds settings that `resolve` gave.
   * @throws UsageError where they are those of another version, or the run has not the rows for them.
   */
  step(name: string, settings: unknown, run: RunFacts): Step;
  tell(about: CandidateFacts): CandidateText;
}

/** What a run's log says of a step. */
export function stepInfoOf({ name, kind, title, changes }: StepInfo): StepInfo {
  return { name, kind, title, changes };
}
