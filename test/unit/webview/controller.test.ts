import { describe, expect, it, vi } from 'vitest';
import type { Answer, Ask, Snapshot } from '../../../src/viewProtocol.ts';
import type { Bridge } from '../../../webview/bridge.ts';
import { Controller } from '../../../webview/controller.ts';
import { changesKey, valueOf } from '../../../webview/model.ts';

type StatesAsk = Extract<Ask, { ask: 'states' }>;
interface Question {
  readonly ask: StatesAsk;
  answer(name: string): Promise<void>;
}

/** A controller on the Program view, whose questions are answered when the test says so. */
function onProgram() {
  const questions: Question[] = [];
  const ask = (body: StatesAsk) =>
    new Promise<Answer<'states'>>((resolve) => {
      const answer = async (name: string): Promise<void> => {
        resolve({ predictors: [], states: [{ name, state: { predictors: {} } }], candidates: [] });
        await new Promise((done) => setTimeout(done));
      };
      questions.push({ ask: body, answer });
    });
  const bridge = { ask, tellBug: vi.fn() } as unknown as Pick<Bridge, 'ask' | 'tellBug'>;
  const controller = new Controller({ bridge, draw: vi.fn(), save: vi.fn() }, { tab: 'program' });
  controller.snapshot({ complete: true, version: 1, steps: [] } as unknown as Snapshot);
  return { controller, questions };
}

const shown = (controller: Controller) => valueOf(controller.model.states)?.states.map(({ name }) => name);

describe('the states on the Program view', () => {
  it('are asked for with the candidates that are chosen, once for each choice', async () => {
    const { controller, questions } = onProgram();
    await expect.poll(() => questions).toHaveLength(1);
    controller.keep({ left: 'p#1' });
    controller.keep({ right: 'p#2' });
    controller.keep({ right: 'p#2' });
    expect(questions.map(({ ask }) => ask.candidates)).toEqual([[], ['p#1'], ['p#1', 'p#2']]);
  });

  it('are those of the last choice, in whatever order the answers come', async () => {
    const { controller, questions } = onProgram();
    await expect.poll(() => questions).toHaveLength(1);
    controller.keep({ right: 'p#1' });
    controller.keep({ right: 'p#2' });
    await questions[2]!.answer('of the third');
    await questions[1]!.answer('of the second');
    await questions[0]!.answer('of the first');
    expect(shown(controller)).toEqual(['of the third']);
    expect(controller.model.states.state).toBe('here');
  });
});

describe('the candidates on the Run view', () => {
  const candidate = (place: number, parents: readonly number[]) => ({ candidate: place, parents, scored: 5 });
  const plain = { prefix: 'p', status: 'done', step: {}, candidates: [candidate(0, []), candidate(1, [])] };
  const grown = { prefix: 'g', status: 'done', step: {}, candidates: [candidate(0, []), candidate(1, [0])] };

  function onRun(kept: object) {
    const ask = vi.fn((body: Ask) => Promise.resolve({ ...body, candidates: [], rows: 0, predictors: [], sent: null }));
    const bridge = { ask, tellBug: vi.fn() } as unknown as Pick<Bridge, 'ask' | 'tellBug'>;
    const controller = new Controller({ bridge, draw: vi.fn(), save: vi.fn() }, { tab: 'run', ...kept });
    controller.snapshot({ complete: true, version: 1, steps: [plain, grown] } as unknown as Snapshot);
    return { controller, asked: () => ask.mock.calls.map(([body]) => body) };
  }

  it('are asked for where they are a tree, once for what there is', async () => {
    const { controller, asked } = onRun({ step: 'g' });
    await expect.poll(() => asked()).toEqual([{ ask: 'standing', step: 'g' }]);
    controller.keep({ step: 'g' });
    controller.keep({ step: 'p' });
    expect(asked()).toHaveLength(1);
  });

  it('are asked for row by row where that is opened, of the step that is shown', async () => {
    const { controller, asked } = onRun({ step: 'p' });
    controller.keep({ front: true });
    await expect.poll(() => asked()).toEqual([{ ask: 'front', step: 'p' }]);
    controller.keep({ step: 'g' });
    expect(asked().slice(1)).toEqual([
      { ask: 'standing', step: 'g' },
      { ask: 'front', step: 'g' },
    ]);
  });

  it('keep what is known of two states until the same is asked for again', async () => {
    const { controller, asked } = onRun({});
    controller.needChanges('g#0', 'g#1');
    const known = () => controller.model.changes.get(changesKey('g#0', 'g#1'));
    await expect.poll(() => known()?.state).toBe('here');
    controller.needChanges('g#0', 'g#1');
    expect(known()).toMatchObject({ state: 'loading', value: { predictors: [] } });
    expect(asked().filter(({ ask }) => ask === 'changes')).toHaveLength(2);
  });
});
