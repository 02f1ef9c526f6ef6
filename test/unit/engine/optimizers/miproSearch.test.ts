import { describe, expect, it } from 'vitest';
import type { Auto } from '../../../../src/engine/optimizers/mipro/search/budgets.ts';
import { autoBudget } from '../../../../src/engine/optimizers/mipro/search/budgets.ts';
import type { DrawSizes } from '../../../../src/engine/optimizers/mipro/search/draws.ts';
import { drawsOf } from '../../../../src/engine/optimizers/mipro/search/draws.ts';
import { search } from '../../../../src/engine/optimizers/mipro/search/search.ts';
import { keyOf } from '../../../../src/engine/optimizers/mipro/search/space.ts';
import type {
  Evaluation,
  Found,
  SearchSetup,
  SearchTask,
} from '../../../../src/engine/optimizers/mipro/search/terms.ts';
import type { ScriptedSetup, Told } from '../../../fakes/scriptedMipro.ts';
import { following, scriptedTask, told } from '../../../fakes/scriptedMipro.ts';
import goldens from '../../../goldens/mipro.json' with { type: 'json' };

const range = (count: number) => Array.from({ length: count }, (_, place) => place);

describe("MIPROv2's search", () => {
  it.each(goldens.searches)('does what DSPy did, seed $setup.seed', async ({ setup, answer }) => {
    const { plans, proposals, trials, winner } = answer as unknown as Told;
    const recorded = { plans, proposals, trials, winner };
    expect(await told(setup as ScriptedSetup, following(recorded))).toEqual(recorded);
  });

  it('evaluates the start in full, then trials on minibatches, and the best of them in full after each five and the last', async () => {
    const { found, evaluations } = await searched(setupOf({ trials: 12 }));
    expect(evaluations.map(({ purpose }) => purpose.kind[0]).join('')).toBe('stttttftttttfttf');
    expect(evaluations.map(({ rows }) => rows.length)).toEqual(
      evaluations.map(({ purpose }) => (purpose.kind === 'trial' ? 4 : 10)),
    );
    expect(found.trials.map(({ kind, rows }) => [kind, rows])).toEqual(
      evaluations.map(({ purpose, rows }) => [purpose.kind, rows]),
    );
  });

  it('evaluates the combination with the highest mean that had no full evaluation yet', async () => {
    const { found } = await searched(setupOf({ trials: 20 }));
    const evaluated = new Set<string>();
    found.trials.forEach(({ kind, combination }, place) => {
      if (kind !== 'full') return;
      const means = new Map<string, number[]>();
      for (const trial of found.trials.slice(0, place).filter((of) => of.kind === 'trial')) {
        const key = keyOf(trial.combination);
        if (!evaluated.has(key)) means.set(key, [...(means.get(key) ?? []), trial.score!]);
      }
      const mean = (key: string) => means.get(key)!.reduce((sum, score) => sum + score, 0) / means.get(key)!.length;
      expect(mean(keyOf(combination))).toBeCloseTo(Math.max(...[...means.keys()].map(mean)), 9);
      evaluated.add(keyOf(combination));
    });
    expect(evaluated.size).toBe(4);
  });

  it('finds the highest score on all rows, whatever minibatches say', async () => {
    for (const seed of range(10)) {
      const { found } = await searched(setupOf({ trials: 12, seed }));
      const full = found.trials.filter(({ kind }) => kind !== 'trial').map(({ score }) => score!);
      expect(found.score).toBe(Math.max(...full));
    }
  });

  it('stays with the program where nothing is better: an equal score is not', async () => {
    const task = { evaluate: () => Promise.resolve(50) };
    const found = await search(setupOf(), task, drawsOf(0, sizes));
    expect(found).toMatchObject({ combination: null, score: 50 });
    expect(found.trials).toHaveLength(1 + 8 + 2);
  });

  it('needs no score of the last evaluation that cannot win, and finds the same', async () => {
    const shapes = [setupOf(), setupOf({ minibatch: null }), setupOf({ trials: 10 })];
    let stopped = 0;
    for (const setup of shapes.flatMap((of) => range(10).map((seed) => ({ ...of, seed })))) {
      const whole = await searched(setup);
      const bounded = await searched(setup, (evaluation, score) =>
        evaluation.mustExceed !== null && score <= evaluation.mustExceed ? null : score,
      );
      const bounds = bounded.evaluations.map(({ mustExceed }) => mustExceed);
      expect(bounds.slice(0, -1)).toEqual(bounds.slice(0, -1).map(() => null));
      expect(bounds.at(-1)).toBe(bestOf(whole.found.trials.slice(0, -1), setup));
      expect({ ...bounded.found, trials: [] }).toEqual({ ...whole.found, trials: [] });
      if (bounded.found.trials.at(-1)!.score === null) stopped++;
    }
    expect(stopped).toBeGreaterThan(10);
    expect(stopped).toBeLessThan(30);
  });

  it('says when it got no score that it goes on from', async () => {
    await expect(searched(setupOf(), () => null)).rejects.toThrow('null as the score of a start evaluation');
    const onTrials = (evaluation: Evaluation) => (evaluation.purpose.kind === 'trial' ? NaN : 1);
    await expect(searched(setupOf(), onTrials)).rejects.toThrow('NaN as the score of a trial evaluation');
  });

  it('ends with what an evaluation throws', async () => {
    const task = { evaluate: () => Promise.reject(new Error('the endpoint is gone')) };
    await expect(search(setupOf(), task, drawsOf(0, sizes))).rejects.toThrow('the endpoint is gone');
  });

  it.each([
    { name: 'minibatches', minibatch: { size: 4, fullEvery: 2 }, kind: 'full' },
    { name: 'no minibatches', minibatch: null, kind: 'trial' },
  ])('ends when every combination has been evaluated on all rows: $name', async ({ minibatch, kind }) => {
    const setup = setupOf({ choices: [{ instructions: 2, demoSets: 2 }], trials: 500, minibatch });
    const { found } = await searched(setup);
    const full = found.trials.filter((trial) => trial.kind === kind).map(({ combination }) => keyOf(combination));
    expect(new Set(full).size).toBe(4);
    expect(found.trials.at(-1)!.kind).toBe(kind);
    expect(full.indexOf(full.at(-1)!)).toBe(full.length - 1);
    expect(found.trials.length).toBeLessThan(400);
  });

  it('tries the one combination that there is once', async () => {
    const choices = [{ instructions: 1, demoSets: 1 }];
    const kinds = ({ found }: { readonly found: Found }) => found.trials.map(({ kind }) => kind);
    expect(kinds(await searched(setupOf({ choices, minibatch: null })))).toEqual(['start', 'trial']);
    const each = { size: 4, fullEvery: 1 };
    expect(kinds(await searched(setupOf({ choices, minibatch: each })))).toEqual(['start', 'trial', 'full']);
  });

  it('scores the program alone where no trials are asked for', async () => {
    const { found } = await searched(setupOf({ trials: 0 }));
    expect(found.trials.map(({ kind }) => kind)).toEqual(['start']);
    expect(found.combination).toBeNull();
  });

  it('takes all rows in their order for a minibatch of all rows, and draws none', async () => {
    const draws = { minibatch: () => expect.unreachable() };
    const setup = setupOf({ minibatch: { size: 10, fullEvery: 5 } });
    const { trials } = await search(setup, scriptedTask(5, range(10)), draws);
    expect(trials.map(({ rows }) => rows)).toEqual(trials.map(() => range(10)));
  });

  it.each<[string, Partial<SearchSetup>]>([
    ['minibatches of 11 rows from 10 validation rows', { minibatch: { size: 11, fullEvery: 5 } }],
    ['a search with a size of 0', { minibatch: { size: 4, fullEvery: 0 } }],
    ['a search with a size of 0', { choices: [{ instructions: 0, demoSets: null }] }],
    ['a search over no predictors', { choices: [] }],
    ['seed -1: ', { seed: -1 }],
  ])('refuses before the first evaluation: %s', async (message, more) => {
    const task = { evaluate: () => expect.unreachable() };
    await expect(search(setupOf(more), task, drawsOf(0, sizes))).rejects.toThrow(message);
  });

  const setupOf = (more: Partial<SearchSetup> = {}): SearchSetup => ({
    choices: [
      { instructions: 3, demoSets: 4 },
      { instructions: 3, demoSets: null },
    ],
    validation: 10,
    trials: 8,
    minibatch: { size: 4, fullEvery: 5 },
    seed: 2,
    ...more,
  });

  async function searched(
    setup: SearchSetup,
    change: (evaluation: Evaluation, score: number) => number | null = (_, score) => score,
  ): Promise<{ readonly found: Found; readonly evaluations: readonly Evaluation[] }> {
    const scripted = scriptedTask(5, range(setup.validation));
    const task: SearchTask = {
      evaluate: async (evaluation) => change(evaluation, (await scripted.evaluate(evaluation))!),
    };
    const found = await search(setup, task, drawsOf(setup.seed, { ...sizes, validation: setup.validation }));
    return { found, evaluations: scripted.evaluations };
  }

  function bestOf(trials: Found['trials'], { minibatch }: SearchSetup): number {
    return Math.max(...trials.filter(({ kind }) => kind !== 'trial' || minibatch === null).map(({ score }) => score!));
  }
});

const sizes: DrawSizes = {
  train: 12,
  validation: 10,
  validationAtMost: null,
  demoSets: 6,
  maxBootstrappedDemos: 4,
  maxLabeledDemos: 4,
  predictors: 2,
  instructions: 3,
};

describe("MIPROv2's draws", () => {
  it('are the same for a seed, and go on after the sample of V', () => {
    const plain = ({ minibatch, ...facts }: ReturnType<typeof drawsOf>) => ({
      ...facts,
      drawn: [minibatch(3), minibatch(3)],
    });
    expect(plain(drawsOf(5, sizes))).toEqual(plain(drawsOf(5, sizes)));
    expect(plain(drawsOf(5, sizes))).not.toEqual(plain(drawsOf(6, sizes)));
    const [one, other] = [drawsOf(5, sizes), drawsOf(5, { ...sizes, validationAtMost: 100 })];
    expect(one.validation).toEqual(range(10));
    expect(other.validation).not.toEqual(range(10));
    expect([...other.validation].sort((a, b) => a - b)).toEqual(range(10));
    expect(other.proposals).not.toEqual(one.proposals);
    expect(drawsOf(5, { ...sizes, validationAtMost: 4 }).validation).toHaveLength(4);
  });

  it('make demo sets in the order of their places', () => {
    const { demoSets } = drawsOf(1, sizes);
    expect(demoSets.map(({ source }) => source)).toEqual([
      'zeroShot',
      'labels',
      ...new Array<string>(4).fill('bootstrap'),
    ]);
    expect(demoSets[2]).toEqual({ source: 'bootstrap', rows: range(12), size: 4 });
    expect(bootstraps(sizes).every(({ size }) => size >= 1 && size <= 4)).toBe(true);
    expect(
      bootstraps(sizes)
        .slice(1)
        .map(({ rows }) => [...rows].sort((a, b) => a - b)),
    ).toEqual(range(3).map(() => range(12)));
  });

  it('put a set of shuffled rows in the place of the labelled one where there are no labelled demos', () => {
    const plans = bootstraps({ ...sizes, maxLabeledDemos: 0 });
    expect(plans).toHaveLength(5);
    expect(plans[0]!.rows).not.toEqual(range(12));
    expect(plans[1]!.rows).toEqual(range(12));
  });

  it('have labelled demos alone in sets of shuffled rows where there are no bootstrapped ones', () => {
    const plans = bootstraps({ ...sizes, maxBootstrappedDemos: 0 });
    expect(plans.map(({ size }) => size)).toEqual([0, 0, 0, 0]);
    expect(new Set(plans.map(({ rows }) => rows.join())).size).toBe(4);
  });

  it('bootstrap three demos for the proposer where none go into prompts', () => {
    const plans = bootstraps({ ...sizes, maxBootstrappedDemos: 0, maxLabeledDemos: 0 });
    expect(plans).toHaveLength(5);
    expect(plans[1]!.size).toBe(3);
    expect(plans.every(({ size }) => size >= 1 && size <= 3)).toBe(true);
  });

  it('draw for no more instructions than there are demo sets', () => {
    const lengths = (more: Partial<DrawSizes>) =>
      drawsOf(1, { ...sizes, ...more }).proposals.map(({ length }) => length);
    expect(lengths({})).toEqual([3, 3]);
    expect(lengths({ instructions: 9 })).toEqual([6, 6]);
    expect(lengths({ demoSets: 1, predictors: 1 })).toEqual([1]);
  });

  const bootstraps = (of: DrawSizes) => drawsOf(1, of).demoSets.filter((plan) => plan.source === 'bootstrap');
});

describe("MIPROv2's budgets by name", () => {
  const trials = (predictors: number, zeroShot: boolean) =>
    (['light', 'medium', 'heavy'] as const).map((auto: Auto) => autoBudget(auto, predictors, zeroShot).trials);

  it('are those of DSPy', () => {
    expect(range(4).map((i) => trials(i + 1, false))).toEqual([
      [10, 18, 27],
      [20, 28, 33],
      [31, 43, 50],
      [41, 57, 66],
    ]);
    expect(trials(1, true)).toEqual([9, 18, 27]);
    const light = { trials: 10, instructions: 3, demoSets: 6, validationAtMost: 100 };
    expect(autoBudget('light', 1, false)).toEqual(light);
    expect(autoBudget('light', 1, true)).toEqual({ ...light, trials: 9, instructions: 6 });
    expect(autoBudget('heavy', 2, false)).toMatchObject({ instructions: 9, demoSets: 18, validationAtMost: 1000 });
  });
});
