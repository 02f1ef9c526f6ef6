/** Feedback about one predictor: which outcomes are shared, what the program is asked, and what the run says of it. */
import { describe, expect, it } from 'vitest';
import type { JsonValue } from '../../../src/base/json.ts';
import type { ProgramOutcome } from '../../../src/data/trace.ts';
import type { RunRequest } from '../../../src/engine/interfaces.ts';
import { Pool, priority } from '../../../src/engine/pool.ts';
import { ReadingTally, RunMemory } from '../../../src/engine/runMemory.ts';
import { Runner } from '../../../src/engine/runner.ts';
import { FailureTally } from '../../../src/engine/scope.ts';
import { initialState } from '../../../src/engine/state.ts';
import { UsageMeter } from '../../../src/engine/usage.ts';
import { examples, FakeJournal, FakeLm, FakeProgram, FakeSurroundings, twoPredictors } from './fakes.ts';

const [row, other] = examples(2);
const state = initialState(twoPredictors, 'base');
const error = { kind: 'metric', message: 'KeyError: 1', file: 'metric.py', line: 3 } as const;

/** A program whose metric gives words, and what is told besides of a predictor. */
class Reviewed extends FakeProgram {
  readonly requests: RunRequest[] = [];
  about: ProgramOutcome['aboutPredictor'];

  override async run(...given: Parameters<FakeProgram['run']>) {
    const [request] = given;
    this.requests.push(request);
    const outcome = await super.run(...given);
    const feedback = request.feedbackFor ?? 'the whole';
    const besides = request.feedbackFor === undefined || this.about === undefined ? {} : { aboutPredictor: this.about };
    return { ...outcome, score: 1, feedback, ...besides };
  }
}

function setUp(takesPredictor: boolean, memory = new Map<string, JsonValue>()) {
  const description = { ...twoPredictors, ...(takesPredictor ? { metricTakesPredictor: true as const } : {}) };
  const program = new Reviewed({ description });
  const journal = new FakeJournal(memory);
  const meter = new UsageMeter({ ofAnswer: () => 0, ofTraining: () => 0 });
  const runner = new Runner({
    ...{ program, journal, meter, lm: new FakeLm(() => 'a0') },
    memory: new RunMemory(journal, new FakeSurroundings(new Map(), new Map())),
    pool: new Pool(2),
    baseModel: 'base',
    identity: 'identity',
    metricRange: [0, 1],
    abort: () => undefined,
  });
  const { signal } = new AbortController();
  const scope = { prefix: '', meter, failures: new FailureTally([0, 1]), readings: new ReadingTally(), signal };
  const run = (feedbackFor?: string, example = row!) => {
    const task = { state, example, round: 0, roundTemperature: 0, purpose: 'validate' as const, candidate: 0 };
    return runner.run({ ...task, priority: priority.score, feedbackFor }, scope);
  };
  const warnings = () => journal.events.flatMap((event) => (event.type === 'warning' ? [event.message] : []));
  return { program, run, warnings, memory };
}

describe('feedback about a predictor', () => {
  it('is an outcome of its own where the metric can be asked for it', async () => {
    const { program, run } = setUp(true);
    const [one, two] = twoPredictors.predictors.map(({ name }) => name);
    const said = [];
    for (const asked of [undefined, one, two, one, undefined]) said.push((await run(asked)).feedback);
    expect(said).toEqual(['the whole', one, two, one, 'the whole']);
    expect(program.requests.map(({ feedbackFor }) => feedbackFor)).toEqual([undefined, one, two]);
    expect(program.requests[0]).not.toHaveProperty('feedbackFor');
  });

  it('shares the outcomes of all other runs where the metric cannot', async () => {
    const { program, run } = setUp(false);
    const said = [];
    for (const asked of ['one', undefined, 'two']) said.push((await run(asked)).feedback);
    expect(said).toEqual(['the whole', 'the whole', 'the whole']);
    expect(program.requests).toHaveLength(1);
    expect(program.requests[0]).not.toHaveProperty('feedbackFor');
  });

  it('leaves outcomes that are there under their keys', async () => {
    const { run, memory } = setUp(false);
    await run();
    const { program, run: again } = setUp(true, memory);
    await again();
    expect(program.requests).toEqual([]);
  });

  it('warns once of a score that is not used, and once of an error', async () => {
    const { program, run, warnings } = setUp(true);
    program.about = { score: 0.5 };
    expect(await run('first')).toMatchObject({ score: 1, feedback: 'first' });
    await run('second');
    await run('first');
    expect(warnings()).toEqual([
      expect.stringContaining("gives 0.5 where it is asked for feedback about the predictor 'first'"),
    ]);
    program.about = { error };
    await run('first', other);
    await run('second', other);
    expect(warnings().slice(1)).toEqual([
      "The metric fails where it is asked for feedback about the predictor 'first' (train row 2): KeyError: 1 (metric.py:3). " +
        'Scores stay as they are.',
    ]);
  });

  it('is asked for again where the metric failed: the cause may be gone', async () => {
    const { program, run } = setUp(true);
    program.about = { error };
    await run('first');
    program.about = undefined;
    expect(await run('first')).not.toHaveProperty('aboutPredictor');
    await run('first');
    expect(program.requests).toHaveLength(2);
  });
});
