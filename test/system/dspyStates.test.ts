/** States of DSPy programs out of a run, into the user's own DSPy, and back: every example scores the same. */
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LoggedEvent } from '../../src/protocol.ts';
import { resultSchema } from '../../src/protocol.ts';
import type { RunResult } from '../../src/protocol.ts';
import type { ShownPrompt } from '../../src/run/work/request.ts';
import { startFakeEndpoint } from '../fakes/fakeEndpoint.ts';
import type { FakeCall, FakeEndpoint } from '../fakes/fakeEndpoint.ts';
import { dspyPython } from './dspyPython.ts';
import { lastJson, Workspace } from './workspace.ts';

/** A frozen sub-module, a list, a dict, typed fields, an LM of its own, and a parameter that is no predictor. */
const program = `from typing import Literal

import dspy


class Look(dspy.Module):
    def __init__(self):
        super().__init__()
        self.look = dspy.Predict('question -> hint')
        self._compiled = True

    def forward(self, question):
        return self.look(question=question)


class Shapes(dspy.Module):
    def __init__(self):
        super().__init__()
        self.look = Look()
        self.retrieve = dspy.Retrieve(k=2)
        self.hops = [dspy.ChainOfThought('question, hint -> notes: list[str]') for _ in range(2)]
        self.by = {'answer': dspy.Predict('question, notes: list[str] -> answer, sure: Literal["yes", "no"]')}
        self.second = dspy.Predict('question -> opinion')
        self.second.lm = dspy.LM('openai/big', temperature=0.3)

    def forward(self, question):
        hint = self.look(question=question).hint
        for hop in self.hops:
            notes = hop(question=question, hint=hint).notes
            hint = notes[0]
        self.second(question=question)
        return self.by['answer'](question=question, notes=notes)


def metric(example, prediction, trace=None):
    return prediction.answer == example.answer
`;

const data = `import dspy


def rows(split, count):
    made = [dspy.Example(question=f'{split} {i}', answer=f'a {split} {i}', source='made') for i in range(count)]
    return [row.with_inputs('question') for row in made]


train = rows('train', 24)


def dev():
    return rows('dev', 10)


def test():
    return (row for row in rows('test', 10))
`;

/** The base model knows every third row, a tuned one three of four. */
function answer({ messages, model }: FakeCall): string {
  const asked = messages.at(-1)!.content;
  const [, question = '', id = ''] = /\[\[ ## question ## \]\]\n(\w+ (\d+))/.exec(asked) ?? [];
  const fields = [...asked.slice(asked.lastIndexOf('Respond with')).matchAll(/`\[\[ ## (\w+) ## \]\]`/g)];
  const knows = model === 'base' ? Number(id) % 3 === 0 : Number(id) % 4 !== 1;
  const values: Readonly<Record<string, string>> = {
    notes: `["note on ${question}", "«two»"]`,
    answer: knows ? `a ${question}` : 'no idea',
    sure: knows ? 'yes' : 'no',
  };
  const blocks = fields
    .slice(0, -1)
    .map(([, name]) => `[[ ## ${name} ## ]]\n${values[name!] ?? `${name} of ${question}`}`);
  return [...blocks, '[[ ## completed ## ]]'].join('\n\n');
}

const native = `
import json
from data import test
from program import metric

print(json.dumps([float(metric(row, program(**row.inputs()))) for row in test()]))
`;

describe('a DSPy program of many shapes, on data made in code', () => {
  let fake: FakeEndpoint;
  let workspace: Workspace;
  let python = '';
  let result: RunResult;
  let loading = '';
  const run = (...args: string[]) => workspace.run(args, { BETTERTOGETHER_PYTHON: python });
  const asked = (split: string) =>
    fake.calls.filter(({ messages }) => messages.at(-1)?.content.includes(`\n${split} `));
  const texts = (calls: readonly FakeCall[]) =>
    calls.map(({ model, messages }) => JSON.stringify([model, messages])).sort();

  beforeAll(async () => {
    python = dspyPython();
    fake = await startFakeEndpoint({ answer, latencyMs: 1, models: ['base', 'big'] });
    const splits = { train: 'data.py#train', dev: 'data.py#dev', test: 'data.py#test' };
    workspace = new Workspace({
      baseURL: fake.baseURL,
      settings: {
        ...splits,
        program: 'program.py#Shapes',
        metric: 'program.py#metric',
        inputs: undefined,
        p: { candidates: 2, maxBootstrappedDemos: 2, maxLabeledDemos: 2, train: 8, validation: 8 },
      },
    });
    workspace.write('program.py', program);
    workspace.write('data.py', data);
    const optimized = await run('optimize', 'two', '--yes', '--json');
    expect(optimized.stderr + String(optimized.code)).toMatch(/0$/);
    result = resultSchema.parse(lastJson(optimized));
    const exported = await run('export', 'latest', '--format', 'dspy', '--out', 'best.json');
    expect(exported.code).toBe(0);
    loading = exported.stderr.slice(exported.stderr.indexOf('load it with')).split('\n').slice(2).join('\n');
  });
  afterAll(async () => {
    workspace.dispose();
    await fake.close();
  });

  it('tunes what answers with the main LM, and leaves alone what is frozen or has an LM of its own', () => {
    const models = Object.entries(result.state.predictors).map(([name, { model }]) => [name, model]);
    const tuned = result.state.predictors["by['answer']"]!.model;
    expect(tuned).not.toBe('base');
    expect(models).toEqual([
      ['look.look', 'base'],
      ['hops[0].predict', tuned],
      ['hops[1].predict', tuned],
      ["by['answer']", tuned],
      ['second', 'big'],
    ]);
    expect(result.state.predictors['look.look']!.demos).toEqual([]);
    expect(result.scores['']!.test).toBe(40);
    expect(result.scores['p -> w -> p']!.test).toBe(70);
  });

  it("loads with DSPy's own load by the lines that export prints, and scores the same, example by example", async () => {
    const runs = join(workspace.folder, '.bettertogether', 'runs');
    const log = readFileSync(join(runs, readdirSync(runs)[0]!, 'events.jsonl'), 'utf8')
      .trim()
      .split('\n');
    const events = log.map((line) => JSON.parse(line) as LoggedEvent);
    const ours = events.flatMap((event) =>
      event.type === 'example' && event.purpose === 'test' && event.prefix === result.final
        ? [[event.example, event.score] as const]
        : [],
    );
    const before = texts(asked('test'));
    fake.reset();
    workspace.write('check.py', `${loading.replaceAll(/^ {4}/gm, '')}${native}`);
    const env = { DSPY_CACHEDIR: join(workspace.folder, 'cache'), LITELLM_LOCAL_MODEL_COST_MAP: 'True' };
    // Not synchronously: the endpoint that it asks is in this process.
    const checked = await promisify(execFile)(python, ['check.py'], {
      cwd: workspace.folder,
      env: { ...process.env, ...env },
    });
    const scores = JSON.parse(checked.stdout.trim().split('\n').at(-1)!) as number[];
    expect(scores).toEqual(ours.toSorted(([a], [b]) => a - b).map(([, score]) => score));
    expect(scores).toContain(0);
    expect(scores).toContain(1);
    // What DSPy asked then is, to the byte, what we had asked in the last state.
    const there = texts(asked('test'));
    expect(there).toHaveLength(50);
    expect(there.filter((text) => !before.includes(text))).toEqual([]);
  });

  it('is evaluated from the exported state without a new call, and optimized from there', async () => {
    fake.reset();
    const evaluated = await run('evaluate', 'two', '--split', 'test', '--state', 'best.json', '--json');
    expect(lastJson<{ score: number }>(evaluated).score).toBe(result.scores[result.final]!.test);
    expect(asked('test')).toEqual([]);
    const on = await run('optimize', 'two', '--from', 'best.json', '--strategy', 'p', '--yes', '--json');
    expect(on.stderr + String(on.code)).toMatch(/0$/);
    const further = resultSchema.parse(lastJson(on));
    expect(further.scores['']).toEqual(result.scores[result.final]);
    expect(further.state.predictors["by['answer']"]!.model).toBe(result.state.predictors["by['answer']"]!.model);
    const ofBase = fake.calls.filter(({ model, messages }) => model === 'base' && messages.length > 1);
    expect(ofBase.filter(({ messages }) => !messages.at(-1)!.content.includes('the field `[[ ## hint ## ]]`'))).toEqual(
      [],
    );
    // Resume has the state from the manifest.
    expect((await run('resume', 'latest', '--json')).code).toBe(0);
  });

  it('shows the final prompt of a predictor as it was asked', async () => {
    const input = JSON.stringify({ question: 'test 3', notes: ['note on test 3', '«two»'] });
    fake.reset();
    const first = (await run('runs', '--json')).stdout;
    expect(first).toContain('two');
    const args = ['prompt', 'two', '--state', 'best.json', '--predictor', "by['answer']", '--input', input];
    const shown = lastJson<ShownPrompt>(await run(...args, '--json'));
    expect(shown.call.model).toBe(result.state.predictors["by['answer']"]!.model);
    expect(asked('test')).toEqual([]);
    const [system, ...turns] = shown.call.prompt.kind === 'chat' ? shown.call.prompt.messages : [];
    expect(system!.content).toContain('`sure` (Literal[');
    expect(turns).toHaveLength(2 * result.state.predictors["by['answer']"]!.demos.length + 1);
    expect(turns.at(-1)!.content).toContain('["note on test 3", "«two»"]');
    const text = await run(...args);
    expect(text.stdout).toContain(turns.at(-1)!.content);
    const none = await run('prompt', 'two', '--predictor', 'nothing');
    expect([none.code, none.stderr]).toEqual([2, expect.stringContaining('hops[0].predict') as unknown]);
  });

  it('runs in several processes, with the same scores', async () => {
    const file = join(workspace.folder, 'bettertogether.json');
    const config = readFileSync(file, 'utf8');
    workspace.write(
      'bettertogether.json',
      config.replace('"seed"', '"seed"').replace('"model":', '"hostWorkers":2,"model":'),
    );
    const evaluated = await run('evaluate', 'two', '--split', 'test', '--state', 'best.json', '--json');
    workspace.write('bettertogether.json', config);
    expect(lastJson<{ score: number }>(evaluated).score).toBe(result.scores[result.final]!.test);
  });

  it('data that code makes differently is not the data of the run', async () => {
    const stopped = await run('optimize', 'two', '--seed', '7', '--strategy', 'p', '--budget-calls', '3', '--yes');
    expect(stopped.code).toBe(3);
    workspace.write('data.py', data.replace("'made'", "'remade'"));
    const resumed = await run('resume', 'latest', '--budget-calls', '4000');
    workspace.write('data.py', data.replace("rows('train'", "row('train'"));
    const broken = await run('evaluate', 'two');
    workspace.write('data.py', data);
    const changed = expect.stringMatching(/the train data .*data\.py#train and the dev data .*data\.py#dev/) as unknown;
    expect([resumed.code, resumed.stderr]).toEqual([2, changed]);
    expect([broken.code, broken.stderr]).toEqual([2, expect.stringContaining('data.py:9') as unknown]);
  });
});
