/** A user's own optimizer as a step: a file of the workspace, run in a process of its own. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'jsonc-parser';
import { loadOptimizerCode } from '../../src/host/optimizerHost.ts';
import { resultSchema } from '../../src/protocol.ts';
import type { FakeCall, FakeEndpoint } from '../fakes/fakeEndpoint.ts';
import { startFakeEndpoint } from '../fakes/fakeEndpoint.ts';
import { dspyPython, two } from './dspyPython.ts';
import { lastJson, Workspace } from './workspace.ts';

const repository = fileURLToPath(new URL('../..', import.meta.url));

let fake: FakeEndpoint;
let workspace: Workspace;

const optimizer = `import { optimizer, withInstructions } from 'bettertogether';
import { z } from 'zod';
import { ending } from './ending.ts';

export const widen = optimizer({
  settings: z.object({ rows: z.number().int().default(12), question: z.string() }),
  async run({ state, predictors, rows, settings, candidate, ask }) {
    const some = rows.slice(0, settings.rows);
    const texts = [await ask(settings.question), await ask(settings.question)];
    const states = [state, ...texts.map((text) => withInstructions(state, predictors, (before) => before + ' ' + text + ending))];
    const scored = await Promise.all(states.map((each, i) => candidate(each, some, { name: 'text ' + i })));
    const best = Math.max(...scored.map(({ score }) => score));
    return states[scored.findIndex(({ score }) => score === best)]!;
  },
});
`;
const steps = {
  mine: { kind: 'custom', optimizer: 'optimizer.ts#widen', settings: { question: 'A phrase?' }, runs: 36, calls: 2 },
};

/** Knows every third row; where it is told to think, two of three; a tuned model knows all where it is told to. */
function answer({ messages, model }: FakeCall): string {
  const asked = messages.at(-1)!.content;
  if (asked === 'A phrase?') return 'Think twice';
  const [, split, id] = /\[\[ ## question ## \]\]\n(\w+) (\d+)/.exec(asked) ?? [];
  const field = /starting with the field `\[\[ ## (\w+) ## \]\]`/.exec(asked)?.[1] ?? 'answer';
  const thinks = messages.some(({ content }) => content.includes('Think twice.'));
  const rest = Number(id) % 3;
  const knows = rest === 0 || (thinks && (rest === 1 || model !== 'base'));
  const value = field === 'hint' ? `hint for ${split} ${id}` : knows ? `a ${split} ${id}` : 'no idea';
  return `[[ ## ${field} ## ]]\n${value}\n\n[[ ## completed ## ]]`;
}

function workspaceWith(text: string, more: Readonly<Record<string, unknown>> = {}): Workspace {
  const made = new Workspace({ baseURL: fake.baseURL, strategy: 'mine', settings: { steps, ...more } });
  made.write('optimizer.ts', text);
  made.write('ending.ts', "export const ending = '.';\n");
  return made;
}

beforeEach(async () => {
  fake = await startFakeEndpoint({ answer });
  workspace = workspaceWith(optimizer);
});
afterEach(async () => {
  workspace.dispose();
  await fake.close();
});

const optimize = ['optimize', 'two', '--yes', '--json'];

/** The error of a run whose optimizer is this `run`. */
async function errorOf(body: string, more: Readonly<Record<string, unknown>> = {}): Promise<string> {
  workspace.dispose();
  const text = `import { optimizer } from 'bettertogether';\nexport const widen = optimizer({ run: ${body} });\n`;
  workspace = workspaceWith(text, more);
  const { code, stderr } = await workspace.run(optimize);
  expect(code).not.toBe(0);
  return stderr;
}

describe("a user's own optimizer", () => {
  it('is priced, run with w behind it, shown and exported; run again it makes no call', async () => {
    const planned = await workspace.run(['optimize', 'two', '--yes', '--dry-run']);
    // 36 rows, two calls a row, and two questions.
    expect(planned.stdout).toMatch(/^mine +own optimizer +74 /m);
    const run = await workspace.run([...optimize, '--strategy', 'mine -> w']);
    const result = resultSchema.parse(lastJson(run));
    expect(result.scores['mine']).toMatchObject({ dev: 66.67 });
    expect(result.scores['mine -> w']).toMatchObject({ dev: 100, test: 100 });
    const told = await workspace.run([...optimize.slice(0, -1), '--strategy', 'mine']);
    expect(told.stderr).toContain('mine: candidate 2 (text 1): 66.7 % of 12');
    const shown = await workspace.run(['show', 'latest']);
    expect(shown.stdout).toMatch(/^mine +66\.7 /m);
    const exported = await workspace.run(['export', 'latest', '--format', 'dspy']);
    expect(exported.stdout).toContain('Think twice.');
    const paid = fake.counters.completions;
    const again = resultSchema.parse(lastJson(await workspace.run([...optimize, '--strategy', 'mine -> w'])));
    expect(again.usage.calls).toBe(0);
    expect(fake.counters.completions).toBe(paid);
  });

  it('stops at a cap and goes on from there, paying for nothing twice', async () => {
    const whole = resultSchema.parse(lastJson(await workspace.run(optimize)));
    const paid = fake.counters.completions;
    fake.reset();
    workspace.dispose();
    workspace = workspaceWith(optimizer);
    expect((await workspace.run([...optimize, '--budget-calls', '70'])).code).toBe(3);
    const resumed = await workspace.run(['resume', 'latest', '--yes', '--json', '--budget-calls', '5000']);
    const { scores, state } = resultSchema.parse(lastJson(resumed));
    expect({ scores, state }).toEqual({ scores: whole.scores, state: whole.state });
    expect(fake.counters.completions).toBe(paid);
  });

  it('belongs to the run: resume refuses another one, and a new run of it is another search', async () => {
    await workspace.run([...optimize, '--budget-calls', '70']);
    workspace.write('ending.ts', "export const ending = '!';\n");
    const resumed = await workspace.run(['resume', 'latest', '--yes', '--json', '--budget-calls', '5000']);
    expect(resumed.code).toBe(2);
    expect(resumed.stderr).toContain('the source ending.ts changed');
    const other = resultSchema.parse(lastJson(await workspace.run(optimize)));
    expect(other.scores['mine']).toMatchObject({ dev: 33.33 });
  });

  it('is refused before anything is paid for where it cannot be loaded, or does not take its settings', async () => {
    const cases: readonly (readonly [string, object, string])[] = [
      [optimizer.replace('widen', 'other'), {}, "has no export 'widen'"],
      [
        'export const widen = (state: unknown) => state;',
        {},
        'optimizer.ts#widen is a function, which is no optimizer',
      ],
      [optimizer, { settings: { question: 1 } }, 'optimizer.ts#widen does not take its "settings": "question": '],
      [optimizer, { optimizer: 'gone.ts#widen' }, '"steps.mine.optimizer" of "two"'],
      [optimizer, { optimizer: '../../../etc/passwd.ts#widen' }, '"steps.mine.optimizer" in'],
      [optimizer, { optimizer: 'optimizer.ts' }, 'must be a file and its export, as in "optimizer.ts#widen"'],
      [optimizer, { runs: undefined }, '"programs.two.steps.mine.runs"'],
      ['export const widen = ', {}, 'optimizer.ts:1'],
    ];
    for (const [text, change, message] of cases) {
      workspace.dispose();
      workspace = workspaceWith(text, { steps: { mine: { ...steps.mine, ...change } } });
      const { code, stderr } = await workspace.run(optimize);
      expect(stderr).toContain(message);
      expect(code).toBe(2);
    }
    expect(fake.counters.completions).toBe(0);
  });

  it('ends at its limits, whatever its code makes of that, with the number to raise', async () => {
    const runs = await errorOf(`async ({ state, rows, evaluate }) => {
      for (;;) await evaluate(state, rows.slice(0, 20)).catch(() => undefined);
    }`);
    expect(runs).toContain('optimizer.ts#widen asks for 20 program runs after 20, and its limit is 36.');
    expect(runs).toContain('Raise "steps.mine.runs" in bettertogether.json to 40 or more.');
    const calls = await errorOf(`async ({ state, ask }) => {
      for (const text of ['a', 'b', 'c']) await ask(text).catch(() => undefined);
      return state;
    }`);
    expect(calls).toContain('asks for 1 LM calls after 2, and its limit is 2. Raise "steps.mine.calls"');
  });

  it('ends the run where its code fails, with the place', async () => {
    const cases = [
      [`() => undefined`, 'What optimizer.ts#widen returns is no state of the program'],
      [`() => { throw new Error('not today'); }`, /optimizer\.ts:2: not today/],
      [`() => process.exit(3)`, 'The program called process.exit(3).'],
      [`() => new Promise(() => setTimeout(() => { throw new Error('in a timer'); }, 1))`, /failed.*: in a timer/],
      [
        `({ state, rows, evaluate }) => { void evaluate(state, rows.slice(0, 4)); return state; }`,
        'Await every evaluate, candidate and ask before it returns.',
      ],
      [
        `({ state, rows, candidate }) => candidate(state, rows.slice(0, 1), { ['n'.repeat(300)]: 1 })`,
        'about takes texts, numbers and booleans, by short names',
      ],
      [
        `({ state }) => { state.predictors.hint.instructions = ''; return state; }`,
        'TypeError: Cannot assign to read only',
      ],
    ] as const;
    for (const [body, message] of cases) expect(await errorOf(body)).toMatch(message);
  });

  it('is loaded before the first cell of a comparison is paid for', async () => {
    workspace.write('optimizer.ts', 'export const widen = 1;\n');
    const { code, stderr } = await workspace.run(['compare', 'two', '--strategies', 'p,mine', '--seeds', '0', '--yes']);
    expect(stderr).toContain('optimizer.ts#widen is a number, which is no optimizer.');
    expect(code).toBe(2);
    expect(fake.counters.completions).toBe(0);
  });

  it('is compared anew once code of it that failed is another', async () => {
    const compare = ['compare', 'two', '--strategies', 'vanilla,mine', '--seeds', '0', '--yes'];
    const throwing = `export const widen = optimizer({ run: () => { throw new Error('not today'); } });`;
    workspace.write('optimizer.ts', `import { optimizer } from 'bettertogether';\n${throwing}\n`);
    expect((await workspace.run(compare)).stdout).toMatch(/^mine +failed/m);
    workspace.write('optimizer.ts', optimizer);
    const { code, stdout, stderr } = await workspace.run(compare);
    expect(stdout, stderr).toMatch(/^mine +66\.7/m);
    expect(code).toBe(0);
  });

  it('optimizes a DSPy program too, from a Node process beside the Python one', async () => {
    workspace.write('two.py', two);
    const config = JSON.parse(readFileSync(join(workspace.folder, 'bettertogether.json'), 'utf8')) as {
      programs: { two: object };
    };
    Object.assign(config.programs.two, { program: 'two.py#Two', metric: 'two.py#metric' });
    workspace.write('bettertogether.json', JSON.stringify(config));
    const run = await workspace.run(optimize, { BETTERTOGETHER_PYTHON: dspyPython() });
    const result = resultSchema.parse(lastJson(run));
    expect(result.scores['mine']).toMatchObject({ dev: 66.67 });
    expect(JSON.stringify(result.state)).toContain('Think twice.');
  });

  it('is what the example shows', async () => {
    cpSync(join(repository, 'examples', 'reviews'), join(workspace.folder, 'examples', 'reviews'), { recursive: true });
    const text = readFileSync(join(repository, 'bettertogether.json'), 'utf8');
    const { programs } = parse(text) as { programs: { reviews: object } };
    const reviews = { ...programs.reviews, endpoint: 'fake', model: 'base', strategy: 'instruct' };
    const endpoints = { fake: { kind: 'openai', baseURL: fake.baseURL, concurrency: 8 } };
    workspace.write('bettertogether.json', JSON.stringify({ programs: { reviews }, endpoints }));
    const run = await workspace.run(['optimize', 'reviews', '--yes', '--json']);
    const result = resultSchema.parse(lastJson(run));
    expect(Object.keys(result.scores)).toEqual(['', 'instruct']);
    expect(fake.calls.filter(({ prompt }) => prompt.includes('are instructions for an LM')).length).toBe(3);
  });

  it('tells the line of an endless loop', async () => {
    workspace.dispose();
    workspace = workspaceWith(
      `import { optimizer } from 'bettertogether';\nexport const widen = optimizer({\n  run: () => {\n    for (;;);\n  } });`,
    );
    const { code } = await loadOptimizerCode({
      ...{ workspace: workspace.folder, optimizer: 'optimizer.ts#widen', settings: [{}], blockedSeconds: 1 },
      entry: join(repository, 'dist', 'host.js'),
      sdkPath: join(repository, 'dist', 'sdk.js'),
    });
    const request = { state: { predictors: {} }, predictors: [], rows: [], settings: {}, seed: 0, threshold: 1 };
    const nobody = { evaluate: () => Promise.reject(new Error('no')), ask: () => Promise.reject(new Error('no')) };
    const running = code.run({ ...request, metricRange: [0, 1] }, nobody, new AbortController().signal);
    await expect(running).rejects.toThrow(/optimizer\.ts:4: an endless loop\?$/);
  });

  it('keeps keys out of what it tells of candidates', async () => {
    workspace.dispose();
    const text = optimizer.replace("name: 'text ' + i", "name: 'key ' + process.env['OWN_API_KEY']");
    const endpoint = { apiKeyEnv: 'OWN_API_KEY' };
    workspace = new Workspace({ baseURL: fake.baseURL, strategy: 'mine', settings: { steps }, endpoint });
    workspace.write('optimizer.ts', text);
    workspace.write('ending.ts', "export const ending = '.';\n");
    const key = 'sk-own-0123456789abcdef';
    const run = await workspace.run(optimize, { OWN_API_KEY: key });
    const { run: id } = resultSchema.parse(lastJson(run));
    const log = readFileSync(join(workspace.folder, '.bettertogether', 'runs', id, 'events.jsonl'), 'utf8');
    expect(log).toContain('"about":{"name":"key ***"}');
    expect(log).not.toContain(key);
    expect(run.stderr).not.toContain(key);
  });

  it('is stopped with the run, be it in an endless loop', async () => {
    workspace.dispose();
    workspace = workspaceWith(
      `import { optimizer } from 'bettertogether';
       export const widen = optimizer({ run: () => { console.log('in the loop'); for (;;); } });`,
    );
    const { child, done } = workspace.start(optimize);
    await new Promise<void>((resolve) => {
      child.stderr!.on('data', (bytes: Buffer) => {
        if (bytes.toString().includes('in the loop')) resolve();
      });
    });
    child.kill('SIGINT');
    const { code, stderr } = await done;
    expect(code).toBe(130);
    expect(stderr).not.toContain('failed');
  });

  it('leaves in the log what the page shows', async () => {
    const run = await workspace.run(optimize);
    const { run: id } = resultSchema.parse(lastJson(run));
    const log = readFileSync(join(workspace.folder, '.bettertogether', 'runs', id, 'events.jsonl'), 'utf8');
    const events = log
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string; about?: object });
    expect(events.filter(({ type }) => type === 'candidate.started').map(({ about }) => about)).toEqual([
      { name: 'text 0' },
      { name: 'text 1' },
      { name: 'text 2' },
    ]);
    expect(events.find(({ type }) => type === 'step.finished')).toMatchObject({ candidate: 1 });
  });
});
