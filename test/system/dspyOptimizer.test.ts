/** DSPy's own optimizers as steps, compiled in a Python process each: on the fake endpoint, small. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Teleprompter } from '../../src/engine/teleprompter.ts';
import type { LoggedEvent, RunResult } from '../../src/protocol.ts';
import { loggedEventSchema } from '../../src/protocol.ts';
import type { FakeCall, FakeEndpoint } from '../fakes/fakeEndpoint.ts';
import { startFakeEndpoint } from '../fakes/fakeEndpoint.ts';
import { UsageError } from '../../src/base/errors.ts';
import { loadTeleprompter } from '../../src/host/teleprompterHost.ts';
import { dspyPython, two } from './dspyPython.ts';
import { resultOf } from './resultOf.ts';
import type { Finished } from './workspace.ts';
import { Workspace } from './workspace.ts';

const repository = fileURLToPath(new URL('../..', import.meta.url));

const words = 'Look it up.';

/** Optimizers as users write them. */
const optimizers = `import os

import dspy


def simba(metric, seed):
    return dspy.SIMBA(metric=metric, bsize=6, num_candidates=2, max_steps=1, max_demos=2)


def copro(metric):
    return dspy.COPRO(metric=metric, breadth=2, depth=1)


def mipro(metric, seed):
    return dspy.MIPROv2(metric=metric, auto=None, num_candidates=2, seed=seed, max_labeled_demos=1,
                        max_bootstrapped_demos=1)


def gepa(seed):
    return dspy.GEPA(metric=words, max_metric_calls=40, reflection_lm=dspy.LM('openai/base'), seed=seed)


def words(gold, pred, trace=None, pred_name=None, pred_trace=None):
    score = float(gold.answer == pred.answer)
    return dspy.Prediction(score=score, feedback='Good.' if score else '${words}')


def tuner():
    return dspy.BootstrapFinetune()


def nothing():
    return None


def broken():
    return 1 / 0


class Stubborn(dspy.teleprompt.Teleprompter):
    """Goes on whatever happens."""

    def compile(self, student, *, trainset, valset=None):
        print('rows:', [each.question for each in [*trainset, *valset]])
        while True:
            try:
                for each in trainset:
                    student(question=each.question + ' again' * self.times)
            except Exception:
                pass
            self.times += 1

    times = 0


class Raises(dspy.teleprompt.Teleprompter):
    def compile(self, student, *, trainset):
        raise ValueError('not today')


class Exits(dspy.teleprompt.Teleprompter):
    def compile(self, student, *, trainset):
        os._exit(3)
`;

/**
 * The LM of the program and of every proposer. The base model knows every third row, by chance (DSPy's `rollout_id` is a
 * seed) every second; a tuned one knows the others; whoever is told to look, or is shown demos, knows all.
 */
function answer({ messages, model, seed }: FakeCall): string {
  const asked = messages.at(-1)!.content;
  const fields = [...asked.matchAll(/`\[\[ ## (\w+) ## \]\]`/g)].map(([, field]) => field!);
  if (fields.length === 0) return JSON.stringify({ new_instruction: words });
  const [, split, id] = /\[\[ ## question ## \]\]\n(\w+) (\d+)/.exec(asked) ?? [];
  const looks =
    messages.some(({ content }) => content.includes(words)) || messages.length > 2 || (seed !== null && seed % 2 === 0);
  const knows = looks || (Number(id) % 3 === 0) === (model === 'base');
  const values: Readonly<Record<string, string>> = {
    hint: `hint for ${split} ${id}${looks ? `. ${words}` : ''}`,
    answer: knows ? `a ${split} ${id}` : 'no idea',
    module_advice: JSON.stringify({ hint: words, answer: words }),
  };
  const said = fields
    .filter((field) => field !== 'completed')
    .map((field) => `[[ ## ${field} ## ]]\n${values[field] ?? `${words} (${field})`}\n`);
  return `${said.join('\n')}\n[[ ## completed ## ]]`;
}

let fake: FakeEndpoint;
let workspace: Workspace;
const python = { BETTERTOGETHER_PYTHON: dspyPython() };

interface Change {
  readonly steps: Readonly<Record<string, object>>;
  readonly strategy?: string;
  /** Of the program's entry. */
  readonly settings?: object;
  readonly endpoint?: Readonly<Record<string, unknown>>;
  readonly text?: string;
}

function workspaceWith(
  { steps, strategy, settings, endpoint = {}, text = optimizers }: Change,
  { baseURL }: Pick<FakeEndpoint, 'baseURL'> = fake,
): Workspace {
  const made = new Workspace({
    ...{ baseURL, endpoint, strategy: strategy ?? Object.keys(steps)[0]! },
    settings: { program: 'two.py#Two', metric: 'two.py#metric', steps, ...settings },
  });
  made.write('two.py', two);
  made.write('optimizers.py', text);
  return made;
}

const step = (name: string, more: object = {}): object => ({
  ...{ kind: 'dspy', optimizer: `optimizers.py#${name}`, calls: 400, train: 12, validation: 9 },
  ...more,
});

const optimize = ['optimize', 'two', '--yes', '--json'];

function run(args: readonly string[] = optimize): Promise<Finished> {
  return workspace.run(args, python);
}

function eventsOf({ run: id }: RunResult): readonly LoggedEvent[] {
  const log = readFileSync(join(workspace.folder, '.bettertogether', 'runs', id, 'events.jsonl'), 'utf8');
  return log
    .trim()
    .split('\n')
    .map((line) => loggedEventSchema.parse(JSON.parse(line)));
}

/** The result of the same run elsewhere. */
async function undisturbed(change: Change): Promise<RunResult> {
  const endpoint = await startFakeEndpoint({ answer });
  const elsewhere = workspaceWith(change, endpoint);
  try {
    const result = resultOf(await elsewhere.run(optimize, python));
    expect(endpoint.counters.repeated).toBe(0);
    return result;
  } finally {
    elsewhere.dispose();
    await endpoint.close();
  }
}

/** Dev and test rows, two predictors each: the tuned model is scored first. */
const scoringCalls = 54;

/** Kills the run while the step between the weight steps works. */
async function killedAndResumed(): Promise<RunResult> {
  const { child, done } = workspace.start(optimize, python);
  let behind = 0;
  fake.setAnswer((call) => {
    if (fake.jobs.length === 1 && ++behind === scoringCalls + 30) child.kill('SIGKILL');
    return answer(call);
  });
  await done;
  return resultOf(await run(['resume', 'latest', '--yes', '--json']));
}

beforeEach(async () => {
  fake = await startFakeEndpoint({ answer });
});
afterEach(async () => {
  workspace.dispose();
  await fake.close();
});

const nothing = (): void => undefined;

const warningsOf = (result: RunResult): readonly string[] =>
  eventsOf(result).flatMap((event) => (event.type === 'warning' ? [event.message] : []));

const candidatesOf = (result: RunResult): readonly LoggedEvent[] =>
  eventsOf(result).filter(({ type }) => type === 'candidate.started');

describe("an optimizer of DSPy's", () => {
  it.each([
    ['simba', {}],
    ['copro', {}],
    ['mipro', { num_trials: 2, minibatch: false }],
    ['gepa', {}],
  ])(
    '%s is a step between two w, on the tuned model; killed and resumed it ends as it would have',
    async (name, compile) => {
      const change = {
        ...{ steps: { theirs: step(name, { compile }) }, strategy: 'w -> theirs -> w', endpoint: { concurrency: 2 } },
      };
      workspace = workspaceWith(change);
      // Beside each other: most of the time goes into loading DSPy.
      const [whole, result] = await Promise.all([undisturbed(change), killedAndResumed()]);
      expect({ scores: result.scores, state: result.state }).toEqual({ scores: whole.scores, state: whole.state });
      // The second w goes on with instructions that were found, and without the demos, which are all that SIMBA found.
      const kept = name === 'simba' ? 66.67 : 100;
      const dev = ['', 'w', 'w -> theirs', 'w -> theirs -> w'].map((prefix) => result.scores[prefix]!.dev);
      expect(dev).toEqual([33.33, 66.67, 100, kept]);
      // What was in flight alone was asked twice.
      expect(fake.counters.repeated).toBeLessThanOrEqual(2);
      const started = eventsOf(result).flatMap((event) => (event.type === 'step.started' ? [event.prefix] : []));
      expect(started).toEqual(['w', 'w -> theirs', 'w', 'w -> theirs', 'w -> theirs -> w']);
      // Behind the first trace for training none is on the base model, but for the LM that GEPA's author named.
      const models = Object.keys(fake.counters.byModel).filter((model) => model !== 'base');
      expect([models.length, fake.counters.jobsCreated]).toEqual([2, 2]);
      const behind = fake.calls.slice(fake.calls.findIndex(({ model }) => model === models[0]));
      const others = behind.filter(({ model }) => model === 'base');
      expect(others.filter(({ prompt }) => prompt.includes('[[ ## question ## ]]'))).toEqual([]);
      expect(new Set(Object.values(result.state.predictors).map(({ model }) => model))).toEqual(new Set([models[1]]));
      // SIMBA evaluates nothing: it runs the program itself.
      expect(candidatesOf(result).length > 0).toBe(name !== 'simba');
      const said = warningsOf(result).join('\n');
      expect(said.includes('takes no validation set, so all 21 rows are for training')).toBe(
        name === 'simba' || name === 'copro',
      );
      expect(/prefix/.test(said)).toBe(name === 'copro');
      expect(said).not.toContain('another way');
    },
  );

  it('is priced, shown, and done again for nothing', async () => {
    const compile = { num_trials: 2, minibatch: false };
    workspace = workspaceWith({ steps: { theirs: step('mipro', { compile }) } });
    const planned = await run(['optimize', 'two', '--yes', '--dry-run']);
    expect(planned.stdout).toMatch(/^theirs +DSPy optimizer +400 /m);
    const first = await run(optimize.slice(0, -1));
    expect(first.stderr).toMatch(/theirs: candidate \d+ \(.*on validation rows\): [\d.]+ % of 9/);
    const paid = fake.counters.completions;
    const again = resultOf(await run());
    expect([again.usage.calls, fake.counters.completions]).toEqual([0, paid]);
    const chosen = eventsOf(again).find(({ type }) => type === 'step.finished');
    expect(candidatesOf(again)).toContainEqual(
      expect.objectContaining({ candidate: (chosen as { candidate: number }).candidate }),
    );
  });

  it('goes on where a cap stopped it, paying for nothing twice', async () => {
    const steps = { theirs: step('simba') };
    workspace = workspaceWith({ steps });
    const whole = resultOf(await run());
    const paid = fake.counters.completions;
    fake.reset();
    workspace.dispose();
    workspace = workspaceWith({ steps });
    expect((await run([...optimize, '--budget-calls', '120'])).code).toBe(3);
    const resume = ['resume', 'latest', '--yes', '--json', '--budget-calls', '5000'];
    workspace.write('optimizers.py', optimizers.replace('max_demos=2', 'max_demos=1'));
    const changed = await run(resume);
    expect(changed.stderr).toContain('the source optimizers.py changed');
    expect(changed.code).toBe(2);
    workspace.write('optimizers.py', optimizers);
    const resumed = resultOf(await run(resume));
    expect({ scores: resumed.scores, state: resumed.state }).toEqual({ scores: whole.scores, state: whole.state });
    expect([fake.counters.completions, fake.counters.repeated]).toEqual([paid, 0]);
    expect(warningsOf(resumed).join()).not.toContain('another way');
  });

  it('goes on where the run was killed; what was in flight alone is asked again', async () => {
    workspace = workspaceWith({ steps: { theirs: step('simba') }, endpoint: { concurrency: 2 } });
    const { child, done } = workspace.start(optimize, python);
    fake.setAnswer((call) => {
      if (call.index === 110) child.kill('SIGKILL');
      return answer(call);
    });
    await done;
    const resumed = resultOf(await run(['resume', 'latest', '--yes', '--json']));
    expect(resumed.scores['theirs']).toMatchObject({ dev: 100 });
    expect(fake.counters.repeated).toBeLessThanOrEqual(2);
    expect(warningsOf(resumed).join()).not.toContain('another way');
  });

  it('ends at its limit although its code catches everything, and its rows are of train alone', async () => {
    workspace = workspaceWith({ steps: { theirs: step('Stubborn', { calls: 60 }) } });
    const { code, stderr } = await run();
    expect(stderr).toContain('optimizers.py#Stubborn asks for more than 60 LM calls');
    expect(stderr).toContain('Raise "steps.theirs.calls" in bettertogether.json');
    expect(code).toBe(1);
    const [, rows = ''] = /rows: (\[.*\])/.exec(stderr) ?? [];
    expect(rows.match(/'train \d+'/g)).toHaveLength(21);
    expect(rows).not.toMatch(/dev|test/);
  });

  it('is stopped with the run although its code catches everything', async () => {
    workspace = workspaceWith({ steps: { theirs: step('Stubborn', { calls: 1_000_000 }) } });
    const { child, done } = workspace.start(optimize, python);
    child.stderr!.on('data', (bytes: Buffer) => {
      if (bytes.toString().includes('rows: [')) child.kill('SIGINT');
    });
    const { code, stderr } = await done;
    expect(code, stderr).toBe(130);
    expect(stderr).not.toContain('failed');
  });

  it('asks an LM that it made at the endpoint with its address', async () => {
    const writer = await startFakeEndpoint({ answer, models: ['writer'] });
    try {
      const lm = `dspy.LM('openai/writer', api_base='${writer.baseURL}', api_key='none')`;
      const text = optimizers.replace('breadth=2,', `breadth=2, prompt_model=${lm},`);
      workspace = workspaceWith({ steps: { theirs: step('copro') }, text });
      const file = join(workspace.folder, 'bettertogether.json');
      const config = JSON.parse(readFileSync(file, 'utf8')) as { endpoints: object };
      const endpoints = { ...config.endpoints, far: { kind: 'openai', baseURL: writer.baseURL } };
      workspace.write('bettertogether.json', JSON.stringify({ ...config, endpoints }));
      const result = resultOf(await run());
      expect(result.scores['theirs']).toMatchObject({ dev: 100 });
      expect(writer.counters.byModel).toEqual({ writer: writer.counters.completions });
      expect(writer.counters.completions).toBeGreaterThan(0);
      expect(fake.calls.filter(({ prompt }) => prompt.includes('[[ ## proposed_instruction ## ]]'))).toEqual([]);
    } finally {
      await writer.close();
    }
  });

  it('is refused before anything is paid for', async () => {
    workspace = workspaceWith({ steps: { theirs: step('tuner') } });
    const { code, stderr } = await run();
    expect(stderr).toContain('BootstrapFinetune');
    expect(stderr).toMatch(/step.*"w"/);
    expect([code, fake.counters.completions]).toEqual([2, 0]);
    const compared = await run(['compare', 'two', '--strategies', 'p,theirs', '--seeds', '0', '--yes']);
    expect(compared.stderr).toContain('BootstrapFinetune');
    expect([compared.code, fake.counters.completions]).toEqual([2, 0]);
    workspace.dispose();
    workspace = workspaceWith({
      steps: { theirs: step('simba') },
      settings: { program: 'program.ts#Two', metric: 'program.ts#metric' },
    });
    const typescript = await run();
    expect(typescript.stderr).toContain('"steps.theirs" of "two" in');
    expect(typescript.stderr).toContain('the program is in TypeScript');
    expect(typescript.code).toBe(2);
  });

  /** The optimizer, loaded as a run loads it. */
  async function loaded(name: string, compile: Readonly<Record<string, number>> = {}): Promise<Teleprompter> {
    workspace = workspaceWith({ steps: { theirs: step(name) } });
    const { teleprompter } = await loadTeleprompter({
      ...{ workspace: workspace.folder, program: 'two.py#Two', metric: 'two.py#metric' },
      ...{ adapter: 'chat', guided: 'auto', frozen: [], metricRange: [0, 1], model: 'base' },
      optimizer: `optimizers.py#${name}`,
      compileArguments: [compile],
      launcher: join(repository, 'python', 'host', 'launch.py'),
      python: dspyPython(),
    });
    return teleprompter;
  }

  it.each([
    ['nothing', {}, /optimizers\.py#nothing .*no optimizer/],
    ['broken', {}, /optimizers\.py:\d+.*division by zero/],
    ['missing', {}, /optimizers\.py.*missing/],
    ['mipro', { num_trialz: 2 }, /compile\.num_trialz.*num_trials/],
  ])('is checked when it is loaded: %s with %j', async (name, compile, message) => {
    const loading = loaded(name, compile);
    await expect(loading).rejects.toThrow(message);
    await expect(loading).rejects.toBeInstanceOf(UsageError);
  });

  it.each([
    ['Raises', /Raises\.compile failed: ValueError: not today \(.*optimizers\.py:\d+\)/],
    ['Exits', /optimizers\.py#Exits ended its process \(exit code 3\)/],
  ])('says where its code fails while it compiles: %s', async (name, message) => {
    const teleprompter = await loaded(name);
    const prompt = { instructions: 'Do it.', demos: [], model: 'base' };
    const request = {
      ...{ state: { predictors: { hint: prompt, answer: prompt } }, train: [], validation: [] },
      ...{ arguments: {}, seed: 0, threads: 2 },
    };
    const work = {
      ...{ complete: () => Promise.reject(new Error('No LM is here.')), evaluationStarted: nothing },
      ...{ evaluationFinished: nothing, ran: nothing },
    };
    await expect(teleprompter.compile(request, work, new AbortController().signal)).rejects.toThrow(message);
  });
});
