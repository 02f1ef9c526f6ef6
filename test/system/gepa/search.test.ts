/** A reflective search (gepa) through the command line: what it asks, finds and leaves, alone and among other steps. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runLocation } from '../../../src/run/record/runFolder.ts';
import type { FakeCall } from '../../fakes/fakeEndpoint.ts';
import { dspyPython } from '../dspyPython.ts';
import { student, words, instructionsOf } from '../instructed.ts';
import { resultOf } from '../resultOf.ts';
import {
  Reflection,
  complaintsIn,
  isProposal,
  predictorOf,
  proposals,
  proposed,
  python,
  run,
  typescript,
} from './reflection.ts';

let task: Reflection;

beforeEach(async () => {
  task = await Reflection.open();
});
afterEach(() => task.close());

describe('a reflective search', () => {
  it('of a DSPy program asks with the feedback for the predictor whose turn it is, and DSPy loads what it found', async () => {
    task.change({ settings: { program: 'two.py#Two', metric: 'two.py#gepa' } });
    task.workspace.write('two.py', python);
    const env = { BETTERTOGETHER_PYTHON: dspyPython() };
    // What code and prompts could take for their own.
    const odd = 'Mind {braces}, {{more}}, "quotes", \\\\n, `ticks`, <tags>, 100 % and 提示 😀.';
    task.fake.setAnswer((call) =>
      isProposal(call) ? proposed(call).replace(/\n```$/, `\n${odd}\n\`\`\``) : student(call),
    );
    const result = resultOf(await task.workspace.run(run, env));
    expect(result.scores['gepa']).toMatchObject({ dev: 100, test: 100 });
    const asked = proposals(task.fake.calls);
    expect(new Set(asked.map(predictorOf))).toEqual(new Set(['hint', 'answer']));
    for (const call of asked) expect(complaintsIn(call)).toEqual([words[predictorOf(call) as keyof typeof words]]);
    const exported = await task.workspace.run(['export', 'latest', '--format', 'dspy'], env);
    task.workspace.write('state.json', exported.stdout);
    const load = 'import two; print(two.words_of("state.json"))';
    const loaded = spawnSync(dspyPython(), ['-c', load], { cwd: task.workspace.folder, encoding: 'utf8' });
    expect(loaded.stderr).toBe('');
    expect(JSON.parse(loaded.stdout)).toEqual(instructionsOf(result));
    for (const text of Object.values(instructionsOf(result))) expect(text.endsWith(odd)).toBe(true);
  });

  it('of a TypeScript program learns from a metric that gives score and feedback, and is free when it is run again', async () => {
    const result = resultOf(await task.workspace.run(run));
    expect(result.scores['']).toMatchObject({ dev: 33.33 });
    expect(result.scores['gepa']).toMatchObject({ dev: 100, test: 100 });
    expect(instructionsOf(result)).toEqual({
      hint: expect.stringContaining(words.hint) as unknown,
      answer: expect.stringContaining(words.answer) as unknown,
    });
    const asked = proposals(task.fake.calls);
    for (const call of asked) expect(complaintsIn(call)).toEqual([words[predictorOf(call) as keyof typeof words]]);
    // Dev and test rows are for scores alone.
    for (const { prompt } of asked) expect(prompt).not.toMatch(/\b(dev|test) \d/);
    task.fake.reset();
    const again = resultOf(await task.workspace.run(run));
    expect([again.scores, again.state, again.usage.calls]).toEqual([result.scores, result.state, 0]);
    expect(task.fake.counters.completions).toBe(0);
  });

  it('asks about no predictor that the program does not call', async () => {
    task.workspace.write(
      'program.ts',
      typescript.replace('answer = new', "unused = new Predict('question -> thing');\n  answer = new"),
    );
    const done = await task.workspace.run(['optimize', 'two', '--yes']);
    expect(done.stderr).toMatch(/^gepa: 3 proposals: 2 better, 0 no better, 1 unusable \(1 never called\)/m);
    expect(proposals(task.fake.calls).map(predictorOf)).toEqual(['hint', 'answer']);
  });

  it('shows what was expected where the metric gives a number alone', async () => {
    task.change({ settings: { metric: 'program.ts#bare' } });
    expect((await task.workspace.run(run)).code).toBe(0);
    const asked = proposals(task.fake.calls);
    expect(asked.length).toBeGreaterThan(0);
    for (const { prompt } of asked) {
      expect(prompt).not.toContain('Feedback:');
      expect(prompt.match(/^Expected: \{"answer":"a train \d+"\}$/gm)).toHaveLength(3);
    }
  });

  it('goes on where the metric fails, or gives another score, when it is asked about a predictor, and says so', async () => {
    const body = 'return { score, feedback }';
    const metrics = [
      ["if (predictor !== undefined) throw new Error('no judge');", 'The metric fails where it is asked for feedback'],
      [
        'if (predictor !== undefined) return { score: 0.5, feedback };',
        'The metric gives 0.5 where it is asked for feedback',
      ],
    ] as const;
    for (const [line, warning] of metrics) {
      task.workspace.write('program.ts', typescript.replace(body, `${line} ${body}`));
      const done = await task.workspace.run(run);
      const { scores } = resultOf(done);
      expect(scores['gepa']!.dev).toBe(line.includes('throw') ? 33.33 : 100);
      expect(done.stderr.split(warning)).toHaveLength(2);
    }
  });
});

describe('a reflective search among other steps', () => {
  it('is compared with others, alone and with a search for demos behind it', async () => {
    task.change({ strategy: 'p' });
    const args = ['compare', 'two', '--strategies', 'p,gepa,gepa -> p', '--seeds', '0', '--yes'];
    const compared = await task.workspace.run(args);
    expect(compared.code, compared.stderr).toBe(0);
    expect(compared.stdout).toMatch(/^p +33\.3 /m);
    expect(compared.stdout).toMatch(/^gepa +100\.0 /m);
    expect(compared.stdout).toMatch(/^gepa -> p +100\.0 /m);
    // The two strategies share their first step.
    expect(task.fake.counters.repeated).toBe(0);
  });

  it('comes before and after w: the tuned model is searched on, and the base model proposes', async () => {
    task.fake.setAnswer((call) => (isProposal(call) ? proposed(call) : tunedStudent(call)));
    task.change({
      strategy: 'gepa -> w -> gepa',
      steps: { gepa: { kind: 'gepa', train: 18, validation: 22, minibatch: 6, rollouts: 140 } },
    });
    const result = resultOf(await task.workspace.run(run));
    expect(result.scores['gepa']).toMatchObject({ dev: 66.67 });
    expect(result.scores['gepa -> w -> gepa']).toMatchObject({ dev: 100, test: 100 });
    expect(proposals(task.fake.calls).every(({ model }) => model === 'base')).toBe(true);
    const { folder } = runLocation(task.workspace.folder, result.run);
    const rows = readFileSync(join(folder, 'rows', 'gepa-w.jsonl'), 'utf8')
      .trim()
      .split('\n');
    const ofAnswers = rows.filter((row) => row.includes('starting with the field `[[ ## answer ## ]]`'));
    expect(ofAnswers.length).toBeGreaterThan(0);
    expect(ofAnswers.every((row) => row.includes(words.answer))).toBe(true);
    const trained = task.fake.calls.findIndex(({ model }) => model !== 'base');
    const after = task.fake.calls
      .slice(trained)
      .filter((call) => !isProposal(call) && /## \]\]\ntrain /.test(call.prompt));
    expect(after.length).toBeGreaterThan(0);
    expect(after.every(({ model }) => model.startsWith('ft'))).toBe(true);
    expect(proposals(task.fake.calls.slice(trained)).length).toBeGreaterThan(0);
    expect(instructionsOf(result)).toMatchObject({ hint: expect.stringContaining(words.hint) as unknown });
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
