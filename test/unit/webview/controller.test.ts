import { describe, expect, it, vi } from 'vitest';
import type { Answer } from '../../../src/viewProtocol/answers.ts';
import type { Ask } from '../../../src/viewProtocol/asks.ts';
import type { Snapshot } from '../../../src/viewProtocol/snapshot.ts';
import { Refused } from '../../../webview/bridge.ts';
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

describe('the trace of a row', () => {
  const chosen = { step: 'p', split: 'dev', example: 4 } as const;
  const answers = { columns: [], rows: [], labelled: false, categories: [], problem: null };

  /** @param host what it says of traces; a message that it refuses with. */
  function onExamples(host: { trace: number | null; refuse: string | null }, tab = 'examples') {
    const record = { step: 'p', purpose: 'dev', example: 4, outcome: { trace: [] } };
    const ask = vi.fn((body: Ask): Promise<unknown> => {
      if (body.ask === 'findTrace') return Promise.resolve({ trace: host.trace });
      if (body.ask !== 'trace') return Promise.resolve({ ...answers, total: 0, from: 0, fields: null, inputs: [] });
      const { refuse } = host;
      // After what is asked for meanwhile.
      if (refuse !== null) return new Promise((_, reject) => setTimeout(() => reject(new Refused(refuse))));
      return Promise.resolve({ record: { ...record, example: body.trace === 9 ? 4 : 0 }, recalled: false });
    });
    const bridge = { ask, tellBug: vi.fn() } as unknown as Pick<Bridge, 'ask' | 'tellBug'>;
    const controller = new Controller({ bridge, draw: vi.fn(), save: vi.fn() }, { tab, chosen });
    const snapshot = (version: number) =>
      controller.snapshot({ complete: true, version, steps: [], status: 'running' } as unknown as Snapshot);
    snapshot(1);
    const shownTrace = () => {
      const { trace } = controller.model;
      return trace.state === 'failed' ? trace.message : valueOf(trace)?.trace;
    };
    return { controller, snapshot, shownTrace };
  }

  it('comes once the run has made it, where there was none', async () => {
    const host = { trace: null as number | null, refuse: null };
    const { snapshot, shownTrace } = onExamples(host);
    await expect.poll(shownTrace).toBe('Row 5 has no trace in this step yet.');
    host.trace = 9;
    snapshot(2);
    await expect.poll(shownTrace, { timeout: 5000 }).toBe(9);
  });

  it('stands where an error of the list of traces stood', async () => {
    const host = { trace: 9, refuse: 'Trace 7 cannot be read.' as string | null };
    const { controller, shownTrace } = onExamples(host, 'traces');
    controller.openTrace(7);
    await expect.poll(shownTrace).toBe('Trace 7 cannot be read.');
    host.refuse = null;
    controller.goTo('examples');
    // Nothing of the other one is said meanwhile.
    expect(shownTrace()).toBeUndefined();
    await expect.poll(shownTrace).toBe(9);
  });

  it('gives the list of traces its own back', async () => {
    const host = { trace: null, refuse: null };
    const { controller, shownTrace } = onExamples(host, 'traces');
    controller.openTrace(7);
    await expect.poll(shownTrace).toBe(7);
    controller.goTo('examples');
    await expect.poll(shownTrace).toBe('Row 5 has no trace in this step yet.');
    controller.goTo('traces');
    await expect.poll(shownTrace).toBe(7);
  });

  it('is not replaced by the error of one that was opened before', async () => {
    const host = { trace: 9, refuse: 'Trace 7 cannot be read.' as string | null };
    const { controller, shownTrace } = onExamples(host, 'traces');
    controller.openTrace(7);
    host.refuse = null;
    controller.openTrace(9);
    await expect.poll(shownTrace).toBe(9);
    await new Promise((done) => setTimeout(done));
    expect(shownTrace()).toBe(9);
  });
});
