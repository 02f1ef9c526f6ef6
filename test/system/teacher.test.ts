/** A larger LM at another endpoint teaches: its runs of the program are what p and w learn from. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { resultSchema } from '../../src/protocol.ts';
import { runLocation } from '../../src/run/record/runFolder.ts';
import type { RunPlan } from '../../src/run/work/request.ts';
import type { FakeCall, FakeEndpoint } from '../fakes/fakeEndpoint.ts';
import { startFakeEndpoint } from '../fakes/fakeEndpoint.ts';
import { dspyPython, two } from './dspyPython.ts';
import { lastJson, studentAnswer, Workspace } from './workspace.ts';

const key = { FAR_KEY: 'sk-far-0123456789abcdef' };
const teacher = { model: 'big', endpoint: 'far' };
const price = { input: 1, output: 1, training: 1 };
const run = ['optimize', 'two', '--yes', '--json'];

let fake: FakeEndpoint;
let far: FakeEndpoint;
let workspace: Workspace;

/** Knows all, and says whose hint it is. */
function teacherAnswer(call: FakeCall): string {
  return studentAnswer({ ...call, model: 'knows' }).replace('hint for', "the teacher's hint for");
}

interface Change {
  readonly strategy?: string;
  readonly taught?: object;
  /** Of the teacher's endpoint. */
  readonly prices?: Readonly<Record<string, object>>;
  readonly budget?: object;
}

function workspaceWith({ strategy = 'p -> w', taught = teacher, prices = {}, budget = {} }: Change = {}): Workspace {
  const made = new Workspace({ baseURL: fake.baseURL });
  const file = JSON.parse(readFileSync(join(made.folder, 'bettertogether.json'), 'utf8')) as {
    programs: { two: { p: object } };
    endpoints: { fake: object };
  };
  const p = { ...file.programs.two.p, maxLabeledDemos: 0, teacher: taught };
  const two = { ...file.programs.two, strategy, p, w: { teacher: taught }, budget };
  const endpoints = {
    fake: { ...file.endpoints.fake, prices: { base: price } },
    far: { kind: 'openai', baseURL: far.baseURL, apiKeyEnv: 'FAR_KEY', prices },
  };
  made.write('bettertogether.json', JSON.stringify({ programs: { two }, endpoints }));
  return made;
}

function change(more: Change): void {
  workspace.dispose();
  workspace = workspaceWith(more);
}

beforeEach(async () => {
  fake = await startFakeEndpoint({ answer: studentAnswer });
  far = await startFakeEndpoint({ models: ['big', 'bigger'], answer: teacherAnswer, apiKey: key.FAR_KEY });
  workspace = workspaceWith();
});
afterEach(async () => {
  workspace.dispose();
  await Promise.all([fake.close(), far.close()]);
});

describe('a teacher at another endpoint', () => {
  it('makes the demos and the training rows, and gets no score and no tuned model', async () => {
    const done = await workspace.run(run, key);
    const result = resultSchema.parse(lastJson(done));
    expect(result.scores['p -> w']).toMatchObject({ dev: 100, test: 100 });
    const { folder } = runLocation(workspace.folder, result.run);
    const states = readFileSync(join(folder, 'states.jsonl'), 'utf8');
    expect(states).toContain("the teacher's hint for train");
    expect(states).not.toContain('"hint":"hint for');
    const rows = readFileSync(join(folder, 'rows', 'p-w.jsonl'), 'utf8')
      .trim()
      .split('\n');
    expect(rows).toHaveLength(80);
    expect(rows.filter((row) => row.includes("the teacher's hint for train")).length).toBe(80);
    expect(new Set(far.calls.map(({ model }) => model))).toEqual(new Set(['big']));
    expect(far.calls.every(({ prompt }) => !/\[\[ ## question ## \]\]\n(dev|test) /.test(prompt))).toBe(true);
    expect(fake.calls.every(({ authorization }) => !(authorization ?? '').includes(key.FAR_KEY))).toBe(true);
    const models = Object.values(result.state.predictors).map(({ model }) => model);
    expect(models.every((model) => model.startsWith('ft-'))).toBe(true);
  });

  it('is on the bill at its own price, and its key is named before the run', async () => {
    const planned = async (more: Change) => {
      change(more);
      const { stdout, stderr, code } = await workspace.run([...run, '--dry-run'], key);
      expect(code, stderr).toBe(0);
      return JSON.parse(stdout) as RunPlan;
    };
    const dollars = async (each: number) => {
      const { plan } = await planned({ strategy: 'w', prices: { big: { input: each, output: each } } });
      return plan.steps.find(({ prefix, work }) => prefix === 'w' && work === 'step')!;
    };
    const [cheap, dear] = [await dollars(1), await dollars(11)];
    const tokens = cheap.inputTokens!.expected + cheap.outputTokens!.expected;
    expect(dear.usd!.expected - cheap.usd!.expected).toBeCloseTo((10 * tokens) / 1e6, 6);
    expect((await planned({})).plan.usd).toBeNull();
    const told = await workspace.run(['optimize', 'two', '--yes', '--dry-run'], key);
    expect(told.stdout).toContain('No price for "big" ("p.teacher") at endpoint "far": set endpoints.far.prices.');
    const host = new URL(far.baseURL).host;
    expect(told.stdout).toContain(
      `The key in FAR_KEY is sent to ${host} on this machine where the program asks there.`,
    );
    expect(far.counters.completions).toBe(0);
  });

  it('is paid for once: a run that stopped at its cap goes on, and the same run again is free', async () => {
    const whole = resultSchema.parse(lastJson(await workspace.run(run, key)));
    const paid = [fake.counters.completions, far.counters.completions];
    const again = resultSchema.parse(lastJson(await workspace.run(run, key)));
    expect(again).toMatchObject({ scores: whole.scores, usage: { calls: 0 } });
    fake.reset();
    far.reset();
    change({});
    expect((await workspace.run([...run, '--budget-calls', '90'], key)).code).toBe(3);
    expect(far.counters.completions).toBeGreaterThan(0);
    const resumed = await workspace.run(['resume', 'latest', '--yes', '--json', '--budget-calls', '5000'], key);
    const { scores, state } = resultSchema.parse(lastJson(resumed));
    expect({ scores, state }).toEqual({ scores: whole.scores, state: whole.state });
    expect(far.counters.completions).toBe(paid[1]);
  });

  it('is told from another one, and mixed with the program itself where that is asked for', async () => {
    change({ strategy: 'w' });
    await workspace.run(run, key);
    const collected = async (taught: object) => {
      const config = JSON.parse(readFileSync(join(workspace.folder, 'bettertogether.json'), 'utf8')) as {
        programs: { two: { w: object } };
      };
      config.programs.two.w = { teacher: taught };
      workspace.write('bettertogether.json', JSON.stringify(config));
      const { run: id } = resultSchema.parse(lastJson(await workspace.run(run, key)));
      const log = readFileSync(join(runLocation(workspace.folder, id).folder, 'events.jsonl'), 'utf8');
      return JSON.parse(/^.*"rows\.collected".*$/m.exec(log)![0]) as object;
    };
    far.reset();
    // Of forty rows the program knows fourteen.
    expect(await collected({ ...teacher, own: true })).toMatchObject({ tried: 40, correct: 40, rows: 2 * (40 + 14) });
    expect(far.counters.completions).toBe(0);
    expect(await collected({ ...teacher, model: 'bigger' })).toMatchObject({ tried: 40, correct: 40, rows: 80 });
    expect(far.callsFor('bigger')).toHaveLength(80);
  });

  it('teaches a DSPy program too', async () => {
    workspace.write('two.py', two);
    const config = JSON.parse(readFileSync(join(workspace.folder, 'bettertogether.json'), 'utf8')) as {
      programs: { two: object };
    };
    Object.assign(config.programs.two, { program: 'two.py#Two', metric: 'two.py#metric', strategy: 'w' });
    workspace.write('bettertogether.json', JSON.stringify(config));
    const done = await workspace.run(run, { ...key, BETTERTOGETHER_PYTHON: dspyPython() });
    const result = resultSchema.parse(lastJson(done));
    expect(result.scores['w']).toMatchObject({ dev: 100 });
    const rows = readFileSync(join(runLocation(workspace.folder, result.run).folder, 'rows', 'w.jsonl'), 'utf8');
    expect(
      rows
        .trim()
        .split('\n')
        .filter((row) => row.includes("the teacher's hint for train")),
    ).toHaveLength(80);
  });

  it('is refused, before anything is paid for, where it is unknown, the program itself, or without a price under a cap', async () => {
    const cases: readonly (readonly [Change, string])[] = [
      [{ taught: { model: 'big', endpoint: 'fra' } }, 'asks at endpoint "fra" ("p")'],
      [
        { taught: { model: 'base' } },
        '"p.teacher" names "base" at endpoint "fake", which is the LM of the program itself',
      ],
      [{ taught: { model: 'base', endpoint: 'fake' }, strategy: 'w' }, '"w.teacher" names "base" at endpoint "fake"'],
      [
        { budget: { usd: 1 } },
        'endpoint "far" has no price for "big" ("p.teacher"). Add it under endpoints.far.prices',
      ],
      [{ budget: { usd: 1 }, taught: { model: 'huge' } }, 'endpoint "fake" has no price for "huge" ("p.teacher")'],
      [{ taught: { endpoint: 'far' } }, '"programs.two.p.teacher.model"'],
      [{ taught: { ...teacher, mix: true } }, 'unknown key "mix" in "programs.two.p.teacher"'],
    ];
    for (const [more, message] of cases) {
      change(more);
      const { code, stderr } = await workspace.run(run, key);
      expect(stderr).toContain(message);
      expect(code).toBe(2);
    }
    expect([fake.counters.completions, far.counters.completions]).toEqual([0, 0]);
  });
});
