import { contentHash } from '../base/contentHash.ts';
import type { Demo, Example, PredictorState, ProgramDescription, ProgramState } from '../data/program.ts';

/** Π and Θ as the author wrote them: own instructions and demos, on the base model or an LM of the predictor's own. */
export function initialState(description: ProgramDescription, model: string): ProgramState {
  return {
    predictors: Object.fromEntries(
      description.predictors.map(({ name, signature, demos, model: own = model }) => [
        name,
        { instructions: signature.instructions, demos, model: own },
      ]),
    ),
  };
}

/** Predictors that optimizers may change, in the order of discovery. */
export function trainablePredictors(description: ProgramDescription): readonly string[] {
  return description.predictors.filter(({ frozen }) => !frozen).map(({ name }) => name);
}

/** Those of them that answer with the LM being tuned: a weight step leaves a predictor its own LM. */
export function tunablePredictors(description: ProgramDescription): readonly string[] {
  const own = new Set(description.predictors.filter(({ model }) => model !== undefined).map(({ name }) => name));
  return trainablePredictors(description).filter((name) => !own.has(name));
}

function mapPredictors(
  state: ProgramState,
  names: readonly string[],
  change: (predictor: PredictorState, name: string) => PredictorState,
): ProgramState {
  const changed = names.flatMap((name) => {
    const predictor = state.predictors[name];
    return predictor === undefined ? [] : [[name, change(predictor, name)] as const];
  });
  return { predictors: { ...state.predictors, ...Object.fromEntries(changed) } };
}

/** The same program with other demos; predictors not named in `demos` lose theirs. */
export function withDemos(
  state: ProgramState,
  names: readonly string[],
  demos: Readonly<Record<string, readonly Demo[]>>,
): ProgramState {
  return mapPredictors(state, names, (predictor, name) => ({ ...predictor, demos: demos[name] ?? [] }));
}

/** Vanilla: the same prompts without demos (paper, section 3: zero-shot prompts). */
export function withoutDemos(state: ProgramState, names: readonly string[]): ProgramState {
  return withDemos(state, names, {});
}

/** The same instructions with the demos of another state. */
export function withDemosOf(state: ProgramState, demos: ProgramState, names: readonly string[]): ProgramState {
  return mapPredictors(state, names, (predictor, name) => ({
    ...predictor,
    demos: demos.predictors[name]?.demos ?? [],
  }));
}

/** The same program with other instructions; predictors not named in `instructions` keep theirs. */
export function withInstructions(state: ProgramState, instructions: Readonly<Record<string, string>>): ProgramState {
  return mapPredictors(state, Object.keys(instructions), (predictor, name) => ({
    ...predictor,
    instructions: instructions[name]!,
  }));
}

export function instructionsOf(state: ProgramState, names: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(names.map((name) => [name, state.predictors[name]!.instructions]));
}

export function sameInstructions(a: ProgramState, b: ProgramState, names: readonly string[]): boolean {
  return names.every((name) => a.predictors[name]?.instructions === b.predictors[name]?.instructions);
}

/** Θ′: the same prompts on another model. All trainable predictors share one tuned LM (paper, section 2). */
export function withModel(state: ProgramState, names: readonly string[], model: string): ProgramState {
  return mapPredictors(state, names, (predictor) => ({ ...predictor, model }));
}

/** Prompts of one state, weights of another. */
export function withPromptsOf(weights: ProgramState, prompts: ProgramState, names: readonly string[]): ProgramState {
  return mapPredictors(weights, names, (predictor, name) => ({
    ...(prompts.predictors[name] ?? predictor),
    model: predictor.model,
  }));
}

const hashes = new WeakMap<ProgramState, string>();

/** The identity of a state: equal data, equal hash. */
export function stateHash(state: ProgramState): string {
  let hash = hashes.get(state);
  if (hash === undefined) {
    hash = contentHash(state);
    hashes.set(state, hash);
  }
  return hash;
}

/** What of a row decides how the program does on it. */
export function contentOf({ inputs, fields, made }: Example): readonly unknown[] {
  return made === undefined ? [inputs, fields] : [inputs, fields, 'made'];
}

export function samePrompts(a: ProgramState, b: ProgramState, names: readonly string[]): boolean {
  return names.every((name) => {
    const [left, right] = [a.predictors[name], b.predictors[name]];
    return (
      left !== undefined &&
      right !== undefined &&
      contentHash({ ...left, model: '' }) === contentHash({ ...right, model: '' })
    );
  });
}
