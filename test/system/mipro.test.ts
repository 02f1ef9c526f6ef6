/** A search over instructions and demo sets (mipro) through the command line, with a proposer that knows only its prompt. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runLocation } from '../../src/run/record/runFolder.ts';
import type { RunPlan } from '../../src/run/work/request.ts';
import type { FakeAnswer, FakeCall, FakeEndpoint } from '../fakes/fakeEndpoint.ts';
import { startFakeEndpoint } from '../fakes/fakeEndpoint.ts';
import { dspyPython } from './dspyPython.ts';
import { instructionsOf, python, student, words } from './instructed.ts';
import { resultOf } from './resultOf.ts';
import { Workspace } from './workspace.ts';

/** Twelve rows to learn from, nine to choose on: of each, a third that the program knows. */
const search = { kind: 'mipro', train: 12, validation: 9, trials: 14, candidates: 4, minibatch: 5, fullEvery: 5 };
const run = ['optimize', 'two', '--yes', '--json'];

const isProposal = ({ prompt }: Pick<FakeCall, 'prompt'>): boolean => prompt.includes('Your task is to write a better');
const isAboutData = ({ prompt }: FakeCall): boolean => /(Rows of|Notes about) a data set follow/.test(prompt);
const isAboutCode = ({ prompt }: FakeCall): boolean => prompt.includes('The code of a program follows');
const isOfProposer = (call: FakeCall): boolean => isProposal(call) || isAboutData(call) || isAboutCode(call);

/** The predictor whose instruction a proposal is asked for. */
const predictorOf = ({ prompt }: FakeCall): keyof typeof words =>
  /# The step\n\n(\w+): /.exec(prompt)![1] as keyof typeof words;

/** What it says depends on the prompt alone: some proposals help. */
function proposed(call: FakeCall): string {
  if (isAboutData(call)) return 'Rows hold a question and an answer.';
  if (isAboutCode(call)) return 'It gives a hint, and with that an answer.';
  const helps = call.prompt.includes('"answer"') || call.prompt.includes('"hint"');
  return `\`\`\`\nMind this (${call.prompt.length}).\n${helps ? words[predictorOf(call)] : 'Be brief.'}\n\`\`\``;
}

const lm: FakeAnswer = (call) => (isOfProposer(call) ? proposed(call) : student(call));

let fake: FakeEndpoint;
let workspace: Workspace;

interface Change {
  readonly strategy?: string;
  readonly steps?: Readonly<Record<string, object>>;
  /** Of the program's entry. */
  readonly settings?: object;
  readonly endpoint?: Readonly<Record<string, unknown>>;
}

function workspaceWith({ strategy = 'mipro', steps = { mipro: search }, settings, endpoint = {} }: Change = {}) {
  return new Workspace({ baseURL: fake.baseURL, strategy, endpoint, settings: { steps, ...settings } });
}

function change(more: Change): void {
  workspace.dispose();
  workspace = workspaceWith(more);
}

const found = {
  hint: expect.stringContaining(words.hint) as unknown,
  answer: expect.stringContaining(words.answer) as unknown,
};

beforeEach(async () => {
  fake = await startFakeEndpoint({ answer: lm });
  workspace = workspaceWith();
});
afterEach(async () => {
  workspace.dispose();
  await fake.close();
});

describe('a search over instructions and demo sets', () => {
  it('of a TypeScript program finds instructions that help, and is free when it is run again', async () => {
    const done = await workspace.run(run);
    const result = resultOf(done);
    expect(result.scores['']).toMatchObject({ dev: 33.33 });
    expect(result.scores['mipro']).toMatchObject({ dev: 100, test: 100 });
    expect(instructionsOf(result)).toEqual(found);
    const asked = fake.calls.filter(isProposal);
    expect(asked.map(predictorOf).toSorted()).toEqual(['answer', 'answer', 'answer', 'hint', 'hint', 'hint']);
    for (const { prompt } of asked) {
      for (const part of ['class Two extends Module', 'Rows hold a question', 'It gives a hint'])
        expect(prompt).toContain(part);
    }
    // Dev and test rows are for scores alone.
    for (const { prompt } of fake.calls.filter(isOfProposer)) expect(prompt).not.toMatch(/\b(dev|test) \d/);
    expect(done.stderr).toMatch(/^mipro: instruction and demo search on 40 examples$/m);
    expect(done.stderr).toMatch(/^mipro: candidate 1 \(as the step found it\): \d+\.\d % of 9$/m);
    expect(done.stderr).toMatch(
      /^mipro: candidate 2 \(instructions: .+; demos: .+; a minibatch of 5 rows\): \d+\.0 % of 5$/m,
    );
    expect(done.stderr).toMatch(/^mipro: 6 proposals: [56] to choose from/m);
    fake.reset();
    const again = resultOf(await workspace.run(run));
    expect([again.scores, again.state, again.usage.calls]).toEqual([result.scores, result.state, 0]);
    expect(fake.counters.completions).toBe(0);
  });

  it('of a DSPy program finds what DSPy then loads', async () => {
    change({ settings: { program: 'two.py#Two', metric: 'two.py#metric' } });
    workspace.write('two.py', python);
    const env = { BETTERTOGETHER_PYTHON: dspyPython() };
    // What code and prompts could take for their own.
    const odd = 'Mind {braces}, {{more}}, "quotes", \\\\n, `ticks`, <tags>, 100 % and 提示 😀.';
    fake.setAnswer((call) =>
      isProposal(call) ? proposed(call).replace(/\n```$/, `\n${odd}\n\`\`\``) : (lm(call) as string),
    );
    const result = resultOf(await workspace.run(run, env));
    expect(result.scores['mipro']).toMatchObject({ dev: 100, test: 100 });
    for (const { prompt } of fake.calls.filter(isProposal)) expect(prompt).toContain('class Two(dspy.Module)');
    const exported = await workspace.run(['export', 'latest', '--format', 'dspy'], env);
    workspace.write('state.json', exported.stdout);
    const load = 'import two; print(two.words_of("state.json"))';
    const loaded = spawnSync(dspyPython(), ['-c', load], { cwd: workspace.folder, encoding: 'utf8' });
    expect(loaded.stderr).toBe('');
    expect(JSON.parse(loaded.stdout)).toEqual(instructionsOf(result));
    expect(instructionsOf(result)['answer']!.endsWith(odd)).toBe(true);
  });

  it('takes no more than was planned, in all and of the proposer', async () => {
    const { stdout, stderr, code } = await workspace.run([...run, '--dry-run']);
    expect(code, stderr).toBe(0);
    const { plan } = JSON.parse(stdout) as RunPlan;
    const { calls } = plan.steps.find(({ prefix, work }) => prefix === 'mipro' && work === 'step')!;
    expect(calls.expected).toBeLessThanOrEqual(calls.most);
    const before = fake.counters.answered;
    resultOf(await workspace.run(run));
    const took = fake.counters.answered - before;
    expect(took).toBeLessThanOrEqual(plan.calls.most);
    expect(took).toBeGreaterThan(plan.calls.expected / 3);
    // Two looks at twelve rows and their summary, the program, two predictors, and three instructions of each.
    expect(fake.calls.filter(isOfProposer)).toHaveLength(3 + 1 + 2 + 6);
  });

  it('is refused before a call is made where its settings do not go together', async () => {
    change({ steps: { mipro: { kind: 'mipro', trials: 5 } } });
    const { code, stderr } = await workspace.run(run);
    expect(code).toBe(2);
    expect(stderr).toContain('"steps.mipro.trials" needs "steps.mipro.candidates" beside it');
    expect(fake.counters.completions).toBe(0);
  });
});

describe('a search over instructions and demo sets that is interrupted', () => {
  it('goes on after a kill with what an undisturbed run finds, and pays for no answer twice', async () => {
    const whole = resultOf(await workspace.run(run));
    const paid = fake.counters.answered;
    const asked = fake.calls.filter(isProposal).map(({ prompt }) => prompt);
    fake.reset();
    change({ endpoint: { concurrency: 1 } });
    // Killed in the midst of bootstraps and questions, and in the midst of trials.
    for (const [index, at] of [Math.floor(paid / 5), Math.floor(paid / 2)].entries()) {
      const { child, done } = workspace.start(index === 0 ? run : ['resume', 'latest', '--json']);
      await expect.poll(() => fake.counters.answered, { timeout: 60_000, interval: 1 }).toBeGreaterThanOrEqual(at);
      child.kill('SIGKILL');
      expect((await done).code).toBeNull();
    }
    const resumed = resultOf(await workspace.run(['resume', 'latest', '--json']));
    expect([resumed.scores, resumed.state]).toEqual([whole.scores, whole.state]);
    // What was in flight when the process died is asked for again: one call at a time here.
    expect(fake.counters.repeated).toBeLessThanOrEqual(2);
    expect(fake.counters.answered - fake.counters.repeated).toBeLessThanOrEqual(paid);
    const prompts = new Set(fake.calls.filter(isProposal).map(({ prompt }) => prompt));
    expect([...prompts].toSorted()).toEqual(asked.toSorted());
  });

  it('stops at a cap without going beyond it, and goes on from there', async () => {
    const whole = resultOf(await workspace.run(run));
    const paid = fake.counters.answered;
    for (const cap of [Math.floor(paid / 4), Math.floor((3 * paid) / 5)]) {
      fake.reset();
      change({});
      const stopped = await workspace.run([...run, '--budget-calls', String(cap)]);
      expect(stopped.code, stopped.stderr).toBe(3);
      expect(fake.counters.answered).toBeLessThanOrEqual(cap);
      const resumed = resultOf(await workspace.run(['resume', 'latest', '--json', '--budget-calls', '5000']));
      expect([resumed.scores, resumed.state]).toEqual([whole.scores, whole.state]);
      expect(fake.counters.repeated).toBe(0);
    }
  });
});

describe('a search over instructions and demo sets among other steps', () => {
  it('comes before and after w: the tuned model is searched on, and the base model proposes', async () => {
    fake.setAnswer((call) => (isOfProposer(call) ? proposed(call) : tunedStudent(call)));
    change({ strategy: 'mipro -> w -> mipro', steps: { mipro: { ...search, train: 18, validation: 22, trials: 20 } } });
    const { plan } = JSON.parse((await workspace.run([...run, '--dry-run'])).stdout) as RunPlan;
    const before = fake.counters.answered;
    const result = resultOf(await workspace.run(run));
    expect(fake.counters.answered - before).toBeLessThanOrEqual(plan.calls.most);
    expect(plan.calls.expected).toBeLessThanOrEqual(plan.calls.most);
    expect(result.scores['mipro']).toMatchObject({ dev: 66.67 });
    expect(result.scores['mipro -> w -> mipro']).toMatchObject({ dev: 100, test: 100 });
    expect(fake.calls.filter(isOfProposer).every(({ model }) => model === 'base')).toBe(true);
    const { folder } = runLocation(workspace.folder, result.run);
    const rows = readFileSync(join(folder, 'rows', 'mipro-w.jsonl'), 'utf8')
      .trim()
      .split('\n');
    const ofAnswers = rows.filter((row) => row.includes('starting with the field `[[ ## answer ## ]]`'));
    expect(ofAnswers.length).toBeGreaterThan(0);
    expect(ofAnswers.every((row) => row.includes(words.answer))).toBe(true);
    const trained = fake.calls.findIndex(({ model }) => model !== 'base');
    const after = fake.calls
      .slice(trained)
      .filter((call) => !isOfProposer(call) && /## \]\]\ntrain /.test(call.prompt));
    expect(after.length).toBeGreaterThan(0);
    expect(after.every(({ model }) => model.startsWith('ft'))).toBe(true);
    expect(fake.calls.slice(trained).filter(isProposal).length).toBeGreaterThan(0);
    expect(instructionsOf(result)).toMatchObject({ hint: found.hint });
  });
});

/** Before it is trained it makes nothing of the place that a hint names. */
function tunedStudent(call: FakeCall): string {
  if (call.model !== 'base') return student(call);
  return student({
    ...call,
    messages: call.messages.map((each) => ({ ...each, content: each.content.replace(', at the place', '') })),
  });
}
