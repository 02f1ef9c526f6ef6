/** A program that answers without its predictors scores as it did before, whatever a step changes, unless the run says so. */
import { describe, expect, it } from 'vitest';
import type { UserCodeError } from '../../../src/data/trace.ts';
import { UncalledWarning } from '../../../src/engine/uncalled.ts';

const predictors = ['ask'].map((name) => ({
  name,
  signature: { instructions: '', inputs: [], outputs: [] },
  demos: [],
  frozen: false,
}));

const rows = Array.from({ length: 8 }, (_, id) => ({ id, inputs: { q: 'x' }, fields: {} }));

interface Ran {
  readonly row: number;
  /** The predictors that were called. */
  readonly by: readonly string[];
  readonly error?: UserCodeError;
}

function saidOf(runs: readonly Ran[]): readonly string[] {
  const said: string[] = [];
  const warning = new UncalledWarning({ predictors }, (event) => {
    if (event.type === 'warning') said.push(event.message);
  });
  for (const { row, by, error } of runs) {
    const trace = by.map((predictor) => ({
      predictor,
      inputs: {},
      outputs: {},
      lm: [],
      path: [],
      start: 0,
      seconds: 0,
    }));
    warning.add(rows[row]!, { trace, ...(error === undefined ? {} : { error }) });
  }
  return said;
}

const each = (by: readonly string[], more: Partial<Ran> = {}): readonly Ran[] =>
  [0, 1, 2].map((row) => ({ row, by, ...more }));

describe('a program', () => {
  it('that keeps its answers is told, once', () => {
    const said = saidOf([...each(['ask']), ...each([]), ...each([])]);
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(/^3 rows that asked an LM before were answered without asking one: the program keeps/);
  });

  it('that makes its predictors while it runs is told, and which', () => {
    const said = saidOf(each(['question -> answer', 'question -> answer']));
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(/none of its predictors so far \("ask"\), .* while it runs \("question -> answer"\)/);
  });

  it('that also asks otherwise, or answers rows by rule, is as its author wants it', () => {
    expect(saidOf([{ row: 7, by: ['ask'] }, ...each(['judge'])])).toEqual([]);
    expect(saidOf([{ row: 7, by: ['ask'] }, ...each([]), ...each([])])).toEqual([]);
    expect(saidOf(each([]))).toEqual([]);
  });

  it('that fails before it asks is told by its error', () => {
    const error = { kind: 'program', message: 'no file' } as const;
    expect(saidOf([...each(['ask']), ...each([], { error })])).toEqual([]);
  });
});
