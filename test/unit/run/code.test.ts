/** Code that is printed, read by the languages themselves. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ProgramDescription, ProgramState } from '../../../src/data/program.ts';
import { joinedCode, python, pythonName, typescript, typescriptName } from '../../../src/run/code/code.ts';
import { dspyLoadingCode, typescriptLoadingCode } from '../../../src/run/export/loadingCode.ts';
import type { LoadingCode } from '../../../src/run/export/loadingCode.ts';
import { powershellWord, shellWord } from '../../../src/run/code/shell.ts';
import { serveNote } from '../../../src/run/weights/serveNote.ts';
import { harmIn, hostileTexts, randomHostile } from '../../fakes/hostile.ts';
import { description } from './samples.ts';

const texts = [...hostileTexts, ...randomHostile(300, 5)];

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bettertogether-code-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** Runs a file in the folder; resolves to what it printed, and fails if it left anything that was not there. */
function run(command: string, file: string, text: string): string {
  writeFileSync(join(folder, file), text);
  const { stdout, stderr, status } = spawnSync(command, [file], { cwd: folder, encoding: 'utf8' });
  expect(stderr + String(status)).toBe('0');
  expect(existsSync(join(folder, 'pwned'))).toBe(false);
  return stdout;
}

/** Node and Python write halves of pairs otherwise; as JSON they are the same. */
const asRead = (values: readonly string[]): unknown => JSON.parse(JSON.stringify(values));

describe('a string in code', () => {
  it('is read by Python as it was', () => {
    const list = joinedCode(
      'python',
      texts.map((text) => python`${text}`),
      ',\n',
    );
    const code = String(python`import json\nprint(json.dumps([${list}]))\n`);
    expect(harmIn(code)).toBeNull();
    expect(JSON.parse(run('python3', 'main.py', code))).toEqual(asRead(texts));
  });

  it('is read by Node as it was', () => {
    const list = joinedCode(
      'typescript',
      texts.map((text) => typescript`${text}`),
      ',\n',
    );
    const code = String(typescript`console.log(JSON.stringify([${list}]));\n`);
    expect(harmIn(code)).toBeNull();
    expect(JSON.parse(run(process.execPath, 'main.mjs', code))).toEqual(asRead(texts));
  });

  it('does not end a comment', () => {
    const comments = joinedCode(
      'python',
      texts.map((text) => python`# ${text}`),
      '\n',
    );
    expect(run('python3', 'main.py', String(python`${comments}\nprint(1)`))).toBe('1\n');
    const lines = joinedCode(
      'typescript',
      texts.map((text) => typescript`// ${text}`),
      '\n',
    );
    expect(run(process.execPath, 'main.mjs', String(typescript`${lines}\nconsole.log(1)`))).toBe('1\n');
  });

  it('fits into no other language, for the compiler', () => {
    // @ts-expect-error Python is no TypeScript
    expect(String(typescript`const a = ${python`None`};`)).toBe('const a = None;');
  });

  it('is a name only where it is one', () => {
    for (const text of [...texts.filter((each) => !/^\w+$/.test(each)), 'a.b', '1a', 'a b', 'a-b', 'class', 'ｏｓ']) {
      expect(pythonName(text), text).toBeNull();
      expect(typescriptName(text), text).toBeNull();
    }
    expect(['qa', '_x1', 'größe'].map((text) => String(pythonName(text)))).toEqual(['qa', '_x1', 'größe']);
    expect(String(typescriptName('QA'))).toBe('QA');
  });
});

const endpoint = {
  kind: 'openai',
  name: 'lab',
  apiKeyEnv: 'LAB_KEY',
  revision: null,
  concurrency: 8,
  loraServing: 'none',
  fineTune: null,
  prices: null,
} as const;

/** A program whose every name is `text`. */
function named(text: string): LoadingCode {
  const config = {
    program: { file: `${folder}/program.py`, name: text },
    endpoint: { ...endpoint, baseURL: text } as unknown as LoadingCode['config']['endpoint'],
    model: text,
    adapter: text as 'chat',
    guided: text as 'auto',
    sampling: { temperature: 0.1, topP: 0.97, maxTokens: 1024 },
  };
  const predictor = description.predictors[0]!;
  const names = ['first', text, `steps[0].${text}`];
  const program: ProgramDescription = {
    ...description,
    exported: 'class',
    predictors: names.map((name) => ({ ...predictor, name, frozen: false })),
  };
  const state = Object.fromEntries(
    names.map((name, i) => [name, { instructions: '', demos: [], model: `${text}${i}` }]),
  );
  return { config, program, state: { predictors: state } as ProgramState, file: text };
}

/** No plain names, and no halves of pairs, which cannot be the name of an export. */
const hostileNames = [...hostileTexts, ...randomHostile(30, 6)]
  .filter((text) => !/\p{Cs}|^\w+$/u.test(text))
  .concat('class');

describe('what export prints', () => {
  it('asks DSPy for the models by their names, and runs none of them', () => {
    // In the place of DSPy: prints what it is asked for.
    writeFileSync(
      join(folder, 'dspy.py'),
      `import json
class LM:
    def __init__(self, *names, **settings):
        self.asked = [*names, settings['api_base']]
class Predictor:
    lm = None
`,
    );
    writeFileSync(
      join(folder, 'program.py'),
      `import json, dspy
class Made:
    def __init__(self): self.parts = {}
    def named_predictors(self): return self.parts.items()
    def load(self, file): self.loaded = file
    def set_lm(self, lm): self.first = lm
def make(names):
    def construct():
        made = Made()
        made.parts = {name: dspy.Predictor() for name in names}
        return made
    return construct
`,
    );
    const cases = hostileNames.map((name) => ({
      name,
      predictors: [name, `steps[0].${name}`],
      code: String(dspyLoadingCode(named(name))),
    }));
    writeFileSync(join(folder, 'cases.json'), JSON.stringify(cases));
    const printed = run(
      'python3',
      'main.py',
      `import json, os, pathlib, program as module
os.environ['LAB_KEY'] = 'k'
for case in json.load(open('cases.json')):
    setattr(module, case['name'], module.make(case['predictors']))
    names = {'__file__': __file__}
    exec(case['code'], names)
    made = names['program']
    beside = made.loaded == pathlib.Path(__file__).parent / case['name']
    print(json.dumps([beside, *[part.lm.asked for part in made.parts.values()]]))
`,
    );
    const asked = printed
      .trim()
      .split('\n')
      .map((line): unknown => JSON.parse(line));
    expect(asked).toEqual(hostileNames.map((text) => [true, [`openai/${text}1`, text], [`openai/${text}2`, text]]));
  });

  it('configures the SDK with the names, and runs none of them', () => {
    const sdk = join(folder, 'node_modules', 'bettertogether');
    mkdirSync(sdk, { recursive: true });
    writeFileSync(join(sdk, 'package.json'), '{"name": "bettertogether", "exports": "./index.mjs"}');
    writeFileSync(join(sdk, 'index.mjs'), 'export const configure = (given) => console.log(JSON.stringify(given));');
    const capabilities = { completions: true, continueFinal: true, structuredChoice: false, jsonSchema: true };
    writeFileSync(join(folder, 'state.json'), '{}');
    const files = hostileNames.map((text, i) => {
      const { config, program } = named(text);
      const own = { ...config, program: { file: `/w/program${i}.mjs`, name: text } };
      const made = 'class Made { load() { console.log("loaded"); } }';
      writeFileSync(join(folder, `program${i}.mjs`), `${made}\nexport { Made as ${JSON.stringify(text)} };\n`);
      const code = typescriptLoadingCode({ config: own, program, capabilities, file: 'state.json' });
      writeFileSync(join(folder, `main${i}.mjs`), String(code));
      return `await import('./main${i}.mjs');\n`;
    });
    const [...lines] = run(process.execPath, 'main.mjs', files.join('')).trim().split('\n');
    const configured = lines.filter((_, i) => i % 2 === 0).map((line): unknown => JSON.parse(line));
    expect(configured).toMatchObject(hostileNames.map((text) => ({ baseURL: text, model: text, guided: text })));
    expect(lines.filter((line) => line === 'loaded')).toHaveLength(hostileNames.length);
  });
});

describe('a word of a shell', () => {
  it('reaches the command as one argument', () => {
    for (const text of texts.filter((each) => harmIn(each) === null)) {
      writeFileSync(join(folder, 'show.sh'), `printf '%s\\0' ${shellWord(text)}`);
      const { stdout, status } = spawnSync('/bin/sh', ['show.sh'], { cwd: folder, encoding: 'utf8' });
      expect([stdout, status], text).toEqual([`${text}\0`, 0]);
    }
    expect(readdirSync(folder)).toEqual(['show.sh']);
  });

  it('sends a terminal nothing that it obeys', () => {
    for (const text of texts) {
      expect(harmIn(shellWord(text)), JSON.stringify(text)).toBeNull();
      expect(harmIn(powershellWord(text)), JSON.stringify(text)).toBeNull();
    }
  });

  it('has no single quote for PowerShell but in pairs', () => {
    for (const text of texts)
      expect(
        powershellWord(text)
          .slice(1, -1)
          .replaceAll(/(['\u2018-\u201b])\1/g, ''),
      ).not.toMatch(/['\u2018-\u201b]/);
  });

  it('stands in the note of an adapter, whatever base and model are called', () => {
    for (const text of texts) {
      const adapter = { kind: 'peft', folder: '/a', gguf: null } as const;
      const note = serveNote({ model: text, name: text, base: text, adapter }, text);
      expect(harmIn(note), JSON.stringify(text)).toBeNull();
      // Headings, list and paragraphs are as many as for a plain name.
      const shape = (each: string): readonly string[] => each.split('\n').map((line) => /^ *[-#]*/.exec(line)![0]);
      expect(shape(note)).toEqual(shape(serveNote({ model: 'm', name: 'm', base: 'm', adapter }, 'm')));
    }
  });
});
