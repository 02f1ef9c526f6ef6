import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EventEmitter } from 'vscode';
import type { ProgramItem } from '../../../src/editor/items/programItem.ts';
import { parseConfig } from '../../../src/config/load.ts';
import type { Session } from '../../../src/vscode/session/session.ts';
import { TestExplorer } from '../../../src/vscode/testing/testExplorer.ts';
import { FakeToken, TestRunRequest } from '../../fakes/fakeTests.ts';
import type { FakeTestController, FakeTestItem } from '../../fakes/fakeTests.ts';
import { fake, resetFake, Uri } from '../../fakes/fakeVscode.ts';
import { harmIn, hostileTexts } from '../../fakes/hostile.ts';

/** A command line that answers as `evaluate` does: even rows are right, and each row it is asked for is a call. */
const fakeCli = `
import { mkdirSync, writeFileSync, appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
const args = process.argv.slice(2);
const value = (name) => { const at = args.indexOf(name); return at < 0 ? undefined : args[at + 1]; };
appendFileSync('asked.jsonl', JSON.stringify(args) + '\\n');
const plan = JSON.parse(readFileSync('plan.json', 'utf8'));
const split = value('--split');
const rows = readFileSync(split + '.jsonl', 'utf8').trim().split('\\n').map((line) => JSON.parse(line));
const ranges = value('--rows')?.split(',').map((each) => each.split('-').map(Number));
const ids = rows.map((_, id) => id).filter((id) => ranges === undefined || ranges.some(([a, b = a]) => id + 1 >= a && id + 1 <= b));
const cap = Number(value('--budget-calls') ?? Infinity);
const usage = (calls) => ({ calls, cached: 0, inputTokens: calls, outputTokens: calls, usd: null });
const end = (text, code, calls) => process.send({ spent: usage(calls) }, () => process.send({ failed: text, mends: [] }, () => process.exit(code)));
if (plan.fails !== undefined) end(plan.fails, 1, 0);
else {
  const paid = plan.free ? [] : ids;
  const done = paid.length > cap ? paid.slice(0, cap) : ids;
  const folder = value('--traces');
  mkdirSync(folder, { recursive: true });
  const bytes = []; let lines = '', at = 0;
  for (const id of done) {
    const right = id % 2 === 0;
    const outcome = { prediction: { answer: right ? rows[id].answer : plan.wrong ?? 'no idea' }, score: right ? 1 : 0, seconds: 0.01,
      trace: [{ predictor: 'answer', inputs: { question: rows[id].question }, outputs: { answer: 'x' }, lm: [], path: [], start: 0, seconds: 0.01 }] };
    if (plan.throwsAt === id) Object.assign(outcome, { prediction: null, score: 0, error: { kind: 'metric', message: 'boom', file: '/w/m.ts', line: 7 } });
    const line = JSON.stringify({ step: '', candidate: null, purpose: split, example: id, round: 0, state: 's', outcome }) + '\\n';
    lines += line; at += Buffer.byteLength(line);
    const entry = Buffer.alloc(8); entry.writeBigUInt64LE(BigInt(at)); bytes.push(entry);
  }
  writeFileSync(join(folder, '000001.jsonl'), lines);
  writeFileSync(join(folder, '000001.idx'), Buffer.concat(bytes));
  if (done.length < ids.length) end('The cap is met.', 3, done.length);
  else {
    console.log(JSON.stringify({ score: 50, low: 20, high: 80, n: ids.length, failures: [], usage: usage(paid.length), sources: { [join(process.cwd(), 'program.ts')]: plan.hash ?? 'h' } }));
    process.send({ spent: usage(paid.length) });
  }
}
`;

let root: string;
let changed: EventEmitter<void>;
let programs: ProgramItem[];
let problem: Error | null;
let config: unknown;
let remembered: unknown[];
let explorer: TestExplorer | null;

beforeEach(() => {
  resetFake();
  root = mkdtempSync(join(tmpdir(), 'bt-tests-'));
  changed = new EventEmitter();
  problem = null;
  remembered = [];
  explorer = null;
  fake.folders.push(root);
  fake.settings.set('optimize.estimate', false);
  write('program.ts', 'export class Two {}\n');
  write('plan.json', '{}');
  write('cli.mjs', fakeCli);
  rows('dev', 6);
  rows('train', 6);
  rows('test', 4);
  entry({});
  programs = [item('two')];
});

afterEach(() => {
  explorer?.dispose();
  rmSync(root, { recursive: true, force: true });
});

function write(name: string, text: string): void {
  writeFileSync(join(root, name), text);
}

function rows(split: string, count: number): void {
  const all = Array.from({ length: count }, (_, id) =>
    JSON.stringify({ question: `${split} ${id}`, answer: `a ${id}` }),
  );
  write(`${split}.jsonl`, all.join('\n'));
}

function entry(settings: Readonly<Record<string, unknown>>): void {
  const program = 'program.ts#Two';
  const data = { train: 'train.jsonl', dev: 'dev.jsonl', test: 'test.jsonl' };
  const endpoint = { kind: 'openai', baseURL: 'http://127.0.0.1:1/v1' };
  config = {
    programs: { two: { program, ...data, metric: 'exactMatch:answer', endpoint: 'fake', model: 'm', ...settings } },
    endpoints: { fake: endpoint },
  };
}

function item(...keys: readonly string[]): ProgramItem {
  const place = { root, file: join(root, 'program.ts'), name: 'Two', line: 1 };
  return { ...place, language: 'typescript', kind: 'module', runnable: true, predictors: [], keys };
}

function open(): FakeTestController {
  const session = {
    log: { info: () => undefined, warn: () => undefined, debug: () => undefined, error: () => undefined },
    cli: join(root, 'cli.mjs'),
    programs: {
      onDidChange: changed.event,
      refresh: () => Promise.resolve(),
      get all() {
        return programs;
      },
    },
    roots: {
      onDidChange: changed.event,
      refresh: () => Promise.resolve(),
      get all() {
        const file = join(root, 'bettertogether.json');
        const loaded = { workspace: root, file, config: parseConfig(JSON.stringify(config), file) };
        return [{ folder: root, name: 'w', loaded, problem }];
      },
    },
    knowledge: {
      onDidChange: changed.event,
      of: () => ({
        score: null,
        stale: false,
        evaluation: (remembered.at(-1) as { 1: unknown } | undefined)?.[1] ?? null,
      }),
      refresh: () => Promise.resolve(changed.fire()),
    },
    evaluations: {
      remember: (...what: unknown[]) => {
        remembered.push(what);
        return Promise.resolve();
      },
    },
    keys: { names: () => Promise.resolve([]), get: () => Promise.resolve(undefined) },
    consents: { ask: () => Promise.resolve([]) },
    home: () => root,
    environment: () => Promise.resolve(process.env),
    run: () => Promise.resolve(),
  } as unknown as Session;
  explorer = new TestExplorer(session);
  return fake.testControllers[0]!;
}

const two = (controller: FakeTestController): FakeTestItem => controller.items.get(`${root}#two`)!;
const devProfile = ({ profiles }: FakeTestController) => profiles[0]!;
const testProfile = ({ profiles }: FakeTestController) => profiles[1]!;
const asked = () =>
  import('node:fs').then(({ readFileSync }) =>
    readFileSync(join(root, 'asked.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as string[]),
  );

describe('the Test Explorer', () => {
  it('is not there without a configured program, comes with the first and goes with the last', () => {
    programs = [item()];
    open();
    expect(fake.testControllers).toEqual([]);
    programs = [item('two')];
    changed.fire();
    expect(fake.testControllers).toHaveLength(1);
    // Half-typed JSON is no reason to lose what was measured.
    problem = new Error('bettertogether.json:3: a comma is missing');
    programs = [];
    changed.fire();
    expect(two(fake.testControllers[0]!).error).toBe('bettertogether.json:3: a comma is missing');
    problem = null;
    changed.fire();
    expect(fake.testControllers).toEqual([]);
  });

  it('lists rows when a program is opened, and other rows when the configuration names others', async () => {
    const controller = open();
    const program = two(controller);
    expect(program).toMatchObject({ label: 'two', canResolveChildren: true, range: { start: { line: 0 } } });
    expect(program.shown).toEqual(['Test rows']);
    await controller.resolveHandler!(program);
    expect(program.shown).toEqual([...[0, 1, 2, 3, 4, 5].map((id) => `${id + 1}: dev ${id}`), 'Test rows']);
    rows('other', 2);
    entry({ dev: 'other.jsonl', test: undefined });
    changed.fire();
    await expect.poll(() => two(controller).shown).toEqual(['1: other 0', '2: other 1']);
    entry({ dev: 'gone.jsonl', test: undefined });
    changed.fire();
    await expect.poll(() => two(controller).error).toContain('gone.jsonl');
  });

  it('runs all on dev rows, tells each as it is, and keeps one score', async () => {
    write('plan.json', JSON.stringify({ throwsAt: 2 }));
    const controller = open();
    await devProfile(controller).run(new TestRunRequest(), new FakeToken());
    const [run] = controller.runs;
    expect(run).toMatchObject({ ended: true });
    const states = Object.fromEntries(run!.states);
    expect(states).toMatchObject({ 'dev:0': 'passed', 'dev:1': 'failed', 'dev:2': 'errored', 'dev:3': 'failed' });
    expect(Object.keys(states).some((id) => id.startsWith('test'))).toBe(false);
    expect(run!.messages.get('dev:1')).toMatchObject({
      message: expect.stringMatching(/^answer: expected a 1, predicted no idea\n/) as unknown,
      expectedOutput: 'a 1',
      actualOutput: 'no idea',
      contextValue: 'bettertogether.trace',
    });
    expect(run!.messages.get('dev:2')).toMatchObject({ location: { uri: { fsPath: '/w/m.ts' }, range: { line: 6 } } });
    expect(run!.output).toContain('two: 50.0 % (20.0 to 80.0) on 6 dev rows; 6 calls paid for');
    expect(remembered).toMatchObject([[`${root}/program.ts#Two`, { score: 50, split: 'dev', n: 6 }]]);
    expect(two(controller).description).toBe('50.0 % (20.0 to 80.0) on 6 dev rows');
    await explorer!.openTrace({ test: two(controller).children.get('dev:1'), message: {} });
    const { query } = fake.shown.at(-1)!.uri;
    expect(query).toContain('Row 2 of dev: score 0');
    expect(query).toContain('Inputs\n------\nquestion: dev 1\n\nLabels\n------\nanswer: a 1');
    await expect(explorer!.openTrace(undefined)).rejects.toThrow('Choose a row');
  });

  it('runs chosen rows alone, without those that are left out, and no score comes of it', async () => {
    write('plan.json', JSON.stringify({ free: true }));
    const controller = open();
    const program = two(controller);
    await controller.resolveHandler!(program);
    const row = (id: number): FakeTestItem => program.children.get(`dev:${id}`)!;
    await devProfile(controller).run(new TestRunRequest([row(1), row(2), row(4)]), new FakeToken());
    await devProfile(controller).run(new TestRunRequest([program], [row(0), row(5)]), new FakeToken());
    const chosen = (await asked()).map((args) => args[args.indexOf('--rows') + 1]);
    expect(chosen).toEqual(['2-3,5', '2-5']);
    expect(controller.runs[0]!.output).toContain('on 3 dev rows of 6; nothing paid for: every row was remembered.');
    expect(remembered).toEqual([]);
    await expect(explorer!.openTrace(row(0))).rejects.toThrow('Run row 1 once more');
  });

  it('runs test rows by themselves alone, and only after a question', async () => {
    const controller = open();
    expect(controller.profiles.map(({ isDefault, continuous }) => [isDefault, continuous])).toEqual([
      [true, true],
      [false, false],
    ]);
    await testProfile(controller).run(new TestRunRequest(), new FakeToken());
    expect(fake.messages.at(-1)).toContain('not run with all');
    const heldOut = two(controller).children.get('heldOut')!;
    expect(heldOut.tags).toEqual([testProfile(controller).tag]);
    await testProfile(controller).run(new TestRunRequest([heldOut]), new FakeToken());
    expect(fake.messages.at(-1)).toBe('Measure two on the test rows?');
    expect(controller.runs).toEqual([]);
    fake.answers.push(undefined, 'Measure on Test');
    fake.answers.shift();
    await testProfile(controller).run(new TestRunRequest([heldOut]), new FakeToken());
    expect(Object.fromEntries(controller.runs[0]!.states)).toMatchObject({ 'test:0': 'passed', 'test:1': 'failed' });
    expect(heldOut.shown).toHaveLength(4);
    // The held-out rows are nothing to run with the other profile.
    await devProfile(controller).run(new TestRunRequest([heldOut, heldOut.children.get('test:1')!]), new FakeToken());
    expect(controller.runs).toHaveLength(1);
  });

  it('runs nothing in Restricted Mode and says why; rows of a file are listed there, rows of code are not', async () => {
    fake.trusted = false;
    const controller = open();
    await controller.resolveHandler!(two(controller));
    expect(two(controller).shown).toHaveLength(7);
    await devProfile(controller).run(new TestRunRequest(), new FakeToken());
    expect(fake.messages.at(-1)).toContain('the workspace is not trusted');
    expect(controller.runs).toEqual([]);
    entry({ dev: 'rows.ts#dev' });
    changed.fire();
    await expect.poll(() => two(controller).error).toContain('the workspace is not trusted');
  });

  it('says of an evaluation that came to nothing why, on the program', async () => {
    write('plan.json', JSON.stringify({ fails: 'program.ts does not compile.' }));
    const controller = open();
    await devProfile(controller).run(new TestRunRequest(), new FakeToken());
    const [run] = controller.runs;
    expect(run!.messages.get(`${root}#two`)).toMatchObject({ message: 'program.ts does not compile.' });
    expect(run!.ended).toBe(true);
    expect(remembered).toEqual([]);
  });

  it('evaluates ten thousand rows and lists a thousand, the failed ones first, each with its result', async () => {
    rows('dev', 10_000);
    const controller = open();
    const began = performance.now();
    await controller.resolveHandler!(two(controller));
    expect(performance.now() - began).toBeLessThan(5000);
    expect(two(controller).shown).toHaveLength(1001);
    expect(two(controller).children.get('dev:5001')).toBeUndefined();
    await devProfile(controller).run(new TestRunRequest(), new FakeToken());
    expect(two(controller).description).toContain('1,000 of 10,000 rows listed, failed ones first');
    const [run] = controller.runs;
    const listed = [...two(controller).children].map(([id]) => id).filter((id) => id.startsWith('dev:'));
    expect(listed).toHaveLength(1000);
    expect(new Set(listed.map((id) => run!.states.get(id)))).toEqual(new Set(['failed']));
    expect(run!.output).toContain('on 10,000 dev rows; 10,000 calls paid for');
  });

  it('shows hostile rows and answers as the text they are', async () => {
    const all = hostileTexts.flatMap((text) => [
      { question: text, answer: text },
      { question: text, answer: text },
    ]);
    write('dev.jsonl', all.map((row) => JSON.stringify(row)).join('\n'));
    write('plan.json', JSON.stringify({ wrong: hostileTexts.join(' ') }));
    const controller = open();
    await devProfile(controller).run(new TestRunRequest(), new FakeToken());
    const [run] = controller.runs;
    for (const [i] of hostileTexts.entries()) {
      const { message, actualOutput } = run!.messages.get(`dev:${2 * i + 1}`)!;
      const row = two(controller).children.get(`dev:${2 * i + 1}`)!;
      for (const shown of [message, actualOutput!, row.label, row.description!]) expect(harmIn(shown)).toBeNull();
      for (const shown of [message, row.label, row.description!]) expect(shown).not.toMatch(/\]\(|\$\(/);
    }
    expect(harmIn(run!.output.replaceAll('\r\n', '\n'))).toBeNull();
  });
});

describe('a continuous run', () => {
  const start = async (cap: string | undefined) => {
    const controller = open();
    const token = new FakeToken();
    fake.inputs.push(cap);
    await devProfile(controller).run(new TestRunRequest(undefined, undefined, undefined, true), token);
    return { controller, token };
  };
  const save = (name: string, text: string): void => {
    write(name, text);
    fake.saved.fire({ uri: Uri.file(join(root, name)) });
  };

  it('evaluates once, and again when a source changes, and counts what all of it costs until its cap', async () => {
    const { controller, token } = await start('13 calls');
    expect(fake.asked[0]).toMatchObject({ title: 'Continuous run of two' });
    expect(controller.runs).toHaveLength(1);
    expect(controller.runs[0]!.ended).toBe(true);
    save('unrelated.md', 'x');
    save('program.ts', 'export class Two { }\n');
    await expect.poll(() => controller.runs.length).toBe(2);
    await expect.poll(() => controller.runs[1]!.ended).toBe(true);
    expect(fake.messages).toEqual([]);
    fake.answers.push('Go On…');
    fake.inputs.push('10 calls');
    save('program.ts', 'export class Two {  }\n');
    await expect
      .poll(() => fake.messages)
      .toEqual(['The continuous run of two is paused: 13 of 13 calls spent, and what is left is not enough.']);
    // With the new cap it goes on by itself.
    await expect.poll(() => controller.runs.length).toBe(4);
    await expect.poll(() => controller.runs[3]!.ended).toBe(true);
    const caps = (await asked()).map((args) => args[args.indexOf('--budget-calls') + 1]);
    expect(caps).toEqual(['13', '7', '1', '10']);
    token.cancel();
    save('program.ts', 'export class Two {    }\n');
    await new Promise((resolve) => setTimeout(resolve, 1200));
    expect(controller.runs).toHaveLength(4);
  });

  it('does not evaluate anything without a cap, and asks for one', async () => {
    const { controller } = await start(undefined);
    expect(controller.runs).toEqual([]);
    expect(fake.messages).toEqual(['The continuous run of two has no cap, and waits for one.']);
    expect(fake.buttons.at(-1)).toEqual(['Set a Cap…']);
  });

  it('goes on after a save that broke the program, and is free while nothing is asked', async () => {
    write('plan.json', JSON.stringify({ fails: 'It does not compile.' }));
    const { controller } = await start('6 calls');
    expect(controller.runs[0]!.messages.size).toBe(1);
    write('plan.json', '{}');
    save('program.ts', 'export class Two { x = 1 }\n');
    await expect.poll(() => controller.runs.length).toBe(2);
    await expect.poll(() => controller.runs[1]!.states.get('dev:0')).toBe('passed');
    expect(fake.messages).toEqual([]);
  });
});
