import type { ProgramState } from '../../data/program.ts';
import { bestOnDev } from '../../engine/lattice.ts';
import type { Stage } from '../../engine/optimize.ts';
import type { RunResult, Usage } from '../../protocol.ts';
import { programStateSchema } from '../../data/program.ts';
import type { RunStates } from '../record/stateFile.ts';

/** A stage that has a state. */
type Reached = Stage & { readonly state: ProgramState };

function reached(stages: readonly Stage[]): readonly Reached[] {
  return stages.filter((stage): stage is Reached => stage.state !== null);
}

/** What the paper's algorithm returns (the last state) and what scores best on dev; `null` before the baseline. */
export function statesOf(stages: readonly Stage[]): RunStates | null {
  const all = reached(stages);
  const [final, best] = [all.findLast(({ lattice }) => lattice !== true), bestOnDev(all)];
  if (final === undefined || best === undefined) return null;
  const named = ({ prefix, state }: Reached) => ({ prefix, state });
  const steps = Object.fromEntries(all.map(({ prefix, state }) => [prefix, state]));
  return { final: named(final), best: named(best), steps };
}

/** The result of a finished run. */
export function resultOfStages(
  stages: readonly Stage[],
  about: Pick<RunResult, 'run' | 'program' | 'strategy' | 'seed' | 'seconds'> & { readonly usage: Usage },
): RunResult {
  const states = statesOf(stages)!;
  return {
    type: 'result',
    ...about,
    scores: Object.fromEntries(
      stages.map(({ prefix, dev, test, reason }) => [
        prefix,
        { dev: dev?.score ?? null, test: test?.score ?? null, ...(reason === undefined ? {} : { reason }) },
      ]),
    ),
    final: states.final.prefix,
    best: states.best.prefix,
    state: programStateSchema.parse(states.final.state),
  };
}
