import { describe, expect, it } from 'vitest';
import type { JsonValue } from '../../../../src/base/json.ts';
import type { ProgramDescription, ProgramState } from '../../../../src/data/program.ts';
import { Budget } from '../../../../src/engine/budget.ts';
import { CallRejected, EndpointUnavailable } from '../../../../src/engine/errors.ts';
import { Optimization } from '../../../../src/engine/optimize.ts';
import { dspy } from '../../../../src/engine/optimizers/dspy/optimizer.ts';
import { sampleOf } from '../../../../src/engine/sample.ts';
import { initialState } from '../../../../src/engine/state.ts';
import type { Compiled, Teleprompter } from '../../../../src/engine/teleprompter.ts';
import { UsageMeter } from '../../../../src/engine/usage.ts';
import { examples, FakeJournal, FakeLm, FakeProgram, FakeSurroundings, twoPredictors } from '../fakes.ts';
import type { Asked } from '../fakes.ts';
import type { FakeCompile } from '../fakeTeleprompter.ts';
import { fakeTeleprompter } from '../fakeTeleprompter.ts';
import { settingsOf } from '../settingsOf.ts';

const prices = { ofAnswer: () => 0, ofTraining: () => 0 };
const noCap = { calls: null, tokens: null, usd: null };
const facts = { rows: 12, modelsPerJob: 1 };

interface Way {
  readonly written?: object;
  /** What is there before a run and after it. */
  readonly memory?: Map<string, JsonValue>;
  readonly memo?: Map<string, string>;
  readonly answer?: (asked: Asked) => string;
  readonly made?: Partial<Teleprompter & Compiled>;
  readonly description?: ProgramDescription;
  readonly metricRange?: readonly [number, number];
  readonly score?: (answer: string) => number;
  readonly start?: ProgramState;
}

const right = ({ call }: Asked): string =>
  call.prompt.kind === 'chat' ? `a${call.prompt.messages[0]!.content.split('\n').at(-1)!.slice(1)}` : '';

/** A run of a strategy with this optimizer alone. */
/** Of a compile that changed nothing. */
const asItWas =
  'left instructions and demos as they were: nothing it tried was better, its code caught what failed, or it changes something else.';

async function optimizeWith(compile: FakeCompile, way: Way = {}) {
  const { memory = new Map(), memo = new Map(), answer = right, made = {}, description = twoPredictors } = way;
  const written = { optimizer: 'o.py#make', calls: 100, train: 4, validation: 6, ...way.written };
  const step = dspy.step('theirs', dspy.resolve(written, { embedded: false }), facts);
  const meter = new UsageMeter(prices);
  const lm = new FakeLm(answer, memo);
  const journal = new FakeJournal(memory);
  const program = new FakeProgram({
    description,
    ...(way.score === undefined ? {} : { score: (_, text) => way.score!(text) }),
  });
  let compiles = 0;
  const counted: FakeCompile = (...given) => {
    compiles++;
    return compile(...given);
  };
  const parts = {
    ...{ program, lm, trainer: null, journal, meter, prices, concurrency: 4, identity: 'identity' },
    surroundings: new FakeSurroundings(),
    gate: new Budget(noCap, { calls: 0, tokens: 0, usd: 0 }),
    teleprompters: new Map([['o.py#make', fakeTeleprompter(counted, { program, ...made })]]),
  };
  const { metricRange = [0, 1] as const, start } = way;
  const optimization = new Optimization(
    parts,
    { ...settingsOf('', { metricRange }), strategy: [step] },
    { train: examples(12), dev: examples(4, 'd'), test: null },
    description,
    { signal: new AbortController().signal, onStage: () => undefined, ...(start === undefined ? {} : { start }) },
  );
  const outcome = await optimization.run().then(
    (stages) => ({ stages, error: null }),
    (error: unknown) => ({ stages: [], error: error as Error }),
  );
  const all = journal.of('warning').map(({ message }) => message);
  const warnings = all.filter((message) => !message.includes(asItWas));
  return {
    ...outcome,
    journal,
    lm,
    memory,
    memo,
    warnings,
    wasInVain: warnings.length < all.length,
    compiles: () => compiles,
  };
}

const start = initialState(twoPredictors, 'base');

function told(instructions: string): ProgramState {
  const a = start.predictors['a.predict']!;
  return { predictors: { ...start.predictors, 'a.predict': { ...a, instructions } } };
}

const contents = ({ asked }: FakeLm): readonly string[] =>
  asked.map(({ call }) => (call.prompt.kind === 'chat' ? call.prompt.messages[0]!.content : ''));

/** Scores the program as it is and as an LM wrote it, and ends in the latter. */
const search: FakeCompile = async ({ state, train, validation }, { ask, evaluate, run }) => {
  await run(state, train[0]!);
  await run(state, train[0]!);
  await evaluate(state, validation);
  const other = told(await ask('Better?', 'first'));
  await evaluate(other, validation.slice(0, 2));
  return other;
};

describe("an optimizer of DSPy's as a step", () => {
  it('writes what it evaluates as candidates, and its runs with a trace each', async () => {
    const { stages, journal } = await optimizeWith(search);
    expect(stages[1]).toMatchObject({ prefix: 'theirs', state: told('aetter?') });
    const about = { on: 'validation', demos: 0 };
    expect(journal.of('candidate.started').map((event) => event.about)).toEqual([
      { ...about, rewritten: 0, start: true },
      { ...about, rewritten: 1, start: false },
    ]);
    expect(journal.of('candidate.finished')).toMatchObject([
      { candidate: 0, score: { score: 100, n: 6, failed: 0 }, scored: 6, of: 6 },
      { candidate: 1, score: { score: 100, n: 2 }, scored: 2, of: 2 },
    ]);
    const runs = journal.of('example').filter(({ prefix }) => prefix === 'theirs');
    const inStep = runs.filter(({ purpose }) => purpose !== 'dev');
    expect(inStep.map(({ purpose, candidate, round }) => [purpose, candidate, round])).toEqual([
      ['bootstrap', null, 0],
      ['bootstrap', null, 1],
      ...Array.from({ length: 6 }, () => ['validate', 0, 0]),
      ...Array.from({ length: 2 }, () => ['validate', 1, 0]),
    ]);
    expect(journal.of('step.finished')[0]).toMatchObject({ candidate: 1 });
    expect(dspy.tell(journal.of('candidate.started')[1]!.about)).toMatchObject({
      name: 'evaluation',
      brief: '1 new instruction, on validation rows',
    });
  });

  it('says so where it left the program as it was', async () => {
    expect((await optimizeWith(() => Promise.resolve(told('New.')))).wasInVain).toBe(false);
    expect((await optimizeWith(({ state }) => Promise.resolve(state))).wasInVain).toBe(true);
  });

  it('says scores in per cent of the metric’s range, also where not all runs were reported', async () => {
    const half: FakeCompile = async ({ state, validation }, { evaluate, work }) => {
      await evaluate(state, validation);
      work.evaluationStarted({ evaluation: 7, state: told('Seven.'), of: 4 });
      work.evaluationFinished({ evaluation: 7, mean: 4, scored: 4, failed: 1 });
      work.evaluationStarted({ evaluation: 8, state: told('Eight.'), of: 4 });
      work.evaluationFinished({ evaluation: 8, mean: null, scored: 1, failed: 0 });
      return state;
    };
    const { journal } = await optimizeWith(half, { metricRange: [1, 5], score: () => 2 });
    expect(journal.of('candidate.finished')).toMatchObject([
      { score: { score: 25, n: 6 } },
      { candidate: 1, score: { score: 75, n: 4, failed: 1 }, scored: 4, of: 4 },
      { candidate: 2, score: null, scored: 1, of: 4 },
    ]);
    expect(journal.of('candidate.started')[1]).toMatchObject({ about: { on: null } });
  });

  it('asks for the program’s calls what a program run asks, so that scoring them later is free', async () => {
    const onRows: FakeCompile = async ({ state }, { evaluate }) => {
      await evaluate(state, examples(4, 'd'));
      return state;
    };
    const { lm } = await optimizeWith(onRows);
    // Two predictors on four rows of dev, once for the start, the compile and the result.
    expect(lm.paid).toHaveLength(8);
    expect(lm.paid.map(({ rollout }) => rollout)).toEqual(lm.paid.map(() => ({ round: 0, repeat: 0 })));
  });

  it('keeps samples of a call apart by their names and numbers', async () => {
    const samples: FakeCompile = async ({ state }, { ask }) => {
      for (const [id, repeat] of [
        ['1', 0],
        ['2', 0],
        ['2', 1],
        [null, 1],
        ['2', 0],
      ] as const)
        await ask('One?', id, repeat);
      return state;
    };
    const { lm } = await optimizeWith(samples);
    const asked = lm.paid.filter(({ call }) => JSON.stringify(call).includes('One?'));
    expect(asked.map(({ rollout }) => rollout)).toEqual([
      { round: 0, repeat: 0, rolloutId: '1' },
      { round: 0, repeat: 0, rolloutId: '2' },
      { round: 0, repeat: 1, rolloutId: '2' },
      { round: 0, repeat: 1 },
    ]);
  });

  it('asks the tuned model for the program, and the base for a metric; authors’ LMs stay', async () => {
    const models: FakeCompile = async ({ state }, { work }) => {
      const prompt = { kind: 'chat', messages: [{ role: 'user', content: 'Who?' }] } as const;
      const sample = { rolloutId: null, repeat: 0 };
      const call = { model: 'tuned', prompt, stop: [] };
      await work.complete({ call, metric: false, sample });
      await work.complete({ call, metric: true, sample });
      await work.complete({ call: { ...call, model: 'judge', authors: true }, metric: true, sample });
      return state;
    };
    const { lm } = await optimizeWith(models);
    const asked = lm.asked.filter(({ call }) => JSON.stringify(call).includes('Who?'));
    expect(asked.map(({ call }) => call.model)).toEqual(['tuned', 'base', 'judge']);
  });

  it('ends at its limit, whatever its code makes of that; what was answered is free the next time', async () => {
    const greedy: FakeCompile = async ({ state }, { ask }) => {
      await ask('Number 0?');
      for (let i = 0; i < 4; i++) await ask(`Number ${i}?`).catch(() => undefined);
      return state;
    };
    const { error, memory, memo } = await optimizeWith(greedy, { written: { calls: 3 } });
    expect(error?.message).toContain('o.py#make asks for more than 3 LM calls');
    expect(error?.message).toContain('Raise "steps.theirs.calls" in bettertogether.json');
    const raised = await optimizeWith(greedy, { memory, memo, written: { calls: 4 } });
    expect([raised.error, raised.warnings, raised.lm.paid.length]).toEqual([null, [], 1]);
  });

  it('ends with what gives no result, whatever its code makes of that', async () => {
    const gone = new EndpointUnavailable('The endpoint is gone.');
    const careless: FakeCompile = async ({ state }, { ask }) => {
      await ask('Anybody?').catch(() => undefined);
      return state;
    };
    const answer = (asked: Asked): string => {
      if (JSON.stringify(asked).includes('Anybody?')) throw gone;
      return right(asked);
    };
    expect((await optimizeWith(careless, { answer })).error).toBe(gone);
  });

  it('handles a call itself that cannot be answered, and is then not remembered', async () => {
    const careful: FakeCompile = async ({ state }, { ask }) => {
      await expect(ask('Too long?')).rejects.toThrow('too long');
      return state;
    };
    const answer = (asked: Asked): string => {
      if (JSON.stringify(asked).includes('Too long?')) throw new CallRejected('too long');
      return right(asked);
    };
    const { stages, memory, memo } = await optimizeWith(careful, { answer });
    expect(stages[1]).toMatchObject({ state: start });
    expect((await optimizeWith(careful, { answer, memory, memo })).compiles()).toBe(1);
  });

  it('is remembered as a whole, under all that decides it', async () => {
    const lost = ['The prefix of "answer" is not part of a state.'];
    const first = await optimizeWith(search, { made: { lost } });
    expect(first.warnings).toEqual([`Step "theirs": ${lost[0]}`]);
    const { memory, memo } = first;
    const again = await optimizeWith(search, { memory, memo, made: { lost }, written: { calls: 50 } });
    expect([again.compiles(), again.lm.paid.length, again.warnings]).toEqual([0, 0, first.warnings]);
    expect(again.stages).toEqual(first.stages);
    expect(again.journal.of('candidate.finished')).toEqual(first.journal.of('candidate.finished'));
    for (const way of [
      { made: { hash: 'another' } },
      { written: { compile: { steps: 2 } } },
      { written: { train: 5 } },
      { start: told('Other.') },
    ]) {
      expect((await optimizeWith(search, { memory, memo, ...way })).compiles()).toBe(1);
    }
  });

  it('takes all rows for training where it has no validation set, and says so', async () => {
    let rows: readonly number[] = [];
    const noV: FakeCompile = async ({ state, train, validation }) => {
      rows = [train.length, validation.length];
      return Promise.resolve(state);
    };
    const { warnings } = await optimizeWith(noV, { made: { takesValidation: false, name: 'SIMBA' } });
    expect(rows).toEqual([10, 0]);
    expect(warnings).toEqual(['Step "theirs": SIMBA takes no validation set, so all 10 rows are for training.']);
  });

  it('says so where it has rows of its own', async () => {
    const made = { takesTrain: false, takesValidation: false, name: 'KNNFewShot' };
    const { warnings } = await optimizeWith(({ state }) => Promise.resolve(state), { made });
    expect(warnings[0]).toBe(
      'Step "theirs": KNNFewShot takes no rows: what it learns from is its own. Where that holds rows of dev or test, scores say too much.',
    );
  });

  it('changes prompts alone, of predictors that may change', async () => {
    const [a, b] = twoPredictors.predictors;
    const description = { ...twoPredictors, predictors: [a!, { ...b!, frozen: true }] };
    const all: FakeCompile = ({ state }) => {
      const changed = Object.entries(state.predictors).map(([name, each]) => [
        name,
        { ...each, instructions: 'New.', model: 'large' },
      ]);
      return Promise.resolve({ predictors: Object.fromEntries(changed) as ProgramState['predictors'] });
    };
    const { stages } = await optimizeWith(all, { description });
    expect(stages[1]).toMatchObject({ state: told('New.') });
  });

  it('stops early where the metric fails on every row', async () => {
    let runs = 0;
    const outcome = {
      ...{ prediction: null, score: 0, trace: [], seconds: 0 },
      error: { kind: 'metric', message: 'no' },
    } as const;
    const broken: FakeCompile = async ({ state, train }, { work, signal }) => {
      while (!signal.aborted && runs < 100) work.ran({ evaluation: null, row: train[runs++ % 4]!.id, state, outcome });
      return Promise.resolve(state);
    };
    const { error } = await optimizeWith(broken);
    expect(error?.message).toContain('The metric failed on each of the first 20 rows');
    expect(runs).toBe(20);
  });
});

describe('a compile that was interrupted', () => {
  const questions = (...texts: readonly string[]): FakeCompile => {
    return async ({ state }, { ask }) => {
      for (const text of texts) await ask(text);
      return state;
    };
  };

  /** Is stopped at `stop?`. */
  async function interrupted() {
    const answer = (asked: Asked): string => {
      if (JSON.stringify(asked).includes('stop?')) throw new EndpointUnavailable('gone');
      return right(asked);
    };
    const { error, memory, memo } = await optimizeWith(questions('one?', 'two?', 'three?', 'stop?'), { answer });
    expect(error).toBeInstanceOf(EndpointUnavailable);
    return { memory, memo };
  }

  it('goes on: nothing is paid for twice, and nothing is to be said', async () => {
    const { lm, warnings } = await optimizeWith(questions('one?', 'two?', 'three?', 'stop?'), await interrupted());
    expect([contents(lm).includes('one?'), lm.paid.length, warnings]).toEqual([true, 1, []]);
  });

  it('says what it cost where it goes another way', async () => {
    const other = questions('one?', 'four?', 'five?', 'six?');
    const { warnings } = await optimizeWith(other, await interrupted());
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain('o.py#make went another way than when it was stopped');
    expect(warnings[0]).toContain('3 LM calls were new, and 2 that were paid for before were not needed');
  });

  it('does not count what another step of the run paid for', async () => {
    const other = { ...(await interrupted()), written: { compile: { steps: 2 } } };
    expect((await optimizeWith(questions('four?'), other)).warnings).toEqual([]);
  });
});

describe('rows and price', () => {
  const step = (written: object, rows: number) =>
    dspy.step('theirs', dspy.resolve({ optimizer: 'o.py#make', calls: 90, ...written }, { embedded: false }), {
      ...facts,
      rows,
    });
  const rowsOf = async (written: object, rows: number): Promise<readonly number[]> => {
    let sizes: readonly number[] = [];
    const made = fakeTeleprompter(({ state, train, validation }) => {
      sizes = [train.length, validation.length];
      return Promise.resolve(state);
    });
    const journal = new FakeJournal();
    await new Optimization(
      {
        ...{ program: new FakeProgram(), lm: new FakeLm(right), trainer: null, journal, prices, concurrency: 4 },
        ...{ meter: new UsageMeter(prices), surroundings: new FakeSurroundings(), identity: 'identity' },
        gate: new Budget(noCap, { calls: 0, tokens: 0, usd: 0 }),
        teleprompters: new Map([['o.py#make', made]]),
      },
      { ...settingsOf(''), strategy: [step(written, rows)] },
      { train: examples(rows), dev: examples(1, 'd'), test: null },
      twoPredictors,
      { signal: new AbortController().signal, onStage: () => undefined },
    ).run();
    return sizes;
  };

  it.each([
    [{}, 12, [6, 6]],
    [{}, 600, [350, 250]],
    [{}, 3, [2, 1]],
    [{ train: 10 }, 12, [10, 2]],
    [{ validation: 2 }, 12, [10, 2]],
    [{ train: 3, validation: 4 }, 12, [3, 4]],
  ])('are %j of %i rows', async (written, rows, sizes) => {
    expect(await rowsOf(written, rows)).toEqual(sizes);
  });

  it.each([
    [{ train: 10, validation: 5 }, '"steps.theirs.train" (10) and "steps.theirs.validation" (5)'],
    [{ train: 12 }, '"steps.theirs.validation" (by default 1)'],
  ])('are refused where there are not so many: %j', (written, message) => {
    expect(() => step(written, 12)).toThrow(message);
  });

  it.each([
    [1, 90],
    [4, 90],
  ])('count its limit, whatever a program run takes (%i calls)', (calls, planned) => {
    const usage = { inputTokens: 10, cachedInputTokens: 0, outputTokens: 2 };
    const record = { finishReason: 'stop', usage, key: 'k', model: 'base', cached: false, seconds: 0 } as const;
    const call = { predictor: 'a', inputs: {}, outputs: {}, lm: [record], path: [], start: 0, seconds: 0 };
    const sample = sampleOf([{ trace: Array.from({ length: calls }, () => call), correct: true }], 0, 1);
    const context = { sizes: { train: 12, dev: 4, test: 0 }, sample, prices: { call: () => 0, training: () => 0 } };
    const { runs } = step({}, 12).plan({ ...context, prompts: { demos: null, instructions: false } });
    expect(runs.map((each) => each.runs.most * sample.calls)).toEqual([planned]);
  });
});
