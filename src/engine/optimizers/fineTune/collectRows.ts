import { given } from '../../../base/given.ts';
import type { Example, ProgramState } from '../../../data/program.ts';
import type { TraceCall, TrainingRow } from '../../../data/trace.ts';
import { keepCollected } from '../../collectedRows.ts';
import type { Journal, Program, RowRequest, Trainer } from '../../interfaces.ts';
import { PythonRandom } from '../../pythonRandom.ts';
import type { Runner, RunTask } from '../../runner.ts';
import type { Scope } from '../../scope.ts';
import type { Answering } from '../../teacher.ts';
import { answeringInTurn } from '../../teacher.ts';
import type { FineTuneSettings } from './settings.ts';

export interface Collection {
  readonly rows: readonly TrainingRow[];
  /** Examples, and those of them with a correct trace. */
  readonly tried: number;
  readonly correct: number;
}

export interface CollectRequest {
  /** The program as it is: it makes the traces, with its teacher's LM where the settings name one. */
  readonly current: ProgramState;
  /** The states whose prompts the rows are rendered with: one row for each. */
  readonly prompts: readonly ProgramState[];
  readonly predictors: readonly string[];
  readonly examples: readonly Example[];
  readonly settings: Pick<FineTuneSettings, 'rounds' | 'roundTemperature' | 'teacher'>;
  readonly threshold: number;
  readonly priority: number;
  /** How the rows are written for the back end. */
  readonly trainer: Pick<Trainer, 'rowsFile'>;
}

/**
 * Steps 1 to 5 of BootstrapFinetune (paper, algorithm 2): run the current program on every example, keep the traces
 * with a correct final output, render each predictor call with the prompt to train on, pool the rows of all predictors.
 * Targets are the program's own parsed outputs; labels never become targets. Of an example that a teacher and the program
 * itself are asked for, the correct traces of both are kept, the teacher's rows first (DSPy, with several teachers).
 */
export async function collectRows(
  runner: Runner,
  program: Program,
  journal: Journal,
  request: CollectRequest,
  scope: Scope,
): Promise<Collection> {
  const { examples } = request;
  const tracesOf = (asks: Answering) =>
    Promise.all(examples.map((example) => correctTrace(runner, request, { example, ...given({ asks }) }, scope)));
  const traces = await Promise.all(answeringInTurn(request.settings.teacher).map(tracesOf));
  scope.failures.throwIfAllAlike(`Step "${scope.prefix}"`);
  const kept = traces.flat().filter((trace) => trace !== null);
  const correct = examples.filter((_, place) => traces.some((each) => each[place] !== null)).length;
  const requests = kept.flatMap((trace) => trace.flatMap((call) => rowRequests(call, request)));
  const rendered = requests.length === 0 ? [] : await program.renderRows(requests);
  const rows = new PythonRandom(0).shuffle(rendered);
  const { predictors, trainer } = request;
  const set = { method: 'supervised', rows } as const;
  await keepCollected({ journal, trainer }, { set, predictors, tried: examples.length, correct }, scope);
  return { rows, tried: examples.length, correct };
}

async function correctTrace(
  runner: Runner,
  { current: state, settings, threshold, priority }: CollectRequest,
  asked: Pick<RunTask, 'example' | 'asks'>,
  scope: Scope,
): Promise<readonly TraceCall[] | null> {
  const { rounds, roundTemperature } = settings;
  const task = { ...asked, state, roundTemperature, purpose: 'collect', candidate: null, priority } as const;
  for (let round = 0; round < rounds; round++) {
    const outcome = await runner.run({ ...task, round }, scope);
    if (outcome.error === undefined && outcome.score >= threshold) return outcome.trace;
  }
  return null;
}

/** Rows are kept by predictor, not by place in the trace: one that is called twice, or only at times, keeps its own. */
function rowRequests(call: TraceCall, { predictors, prompts }: CollectRequest): RowRequest[] {
  const { predictor, inputs, outputs } = call;
  if (outputs === null || !predictors.includes(predictor)) return [];
  return prompts.map((state) => ({ predictor, state: state.predictors[predictor]!, inputs, outputs }));
}
