import { appendFileSync, existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ProgramState } from '../../../src/data/program.ts';
import { stateHash } from '../../../src/engine/state.ts';
import { KeptStates, readKeptStates } from '../../../src/run/record/keptStates.ts';
import { temporaryFolder } from './folder.ts';

const folder = temporaryFolder();
let files = 0;
const newFile = () => join(folder, `${files++}`, 'states.jsonl');

function state(instructions: string): ProgramState {
  const demos = [{ fields: { question: 'Zürich?\n', answer: ['a', null] }, augmented: true }];
  return { predictors: { answer: { instructions, demos, model: 'base' } } };
}

function keep(file: string, ...states: readonly ProgramState[]): void {
  const store = new KeptStates(file);
  for (const one of states) store.keep(one);
  store.close();
}

const instructionsIn = async (file: string) =>
  [...(await readKeptStates(file)).values()].map(({ predictors }) => predictors['answer']!.instructions);

describe('the states a run keeps', () => {
  it('are found by their hash', async () => {
    const file = newFile();
    keep(file, state('a'), state('b'));
    const kept = await readKeptStates(file);
    expect(kept.get(stateHash(state('b')))).toEqual(state('b'));
    expect(kept.size).toBe(2);
  });

  it('stand there once, also when a resumed run tells them again', async () => {
    const file = newFile();
    keep(file, state('a'), state('b'), state('a'));
    const { size } = statSync(file);
    keep(file, state('b'), state('a'));
    expect(statSync(file).size).toBe(size);
    keep(file, state('c'));
    expect(await instructionsIn(file)).toEqual(['a', 'b', 'c']);
  });

  it('are on the disk when keep returns: nothing has to be closed', async () => {
    const file = newFile();
    const store = new KeptStates(file);
    store.keep(state('a'));
    expect(await instructionsIn(file)).toEqual(['a']);
    store.close();
    expect(() => store.keep(state('b'))).toThrow(/states are closed/);
  });

  it('lose only what a crash tore, and are gone on with after it', async () => {
    const file = newFile();
    keep(file, state('a'));
    appendFileSync(file, readFileSync(file, 'utf8').slice(0, 60));
    expect(await instructionsIn(file)).toEqual(['a']);
    keep(file, state('b'), state('a'));
    expect(await instructionsIn(file)).toEqual(['a', 'b']);
    expect(readFileSync(file, 'utf8').split('\n')).toHaveLength(3);
  });

  it('are those that can be read where a line is damaged', async () => {
    const file = newFile();
    keep(file, state('a'));
    appendFileSync(file, '\0\0\0\n{"hash":"h","state":{"predictors":7}}\n');
    keep(file, state('b'));
    expect(await instructionsIn(file)).toEqual(['a', 'b']);
  });

  it('are none, and no file, where no candidate was', async () => {
    const file = newFile();
    keep(file);
    expect(existsSync(file)).toBe(false);
    expect((await readKeptStates(file)).size).toBe(0);
  });

  it('say what to do when the disk does not take them', () => {
    const file = newFile();
    keep(file, state('a'));
    const below = new KeptStates(join(file, 'below', 'states.jsonl'));
    expect(() => below.keep(state('a'))).toThrow(/states\.jsonl/);
    // Half a line may be there: nothing is written after it.
    expect(() => below.keep(state('b'))).toThrow(/states\.jsonl/);
  });
});
