/** Prompts that move while weights move: a search and policy updates in turn. */
import { describe, expect, it } from 'vitest';
import type { ProgramState } from '../../../../src/data/program.ts';
import { parseStrategy } from '../../../../src/data/strategy.ts';
import type { PolicySet } from '../../../../src/data/trainingSet.ts';
import { Budget } from '../../../../src/engine/budget.ts';
import { Optimization } from '../../../../src/engine/optimize.ts';
import { optimizers } from '../../../../src/engine/optimizers/all.ts';
import { UsageMeter } from '../../../../src/engine/usage.ts';
import { examples, FakeJournal, FakeLm, FakeProgram, FakeSurroundings, FakeTrainer, twoPredictors } from '../fakes.ts';
import type { Asked } from '../fakes.ts';
import { settingsOf } from '../settingsOf.ts';

const one = { ...twoPredictors, predictors: twoPredictors.predictors.slice(0, 1) };

const written: Readonly<Record<string, object>> = {
  gepa: { rollouts: 52, minibatch: 12, validation: 12, train: 12 },
  grpo: { updates: 2, examplesPerUpdate: 3, rollouts: 4, evaluateEvery: 2 },
};

const contentOf = ({ call: { prompt } }: Asked): string => (prompt.kind === 'chat' ? prompt.messages[0]!.content : '');
const isReflection = (asked: Asked): boolean => contentOf(asked).startsWith('A program calls a language model');
/** Searches run the program as it is; updates sample it. */
const isSampled = (asked: Asked): boolean => asked.rollout.round > 0 && !isReflection(asked);
const instructionIn = (content: string): string => content.split(/[|\n]/)[0]!;
const hints = (text: string): number => text.split('Look.').length - 1;

/** Adds a hint to the present instruction. */
function proposed(asked: Asked): string {
  const content = contentOf(asked);
  const present = content.slice(content.indexOf('"\n\n') + 3, content.indexOf('\n\n# What happened'));
  return `\`\`\`\n${present} Look.\n\`\`\``;
}

/** More often right with each hint, and with each job that a model is of. */
function answered(asked: Asked, trainer: FakeTrainer): string {
  const content = contentOf(asked);
  const question = content.split('\n').at(-1)!;
  // Of 24 rows in a round each has another share.
  const share = ((Number(question.slice(1)) * 7 + asked.rollout.round * 5) % 24) / 24;
  const skill = 0.05 + 0.17 * hints(content) + 0.045 * depthOf(trainer, asked.call.model);
  return share < skill ? `a${question.slice(1)}` : 'wrong';
}

function depthOf(trainer: FakeTrainer, model: string): number {
  const job = trainer.jobs.find(({ hash }) => `tuned-${hash.slice(0, 8)}` === model);
  return job === undefined ? 0 : 1 + depthOf(trainer, job.parent);
}

async function run(strategy: string) {
  const prices = { ofAnswer: () => 0, ofTraining: () => 0 };
  const trainer = new FakeTrainer();
  const journal = new FakeJournal();
  const lm = new FakeLm((asked) => (isReflection(asked) ? proposed(asked) : answered(asked, trainer)));
  const facts = { rows: 24, modelsPerJob: 1 };
  const steps = parseStrategy(strategy, optimizers.names).map((name) => {
    const optimizer = optimizers.get(name);
    return optimizer.step(name, optimizer.resolve(written[name]!, { embedded: true }), facts);
  });
  const program = new FakeProgram({
    description: one,
    score: ({ example }, answer) => (answer === example.fields['answer'] ? 1 : 0),
  });
  const optimization = new Optimization(
    {
      ...{ program, lm, trainer, journal, prices, meter: new UsageMeter(prices) },
      ...{ surroundings: new FakeSurroundings(), concurrency: 4, identity: 'identity' },
      gate: new Budget({ calls: null, tokens: null, usd: null }, { calls: 0, tokens: 0, usd: 0 }),
    },
    { ...settingsOf(''), strategy: steps, seed: 5 },
    { train: examples(24), dev: examples(30, 'd'), test: null },
    one,
    { signal: new AbortController().signal, onStage: () => undefined },
  );
  return { stages: await optimization.run(), journal, lm, jobs: trainer.jobs };
}

const promptsOf = (state: ProgramState | null) => state!.predictors['a.predict']!;
const inTurn = <T>(values: readonly T[]): readonly T[] => values.filter((value, place) => value !== values[place - 1]);

describe('(gepa -> grpo)*3', () => {
  it('samples each time with the prompts of the search before, and trains on answers to those', async () => {
    const { stages, journal, lm, jobs } = await run('(gepa -> grpo)*3');
    const names = stages.map(({ prefix }) => prefix.split(' -> ').at(-1));
    expect(names).toEqual(['', 'gepa', 'grpo', 'gepa', 'grpo', 'gepa', 'grpo']);
    const states = stages.map(({ state }) => promptsOf(state));
    const found = [1, 3, 5].map((at) => states[at]!.instructions);
    expect(inTurn([promptsOf(stages[0]!.state).instructions, ...found])).toHaveLength(4);
    expect([2, 4, 6].map((at) => states[at]!.instructions)).toEqual(found);

    const sampled = lm.asked.filter(isSampled);
    expect(inTurn(sampled.map((asked) => instructionIn(contentOf(asked))))).toEqual(found);
    const intended = journal.of('job.intended');
    expect(new Set(intended.map(({ prefix }) => prefix))).toEqual(new Set([2, 4, 6].map((at) => stages[at]!.prefix)));
    for (const { prefix, hash } of intended) {
      const { rows } = jobs.find((job) => job.hash === hash)!.set as PolicySet;
      const at = stages.findIndex((stage) => stage.prefix === prefix);
      for (const { prompt } of rows) {
        const content = prompt.kind === 'chat' ? prompt.messages[0]!.content : '';
        expect(instructionIn(content)).toBe(states[at - 1]!.instructions);
      }
    }
  });

  it('goes on each time from the weights that the updates before made', async () => {
    const { stages, lm, journal } = await run('(gepa -> grpo)*3');
    const models = stages.map(({ state }) => promptsOf(state).model);
    expect([models[1], models[3], models[5]]).toEqual(['base', models[2], models[4]]);
    for (const at of [2, 4, 6]) {
      const { prefix } = stages[at]!;
      expect(journal.of('job.intended').find((job) => job.prefix === prefix)!.parent).toBe(models[at - 1]);
    }
    const { instructions } = promptsOf(stages[3]!.state);
    const first = lm.asked.find((asked) => isSampled(asked) && instructionIn(contentOf(asked)) === instructions)!;
    expect(first.call.model).toBe(models[2]);
    expect(new Set(models.filter((model) => model !== 'base')).size).toBeGreaterThan(1);
  });
});
