/** The steps that a program's entry names: p, w, every other kind by its name, and the keys of its "steps". */
import * as z from 'zod';
import { messageOf } from '../base/errors.ts';
import { parseStrategy, settingsKey, stepNameProblem, stepsWithKeys } from '../data/strategy.ts';
import type { Strategy, StepNames } from '../data/strategy.ts';
import type { CodeReference, EndpointFacts, NamedLm, Optimizer } from '../engine/optimizer.ts';
import { optimizers } from '../engine/optimizers/all.ts';
import { askedTeacher } from '../engine/teacher.ts';

/** Settings of steps by name, as they are written. */
type WrittenSteps = Readonly<Record<string, { readonly kind: string }>>;

interface WrittenWeights {
  readonly lora?: EndpointFacts['lora'];
}

const kinds = optimizers.all.map(({ kind, title, written }): z.ZodObject<{ kind: z.ZodLiteral<string> }> =>
  written.extend({ kind: z.literal(kind).describe(title) }).describe(`${title}, with settings of its own.`),
);

/** Pieces joined by arrows, or several of them in brackets, and how often; what a piece may be, the rest of the entry decides. */
export const strategyForm = formOfStrategies();

function formOfStrategies(): RegExp {
  const joined = (piece: string) => `\\s*${piece}(\\s*(->|→)\\s*${piece})*\\s*`;
  const times = '(\\s*[*×]\\s*\\d{1,3})';
  const step = `\\p{L}\\w*${times}?`;
  return new RegExp(`^${joined(`(${step}|\\(${joined(step)}\\)${times})`)}$`, 'u');
}

export const stepsSchema = z
  .record(z.string().min(1), z.discriminatedUnion('kind', asMembers(kinds)))
  .superRefine((steps, context) => {
    const known = new Map<string, string>();
    for (const [name, { kind }] of Object.entries(steps)) {
      const twin = known.get(name.toLowerCase());
      known.set(name.toLowerCase(), name);
      const message = twin === undefined ? problemOf(name, kind) : `must differ from "${twin}" by more than capitals`;
      if (message !== null) context.addIssue({ code: 'custom', path: [name], message });
    }
  })
  .describe(
    'Steps by names of your own, for strategies with two of a kind: {"long": {"kind": "p", "candidates": 16}}.',
  );

/** A union by kind has at least one member. */
function asMembers<T>(all: readonly T[]): [T, ...T[]] {
  const [first, ...rest] = all;
  if (first === undefined) throw new Error('There are no optimizers.');
  return [first, ...rest];
}

function problemOf(name: string, kind: string): string | null {
  const problem = stepNameProblem(name);
  if (problem !== null) return problem;
  const meant = optimizers.names.get(name.toLowerCase());
  if (meant === undefined) return null;
  if (stepsWithKeys.has(meant)) return `must not be here: settings of ${meant} stand under "${meant}" itself`;
  return meant === kind ? null : `must be a step of the kind ${meant}, which its name says`;
}

/** How a strategy of this entry may spell its steps. */
export function stepNames(steps: Readonly<Record<string, unknown>> = {}): StepNames {
  const own = Object.keys(steps).map((name) => [name.toLowerCase(), name] as const);
  return new Map([...optimizers.names, ...own]);
}

/** What is wrong with a strategy, without a full stop; `null`: nothing. */
export function strategyProblem(text: string, names: StepNames): string | null {
  try {
    parseStrategy(text, names);
    return null;
  } catch (error) {
    return messageOf(error).replace(/\.$/, '');
  }
}

/** A step as runs keep it: its kind, and settings with every default. */
export const resolvedStepSchema = z.object({
  kind: z.string().max(200),
  settings: z.record(z.string(), z.json()),
});
export type ResolvedStep = z.infer<typeof resolvedStepSchema>;
export type ResolvedSteps = Readonly<Record<string, ResolvedStep>>;

/** Every step that a strategy of the entry may name. */
export function resolveSteps(
  entry: { readonly p?: unknown; readonly w?: WrittenWeights | undefined; readonly steps?: WrittenSteps | undefined },
  endpoint: Pick<EndpointFacts, 'embedded'>,
): Record<string, ResolvedStep> {
  const written: Readonly<Record<string, unknown>> = { p: entry.p, w: entry.w };
  const facts: EndpointFacts = { ...endpoint, lora: entry.w?.lora };
  const resolved = ({ kind, resolve }: Optimizer, settings: unknown): ResolvedStep =>
    resolvedStepSchema.parse({ kind, settings: resolve(settings ?? {}, facts) });
  const alone = optimizers.all.filter(({ standsAlone }) => standsAlone);
  const standard = alone.map((one) => [one.kind, resolved(one, written[one.kind])] as const);
  const named = Object.entries(entry.steps ?? {}).map(
    ([name, { kind, ...settings }]) => [name, resolved(optimizers.get(kind), settings)] as const,
  );
  return Object.fromEntries([...standard, ...named]);
}

/** Whether a strategy changes weights. */
export function trains({ strategy, steps }: { readonly strategy: Strategy; readonly steps: ResolvedSteps }): boolean {
  return strategy.some((name) => optimizers.find(steps[name]?.kind ?? '')?.changes === 'weights');
}

/** As `trains`, of a strategy and steps as they are written: where that is not a strategy, it may. */
export function mayTrain(strategy: string, steps: WrittenSteps = {}): boolean {
  if (strategyProblem(strategy, stepNames(steps)) !== null) return true;
  const kindOf = (name: string): string => steps[name]?.kind ?? name;
  return parseStrategy(strategy, stepNames(steps)).some((name) => optimizers.get(kindOf(name)).changes === 'weights');
}

interface StepsTaken {
  readonly strategy: Strategy;
  readonly steps: ResolvedSteps;
}

/** The endpoints that the steps of a strategy ask besides the run's own: by the step's name, those it names. */
export function endpointsOf(taken: StepsTaken): ReadonlyMap<string, readonly string[]> {
  const lms = [...lmsOf(taken), ...teachersOf(taken)];
  return new Map(taken.strategy.map((name) => [name, endpointsNamed(lms, name)]));
}

function endpointsNamed(lms: readonly LmOfStep[], name: string): readonly string[] {
  return lms.flatMap(({ step, endpoint }) => (step === name && endpoint !== undefined ? [endpoint] : []));
}

/** An LM that a step's settings name. */
export interface LmOfStep extends NamedLm {
  readonly step: string;
}

/** The LMs that the steps of a strategy ask by themselves. */
export function lmsOf(taken: StepsTaken): readonly LmOfStep[] {
  return [...new Set(taken.strategy)].flatMap((step) =>
    (fromStep(taken, step, (kind, settings) => kind.asks(settings)) ?? []).map((lm) => ({ ...lm, step })),
  );
}

/**
 * The steps that show the program's code to an LM, and the endpoints that each names for it; none: the run's own; `any`:
 * only its code says.
 */
export function codeReadersOf(taken: StepsTaken): ReadonlyMap<string, readonly string[] | 'any'> {
  const readers = taken.strategy.filter((name) => fromStep(taken, name, (kind) => kind.readsCode) === true);
  const compilers = new Set(teleprompterSteps(taken));
  return new Map(
    readers.map((name) => [name, compilers.has(name) ? 'any' : endpointsNamed(lmsOf(taken), name)] as const),
  );
}

/** The steps of a strategy that are optimizers of DSPy's. */
export function teleprompterSteps(taken: StepsTaken): readonly string[] {
  return [...codeOf(taken)].flatMap(([name, { kind }]) => (kind === 'teleprompter' ? [name] : []));
}

/** The teachers of a strategy's steps. */
export function teachersOf(taken: StepsTaken): readonly LmOfStep[] {
  return [...new Set(taken.strategy)].flatMap((step) => {
    const teacher = askedTeacher(fromStep(taken, step, (kind, settings) => kind.teacher(settings)) ?? null);
    return teacher === undefined ? [] : [{ ...teacher, step, setting: 'teacher' }];
  });
}

/** The user's code that the steps of a strategy run, by the step's name. */
export function codeOf(taken: StepsTaken): ReadonlyMap<string, CodeReference> {
  const all = taken.strategy.map(
    (name) => [name, fromStep(taken, name, (kind, settings) => kind.code(settings))] as const,
  );
  return new Map(all.flatMap(([name, code]) => (code === null || code === undefined ? [] : [[name, code] as const])));
}

/** The files of `codeOf`, absolute, by the key that names each. */
export function stepFiles(taken: StepsTaken, absolute: (path: string) => string): Readonly<Record<string, string>> {
  const files = [...codeOf(taken)].map(([step, { reference }]) => {
    const file = absolute(reference.slice(0, reference.lastIndexOf('#')));
    return [`${settingsKey(step)}.optimizer`, file] as const;
  });
  return Object.fromEntries(files);
}

function fromStep<T>(
  { steps }: StepsTaken,
  name: string,
  read: (kind: Optimizer, settings: ResolvedStep['settings']) => T,
): T | undefined {
  const step = Object.hasOwn(steps, name) ? steps[name] : undefined;
  const kind = step === undefined ? undefined : optimizers.find(step.kind);
  return step === undefined || kind === undefined ? undefined : read(kind, step.settings);
}
