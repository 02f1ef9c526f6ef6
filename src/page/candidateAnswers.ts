/** Answers what the view asks about the candidates of a step beside each other. */
import * as l10n from '../base/l10n.ts';
import { HumanError } from '../base/errors.ts';
import { frontColumnsShownAtMost, frontRowsShownAtMost } from '../base/limits.ts';
import type { Example } from '../data/program.ts';
import { candidateState } from '../viewProtocol/parts.ts';
import type { Answer } from '../viewProtocol/answers.ts';
import type { FrontRow } from '../viewProtocol/examples.ts';
import type { StateRow } from '../viewProtocol/states.ts';
import type { StepScores } from './candidateScores.ts';
import { preview } from '../view/lineText.ts';
import { readableRows } from './readableRows.ts';
import { frontCandidates, rowFront } from './rowFront.ts';
import type { RunReader } from './runReader.ts';
import { stateChanges } from './stateChanges.ts';

type State = StateRow['state'];

const noScores: StepScores = { purpose: 'validate', byCandidate: new Map() };

/** On how many rows each candidate is the best, and where it is another program than the one it was made from. */
export async function standing(reader: RunReader, step: string): Promise<Answer<'standing'>> {
  const { best, bestOn } = rowFront(scoresOf(reader, step).byCandidate);
  const states = await candidateStates(reader);
  const row = reader.snapshot(true).steps.find(({ prefix }) => prefix === step);
  const candidates = row?.candidates ?? [];
  return {
    step,
    rows: best.size,
    candidates: candidates.map(({ candidate, parents: [parent] }) => ({
      candidate,
      bestOn: bestOn.get(candidate) ?? 0,
      changed: parent === undefined ? null : changed(states, step, parent, candidate),
    })),
  };
}

function changed(states: ReadonlyMap<string, State>, step: string, parent: number, candidate: number): string[] | null {
  const [before, after] = [parent, candidate].map((place) => states.get(candidateState(step, place)));
  if (before === undefined || after === undefined) return null;
  return stateChanges(before, after).map(({ predictor }) => predictor);
}

/** The rows, with what the candidates scored on them that are the best on some. */
export async function front(reader: RunReader, step: string): Promise<Answer<'front'>> {
  const { purpose, byCandidate } = scoresOf(reader, step);
  const all = rowFront(byCandidate);
  const onFront = frontCandidates(all);
  const columns = onFront.slice(0, frontColumnsShownAtMost);
  // Candidates are validated on rows of train; states of the weights are tried on dev.
  const { examples, problem } = await readableRows(reader, purpose === 'dev' ? 'dev' : 'train');
  const inputs = new Map((examples ?? []).map((row) => [row.id, row.inputs]));
  const rows = [...all.best].slice(0, frontRowsShownAtMost).map(([example, best]): FrontRow => {
    const outcomes = columns.map((candidate) =>
      reader.details.outcome({ step, purpose, candidate, example, round: 0 }),
    );
    return {
      example,
      preview: previewOf(inputs.get(example)),
      scores: columns.map((candidate) => byCandidate.get(candidate)?.get(example) ?? null),
      failed: outcomes.map((outcome) => (outcome?.error ?? null) !== null),
      best,
    };
  });
  const more =
    rows.length < all.best.size ? l10n.t('Of {0} rows the first {1} are listed.', all.best.size, rows.length) : null;
  const said = [problem, more].filter((text) => text !== null).join('\n');
  return { step, purpose, columns: [...columns], onFront: onFront.length, rows, problem: said || null };
}

function previewOf(inputs: Example['inputs'] | undefined): string {
  return inputs === undefined ? '' : preview(inputs);
}

/** @throws HumanError when one of the states was not kept. */
export async function changes(reader: RunReader, before: string, after: string): Promise<Answer<'changes'>> {
  const states = await candidateStates(reader);
  for (const { name, state } of await reader.states()) states.set(name, state);
  const named = (name: string): State => {
    const state = states.get(name);
    if (state === undefined) throw new HumanError(l10n.t('Run {0} has no state "{1}".', reader.run.id, name));
    return state;
  };
  return { predictors: [...stateChanges(named(before), named(after))] };
}

async function candidateStates(reader: RunReader): Promise<Map<string, State>> {
  return new Map((await reader.candidates()).map(({ name, state }) => [name, state]));
}

function scoresOf(reader: RunReader, step: string): StepScores {
  return reader.details.candidateScores(step) ?? noScores;
}
