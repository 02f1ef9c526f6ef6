/** An optimizer of DSPy's whose code is a function of the test. */
import type { Example, ProgramState } from '../../../src/data/program.ts';
import { stopped } from '../../../src/engine/abort.ts';
import type { CompileRequest, CompileWork, Compiled, Teleprompter } from '../../../src/engine/teleprompter.ts';
import { FakeProgram } from './fakes.ts';

/** What it does while it compiles, as DSPy's own do. */
export interface FakeCompiling {
  /** The text of an LM's answer. @param rolloutId `null`: none. */
  ask(question: string, rolloutId?: string | null, repeat?: number): Promise<string>;
  /** Runs the program on rows one after the other; the metric's mean. */
  evaluate(state: ProgramState, rows: readonly Example[]): Promise<number>;
  /** Runs it for its trace. */
  run(state: ProgramState, row: Example): Promise<void>;
  readonly work: CompileWork;
  readonly signal: AbortSignal;
}

export type FakeCompile = (request: CompileRequest, compiling: FakeCompiling) => Promise<ProgramState>;

export function fakeTeleprompter(
  compile: FakeCompile,
  { program = new FakeProgram(), ...rest }: Partial<Teleprompter & Compiled> & { readonly program?: FakeProgram } = {},
): Teleprompter {
  return {
    hash: 'teleprompter',
    name: 'Fake',
    takesTrain: true,
    takesValidation: true,
    compile: async (request, work, signal) => {
      const given = compile(request, compilingOf(program, work, signal));
      const aborted = new Promise<never>((_, reject) => {
        signal.addEventListener('abort', () => {
          reject(stopped(signal));
        });
      });
      const state = await Promise.race([given, aborted]);
      return { state, lost: rest.lost ?? [], ...(rest.reads === undefined ? {} : { reads: rest.reads }) };
    },
    ...rest,
  };
}

const first = { rolloutId: null, repeat: 0 };

function compilingOf(program: FakeProgram, work: CompileWork, signal: AbortSignal): FakeCompiling {
  let evaluations = 0;
  const outcomeOf = (state: ProgramState, example: Example) =>
    program.run(
      { state, example, collecting: true },
      (call, purpose) => work.complete({ call, metric: purpose === 'metric', sample: first }),
      signal,
    );
  return {
    work,
    signal,
    ask: async (question, rolloutId = null, repeat = 0) => {
      const messages = [{ role: 'user' as const, content: question }];
      const call = { model: 'base', prompt: { kind: 'chat' as const, messages }, stop: [] };
      return (await work.complete({ call, metric: false, sample: { rolloutId, repeat } })).text;
    },
    evaluate: async (state, rows) => {
      const evaluation = evaluations++;
      work.evaluationStarted({ evaluation, state, of: rows.length });
      let [sum, failed] = [0, 0];
      for (const example of rows) {
        const outcome = await outcomeOf(state, example);
        work.ran({ evaluation, row: example.id, state, outcome });
        sum += outcome.score;
        failed += outcome.error === undefined ? 0 : 1;
      }
      const mean = sum / rows.length;
      work.evaluationFinished({ evaluation, mean, scored: rows.length, failed });
      return mean;
    },
    run: async (state, example) => {
      work.ran({ evaluation: null, row: example.id, state, outcome: await outcomeOf(state, example) });
    },
  };
}
