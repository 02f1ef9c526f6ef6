/** A score is never one of other files, variables or modules than those that are there; and nothing is run or paid twice. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FakeEndpoint } from '../fakes/fakeEndpoint.ts';
import { startFakeEndpoint } from '../fakes/fakeEndpoint.ts';
import { dspyPython } from './dspyPython.ts';
import { lastJson, studentAnswer, Workspace } from './workspace.ts';

/** Right on every third of the 15 rows, unless `mode()` says "bad". `ran.log` gets a letter a run. */
const typescript = (mode: string, top = '') => `import { Module, Predict } from 'bettertogether';
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
${top}
export class Two extends Module {
  answer = new Predict('question -> answer');
  async forward({ question }: { question: string }) {
    appendFileSync('ran.log', 'x');
    ${mode}
    const { answer } = await this.answer({ question });
    return { answer: mode === 'bad' ? 'spoilt' : answer };
  }
}
export const metric = (example: { answer: string }, prediction: { answer: string }) =>
  example.answer === prediction.answer;
`;

const python = (mode: string, top = '') => `import os
import dspy
${top}

class Two(dspy.Module):
    def __init__(self):
        super().__init__()
        self.answer = dspy.Predict('question -> answer')

    def forward(self, question):
        with open('ran.log', 'a') as log:
            log.write('x')
        ${mode}
        answer = self.answer(question=question).answer
        return dspy.Prediction(answer='spoilt' if mode == 'bad' else answer)

def metric(example, prediction, trace=None):
    return example.answer == prediction.answer
`;

interface Seen {
  /** Per cent. */
  readonly score: number;
  /** Runs of the program. */
  readonly ran: number;
  readonly paid: number;
}

const rows = 15;
const good = { score: 33.33 };
const bad = { score: 0 };
/** What the endpoint can do is asked once, in three calls. */
const fresh = { ran: rows, paid: rows + 3 };
const again = { ran: rows, paid: 0 };
const recalled = { ran: 0, paid: 0 };

let fake: FakeEndpoint;
let workspace: Workspace | undefined;
let outside: string;

beforeEach(async () => {
  fake = await startFakeEndpoint({ answer: studentAnswer });
});
afterEach(async () => {
  workspace?.dispose();
  rmSync(outside, { recursive: true, force: true });
  await fake.close();
});

function open(language: 'ts' | 'py', source: string, settings: Readonly<Record<string, unknown>> = {}): Workspace {
  const file = `program.${language}`;
  const about = { program: `${file}#Two`, metric: `${file}#metric`, strategy: 'p', ...settings };
  const made = new Workspace({ baseURL: fake.baseURL, settings: about });
  made.write(file, source);
  workspace = made;
  outside = `${made.folder}-outside`;
  mkdirSync(outside, { recursive: true });
  return made;
}

async function evaluate(env: NodeJS.ProcessEnv = {}): Promise<Seen> {
  const log = join(workspace!.folder, 'ran.log');
  const ranBefore = existsSync(log) ? readFileSync(log).length : 0;
  const paidBefore = fake.counters.completions;
  const run = await workspace!.run(['evaluate', 'two', '--yes', '--json'], {
    OUTSIDE: outside,
    BETTERTOGETHER_PYTHON: dspyPython(),
    ...env,
  });
  expect(run.code, run.stderr).toBe(0);
  const { score } = lastJson<{ score: number }>(run);
  const ran = existsSync(log) ? readFileSync(log).length - ranBefore : 0;
  return { score, ran, paid: fake.counters.completions - paidBefore };
}

/** A, A again, B, and A once more. */
async function thereAndBack(change: (mode: 'good' | 'bad') => NodeJS.ProcessEnv | undefined): Promise<void> {
  const at = (mode: 'good' | 'bad') => evaluate(change(mode) ?? {});
  expect(await at('good')).toEqual({ ...good, ...fresh });
  expect(await at('good')).toEqual({ ...good, ...recalled });
  expect(await at('bad')).toEqual({ ...bad, ...again });
  expect(await at('good')).toEqual({ ...good, ...recalled });
}

function writes(name: string, text: (mode: string) => string): (mode: string) => undefined {
  return (mode) => {
    writeFileSync(
      join(name.startsWith('outside/') ? join(outside, '..') : workspace!.folder, placeOf(name)),
      text(mode),
    );
    return undefined;
  };
}

const placeOf = (name: string): string =>
  name.startsWith('outside/') ? join(outside.split('/').at(-1)!, name.slice('outside/'.length)) : name;

const isThere = (name: string) => (mode: string) => {
  if (mode === 'bad') workspace!.write(name, 'here');
  else rmSync(join(workspace!.folder, name), { force: true });
  return undefined;
};

describe.each([
  {
    language: 'ts' as const,
    source: typescript,
    file: "const mode = readFileSync('mode.txt', 'utf8');",
    once: "const mode = (kept ??= readFileSync('mode.txt', 'utf8'));",
    onceTop: 'let kept: string | undefined;',
    loaded: 'const mode = loaded;',
    loadedTop: "const loaded = readFileSync('mode.txt', 'utf8');",
    missing: "const mode = existsSync('spoil.txt') ? 'bad' : 'good';",
    variable: 'const mode = process.env.THE_MODE;',
    late: "const { mode } = await import('./late.ts');",
    lateFile: 'late.ts',
    lateText: (mode: string) => `export const mode = '${mode}';`,
    far: 'const { mode } = await import(`${process.env.OUTSIDE}/far.ts`);',
    farFile: 'outside/far.ts',
    farText: (mode: string) => `export const mode = '${mode}';`,
    listed: "const mode = require('node:fs').readdirSync('rows').length > 1 ? 'bad' : 'good';",
    own: "const mode = existsSync('cache.txt') ? readFileSync('cache.txt', 'utf8') : 'good'; writeFileSync('cache.txt', mode);",
  },
  {
    language: 'py' as const,
    source: python,
    file: "mode = open('mode.txt').read()",
    once: 'mode = kept()',
    onceTop: "import functools\n\n@functools.cache\ndef kept():\n    return open('mode.txt').read()",
    loaded: 'mode = LOADED',
    loadedTop: "LOADED = open('mode.txt').read()",
    missing: "mode = 'bad' if os.path.exists('spoil.txt') else 'good'",
    variable: "mode = os.environ.get('THE_MODE')",
    late: 'from late import mode',
    lateFile: 'late.py',
    lateText: (mode: string) => `mode = '${mode}'`,
    far: "import sys; sys.path.append(os.environ['OUTSIDE']); from far import mode",
    farFile: 'outside/far.py',
    farText: (mode: string) => `mode = '${mode}'`,
    listed: "mode = 'bad' if len(os.listdir('rows')) > 1 else 'good'",
    own: "mode = open('cache.txt').read() if os.path.exists('cache.txt') else 'good'; open('cache.txt', 'w').write(mode)",
  },
])('what a program reads while it runs, in $language', (given) => {
  const { language, source } = given;

  it('a file that is edited', async () => {
    open(language, source(given.file));
    await thereAndBack(writes('mode.txt', String));
  });

  it('a file that only the first run reads', async () => {
    open(language, source(given.once, given.onceTop));
    await thereAndBack(writes('mode.txt', String));
  });

  it('a file that is read as the program is loaded', async () => {
    open(language, source(given.loaded, given.loadedTop));
    await thereAndBack(writes('mode.txt', String));
  });

  it('a file that was missing and appears', async () => {
    open(language, source(given.missing));
    await thereAndBack(isThere('spoil.txt'));
  });

  it('a folder that gets another file', async () => {
    open(language, source(given.listed)).write('rows/one.txt', '1');
    await thereAndBack(isThere('rows/two.txt'));
  });

  it('an environment variable, whose value is written nowhere', async () => {
    const { folder } = open(language, source(given.variable));
    await thereAndBack((mode) => ({ THE_MODE: mode, THE_SECRET: 'sk-secret' }));
    const memo = join(folder, '.bettertogether');
    expect(existsSync(memo)).toBe(true);
  });

  it('a module that is imported late', async () => {
    open(language, source(given.late));
    await thereAndBack(writes(given.lateFile, given.lateText));
  });

  it('a module outside of the workspace', async () => {
    open(language, source(given.far));
    await thereAndBack(writes(given.farFile, given.farText));
  });

  it('a file that the run itself writes is none', async () => {
    open(language, source(given.own));
    expect(await evaluate()).toEqual({ ...good, ...fresh });
    expect(await evaluate()).toEqual({ ...good, ...recalled });
  });
});

describe('what is remembered', () => {
  it('nothing of a program with "remember": false but the answers of LMs', async () => {
    open('ts', typescript("const mode = 'good';"), { remember: false });
    expect(await evaluate()).toEqual({ ...good, ...fresh });
    expect(await evaluate()).toEqual({ ...good, ...again });
  });

  it('outcomes, in a workspace that is moved', async () => {
    const moved = open('ts', typescript("const mode = readFileSync('mode.txt', 'utf8');"));
    moved.write('mode.txt', 'good');
    expect(await evaluate()).toEqual({ ...good, ...fresh });
    moved.rename();
    expect(await evaluate()).toEqual({ ...good, ...recalled });
  });

  it('a finished prompt search only with what its runs read', async () => {
    const { folder } = open('ts', typescript("const mode = readFileSync('mode.txt', 'utf8');"));
    const optimize = async (mode: string) => {
      writeFileSync(join(folder, 'mode.txt'), mode);
      const before = fake.counters.completions;
      const run = await workspace!.run(['optimize', 'two', '--yes', '--json']);
      const { scores } = lastJson<{ scores: Record<string, { dev: number } | null> }>(run);
      return { dev: scores['p']?.dev, paid: fake.counters.completions - before };
    };
    const first = await optimize('good');
    expect(first.dev).toBeGreaterThan(0);
    expect(await optimize('good')).toEqual({ dev: first.dev, paid: 0 });
    expect((await optimize('bad')).dev).toBe(0);
    expect(await optimize('good')).toEqual({ dev: first.dev, paid: 0 });
  });
});
