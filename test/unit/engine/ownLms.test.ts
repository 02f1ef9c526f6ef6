import { expect, it } from 'vitest';
import type { LmAnswer, LmCall } from '../../../src/data/lm.ts';
import type { ProgramDescription } from '../../../src/data/program.ts';
import { rolloutLm } from '../../../src/engine/rollout.ts';
import { initialState, trainablePredictors, tunablePredictors } from '../../../src/engine/state.ts';

const signature = { instructions: 'Do it.', inputs: [], outputs: [] };
const program: ProgramDescription = {
  name: 'P',
  language: 'python',
  sources: {},
  predictors: [
    { name: 'main', signature, demos: [], frozen: false },
    { name: 'own', signature, demos: [], frozen: false, model: 'big' },
    { name: 'cold', signature, demos: [], frozen: true },
  ],
};

it('a predictor starts on the LM of its own, is given demos, and is not tuned', () => {
  const { predictors } = initialState(program, 'base');
  expect(Object.values(predictors).map(({ model }) => model)).toEqual(['base', 'big', 'base']);
  expect(trainablePredictors(program)).toEqual(['main', 'own']);
  expect(tunablePredictors(program)).toEqual(['main']);
});

it('a metric asks the model its author named, and otherwise the base model', async () => {
  const asked: string[] = [];
  const lm = {
    complete: (call: LmCall) => {
      asked.push(call.model);
      return Promise.resolve({} as LmAnswer);
    },
  };
  const { signal } = new AbortController();
  const options = { round: 0, roundTemperature: 1, baseModel: 'base', signal, onAnswer: () => undefined };
  const rollout = rolloutLm(lm, options);
  const call: LmCall = { model: 'tuned', prompt: { kind: 'text', prompt: 'p' }, stop: [] };
  await rollout.call(call, 'metric');
  await rollout.call({ ...call, model: 'judge', authors: true }, 'metric');
  await rollout.call(call, 'program');
  expect(asked).toEqual(['base', 'judge', 'tuned']);
});
