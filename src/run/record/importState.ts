/** A state that somebody names by file: our own JSON, or what DSPy's `Module.save("x.json")` wrote. */
import { readBounded } from '../../base/boundedFile.ts';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { hashedNestingAtMost } from '../../base/limits.ts';
import { nestsDeeper } from '../../base/nesting.ts';
import { UsageError, messageOf } from '../../base/errors.ts';
import { fieldsRead, parseExactJson } from '../../base/exactJson.ts';
import type { Fields, JsonValue } from '../../base/json.ts';
import { otherProgramText, savedByDemos } from '../../data/otherProgram.ts';
import type { SavedPredictor } from '../../data/otherProgram.ts';
import type { ProgramDescription, ProgramState } from '../../data/program.ts';
import { initialState } from '../../engine/state.ts';
import { programStateSchema } from '../../data/program.ts';
import { laterForm } from '../../data/record.ts';
import { dspyPredictorSchema, fromDspy, namedInDspy3, renamedInDspy, savedByDspy } from './dspyState.ts';
import type { DspyPredictor } from './dspyState.ts';
import { oldDspyPredictors } from './oldDspyState.ts';

/** A state as it was given; it becomes one of a program once that is loaded. The manifest keeps it. */
export const givenStateSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('state'), from: z.string(), state: programStateSchema }),
  z.object({ kind: z.literal('dspy'), from: z.string(), predictors: z.record(z.string(), dspyPredictorSchema) }),
]);
export type GivenState = z.infer<typeof givenStateSchema>;

class LaterState extends UsageError {}

/** What `export` writes is the state itself. A run's `state.json` has it under `final`, a result under `state`. */
function stateWithin(value: unknown, file: string): unknown {
  const later = laterForm(value);
  if (later !== null) throw new LaterState(`The state ${file} cannot be taken: ${later.message}.`);
  if (typeof value !== 'object' || value === null) return value;
  if ('final' in value && typeof value.final === 'object') return stateWithin(value.final, file);
  return 'state' in value ? stateWithin(value.state, file) : value;
}

/**
 * Reads a state that was exported (`json` or `dspy`), a run's `state.json` (its final state), or what DSPy saved.
 *
 * @throws UsageError
 */
export async function readGivenState(file: string): Promise<GivenState> {
  if (existsSync(join(file, 'program.pkl'))) throw wholeProgram(file);
  const bytes = await readBounded(file).catch((error: unknown) => {
    throw new UsageError(`The state ${file} could not be read: ${messageOf(error)}.`, error);
  });
  if (bytes[0] === pickleStart) throw pickle(file);
  const text = bytes.toString('utf8');
  try {
    if (nestsDeeper(text, hashedNestingAtMost)) throw new Error(`it nests deeper than ${hashedNestingAtMost} levels`);
    const value: unknown = parseExactJson(text, { objects: 'tags' });
    if (isOfDspy(value)) return { kind: 'dspy', from: file, predictors: dspyPredictors(topOf(parseExactJson(text))) };
    return { kind: 'state', from: file, state: programStateSchema.parse(stateWithin(value, file)) };
  } catch (error) {
    if (error instanceof LaterState) throw error;
    const why = error instanceof z.ZodError ? z.prettifyError(error) : messageOf(error);
    throw new UsageError(`${file} does not hold the state of a program: ${why}`, error);
  }
}

function isOfDspy(value: unknown): boolean {
  const current = z.looseObject({ metadata: z.looseObject({ dependency_versions: z.unknown() }) });
  const object = z.record(z.string(), z.unknown()).safeParse(value);
  return object.success && (current.safeParse(value).success || oldDspyPredictors(object.data) !== null);
}

/** The first byte of every pickle since protocol 2, and of no JSON. */
const pickleStart = 0x80;

function pickle(file: string): UsageError {
  const load = `program = YourProgram(); program.load(${JSON.stringify(file)}, allow_pickle=True)`;
  return onlyPython(`${file} is a pickle`, load);
}

function wholeProgram(file: string): UsageError {
  const what = `${file} is a program that DSPy saved whole (save_program=True): it holds a pickle`;
  return onlyPython(what, `program = dspy.load(${JSON.stringify(file)}, allow_pickle=True)`);
}

/** A pickle is code that runs when it is read: we read none (SECURITY.md). */
function onlyPython(what: string, load: string): UsageError {
  return new UsageError(
    `${what}, which runs code when it is read. Where you trust it, write its state as JSON in Python: ${load}; ` +
      'program.save("state.json"). DSPy before 3.1 takes no allow_pickle. Then name state.json.',
  );
}

/** DSPy knows no tags: what looks like one there is data. */
function topOf(saved: JsonValue): Record<string, unknown> {
  return { ...fieldsRead(saved as Fields) };
}

/** A program that is itself a predictor has its fields at the top. Other parameters (`Retrieve`) have no prompt. */
function dspyPredictors(saved: Record<string, unknown>): Readonly<Record<string, DspyPredictor>> {
  const old = oldDspyPredictors(saved);
  if (old !== null) return old;
  if ('signature' in saved && 'demos' in saved) return { self: dspyPredictorSchema.parse(saved) };
  const prompts = Object.entries(saved).filter(
    ([, each]) => z.object({ signature: z.unknown() }).safeParse(each).success,
  );
  return Object.fromEntries(prompts.map(([name, each]) => [name, dspyPredictorSchema.parse(each)]));
}

/** Where work on a program starts: the state that was given, else the program as its author wrote it. */
export function startOf(program: ProgramDescription, model: string, given?: GivenState): ProgramState {
  return given === undefined ? initialState(program, model) : stateFor(given, program, model);
}

/**
 * The state of this program that was given. A DSPy state without LMs is on `model`.
 *
 * @throws UsageError when it is of another program, or DSPy changed in it what our states do not hold.
 */
export function stateFor(given: GivenState, program: ProgramDescription, model: string): ProgramState {
  if (given.kind === 'state') {
    const predictors = Object.entries(given.state.predictors);
    const saved = predictors.map(([name, { demos }]) => savedByDemos(name, demos));
    checkNames(given, saved, program);
    return given.state;
  }
  const saved = namedInDspy3(given.predictors, program);
  checkNames(
    given,
    Object.entries(saved).map((each) => savedByDspy(...each, program.language)),
    program,
  );
  const own = initialState(program, model).predictors;
  const states = program.predictors.map((predictor) => {
    const each = saved[predictor.name];
    const state =
      each === undefined ? own[predictor.name]! : fromDspy(given.from, each, predictor, program.language, model);
    return [predictor.name, state] as const;
  });
  return { predictors: Object.fromEntries(states) };
}

function checkNames(given: GivenState, saved: readonly SavedPredictor[], program: ProgramDescription): void {
  const names = saved.map(({ name }) => name);
  const known = program.predictors.map(({ name }) => name);
  // DSPy saves nothing of frozen sub-modules: they are what the program makes them.
  const needed = program.predictors.filter(({ frozen }) => given.kind === 'state' || !frozen).map(({ name }) => name);
  const missing = needed.filter((name) => !names.includes(name));
  const unknown = names.filter((name) => !known.includes(name));
  if (missing.length > 0 || unknown.length > 0) {
    throw new UsageError(
      otherProgramText({
        opening: `${given.from} is the state`,
        saved,
        program: program.name,
        predictors: program.predictors,
        needed,
        ...(given.kind === 'dspy' && { howToRename: renamedInDspy }),
      }),
    );
  }
}
