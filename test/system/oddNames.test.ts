/** Folders and files of any name: a workspace is run, resumed, exported and looked through in each. */
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startFakeEndpoint } from '../fakes/fakeEndpoint.ts';
import type { FakeEndpoint } from '../fakes/fakeEndpoint.ts';
import { resultSchema } from '../../src/protocol.ts';
import { dspyPython, two } from './dspyPython.ts';
import { lastJson, studentAnswer, Workspace } from './workspace.ts';

let fake: FakeEndpoint;
let around: string;
beforeAll(async () => {
  fake = await startFakeEndpoint({ answer: studentAnswer });
  around = mkdtempSync(join(tmpdir(), 'bettertogether-odd-'));
});
afterAll(async () => {
  await fake.close();
  rmSync(around, { recursive: true, force: true });
});

const onWindows = process.platform === 'win32';
/** Each has signs that URLs, regular expressions, shells, `file#name` or `String.replace` read as their own. */
const names = [
  'c# 100% sure is it?',
  'it\'s a "quote"; & more | less',
  '[brackets] (and) {braces} a$&b$1',
  'größe 模型 🙂 new\nline',
  'data.py#train %41%23',
  '..dots~',
].filter((name) => !onWindows || !/[?"\n*|]/.test(name));

const small = { candidates: 1, maxBootstrappedDemos: 1, maxLabeledDemos: 0, train: 4, validation: 6 };

/** Optimizes, resumes, exports and detects; the program is in `code`. */
async function useAll(workspace: Workspace, name: string, code: string, env: NodeJS.ProcessEnv): Promise<void> {
  const run = await workspace.run(['optimize', 'two', '--yes', '--json'], env);
  expect(run.code, run.stderr).toBe(0);
  const result = resultSchema.parse(lastJson(run));
  expect(result.scores['']!.dev).toBeCloseTo(100 / 3, 1);
  const resumed = await workspace.run(['resume', 'latest', '--json'], env);
  expect(resumed.code, resumed.stderr).toBe(0);
  expect(resultSchema.parse(lastJson(resumed)).scores).toEqual(result.scores);
  const out = `best ${name}.json`;
  const exported = await workspace.run(['export', 'latest', '--format', 'json', '--out', out], env);
  expect(exported.code, exported.stderr).toBe(0);
  expect(JSON.parse(readFileSync(join(workspace.folder, out), 'utf8'))).toHaveProperty(['predictors']);
  const found = await workspace.run(['detect', '--json'], env);
  expect(found.code, found.stderr).toBe(0);
  expect(found.stdout).toContain(JSON.stringify(code).slice(1, -1));
}

const devRows = (workspace: Workspace) =>
  readFileSync(join(workspace.folder, 'dev.jsonl'), 'utf8').split('\n').slice(0, 6);

describe.concurrent.each(names)('a workspace called %j', (name) => {
  it('is optimized, resumed, exported and looked through', async () => {
    // A name in the configuration is on one line; a folder's may be on two.
    const file = name.replaceAll('\n', ' ');
    const code = `code ${file}.ts`;
    const workspace = new Workspace({
      baseURL: fake.baseURL,
      strategy: 'p',
      settings: {
        program: `${code}#Two`,
        metric: `${code}#metric`,
        train: `rows ${file}.jsonl`,
        dev: `made ${file}.ts#dev`,
        test: undefined,
        p: small,
      },
    });
    try {
      workspace.moveTo(join(around, name));
      workspace.move('program.ts', code);
      workspace.move('train.jsonl', `rows ${file}.jsonl`);
      workspace.write('lib/beside.mjs', 'export const same = (rows) => rows;');
      const rows = devRows(workspace).join(',\n');
      workspace.write(
        `made ${file}.ts`,
        `import { same } from './lib/beside.mjs';\nexport const dev = await Promise.resolve(same([${rows}]));`,
      );
      await useAll(workspace, name, code, { XDG_DATA_HOME: join(around, `home ${name}`) });
    } finally {
      workspace.dispose();
    }
  });
});

it.skipIf(onWindows)(
  'a workspace in Python with such a name, file and interpreter is used like any other',
  async () => {
    const name = names.join(' ').slice(0, 100).replaceAll('/', '');
    const interpreter = join(around, `py ${name}`, 'python');
    mkdirSync(join(interpreter, '..'));
    writeFileSync(interpreter, `#!/bin/sh\nexec '${dspyPython()}' "$@"\n`);
    chmodSync(interpreter, 0o755);
    const file = name.replaceAll('\n', ' ');
    const code = `code ${file}.py`;
    const workspace = new Workspace({
      baseURL: fake.baseURL,
      strategy: 'p',
      settings: {
        program: `${code}#Two`,
        metric: `${code}#metric`,
        train: `rows ${file}.jsonl`,
        dev: `made ${file}.py#dev`,
        test: undefined,
        p: small,
      },
    });
    try {
      workspace.moveTo(join(around, `ws ${name}`));
      workspace.write(code, two);
      workspace.move('train.jsonl', `rows ${file}.jsonl`);
      workspace.write(`made ${file}.py`, `dev = [${devRows(workspace).join(',\n')}]`);
      await useAll(workspace, name, code, { BETTERTOGETHER_PYTHON: interpreter });
    } finally {
      workspace.dispose();
    }
  },
);
