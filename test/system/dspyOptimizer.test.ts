/** DSPy's own optimizers as steps, compiled in a Python process each: on the fake endpoint, small. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LoggedEvent, RunResult } from '../../src/protocol.ts';
import { loggedEventSchema, resultSchema } from '../../src/protocol.ts';
import type { FakeCall, FakeEndpoint } from '../fakes/fakeEndpoint.ts';
import { startFakeEndpoint } from '../fakes/fakeEndpoint.ts';
import { dspyPython, two } from './dspyPython.ts';
import type { Finished } from './workspace.ts';
import { lastJson, Workspace } from './workspace.ts';

const words = 'Look it up.';

/** Optimizers as users write them, beside the program. */
const program = `${two}

def simba(metric, seed):
    return dspy.SIMBA(metric=metric, bsize=6, num_candidates=2, max_steps=1, max_demos=2)


def copro(metric):
    return dspy.COPRO(metric=metric, breadth=2, depth=1)


def mipro(metric, seed):
    return dspy.MIPROv2(metric=metric, auto=None, num_candidates=2, seed=seed, max_labeled_demos=1,
                        max_bootstrapped_demos=1)


def gepa(metric, seed):
    return dspy.GEPA(metric=words, max_metric_calls=30, reflection_lm=dspy.LM('openai/base'), seed=seed)


def words(gold, pred, trace=None, pred_name=None, pred_trace=None):
    score = float(gold.answer == pred.answer)
    return dspy.Prediction(score=score, feedback='Good.' if score else '${words}')
`;

/**
 * The LM of the program and of every proposer. The base model knows every third row, by chance (DSPy's `rollout_id` is a
 * seed) every second; a tuned one knows the others; whoever is told to look, or is shown demos, knows all.
 */
function answer({ messages, model, seed }: FakeCall): string {
  const asked = messages.at(-1)!.content;
  const fields = [...asked.matchAll(/`\[\[ ## (\w+) ## \]\]`/g)].map(([, field]) => field!);
  if (fields.length === 0) return `\`\`\`\n${words}\n\`\`\``;
  const [, split, id] = /\[\[ ## question ## \]\]\n(\w+) (\d+)/.exec(asked) ?? [];
  const looks = messages[0]!.content.includes(words) || messages.length > 2 || (seed !== null && seed % 2 === 0);
  const knows = looks || (Number(id) % 3 === 0) === (model === 'base');
  const values: Readonly<Record<string, string>> = {
    hint: `hint for ${split} ${id}`,
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

function workspaceWith({ steps, strategy, settings, endpoint = {}, text = program }: Change): Workspace {
  const made = new Workspace({
    ...{ baseURL: fake.baseURL, endpoint, strategy: strategy ?? Object.keys(steps)[0]! },
    settings: { program: 'two.py#Two', metric: 'two.py#metric', steps, ...settings },
  });
  made.write('two.py', text);
  return made;
}

const step = (name: string, more: object = {}): object => ({
  ...{ kind: 'dspy', optimizer: `two.py#${name}`, calls: 400, train: 12, validation: 9 },
  ...more,
});

const optimize = ['optimize', 'two', '--yes', '--json'];

function run(args: readonly string[] = optimize): Promise<Finished> {
  return workspace.run(args, python);
}

/** The result of a run that came to its end. */
function resultOf(finished: Finished): RunResult {
  expect(finished.code, finished.stderr).toBe(0);
  return resultSchema.parse(lastJson(finished));
}

function eventsOf({ run: id }: RunResult): readonly LoggedEvent[] {
  const log = readFileSync(join(workspace.folder, '.bettertogether', 'runs', id, 'events.jsonl'), 'utf8');
  return log
    .trim()
    .split('\n')
    .map((line) => loggedEventSchema.parse(JSON.parse(line)));
}

beforeEach(async () => {
  fake = await startFakeEndpoint({ answer });
});
afterEach(async () => {
  workspace.dispose();
  await fake.close();
});

describe("an optimizer of DSPy's", () => {
  it.each(['simba', 'copro', 'mipro', 'gepa'])('%s is a step before w and after it', async (name) => {
    const compile = name === 'mipro' ? { num_trials: 2, minibatch: false } : {};
    workspace = workspaceWith({ steps: { [name]: step(name, { compile }) }, strategy: `${name} -> w -> ${name}` });
    const finished = await run();
    const result = resultOf(finished);
    console.log(finished.stderr, JSON.stringify(result.scores), fake.counters);
    for (const e of eventsOf(result)) if (!['example', 'usage'].includes(e.type)) console.log(JSON.stringify(e));
  });
});
