/** An agent works on a program through `bettertogether mcp`, and is held to what a person allowed. */
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startFakeEndpoint, type FakeEndpoint } from '../../fakes/fakeEndpoint.ts';
import { writeSampleRun } from '../../fakes/sampleRun.ts';
import { agreedHash } from '../../../src/config/agreed.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { resolveProgram } from '../../../src/config/resolve.ts';
import { toolNames } from '../../../src/tools/base/names.ts';
import { studentAnswer, Workspace } from '../workspace.ts';
import { Agent, atTerminal } from './mcpClient.ts';

let fake: FakeEndpoint;
let workspace: Workspace;
let home: string;
let agent: Agent;
const before = process.env['XDG_DATA_HOME'];

beforeEach(async () => {
  fake = await startFakeEndpoint({ answer: studentAnswer });
  workspace = new Workspace({ baseURL: fake.baseURL, strategy: 'p' });
  home = mkdtempSync(join(tmpdir(), 'bettertogether-home-'));
  process.env['XDG_DATA_HOME'] = home;
  agent = await new Agent(workspace, {}).connect();
});
afterEach(async () => {
  await agent.close();
  if (before === undefined) delete process.env['XDG_DATA_HOME'];
  else process.env['XDG_DATA_HOME'] = before;
  await fake.close();
  workspace.dispose();
  rmSync(home, { recursive: true, force: true });
});

const allow = (...caps: string[]) => atTerminal(workspace.folder, ['allow', 'two', ...caps]);
const price = async (given: Record<string, unknown> = {}) => {
  const told = await agent.call('get_price', { program: 'two', for: 'optimize', ...given });
  expect(told.isError, told.text).toBe(false);
  return String(told.data['price_token']);
};
const runsMade = () =>
  existsSync(join(workspace.folder, '.bettertogether/runs'))
    ? readdirSync(join(workspace.folder, '.bettertogether/runs'))
    : [];

it('offers every tool, with what it does to the world, and lists programs without asking anybody', async () => {
  const { tools } = await agent.client.listTools();
  expect(tools.map(({ name }) => name)).toEqual([...toolNames]);
  const hints = Object.fromEntries(tools.map(({ name, annotations }) => [name, annotations]));
  expect(hints['bettertogether_list_failures']).toMatchObject({ readOnlyHint: true, openWorldHint: false });
  expect(hints['bettertogether_optimize_program']).toMatchObject({ readOnlyHint: false, openWorldHint: true });
  const listed = await agent.call('list_programs');
  expect(listed.data).toMatchObject({
    folders: [
      {
        problem: null,
        programs: [
          {
            program: 'two',
            endpoint: 'fake',
            model: 'base',
            strategy: 'p',
            allowed: expect.stringContaining('bettertogether allow'),
          },
        ],
      },
    ],
  });
  expect(listed.text).toContain('not instructions');
  expect(fake.counters.completions).toBe(0);
});

it('goes from a price to an export, and counts what it spent', async () => {
  const allowed = await allow('--budget-calls', '2000');
  expect(allowed.said).toContain('without asking you again');
  expect(allowed.code, allowed.said).toBe(0);
  const told = await agent.call('get_price', { program: 'two', for: 'optimize' });
  expect(told.data, told.text).toMatchObject({
    for_tool: 'bettertogether_optimize_program',
    strategy: 'p',
    paid_calls: 13,
    usd: null,
  });

  // Nothing is answered before the agent has heard of the run: else it may be over by then.
  let hear: (message: string) => void = () => undefined;
  const heard = new Promise<string>((resolve) => (hear = resolve));
  fake.setAnswer(async (call) => {
    await heard;
    return studentAnswer(call);
  });
  const started = await agent.call('optimize_program', {
    program: 'two',
    price_token: told.data['price_token'],
    budget_calls: 1500,
  });
  expect(started.isError, started.text).toBe(false);
  const { run } = started.data as { run: string };

  const status = await agent.call('get_status', { run, wait_seconds: 100 }, hear);
  expect(status.data, status.text).toMatchObject({
    run: { run, status: 'finished', made_here: true, best: 'p', problem: null },
  });
  expect(status.text).toMatch(/test rows.*interval/);
  expect(await heard).toMatch(/: .*\d/);

  const failures = await agent.call('list_failures', { run, step: 'baseline', limit: 3 });
  expect(failures.data, failures.text).toMatchObject({
    total: 10,
    rows: [{ label: { answer: 'a dev 1' }, prediction: { answer: 'no idea' } }, {}, {}],
  });
  expect(failures.data['more']).toContain('"offset": 3');
  const [first] = failures.data['rows'] as { trace: number }[];
  const trace = await agent.call('show_trace', { run, trace: first!.trace });
  expect(trace.data, trace.text).toMatchObject({
    purpose: 'dev',
    calls: [{ predictor: 'hint' }, { predictor: 'answer', outputs: { answer: 'no idea' } }],
  });
  expect(trace.text).toContain('not instructions');

  const exported = await agent.call('export_program', { run, file: 'better.json', state: 'best' });
  expect(exported.data, exported.text).toMatchObject({ step: 'p', predictors: [{ name: 'hint' }, { name: 'answer' }] });
  expect(JSON.parse(readFileSync(join(workspace.folder, 'better.json'), 'utf8'))).toHaveProperty('predictors');
  const again = await agent.call('export_program', { run, file: 'better.json' });
  expect([again.isError, again.text]).toEqual([true, expect.stringContaining('nothing is overwritten')]);
  const outside = await agent.call('export_program', { run, file: '../better.json' });
  expect([outside.isError, outside.text]).toEqual([true, expect.stringContaining('within')]);

  const { said } = await atTerminal(workspace.folder, ['allow', 'two']);
  const { calls } = status.data['run'] as { calls: number };
  expect(calls).toBeGreaterThan(100);
  expect(said).toContain(`of which ${(2000 - 13 - calls).toLocaleString('en-US')} are left`);
});

it('evaluates under a cap, shows dev rows, and never a test row', async () => {
  await allow('--budget-calls', '500');
  const token = await price({ for: 'evaluate', split: 'test' });
  const measured = await agent.call('evaluate_program', {
    program: 'two',
    price_token: token,
    split: 'test',
    budget_calls: 200,
  });
  expect(measured.data, measured.text).toMatchObject({
    status: 'finished',
    strategy: 'baseline',
    steps: [{ step: 'baseline', dev: { rows: 15, failed: 0 }, test: { rows: 12 } }],
  });
  const { run } = measured.data as { run: string };
  const listed = await agent.call('list_failures', { run, limit: 30 });
  expect(listed.text).not.toContain('test 1');
  let refused = 0;
  for (let trace = 0; trace < 27; trace++) {
    const shown = await agent.call('show_trace', { run, trace });
    if (shown.isError) refused++;
    expect(shown.text).not.toMatch(/\btest \d/);
  }
  expect(refused).toBe(12);
  const onDev = await price({ for: 'evaluate' });
  const free = await agent.call('evaluate_program', { program: 'two', price_token: onDev, budget_calls: 100 });
  expect(free.data, free.text).toMatchObject({ calls: 0, steps: [{ dev: { rows: 15 } }] });
  expect(free.text).not.toContain('"test"');
  const compared = await agent.call('compare_runs', { runs: [run, String(free.data['run'])] });
  expect(compared.data, compared.text).toMatchObject({
    runs: [{ dev_against_first: null }, { dev_against_first: '±0.0 (the same on every row)' }],
  });
});

describe('refuses', () => {
  it('what nobody allowed, and says what a person has to run; a terminal has to be there for that', async () => {
    const told = await agent.call('get_price', { program: 'two', for: 'optimize' });
    expect([told.isError, told.text]).toEqual([
      true,
      expect.stringContaining('`bettertogether allow two --budget-calls 1000`'),
    ]);
    const piped = await workspace.run(['allow', 'two', '--budget-calls', '100']);
    expect([piped.code, piped.stderr]).toEqual([2, expect.stringContaining('no terminal')]);
    const yes = await workspace.run(['allow', 'two', '--budget-calls', '100', '--yes']);
    expect(yes.code).toBe(2);
    const denied = await atTerminal(workspace.folder, ['allow', 'two', '--budget-calls', '100'], false);
    expect([denied.code, denied.said]).toEqual([2, expect.stringContaining('Nothing was allowed')]);
    expect((await agent.call('get_price', { program: 'two', for: 'optimize' })).isError).toBe(true);
    expect(fake.counters.completions).toBe(0);
    expect(runsMade()).toEqual([]);
  });

  it('an allowance in dollars alone where models of VS Code may be asked, which cost none', async () => {
    const file = join(workspace.folder, 'bettertogether.json');
    const config = JSON.parse(readFileSync(file, 'utf8')) as {
      endpoints: Record<string, object>;
      programs: Record<string, object>;
    };
    const mipro = { kind: 'mipro', proposer: { model: 'writer', endpoint: 'window' } };
    config.programs['two'] = { ...config.programs['two'], strategy: 'mipro', steps: { mipro } };
    config.endpoints['window'] = { kind: 'editor' };
    const prices = { '*': { input: 1, output: 1 } };
    config.endpoints['fake'] = { ...config.endpoints['fake'], prices };
    writeFileSync(file, JSON.stringify(config));
    const refused = await allow('--budget-usd', '5');
    expect(refused.said).toContain('give --budget-calls too');
    expect(refused.code).toBe(2);
    const allowed = await allow('--budget-usd', '5', '--budget-calls', '100');
    expect(allowed.said).toContain('use up the plan of your account');
    expect(allowed.code, allowed.said).toBe(0);
  });

  it('a start without a price, with a used one, and with the price of something else', async () => {
    await allow('--budget-calls', '5000');
    const start = (token: string, more: Record<string, unknown> = {}) =>
      agent.call('optimize_program', { program: 'two', price_token: token, budget_calls: 1000, ...more });
    const invented = await start('price-00');
    expect([invented.isError, invented.text]).toEqual([true, expect.stringContaining('bettertogether_get_price')]);
    const token = await price();
    const other = await start(token, { strategy: 'p -> p' });
    expect([other.isError, other.text]).toEqual([true, expect.stringContaining('is not what it was then')]);
    const evaluation = await agent.call('evaluate_program', { program: 'two', price_token: token, budget_calls: 100 });
    expect([evaluation.isError, evaluation.text]).toEqual([
      true,
      expect.stringContaining('is the price of bettertogether_optimize_program'),
    ]);
    writeFileSync(
      join(workspace.folder, 'program.ts'),
      `${readFileSync(join(workspace.folder, 'program.ts'), 'utf8')}\n// changed\n`,
    );
    const edited = await start(token);
    expect([edited.isError, edited.text]).toEqual([true, expect.stringContaining('its source')]);
    expect(runsMade()).toEqual([]);
    const fresh = await price();
    const [one, two] = await Promise.all([start(fresh), start(fresh)]);
    expect([one.isError, two.isError].sort()).toEqual([false, true]);
    expect(`${one.text} ${two.text}`).toContain('each is good for one start');
    expect(runsMade()).toHaveLength(1);
    await agent.call('get_status', { run: 'latest', wait_seconds: 100 });
  });

  it('what goes over a cap, in one run or in all of them together', async () => {
    await allow('--budget-calls', '150');
    const token = await price();
    const start = (budget?: number) =>
      agent.call('optimize_program', {
        program: 'two',
        price_token: token,
        ...(budget === undefined ? {} : { budget_calls: budget }),
      });
    const none = await start();
    expect([none.isError, none.text]).toEqual([true, expect.stringContaining('"budget_calls" is needed: at most 137')]);
    const over = await start(138);
    expect([over.isError, over.text]).toEqual([true, expect.stringContaining('137 of what was allowed is left')]);
    const stopped = await start(60);
    expect(stopped.isError, stopped.text).toBe(false);
    const status = await agent.call('get_status', { run: String(stopped.data['run']), wait_seconds: 100 });
    expect(status.data, status.text).toMatchObject({ run: { status: 'stopped', cap: { calls: 60 } } });
    const { said } = await atTerminal(workspace.folder, ['allow', 'two']);
    const left = Number(/of which (\d+) are left/.exec(said)?.[1]);
    const { calls } = status.data['run'] as { calls: number };
    expect(left).toBe(150 - 13 - calls);
    expect(calls).toBeGreaterThan(40);
  });

  it('to pay for a price where nothing is left', async () => {
    await allow('--budget-calls', '13');
    await price();
    const before = fake.counters.completions;
    writeFileSync(join(workspace.folder, 'dev.jsonl'), JSON.stringify({ question: 'new', answer: 'a new' }));
    const told = await agent.call('get_price', { program: 'two', for: 'optimize' });
    expect([told.isError, told.text]).toEqual([true, expect.stringContaining('Nothing is left')]);
    expect(fake.counters.completions).toBe(before);
  });

  it('a start where a module that the program imports, or an optimizer of a step, is another than when it was priced', async () => {
    workspace.dispose();
    workspace = new Workspace({
      ...{ baseURL: fake.baseURL, strategy: 'own' },
      settings: { steps: { own: { kind: 'custom', optimizer: 'own.ts#own', runs: 10 } } },
      program: `import { Module, Predict } from 'bettertogether';
import { signature } from './signature.ts';
export class Two extends Module {
  answer = new Predict(signature);
  forward({ question }: { question: string }) {
    return this.answer({ question });
  }
}
export const metric = (example: { answer: string }, prediction: { answer: string }) => example.answer === prediction.answer;
`,
    });
    const imported = `export const signature = 'question -> answer';\n`;
    const optimizer = `import { optimizer } from 'bettertogether';\nexport const own = optimizer({ run: async ({ state }) => state });\n`;
    workspace.write('signature.ts', imported);
    workspace.write('own.ts', optimizer);
    await agent.close();
    agent = await new Agent(workspace, {}).connect();
    await allow('--budget-calls', '1000');
    const token = await price();
    const start = () => agent.call('optimize_program', { program: 'two', price_token: token, budget_calls: 100 });
    for (const [file, text] of [
      ['signature.ts', imported],
      ['own.ts', optimizer],
    ] as const) {
      workspace.write(file, `${text}// changed\n`);
      const edited = await start();
      expect([edited.isError, edited.text]).toEqual([true, expect.stringContaining('its source')]);
      workspace.write(file, text);
    }
    expect(runsMade()).toEqual([]);
    expect((await start()).isError).toBe(false);
    await agent.call('get_status', { run: 'latest', wait_seconds: 100 });
  });

  it('an estimate by settings other than those that were agreed to, before anything is sent', async () => {
    const dry = (hash: string) =>
      workspace.run(['optimize', 'two', '--dry-run', '--yes', '--json', `--agreed=${hash}`]);
    const config = await resolveProgram(await loadConfig(workspace.folder), 'two', {}, workspace.folder);
    const hash = agreedHash(config);
    const file = join(workspace.folder, 'bettertogether.json');
    const asWritten = readFileSync(file, 'utf8');
    writeFileSync(file, asWritten.replace(fake.baseURL, 'http://127.0.0.1:9/v1'));
    const other = await dry(hash);
    expect([other.code, other.stderr]).toEqual([2, expect.stringContaining('changed after they were agreed to')]);
    expect(fake.counters.completions).toBe(0);
    writeFileSync(file, asWritten);
    expect((await dry(hash)).code).toBe(0);
  });

  it('what the configuration does not let anybody do', async () => {
    workspace.dispose();
    workspace = new Workspace({ baseURL: fake.baseURL, strategy: 'p', settings: { budget: { calls: 50 } } });
    await agent.close();
    agent = await new Agent(workspace, {}).connect();
    await allow('--budget-calls', '1000');
    const token = await price();
    const over = await agent.call('optimize_program', { program: 'two', price_token: token, budget_calls: 51 });
    expect([over.isError, over.text]).toEqual([true, expect.stringContaining("over the program's own cap of 50")]);
  });

  it('another endpoint, another key and lower prices than were allowed, and what was revoked', async () => {
    await allow('--budget-calls', '1000');
    const file = join(workspace.folder, 'bettertogether.json');
    const asWritten = readFileSync(file, 'utf8');
    const config = JSON.parse(asWritten) as { endpoints: { fake: Record<string, unknown> } };
    for (const change of [
      { apiKeyEnv: 'HOME' },
      { prices: { '*': { input: 0, output: 0 } } },
      { baseURL: 'http://127.0.0.1:9/v1' },
    ]) {
      writeFileSync(file, JSON.stringify({ ...config, endpoints: { fake: { ...config.endpoints.fake, ...change } } }));
      const told = await agent.call('get_price', { program: 'two', for: 'optimize' });
      expect([told.isError, told.text]).toEqual([
        true,
        expect.stringMatching(/does not cover this.*bettertogether allow two/),
      ]);
    }
    writeFileSync(file, asWritten);
    const token = await price();
    const { said } = await atTerminal(workspace.folder, ['allow', 'two', '--revoke'], null);
    expect(said).toContain('nothing is allowed');
    const revoked = await agent.call('optimize_program', { program: 'two', price_token: token, budget_calls: 100 });
    expect([revoked.isError, revoked.text]).toEqual([true, expect.stringContaining('Nobody has allowed')]);
    expect(runsMade()).toEqual([]);
  });

  it('an allowance that was written by hand or changed, and one of another workspace', async () => {
    await allow('--budget-calls', '100');
    const folder = join(home, 'bettertogether', 'allowances');
    const [name] = readdirSync(folder).filter((one) => one.endsWith('.json'));
    const text = readFileSync(join(folder, name!), 'utf8');
    writeFileSync(join(folder, name!), text.replace('"calls": 100', '"calls": 100000'));
    const changed = await agent.call('get_price', { program: 'two', for: 'optimize' });
    expect([changed.isError, changed.text]).toEqual([true, expect.stringContaining('allows nothing')]);
    expect(fake.counters.completions).toBe(0);
    expect((await allow('--budget-calls', '100')).code).toBe(0);
    expect((await agent.call('get_price', { program: 'two', for: 'optimize' })).isError).toBe(false);
  });

  it('to act on a run that came with the folder, and marks what it says', async () => {
    process.env['XDG_DATA_HOME'] = mkdtempSync(join(home, 'other-'));
    const foreign = await writeSampleRun({ workspace: workspace.folder, memo: false, dev: 8, test: 8 });
    process.env['XDG_DATA_HOME'] = home;
    await allow('--budget-calls', '100');
    const status = await agent.call('get_status', { run: foreign.id });
    expect([status.isError, status.text]).toEqual([
      false,
      expect.stringMatching(/came with the folder.*bettertogether adopt/),
    ]);
    expect(status.data).toMatchObject({ run: { made_here: false } });
    for (const [tool, given] of [
      ['export_program', { run: foreign.id, file: 'x.json' }],
      ['cancel_run', { run: foreign.id }],
      ['get_price', { program: 'two', for: 'evaluate', from: foreign.id }],
    ] as const) {
      const refused = await agent.call(tool, given);
      expect([tool, refused.isError, refused.text]).toEqual([tool, true, expect.stringContaining('only be looked at')]);
    }
    const listed = await agent.call('list_failures', { run: foreign.id });
    expect(listed.data, listed.text).toMatchObject({
      made_here: false,
      labels: expect.stringContaining('not made by you'),
    });
    expect(existsSync(join(workspace.folder, 'x.json'))).toBe(false);
  });

  it('everything but reading, where it was started with --read-only', async () => {
    await agent.close();
    agent = await new Agent(workspace, {}, ['--read-only']).connect();
    await allow('--budget-calls', '100');
    expect((await agent.call('list_programs')).isError).toBe(false);
    for (const [tool, given] of [
      ['get_price', { program: 'two', for: 'optimize' }],
      ['export_program', { run: 'latest', file: 'x.json' }],
      ['cancel_run', { run: 'latest' }],
    ] as const) {
      const refused = await agent.call(tool, given);
      expect([tool, refused.isError, refused.text]).toEqual([tool, true, expect.stringContaining('--read-only')]);
    }
  });

  it('arguments that are wrong, naming them', async () => {
    const wrong = await agent.call('get_status', { run: 3 });
    expect([wrong.isError, wrong.text]).toEqual([true, expect.stringMatching(/run/)]);
    const unknown = await agent.call('get_price', { program: 'twoo', for: 'optimize' });
    expect([unknown.isError, unknown.text]).toEqual([true, expect.stringContaining('There are: "two"')]);
    expect((await agent.call('get_status', { run: 'nothing-like-it' })).text).toContain('no runs');
  });
});
