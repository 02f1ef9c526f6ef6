/** A reflective search (gepa) through the command line, with a proposer that knows only what its prompt says. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunResult } from '../../src/protocol.ts';
import { resultSchema } from '../../src/protocol.ts';
import { runLocation } from '../../src/run/record/runFolder.ts';
import type { RunPlan } from '../../src/run/work/request.ts';
import type { FakeAnswer, FakeCall, FakeEndpoint, FakeReply } from '../fakes/fakeEndpoint.ts';
import { startFakeEndpoint } from '../fakes/fakeEndpoint.ts';
import { dspyPython, two } from './dspyPython.ts';
import type { Finished } from './workspace.ts';
import { lastJson, Workspace, twoInTypeScript } from './workspace.ts';

/** What the metric asks of each predictor; an instruction helps if it holds the words for its own. */
const words = { hint: 'A hint names the place.', answer: 'An answer is looked up.' } as const;

const python = `${two}

def gepa(gold, pred, trace=None, pred_name=None, pred_trace=None):
    score = float(gold.answer == pred.answer)
    if pred_name is None:
        return score
    assert [name for name, _, _ in pred_trace] == [pred_name] or len(pred_trace) == 1
    words = {'hint': '${words.hint}', 'answer': '${words.answer}'}[pred_name]
    return dspy.Prediction(score=score, feedback='Well done.' if score else words)


def words_of(path):
    import json

    program = Two()
    program.load(path)
    return json.dumps({name: each.signature.instructions for name, each in program.named_predictors()})
`;

const typescript = `import type { Metric } from 'bettertogether';
${twoInTypeScript}
const words = ${JSON.stringify(words)};

export const gepa: Metric = (example, prediction, _trace, predictor) => {
  const score = example.answer === prediction.answer ? 1 : 0;
  const feedback = score === 1 ? 'Well done.' : (words[predictor as keyof typeof words] ?? 'Wrong.');
  return { score, feedback };
};

export const bare: Metric = (example, prediction) => example.answer === prediction.answer;
`;

/** Twelve rows to learn from, nine to choose on: of each, a third that the program knows. */
const search = { kind: 'gepa', train: 12, validation: 9, rollouts: 66 };
const run = ['optimize', 'two', '--yes', '--json'];

const isProposal = ({ prompt }: Pick<FakeCall, 'prompt'>): boolean => prompt.includes('# The present instruction of');

/** Adds what the feedback asks for to the instruction, and nothing else: it knows no more than its prompt. */
function proposed({ prompt }: FakeCall): string {
  const [, instruction = ''] = /# The present instruction[^\n]*\n\n(.*?)\n\n# What happened/s.exec(prompt) ?? [];
  const asked = [...prompt.matchAll(/^Feedback: (.*)$/gm)]
    .map(([, said]) => said!)
    .filter((said) => said !== 'Well done.');
  const missing = asked.find((said) => !instruction.includes(said));
  return `\`\`\`\n${instruction}${missing === undefined ? ` (${prompt.length})` : `\n${missing}`}\n\`\`\``;
}

/**
 * The LM of the program. It knows every third row; one third more where the answer's instruction has its words, and the
 * last third where a hint names the place, which it does where the hint's instruction has its words.
 */
function student({ messages }: FakeCall): string {
  const system = messages[0]!.content;
  const asked = messages.at(-1)!.content;
  const [, split, id] = /\[\[ ## question ## \]\]\n(\w+) (\d+)/.exec(asked) ?? [];
  const field = /starting with the field `\[\[ ## (\w+) ## \]\]`/.exec(asked)?.[1] ?? 'answer';
  const place = system.includes(words.hint) ? ', at the place' : '';
  const knows = [true, system.includes(words.answer), asked.includes(', at the place')][Number(id) % 3];
  const value = field === 'hint' ? `hint for ${split} ${id}${place}` : knows ? `a ${split} ${id}` : 'no idea';
  return `[[ ## ${field} ## ]]\n${value}\n\n[[ ## completed ## ]]`;
}

const lm: FakeAnswer = (call) => (isProposal(call) ? proposed(call) : student(call));

let fake: FakeEndpoint;
let workspace: Workspace;

/** Of `bettertogether.json`. */
interface Configuration {
  readonly programs: { readonly two: object };
  readonly endpoints: Record<string, object>;
}

interface Change {
  readonly strategy?: string;
  readonly steps?: Readonly<Record<string, object>>;
  /** Of the program's entry. */
  readonly settings?: object;
  readonly endpoint?: Readonly<Record<string, unknown>>;
}

/** The program in TypeScript, with the metric that says words. */
function workspaceWith({
  strategy = 'gepa',
  steps = { gepa: search },
  settings,
  endpoint = {},
}: Change = {}): Workspace {
  const made = new Workspace({
    baseURL: fake.baseURL,
    strategy,
    endpoint,
    settings: { metric: 'program.ts#gepa', steps, ...settings },
  });
  made.write('program.ts', typescript);
  return made;
}

function change(more: Change): void {
  workspace.dispose();
  workspace = workspaceWith(more);
}

/** The result of a run that came to its end. */
function resultOf(finished: Finished): RunResult {
  expect(finished.code, finished.stderr).toBe(0);
  return resultSchema.parse(lastJson(finished));
}

const proposals = (calls: readonly FakeCall[]): readonly FakeCall[] => calls.filter(isProposal);

function instructionsOf({ state }: RunResult): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(state.predictors).map(([name, { instructions }]) => [name, instructions]));
}

/** The predictor whose instruction a proposal is asked for. */
const predictorOf = ({ prompt }: FakeCall): string => /present instruction of the step "(\w+)"/.exec(prompt)![1]!;

/** The feedback in a prompt on rows that went wrong. */
function complaintsIn({ prompt }: FakeCall): readonly string[] {
  const said = [...prompt.matchAll(/^Feedback: (.*)$/gm)].map(([, text]) => text!);
  return [...new Set(said)].filter((text) => text !== 'Well done.');
}

beforeEach(async () => {
  fake = await startFakeEndpoint({ answer: lm });
  workspace = workspaceWith();
});
afterEach(async () => {
  workspace.dispose();
  await fake.close();
});

describe('a reflective search', () => {
  it('of a DSPy program asks with the feedback for the predictor whose turn it is, and DSPy loads what it found', async () => {
    change({ settings: { program: 'two.py#Two', metric: 'two.py#gepa' } });
    workspace.write('two.py', python);
    const env = { BETTERTOGETHER_PYTHON: dspyPython() };
    // What code and prompts could take for their own.
    const odd = 'Mind {braces}, {{more}}, "quotes", \\\\n, `ticks`, <tags>, 100 % and 提示 😀.';
    fake.setAnswer((call) => (isProposal(call) ? proposed(call).replace(/\n```$/, `\n${odd}\n\`\`\``) : student(call)));
    const result = resultOf(await workspace.run(run, env));
    expect(result.scores['gepa']).toMatchObject({ dev: 100, test: 100 });
    const asked = proposals(fake.calls);
    expect(new Set(asked.map(predictorOf))).toEqual(new Set(['hint', 'answer']));
    for (const call of asked) expect(complaintsIn(call)).toEqual([words[predictorOf(call) as keyof typeof words]]);
    const exported = await workspace.run(['export', 'latest', '--format', 'dspy'], env);
    workspace.write('state.json', exported.stdout);
    const load = 'import two; print(two.words_of("state.json"))';
    const loaded = spawnSync(dspyPython(), ['-c', load], { cwd: workspace.folder, encoding: 'utf8' });
    expect(loaded.stderr).toBe('');
    expect(JSON.parse(loaded.stdout)).toEqual(instructionsOf(result));
    for (const text of Object.values(instructionsOf(result))) expect(text.endsWith(odd)).toBe(true);
  });

  it('of a TypeScript program learns from a metric that gives score and feedback, and is free when it is run again', async () => {
    const result = resultOf(await workspace.run(run));
    expect(result.scores['']).toMatchObject({ dev: 33.33 });
    expect(result.scores['gepa']).toMatchObject({ dev: 100, test: 100 });
    expect(instructionsOf(result)).toEqual({
      hint: expect.stringContaining(words.hint) as unknown,
      answer: expect.stringContaining(words.answer) as unknown,
    });
    const asked = proposals(fake.calls);
    for (const call of asked) expect(complaintsIn(call)).toEqual([words[predictorOf(call) as keyof typeof words]]);
    // Dev and test rows are for scores alone.
    for (const { prompt } of asked) expect(prompt).not.toMatch(/\b(dev|test) \d/);
    fake.reset();
    const again = resultOf(await workspace.run(run));
    expect([again.scores, again.state, again.usage.calls]).toEqual([result.scores, result.state, 0]);
    expect(fake.counters.completions).toBe(0);
  });

  it('asks about no predictor that the program does not call', async () => {
    workspace.write(
      'program.ts',
      typescript.replace('answer = new', "unused = new Predict('question -> thing');\n  answer = new"),
    );
    const done = await workspace.run(['optimize', 'two', '--yes']);
    expect(done.stderr).toMatch(/^gepa: 3 proposals: 2 better, 0 no better, 1 unusable \(1 never called\)/m);
    expect(proposals(fake.calls).map(predictorOf)).toEqual(['hint', 'answer']);
  });

  it('shows what was expected where the metric gives a number alone', async () => {
    change({ settings: { metric: 'program.ts#bare' } });
    expect((await workspace.run(run)).code).toBe(0);
    const asked = proposals(fake.calls);
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
      workspace.write('program.ts', typescript.replace(body, `${line} ${body}`));
      const done = await workspace.run(run);
      const { scores } = resultOf(done);
      expect(scores['gepa']!.dev).toBe(line.includes('throw') ? 33.33 : 100);
      expect(done.stderr.split(warning)).toHaveLength(2);
    }
  });
});

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
    change({ steps: { gepa }, settings: { budget } });
    const file = JSON.parse(readFileSync(join(workspace.folder, 'bettertogether.json'), 'utf8')) as Configuration;
    file.endpoints['fake'] = { ...file.endpoints['fake'], prices: { base: prices }, ...near };
    const cost = price === undefined ? {} : { prices: { big: { input: price, output: price } } };
    file.endpoints['far'] = { kind: 'openai', baseURL: far.baseURL, apiKeyEnv: 'FAR_KEY', ...cost, ...at };
    workspace.write('bettertogether.json', JSON.stringify(file));
  }

  beforeEach(async () => {
    far = await startFakeEndpoint({ models: ['big'], answer: proposed, apiKey: key.FAR_KEY });
  });
  afterEach(() => far.close());

  it('is on the bill at its own price', async () => {
    const dollars = async (price: number) => {
      proposesAtFar({ price });
      const planned = await workspace.run([...run, '--dry-run'], key);
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
    const { code, stderr } = await workspace.run(['optimize', 'two'], key);
    expect(code).toBe(2);
    expect(stderr).toContain('The rows of your data go to near.invalid in prompts.');
    expect(stderr).toContain('are asked at far.invalid with the key in FAR_KEY');
  });

  it('is asked with its key, which goes nowhere else, and finds what one here would find', async () => {
    proposesAtFar();
    const done = await workspace.run(run, key);
    const result = resultOf(done);
    expect(result.scores['gepa']).toMatchObject({ dev: 100, test: 100 });
    expect(proposals(fake.calls)).toEqual([]);
    expect(far.calls.length).toBeGreaterThan(1);
    expect(far.calls.every(isProposal)).toBe(true);
    expect(fake.calls.every(({ authorization }) => !(authorization ?? '').includes(key.FAR_KEY))).toBe(true);
    const { folder } = runLocation(workspace.folder, result.run);
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
      const { code, stderr } = await workspace.run(run, env);
      expect(stderr).toContain(message);
      expect(code).toBe(2);
    }
    expect([fake.counters.completions, far.counters.completions]).toEqual([0, 0]);
    proposesAtFar();
    const { stdout } = await workspace.run(['optimize', 'two', '--yes', '--dry-run'], key);
    expect(stdout).toContain('No price for "big" ("steps.gepa.proposer") at endpoint "far": set endpoints.far.prices.');
  });

  it('may refuse the key: the run stops, says whose it is, and goes on with the right one', async () => {
    proposesAtFar();
    const wrong = await workspace.run(run, { FAR_KEY: 'sk-wrong-0123456789abcdef' });
    expect(wrong.code).toBe(1);
    expect(wrong.stderr).toMatch(/Endpoint "far" .* does not accept the key .*FAR_KEY/);
    const resumed = resultOf(await workspace.run(['resume', 'latest', '--json'], key));
    expect(resumed.scores['gepa']).toMatchObject({ dev: 100, test: 100 });
    expect(fake.counters.repeated).toBe(0);
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
    expect(resultOf(await workspace.run(run, key)).scores['gepa']).toMatchObject({ dev: 100 });
  });
});

describe('a reflective search that is interrupted', () => {
  it('goes on after a kill with what an undisturbed run finds, and pays for no answer twice', async () => {
    const whole = resultOf(await workspace.run(run));
    const paid = fake.counters.answered;
    const asked = proposals(fake.calls).map(({ prompt }) => prompt);
    fake.reset();
    change({ endpoint: { concurrency: 1 } });
    // Killed when a proposal has been answered, and again in the midst of the runs that follow the next one.
    for (const [index, extra] of [0, 5].entries()) {
      const { child, done } = workspace.start(index === 0 ? run : ['resume', 'latest', '--json']);
      await expect.poll(() => proposals(fake.calls).length, { timeout: 60_000, interval: 1 }).toBeGreaterThan(index);
      const from = fake.counters.answered;
      await expect
        .poll(() => fake.counters.answered, { timeout: 60_000, interval: 1 })
        .toBeGreaterThanOrEqual(from + extra);
      child.kill('SIGKILL');
      expect((await done).code).toBeNull();
    }
    const resumed = resultOf(await workspace.run(['resume', 'latest', '--json']));
    expect([resumed.scores, resumed.state]).toEqual([whole.scores, whole.state]);
    // What was in flight when the process died is asked for again: one call at a time here.
    expect(fake.counters.repeated).toBeLessThanOrEqual(2);
    expect(fake.counters.answered - fake.counters.repeated).toBe(paid);
    expect([...new Set(proposals(fake.calls).map(({ prompt }) => prompt))]).toEqual(asked);
  });

  it('stops at a cap without going beyond it, and goes on from there', async () => {
    const whole = resultOf(await workspace.run(run));
    const paid = fake.counters.answered;
    const asked = fake.calls.flatMap((call, place) => (isProposal(call) ? [place] : []));
    // Just before a proposal, and in the midst of the runs that follow one.
    for (const cap of [asked[1]!, asked[1]! + 5]) {
      fake.reset();
      change({});
      const stopped = await workspace.run([...run, '--budget-calls', String(cap)]);
      expect(stopped.code, stopped.stderr).toBe(3);
      expect(fake.counters.answered).toBeLessThanOrEqual(cap);
      expect(proposals(fake.calls).length).toBeGreaterThan(0);
      const resumed = resultOf(await workspace.run(['resume', 'latest', '--json', '--budget-calls', '5000']));
      expect([resumed.scores, resumed.state]).toEqual([whole.scores, whole.state]);
      expect([fake.counters.answered, fake.counters.repeated]).toEqual([paid, 0]);
    }
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
    fake.setAnswer((call) => {
      if (!isProposal(call)) return student(call);
      return replies[asked++] ?? "I'm sorry, but I can't help with that.";
    });
    change({ steps: { gepa: { ...search, rollouts: 9 + 3 * answers.length + 24 } } });
    const done = await workspace.run(['optimize', 'two', '--yes']);
    expect(done.code, done.stderr).toBe(0);
    expect(asked).toBeGreaterThan(replies.length);
    const line = new RegExp(
      String.raw`^gepa: 1\d proposals: 0 better, \d no better, ${counts.replace(/[()]/g, '\\$&')}`,
      'm',
    );
    expect(done.stderr).toMatch(line);
    const shown = await workspace.run(['show', 'latest']);
    expect(shown.stdout).toMatch(line);
    const exported = await workspace.run(['export', 'latest', '--format', 'dspy']);
    for (const field of ['hint', 'answer'])
      expect(exported.stdout).toMatch(new RegExp(`produce the fields \`${field}\`\\."`));
    fake.reset();
    fake.setAnswer((call) => (isProposal(call) ? proposed(call) : student(call)));
    const again = resultOf(await workspace.run(run));
    // What was not answered is asked again, for what was in the way may be gone.
    expect(proposals(fake.calls).length).toBeGreaterThan(0);
    expect(again.scores['gepa']!.dev).toBeGreaterThan(again.scores['']!.dev!);
  });
});

describe('a reflective search among other steps', () => {
  it('is compared with others, alone and with a search for demos behind it', async () => {
    change({ strategy: 'p' });
    const args = ['compare', 'two', '--strategies', 'p,gepa,gepa -> p', '--seeds', '0', '--yes'];
    const compared = await workspace.run(args);
    expect(compared.code, compared.stderr).toBe(0);
    expect(compared.stdout).toMatch(/^p +33\.3 /m);
    expect(compared.stdout).toMatch(/^gepa +100\.0 /m);
    expect(compared.stdout).toMatch(/^gepa -> p +100\.0 /m);
    // The two strategies share their first step.
    expect(fake.counters.repeated).toBe(0);
  });

  it('comes before and after w: the tuned model is searched on, and the base model proposes', async () => {
    fake.setAnswer((call) => (isProposal(call) ? proposed(call) : tunedStudent(call)));
    change({
      strategy: 'gepa -> w -> gepa',
      steps: { gepa: { kind: 'gepa', train: 18, validation: 22, minibatch: 6, rollouts: 140 } },
    });
    const result = resultOf(await workspace.run(run));
    expect(result.scores['gepa']).toMatchObject({ dev: 66.67 });
    expect(result.scores['gepa -> w -> gepa']).toMatchObject({ dev: 100, test: 100 });
    expect(proposals(fake.calls).every(({ model }) => model === 'base')).toBe(true);
    const { folder } = runLocation(workspace.folder, result.run);
    const rows = readFileSync(join(folder, 'rows', 'gepa-w.jsonl'), 'utf8')
      .trim()
      .split('\n');
    const ofAnswers = rows.filter((row) => row.includes('starting with the field `[[ ## answer ## ]]`'));
    expect(ofAnswers.length).toBeGreaterThan(0);
    expect(ofAnswers.every((row) => row.includes(words.answer))).toBe(true);
    const trained = fake.calls.findIndex(({ model }) => model !== 'base');
    const after = fake.calls.slice(trained).filter((call) => !isProposal(call) && /## \]\]\ntrain /.test(call.prompt));
    expect(after.length).toBeGreaterThan(0);
    expect(after.every(({ model }) => model.startsWith('ft'))).toBe(true);
    expect(proposals(fake.calls.slice(trained)).length).toBeGreaterThan(0);
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
