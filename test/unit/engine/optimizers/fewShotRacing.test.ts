/** A prompt search whose candidates race. */
import { describe, expect, it } from 'vitest';
import { contentHash } from '../../../../src/base/contentHash.ts';
import type { JsonValue } from '../../../../src/base/json.ts';
import { optimizers } from '../../../../src/engine/optimizers/all.ts';
import type { WrittenSettings } from '../../../../src/engine/optimizers/fewShot/settings.ts';
import { searchPrompts } from '../../../../src/engine/optimizers/fewShot/promptSearch.ts';
import { resolve, sized, writtenSchema } from '../../../../src/engine/optimizers/fewShot/settings.ts';
import { Pool } from '../../../../src/engine/pool.ts';
import { ReadingTally, RunMemory } from '../../../../src/engine/runMemory.ts';
import { Runner } from '../../../../src/engine/runner.ts';
import { FailureTally } from '../../../../src/engine/scope.ts';
import { initialState } from '../../../../src/engine/state.ts';
import { UsageMeter } from '../../../../src/engine/usage.ts';
import { newWorld, optimize } from '../../../contracts/optimizers/engine.ts';
import { examples, FakeJournal, FakeLm, FakeProgram, twoPredictors } from '../fakes.ts';

const predictors = ['a.predict'];
const description = { ...twoPredictors, predictors: twoPredictors.predictors.slice(0, 1) };
const prices = { ofAnswer: () => null, ofTraining: () => null };
const validation = examples(80, 'v');
/** From 0 to below 1, the same for the same. */
const chance = (...of: readonly JsonValue[]) => Number.parseInt(contentHash(of).slice(0, 8), 16) / 2 ** 32;

/** Searches in a world that remembers; a program with demos is right on nine rows of ten, one without on two. */
async function search(
  written: WrittenSettings,
  { inFlight = 4, metricRange = [0, 1] as readonly [number, number] } = {},
) {
  const program = new FakeProgram({
    description,
    score: ({ state, example, collecting }) => {
      const { demos } = state.predictors['a.predict']!;
      const right =
        collecting ||
        chance(
          example.fields,
          demos.map(({ fields }) => fields),
        ) < (demos.length > 0 ? 0.9 : 0.2);
      return metricRange[right ? 1 : 0];
    },
  });
  const journal = new FakeJournal();
  const parts = { journal, memory: new RunMemory(journal, null), meter: new UsageMeter(prices), identity: 'test' };
  const run = { program, lm: new FakeLm(() => 'answer'), pool: new Pool(inFlight), baseModel: 'base' };
  const runner = new Runner({ ...parts, ...run, metricRange, abort: () => undefined });
  const scope = {
    prefix: 'p',
    meter: new UsageMeter(prices),
    failures: new FailureTally([0, 1]),
    readings: new ReadingTally(),
    signal: new AbortController().signal,
  };
  const settings = sized(resolve({ ...written, train: 20, validation: 80 }), 100, 'p');
  const what = { start: initialState(description, 'base'), startCompiled: false, predictors, settings };
  const given = { trainset: examples(20), validation, threshold: metricRange[1], metricRange, seed: 3 };
  const found = await searchPrompts({ runner, endpoints: new Map(), ...parts }, { ...what, ...given }, scope);
  const runs = journal.of('example').filter(({ purpose }) => purpose === 'validate').length;
  return { found, runs, ends: journal.of('candidate.finished') };
}

const racing: WrittenSettings = { stopping: { racing: { chance: 0.05, loss: 3 } } };

describe('a prompt search whose candidates race', () => {
  it('scores the winner on all rows, and says of who was put out by how many rows, and how unlikely it was to win', async () => {
    const { found, ends, runs } = await search(racing);
    expect(ends).toHaveLength(9);
    expect(ends.find(({ candidate }) => candidate === found.candidate)).toMatchObject({ score: { n: 80 }, scored: 80 });
    const out = ends.filter(({ score }) => score === null);
    expect(out.length).toBeGreaterThan(0);
    for (const { scored, of, unlikely } of out) {
      expect(of).toBe(80);
      expect(unlikely).toMatchObject({ chance: 0.05, loss: 3 });
      expect(scored).toBeGreaterThanOrEqual(unlikely!.after);
    }
    for (const { unlikely } of ends.filter(({ score }) => score !== null)) expect(unlikely).toBeUndefined();
    expect(runs).toBeLessThan(9 * 80);
  });

  it('decides the same whatever is under way, and whatever the range of the metric', async () => {
    const told = ({ found, ends }: Awaited<ReturnType<typeof search>>) => ({
      found,
      ends: Object.fromEntries(ends.map(({ candidate, score, unlikely }) => [candidate, { score, unlikely }])),
    });
    const expected = told(await search(racing, { inFlight: 1 }));
    for (const inFlight of [8, 256]) expect(told(await search(racing, { inFlight }))).toEqual(expected);
    expect(told(await search(racing, { metricRange: [-2, 6] }))).toEqual(expected);
  });

  it('works with folds', async () => {
    const settings = sized(resolve({ ...racing, folds: 4 }), 100, 'p');
    expect(settings).toMatchObject({ folds: 4, racing: { chance: 0.05, loss: 3 }, train: 100, validation: 100 });
  });

  it('is remembered as a whole, apart from one that is exact and from one that may lose something else', async () => {
    const world = newWorld('some');
    const optimizer = optimizers.get('p');
    const runs = async (written: WrittenSettings) => {
      const settings = optimizer.resolve({ candidates: 2, ...written }, { embedded: false });
      const { journal } = await optimize(world, [optimizer.step('p', settings, { rows: 24, modelsPerJob: 1 })]);
      return journal.of('example').filter(({ purpose }) => purpose === 'validate').length;
    };
    expect(await runs({})).toBeGreaterThan(0);
    expect(await runs({ stopping: 'exact' })).toBe(0);
    expect(await runs(racing)).toBeGreaterThan(0);
    expect(await runs(racing)).toBe(0);
    expect(await runs({ stopping: { racing: { chance: 0.05, loss: 4 } } })).toBeGreaterThan(0);
  });

  it('leaves an exact search with the settings it was remembered under before there were races', () => {
    const { stopping, ...before } = resolve({});
    expect(stopping).toBe('exact');
    const kept = { rows: 40, modelsPerJob: 1 };
    expect(() => optimizers.get('p').step('p', before, kept)).not.toThrow();
    expect(Object.keys(sized(resolve({}), 40, 'p'))).toEqual(Object.keys(before).filter((key) => key !== 'folds'));
  });

  it('is asked for by a word, or with what it may lose', () => {
    const stopping = (written: unknown) => resolve(writtenSchema.parse({ stopping: written })).stopping;
    expect(stopping('racing')).toEqual({ racing: { chance: 0.01, loss: 1 } });
    expect(stopping({ racing: { loss: 5 } })).toEqual({ racing: { chance: 0.01, loss: 5 } });
    for (const wrong of ['fast', { racing: { chance: 0 } }, { racing: { loss: -1 } }, { racing: { los: 1 } }]) {
      expect(() => stopping(wrong)).toThrow();
    }
  });
});
