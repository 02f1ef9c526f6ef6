/** What the engine, plans and views rely on from every kind of step. */
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { UsageError } from '../../src/base/errors.ts';
import { prefixesOf } from '../../src/data/strategy.ts';
import { Cancelled, EndpointUnavailable } from '../../src/engine/errors.ts';
import type { Optimizer, Step } from '../../src/engine/optimizer.ts';
import { makePlan } from '../../src/engine/plan.ts';
import type { Plan } from '../../src/engine/plan.ts';
import { sampleOf, sum } from '../../src/engine/sample.ts';
import { namesOf } from '../../src/engine/settings.ts';
import { stateHash } from '../../src/engine/state.ts';
import type { RunEvent } from '../../src/protocol.ts';
import { newWorld, optimize, splits, start } from './optimizers/engine.ts';
import type { Optimized, Skill } from './optimizers/engine.ts';

/** Settings as somebody writes them in `bettertogether.json`. */
export type Written = Readonly<Record<string, unknown>>;

const facts = { rows: splits.train.length, modelsPerJob: 3 };
const endpoints = [{ embedded: true }, { embedded: false }];
const skills: readonly Skill[] = ['none', 'some', 'all'];

/** A step of the optimizer with these settings, through JSON, as a run keeps them. */
export function stepOf(optimizer: Optimizer, written: Written): Step {
  const kept = JSON.stringify(optimizer.resolve(written, { embedded: false }));
  return optimizer.step(optimizer.kind, JSON.parse(kept), facts);
}

/** The plan of a strategy, by what runs of the program as it is take. */
function planOf(steps: readonly Step[], skill: Skill): Plan {
  const usage = { inputTokens: 10, cachedInputTokens: 0, outputTokens: 2 };
  const record = { finishReason: 'stop', usage, key: 'k', model: 'base', cached: false, seconds: 0 } as const;
  const call = { predictor: 'a', inputs: {}, outputs: {}, lm: [record], path: [], start: 0, seconds: 0 };
  const run = { trace: [call, call], correct: skill === 'all' };
  const sizes = { train: splits.train.length, dev: splits.dev.length, test: splits.test.length };
  const settings = { strategy: steps, seed: 3, threshold: 1, metricRange: [0, 1], model: 'base' } as const;
  const prices = { call: () => 0, training: () => 0 };
  return makePlan(settings, sizes, sampleOf([run], 0, Object.keys(start.predictors).length), prices);
}

const of = <T extends RunEvent['type']>({ journal }: Optimized, type: T) => journal.of(type);

/** Calls of a whole run, its scores included, and jobs. */
function tookAtMost({ lm }: Optimized, jobs: number, plan: Plan): void {
  expect(lm.paid.length).toBeLessThanOrEqual(plan.calls.most);
  expect(jobs).toBeLessThanOrEqual(plan.jobs);
}

/**
 * Each step and the scores of what it ends in took no more, as they say themselves, than was planned for them: a step may
 * have run what is scored already, and then scoring is free.
 */
function stepsTookAtMost(done: Optimized, plan: Plan): void {
  for (const { prefix } of of(done, 'step.finished')) {
    const planned = plan.steps.filter((step) => step.prefix === prefix).map(({ calls }) => calls);
    const took = [...of(done, 'step.finished'), ...of(done, 'evaluated')].filter((event) => event.prefix === prefix);
    expect(sum(took.map(({ usage }) => usage.calls)), prefix).toBeLessThanOrEqual(sum(planned.map(({ most }) => most)));
    for (const { expected, most } of planned) expect(expected, prefix).toBeLessThanOrEqual(most);
  }
  const rowSets = [...of(done, 'rows.collected'), ...of(done, 'policy.updated')];
  for (const prefix of new Set(rowSets.map((event) => event.prefix))) {
    const planned = plan.steps.find((step) => step.prefix === prefix && step.work === 'step')!;
    const rows = sum(rowSets.filter((event) => event.prefix === prefix).map((event) => event.rows));
    expect(rows, prefix).toBeLessThanOrEqual(planned.job!.rows.most);
  }
}

/** What each strategy of steps keeps, whichever optimizers they are of. */
export function strategyContract(name: string, steps: () => readonly Step[]): void {
  describe(`${name}, as a strategy`, () => {
    const others = (['some', 'all'] as const).map((skill) => [skill] as const);

    it.each(skills)('takes no more than its plan says, where %s of the answers are right', async (skill) => {
      const world = newWorld(skill);
      const done = await optimize(world, steps());
      const plan = planOf(steps(), skill);
      tookAtMost(done, world.trainer.jobs.length, plan);
      stepsTookAtMost(done, plan);
    });

    it.each(others)('makes no call and no job when it is run again, and ends the same (%s)', async (skill) => {
      const world = newWorld(skill);
      const first = await optimize(world, steps());
      const jobs = world.trainer.jobs.length;
      const again = await optimize(world, steps());
      expect([again.lm.paid.length, world.trainer.jobs.length]).toEqual([0, jobs]);
      expect(again.stages).toEqual(first.stages);
    });

    it('ends the same with one call in flight as with many', async () => {
      const [one, many] = [newWorld('some'), newWorld('some')];
      const alone = await optimize(one, steps(), { inFlight: 1 });
      const together = await optimize(many, steps(), { inFlight: 64 });
      expect(together.stages).toEqual(alone.stages);
    });

    it('ends when it is told to, asks nothing after that, and ends the same when it is resumed', async () => {
      const undisturbed = await optimize(newWorld('some'), steps());
      const reason = new Cancelled('Stopped by `bettertogether cancel`.');
      const calls = undisturbed.lm.paid.length;
      for (const at of [1, Math.ceil(calls / 3), Math.floor((calls * 2) / 3)]) {
        const world = newWorld('some');
        const stop = new AbortController();
        let after = 0;
        const onCall = (count: number) => {
          if (stop.signal.aborted) after++;
          if (count === at) stop.abort(reason);
        };
        await expect(optimize(world, steps(), { signal: stop.signal, onCall })).rejects.toBe(reason);
        expect(after).toBe(0);
        expect((await optimize(world, steps())).stages).toEqual(undisturbed.stages);
      }
    });

    it('stops where the endpoint is gone, and ends the same when it is back', async () => {
      const undisturbed = await optimize(newWorld('some'), steps());
      const world = newWorld('some');
      const gone = new EndpointUnavailable('The endpoint is gone.');
      let done: Optimized | null = null;
      let stops = 0;
      // Each time it gets a little further.
      while (done === null) {
        const onCall = (count: number) => {
          if (count > 40) throw gone;
        };
        done = await optimize(world, steps(), { onCall }).catch((error: unknown) => {
          expect(error).toBe(gone);
          stops++;
          return null;
        });
      }
      expect(stops).toBeGreaterThan(0);
      expect(done.stages).toEqual(undisturbed.stages);
      expect(world.trainer.jobs.length).toBeLessThanOrEqual(planOf(steps(), 'some').jobs);
    });

    it('leaves the state it starts from as it is, and the predictors that there are', async () => {
      const before = stateHash(start);
      const { stages } = await optimize(newWorld('some'), steps());
      expect(stateHash(start)).toBe(before);
      expect(stages[0]).toMatchObject({ prefix: '', state: start });
      expect(stages.map(({ prefix }) => prefix)).toEqual(prefixesOf(namesOf(steps())));
      const names = Object.keys(start.predictors);
      for (const { state } of stages) expect(Object.keys(state?.predictors ?? {})).toEqual(names);
    });
  });
}

/** @param cases settings that somebody may write, the empty ones among them. */
export function optimizerContract(optimizer: Optimizer, cases: readonly Written[]): void {
  describe(`${optimizer.kind} (${optimizer.title}), as an optimizer`, () => {
    const names = cases.map((written) => [JSON.stringify(written), written] as const);

    it('says of each setting what it is for, in a schema that editors read, and which it needs', () => {
      const schema = z.toJSONSchema(optimizer.written, { io: 'input' });
      const properties = Object.entries(schema.properties ?? {}) as [string, { readonly description?: string }][];
      expect(properties.length).toBeGreaterThan(0);
      expect(properties.filter(([, { description = '' }]) => !/\w{3}/.test(description))).toEqual([]);
      expect(schema.additionalProperties).toBe(false);
      expect((schema.required ?? []).length === 0).toBe(optimizer.standsAlone);
    });

    it.each(names)('keeps settings whole through JSON, with every default: %s', (_, written) => {
      for (const endpoint of endpoints) {
        const resolved = optimizer.resolve(written, endpoint);
        expect(JSON.parse(JSON.stringify(resolved))).toEqual(resolved);
        const properties = Object.keys(z.toJSONSchema(optimizer.written, { io: 'input' }).properties ?? {});
        expect(Object.keys(resolved)).toEqual(expect.arrayContaining(properties));
        expect(resolved).toMatchObject(written);
        expect(optimizer.resolve(written, endpoint)).toEqual(resolved);
        expect(optimizer.step('mine', resolved, facts)).toMatchObject({
          ...{ name: 'mine', kind: optimizer.kind, title: optimizer.title, changes: optimizer.changes },
        });
      }
    });

    it('refuses settings that it does not know, and those of another version, by name', () => {
      expect(() => optimizer.resolve({ ...cases[0], noSuchSetting: 1 }, endpoints[0]!)).toThrow(/noSuchSetting/);
      const resolved = optimizer.resolve(cases[0] ?? {}, endpoints[0]!);
      const [first] = Object.keys(resolved) as [string];
      for (const other of [null, {}, { ...resolved, [first]: { of: 'another version' } }]) {
        expect(() => optimizer.step('mine', other, facts)).toThrow(UsageError);
        expect(() => optimizer.step('mine', other, facts)).toThrow(/step "mine"/);
      }
    });

    it.each(names)(
      'changes what it says, tells of each candidate, and ends in the one that it chose: %s',
      async (_, written) => {
        const step = stepOf(optimizer, written);
        const done = await optimize(newWorld('some'), [step]);
        const { prefix, candidate } = of(done, 'step.finished')[0]!;
        expect(prefix).toBe(optimizer.kind);
        const started = of(done, 'candidate.started');
        expect(started.map((one) => one.candidate)).toEqual([...new Set(started.map((one) => one.candidate))]);
        for (const { about, state } of started) {
          expect(JSON.parse(JSON.stringify(about))).toEqual(about);
          expect(optimizer.tell(about).name).toMatch(/\w/);
          expect(done.journal.states.has(state)).toBe(true);
        }
        const chosen = started.find((one) => one.candidate === candidate);
        expect(chosen?.state ?? null).toBe(candidate === null ? null : stateHash(done.last!));
        const search = of(done, 'step.started')[0]!.search;
        if (search?.candidates !== undefined) expect(started.length).toBeLessThanOrEqual(search.candidates);
        const models = Object.values(done.last!.predictors).map(({ model }) => model);
        if (optimizer.changes === 'prompts') expect(new Set(models)).toEqual(new Set(['base']));
        // Weights may be among the candidates as they were before.
        else if (chosen?.state !== stateHash(done.stages[0]!.state!)) expect(models).not.toContain('base');
      },
    );

    it('tells something of a candidate of which it knows nothing, as of a later version', () => {
      const { name, brief, facts: told } = optimizer.tell({});
      expect([typeof name, typeof brief, Array.isArray(told)]).toEqual(['string', 'string', true]);
    });
  });

  for (const written of cases) {
    const text = JSON.stringify(written);
    strategyContract(`${optimizer.kind} with ${text}`, () => [stepOf(optimizer, written)]);
    strategyContract(`${optimizer.kind} twice with ${text}`, () => [
      stepOf(optimizer, written),
      stepOf(optimizer, written),
    ]);
  }
}
