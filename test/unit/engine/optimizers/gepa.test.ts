import { describe, expect, it } from 'vitest';
import type { JsonValue } from '../../../../src/base/json.ts';
import type { ProgramState } from '../../../../src/data/program.ts';
import { Budget } from '../../../../src/engine/budget.ts';
import { CallRejected } from '../../../../src/engine/errors.ts';
import type { RunRequest } from '../../../../src/engine/interfaces.ts';
import { Optimization } from '../../../../src/engine/optimize.ts';
import { gepa } from '../../../../src/engine/optimizers/gepa/optimizer.ts';
import { makePlan } from '../../../../src/engine/plan.ts';
import { UsageMeter } from '../../../../src/engine/usage.ts';
import type { RunEvent } from '../../../../src/protocol.ts';
import { examples, FakeJournal, FakeLm, FakeProgram, FakeSurroundings, twoPredictors } from '../fakes.ts';
import type { Asked } from '../fakes.ts';
import { settingsOf } from '../settingsOf.ts';

const rules = ['rule one', 'rule two', 'rule three', 'rule four'];
const ruleOf = ({ example }: Pick<RunRequest, 'example'>): string => rules[example.id % rules.length]!;

/** A row is right where the instructions of the predictor that its metric names have the row's rule. */
const follows = ({ state, example }: Pick<RunRequest, 'state' | 'example'>): boolean =>
  state.predictors['a.predict']!.instructions.includes(ruleOf({ example }));

const isReflection = ({ call }: Asked): boolean => contentOf(call).startsWith('A program calls a language model');
const contentOf = ({ prompt }: Asked['call']): string => (prompt.kind === 'chat' ? prompt.messages[0]!.content : '');

/** Adds the first rule that the feedback asks for to the present instruction. */
function goodProposer({ call }: Asked): string {
  const content = contentOf(call);
  const present = content.slice(content.indexOf('"\n\n') + 3, content.indexOf('\n\n# What happened'));
  const missing = /Feedback: Follow (rule \w+)\./.exec(content)?.[1] ?? 'nothing';
  return `Here it is:\n\`\`\`\n${present} ${missing}.\n\`\`\``;
}

/** Whether the call is of a program that a larger LM runs. */
const isLarge = ({ call }: Asked): boolean => call.model === 'large';

interface World {
  readonly memory?: Map<string, JsonValue>;
  readonly memo?: Map<string, string>;
  readonly propose?: (asked: Asked) => string;
  readonly source?: string;
  /** All training rows have the same inputs. */
  readonly alike?: boolean;
  /** What a run scores besides: by default nothing but the rule counts. */
  readonly right?: (answer: string) => boolean;
}

async function reflect(written: object, { memory, memo, propose = goodProposer, source, right, alike }: World = {}) {
  const prices = { ofAnswer: () => 0, ofTraining: () => 0 };
  const journal = new FakeJournal(memory ?? new Map());
  const meter = new UsageMeter(prices);
  const lm = new FakeLm((asked) => (isReflection(asked) ? propose(asked) : isLarge(asked) ? 'great' : 'said'), memo);
  const step = gepa.step('gepa', gepa.resolve(written, { embedded: false }), { rows: 24, modelsPerJob: 1 });
  const description = source === undefined ? twoPredictors : { ...twoPredictors, source };
  const program = new FakeProgram({
    description,
    score: (request, answer) => (follows(request) || right?.(answer) === true ? 1 : 0),
    feedback: (request) => (follows(request) ? 'Right.' : `Follow ${ruleOf(request)}.`),
  });
  const optimization = new Optimization(
    {
      ...{ program, lm, trainer: null, journal, meter, prices },
      ...{ surroundings: new FakeSurroundings(), concurrency: 4, identity: 'identity' },
      gate: new Budget({ calls: null, tokens: null, usd: null }, { calls: 0, tokens: 0, usd: 0 }),
    },
    { ...settingsOf(''), strategy: [step] },
    {
      train: alike === true ? examples(24).map((row) => ({ ...row, inputs: {} })) : examples(24),
      dev: examples(8, 'd'),
      test: null,
    },
    description,
    { signal: new AbortController().signal, onStage: () => undefined },
  );
  const [, stage] = await optimization.run();
  return {
    state: stage!.state!,
    dev: stage!.dev!,
    reason: stage!.reason,
    journal,
    lm,
    reflections: lm.asked.filter(isReflection),
  };
}

const instructionOf = ({ predictors }: ProgramState): string => predictors['a.predict']!.instructions;
const endsOf = (proposals: readonly Extract<RunEvent, { type: 'proposal' }>[]) =>
  new Set(proposals.map(({ end }) => end));

describe('a reflective search', () => {
  it('learns from what the metric says, and ends in the best on the validation rows', async () => {
    const { state, dev, journal } = await reflect({ rollouts: 250, minibatch: 4 });
    for (const rule of rules) expect(instructionOf(state)).toContain(rule);
    expect(dev.score).toBe(100);
    const candidates = journal.of('candidate.started');
    expect(candidates[0]).toMatchObject({ candidate: 0, about: { made: 'start', predictor: null } });
    expect(candidates[0]).not.toHaveProperty('parents');
    for (const { candidate, parents, about } of candidates.slice(1)) {
      expect(parents).toHaveLength(1);
      expect(parents![0]).toBeLessThan(candidate);
      expect(about['predictor']).toMatch(/^[ab]\.predict$/);
    }
    expect(journal.of('candidate.finished').map(({ scored, of }) => [scored, of])).toEqual(
      candidates.map(() => [12, 12]),
    );
    const proposals = journal.of('proposal');
    expect(proposals.filter(({ end }) => end === 'accepted')).toHaveLength(candidates.length - 1);
    for (const { end, before, after } of proposals) {
      if (end === 'accepted') expect(after).toBeGreaterThan(before!);
      if (end === 'rejected') expect(after).toBeLessThanOrEqual(before!);
    }
  });

  it('shows the proposer the program, its whole runs and the words of the metric', async () => {
    const { reflections } = await reflect({ rollouts: 60 }, { source: 'class Two(dspy.Module): ...' });
    const content = contentOf(reflections[0]!.call);
    for (const part of ['class Two(dspy.Module)', 'Do a.predict.', 'Follow rule', '"a.predict"', '"b.predict"']) {
      expect(content).toContain(part);
    }
  });

  it('asks whom it is told to, with its temperature and its limit', async () => {
    const proposer = { model: 'large', endpoint: 'far', temperature: 0.3, maxTokens: 77 };
    const { reflections, lm } = await reflect({ rollouts: 60, proposer });
    expect(reflections.length).toBeGreaterThan(0);
    for (const { call } of reflections) {
      expect(call).toMatchObject({ model: 'large', endpoint: 'far', sampling: { temperature: 0.3, maxTokens: 77 } });
    }
    for (const asked of lm.asked) if (!isReflection(asked)) expect(asked.call.model).toBe('base');
    const named = gepa.asks(gepa.resolve({ proposer }, { embedded: false }));
    expect(named).toEqual([{ model: 'large', endpoint: 'far', setting: 'proposer' }]);
    expect(gepa.asks(gepa.resolve({}, { embedded: false }))).toEqual([]);
  });

  it.each([
    ['{"answer": "said"}', 'JSON'],
    ['```\nSaid.\n```', 'an answer to the task'],
    ['   ', 'empty'],
    ['too '.repeat(4000), 'too long'],
  ])('refuses what is no instruction, says why, and keeps the program as it was (%#)', async (answer, reason) => {
    const { state, journal } = await reflect({ rollouts: 60 }, { propose: () => answer });
    expect(instructionOf(state)).toBe('Do a.predict.');
    const refused = journal.of('proposal').filter(({ end }) => end !== 'perfect');
    expect(refused.length).toBeGreaterThan(3);
    for (const proposal of refused) expect(proposal).toMatchObject({ end: 'refused', reason });
    expect(journal.of('candidate.started')).toHaveLength(1);
  });

  it('asks once more with a shorter prompt where the LM does not take the first', async () => {
    const lengths: number[] = [];
    const propose = (asked: Asked) => {
      lengths.push(contentOf(asked.call).length);
      if (lengths.length % 2 === 1) throw new CallRejected('too long');
      return goodProposer(asked);
    };
    const { journal } = await reflect({ rollouts: 60, proposer: { promptTokens: 900 } }, { propose });
    expect(lengths[1]).toBeLessThan(lengths[0]!);
    expect(endsOf(journal.of('proposal'))).not.toContain('refused');
    const never = () => {
      throw new CallRejected('too long');
    };
    const { journal: without } = await reflect({ rollouts: 60 }, { propose: never });
    expect(without.of('proposal')[0]).toMatchObject({ end: 'refused', reason: 'not answered' });
  });

  it('passes over a minibatch without a mistake, unless it is told not to', async () => {
    const done = rules.join(' ');
    const propose = () => `\`\`\`\n${done}\n\`\`\``;
    const passing = await reflect({ rollouts: 100 }, { propose });
    expect(endsOf(passing.journal.of('proposal'))).toContain('perfect');
    const going = await reflect({ rollouts: 100, skipPerfect: false }, { propose });
    expect(endsOf(going.journal.of('proposal'))).not.toContain('perfect');
  });

  it('shows what a teacher did better on the rows that went wrong, at the teacher’s endpoint alone', async () => {
    const teacher = { model: 'large', endpoint: 'far' };
    const { reflections, lm } = await reflect({ rollouts: 60, teacher }, { right: (answer) => answer === 'great' });
    const large = lm.asked.filter((asked) => isLarge(asked));
    expect(large.length).toBeGreaterThan(0);
    for (const { call } of large) expect(call.endpoint).toBe('far');
    for (const { call } of reflections) {
      expect(call.model).toBe('base');
      expect(contentOf(call)).toContain('a larger model did better (score: 1)');
    }
    expect(gepa.teacher(gepa.resolve({ teacher }, { embedded: false }))).toMatchObject(teacher);
    const useless = await reflect({ rollouts: 60, teacher });
    for (const { call } of useless.reflections) expect(contentOf(call)).not.toContain('larger model');
  });

  it('with folds learns from all rows and chooses on all rows', async () => {
    const { journal, dev } = await reflect({ rollouts: 400, folds: 4 });
    expect(journal.of('step.started')[0]).toMatchObject({ search: { validation: 24 } });
    const reflected = journal
      .of('example')
      .filter(({ purpose, candidate }) => purpose === 'reflect' && candidate !== null);
    expect(new Set(reflected.map(({ example }) => example)).size).toBeGreaterThan(12);
    expect(dev.score).toBeGreaterThan(50);
  });

  it('with folds has no result, and says why, where all rows have the same inputs', async () => {
    const { reason, journal } = await reflect({ folds: 4 }, { alike: true });
    expect(reason).toContain('All training rows have the same inputs');
    expect(journal.of('candidate.started')).toEqual([]);
  });

  it('never goes beyond its budget, and pays for the first program once', async () => {
    const rollouts = 77;
    const { journal } = await reflect({ rollouts });
    const runs = journal.of('example').filter(({ purpose }) => purpose === 'validate' || purpose === 'reflect');
    expect(runs.length).toBeLessThanOrEqual(rollouts);
    expect(runs.length).toBeGreaterThan(rollouts - (12 + 6));
    expect(runs.filter(({ candidate, purpose }) => candidate === 0 && purpose === 'validate')).toHaveLength(12);
  });

  it('done again asks nobody and logs the same candidates and proposals; with another proposer it is done anew', async () => {
    const [memory, memo] = [new Map<string, JsonValue>(), new Map<string, string>()];
    const first = await reflect({ rollouts: 100 }, { memory, memo });
    const again = await reflect({ rollouts: 100 }, { memory, memo });
    expect(again.lm.asked).toEqual([]);
    expect(again.state).toEqual(first.state);
    for (const type of ['candidate.started', 'candidate.finished', 'proposal'] as const) {
      expect(again.journal.of(type)).toEqual(first.journal.of(type));
    }
    const other = await reflect({ rollouts: 100, proposer: { model: 'large' } }, { memory, memo });
    expect(other.reflections.length).toBeGreaterThan(0);
  });
});

describe('a reflective search whose proposer did not answer', () => {
  it('is not remembered: what was answered is free the next time, and the rest is asked again', async () => {
    const [memory, memo] = [new Map<string, JsonValue>(), new Map<string, string>()];
    let asked = 0;
    const wavering = () => {
      if (asked++ > 1) throw new CallRejected('too long');
      return '{}';
    };
    const first = await reflect({ rollouts: 100 }, { memory, memo, propose: wavering });
    const again = await reflect({ rollouts: 100 }, { memory, memo });
    expect(again.journal.of('proposal').slice(0, 2)).toEqual(first.journal.of('proposal').slice(0, 2));
    expect(again.dev.score).toBeGreaterThan(first.dev.score);
  });
});

describe('the settings of a reflective search', () => {
  const stepOf = (written: object, rows = 200) =>
    gepa.step('long', gepa.resolve(written, { embedded: false }), { rows, modelsPerJob: 1 });
  const sample = { runs: 5, paidCalls: 5, correct: 0.5, predictors: 1, calls: 1, inputTokens: 100, outputTokens: 10 };
  const planOf = (written: object, rows = 200, predictors = 1) =>
    stepOf(written, rows).plan({
      ...{
        sizes: { train: rows, dev: 10, test: 0 },
        sample: { ...sample, predictors },
        prompts: { demos: null, instructions: false },
      },
      prices: { call: () => 0, training: () => 0 },
    });

  it.each([
    ['light', 780],
    ['medium', 1190],
    ['heavy', 1735],
  ])("%s is DSPy's budget of %d runs for one predictor and 100 validation rows", (auto, rollouts) => {
    expect(planOf({ auto }).runs[0]?.runs).toEqual({ expected: rollouts, most: rollouts });
  });

  it('in words are enough for a proposal, also with minibatches larger than those of DSPy', () => {
    const { most } = planOf({ auto: 'light', validation: 4, minibatch: 400 }, 500).runs[0]!.runs;
    expect(most).toBe(4 + 2 * 400 + 4);
  });

  it('search with the budget that was priced, also where it is for several predictors', async () => {
    const priced = planOf({ auto: 'light', validation: 6 }, 24, 2).runs[0]!.runs.most;
    const { journal } = await reflect({ auto: 'light', validation: 6 });
    const runs = journal.of('example').filter(({ purpose }) => purpose === 'validate' || purpose === 'reflect');
    expect(runs.length).toBeLessThanOrEqual(priced);
    expect(runs.length).toBeGreaterThan(priced - (12 + 6));
  });

  it('are priced by the real loop: proposals too, each within its prompt and its answer', () => {
    const { calls } = planOf({ rollouts: 700, proposer: { model: 'large', promptTokens: 5000, maxTokens: 900 } });
    expect(calls).toHaveLength(1);
    const [{ calls: proposals, inputTokens, outputTokens, of }] = calls as [NonNullable<typeof calls>[0]];
    expect(of).toEqual({ model: 'large' });
    expect(proposals.expected).toBeGreaterThan(10);
    expect(proposals.most).toBeGreaterThan(proposals.expected);
    expect([inputTokens.most, outputTokens.most]).toEqual([5000, 900]);
    expect(inputTokens.expected).toBeLessThan(2000);
  });

  it.each([
    [{ auto: 'light', rollouts: 100 }, 200, '"steps.long.auto" and "steps.long.rollouts" both say the budget'],
    [{ proposer: { endpoint: 'far' } }, 200, 'give "steps.long.proposer.model"'],
    [{ rollouts: 205, minibatch: 3 }, 200, '"steps.long.rollouts" (205) is too little for a single proposal'],
    [{ train: 150, validation: 60 }, 200, 'need more than the 200 rows'],
    [{ folds: 5, train: 100 }, 200, 'Leave out "steps.long.folds"'],
    [{}, 1, 'needs at least 2 training rows'],
  ])('are refused where they cannot be carried out: %j on %d rows', (written, rows, message) => {
    expect(() => stepOf(written, rows)).toThrow(message);
  });

  it('price the teacher by its own model', () => {
    const teacher = { model: 'large', endpoint: 'far' };
    const { runs } = planOf({ rollouts: 700, teacher });
    expect(runs).toHaveLength(2);
    expect(runs[1]).toMatchObject({ of: teacher });
    expect(runs[1]!.runs.expected).toBeLessThan(runs[1]!.runs.most);
  });

  it('price a teacher by one run of a row a proposal, and instructions by their length, in this step and behind it', () => {
    const proposer = { instructionTokens: 900, maxTokens: 1000 };
    const { runs, calls, prompts } = planOf({ rollouts: 700, teacher: { model: 'large' }, proposer });
    expect(runs[1]!.runs.most).toBe((calls![0]!.calls.most / 2) * 3);
    const longer = { expected: 400, most: 900 };
    expect(runs.map((each) => each.longer)).toEqual([longer, longer]);
    expect(prompts.longer).toEqual(longer);
    const strategy = [stepOf({ rollouts: 700, proposer })];
    const sizes = { train: 200, dev: 10, test: 0 };
    const { steps } = makePlan({ ...settingsOf(''), strategy }, sizes, sample, { call: () => 0, training: () => 0 });
    expect(steps.map(({ work, inputTokens }) => [work, inputTokens!.most])).toEqual([
      ['score', 10 * 100],
      ['step', 700 * (100 + 900) + calls![0]!.calls.most * 16_000],
      ['score', 10 * (100 + 900)],
    ]);
  });

  it('allow the least budget that is good for one proposal', () => {
    expect(() => stepOf({ rollouts: 206 })).not.toThrow();
  });
});
