import { given } from '../../base/given.ts';
import type { Demo, Example, ProgramState } from '../../data/program.ts';
import type { BootstrappedRow, DemosByPredictor } from './demos.ts';
import { assembleDemos, demosOfTrace, labeledFewShot, withoutOwnDemo, withRowDemos } from './demos.ts';
import { priority } from '../pool.ts';
import type { Runner } from '../runner.ts';
import type { Scope } from '../scope.ts';
import type { KeptTeacher } from '../settingSchemas.ts';
import { stateHash } from '../state.ts';
import { answeringInTurn } from '../teacher.ts';

/** What was tried to get a correct trace of an example: its demos, or `null`, and the program runs it took. */
export interface Attempt {
  readonly demos: Readonly<Record<string, Demo>> | null;
  readonly runs: number;
}

interface TracesOptions {
  readonly predictors: readonly string[];
  readonly rounds: number;
  readonly roundTemperature: number;
  readonly threshold: number;
  readonly teacher: KeptTeacher;
}

/** For whom an example is tried. */
export interface Asker {
  /** Of the log's; `null`: none of them alone. */
  readonly candidate: number | null;
  /** Those with a lower one come first. */
  readonly turn: number;
}

/** Correct traces of a teacher, made once for each (teacher's prompt, example) of a step, whichever candidate asks first. */
export class TeacherTraces {
  readonly #attempts = new Map<string, Promise<Attempt>>();
  readonly #runner: Runner;
  readonly #scope: Scope;
  readonly #options: TracesOptions;

  constructor(runner: Runner, scope: Scope, options: TracesOptions) {
    this.#runner = runner;
    this.#scope = scope;
    this.#options = options;
  }

  /**
   * Tries `example` up to `rounds` times with each LM that teaches. A try dropped while it waited is forgotten, so that a
   * candidate that still needs it can ask again.
   */
  try(teacher: ProgramState, example: Example, asker: Asker, drop: AbortSignal): Promise<Attempt> {
    const state = withoutOwnDemo(teacher, this.#options.predictors, example);
    const key = `${stateHash(state)} ${example.id}`;
    const known = this.#attempts.get(key);
    if (known !== undefined) return known.catch(() => this.try(teacher, example, asker, drop));
    const attempt = this.#attempt(state, example, asker, drop);
    this.#attempts.set(key, attempt);
    attempt.catch(() => this.#attempts.delete(key));
    return attempt;
  }

  async #attempt(
    state: ProgramState,
    example: Example,
    { candidate, turn }: Asker,
    drop: AbortSignal,
  ): Promise<Attempt> {
    const { rounds, roundTemperature, threshold, predictors, teacher } = this.#options;
    const task = { state, example, roundTemperature, purpose: 'bootstrap', candidate, drop } as const;
    let runs = 0;
    for (const asks of answeringInTurn(teacher)) {
      for (let round = 0; round < rounds; round++) {
        const asked = { ...task, round, priority: priority.bootstrap + turn, ...given({ asks }) };
        const outcome = await this.#runner.run(asked, this.#scope);
        runs++;
        if (outcome.error === undefined && outcome.score >= threshold) {
          return { demos: demosOfTrace(outcome.trace, predictors), runs };
        }
      }
    }
    return { demos: null, runs };
  }
}

/** How many attempts may be under way. */
export type Ahead = (needed: number, successRate: number) => number;

/** As many as it takes by what was seen so far: quick, and some are made in vain. */
const bySuccessRate: Ahead = (needed, rate) => Math.ceil(needed / rate);

/** Each is needed, however the others end: slower where few succeed, and none is made in vain. */
export const onlyNeeded: Ahead = (needed) => needed;

export interface FirstCorrect {
  readonly rows: readonly BootstrappedRow[];
  /** Program runs made, and those of them for examples that a serial bootstrap would not have reached. */
  readonly runs: number;
  readonly speculative: number;
}

/**
 * The first `needed` examples, in order, whose attempt succeeds: the same rows as DSPy's serial loop
 * (dspy/teleprompt/bootstrap.py), found concurrently.
 *
 * @param ahead attempts under way at most, of those that are still needed and the success rate so far. No more than are
 *   needed: no attempt is made that the serial loop would not make.
 */
export async function firstCorrect(
  examples: readonly Example[],
  needed: number,
  attempt: (example: Example, drop: AbortSignal) => Promise<Attempt>,
  ahead: Ahead = bySuccessRate,
): Promise<FirstCorrect> {
  if (needed === 0 || examples.length === 0) return { rows: [], runs: 0, speculative: 0 };
  const results: (Attempt | undefined)[] = new Array<Attempt | undefined>(examples.length).fill(undefined);
  const drop = new AbortController();
  let launched = 0;
  let finished = 0;
  let succeeded = 0;
  let frontier = 0;
  let inOrder = 0;

  await new Promise<void>((resolve, reject) => {
    const advance = () => {
      while (frontier < examples.length && inOrder < needed && results[frontier] !== undefined) {
        if (results[frontier]!.demos !== null) inOrder++;
        frontier++;
      }
      if (inOrder === needed || frontier === examples.length) {
        drop.abort();
        resolve();
        return;
      }
      const allowed = ahead(Math.max(0, needed - succeeded), (succeeded + 1) / (finished + 1));
      while (launched - finished < allowed && launched < examples.length) launch(launched++);
    };
    const launch = (index: number) => {
      attempt(examples[index]!, drop.signal).then(
        (result) => {
          results[index] = result;
          finished++;
          if (result.demos !== null) succeeded++;
          if (!drop.signal.aborted) advance();
        },
        (error: unknown) => {
          if (!drop.signal.aborted) reject(error instanceof Error ? error : new Error(String(error)));
        },
      );
    };
    advance();
  });
  return collect(examples, results, frontier);
}

function collect(
  examples: readonly Example[],
  results: readonly (Attempt | undefined)[],
  frontier: number,
): FirstCorrect {
  const rows = results.slice(0, frontier).flatMap((result, index) => {
    const demos = result?.demos;
    return demos === null || demos === undefined ? [] : [{ example: examples[index]!, demos }];
  });
  const count = (part: readonly (Attempt | undefined)[]) =>
    part.reduce((total, result) => total + (result?.runs ?? 0), 0);
  return { rows, runs: count(results), speculative: count(results.slice(frontier)) };
}

export interface Bootstrapped {
  readonly demos: DemosByPredictor;
  readonly runs: number;
  readonly correct: number;
  readonly speculative: number;
}

/**
 * BootstrapFewShot on `trainset` in its given order. A teacher that is not compiled is first given labelled demos of
 * this very order, when labelled demos are allowed (`_prepare_student_and_teacher`).
 */
export async function bootstrapFewShot(options: {
  readonly traces: TeacherTraces;
  readonly teacher: ProgramState;
  /** The teacher came out of an earlier prompt search: it keeps its demos. */
  readonly teacherCompiled: boolean;
  readonly predictors: readonly string[];
  readonly trainset: readonly Example[];
  readonly maxBootstrapped: number;
  readonly maxLabeled: number;
  readonly asker: Asker;
  /** Default: by the success rate. */
  readonly ahead?: Ahead;
}): Promise<Bootstrapped> {
  const { traces, predictors, trainset, maxBootstrapped, maxLabeled, asker, ahead } = options;
  const teacher =
    maxLabeled > 0 && !options.teacherCompiled
      ? withRowDemos(options.teacher, predictors, labeledFewShot(predictors, trainset, maxLabeled))
      : options.teacher;
  const attempt = (example: Example, drop: AbortSignal) => traces.try(teacher, example, asker, drop);
  const found = await firstCorrect(trainset, maxBootstrapped, attempt, ahead);
  const demos = assembleDemos({ predictors, trainset, bootstrapped: found.rows, maxBootstrapped, maxLabeled });
  return { demos, runs: found.runs, correct: found.rows.length, speculative: found.speculative };
}
