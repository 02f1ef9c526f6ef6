import { describe, expect, it } from 'vitest';
import type { ProgramDescription, ProgramState } from '../../../src/data/program.ts';
import type { CallLm } from '../../../src/engine/interfaces.ts';
import type { ProgramHost } from '../../../src/host/hostClient.ts';
import { TunedModels } from '../../../src/run/services/tunedModels.ts';
import { description } from './samples.ts';

const [predictor] = description.predictors;
const judged: ProgramDescription = {
  ...description,
  predictors: [predictor!, { ...predictor!, name: 'judge', model: 'gpt-4o' }],
};

function host(seen: (model: string) => void): ProgramHost {
  return {
    describe: () => Promise.resolve(judged),
    run: (request) => {
      seen(request.state.predictors[predictor!.name]!.model);
      return Promise.reject(new Error('run'));
    },
    renderRows: () => Promise.resolve([]),
    renderPrompt: () => Promise.reject(new Error('none')),
    close: () => Promise.resolve(),
  };
}

const state = (model: string): ProgramState => ({
  predictors: {
    [predictor!.name]: { instructions: '', demos: [], model },
    judge: { instructions: '', demos: [], model: 'gpt-4o' },
  },
});

describe('the base of a model', () => {
  it('is known of what a state put in its place, before the program asks it; never of an author’s own LM', async () => {
    const tuned = new TunedModels(judged, 'base');
    const bases: (string | null)[] = [];
    const program = tuned.watch(host((model) => bases.push(tuned.baseOf(model))));
    const lm: CallLm = () => Promise.reject(new Error('not asked'));
    const run = (model: string) => {
      const example = { id: 0, inputs: {}, fields: {} };
      const { signal } = new AbortController();
      return program.run({ state: state(model), example, collecting: false }, lm, signal).catch(() => undefined);
    };
    await run('base');
    await run('base-ft-1');
    expect(bases).toEqual([null, 'base']);
    expect(['gpt-4o', 'base', 'other', 'base-ft-1'].map(tuned.baseOf)).toEqual([null, null, null, 'base']);
  });
});
