/** A score is never one of other files, variables or modules than those that are there; and nothing is run or paid twice. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import type { FakeCall, FakeEndpoint } from '../fakes/fakeEndpoint.ts';
import { startFakeEndpoint } from '../fakes/fakeEndpoint.ts';
import { dspyPython } from './dspyPython.ts';
import { lastJson, studentAnswer, Workspace } from './workspace.ts';

/** Right on every third of the 15 rows, unless `mode()` says "bad". `ran.log` gets a letter a run. */
const typescript = (mode: string, top = '') => `import { Module, Predict } from 'bettertogether';
import { appendFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
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
export const metric = (example: { answer: string }, prediction: { answer: string }) => {
  // Of each row, a wrong one too: else a row that ends before any other's metric has read it does not depend on it.
  const isSpoilt = existsSync('metric.txt') && readFileSync('metric.txt', 'utf8') === 'bad';
  return example.answer === prediction.answer && !isSpoilt;
};
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
    spoilt = os.path.exists('metric.txt') and open('metric.txt').read() == 'bad'
    return example.answer == prediction.answer and not spoilt
`;

const dist = fileURLToPath(new URL('../../dist', import.meta.url));

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
/** What the endpoint can do is asked once, in four calls. */
const fresh = { ran: rows, paid: rows + 4 };
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

/** What stands in `program`: where it is looked for, and how it says "bad" in place of "good". */
interface Kind {
  readonly what: string;
  readonly change: (mode: 'good' | 'bad') => void;
  readonly env?: (mode: 'good' | 'bad') => NodeJS.ProcessEnv;
}

const inFile =
  (name: string, text: (mode: string) => string = String) =>
  (mode: string): void =>
    workspace!.write(name, text(mode));
const inOutsideFile =
  (name: string, text: (mode: string) => string) =>
  (mode: string): void =>
    writeFileSync(join(outside, name), text(mode));
const byFile = (name: string) => (mode: string) => {
  if (mode === 'bad') workspace!.write(name, '');
  else rmSync(join(workspace!.folder, name), { force: true });
};

const ofTypeScript = (mode: string) => `export const mode = '${mode}';`;
const ofPython = (mode: string) => `mode = '${mode}'\n`;

const kindsIn = (ending: 'ts' | 'py', ofModule: (mode: string) => string): readonly Kind[] => [
  { what: 'a file that is edited', change: inFile('read.txt') },
  { what: 'a file that only the first run reads', change: inFile('once.txt') },
  { what: 'a file that is read as the program is loaded', change: inFile('loaded.txt') },
  { what: 'a file that the metric reads', change: inFile('metric.txt') },
  { what: 'a file that was missing', change: byFile('spoil.txt') },
  { what: 'a folder with another file', change: byFile('rows/two.txt') },
  { what: 'a module that is imported late', change: inFile(`late.${ending}`, ofModule) },
  { what: 'a module outside of the workspace', change: inOutsideFile(`far.${ending}`, ofModule) },
  { what: 'a module that was missing', change: byFile(`optional.${ending}`) },
  { what: 'an environment variable', change: () => undefined, env: (mode) => ({ THE_MODE: mode }) },
];

const inTypeScript = typescript(
  `
    const { mode: late } = await import('./late.ts');
    const { mode: far } = await import(\`\${process.env.OUTSIDE}/far.ts\`);
    const optional = await import('./optional.ts').then(() => 'bad', () => 'good');
    const there = existsSync('spoil.txt') || readdirSync('rows').length > 1 ? 'bad' : 'good';
    if (existsSync('cache.txt')) readFileSync('cache.txt');
    writeFileSync('cache.txt', String(Number(process.hrtime.bigint())));
    const all = [late, far, optional, there, readFileSync('read.txt', 'utf8'), (once ??= readFileSync('once.txt', 'utf8')), loaded, process.env.THE_MODE];
    const mode = all.includes('bad') ? 'bad' : 'good';`,
  "let once: string | undefined;\nconst loaded = readFileSync('loaded.txt', 'utf8');",
);

const inPython = python(
  `
        import sys, time
        if os.environ['OUTSIDE'] not in sys.path:
            sys.path.append(os.environ['OUTSIDE'])
        from far import mode as far
        from late import mode as late
        try:
            import optional
            late = 'bad'
        except ImportError:
            pass
        there = 'bad' if os.path.exists('spoil.txt') or len(os.listdir('rows')) > 1 else 'good'
        if os.path.exists('cache.txt'):
            open('cache.txt').read()
        with open('cache.txt', 'w') as cache:
            cache.write(str(time.time()))
        mode = 'bad' if 'bad' in (far, late, there, open('read.txt').read(), once(), LOADED, os.getenv('THE_MODE')) else 'good'`,
  "import functools\n\n@functools.cache\ndef once():\n    return open('once.txt').read()\n\nLOADED = open('loaded.txt').read()",
);

describe.each([
  { language: 'ts' as const, source: inTypeScript, kinds: kindsIn('ts', ofTypeScript) },
  { language: 'py' as const, source: inPython, kinds: kindsIn('py', ofPython) },
])('a program in $language', ({ language, source, kinds }) => {
  it('is run again when what it read is another, and recalled when it is put back', { timeout: 180_000 }, async () => {
    open(language, source).write('rows/one.txt', '1');
    const evaluateWith = async (spoilt?: Kind): Promise<Seen> => {
      for (const kind of kinds) kind.change(kind === spoilt ? 'bad' : 'good');
      return evaluate({ THE_MODE: 'good', ...spoilt?.env?.('bad') });
    };
    expect(await evaluateWith()).toEqual({ ...good, ...fresh });
    // It writes `cache.txt` and `ran.log` in each run.
    expect(await evaluateWith()).toEqual({ ...good, ...recalled });
    for (const kind of kinds) expect(await evaluateWith(kind), kind.what).toEqual({ ...bad, ...again });
    expect(await evaluateWith()).toEqual({ ...good, ...recalled });
    expect(await evaluateWith(kinds[0])).toEqual({ ...bad, ...recalled });
  });
});

/** Where there is a file of the row, the program does not ask its LM. Several rows are under way in one process. */
const withFileTypeScript = typescript(
  `
    const file = \`kept/\${encodeURIComponent(question)}\`;
    if (existsSync(file)) return { answer: readFileSync(file, 'utf8') };
    const kept = await this.answer({ question });
    writeFileSync(file, kept.answer);
    const mode = 'good';
    if (mode === 'good') return kept;`,
);
const withFilePython = python(
  `
        from urllib.parse import quote
        file = 'kept/' + quote(question, safe='')
        if os.path.exists(file):
            return dspy.Prediction(answer=open(file).read())
        made = self.answer(question=question)
        with open(file, 'w') as kept:
            kept.write(made.answer)
        mode = 'good'
        if mode == 'good':
            return made`,
);

describe.each([
  { language: 'ts' as const, source: withFileTypeScript },
  { language: 'py' as const, source: withFilePython },
])('a program in $language that keeps a file for each row', ({ language, source }) => {
  it('is not run again for files that it made itself, in whatever order rows end', { timeout: 60_000 }, async () => {
    await fake.close();
    let asked = 0;
    // Later rows are answered first.
    const answer = (call: FakeCall) => ({ text: studentAnswer(call), latencyMs: 200 - 10 * (asked++ % 20) });
    fake = await startFakeEndpoint({ answer });
    open(language, source).write('kept/README', '');
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

  it('outcomes, when another release of ours is installed', async () => {
    open('ts', typescript("const mode = 'good';"));
    expect(await evaluate()).toEqual({ ...good, ...fresh });
    const release = join(outside, 'dist');
    mkdirSync(release);
    for (const name of readdirSync(dist).filter((name) => /\.c?js$/.test(name))) {
      const text = readFileSync(join(dist, name), 'utf8');
      writeFileSync(join(release, name), text.replaceAll(`version:"${packageJson.version}"`, 'version:"99.0.0"'));
    }
    writeFileSync(join(outside, 'package.json'), '{ "type": "module" }');
    workspace!.cli = join(release, 'cli.js');
    expect((await workspace!.run(['--version'])).stdout.trim()).toBe('99.0.0');
    expect(await evaluate()).toEqual({ ...good, ...recalled });
  });

  it('a comparison, until a file that its program reads has changed', async () => {
    const compared = open('ts', typescript("const mode = readFileSync('mode.txt', 'utf8');"));
    const compare = async (mode: string) => {
      compared.write('mode.txt', mode);
      const { stderr } = await compared.run(['compare', 'two', '--strategies', 'p', '--seeds', '0', '--yes']);
      return stderr.includes('nothing has changed since');
    };
    expect(await compare('good')).toBe(false);
    expect(await compare('good')).toBe(true);
    expect(await compare('bad')).toBe(false);
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
