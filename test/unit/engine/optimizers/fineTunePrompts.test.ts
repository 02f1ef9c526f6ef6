import { describe, expect, it } from 'vitest';
import type { ProgramState } from '../../../../src/data/program.ts';
import { kindOfPrompts, promptsOf, promptsTrained } from '../../../../src/engine/optimizers/fineTune/prompts.ts';
import { weightSettings } from '../settingsOf.ts';

const demo = (q: string) => ({ fields: { q }, augmented: true });
const state = (instructions: string, ...demos: string[]): ProgramState => ({
  predictors: {
    a: { instructions, demos: demos.map(demo), model: 'm' },
    frozen: { instructions: 'F', demos: [], model: 'm' },
  },
});
const start = state('as written', 'of the author');
const names = ['a'];

const kind = (current: ProgramState) => kindOfPrompts({ ...weightSettings, prompts: 'auto' }, current, start, names);
const said = (of: ProgramState) => [of.predictors['a']!.instructions, of.predictors['a']!.demos.length];

describe('the prompts that weights are trained on', () => {
  it('are vanilla by default, and the instructions that were found where a step changed them', () => {
    expect(kind(state('as written', 'x', 'y'))).toBe('vanilla');
    expect(kind(state('found', 'x'))).toBe('instructions');
    expect(kindOfPrompts({ ...weightSettings, prompts: 'both' }, state('found'), start, names)).toBe('both');
  });

  it('have no demos but where the current prompts are trained on', () => {
    const found = state('found', 'x', 'y');
    const of = (one: Parameters<typeof promptsOf>[0]) => promptsOf(one, found, start, names).map(said);
    expect(of('vanilla')).toEqual([['as written', 0]]);
    expect(of('instructions')).toEqual([['found', 0]]);
    expect(of('current')).toEqual([['found', 2]]);
    expect(of('both')).toEqual([
      ['as written', 0],
      ['found', 2],
    ]);
  });

  it('are what the next step starts from, with the author’s own demos', () => {
    const found = state('found', 'x', 'y');
    const next = (one: Parameters<typeof promptsTrained>[0]) => said(promptsTrained(one, found, start, names));
    expect(next('vanilla')).toEqual(['as written', 1]);
    expect(next('instructions')).toEqual(['found', 1]);
    expect(next('current')).toEqual(['found', 2]);
    expect(next('both')).toEqual(['found', 2]);
  });
});
