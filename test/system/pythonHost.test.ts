import { spawnSync } from 'node:child_process';
import { readdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { UsageError } from '../../src/base/errors.ts';
import type { ProgramOutcome } from '../../src/data/trace.ts';
import { EndpointUnavailable } from '../../src/engine/errors.ts';
import type { ProgramHost } from '../../src/host/hostClient.ts';
import type { LogParams } from '../../src/host/protocol.ts';
import { startPythonHost } from '../../src/host/pythonHost.ts';
import type { PythonHostOptions } from '../../src/host/pythonHost.ts';
import { resultSchema } from '../../src/protocol.ts';
import type { FakeEndpoint } from '../fakes/fakeEndpoint.ts';
import { startFakeEndpoint } from '../fakes/fakeEndpoint.ts';
import { dspyPython, two } from './dspyPython.ts';
import { fakeLm, makeWorkspace, request, startState } from './hostTools.ts';
import type { Workspace as HostWorkspace } from './hostTools.ts';
import { lastJson, studentAnswer, Workspace } from './workspace.ts';

const launcher = fileURLToPath(new URL('../../python/host/launch.py', import.meta.url));
const never = new AbortController().signal;
let python = '';
beforeAll(() => {
  python = dspyPython();
});

/** What it does beyond answering is the question's to say. */
const troubles = `import ctypes
import os
import re
import time

import dspy


class Troubles(dspy.Module):
    def __init__(self):
        super().__init__()
        self.answer = dspy.Predict('question -> answer')

    def forward(self, question):
        if question == 'prints':
            os.write(1, b'written to stdout\\n')
        made = self.answer(question=question)
        if question == 'loops':
            while True:
                pass
        if question == 'blocks':
            re.match(r'(a+)+$', 'a' * 60 + 'b')  # without letting go of the interpreter
        if question == 'crashes':
            ctypes.string_at(0)
        if question == 'exits':
            os._exit(7)
        if question == 'sleeps':
            time.sleep(3600)
        return made
`;

describe('a host of its own', () => {
  let workspace: HostWorkspace;
  let open: ProgramHost[] = [];
  let logs: LogParams[] = [];

  beforeAll(() => {
    workspace = makeWorkspace();
    workspace.write('troubles.py', troubles);
  });
  afterAll(() => workspace.dispose());
  afterEach(async () => {
    await Promise.all(open.map((host) => host.close()));
    open = [];
    logs = [];
  });

  async function start(program: string, more: Partial<PythonHostOptions> = {}): Promise<ProgramHost> {
    const host = await startPythonHost({
      onLog: (log) => logs.push(log),
      launcher,
      python,
      workspace: workspace.folder,
      program,
      metric: 'exactMatch:answer',
      adapter: 'chat',
      guided: 'auto',
      frozen: [],
      metricRange: [0, 1],
      model: 'base',
      ...more,
    });
    open.push(host);
    return host;
  }

  const echo = fakeLm((_field, question) => question);

  async function ask(host: ProgramHost, question: string, lm = echo): Promise<ProgramOutcome> {
    const state = startState(await host.describe());
    return host.run(request(state, question, { labels: { answer: question } }), lm, never);
  }

  const place = (text: string): { file: string; line: number } => ({
    file: join(realpathSync(workspace.folder), 'troubles.py'),
    line: workspace.lineOf('troubles.py', text),
  });

  it('runs, and passes on what is printed', async () => {
    const host = await start('troubles.py#Troubles');
    expect(await host.describe()).toMatchObject({ name: 'Troubles', language: 'python' });
    const outcome = await ask(host, 'prints');
    expect(outcome).toMatchObject({ score: 1, prediction: { answer: 'prints' } });
    expect(outcome.trace.map(({ predictor }) => predictor)).toEqual(['answer']);
    await expect.poll(() => logs.map(({ text }) => text).join('')).toContain('written to stdout');
  });

  it('renders the row that the predictor would be trained on', async () => {
    const host = await start('troubles.py#Troubles');
    const state = startState(await host.describe()).predictors['answer']!;
    const rows = await host.renderRows([
      { predictor: 'answer', state, inputs: { question: 'q' }, outputs: { answer: 'a' } },
    ]);
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({ completion: '[[ ## answer ## ]]\na\n\n[[ ## completed ## ]]\n', end: null });
    expect(rows[0]!.prompt).toMatchObject({ messages: [{ role: 'system' }, { role: 'user' }] });
  });

  it('ends a run that takes too long, in Python code or asleep, and goes on with the others', async () => {
    const host = await start('troubles.py#Troubles', { exampleSeconds: 1.5 });
    const [looping, sleeping, fine] = await Promise.all(['loops', 'sleeps', 'x'].map((name) => ask(host, name)));
    expect(looping).toMatchObject({ score: 0, error: { kind: 'timeout' } });
    expect(sleeping).toMatchObject({ score: 0, error: { kind: 'timeout' } });
    expect(fine).toMatchObject({ score: 1 });
    expect(await ask(host, 'y')).toMatchObject({ score: 1 });
  });

  it('names the line that keeps the interpreter to itself, and starts another process for the others', async () => {
    const host = await start('troubles.py#Troubles', { blockedSeconds: 2 });
    const questions = ['blocks', ...Array.from({ length: 5 }, (_, i) => `q${i}`)];
    const [blocked, ...others] = await Promise.all(questions.map((question) => ask(host, question)));
    expect(blocked).toMatchObject({ error: { kind: 'timeout', ...place('re.match') } });
    expect(others.map(({ score }) => score)).toEqual([1, 1, 1, 1, 1]);
  });

  it('names the line that blocks an event loop which all runs share', async () => {
    workspace.write(
      'shared.py',
      `import asyncio
import re

import dspy


class Shared(dspy.Module):
    def __init__(self):
        super().__init__()
        self.answer = dspy.Predict('question -> answer')
        self.one = asyncio.Semaphore(1)

    async def aforward(self, question):
        async with self.one:
            made = await self.answer.acall(question=question)
        if question == 'blocks':
            re.match(r'(a+)+$', 'a' * 60 + 'b')
        return made
`,
    );
    const host = await start('shared.py#Shared', { blockedSeconds: 2 });
    const questions = ['blocks', ...Array.from({ length: 5 }, (_, i) => `q${i}`)];
    const [blocked, ...others] = await Promise.all(questions.map((question) => ask(host, question)));
    const file = join(realpathSync(workspace.folder), 'shared.py');
    expect(blocked).toMatchObject({
      error: { kind: 'timeout', file, line: workspace.lineOf('shared.py', 're.match') },
    });
    expect(others.map(({ score }) => score)).toEqual([1, 1, 1, 1, 1]);
  });

  it.each(['crashes', 'exits'])(
    'one that %s its process is found, and its answers are not asked for twice',
    async (name) => {
      const host = await start('troubles.py#Troubles');
      let asked = 0;
      const counting = fakeLm((_field, question) => {
        asked++;
        return question;
      });
      const questions = [name, 'a', 'b', 'c'];
      const [gone, ...others] = await Promise.all(questions.map((question) => ask(host, question, counting)));
      expect(gone).toMatchObject({ score: 0, error: { kind: 'crash' } });
      expect(others.map(({ score }) => score)).toEqual([1, 1, 1]);
      expect(asked).toBe(questions.length);
    },
  );

  it('an endpoint that gave up is no result', async () => {
    const host = await start('troubles.py#Troubles');
    const down = () => Promise.reject(new EndpointUnavailable('The endpoint is down.'));
    await expect(ask(host, 'x', down)).rejects.toThrow(EndpointUnavailable);
    expect(await ask(host, 'x')).toMatchObject({ score: 1 });
  });

  it('says what to do where DSPy is missing, for a .venv of the workspace that has no pip', async () => {
    const bare = makeWorkspace();
    try {
      bare.write('troubles.py', troubles);
      expect(spawnSync(python, ['-m', 'venv', '--without-pip', join(bare.folder, '.venv')]).status).toBe(0);
      const env = { ...process.env };
      delete env['BETTERTOGETHER_PYTHON'];
      const attempt = startPythonHost({
        launcher,
        workspace: bare.folder,
        env,
        program: 'troubles.py#Troubles',
        metric: 'exactMatch:answer',
        adapter: 'chat',
        guided: 'auto',
        frozen: [],
        metricRange: [0, 1],
      });
      await expect(attempt).rejects.toThrow(UsageError);
      const own = join(bare.folder, '.venv').replaceAll('.', '\\.');
      await expect(attempt).rejects.toThrow(
        new RegExp(`DSPy is not installed for ${own}.*uv pip install --python ${own}.*'dspy`),
      );
    } finally {
      bare.dispose();
    }
  });

  it('a file that cannot be loaded is told with its line', async () => {
    workspace.write('broken.py', 'import dspy\n\nprogram = dspy.Predict("question ->", x=\n');
    await expect(start('broken.py#program')).rejects.toThrow(/broken\.py:3/);
  });

  it('loading that does not end is told with its line', async () => {
    workspace.write('endless.py', 'import time\n\nwhile True:\n    time.sleep(1)\n');
    await expect(start('endless.py#program', { startTimeoutSeconds: 12 })).rejects.toThrow(
      /more than 12 seconds and was at .*endless\.py:4\. Move what takes long out of the import/,
    );
    expect(logs).toContainEqual({ stream: 'stderr', text: 'Loading endless.py#program …\n' });
  });
});

describe('a DSPy program from the command line', () => {
  let fake: FakeEndpoint;
  let workspace: Workspace;
  const optimize = ['optimize', 'two', '--yes', '--json'];
  const run = (args: readonly string[]) => workspace.run(args, { BETTERTOGETHER_PYTHON: python });
  /** What programs asked; the rest are probes of what the endpoint can do. */
  const asked = () =>
    fake.calls
      .map(({ messages }) => JSON.stringify(messages))
      .filter((messages) => messages.includes('[[ ## question ## ]]'))
      .sort();

  beforeEach(async () => {
    fake = await startFakeEndpoint({ answer: studentAnswer, latencyMs: 2 });
    const settings = { program: 'program.py#Two', metric: 'program.py#metric' };
    workspace = new Workspace({ baseURL: fake.baseURL, settings });
    workspace.write('program.py', two);
  });
  afterEach(async () => {
    workspace.dispose();
    await fake.close();
  });

  it('p -> w -> p: all calls after w on the tuned model, the second time none at all, and DSPy loads the result', async () => {
    const first = await run(optimize);
    expect(first.stderr + String(first.code)).toMatch(/0$/);
    const result = resultSchema.parse(lastJson(first));
    expect(result.scores['']).toMatchObject({ dev: 33.33, test: 33.33 });
    expect(result.scores['p -> w -> p']).toMatchObject({ dev: 100, test: 100 });
    const tuned = result.state.predictors['answer']!.model;
    expect(tuned).not.toBe('base');
    const models = fake.calls.map(({ model }) => model);
    const after = models.slice(models.indexOf(tuned));
    expect(after.length).toBeGreaterThan(50);
    expect(after.every((model) => model === tuned)).toBe(true);
    expect(fake.counters.jobsCreated).toBe(1);

    fake.reset();
    const again = resultSchema.parse(lastJson(await run(optimize)));
    expect(again.scores).toEqual(result.scores);
    expect(asked()).toEqual([]);

    const file = join(workspace.folder, 'best.json');
    expect((await run(['export', 'latest', '--format', 'dspy', '--out', file])).code).toBe(0);
    const loaded = spawnSync(python, ['program.py', file], { cwd: workspace.folder, encoding: 'utf8' });
    expect(loaded.stderr + String(loaded.status)).toMatch(/0$/);
    expect(loaded.stdout).toContain(tuned);
  });

  it('asks what the same program in TypeScript asks, byte for byte', async () => {
    await run(['evaluate', 'two', '--split', 'test']);
    const ofDspy = asked();
    expect(ofDspy).toHaveLength(24);
    fake.reset();
    const typescript = new Workspace({ baseURL: fake.baseURL });
    try {
      await typescript.run(['evaluate', 'two', '--split', 'test']);
      expect(asked()).toEqual(ofDspy);
    } finally {
      typescript.dispose();
    }
  });

  it('a changed source stops resume with its name', async () => {
    expect((await run([...optimize, '--budget-calls', '40'])).code).toBe(3);
    workspace.write('program.py', `${two}\n# changed\n`);
    const resumed = await run(['resume', 'latest', '--budget-calls', '4000']);
    expect([resumed.code, resumed.stderr]).toEqual([2, expect.stringContaining('program.py') as unknown]);
    expect(readdirSync(join(workspace.folder, '.bettertogether', 'runs'))).toHaveLength(1);
  });
});
