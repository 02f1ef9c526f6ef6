/** Who proposes in a reflective search: at an endpoint of its own, of no use, or gone. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runLocation } from '../../../src/run/record/runFolder.ts';
import type { RunPlan } from '../../../src/run/work/request.ts';
import type { FakeEndpoint, FakeReply } from '../../fakes/fakeEndpoint.ts';
import { startFakeEndpoint } from '../../fakes/fakeEndpoint.ts';
import { student } from '../instructed.ts';
import { resultOf } from '../resultOf.ts';
import type { Configuration } from './reflection.ts';
import { Reflection, isProposal, proposals, proposed, run, search } from './reflection.ts';

let task: Reflection;

beforeEach(async () => {
  task = await Reflection.open();
});
afterEach(() => task.close());

describe('a proposer at another endpoint', () => {
  const key = { FAR_KEY: 'sk-far-0123456789abcdef' };
  const prices = { input: 1, output: 1, training: 1 };
  let far: FakeEndpoint;

  interface Elsewhere {
    readonly proposer?: object;
    readonly budget?: object;
    /** Of the proposer, dollars for a million tokens. */
    readonly price?: number;
    readonly near?: object;
    readonly at?: object;
  }

  function proposesAtFar({ proposer, budget = {}, price, near, at }: Elsewhere = {}): void {
    const gepa = { ...search, proposer: proposer ?? { model: 'big', endpoint: 'far' } };
    task.change({ steps: { gepa }, settings: { budget } });
    const file = JSON.parse(readFileSync(join(task.workspace.folder, 'bettertogether.json'), 'utf8')) as Configuration;
    file.endpoints['fake'] = { ...file.endpoints['fake'], prices: { base: prices }, ...near };
    const cost = price === undefined ? {} : { prices: { big: { input: price, output: price } } };
    file.endpoints['far'] = { kind: 'openai', baseURL: far.baseURL, apiKeyEnv: 'FAR_KEY', ...cost, ...at };
    task.workspace.write('bettertogether.json', JSON.stringify(file));
  }

  beforeEach(async () => {
    far = await startFakeEndpoint({ models: ['big'], answer: proposed, apiKey: key.FAR_KEY });
  });
  afterEach(() => far.close());

  it('is on the bill at its own price', async () => {
    const dollars = async (price: number) => {
      proposesAtFar({ price });
      const planned = await task.workspace.run([...run, '--dry-run'], key);
      expect(planned.code, planned.stderr).toBe(0);
      const { plan } = JSON.parse(planned.stdout) as RunPlan;
      return plan.steps.find(({ prefix, work }) => prefix === 'gepa' && work === 'step')!.usd!.expected;
    };
    const [free, cheap, dear] = [await dollars(0), await dollars(1), await dollars(3)];
    expect(free).toBeGreaterThan(0);
    expect(cheap).toBeGreaterThan(free);
    expect(dear - free).toBeCloseTo(3 * (cheap - free), 9);
    expect(far.counters.completions).toBe(0);
  });

  it('is named where consent is asked for: both hosts, and where its key goes', async () => {
    const [near, at] = [{ baseURL: 'https://near.invalid/v1' }, { baseURL: 'https://far.invalid/v1' }];
    proposesAtFar({ price: 1, near, at });
    const { code, stderr } = await task.workspace.run(['optimize', 'two'], key);
    expect(code).toBe(2);
    expect(stderr).toContain('The rows of your data go to near.invalid in prompts.');
    expect(stderr).toContain('are asked at far.invalid with the key in FAR_KEY');
  });

  it('is asked with its key, which goes nowhere else, and finds what one here would find', async () => {
    proposesAtFar();
    const done = await task.workspace.run(run, key);
    const result = resultOf(done);
    expect(result.scores['gepa']).toMatchObject({ dev: 100, test: 100 });
    expect(proposals(task.fake.calls)).toEqual([]);
    expect(far.calls.length).toBeGreaterThan(1);
    expect(far.calls.every(isProposal)).toBe(true);
    expect(task.fake.calls.every(({ authorization }) => !(authorization ?? '').includes(key.FAR_KEY))).toBe(true);
    const { folder } = runLocation(task.workspace.folder, result.run);
    const files = ['run.json', 'events.jsonl', 'states.jsonl', 'spend.jsonl'].filter((name) =>
      existsSync(join(folder, name)),
    );
    expect(files.length).toBeGreaterThan(2);
    for (const name of files) expect(readFileSync(join(folder, name), 'utf8')).not.toContain(key.FAR_KEY);
  });

  it('is refused before a call is made where its key is not set, or where a dollar cap could not hold for its sake', async () => {
    const budget = { usd: 1 };
    const cases: readonly (readonly [Elsewhere, NodeJS.ProcessEnv, string])[] = [
      [{}, {}, 'The environment variable FAR_KEY is not set. Endpoint "far" takes its key from there'],
      [
        { budget },
        key,
        'endpoint "far" has no price for "big" ("steps.gepa.proposer"). Add it under endpoints.far.prices',
      ],
      [
        { budget, proposer: { model: 'huge' } },
        key,
        'endpoint "fake" has no price for "huge" ("steps.gepa.proposer"). Add it under endpoints.fake.prices',
      ],
    ];
    for (const [elsewhere, env, message] of cases) {
      proposesAtFar(elsewhere);
      const { code, stderr } = await task.workspace.run(run, env);
      expect(stderr).toContain(message);
      expect(code).toBe(2);
    }
    expect([task.fake.counters.completions, far.counters.completions]).toEqual([0, 0]);
    proposesAtFar();
    const { stdout } = await task.workspace.run(['optimize', 'two', '--yes', '--dry-run'], key);
    expect(stdout).toContain('No price for "big" ("steps.gepa.proposer") at endpoint "far": set endpoints.far.prices.');
  });

  it('may refuse the key: the run stops, says whose it is, and goes on with the right one', async () => {
    proposesAtFar();
    const wrong = await task.workspace.run(run, { FAR_KEY: 'sk-wrong-0123456789abcdef' });
    expect(wrong.code).toBe(1);
    expect(wrong.stderr).toMatch(/Endpoint "far" .* does not accept the key .*FAR_KEY/);
    const resumed = resultOf(await task.workspace.run(['resume', 'latest', '--json'], key));
    expect(resumed.scores['gepa']).toMatchObject({ dev: 100, test: 100 });
    expect(task.fake.counters.repeated).toBe(0);
  });

  it('may be gone in the midst of the search: the run pauses, and goes on when it is back', async () => {
    proposesAtFar({ at: { patienceSeconds: 0.5 } });
    const { port } = new URL(far.baseURL);
    far.setAnswer((call) => {
      // The first proposal is answered, and no more are.
      if (proposals(far.calls).length > 1) void far.close();
      return proposed(call);
    });
    const paused = await task.workspace.run(run, key);
    expect(paused.code).toBe(1);
    expect(paused.stderr).toContain('Endpoint "far"');
    expect(paused.stderr).toContain('Nothing that was paid for is lost');
    expect(paused.stderr).toContain('gepa: candidate 2 (a new instruction)');
    far = await startFakeEndpoint({ models: ['big'], answer: proposed, apiKey: key.FAR_KEY, port: Number(port) });
    const resumed = resultOf(await task.workspace.run(['resume', 'latest', '--json'], key));
    expect(resumed.scores['gepa']).toMatchObject({ dev: 100, test: 100 });
    expect(task.fake.counters.repeated).toBe(0);
  });

  it('may take other parameters than the program: it is asked as it will have it', async () => {
    const unsupported = (param: string): FakeReply => {
      const error = { message: `Unsupported parameter: '${param}' is not supported with this model.`, param };
      return { text: null, status: 400, raw: { error: { ...error, code: 'unsupported_parameter' } } };
    };
    far.setAnswer((call) => {
      if ('max_tokens' in call.body) return unsupported('max_tokens');
      return 'temperature' in call.body ? unsupported('temperature') : proposed(call);
    });
    proposesAtFar();
    expect(resultOf(await task.workspace.run(run, key)).scores['gepa']).toMatchObject({ dev: 100 });
  });
});

describe('a proposer that is of no use', () => {
  const noText = (message: object, finish_reason: string): FakeReply => {
    const choice = { index: 0, message: { role: 'assistant', content: null, ...message }, finish_reason };
    return { text: null, raw: { choices: [choice] } };
  };
  const error = (status: number, message: string): FakeReply => ({ text: null, status, raw: { error: { message } } });
  /** What it says, and what that counts as. */
  const answers: readonly (readonly [FakeReply, string])[] = [
    [{ text: '{"new_instruction": "Be good."}' }, 'JSON'],
    [{ text: '```json\n["Be good."]\n```' }, 'JSON'],
    [{ text: '' }, 'empty'],
    [{ text: '```\n```' }, 'empty'],
    [{ text: '[[ ## answer ## ]]\nno idea\n\n[[ ## completed ## ]]' }, 'an answer to the task'],
    [{ text: 'No idea.' }, 'an answer to the task'],
    [{ text: '```\nFirst look at the', finishReason: 'length' }, 'cut off'],
    [{ text: '<think>\nThe rows say that the' }, 'cut off'],
    [{ text: 'word '.repeat(4000) }, 'too long'],
    [noText({ refusal: 'I cannot help with that.' }, 'stop'), 'not answered'],
    [noText({}, 'content_filter'), 'not answered'],
    [error(413, 'Request Entity Too Large'), 'not answered'],
    [error(400, 'This model has a maximum context length of 100 tokens.'), 'not answered'],
  ];
  const counts = '13 unusable (4 not answered, 2 JSON, 2 empty, 2 an answer to the task, 2 cut off, 1 too long)';

  it('leaves the program as it was, and is told of in the line of the step and by show', async () => {
    // Where there is no text it is asked once more, with a shorter prompt.
    const replies = answers.flatMap(([reply]) => (reply.text === null ? [reply, reply] : [reply]));
    let asked = 0;
    task.fake.setAnswer((call) => {
      if (!isProposal(call)) return student(call);
      return replies[asked++] ?? "I'm sorry, but I can't help with that.";
    });
    task.change({ steps: { gepa: { ...search, rollouts: 9 + 3 * answers.length + 24 } } });
    const done = await task.workspace.run(['optimize', 'two', '--yes']);
    expect(done.code, done.stderr).toBe(0);
    expect(asked).toBeGreaterThan(replies.length);
    const line = new RegExp(
      String.raw`^gepa: 1\d proposals: 0 better, \d no better, ${counts.replace(/[()]/g, '\\$&')}`,
      'm',
    );
    expect(done.stderr).toMatch(line);
    const shown = await task.workspace.run(['show', 'latest']);
    expect(shown.stdout).toMatch(line);
    const exported = await task.workspace.run(['export', 'latest', '--format', 'dspy']);
    for (const field of ['hint', 'answer'])
      expect(exported.stdout).toMatch(new RegExp(`produce the fields \`${field}\`\\."`));
    task.fake.reset();
    task.fake.setAnswer((call) => (isProposal(call) ? proposed(call) : student(call)));
    const again = resultOf(await task.workspace.run(run));
    // What was not answered is asked again, for what was in the way may be gone.
    expect(proposals(task.fake.calls).length).toBeGreaterThan(0);
    expect(again.scores['gepa']!.dev).toBeGreaterThan(again.scores['']!.dev!);
  });
});
