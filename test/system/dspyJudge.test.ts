/** LMs that a DSPy program names at a second service: asked there, on the run's bill; and look-ups in its traces. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resultSchema } from '../../src/protocol.ts';
import { allTraces } from '../fakes/traces.ts';
import { startFakeEndpoint } from '../fakes/fakeEndpoint.ts';
import type { FakeCall, FakeEndpoint } from '../fakes/fakeEndpoint.ts';
import { dspyPython } from './dspyPython.ts';
import { lastJson, Workspace } from './workspace.ts';

/** The addresses come from outside, as keys and hosts often do. */
const program = `import os

import dspy

dspy.configure(lm=dspy.LM('openai/base', api_base=os.environ['HERE']), rm=lambda query, k: [dspy.Example(long_text=query)])
judge = dspy.LM('openai/judge', api_base=os.environ['FAR'], api_key='in-the-code', temperature=0.5)


class Two(dspy.Module):
    def __init__(self):
        super().__init__()
        self.retrieve = dspy.Retrieve(k=1)
        self.hint = dspy.Predict('question -> hint')
        self.hint.lm = dspy.LM('openai/helper', api_base=os.environ['FAR'])
        self.answer = dspy.Predict('question, hint -> answer')

    def forward(self, question):
        self.retrieve(question)
        hint = self.hint(question=question).hint
        return self.answer(question=question, hint=hint)


def metric(example, prediction, trace=None):
    with dspy.context(lm=judge):
        verdict = dspy.Predict('question, answer, said -> verdict')
        return verdict(question=example.question, answer=example.answer, said=prediction.answer).verdict == 'same'
`;

function answer({ messages, model }: FakeCall): string {
  const asked = messages.at(-1)!.content;
  const [, question = '', id = ''] = /\[\[ ## question ## \]\]\n(\w+ (\d+))/.exec(asked) ?? [];
  const part = (field: string) => new RegExp(`\\[\\[ ## ${field} ## \\]\\]\\n(.*)`).exec(asked)?.[1];
  const block = (field: string, value: string) => `[[ ## ${field} ## ]]\n${value}\n\n[[ ## completed ## ]]`;
  if (asked.includes('the field `[[ ## hint ## ]]`')) return block('hint', `hint for ${question}`);
  if (model === 'judge') return block('verdict', part('answer') === part('said') ? 'same' : 'other');
  return block('answer', Number(id) % 2 === 0 ? `a ${question}` : 'no idea');
}

describe('a judge and a predictor at a second service', () => {
  let here: FakeEndpoint;
  let far: FakeEndpoint;
  let workspace: Workspace;
  let env: NodeJS.ProcessEnv = {};
  const secret = 'sk-of-the-judge-8d1f';

  beforeAll(async () => {
    here = await startFakeEndpoint({ answer, models: ['base'] });
    far = await startFakeEndpoint({ answer, models: ['judge', 'helper'], apiKey: secret });
    workspace = new Workspace({
      baseURL: here.baseURL,
      strategy: 'p',
      settings: {
        ...{ program: 'program.py#Two', metric: 'program.py#metric' },
        p: { candidates: 1, maxBootstrappedDemos: 1, maxLabeledDemos: 0, train: 4, validation: 6 },
      },
    });
    workspace.write('program.py', program);
    env = { BETTERTOGETHER_PYTHON: dspyPython(), HERE: here.baseURL, FAR: far.baseURL, BT_JUDGE_KEY: secret };
  });
  afterAll(async () => {
    workspace.dispose();
    await Promise.all([here.close(), far.close()]);
  });

  it('is told with the block that mends it, as long as no endpoint is there', async () => {
    const { code, stderr } = await workspace.run(['evaluate', 'two', '--split', 'dev', '--yes'], env);
    expect(code).toBe(1);
    expect(stderr).toContain(`"local": {"kind": "openai", "baseURL": "${far.baseURL}"}`);
    expect(stderr).toContain("'hint' has an LM of its own");
    expect(far.counters.requests).toBe(0);
  });

  it('is asked there, with its own key and prices, on the bill of the run', async () => {
    const file = join(workspace.folder, 'bettertogether.json');
    const config = JSON.parse(readFileSync(file, 'utf8')) as { endpoints: Record<string, object> };
    const prices = (input: number) => ({ '*': { input, output: input } });
    config.endpoints['fake'] = { ...config.endpoints['fake'], prices: prices(0) };
    const judge = { kind: 'openai', baseURL: far.baseURL, apiKeyEnv: 'BT_JUDGE_KEY', concurrency: 3 };
    config.endpoints['judge'] = { ...judge, prices: prices(1) };
    workspace.write('bettertogether.json', JSON.stringify(config));
    here.reset();
    const finished = await workspace.run(['optimize', 'two', '--yes', '--json', '--budget-usd', '5'], env);
    expect(finished.stderr + String(finished.code)).toMatch(/0$/);
    const { scores, state, usage } = resultSchema.parse(lastJson(finished));
    expect(scores['']!.dev).toBeCloseTo(53.33, 2);
    expect([state.predictors['hint']!.model, state.predictors['answer']!.model]).toEqual(['helper', 'base']);
    expect(new Set(here.calls.map(({ model }) => model))).toEqual(new Set(['base']));
    expect(new Set(far.calls.map(({ model }) => model))).toEqual(new Set(['judge', 'helper']));
    expect(far.calls.every(({ authorization }) => authorization === `Bearer ${secret}`)).toBe(true);
    expect(far.calls.filter(({ model }) => model === 'judge').every(({ temperature }) => temperature === 0.5)).toBe(
      true,
    );
    expect(far.counters.maxInFlight).toBeLessThanOrEqual(3);
    expect(usage.calls).toBe(here.counters.completions + far.counters.completions);
    const tokens = far.calls.length;
    expect(usage.usd).toBeGreaterThan(tokens * 1e-6);
  });

  it('stands in the traces with its endpoint, beside the look-ups of passages', () => {
    const runs = join(workspace.folder, '.bettertogether', 'runs');
    const run = join(runs, readdirSync(runs)[0]!);
    const records = allTraces(join(run, 'traces'));
    expect(records.length).toBeGreaterThan(15);
    for (const { outcome } of records) {
      expect(outcome.trace.map(({ predictor, lm }) => [predictor, lm[0]?.endpoint])).toEqual([
        ['hint', 'judge'],
        ['answer', undefined],
      ]);
      expect(outcome.untraced?.map(({ endpoint, model }) => [endpoint, model])).toEqual([['judge', 'judge']]);
      expect(outcome.retrievals?.map(({ retriever, k, path }) => [retriever, k, path])).toEqual([
        ['Retrieve', 1, ['Two']],
      ]);
    }
    const everything = readdirSync(run, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'));
    expect(everything.filter((text) => text.includes(secret) || text.includes('in-the-code'))).toEqual([]);
  });

  it('is free the second time, and stops where its key is gone', async () => {
    const before = [here.counters.completions, far.counters.completions];
    const again = await workspace.run(['optimize', 'two', '--yes', '--json'], env);
    expect(lastJson<{ usage: { calls: number } }>(again).usage.calls).toBe(0);
    expect([here.counters.completions, far.counters.completions]).toEqual(before);
    const args = ['evaluate', 'two', '--split', 'train', '--yes'];
    const { code, stderr } = await workspace.run(args, { ...env, BT_JUDGE_KEY: '' });
    expect(code).toBe(2);
    expect(stderr).toContain('The environment variable BT_JUDGE_KEY is not set. Endpoint "judge"');
  });
});
