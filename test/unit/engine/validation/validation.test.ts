import { describe, expect, it } from 'vitest';
import type { ProgramState } from '../../../../src/data/program.ts';
import { Cancelled, EndpointRefused } from '../../../../src/engine/errors.ts';
import { PythonRandom } from '../../../../src/engine/pythonRandom.ts';
import type { RunTask } from '../../../../src/engine/runner.ts';
import { ReadingTally } from '../../../../src/engine/runMemory.ts';
import { FailureTally } from '../../../../src/engine/scope.ts';
import { percent } from '../../../../src/engine/score.ts';
import { UsageMeter } from '../../../../src/engine/usage.ts';
import { ExactContest } from '../../../../src/engine/validation/exact.ts';
import { Validation } from '../../../../src/engine/validation/validation.ts';
import type { ValidationRequest } from '../../../../src/engine/validation/validation.ts';
import { examples } from '../fakes.ts';

const answering = (): ProgramState => ({ predictors: {} });

function scopeOf(signal = new AbortController().signal) {
  return {
    prefix: 'p',
    meter: new UsageMeter({ ofAnswer: () => 0, ofTraining: () => 0 }),
    failures: new FailureTally([0, 1]),
    readings: new ReadingTally(),
    signal,
  };
}

/** Runs of a table: candidates × rows of scores; each takes some turns of the event loop. */
function runnerOf(table: readonly (readonly number[])[], ahead: number, random: PythonRandom) {
  const begun: { readonly candidate: number; readonly row: number }[] = [];
  const underWay = { now: 0, most: 0 };
  const run = async ({ candidate, example, drop }: RunTask) => {
    begun.push({ candidate: candidate!, row: example.id });
    underWay.most = Math.max(underWay.most, ++underWay.now);
    for (let turns = random.randint(0, 4); turns > 0; turns--) await new Promise((resolve) => setImmediate(resolve));
    underWay.now--;
    if (drop?.aborted === true && random.random() < 0.5) throw new Cancelled();
    return { prediction: {}, score: table[candidate!]![example.id]!, trace: [], seconds: 0 };
  };
  return { ahead, run, begun, underWay, of: (candidate: number) => begun.filter((one) => one.candidate === candidate) };
}

const exactly = (rows: number): ValidationRequest => ({
  rows: examples(rows),
  metricRange: [0, 1],
  contest: new ExactContest(rows),
});

async function validate(table: readonly (readonly number[])[], ahead: number, random = new PythonRandom(0)) {
  const runner = runnerOf(table, ahead, random);
  const validation = new Validation(runner, scopeOf(), exactly(table[0]!.length));
  const results = await Promise.all(table.map((_, candidate) => validation.score(candidate, answering, candidate)));
  return { runner, results, best: validation.best() };
}

/** A row is right for a candidate that is better than the row is hard. */
function nested(rows: number, skills: readonly number[]): number[][] {
  const hardness = new PythonRandom(7).shuffle(Array.from({ length: rows }, (_, i) => i / rows));
  return skills.map((skill) => hardness.map((hard) => (hard < skill ? 1 : 0)));
}

describe('the validation of candidates', () => {
  it('chooses the one that scoring every row would, and scores it on every row, in any order of events', async () => {
    for (let seed = 0; seed < 200; seed++) {
      const random = new PythonRandom(seed);
      const rows = random.randint(1, 20);
      const values = seed % 3 === 0 ? [0, 0.25, 0.5, 1] : [0, 1];
      const table = Array.from({ length: random.randint(1, 7) }, () =>
        Array.from({ length: rows }, () => random.choice(values)),
      );
      const full = table.map((scores) =>
        percent(
          scores.reduce((sum, score) => sum + score, 0),
          rows,
        ),
      );
      const { best, results } = await validate(table, random.randint(1, 12), random);
      expect(best, `seed ${seed}`).toBe(full.indexOf(Math.max(...full)));
      expect(results[best!]).toMatchObject({ score: { score: full[best!], n: rows }, scored: rows });
      results.forEach(({ score }, candidate) => {
        if (score !== null) expect(score.score).toBe(full[candidate]);
      });
    }
  });

  it('runs of a later candidate little more than the rows it may lose, the hard ones first', async () => {
    const rows = 200;
    const table = nested(rows, [0.6, 0.58, 0.6, 0.55]);
    const { runner, results } = await validate(table, 8);
    expect(results[0]!.scored).toBe(rows);
    for (const candidate of [1, 2, 3]) {
      expect(results[candidate]!.score).toBeNull();
      // The best loses 80 of 200; what was under way when that was known comes on top.
      expect(runner.of(candidate).length).toBeLessThanOrEqual(80 + 8 + 8);
    }
  });

  it('begins with the next candidate when the one before leaves slots free, and holds to `ahead`', async () => {
    const table = nested(30, [0.5, 0.4, 0.3]);
    const { runner } = await validate(table, 16);
    const [second] = runner.of(1);
    expect(runner.begun.indexOf(second!)).toBe(30);
    expect(runner.underWay.most).toBeLessThanOrEqual(16);
  });

  it('asks nothing of a candidate that comes after a perfect one', async () => {
    const runner = runnerOf(
      [
        [1, 1],
        [1, 1],
      ],
      4,
      new PythonRandom(0),
    );
    const validation = new Validation(runner, scopeOf(), exactly(2));
    await validation.score(0, answering, 0);
    expect(await validation.score(1, answering, 1)).toMatchObject({ score: null, scored: 0 });
    expect(runner.of(1)).toEqual([]);
  });

  it('runs an earlier candidate that can only tie several rows at a time', async () => {
    const perfect = Array.from({ length: 32 }, () => 1);
    const runner = runnerOf([perfect, perfect], 8, new PythonRandom(0));
    const validation = new Validation(runner, scopeOf(), exactly(32));
    await validation.score(1, answering, 0);
    runner.underWay.most = 0;
    expect(await validation.score(0, answering, 1)).toMatchObject({ score: { score: 100 }, scored: 32 });
    expect(validation.best()).toBe(0);
    expect(runner.underWay.most).toBeGreaterThan(2);
  });

  it('ends for all with the first failure, when nothing is under way any more', async () => {
    let underWay = 0;
    const run = async ({ example }: RunTask) => {
      underWay++;
      await new Promise((resolve) => setTimeout(resolve, example.id));
      underWay--;
      if (example.id === 3) throw new EndpointRefused('no such model');
      return { prediction: {}, score: 1, trace: [], seconds: 0 };
    };
    const validation = new Validation({ ahead: 8, run }, scopeOf(), exactly(20));
    const ends = await Promise.allSettled([0, 1].map((candidate) => validation.score(candidate, answering, candidate)));
    expect(underWay).toBe(0);
    for (const end of ends) expect(end).toMatchObject({ status: 'rejected', reason: { message: 'no such model' } });
  });
});
