import { describe, expect, it } from 'vitest';
import type { JsonValue } from '../../../../src/base/json.ts';
import type { ProgramState } from '../../../../src/data/program.ts';
import { Budget } from '../../../../src/engine/budget.ts';
import { CallRejected } from '../../../../src/engine/errors.ts';
import { foldsOf } from '../../../../src/engine/folds.ts';
import type { RunRequest } from '../../../../src/engine/interfaces.ts';
import { Optimization } from '../../../../src/engine/optimize.ts';
import { mipro } from '../../../../src/engine/optimizers/mipro/optimizer.ts';
import { PythonRandom } from '../../../../src/engine/pythonRandom.ts';
import { sum } from '../../../../src/engine/sample.ts';
import { initialState, stateHash, withDemos } from '../../../../src/engine/state.ts';
import { UsageMeter } from '../../../../src/engine/usage.ts';
import { examples, FakeJournal, FakeLm, FakeProgram, FakeSurroundings, twoPredictors } from '../fakes.ts';
import type { Asked } from '../fakes.ts';
import { settingsOf } from '../settingsOf.ts';

const contentOf = ({ prompt }: Asked['call']): string => (prompt.kind === 'chat' ? prompt.messages[0]!.content : '');
const isInstruction = ({ call }: Asked): boolean => contentOf(call).startsWith('A program solves a task by calls');
const isAboutData = ({ call }: Asked): boolean => /^(Rows of|Notes about) a data set/.test(contentOf(call));
const isAboutCode = ({ call }: Asked): boolean => contentOf(call).startsWith('The code of a program');
const isOfProposer = (asked: Asked): boolean => isInstruction(asked) || isAboutData(asked) || isAboutCode(asked);

/** Every other proposal is of use. */
function proposerOf(): (asked: Asked) => string {
  let proposals = 0;
  return (asked) => {
    if (!isInstruction(asked)) return 'Questions and answers.';
    proposals++;
    return `\`\`\`\n${proposals % 2 === 1 ? 'Look closely' : 'Hurry'}, ${proposals}.\n\`\`\``;
  };
}

/** A few rows are right as it is, more with a good instruction for the first predictor, more with demos for the second. */
function isRight({ state, example }: Pick<RunRequest, 'state' | 'example'>): boolean {
  const { 'a.predict': a, 'b.predict': b } = state.predictors;
  const known = 3 + (a!.instructions.includes('Look closely') ? 3 : 0) + (b!.demos.length > 0 ? 3 : 0);
  return example.id % 10 < known;
}

interface World {
  readonly memory?: Map<string, JsonValue>;
  readonly memo?: Map<string, string>;
  readonly propose?: (asked: Asked) => string;
  readonly source?: string;
  /** Where the run starts. */
  readonly start?: ProgramState;
  readonly right?: (answer: string) => boolean;
}

/** Twenty-four rows to search on. */
const train = examples(24);

async function searched(written: object, world: World = {}) {
  const { memory, memo, propose = proposerOf(), source, start, right } = world;
  const prices = { ofAnswer: () => 0, ofTraining: () => 0 };
  const journal = new FakeJournal(memory ?? new Map());
  const runs: RunRequest[] = [];
  const lm = new FakeLm(
    (asked) => (isOfProposer(asked) ? propose(asked) : asked.call.model === 'large' ? 'great' : 'said'),
    memo,
  );
  const step = mipro.step('mipro', mipro.resolve(written, { embedded: false }), {
    rows: train.length,
    modelsPerJob: 1,
  });
  const description = source === undefined ? twoPredictors : { ...twoPredictors, source };
  const program = new FakeProgram({
    description,
    score: (request, answer) => {
      runs.push(request);
      return isRight(request) || right?.(answer) === true ? 1 : 0;
    },
  });
  const optimization = new Optimization(
    {
      ...{ program, lm, trainer: null, journal, meter: new UsageMeter(prices), prices },
      ...{ surroundings: new FakeSurroundings(), concurrency: 4, identity: 'identity' },
      gate: new Budget({ calls: null, tokens: null, usd: null }, { calls: 0, tokens: 0, usd: 0 }),
    },
    { ...settingsOf(''), strategy: [step] },
    { train, dev: examples(10, 'd'), test: null },
    description,
    { signal: new AbortController().signal, onStage: () => undefined, ...(start === undefined ? {} : { start }) },
  );
  const [before, stage] = await optimization.run();
  return {
    ...{ state: stage!.state!, dev: stage!.dev!, before: before!.dev!, journal, lm, runs },
    proposals: lm.asked.filter(isInstruction),
  };
}

/** Of a search's runs those that score a combination. */
const scored = (runs: readonly RunRequest[]) =>
  runs.filter(({ example, collecting }) => !collecting && train.some(({ inputs }) => inputs === example.inputs));

const small = { trials: 12, candidates: 5, minibatch: 5, fullEvery: 4, train: 12, validation: 12 };

describe('a search over instructions and demo sets', () => {
  it('finds an instruction and demos that do better together, and ends in the best on all validation rows', async () => {
    const { state, before, dev, journal } = await searched(small);
    expect(state.predictors['a.predict']!.instructions).toContain('Look closely');
    expect(state.predictors['b.predict']!.demos.length).toBeGreaterThan(0);
    expect([before.score, dev.score]).toEqual([30, 90]);
    const ends = journal.of('candidate.finished');
    const { candidate } = journal.of('step.finished')[0]!;
    const inFull = ends.filter(({ of }) => of === 12);
    const best = Math.max(...inFull.map(({ score }) => score?.score ?? 0));
    expect(inFull.find((one) => one.candidate === candidate)!.score!.score).toBe(best);
  });

  it('says of each candidate what it consists of, and on how many rows it is scored', async () => {
    const { journal } = await searched(small);
    const started = journal.of('candidate.started');
    const told = started.map(({ about }) => mipro.tell(about));
    expect(told[0]).toMatchObject({ name: 'start', brief: 'as the step found it' });
    expect(told.filter(({ name }) => name === 'trial')).toHaveLength(12);
    const full = told.filter(({ name }) => name === 'in full');
    expect(full.length).toBeGreaterThan(0);
    expect(full.length).toBeLessThanOrEqual(3);
    expect(told[1]!.brief).toMatch(
      /^instructions: (a\.predict )?(as found|no\. \d).*; demos: .*(none|set \d).*; a minibatch of 5 rows$/,
    );
    const sizes = new Map(journal.of('candidate.finished').map(({ candidate, of }) => [candidate, of]));
    for (const [place, { name, facts }] of told.entries()) {
      const rows = sizes.get(started[place]!.candidate);
      expect(rows).toBe(name === 'trial' ? 5 : 12);
      expect(facts.at(-1)).toEqual({
        label: 'Scored on',
        text: rows === 5 ? 'a minibatch of 5 rows' : 'all 12 rows',
      });
    }
  });

  it('scores a combination on all rows once, however often it is drawn', async () => {
    const { journal } = await searched({ ...small, trials: 40, candidates: 2, minibatch: 0 });
    const states = journal
      .of('candidate.started')
      .map(({ about }) => `${String(about['instructions'])} ${String(about['demos'])}`);
    expect(new Set(states).size).toBe(states.length);
    expect(states.length).toBeLessThanOrEqual(1 + 2 ** 4);
  });

  it('shows the proposer the data, the program and demos, and asks once for each instruction but the first', async () => {
    const { lm, proposals, journal } = await searched(small, { source: 'class Two(dspy.Module): ...' });
    expect(proposals).toHaveLength(2 * (5 - 1));
    expect(lm.asked.filter(isAboutCode)).toHaveLength(1 + 2);
    expect(lm.asked.filter(isAboutData)).toHaveLength(2 + 1);
    const content = contentOf(proposals[0]!.call);
    for (const part of [
      'Questions and answers.',
      'class Two(dspy.Module)',
      'Do a.predict.',
      '"question":"q',
      '"said"',
    ]) {
      expect(content).toContain(part);
    }
    for (const asked of lm.asked.filter(isOfProposer)) expect(contentOf(asked.call)).not.toMatch(/"d\d"/);
    expect(journal.of('proposal').map(({ predictor, end }) => [predictor, end])).toEqual(
      ['a.predict', 'b.predict'].flatMap((name) => Array.from({ length: 4 }, () => [name, 'proposed'])),
    );
  });

  it('asks whom it is told to, with its temperature and its limit', async () => {
    const proposer = { model: 'writer', endpoint: 'far', temperature: 0.3, maxTokens: 77 };
    const { lm } = await searched({ ...small, proposer }, { source: 'code' });
    for (const asked of lm.asked) {
      if (isOfProposer(asked)) {
        expect(asked.call).toMatchObject({
          model: 'writer',
          endpoint: 'far',
          sampling: { temperature: 0.3, maxTokens: 77 },
        });
      } else {
        expect(asked.call.model).toBe('base');
      }
    }
    const named = mipro.asks(mipro.resolve({ proposer }, { embedded: false }));
    expect(named).toEqual([{ model: 'writer', endpoint: 'far', setting: 'proposer' }]);
    expect(mipro.asks(mipro.resolve({}, { embedded: false }))).toEqual([]);
  });

  it.each([
    ['{"answer": "said"}', 'JSON'],
    ['```\nSaid.\n```', 'an answer to the task'],
    ['   ', 'empty'],
    ['too '.repeat(4000), 'too long'],
  ])('takes no instruction that is none, says why, and still finds demos (%#)', async (answer, reason) => {
    const { state, journal } = await searched(small, { propose: (asked) => (isInstruction(asked) ? answer : 'Rows.') });
    expect(state.predictors['a.predict']!.instructions).toBe('Do a.predict.');
    expect(state.predictors['b.predict']!.demos.length).toBeGreaterThan(0);
    const proposals = journal.of('proposal');
    expect(proposals).toHaveLength(8);
    for (const proposal of proposals) expect(proposal).toMatchObject({ end: 'refused', reason });
  });

  it('goes on without what was not answered, and is then not remembered', async () => {
    const [memory, memo] = [new Map<string, JsonValue>(), new Map<string, string>()];
    const never = () => {
      throw new CallRejected('too long');
    };
    const first = await searched(small, { memory, memo, propose: never, source: 'code' });
    expect(first.proposals).toHaveLength(8);
    expect(contentOf(first.proposals[0]!.call)).not.toMatch(/# The data|# What the program does/);
    for (const proposal of first.journal.of('proposal')) {
      expect(proposal).toMatchObject({ end: 'refused', reason: 'not answered' });
    }
    const again = await searched(small, { memory, memo, source: 'code' });
    expect(again.dev.score).toBeGreaterThan(first.dev.score);
  });

  it('starts with the program as it found it, with its own demos, and puts others in their place', async () => {
    const own = { fields: { question: 'old', answer: 'demo' }, augmented: true };
    const vanilla = initialState(twoPredictors, 'base');
    const start = withDemos(vanilla, ['a.predict', 'b.predict'], { 'a.predict': [own], 'b.predict': [own] });
    const { journal, state } = await searched(small, { start });
    const [first, ...others] = journal.of('candidate.started');
    expect(first!.state).toBe(stateHash(start));
    for (const { state: hash } of others) {
      expect(JSON.stringify(journal.states.get(hash))).not.toContain('old');
    }
    expect(JSON.stringify(state)).not.toContain('old');
  });

  it('without demos in the prompts searches instructions alone, and still shows the proposer what went well', async () => {
    const { journal, proposals, state, runs } = await searched({
      ...small,
      maxBootstrappedDemos: 0,
      maxLabeledDemos: 0,
    });
    expect(contentOf(proposals.at(-1)!.call)).toContain('# Calls of the step that came out well');
    for (const { predictors } of scored(runs).map((request) => request.state)) {
      expect(Object.values(predictors).every(({ demos }) => demos.length === 0)).toBe(true);
    }
    for (const { about } of journal.of('candidate.started')) expect(about['demos']).toBe('as found');
    expect(state.predictors['a.predict']!.instructions).toContain('Look closely');
  });

  it('has correct runs of a teacher for demos, at its endpoint, and scores combinations on the program’s own LM', async () => {
    const teacher = { model: 'large', endpoint: 'far' };
    const { journal, lm, runs, state } = await searched(
      { ...small, teacher, maxLabeledDemos: 0 },
      { right: (answer) => answer === 'great' },
    );
    const taught = lm.asked.filter(({ call }) => call.model === 'large');
    expect(taught.length).toBeGreaterThan(0);
    for (const { call } of taught) expect(call.endpoint).toBe('far');
    expect(taught.length).toBe(
      2 * journal.of('example').filter(({ purpose, cached }) => purpose === 'bootstrap' && !cached).length,
    );
    expect(JSON.stringify(state.predictors['b.predict']!.demos)).toContain('great');
    expect(scored(runs).length).toBeGreaterThan(0);
    expect(mipro.teacher(mipro.resolve({ teacher }, { embedded: false }))).toMatchObject(teacher);
  });

  it('with folds learns from all rows and scores on all rows, none by a demo of its own fold', async () => {
    const { trials, candidates } = small;
    const { journal, runs, state } = await searched({ trials, candidates, minibatch: 6, folds: 4 });
    expect(journal.of('step.started')[0]).toMatchObject({ search: { validation: 24 } });
    const rows = new PythonRandom(0).shuffle(train);
    const folds = new Map([...foldsOf(rows, 4)].map(([{ inputs }, fold]) => [inputs['question'], fold]));
    const shown = scored(runs).flatMap(({ example, state: { predictors } }) =>
      Object.values(predictors).flatMap(({ demos }) =>
        demos.map(({ fields }) => [folds.get(example.inputs['question']), folds.get(fields['question'])] as const),
      ),
    );
    expect(shown.length).toBeGreaterThan(100);
    expect(shown.filter(([row, demo]) => row === demo)).toEqual([]);
    const asked = new Set(scored(runs).map(({ example }) => example.id));
    expect(asked.size).toBe(24);
    expect(sum(Object.values(state.predictors).map(({ demos }) => demos.length))).toBeGreaterThan(0);
  });

  it('done again asks nobody and logs the same; with another proposer or temperature it is done anew', async () => {
    const [memory, memo] = [new Map<string, JsonValue>(), new Map<string, string>()];
    const first = await searched(small, { memory, memo });
    const again = await searched(small, { memory, memo });
    expect(again.lm.asked).toEqual([]);
    expect(again.state).toEqual(first.state);
    for (const type of ['candidate.started', 'candidate.finished', 'proposal'] as const) {
      expect(again.journal.of(type)).toEqual(first.journal.of(type));
    }
    for (const proposer of [{ model: 'large' }, { temperature: 0.5 }]) {
      expect((await searched({ ...small, proposer }, { memory, memo })).proposals.length).toBeGreaterThan(0);
    }
  });
});

describe('the settings of a search over instructions and demo sets', () => {
  const stepOf = (written: object, rows = 200) =>
    mipro.step('long', mipro.resolve(written, { embedded: false }), { rows, modelsPerJob: 1 });
  const sample = { runs: 5, paidCalls: 5, correct: 0.5, predictors: 1, calls: 1, inputTokens: 100, outputTokens: 10 };
  const planOf = (written: object, rows = 200, predictors = 1) =>
    stepOf(written, rows).plan({
      ...{ sizes: { train: rows, dev: 10, test: 0 }, prompts: { demos: null, instructions: false } },
      ...{ sample: { ...sample, predictors }, prices: { call: () => 0, training: () => 0 } },
    });

  it.each([
    ['light', 1, 650],
    ['medium', 1, 1130],
    ['heavy', 1, 1645],
    ['light', 2, 1200],
    ['medium', 2, 1680],
    ['heavy', 2, 1955],
  ])('%s of %d predictors takes DSPy’s %d runs on 100 validation rows at most', (auto, predictors, most) => {
    const { runs } = planOf({ auto, validation: 100 }, 200, predictors);
    expect(runs[0]!.runs.most).toBe(most);
    expect(runs[0]!.runs.expected).toBeLessThan(most);
  });

  it.each([
    [{}, 200, { train: 100, validation: 100, minibatch: 35 }],
    [{}, 100, { train: 30, validation: 70, minibatch: 35 }],
    [{}, 60, { train: 18, validation: 42, minibatch: 0 }],
    [{ auto: 'heavy' }, 2000, { train: 1000, validation: 1000, minibatch: 35 }],
    [{ minibatch: 10 }, 60, { train: 18, validation: 42, minibatch: 10 }],
    [{ minibatch: 0 }, 200, { train: 100, validation: 100, minibatch: 0 }],
    [{ folds: 4 }, 40, { train: 40, validation: 40, minibatch: 0 }],
    [{ train: 20 }, 40, { train: 20, validation: 20, minibatch: 0 }],
    [{}, 2, { train: 1, validation: 1, minibatch: 0 }],
  ])('%j on %d rows are %j', (written, rows, { train: t, validation: v, minibatch: m }) => {
    const trials = 10;
    const { runs, calls } = planOf(
      { trials, candidates: 3, ...written, ...('auto' in written ? { trials: undefined, candidates: undefined } : {}) },
      rows,
    );
    const of = 'auto' in written ? 27 : trials;
    expect(runs[0]!.runs.most).toBe(m === 0 ? v * (1 + of) : v + of * m + Math.ceil(of / 5) * v);
    expect(calls![0]!.calls.most).toBe(Math.min(10, Math.ceil(t / 10)) + 1 + 1 + 1 + ('auto' in written ? 8 : 2));
  });

  it.each([
    [{ auto: 'light', trials: 10 }, 200, '"steps.long.auto" says the budget, and so does "steps.long.trials"'],
    [{ trials: 10 }, 200, '"steps.long.trials" needs "steps.long.candidates" beside it'],
    [{ candidates: 10 }, 200, '"steps.long.candidates" needs "steps.long.trials" beside it'],
    [{ minibatch: 50, validation: 40 }, 200, '"steps.long.minibatch" (50) is more than the 40 rows'],
    [{ proposer: { endpoint: 'far' } }, 200, 'give "steps.long.proposer.model"'],
    [{ train: 150, validation: 60 }, 200, 'need more than the 200 rows'],
    [{ folds: 5, train: 100 }, 200, 'Leave out "steps.long.folds"'],
    [{}, 1, 'needs at least 2 training rows'],
  ])('are refused where they cannot be carried out: %j on %d rows', (written, rows, message) => {
    expect(() => stepOf(written, rows)).toThrow(message);
  });

  it('are priced with questions to the proposer and a teacher’s runs at their own endpoints', () => {
    const teacher = { model: 'large', endpoint: 'far' };
    const { runs, calls, prompts } = planOf({
      proposer: { model: 'writer', promptTokens: 5000, maxTokens: 900 },
      teacher,
    });
    expect(runs.map(({ of }) => of)).toEqual([undefined, teacher]);
    expect(calls).toHaveLength(1);
    expect(calls![0]).toMatchObject({
      of: { model: 'writer' },
      inputTokens: { most: 5000 },
      outputTokens: { most: 900 },
    });
    expect(calls![0]!.inputTokens.expected).toBeLessThan(5000);
    expect(prompts).toMatchObject({ instructions: true, demos: { most: 4 }, longer: { expected: 400, most: 900 } });
    const zeroShot = planOf({ maxBootstrappedDemos: 0, maxLabeledDemos: 0 });
    expect(zeroShot.prompts.demos).toBeNull();
    expect(zeroShot.runs[0]!.demos).toEqual({ expected: 0, most: 0 });
    expect(zeroShot.runs[1]!.runs.most).toBe(100);
  });
});
