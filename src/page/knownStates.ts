/** The states of a run: those that its steps ended in, and those of candidates. Read when they are asked for. */
import * as l10n from '../base/l10n.ts';
import { stat } from 'node:fs/promises';
import type { ProgramState } from '../data/program.ts';
import { initialState } from '../engine/state.ts';
import { readKeptStates } from '../run/record/keptStates.ts';
import type { Manifest } from '../run/record/manifest.ts';
import { runFiles } from '../run/record/runFolder.ts';
import { readStates } from '../run/record/stateFile.ts';
import { counted } from '../view/counted.ts';
import { percent } from '../view/words.ts';
import { candidateState } from '../viewProtocol/parts.ts';
import type { CandidateRow, StepRow } from '../viewProtocol/snapshot.ts';
import type { KeptCandidate, StateRow } from '../viewProtocol/states.ts';

/** Where a state is found again: at the end of a step, or under its hash where it was a candidate's. */
export interface StatePlace {
  readonly step: string;
  readonly candidate: { readonly place: number; readonly hash: string } | null;
}

export interface ShelvedCandidate extends KeptCandidate {
  readonly hash: string;
  readonly state: StateRow['state'];
}

export const candidatePlace = ({ step, candidate: place, hash }: ShelvedCandidate): StatePlace => ({
  step,
  candidate: { place, hash },
});

export class KnownStates {
  readonly #folder: string;
  #kept: ReadonlyMap<string, ProgramState> = new Map();
  /** Of the file, when it was read. */
  #bytes = 0;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * The states that are known, by the step that ends in them, the baseline first.
   *
   * @param order keys of the steps that were begun.
   */
  async ofSteps({ program, asked }: Manifest, order: readonly string[]): Promise<StateRow[]> {
    const known = new Map<string, ProgramState>();
    if (program !== null) known.set('', initialState(program, asked.model));
    const stored = await readStates(this.#folder);
    if (stored !== null) {
      for (const [prefix, state] of Object.entries(stored.steps ?? {})) known.set(prefix, state);
      for (const { prefix, state } of [stored.best, stored.final]) known.set(prefix, state);
    }
    return [...known].sort(([a], [b]) => order.indexOf(a) - order.indexOf(b)).map(([name, state]) => ({ name, state }));
  }

  /** The candidates whose states were kept. */
  async ofCandidates(steps: readonly StepRow[]): Promise<ShelvedCandidate[]> {
    await this.#read();
    return steps.flatMap(({ prefix: step, candidates, chosen }) =>
      candidates.flatMap((row) => {
        const { candidate, state: hash } = row;
        const state = hash === null ? undefined : this.#kept.get(hash);
        if (hash === null || state === undefined) return [];
        const name = candidateState(step, candidate);
        return [{ name, step, candidate, note: noteOn(row, chosen), hash, state }];
      }),
    );
  }

  /** A candidate's state; `undefined` where it was not kept. */
  async byHash(hash: string): Promise<ProgramState | undefined> {
    await this.#read();
    return this.#kept.get(hash);
  }

  /** The file only grows. */
  async #read(): Promise<void> {
    const { states: file } = runFiles(this.#folder);
    const bytes = await stat(file).then(
      ({ size }) => size,
      () => 0,
    );
    if (bytes === this.#bytes) return;
    this.#kept = await readKeptStates(file);
    this.#bytes = bytes;
  }
}

/** How a candidate came out, and what it is. */
function noteOn(row: CandidateRow, chosen: number | null): string {
  const { candidate, status, scored, score, brief } = row;
  const end = endOf(status, scored, score, candidate === chosen);
  return brief === '' ? end : `${end}, ${brief}`;
}

function endOf(
  status: CandidateRow['status'],
  scored: number,
  score: CandidateRow['score'],
  isChosen: boolean,
): string {
  if (status === 'stopped') return l10n.t('not scored to the end');
  if (status === 'running') return l10n.t('being scored');
  if (status === 'stoppedEarly' || score === null) {
    return scored === 0 ? l10n.t('not scored') : l10n.t('stopped early after {0}', counted(scored, 'row'));
  }
  const result = `${percent(score.score)} %`;
  return isChosen ? `${l10n.t('chosen')}, ${result}` : result;
}
