/** The preference step, in a run. */
import { describe, expect, it } from 'vitest';
import type { JsonValue } from '../../../../src/base/json.ts';
import type { ProgramOutcome, TraceCall } from '../../../../src/data/trace.ts';
import type { PreferenceSet } from '../../../../src/data/trainingSet.ts';
import { Budget } from '../../../../src/engine/budget.ts';
import type { CallLm, ProgramRun, RunRequest } from '../../../../src/engine/interfaces.ts';
import { Optimization } from '../../../../src/engine/optimize.ts';
import type { SettingsChange } from '../settingsOf.ts';
import { settingsOf } from '../settingsOf.ts';
import { UsageMeter } from '../../../../src/engine/usage.ts';
import type { Asked } from '../fakes.ts';
import { examples, FakeJournal, FakeLm, FakeProgram, FakeSurroundings, FakeTrainer, twoPredictors } from '../fakes.ts';

const splits = { train: examples(6), dev: examples(4, 'd'), test: null };

const rowOf = ({ call: { prompt } }: Asked) => {
  const shown = prompt.kind === 'chat' ? String(prompt.messages[0]!.content) : '';
  return Number(shown.split('\n').at(-1)!.slice(1));
};
const isOfTrain = ({ call: { prompt } }: Asked) =>
  prompt.kind === 'chat' && String(prompt.messages[0]!.content).split('\n').at(-1)!.startsWith('q');
/** Right in every other round; row 5 never, row 4 always. */
const byTurns = (asked: Asked): string => {
  const [row, { round }] = [rowOf(asked), asked.rollout];
  const isRight = row === 4 || (row !== 5 && round % 2 === 0);
  return isRight ? `a${row}` : `wrong ${round}`;
};

const modelOf = ({ state }: RunRequest) => state.predictors['b.predict']!.model;

class RetoldProgram extends FakeProgram {
  retell: (call: TraceCall) => TraceCall = (call) => call;

  override async run(request: RunRequest, lm: CallLm, signal: AbortSignal): Promise<ProgramRun> {
    const outcome = await super.run(request, lm, signal);
    return { ...outcome, trace: outcome.trace.map((call) => this.retell(call)) };
  }
}

interface World {
  readonly memory: Map<string, JsonValue>;
  readonly memo: Map<string, string>;
  readonly trainer: FakeTrainer;
}
const newWorld = (): World => ({ memory: new Map(), memo: new Map(), trainer: new FakeTrainer() });

interface Options {
  readonly world?: World;
  readonly answer?: (asked: Asked) => string;
  readonly fail?: (request: RunRequest) => ProgramOutcome['error'];
  /** What becomes of a call in the trace. */
  readonly retell?: (call: TraceCall) => TraceCall;
  readonly change?: SettingsChange;
}

async function run(
  strategy: string,
  { world = newWorld(), answer = byTurns, fail, retell, change = {} }: Options = {},
) {
  const prices = { ofAnswer: () => 0, ofTraining: () => 0 };
  const { trainer } = world;
  const lm = new FakeLm(answer, world.memo);
  const journal = new FakeJournal(world.memory);
  const program = new RetoldProgram(fail === undefined ? {} : { fail });
  if (retell !== undefined) program.retell = retell;
  const parts = { program, lm, trainer, journal, prices, meter: new UsageMeter(prices) };
  const gate = new Budget({ calls: null, tokens: null, usd: null }, { calls: 0, tokens: 0, usd: 0 });
  const rest = { gate, surroundings: new FakeSurroundings(), concurrency: 4, identity: 'identity' };
  const options = { signal: new AbortController().signal, onStage: () => undefined };
  const settings = settingsOf(strategy, change);
  const stages = await new Optimization({ ...parts, ...rest }, settings, splits, twoPredictors, options).run();
  return { stages, journal, lm, jobs: trainer.jobs };
}

const setOf = (jobs: FakeTrainer['jobs']) => jobs.at(-1)!.set as PreferenceSet;

describe('a preference step', () => {
  it('trains on pairs under the prompts in use, from the weights in use', async () => {
    const { stages, jobs, journal } = await run('w -> dpo', { change: { dpo: { rollouts: 4, pairsPerPrompt: 1 } } });
    const [first, second] = jobs;
    expect([first!.set.method, second!.set.method]).toEqual(['supervised', 'dpo']);
    expect(first!.parent).toBe('base');
    expect(second!.parent).toBe(stages[1]!.state!.predictors['a.predict']!.model);
    const { rows, beta } = setOf(jobs);
    expect(beta).toBe(0.1);
    // Rows 0 to 3 are right at times, for each of the two predictors.
    expect(rows).toHaveLength(8);
    for (const { completion, rejected } of rows) {
      expect(completion).toMatch(/^a[0-3]$/);
      expect(rejected).toMatch(/^wrong/);
    }
    expect(journal.of('rows.collected').at(-1)).toMatchObject({
      ...{ prefix: 'w -> dpo', tried: 6, correct: 5, rows: 8 },
      byPredictor: { 'a.predict': 4, 'b.predict': 4 },
    });
    expect(journal.rowFiles.size).toBe(2);
    expect(second!.hyperParameters).toMatchObject({ epochs: 1, schedule: 'linear', seed: 0 });
  });

  it('takes the run at the usual temperature from the step before, and asks the others at its own', async () => {
    const change = { dpo: { rollouts: 3, temperature: 0.7 } };
    const ofTrain = ({ asked }: FakeLm) => asked.filter((one) => one.call.model === 'base' && isOfTrain(one));
    const usual = (lm: FakeLm) => ofTrain(lm).filter(({ rollout }) => rollout.round === 0);
    const world = newWorld();
    // Six examples, two predictors.
    expect(usual((await run('w', { world })).lm)).toHaveLength(12);
    const { lm, jobs } = await run('dpo', { world, change });
    expect(usual(lm)).toEqual([]);
    expect(
      ofTrain(lm)
        .map(({ rollout: { round, temperature } }) => `${round} at ${temperature}`)
        .sort(),
    ).toEqual([1, 2].flatMap((round) => Array<string>(12).fill(`${round} at 0.7`)));
    const alone = await run('dpo', { change });
    expect(usual(alone.lm)).toHaveLength(12);
    expect(setOf(jobs)).toEqual(setOf(alone.jobs));
  });

  it('samples nothing again behind a step that kept the weights', async () => {
    const answer = (asked: Asked) => (asked.call.model === 'base' ? byTurns(asked) : 'worse');
    const sampled = ({ asked }: FakeLm) => asked.filter(isOfTrain).length;
    const once = await run('dpo', { answer });
    const twice = await run('dpo -> dpo', { answer });
    expect(sampled(twice.lm)).toBe(sampled(once.lm));
    expect(twice.journal.of('rows.collected')).toHaveLength(2);
  });

  it('keeps the weights before where those after are worse, and says which it chose', async () => {
    const answer = (asked: Asked) => (asked.call.model === 'base' ? byTurns(asked) : 'worse');
    const { stages, journal } = await run('dpo', { answer });
    expect(stages[1]!.state).toEqual(stages[0]!.state);
    expect(journal.of('step.finished')[0]).toMatchObject({ candidate: 1 });
    const about = journal.of('candidate.started').map((event) => event.about);
    expect(about).toEqual([{ weights: 'trained', step: null }, { weights: 'before' }]);
    const equal = await run('dpo');
    expect(equal.journal.of('step.finished')[0]).toMatchObject({ candidate: 0 });
  });

  it('drops weights that break the format, says so, and goes on from those before', async () => {
    const fail = (request: RunRequest): ProgramOutcome['error'] =>
      modelOf(request) === 'base' ? undefined : { kind: 'parse', message: 'no field "answer"' };
    const answer = (asked: Asked) => (asked.call.model === 'base' ? byTurns(asked) : `a${rowOf(asked)}`);
    const { stages, journal } = await run('dpo', { answer, fail, change: { dpo: { unreadable: 0.5 } } });
    expect(stages[1]!.state).toEqual(stages[0]!.state);
    const [warning] = journal.of('warning');
    expect(warning!.message).toContain('100.0 % of the answers on dev are unreadable, 0.0 % before. They are dropped.');
  });

  it('has no result where nothing can be compared', async () => {
    const { stages, jobs, journal } = await run('dpo', { answer: (asked) => `a${rowOf(asked)}` });
    expect(jobs).toEqual([]);
    expect(stages[1]).toMatchObject({ state: null });
    expect(journal.of('step.skipped')[0]!.reason).toBe(
      'nothing to compare: 6 of 6 training examples had a correct run, 0 a wrong one too',
    );
  });

  it('is refused behind weights that the back end cannot go on from, and stands before them', async () => {
    const world = newWorld();
    world.trainer.continues = false;
    await expect(run('w -> dpo', { world })).rejects.toThrow('Step "dpo" goes on from the weights before it');
    expect([world.memo.size, world.trainer.jobs.length]).toEqual([0, 0]);
    expect((await run('dpo', { world })).stages[1]!.state).not.toBeNull();
  });

  it('is refused before anything is paid for, where the service takes no pairs', async () => {
    const world = newWorld();
    world.trainer.methods = ['supervised'];
    await expect(run('w -> dpo', { world })).rejects.toThrow(
      /^Step "dpo" trains on pairs of answers, which the endpoint's training service does not take: it takes answers to imitate\./,
    );
    expect(world.memo.size).toBe(0);
  });

  it('drops weights that the program has to ask twice, though it scores as well', async () => {
    const twice = (asked: Asked) => (asked.call.model === 'base' ? byTurns(asked) : `a${rowOf(asked)}`);
    const retell = (call: TraceCall) =>
      call.lm[0]!.model === 'base' ? call : { ...call, lm: [...call.lm, ...call.lm] };
    const { stages } = await run('dpo', { answer: twice, retell });
    expect(stages[1]!.state).toEqual(stages[0]!.state);
  });

  it('sends no other job where a run that broke off would end well now', async () => {
    const world = newWorld();
    const broken = { kind: 'timeout', message: 'too slow' } as const;
    let isSlow = true;
    const fail = ({ example, collecting }: RunRequest) =>
      isSlow && collecting && example.inputs['question'] === 'q0' ? broken : undefined;
    const first = await run('dpo', { world, fail });
    isSlow = false;
    const again = await run('dpo', { world, fail });
    expect(world.trainer.jobs).toHaveLength(1);
    expect(again.stages[1]!.state).toEqual(first.stages[1]!.state);
  });

  it('says of which predictor there are no pairs', async () => {
    // The second predictor is asked something else in each run.
    let runs = 0;
    const retell = (call: TraceCall) =>
      call.predictor === 'b.predict' ? { ...call, inputs: { question: `after ${runs++}` } } : call;
    const { journal } = await run('dpo', { retell });
    expect(journal.of('warning').map(({ message }) => message)).toEqual([
      'Step "dpo": there is no pair of b.predict, which learns nothing: it was never right and wrong on the same inputs ' +
        '(docs/preferences.md).',
    ]);
  });

  it('pays nothing when it is run again', async () => {
    const world = newWorld();
    const first = await run('w -> dpo', { world });
    const again = await run('w -> dpo', { world });
    expect([again.lm.paid.length, world.trainer.jobs.length]).toEqual([0, 2]);
    expect(again.stages).toEqual(first.stages);
  });
});
