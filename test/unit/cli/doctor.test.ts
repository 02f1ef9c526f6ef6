import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startFakeEndpoint } from '../../fakes/fakeEndpoint.ts';
import type { FakeEndpoint, FakeEndpointOptions } from '../../fakes/fakeEndpoint.ts';
import { examine } from '../../../src/run/doctor/examine.ts';
import { nodeFinding } from '../../../src/run/doctor/machine.ts';
import type { Finding } from '../../../src/run/doctor/finding.ts';
import { temporaryFolder } from '../run/folder.ts';
import { cli as commandLine, makeWorkspace } from './workspace.ts';
import type { Wishes } from './workspace.ts';

const launcher = new URL('../../../python/host/launch.py', import.meta.url).pathname;

let fakes: FakeEndpoint[] = [];
let env: NodeJS.ProcessEnv = {};
beforeEach(() => {
  env = { PATH: process.env['PATH'], BETTERTOGETHER_HOME: join(temporaryFolder(), 'home') };
});
afterEach(async () => {
  for (const fake of fakes) await fake.close();
  fakes = [];
});

const cli = (folder: string, args: readonly string[], wishes: Wishes = {}) =>
  commandLine(folder, args, { env, compose: { examine: (asked) => examine(asked, launcher) }, ...wishes });

interface Changes {
  readonly config?: (text: string) => string;
  readonly models?: readonly string[];
  readonly intercept?: FakeEndpointOptions['intercept'];
}

const noList =
  (status: number): NonNullable<FakeEndpointOptions['intercept']> =>
  ({ method, url }, response) => {
    if (method !== 'GET' || url?.endsWith('/models') !== true) return false;
    response.writeHead(status, { 'content-type': 'application/json' }).end('{"detail":"Not Found"}');
    return true;
  };

/** A workspace whose endpoint "local" is a fake. */
async function workspace({ config = (text) => text, models = ['m', 'other'], intercept }: Changes = {}) {
  const fake = await startFakeEndpoint({ models: [...models], answer: () => 'Hello', ...(intercept && { intercept }) });
  fakes.push(fake);
  const folder = makeWorkspace();
  const file = join(folder, 'bettertogether.json');
  writeFileSync(file, config(readFileSync(file, 'utf8').replaceAll('http://127.0.0.1:8000/v1', fake.baseURL)));
  return { folder, fake };
}

async function findings(folder: string, ...args: string[]) {
  const ran = await cli(folder, ['doctor', ...args, '--json']);
  const { type, findings: found } = JSON.parse(ran.out) as { type: string; findings: Finding[] };
  expect(type).toBe('doctor');
  const of = (part: Finding['part']) => found.filter((each) => each.part === part);
  return { ...ran, found, of };
}

describe('doctor', () => {
  it('finds nothing wrong where all is there, and asks an endpoint for no more than its list', async () => {
    const { folder, fake } = await workspace();
    const { code, of } = await findings(folder, 'local');
    expect(of('endpoint')).toMatchObject([{ of: 'local', verdict: 'good', said: `answers at ${fake.baseURL}` }]);
    expect(of('model')).toMatchObject([{ of: 'm', verdict: 'good' }]);
    expect(of('configuration')).toMatchObject([{ of: 'local', verdict: 'good', said: 'm on local' }]);
    expect(of('disk').every(({ verdict }) => verdict === 'good')).toBe(true);
    expect(of('python')).toEqual([]);
    expect(fake.calls).toHaveLength(0);
    expect(of('trainer')).toMatchObject([{ of: 'local', verdict: 'good' }]);
    expect(code).toBe(0);
  });

  it('names a model that is not served, and those that are', async () => {
    const { folder } = await workspace({ models: ['large', 'small'] });
    const { code, of, err } = await findings(folder, 'local');
    expect(code).toBe(1);
    expect(err).toMatch(/^\d things? (is|are) wrong\.\n$/);
    expect(of('model')).toMatchObject([
      { of: 'm', verdict: 'wrong', said: 'endpoint "local" does not list it: it lists large, small' },
    ]);
  });

  it('says that an endpoint does not answer, and asks it no more', async () => {
    const { folder, fake } = await workspace();
    await fake.close();
    const { of } = await findings(folder, 'local');
    expect(of('endpoint')).toMatchObject([
      { verdict: 'wrong', said: expect.stringContaining('does not answer') as string },
    ]);
    expect([...of('model'), ...of('trainer')]).toEqual([]);
  });

  it.each([404, 405])('asks the model itself where the list of models is answered %i, and says so', async (status) => {
    const { folder } = await workspace({ intercept: noList(status) });
    const { code, of } = await findings(folder, 'local');
    expect(of('endpoint')).toMatchObject([
      { verdict: 'good', said: expect.stringMatching(/lists no models, so those named were asked/) as string },
    ]);
    expect(of('model')).toMatchObject([{ of: 'm', verdict: 'good', said: 'answers on "local"' }]);
    expect(code).toBe(0);
  });

  it('says what a model answered where there is no list and no such model', async () => {
    const { folder } = await workspace({ models: ['large'], intercept: noList(404) });
    const { code, of } = await findings(folder, 'local');
    expect(of('endpoint')).toMatchObject([
      { verdict: 'wrong', said: expect.stringMatching(/models answered 404/) as string },
    ]);
    expect(of('model')).toMatchObject([{ of: 'm', verdict: 'wrong' }]);
    expect(code).toBe(1);
  });

  it('asks another machine nothing without agreement, and then with its key', async () => {
    const { folder } = await workspace({
      config: (text) => text.replace('"kind": "openai"', '"kind": "openai", "apiKeyEnv": "LAB_KEY"'),
    });
    expect((await findings(folder, 'remote')).of('key')).toMatchObject([
      { of: 'LAB_KEY', verdict: 'wrong', mend: "export LAB_KEY='…'" },
    ]);
    env['LAB_KEY'] = 'sk-secret-of-the-lab';
    const { of, out } = await findings(folder, 'remote');
    expect(of('endpoint')).toMatchObject([
      { verdict: 'note', said: expect.stringContaining('api.example.com') as string },
    ]);
    expect(out).not.toContain('sk-secret');
    const declined = await cli(folder, ['doctor', 'remote'], { interactive: true, answer: false });
    expect(declined.questions).toEqual([
      'Ask api.example.com with the key in LAB_KEY what it has? That costs nothing, or a few tokens where it lists no models.',
    ]);
  });

  it('looks at the endpoint of a teacher too, and not at those that nothing names', async () => {
    const { folder, fake } = await workspace({
      config: (text) =>
        text.replace(
          '"promptsOnly": {',
          '"promptsOnly": { "p": { "teacher": { "model": "large", "endpoint": "local" } },',
        ),
    });
    const { of } = await findings(folder, 'promptsOnly');
    expect(of('endpoint')).toMatchObject([
      { of: 'lab', verdict: 'note' },
      { of: 'local', verdict: 'good', said: `answers at ${fake.baseURL}` },
    ]);
    expect(of('model')).toMatchObject([{ of: 'large', verdict: 'wrong' }]);
  });

  it('says what of the embedded endpoint is missing, and installs nothing', async () => {
    const { folder } = await workspace();
    const { of } = await findings(folder, 'intents');
    for (const part of ['runtime', 'model', 'trainer'] as const) {
      expect(of(part)).toMatchObject([{ verdict: 'note', mend: 'bettertogether setup' }]);
    }
    expect(existsSync(env['BETTERTOGETHER_HOME']!)).toBe(false);
  });

  it('goes on where a program, or the whole configuration, is wrong', async () => {
    const { folder } = await workspace({ config: (text) => text.replace('"train.jsonl"', '"gone.jsonl"') });
    const { of } = await findings(folder);
    expect(of('configuration')).toMatchObject([
      { of: 'intents', verdict: 'wrong', said: expect.stringContaining('gone.jsonl, which does not exist') as string },
      { of: 'remote', verdict: 'good' },
      { of: 'promptsOnly', verdict: 'good' },
      { of: 'local', verdict: 'good' },
    ]);
    expect(of('endpoint').map((each) => each.of)).toEqual(['lab', 'local']);
    writeFileSync(join(folder, 'bettertogether.json'), '{ "programs": ');
    const broken = await findings(folder);
    expect(broken.code).toBe(1);
    expect(broken.of('configuration')).toMatchObject([
      { of: null, verdict: 'wrong', said: expect.stringContaining('not valid JSON') as string },
    ]);
    expect(broken.of('node')).toMatchObject([{ verdict: 'good' }]);
  });

  it.skipIf(process.platform === 'win32')('says which Python runs a DSPy program, and installs its DSPy', async () => {
    const { folder } = await workspace({ config: (text) => text.replaceAll('program.ts#', 'program.py#') });
    writeFileSync(join(folder, 'program.py'), 'import dspy\n');
    const python = join(folder, '.venv', 'bin', 'python');
    mkdirSync(join(python, '..'), { recursive: true });
    const says = (trouble: string | null) => {
      const look = { trouble, python, version: '3.12.1', dspy: '3.4.1', install: [python, 'install', 'dspy>=3'] };
      writeFileSync(python, `#!/bin/sh\ncat <<'END'\n${JSON.stringify(look)}\nEND\n`);
      chmodSync(python, 0o755);
    };
    says(null);
    const fine = await findings(folder, 'local');
    expect(fine.of('python')).toMatchObject([{ verdict: 'good', said: `3.12.1, ${python}` }]);
    expect(fine.of('dspy')).toMatchObject([{ verdict: 'good', said: '3.4.1' }]);
    says('DSPy is not installed');
    expect((await findings(folder, 'local')).of('dspy')).toMatchObject([
      { verdict: 'wrong', mend: `${python} install 'dspy>=3'` },
    ]);
    env['BETTERTOGETHER_PYTHON'] = '/gone/python';
    expect((await findings(folder, 'local')).of('python')).toMatchObject([
      { verdict: 'wrong', said: expect.stringContaining('/gone/python') as string },
    ]);
  });

  it('prints a line for each thing, and what mends it below', async () => {
    const { folder } = await workspace();
    const { out, err } = await cli(folder, ['doctor', 'intents']);
    const lines = out.split('\n');
    expect(lines[0]).toBe(`ok     Node: ${process.versions.node}`);
    expect(lines).toContain('       to mend it: bettertogether setup');
    expect(lines.at(-2)).toBe('Nothing is wrong.');
    expect(err).toBe('');
  });
});

describe('nodeFinding', () => {
  it.each([
    ['20.18.1', 'good'],
    ['20.18.0', 'wrong'],
    ['20.9.5', 'wrong'],
    ['18.99.9', 'wrong'],
    ['22.0.0', 'good'],
    ['20.19.0-nightly', 'good'],
  ])('%s is %s', (version, verdict) => {
    expect(nodeFinding(version)).toMatchObject({ verdict });
  });
});
