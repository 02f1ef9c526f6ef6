import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Comparison } from '../../../src/comparison.ts';
import { comparisonSchema } from '../../../src/comparison.ts';
import { HumanError } from '../../../src/base/errors.ts';
import { BudgetExhausted, EndpointUnavailable } from '../../../src/engine/errors.ts';
import { formatStrategy, prefixesOf, stepsIn } from '../../../src/data/strategy.ts';
import type { RunEvent, RunResult } from '../../../src/protocol.ts';
import { EventLog } from '../../../src/run/record/eventLog.ts';
import { sealLog } from '../../../src/run/record/logSeal.ts';
import type { RunHooks, RunRequest } from '../../../src/run/work/request.ts';
import { runFiles } from '../../../src/run/record/runFolder.ts';
import { keepSeen } from '../../../src/run/surroundings/seenByRun.ts';
import { SeenThings } from '../../../src/run/surroundings/seenThings.ts';
import { FileSpendLedger } from '../../../src/run/record/spendLedger.ts';
import { readLatticeRequest, writeStates } from '../../../src/run/record/stateFile.ts';
import { runPlan, scoreOf, started, state, usage } from '../run/samples.ts';
import type { Ran } from './workspace.ts';
import { stepInfoOf } from '../../../src/engine/optimizer.ts';
import { optimizers } from '../../../src/engine/optimizers/all.ts';
import { cli, makeWorkspace } from './workspace.ts';

/** How a fake run breaks: in the step that completes `prefix`, before or after its job was sent. */
interface Break {
  readonly prefix: string;
  readonly error: Error;
  readonly job?: true;
}

/** A run that reaches 50 on dev, and 10 more a step; `breaks` says where one does not. */
function fakeRuns(breaks: (request: RunRequest) => Break | null = () => null) {
  return async (request: RunRequest, hooks: RunHooks): Promise<RunResult> => {
    const { run, config } = request;
    const log = new EventLog(runFiles(run.folder).events);
    const tell = (event: RunEvent) => {
      hooks.onEvent(log.append(event));
    };
    const prefixes = prefixesOf(config.strategy);
    const strategy = formatStrategy(config.strategy);
    const lattice = (await readLatticeRequest(run.folder)) ?? [];
    const broken = breaks(request);
    const spent = { calls: 4 * prefixes.length, tokens: 0, usd: 0 };
    new FileSpendLedger(runFiles(run.folder).spent, { spent, jobs: new Map() }).close();
    try {
      const infos = stepsIn(strategy).map((name) => stepInfoOf({ name, ...optimizers.get(name) }));
      tell({ ...(started as Extract<RunEvent, { type: 'run.started' }>), run: run.id, strategy, steps: infos });
      const dev = (prefix: string) => 50 + 10 * stepsIn(prefix).length;
      for (const [index, prefix] of prefixes.entries()) {
        const kind = prefix.endsWith('w') ? 'w' : 'p';
        if (prefix !== '') tell({ type: 'step.started', prefix, kind, index, examples: 20 });
        if (broken?.prefix === prefix) {
          if (broken.job) tell({ type: 'job.submitted', prefix, hash: 'h', job: 'j', adopted: false });
          tell({ type: 'usage', usage, spent });
          throw broken.error;
        }
        if (prefix !== '') {
          tell({ type: 'step.finished', prefix, kind, state: prefix, candidate: null, seconds: 1, usage });
        }
        tell({ type: 'evaluated', prefix, split: 'dev', score: scoreOf(dev(prefix)), seconds: 1, usage });
      }
      const combined = lattice.map(({ prefix }) => ({ key: `${prefix} × w`, score: 95 }));
      for (const { key, score } of combined) {
        tell({ type: 'evaluated', prefix: key, split: 'dev', score: scoreOf(score), seconds: 1, usage });
      }
      tell({ type: 'usage', usage, spent });
      const scores = [
        ...prefixes.map((prefix) => [prefix, { dev: dev(prefix), test: null }] as const),
        ...combined.map(({ key, score }) => [key, { dev: score, test: null }] as const),
      ];
      const result: RunResult = {
        ...{ type: 'result', run: run.id, program: config.key, strategy, seed: config.seed },
        scores: Object.fromEntries(scores),
        ...{ final: strategy, best: strategy, state: state as RunResult['state'], usage, seconds: 2 },
      };
      tell({ type: 'run.finished', result });
      sealLog(run.folder);
      const steps = Object.fromEntries(prefixes.map((prefix) => [prefix, state]));
      const final = { prefix: strategy, state };
      await writeStates(run.folder, { final, best: final, steps });
      await keepSeen(runFiles(run.folder).reads, new SeenThings().all());
      return result;
    } finally {
      log.close();
    }
  };
}

const recordOf = ({ out }: Ran): Comparison => comparisonSchema.parse(JSON.parse(out));
const order = ({ started: runs }: Ran) =>
  runs.map(({ config }) => `${formatStrategy(config.strategy) || 'vanilla'} ${config.seed}`);
const cellsOf = ({ cells }: Comparison) =>
  Object.fromEntries(cells.map(({ strategy, seed, status }) => [`${strategy || 'vanilla'} ${seed}`, status]));

const compare = ['compare', 'intents', '--strategies', 'p -> w,vanilla,p,w', '--seeds', '0,1'];

describe('compare', () => {
  it('runs the cells seed by seed, shorter strategies first, and tells on stdout nothing but the table', async () => {
    const ran = await cli(makeWorkspace(), compare, { startRun: fakeRuns() });
    expect(ran.code).toBe(0);
    expect(order(ran)).toEqual(['vanilla 0', 'p 0', 'w 0', 'p -> w 0', 'vanilla 1', 'p 1', 'w 1', 'p -> w 1']);
    expect(ran.out).toMatch(/^p -> w +70\.0 +70\.0 +70\.0 ± 0\.0$/m);
    expect(ran.out).not.toContain('cell 1 of 8');
    expect(ran.err).toContain('cell 4 of 8: p -> w, seed 0');
    // A step is told by the cell that does it, and not again.
    expect(ran.err.match(/^w: fine-tuning/gm)).toHaveLength(2);
  });

  it('is shown again by its id: the table, as JSON, and as a report', async () => {
    const place = makeWorkspace();
    const ran = await cli(place, compare, { startRun: fakeRuns() });
    const [id] = readdirSync(join(place, '.bettertogether', 'comparisons')).filter((name) => !name.includes('.'));
    const shown = await cli(place, ['show', id!]);
    expect(shown.out).toBe(ran.out.trimStart());
    expect(JSON.parse((await cli(place, ['show', id!, '--json'])).out)).toMatchObject({ type: 'comparison', id });
    const { out } = await cli(place, ['show', id!, '--html']);
    expect(readFileSync(out.trim(), 'utf8')).toContain('4 strategies with 2 seeds');
    // Its runs were begun on the same day.
    const unclear = await cli(place, ['show', id!.slice(0, 8)]);
    expect([unclear.code, unclear.err]).toEqual([2, expect.stringContaining('give more of the id')]);
  });

  it('asks for consent once, for all that any of the strategies does', async () => {
    const args = ['compare', 'remote', '--strategies', 'vanilla,p,w', '--seeds', '0,1'];
    const refused = await cli(makeWorkspace(), args, { startRun: fakeRuns() });
    expect(refused.code).toBe(2);
    expect(refused.err).toContain('train.example.com');
    expect(refused.started).toEqual([]);
    const compose = { planRun: () => Promise.resolve(runPlan()) };
    const asked = await cli(makeWorkspace(), args, { startRun: fakeRuns(), compose, interactive: true, answer: true });
    expect(asked.code).toBe(0);
    expect(asked.questions).toEqual(['Run a few rows first, to estimate the price?', 'Start the run?']);
    expect(asked.err).toMatch(/in all about [\d,]+ calls \(at most [\d,]+\)/);
    expect(asked.started).toHaveLength(6);
  });

  it('says which state the strategies start from, in place of the program as it was written', async () => {
    const place = makeWorkspace();
    writeFileSync(join(place, 'mine.json'), JSON.stringify(state));
    const ran = await cli(place, [...compare, '--from', 'mine.json'], { startRun: fakeRuns() });
    expect(ran.out).toContain('2 seeds, from mine.json');
    expect(ran.out).toMatch(/^start +50\.0 /m);
    expect(ran.err).toContain('cell 1 of 8: start, seed 0');
    expect(ran.out).not.toContain('baseline');
  });

  it('gives every run what the others have left of the one budget', async () => {
    const ran = await cli(makeWorkspace(), [...compare, '--budget-calls', '100'], { startRun: fakeRuns() });
    expect(ran.started.map(({ budget }) => budget.calls)).toEqual([100, 96, 88, 80, 68, 64, 56, 48]);
  });

  it('stops at the budget with exit 3, and the same command goes on with the same comparison', async () => {
    const place = makeWorkspace();
    const error = new BudgetExhausted('The cap of this run is reached.');
    const breaks = ({ config }: RunRequest) =>
      formatStrategy(config.strategy) === 'w' && config.seed === 0 ? { prefix: 'w', error } : null;
    const stopped = await cli(place, [...compare, '--json', '--budget-calls', '20'], { startRun: fakeRuns(breaks) });
    expect(stopped.code).toBe(3);
    expect(stopped.err).toContain('The budget of the comparison does not allow the next call: 20 of 20 calls spent.');
    expect(stopped.err).not.toContain('resume');
    const before = recordOf(stopped);
    expect(before.stopped?.reason).toBe('budget');
    expect(cellsOf(before)).toMatchObject({ 'p 0': 'done', 'w 0': 'stopped', 'p -> w 0': 'waiting' });

    const on = await cli(place, [...compare, '--json', '--budget-calls', '90'], { startRun: fakeRuns() });
    expect(on.code).toBe(0);
    expect(recordOf(on).id).toBe(before.id);
    expect(order(on)).toEqual(['w 0', 'p -> w 0', 'vanilla 1', 'p 1', 'w 1', 'p -> w 1']);
    const [resumed] = on.started;
    expect(resumed).toMatchObject({
      resumed: true,
      run: { id: before.cells.find(({ strategy }) => strategy === 'w')!.run },
    });
    // 12 by the cells that are done; its own 8 count in its own run.
    expect(resumed!.budget.calls).toBe(78);
    expect(readdirSync(join(place, '.bettertogether', 'comparisons'))).toHaveLength(1);
  });

  it('a step that fails is the end of the cells that begin with it; the others go on', async () => {
    const error = new HumanError('The training job j did not give a model.');
    const breaks = ({ config }: RunRequest) =>
      config.strategy[0] === 'w' && config.seed === 0 ? ({ prefix: 'w', error, job: true } as const) : null;
    const args = ['compare', 'intents', '--strategies', 'w,w -> p,p', '--seeds', '0,1'];
    const ran = await cli(makeWorkspace(), args, { startRun: fakeRuns(breaks) });
    expect(ran.code).toBe(1);
    expect(order(ran)).toEqual(['w 0', 'p 0', 'w 1', 'p 1', 'w -> p 1']);
    expect(ran.out).toContain('w (seed 0), w -> p (seed 0): failed: The training job j did not give a model.');
    expect(ran.err).toContain('2 cells failed');
  });

  it('an endpoint that gave up ends the comparison; one that only trains does not', async () => {
    const error = new EndpointUnavailable('The endpoint gave up.');
    const down = await cli(makeWorkspace(), compare, {
      startRun: fakeRuns(({ config }) => (formatStrategy(config.strategy) === 'p' ? { prefix: 'p', error } : null)),
    });
    expect(down.code).toBe(1);
    expect(order(down)).toEqual(['vanilla 0', 'p 0']);
    expect(down.err).toContain('The endpoint gave up.');
    const trainer = await cli(makeWorkspace(), compare, {
      startRun: fakeRuns(({ config }) =>
        formatStrategy(config.strategy) === 'w' ? { prefix: 'w', error, job: true } : null,
      ),
    });
    expect(order(trainer)).toHaveLength(8);
  });

  it('a program that cannot run at all is told once, not in every cell', async () => {
    const error = new HumanError('Evaluating the program as it is on dev: every row failed.');
    const ran = await cli(makeWorkspace(), compare, { startRun: fakeRuns(() => ({ prefix: '', error })) });
    expect(ran.code).toBe(1);
    expect(ran.started).toHaveLength(1);
    expect(ran.err).toContain('every row failed');
  });

  it('measures the lattice of each seed in a run of its own, also afterwards', async () => {
    const place = makeWorkspace();
    const args = ['compare', 'intents', '--strategies', 'p,w', '--seeds', '0,1'];
    const first = await cli(place, [...args, '--json'], { startRun: fakeRuns() });
    expect(recordOf(first).lattices).toEqual([]);
    const second = await cli(place, [...args, '--lattice', '--json'], { startRun: fakeRuns() });
    expect(second.code, second.err).toBe(0);
    expect(recordOf(second).id).toBe(recordOf(first).id);
    expect(order(second)).toEqual(['vanilla 0', 'vanilla 1']);
    const [lattice] = recordOf(second).lattices;
    expect(lattice).toMatchObject({ seed: 0, status: 'done', run: second.started[0]!.run.id, best: 'p × w' });
    expect(lattice!.cells.map(({ key, dev }) => [key, dev])).toEqual([
      [' × ', 50],
      ['p × w', 95],
      ['w × w', 95],
    ]);
    const third = await cli(place, [...args, '--lattice'], { startRun: fakeRuns() });
    expect(third.started).toEqual([]);
    expect(third.out).toContain('Best on dev: prompts of p, weights of w: dev 95.0');
  });

  it('refuses --json with --markdown, and a strategy or seed that is none', async () => {
    for (const [args, word] of [
      [[...compare, '--json', '--markdown'], 'cannot be used with'],
      [['compare', 'intents', '--strategies', 'x'], 'step 1 of 1 is "x"'],
      [['compare', 'intents', '--seeds', '1.5'], '"1.5" is no seed'],
    ] as const) {
      const { code, err } = await cli(makeWorkspace(), args);
      expect(err).toContain(word);
      expect(code).toBe(2);
    }
  });

  it('takes the one seed of --seed where no --seeds are given', async () => {
    const ran = await cli(makeWorkspace(), ['compare', 'intents', '--strategies', 'p', '--seed', '7'], {
      startRun: fakeRuns(),
    });
    expect(order(ran)).toEqual(['p 7']);
  });
});
