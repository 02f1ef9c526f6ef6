import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { ProgramDescription, ProgramState } from '../../../src/data/program.ts';
import {
  dspyLoadingCode,
  loadingCodeOf,
  namedFrom,
  typescriptLoadingCode,
} from '../../../src/run/export/loadingCode.ts';
import type { LoadingCode } from '../../../src/run/export/loadingCode.ts';
import { sampleConfig } from '../../fakes/sampleConfig.ts';
import { description } from './samples.ts';

const lab = {
  kind: 'openai',
  name: 'lab',
  baseURL: 'http://lab:8000/v1',
  apiKeyEnv: 'LAB_KEY',
  revision: null,
  concurrency: 8,
  loraServing: 'none',
  fineTune: null,
  prices: null,
} as unknown as LoadingCode['config']['endpoint'];
const config: LoadingCode['config'] = {
  program: { file: '/w/app/program.py', name: 'Program' },
  endpoint: lab,
  model: 'base',
  adapter: 'chat',
  guided: 'auto',
  sampling: { temperature: 0.1, topP: 0.97, maxTokens: 1024 },
};

function of(models: Readonly<Record<string, string>>, frozen: readonly string[] = []) {
  const program: ProgramDescription = {
    ...description,
    predictors: Object.keys(models).map((name) => ({
      ...description.predictors[0]!,
      name,
      frozen: frozen.includes(name),
    })),
  };
  const predictors = Object.entries(models).map(([name, model]) => [name, { instructions: '', demos: [], model }]);
  return { program, state: { predictors: Object.fromEntries(predictors) } as ProgramState };
}

describe('dspyLoadingCode', () => {
  it('sets the LM after loading, for DSPy forgets where it is', () => {
    expect(String(dspyLoadingCode({ config, ...of({ 'answer.predict': 'tuned' }), file: 'best.json' }))).toBe(`import os
from pathlib import Path
import dspy
from program import Program

program = Program()
program.load(Path(__file__).parent / 'best.json')
program.set_lm(dspy.LM('openai/tuned', api_base='http://lab:8000/v1', api_key=os.environ['LAB_KEY'], temperature=0.1, top_p=0.97, max_tokens=1024))
`);
  });

  it('sends the further keys of the endpoint, and nothing that is left out', () => {
    const request = { chat_template_kwargs: { enable_thinking: false }, provider: { only: ['a', null] }, seed: null };
    const bare: LoadingCode['config'] = {
      ...config,
      endpoint: { ...lab, request } as LoadingCode['config']['endpoint'],
      sampling: { temperature: null, topP: null, maxTokens: 8 },
    };
    expect(String(dspyLoadingCode({ config: bare, ...of({ self: 'base' }), file: 'best.json' }))).toContain(
      "api_key=os.environ['LAB_KEY'], max_tokens=8, extra_body={'chat_template_kwargs': {'enable_thinking': False}, 'provider': {'only': ['a', None]}})",
    );
  });

  it('sends the further headers of the endpoint, with the key out of the environment', () => {
    const headers = { 'X-Title': "it's", 'api-key': '{key}' };
    const sent = { ...config, endpoint: { ...lab, headers } as LoadingCode['config']['endpoint'] };
    expect(String(dspyLoadingCode({ config: sent, ...of({ self: 'base' }), file: 'best.json' }))).toContain(
      "extra_headers={'X-Title': 'it\\'s', 'api-key': '{key}'.replace('{key}', os.environ['LAB_KEY'])})",
    );
  });

  it.each([
    ['my-program.py', "exported = run_path('my-program.py')['Program']"],
    ['it\'s "a#1".py', "exported = run_path('it\\'s \"a#1\".py')['Program']"],
    ['größe.py', 'from größe import Program'],
  ])('takes the program from %s', (file, line) => {
    const odd = { ...config, program: { file: `/w/app/${file}`, name: 'Program' } };
    const code = String(dspyLoadingCode({ config: odd, ...of({ self: 'base' }), file: 'best.json' }));
    expect(code.split('\n')).toContain(line);
  });

  it('names the LMs of frozen predictors and of those with one of their own', () => {
    const models = { 'a[0].predict': 'tuned', self: 'tuned', check: 'big', 'inner.look': 'base' };
    const code = String(dspyLoadingCode({ config, ...of(models, ['inner.look']), file: 'best.json' }));
    expect(code).toContain("dspy.configure(lm=dspy.LM('openai/base'");
    expect(code).toContain("program.check.lm = dspy.LM('openai/big'");
    expect(code.match(/set_lm/g)).toHaveLength(1);
  });

  it('puts an LM of another endpoint where its author has it, with the key of that one', () => {
    const { program, state } = of({ 'answer.predict': 'tuned', check: 'big', second: 'changed' });
    const predictors = program.predictors.map((predictor) =>
      predictor.name === 'answer.predict' ? predictor : { ...predictor, model: 'big', endpoint: 'far' },
    );
    const common = { revision: null, concurrency: 8, prices: null };
    const services = [{ ...common, name: 'far', baseURL: 'https://far.example/v1', apiKeyEnv: 'FAR_KEY' }];
    const elsewhere = {
      config: { ...config, services },
      program: { ...program, predictors },
      state,
      file: 'best.json',
    };
    const code = String(dspyLoadingCode(elsewhere));
    const far = "api_base='https://far.example/v1', api_key=os.environ['FAR_KEY']";
    expect(code).toContain(`program.check.lm = dspy.LM('openai/big', ${far}`);
    expect(code).toContain("program.second.lm = dspy.LM('openai/changed', api_base='http://lab:8000/v1'");
    expect(code).toContain("program.set_lm(dspy.LM('openai/tuned', api_base='http://lab:8000/v1'");
  });

  it.each([
    ['class', 'program = make()'],
    ['function', 'program = make()'],
    ['object', 'program = make'],
  ] as const)('has the program of what is exported as %s', (exported, line) => {
    const { program, state } = of({ self: 'tuned' });
    const own = { ...config, program: { ...config.program, name: 'make' } };
    const code = String(dspyLoadingCode({ config: own, program: { ...program, exported }, state, file: 'x.json' }));
    expect(code.split('\n')).toContain(line);
  });

  it('serves the embedded models, and takes a program that is no class as it is', () => {
    const embedded = { kind: 'embedded', name: 'embedded', concurrency: 8, prices: null } as const;
    const own = { ...config, endpoint: embedded, program: { ...config.program, name: 'qa' } };
    const code = String(dspyLoadingCode({ config: own, ...of({ self: 'tuned' }), file: 'x.json' }));
    expect(code).toContain('bettertogether serve --port 8123');
    expect(code).toContain("api_base='http://127.0.0.1:8123/v1', api_key=os.environ['BETTERTOGETHER_TOKEN']");
    expect(code).toContain('program = qa');
    expect(code).toContain('import os');
  });
});

it('typescriptLoadingCode configures the endpoint with the adapter of the run', () => {
  const program = { file: '/w/app/program.ts', name: 'Program' };
  const capabilities = { completions: true, continueFinal: true, structuredChoice: false, jsonSchema: true };
  const asked = { ...config, program, adapter: 'plain', guided: 'off' } as const;
  const code = String(typescriptLoadingCode({ config: asked, program: description, capabilities, file: 'best.json' }));
  expect(code).toContain("import { Program } from './program.ts';");
  expect(code).toContain("  baseURL: 'http://lab:8000/v1',\n  model: 'base',\n  apiKey: process.env.LAB_KEY,\n");
  expect(code).toContain(`  adapter: 'plain',
  guided: 'off',
  capabilities: { completions: true, continueFinal: true, structuredChoice: false, jsonSchema: true },
  sampling: { temperature: 0.1, topP: 0.97, maxTokens: 1024 },
`);
  expect(code).toContain(
    "new Program();\nprogram.load(JSON.parse(readFileSync(new URL('./best.json', import.meta.url), 'utf8')));",
  );
});

it.each([
  ['Program', 'class', 'import { Program } from', 'const program = new Program();'],
  ['make', 'function', 'import { make } from', 'const program = await make();'],
  ['intents', 'object', 'import { intents } from', 'const program = intents;'],
  ['default', 'class', 'import exported from', 'const program = new exported();'],
] as const)('typescriptLoadingCode has the program of the export %s, a %s', (name, exported, taken, made) => {
  const own = { ...config, program: { file: '/w/app/program.ts', name } };
  const capabilities = { completions: true, continueFinal: true, structuredChoice: false, jsonSchema: true };
  const program = { ...description, exported };
  const code = String(typescriptLoadingCode({ config: own, program, capabilities, file: 'best.json' }));
  expect(code).toContain(`${taken} './program.ts';\n`);
  expect(code).toContain(`${made}\nprogram.load(`);
});

it('typescriptLoadingCode reads a state of any name beside the program, and one elsewhere by its path', () => {
  const capabilities = { completions: true, continueFinal: true, structuredChoice: false, jsonSchema: true };
  const program = { file: '/w/app/program.ts', name: 'Program' };
  const of = (file: string) =>
    String(typescriptLoadingCode({ config: { ...config, program }, program: description, capabilities, file }));
  const url = /new URL\('(.*)', import/.exec(of('out of/a:50%#1?.json'))?.[1];
  expect(fileURLToPath(new URL(url!, 'file:///w/app/use.ts'))).toBe('/w/app/out of/a:50%#1?.json');
  expect(of('/w/best.json')).toContain("readFileSync('/w/best.json', 'utf8')");
});

it('namedFrom names a file as code beside the program does', () => {
  expect(namedFrom('/w/app', '/w/app/out/best.json')).toBe('out/best.json');
  expect(namedFrom('/w/app', '/w/best.json')).toBe('/w/best.json');
});

it('typescriptLoadingCode imports a file of any name as a URL', () => {
  const capabilities = { completions: true, continueFinal: true, structuredChoice: false, jsonSchema: true };
  const of = (file: string) => {
    const own = { ...config, program: { file: `/w/app/${file}`, name: 'Program' } };
    return String(typescriptLoadingCode({ config: own, program: description, capabilities, file: 'best.json' }));
  };
  expect(of("it's 50%#1?.ts")).toContain(`import { Program } from './it\\'s 50%25%231%3F.ts';`);
  expect(of('größe [1].ts')).toContain("import { Program } from './größe [1].ts';");
});

describe('loadingCodeOf', () => {
  const { program, state } = of({ 'answer.predict': 'tuned' });
  const capabilities = { completions: true, continueFinal: true, structuredChoice: false, jsonSchema: true };
  const endpoint = { id: 'lab', capabilities, trainer: null };
  const run = (language: 'python' | 'typescript') => {
    const source = language === 'python' ? 'program.py' : 'program.ts';
    const asked = { ...sampleConfig, ...config, program: { file: `/w/app/${source}`, name: 'Program' } };
    return { program: { ...program, language }, endpoint, asked };
  };

  it('has the whole way in the language of the program: import, construction, load and LM', () => {
    const code = String(loadingCodeOf(run('python'), state, 'dspy', '/w/app/out/best.json'));
    for (const line of [
      'from program import Program',
      'program = Program()',
      "program.load(Path(__file__).parent / 'out/best.json')",
    ]) {
      expect(code.split('\n')).toContain(line);
    }
    expect(code).toContain('program.set_lm(dspy.LM(');
    expect(String(loadingCodeOf(run('typescript'), state, 'json', '/w/best.json'))).toContain('configure({');
  });

  it('goes into a cell of a notebook, where the program is at hand', () => {
    const { asked, ...rest } = run('python');
    const inNotebook = { ...rest, asked: { ...asked, program: { file: '/w/app/qa.ipynb', name: 'Program' } } };
    const code = String(loadingCodeOf(inNotebook, state, 'dspy', '/w/app/best.json')).split('\n');
    expect(code).toContain("# in a cell of 'qa.ipynb', below the one that has the program");
    expect(code).toContain('program = Program()');
    expect(code.filter((line) => line.startsWith('from '))).toEqual([]);
    expect(code).toContain("program.load('best.json')");
  });

  it('has none for a format that the program cannot load, or before the program was loaded', () => {
    expect(loadingCodeOf(run('python'), state, 'json', '/w/best.json')).toBeNull();
    expect(loadingCodeOf(run('typescript'), state, 'dspy', '/w/best.json')).toBeNull();
    expect(loadingCodeOf({ ...run('python'), program: null }, state, 'dspy', '/w/best.json')).toBeNull();
  });
});
