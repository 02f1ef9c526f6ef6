import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { HumanError, UsageError } from '../../src/base/errors.ts';
import type { ProgramOutcome } from '../../src/data/trace.ts';
import { Cancelled, CallRejected, EndpointRefused, EndpointUnavailable } from '../../src/engine/errors.ts';
import type { CallLm } from '../../src/engine/interfaces.ts';
import type { NodeHostOptions } from '../../src/host/nodeHost.ts';
import type { ProgramHost } from '../../src/host/hostClient.ts';
import { answerWith, fakeLm, inputOf, makeWorkspace, nodeHosts, request, startState } from './hostTools.ts';

const hosts = nodeHosts();
const { start, logs } = hosts;
const never = new AbortController().signal;

/** Echoes the question as every field. */
const echo = fakeLm((_field, question) => question);

async function ask(host: ProgramHost, question: string, lm: CallLm = echo, wants = ''): Promise<ProgramOutcome> {
  const state = startState(await host.describe());
  return host.run(request(state, question, { labels: { answer: question, wants } }), lm, never);
}

const placeOf = (file: string, text: string): { file: string; line: number } => ({
  file: join(hosts.workspace.folder, file),
  line: hosts.workspace.lineOf(file, text),
});

describe('loading', () => {
  it('describes a program: predictors as DSPy names them, and every file it was loaded from', async () => {
    const host = await start('hops.ts#Hops', { metric: 'hops.ts#sameAnswer', frozen: ['generate_query[1]'] });
    const { name, language, predictors, sources } = await host.describe();
    expect({ name, language }).toEqual({ name: 'Hops', language: 'typescript' });
    expect(predictors.map((each) => [each.name, each.frozen])).toEqual([
      ['generate_query[0].predict', false],
      ['generate_query[1].predict', true],
      ['generate_answer.predict', false],
    ]);
    const hash = (file: string) =>
      createHash('sha256')
        .update(readFileSync(join(hosts.workspace.folder, file)))
        .digest('hex');
    const files = ['hops.ts', 'lib/text.ts'];
    expect(sources).toEqual(Object.fromEntries(files.map((file) => [join(hosts.workspace.folder, file), hash(file)])));
    expect(predictors.map((each) => each.source?.line)).toEqual(
      ['generate_query = ', 'generate_query = ', 'generate_answer = '].map((text) =>
        hosts.workspace.lineOf('hops.ts', text),
      ),
    );
  });

  it.each([
    ['Hops', 'class'],
    ['makeHops', 'function'],
    ['instance', 'object'],
    ['bare', 'object'],
  ])('takes the export %s, a %s', async (name, exported) => {
    const host = await start(`hops.ts#${name}`);
    expect((await host.describe()).exported).toBe(exported);
    expect((await ask(host, 'what')).score).toBe(1);
  });

  it.each([
    ['plain.mjs#Shouter', 'WHAT!', ['lib/shout.mjs', 'plain.mjs']],
    ['common.cjs#Common', 'what', ['common.cjs']],
  ])('loads %s, which is no TypeScript', async (program, answer, files) => {
    const host = await start(program);
    const outcome = await ask(host, 'what');
    expect(outcome.prediction).toEqual({ answer });
    expect(Object.keys((await host.describe()).sources)).toEqual(
      files.map((file) => join(hosts.workspace.folder, file)),
    );
  });

  it('reads JSX in .tsx files, and casts in .ts ones that import them', async () => {
    hosts.workspace.write('node_modules/react/package.json', '{ "name": "react" }');
    hosts.workspace.write('node_modules/react/jsx-runtime.js', 'exports.jsx = (tag, props) => ({ tag, ...props });');
    hosts.workspace.write('page.tsx', 'export const page = <T,>(text: T) => <b>{text}</b>;');
    hosts.workspace.write(
      'markup.ts',
      `import { Module, Predict } from 'bettertogether';
       import { page } from './page';
       export class Markup extends Module {
         ask = new Predict('question -> answer');
         forward({ question }: { question: string }) {
           return { answer: (<{ children: string }>(<any>page(question))).children };
         }
       }`,
    );
    const host = await start('markup.ts#Markup');
    expect((await ask(host, 'what')).prediction).toEqual({ answer: 'what' });
  });

  it('has zod for programs whose workspace has none, and takes the one that is installed', async () => {
    const typed = (zod: string) => `import { Predict, signature } from 'bettertogether';
      ${zod}
      const sort = signature({ inputs: { question: z.string() }, outputs: { answer: z.enum(['yes', 'no']) } });
      export class P extends Predict { constructor() { super(sort); } }`;
    hosts.workspace.write('typed.ts', typed("import * as z from 'zod';"));
    hosts.workspace.write('typedV4.ts', typed("import { z } from 'zod/v4';"));
    hosts.workspace.write('typedCommon.cjs', "const { z } = require('zod');\nexports.P = { n: z.int().parse(1) };\n");
    hosts.workspace.write(
      'useCommon.ts',
      `import { P as C } from './typedCommon.cjs';\n${typed("import z from 'zod';")}\nC.n;`,
    );
    for (const file of ['typed.ts', 'typedV4.ts', 'useCommon.ts']) {
      const { predictors } = await (await start(`${file}#P`)).describe();
      expect(predictors[0]!.signature.outputs[0]!.type, file).toEqual({ kind: 'literal', values: ['yes', 'no'] });
    }
    const old = makeWorkspace();
    old.write('node_modules/zod/package.json', '{"name":"zod","version":"3.22.4","main":"./index.js"}');
    old.write(
      'node_modules/zod/index.js',
      "class ZodString { _def = { typeName: 'ZodString' }; }\nexports.string = () => new ZodString();\nexports.enum = exports.string;\n",
    );
    old.write('typed.ts', typed("import * as z from 'zod';"));
    try {
      await expect(start('typed.ts#P', { workspace: old.folder })).rejects.toThrow(
        /typed\.ts.*field 'question' is a schema of zod 3, and fields are schemas of zod 4/,
      );
    } finally {
      old.dispose();
    }
  });

  it('reads decorators, and what asks whether the file is run itself', async () => {
    hosts.workspace.write(
      'decorated.ts',
      `import { Module, Predict } from 'bettertogether';
       const upper = (owner: object, key: string, found: PropertyDescriptor) => {
         const once = found.value;
         found.value = async function (inputs: object) { return { answer: (await once.call(this, inputs)).answer.toUpperCase() }; };
       };
       export class P extends Module {
         ask = new Predict('question -> answer');
         @upper async forward({ question }: { question: string }) { return this.ask({ question }); }
       }
       import.meta.hot?.accept();
       import.meta.vitest?.it('runs', () => {});
       const asked = [import.meta.main, import.meta?.main, import.meta['main'], import.meta.hot, import.meta.vitest];
       const answer = [false, false, false, undefined, undefined];
       if (asked.some((each, i) => each !== answer[i])) throw new Error(String(asked));`,
    );
    const host = await start('decorated.ts#P');
    const { prediction, error } = await ask(host, 'what');
    expect(error).toBeUndefined();
    expect(prediction?.['answer']).toMatch(/^[A-Z]/);
  });

  it('takes the SDK that the workspace has installed, if it has one', async () => {
    const installed = makeWorkspace();
    installed.write('node_modules/bettertogether/package.json', '{"type":"module","exports":"./index.js"}');
    installed.write(
      'node_modules/bettertogether/index.js',
      `export * from ${JSON.stringify(hosts.bundles.sdk)}; export const installed = true;`,
    );
    installed.write(
      'own.ts',
      `import { installed, Predict } from 'bettertogether';
       export const program = { p: new Predict('question -> answer'), forward: async () => ({ answer: installed }), };
       Object.setPrototypeOf(program, { frozen: false });
       import { Module } from 'bettertogether';
       export class P extends Module { p = program.p; forward() { return program.forward(); } }`,
    );
    try {
      const host = await start('own.ts#P', { workspace: installed.folder });
      expect((await ask(host, 'what')).prediction).toEqual({ answer: true });
    } finally {
      installed.dispose();
    }
  });

  const broken: [name: string, source: string, program: string, message: RegExp][] = [
    ['a missing file', '', 'nowhere.ts#X', /nowhere\.ts does not exist/],
    ['a missing export', 'export const A = 1, B = 2;', 'bad.ts#C', /no export 'C'.* It exports: A, B\./],
    ['no export named', 'export const A = 1;', 'bad.ts', /names no export.* It exports: A/],
    ['a syntax error', 'const a = 1;\n\nconst = ;\n', 'bad.ts#X', /bad\.ts:3: Syntax error: Unexpected token/],
    [
      'a throw at the top',
      '\ntype A = 1;\nthrow new TypeError("on load");',
      'bad.ts#X',
      /bad\.ts:3: TypeError: on load/,
    ],
    [
      'an environment that a schema refuses',
      "import { z } from 'zod';\nz.object({ KEY_OF_OURS: z.string() }).parse({});",
      'bad.ts#A',
      /bad\.ts:2: ZodError: \[.*KEY_OF_OURS.*\]/,
    ],
    [
      'a missing package',
      "import x from 'no-such-package';\nexport const A = x;",
      'bad.ts#A',
      /bad\.ts.*no-such-package/,
    ],
    ['no program', 'export const A = { a: 1 };', 'bad.ts#A', /A gives an object, which is no program/],
    [
      'no arguments for a constructor',
      'export class A { constructor(options) { this.k = options.k; } forward() {} }',
      'bad.ts#A',
      /failed at .*bad\.ts:1: .*'k'\)\. Its constructor has parameters.* `export const program = \(\) => new A\(…\);`/,
    ],
    [
      'no arguments for a function',
      'export const make = (options) => options.k;',
      'bad.ts#make',
      /'k'\)\. It has parameters.* `export const program = \(\) => make\(…\);`/,
    ],
    [
      'no signature',
      "import { Predict } from 'bettertogether';\nexport const A = new Predict({ q: 'string' });",
      'bad.ts#A',
      /bad\.ts:2: .*is made of a signature: a string/,
    ],
    [
      'a text that is imported',
      "import text from './bad.md';\nexport const A = text;",
      'bad.ts#A',
      /bad\.md:1: .*read it with `readFileSync\(new URL\('\.\/bad\.md', import\.meta\.url\), 'utf8'\)`/,
    ],
    ['no predictors', 'export class A { forward() { return {}; } }', 'bad.ts#A', /has no predictors/],
    [
      'a constructor that throws',
      'export class A {\n  constructor() {\n    throw new Error("no key");\n  }\n}',
      'bad.ts#A',
      /Making bad\.ts#A failed at .*bad\.ts:3: no key/,
    ],
    [
      'an exit on load',
      '\nprocess.exit(1);',
      'bad.ts#A',
      /bad\.ts:2: The program called process\.exit\(1\)\. .* under `if \(process\.argv\[1\]/,
    ],
    ['arguments of the host itself', 'throw new Error(`got [${process.argv.slice(2)}]`);', 'bad.ts#A', /got \[\]/],
    [
      'a member of an export',
      'export class A { static made() {} }',
      'bad.ts#A.made',
      /no export 'A\.made'.*write `export const made = A\.made;` at the end/,
    ],
    [
      'a file beside the code that is looked for elsewhere',
      "import { readFileSync } from 'node:fs';\nreadFileSync('near.txt');",
      'deep/bad.ts#A',
      /bad\.ts:2: .*near\.txt'\. It lies beside the code, in .*deep, .* write new URL\('near\.txt', import\.meta\.url\)/,
    ],
  ];
  it.each(broken)('says what is wrong with %s', async (_name, source, program, message) => {
    hosts.workspace.write(program.startsWith('deep/') ? 'deep/bad.ts' : 'bad.ts', source);
    hosts.workspace.write('deep/near.txt', '');
    hosts.workspace.write('bad.md', 'no # code');
    const error = await start(program).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UsageError);
    expect((error as Error).message).toMatch(message);
  });

  it('says what is wrong with a metric', async () => {
    await expect(start('hops.ts#Hops', { metric: 'hops.ts#noMetric' })).rejects.toThrow(/no export 'noMetric'/);
    await expect(start('hops.ts#Hops', { metric: 'hops.ts#Hops' })).rejects.toThrow(
      /is a class\. A metric is a function/,
    );
    await expect(start('hops.ts#Hops', { metric: 'best' })).rejects.toThrow(/Unknown metric 'best'/);
  });

  it('lists the predictors for a wrong name in "frozen"', async () => {
    const error = await start('hops.ts#Hops', { frozen: ['answer'] }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UsageError);
    expect((error as Error).message).toMatch(/answer.*generate_query\[0\]\.predict, .*generate_answer\.predict/);
  });

  it('gives up on a module that does not finish loading, and says where it is', async () => {
    hosts.workspace.write('slow.ts', 'type A = 1;\nfor (;;) {}\n');
    await expect(start('slow.ts#A', { startTimeoutSeconds: 1.5 })).rejects.toThrow(
      /more than 1\.5 seconds.*slow\.ts:2/,
    );
  });

  it('says what is missing to start: Node, the workspace, our own code', async () => {
    await expect(start('hops.ts#Hops', { nodePath: '/no/such/node' })).rejects.toThrow(/\/no\/such\/node/);
    await expect(start('hops.ts#Hops', { workspace: '/no/such/folder' })).rejects.toThrow(/workspace is not there/);
    await expect(start('hops.ts#Hops', { entry: '/no/host.js' })).rejects.toThrow(/\/no\/host\.js does not exist/);
  });
});

describe('a file that asks an LM when it is imported', () => {
  const head = `import { writeFileSync } from 'node:fs';
import { configure, Predict } from 'bettertogether';
configure({ baseURL: 'http://127.0.0.1:9/v1', model: 'base' });
export const program = new Predict('question -> answer');
const save = () => writeFileSync('saved', 'overwritten');
`;
  it.each([
    ['at its top', 'try {\n  await program.call({ question: "q" });\n} finally {\n  save();\n}\n', 2],
    [
      'in a function, past `catch` and listeners of the exit',
      'process.on("exit", save);\nconst main = async () => {\n' +
        '  await program.call({ question: "q" }).catch(() => undefined);\n  save();\n};\nvoid main();\n',
      6,
    ],
    [
      'after a while',
      'setTimeout(() => void program.call({ question: "q" }).catch(save), 1);\nawait new Promise(() => {});\n',
      1,
    ],
  ])('ends the process there: %s', async (_name, source, line) => {
    hosts.workspace.write('script.ts', head + source);
    const at = `script.ts:${5 + line} asks an LM while it is loaded`;
    const failed = start('script.ts#program');
    await expect(failed).rejects.toThrow(at);
    await expect(failed).rejects.toThrow(/`if \(process\.argv\[1\] === fileURLToPath\(import\.meta\.url\)\)`/);
    await expect(failed).rejects.toBeInstanceOf(UsageError);
    expect(existsSync(join(hosts.workspace.folder, 'saved'))).toBe(false);
  });

  const openai = JSON.stringify(createRequire(import.meta.url).resolve('openai'));
  const client = `import OpenAI from ${openai};
const client = new OpenAI({ baseURL: 'http://127.0.0.1:9999/v1', apiKey: 'k', maxRetries: 0 });
`;
  const chat = "'http://127.0.0.1:9999/v1/chat/completions'";
  it.each([
    [
      'a package of a service',
      `${client}try {\n  await client.chat.completions.create({ model: 'm', messages: [] });\n} finally {\n  save();\n}\n`,
      /script\.ts:9 asks an LM while it is loaded/,
    ],
    [
      'its embeddings',
      `${client}export const vectors = await client.embeddings.create({ model: 'm', input: 'a' }).finally(save);\n`,
      /script\.ts:8 asks a model for embeddings while it is loaded.*a file that a script of its own writes/,
    ],
    [
      'a call that nobody waits for',
      `${client}void client.responses.create({ model: 'm', input: 'a' }).then(save, save);\n`,
      /Code that was being loaded \(by openai\) asks an LM while it is loaded/,
    ],
    [
      'fetch',
      `await fetch(${chat}, { method: 'POST', body: '{}' }).finally(save);\n`,
      /script\.ts:6 asks an LM while it is loaded/,
    ],
    [
      'node:http',
      `import { request } from 'node:http';\nrequest(${chat}, { method: 'POST' }).on('error', save).end('{}');\n` +
        'await new Promise((resolve) => setTimeout(resolve, 1000));\n',
      /script\.ts:7 asks an LM while it is loaded/,
    ],
  ])('ends the process at the request of %s', async (_name, source, reason) => {
    hosts.workspace.write('script.ts', head + source);
    await expect(start('script.ts#program')).rejects.toThrow(reason);
    expect(existsSync(join(hosts.workspace.folder, 'saved'))).toBe(false);
  });

  it('may download what it needs', async () => {
    const server = createServer((_request, response) => response.end('[1]'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const search = `await (await fetch('${url}/wiki/_search', { method: 'POST', body: '{}' })).json();\n`;
    hosts.workspace.write('script.ts', `${head}await fetch('${url}/v1/completions');\n${search}`);
    const host = await start('script.ts#program');
    expect((await host.describe()).name).toBe('program');
    server.close();
  });
});

describe('running', () => {
  it('runs many predictors and gives the metric the trace where one is collected', async () => {
    const host = await start('hops.ts#Hops', { metric: 'hops.ts#sameAnswer' });
    const state = startState(await host.describe(), 'tuned');
    const models = new Set<string>();
    const lm: CallLm = (call) => {
      models.add(call.model);
      return fakeLm((field) => `${field} of it`)(call);
    };
    const collected = await host.run(request(state, 'why', { collecting: true }), lm, never);
    expect(collected).toMatchObject({
      prediction: { answer: 'answer of it', context: ['found search_query of it', 'found search_query of it'] },
      score: 1,
    });
    expect(collected.trace.map((call) => [call.predictor, call.inputs.context, call.path])).toEqual([
      ['generate_query[0].predict', '', ['Hops', 'ChainOfThought']],
      ['generate_query[1].predict', 'found search_query of it', ['Hops', 'ChainOfThought']],
      ['generate_answer.predict', ['found search_query of it', 'found search_query of it'], ['Hops', 'ChainOfThought']],
    ]);
    expect(collected.trace[2]!.outputs).toEqual({ reasoning: 'reasoning of it', answer: 'answer of it' });
    expect(models).toEqual(new Set(['tuned']));
    expect((await host.run(request(state, 'why'), lm, never)).score).toBe(0.5);
  });

  it('asks the metric for feedback about the predictor that a run names', async () => {
    hosts.workspace.write(
      'reviewed.ts',
      `import { Module, Predict } from 'bettertogether';
      export class Reviewed extends Module {
        answer = new Predict('question -> answer');
        forward({ question }) { return this.answer({ question }); }
      }
      export const metric = (example, prediction, trace, predictor, calls) => ({
        score: 1,
        feedback: JSON.stringify([trace?.length, predictor, calls?.map(({ outputs }) => outputs.answer)]),
      });`,
    );
    const host = await start('reviewed.ts#Reviewed', { metric: 'reviewed.ts#metric' });
    const description = await host.describe();
    expect(description.metricTakesPredictor).toBe(true);
    const lm = fakeLm((field) => `${field} of it`);
    const asked = request(startState(description), 'why');
    expect((await host.run(asked, lm, never)).feedback).toBe('[null,null,null]');
    const about = await host.run({ ...asked, feedbackFor: 'answer' }, lm, never);
    expect(about).toMatchObject({ score: 1, feedback: '[1,"answer",["answer of it"]]' });
  });

  it('keeps concurrent calls of one predictor apart, and lists them as they began', async () => {
    const host = await start('hops.ts#FanOut');
    const words = ['one', 'two', 'three', 'four', 'five'];
    const slowestFirst: CallLm = async (call) => {
      const word = inputOf(call, 'question');
      await new Promise((resolve) => setTimeout(resolve, 60 - 10 * words.indexOf(word)));
      return answerWith({ answer: word.toUpperCase() });
    };
    const outcome = await ask(host, words.join(' '), slowestFirst);
    expect(outcome.trace.map((call) => [call.inputs.question, call.outputs?.answer])).toEqual(
      words.map((word) => [word, word.toUpperCase()]),
    );
    expect(outcome.prediction).toEqual({ answer: 'ONE TWO THREE FOUR FIVE' });
  });

  it('answers in the state it is given: many states, more than the host keeps', async () => {
    const host = await start('hops.ts#FanOut');
    const description = await host.describe();
    const models = Array.from({ length: 300 }, (_, i) => `model ${i}`);
    for (const model of [...models, ...models.slice(0, 5)]) {
      let asked = '';
      const lm: CallLm = (call) => {
        asked = call.model;
        return echo(call);
      };
      await host.run(request(startState(description, model), 'x', { labels: { answer: 'x' } }), lm, never);
      expect(asked).toBe(model);
    }
  });

  it('runs 500 examples at once', async () => {
    const host = await start('hops.ts#Hops', { metric: 'hops.ts#sameAnswer' });
    const state = startState(await host.describe());
    let asked = 0;
    let release!: () => void;
    const allAsked = new Promise<void>((resolve) => (release = resolve));
    const lm: CallLm = async (call) => {
      if (++asked === 500) release();
      await allAsked; // no run gets on before all 500 are under way
      return fakeLm((field, question) => (field === 'answer' ? question : 'q'))(call);
    };
    const outcomes = await Promise.all(
      Array.from({ length: 500 }, (_, id) =>
        host.run(request(state, `question ${id}`, { id, labels: { answer: `question ${id}` } }), lm, never),
      ),
    );
    expect(outcomes.map((outcome) => outcome.prediction?.answer)).toEqual(outcomes.map((_, id) => `question ${id}`));
    expect(outcomes.every((outcome) => outcome.score === 1 && outcome.trace.length === 3)).toBe(true);
    expect(asked).toBe(1500);
  });

  it('renders training rows', async () => {
    const host = await start('hops.ts#FanOut');
    const { predictors } = startState(await host.describe());
    const rows = await host.renderRows(
      Array.from({ length: 250 }, (_, i) => ({
        predictor: 'name_it',
        state: predictors.name_it!,
        inputs: { question: `q${i}` },
        outputs: { answer: `a${i}` },
      })),
    );
    expect(rows).toHaveLength(250);
    expect(rows[249]).toMatchObject({ predictor: 'name_it', completion: expect.stringContaining('a249') as string });
    expect(JSON.stringify(rows[249]!.prompt)).toContain('q249');
  });

  it('sends the metric to an LM of its own, and not into the trace', async () => {
    const host = await start('hops.ts#FanOut', { metric: 'unruly.ts#judged' });
    const purposes: string[] = [];
    const lm: CallLm = (call, purpose) => {
      purposes.push(`${purpose} ${call.model}`);
      return fakeLm((field) => (field === 'verdict' ? 'yes' : 'an answer'))(call);
    };
    const outcome = await ask(host, 'what', lm);
    expect(outcome.score).toBe(1);
    expect(outcome.trace).toHaveLength(1);
    expect(purposes).toEqual(['program base', 'metric ']);
  });
});

describe("errors of the user's code", () => {
  let host: ProgramHost;
  const fresh = async (): Promise<void> => {
    host = await start('unruly.ts#Unruly');
  };

  it('are outcomes with file and line', async () => {
    await fresh();
    expect(await ask(host, 'throws')).toMatchObject({
      prediction: null,
      score: 0,
      error: { kind: 'program', message: 'TypeError: no such thing', ...placeOf('unruly.ts', '// LINE throws') },
    });
    expect((await ask(host, 'throwsText')).error).toEqual({ kind: 'program', message: 'just text' });
  });

  it('are told apart from answers that cannot be read', async () => {
    await fresh();
    const babble: CallLm = async () => ({ ...answerWith({}), text: 'no fields at all' });
    const { error, trace } = await ask(host, 'plain question', babble);
    expect(error).toMatchObject({ kind: 'parse', file: join(hosts.workspace.folder, 'unruly.ts') });
    expect(error?.line).toBe(hosts.workspace.lineOf('unruly.ts', 'if (act === undefined) return'));
    expect(trace).toMatchObject([{ predictor: 'reply', outputs: null }]);
  });

  it('include what is no prediction', async () => {
    await fresh();
    expect((await ask(host, 'returnsNothing')).error?.message).toMatch(/returned nothing/);
    expect((await ask(host, 'returnsFunction')).error?.message).toMatch(/prediction\.answer is a function/);
    expect((await ask(host, 'returnsItself')).error?.message).toMatch(/contains itself/);
  });

  it('include an exit, an error in a timer and a rejection nobody waits for, and touch no other run', async () => {
    await fresh();
    const slow = fakeLm((_field, question) => question, 0.3);
    const innocent = Array.from({ length: 5 }, (_, i) => ask(host, `fine ${i}`, slow));
    const [exits, swallowed, timer, alone, late] = await Promise.all(
      ['exits', 'exitsSwallowed', 'throwsInTimer', 'rejectsAlone', 'rejectsAwaitedLate'].map((act) => ask(host, act)),
    );
    expect(exits!.error).toEqual({
      kind: 'crash',
      message: 'The program called process.exit(3).',
      ...placeOf('unruly.ts', '// LINE exits'),
    });
    expect(swallowed!.error?.kind).toBe('crash');
    expect(timer!.error).toMatchObject({ message: 'from a timer', ...placeOf('unruly.ts', '// LINE timer') });
    expect(alone!.error).toMatchObject({ message: 'nobody waits', ...placeOf('unruly.ts', '// LINE alone') });
    expect(late!.error).toBeUndefined();
    expect((await Promise.all(innocent)).map((outcome) => outcome.score)).toEqual([1, 1, 1, 1, 1]);
  });

  it('never get into the protocol by printing', async () => {
    await fresh();
    const outcomes = await Promise.all(['a', 'prints', 'b'].map((question) => ask(host, question)));
    expect(outcomes.map((outcome) => outcome.score)).toEqual([1, 1, 1]);
    await host.close();
    const text = logs.map((log) => log.text).join('');
    expect(logs).toContainEqual({
      stream: 'stdout',
      text: expect.stringContaining('hello from the program') as string,
    });
    expect(text.length).toBeLessThan(1_000_000);
    expect(text).toMatch(/\d+ bytes of the program's output are not shown/);
  });

  it('include values of the metric that are no score, naming the row', async () => {
    const scored = await start('hops.ts#FanOut', { metric: 'unruly.ts#strange' });
    const wants = async (value: string): Promise<ProgramOutcome> => ask(scored, 'x', echo, value);
    expect(await wants('0.25')).toMatchObject({ score: 0.25 });
    for (const value of ['NaN', 'text', 'nothing', '1.5', '-1']) {
      const { error, score, prediction } = await wants(value);
      expect({ kind: error?.kind, score, prediction }).toEqual({
        kind: 'metric',
        score: 0,
        prediction: { answer: 'x' },
      });
      expect(error?.message).toMatch(/unruly\.ts#strange returned .* for row 1\. It must return/);
    }
    expect((await wants('throws')).error).toEqual({
      kind: 'metric',
      message: 'RangeError: cannot score',
      ...placeOf('unruly.ts', '// LINE metric'),
    });
  });

  it('include a call that the endpoint rejects, unless it is caught', async () => {
    const rejecting: CallLm = () => Promise.reject(new CallRejected('The prompt is too long.'));
    await fresh();
    expect((await ask(host, 'x', rejecting)).error).toMatchObject({
      kind: 'rejected',
      message: 'The prompt is too long.',
    });
    const swallows = await start('unruly.ts#Swallows');
    expect((await ask(swallows, 'x', rejecting)).prediction).toEqual({ answer: 'swallowed The prompt is too long.' });
  });
});

describe('no result', () => {
  it.each([new EndpointUnavailable('down'), new EndpointRefused('wrong key'), new Error('a bug')])(
    'rejects with %s, though user code caught it',
    async (error) => {
      const host = await start('unruly.ts#Swallows');
      await expect(ask(host, 'x', () => Promise.reject(error))).rejects.toBe(error);
      expect((await ask(host, 'x')).score).toBe(1);
    },
  );

  it('rejects when cancelled, before, during and while user code hangs', async () => {
    const host = await start('unruly.ts#Unruly');
    const state = startState(await host.describe());
    await expect(host.run(request(state, 'x'), echo, AbortSignal.abort())).rejects.toBeInstanceOf(Cancelled);
    for (const question of ['hangs', 'x']) {
      const controller = new AbortController();
      const reason = new Cancelled('stopped early');
      const run = host.run(request(state, question), () => new Promise(() => undefined), controller.signal);
      setTimeout(() => controller.abort(reason), 50);
      await expect(run).rejects.toBe(reason);
    }
    expect((await ask(host, 'x')).score).toBe(1);
  });

  it('rejects runs under way when it is closed', async () => {
    const host = await start('unruly.ts#Unruly');
    const run = ask(host, 'hangs');
    const rejected = expect(run).rejects.toBeInstanceOf(Cancelled);
    await new Promise((resolve) => setTimeout(resolve, 50));
    await host.close();
    await rejected;
    await expect(ask(host, 'x')).rejects.toBeInstanceOf(Cancelled);
  });
});

describe('a host that dies or hangs', () => {
  /** Runs a culprit among innocents; returns its outcome, and how often the LM was asked for the innocents. */
  async function among(
    act: string,
    more: Partial<NodeHostOptions> = {},
  ): Promise<{ outcome: ProgramOutcome; asked: number }> {
    const host = await start('unruly.ts#Unruly', more);
    let asked = 0;
    const lm: CallLm = (call) => {
      asked++;
      return fakeLm((_field, question) => question, 0.1)(call);
    };
    const before = Array.from({ length: 6 }, (_, i) => ask(host, `before ${i}`, lm));
    await new Promise((resolve) => setTimeout(resolve, 20));
    const culprit = ask(host, act, lm);
    const after = Array.from({ length: 6 }, (_, i) => ask(host, `after ${i}`, lm));
    const innocent = await Promise.all([...before, ...after]);
    expect(innocent.map((outcome) => [outcome.error, outcome.score])).toEqual(innocent.map(() => [undefined, 1]));
    return { outcome: await culprit, asked };
  }

  it('finds an endless loop by file and line and gives the other runs their results', async () => {
    const { outcome, asked } = await among('loops', { blockedSeconds: 1.5 });
    expect(outcome.error).toEqual({
      kind: 'timeout',
      message: expect.stringContaining('1.5 seconds without a pause') as string,
      ...placeOf('unruly.ts', '// LINE loops'),
    });
    expect(asked).toBe(12);
  });

  it.each([
    ['aborts', /SIGABRT/],
    ['signals', /SIGKILL/],
    ['closesThePipe', /ended its process/],
  ])('finds the run that %s', async (act, message) => {
    const { outcome, asked } = await among(act);
    expect(outcome.error).toMatchObject({ kind: 'crash', message: expect.stringMatching(message) as string });
    expect(asked).toBe(12);
  });

  it('finds the run that fills the memory', async () => {
    const { outcome } = await among('fills', { nodeArgs: ['--max-old-space-size=120'], blockedSeconds: 60 });
    expect(outcome.error).toMatchObject({ kind: 'crash', message: expect.stringContaining('memory') as string });
  });

  it('holds a run to its time, not counting the wait for LM answers', async () => {
    const host = await start('unruly.ts#Unruly', { exampleSeconds: 1 });
    const [hung, slow] = await Promise.all([
      ask(host, 'hangs'),
      ask(
        host,
        'x',
        fakeLm((_field, question) => question, 2.5),
      ),
    ]);
    expect(hung.error).toMatchObject({
      kind: 'timeout',
      message: expect.stringContaining('within 1 seconds') as string,
    });
    expect(slow.score).toBe(1);
  });

  it('ends by itself when its parent is gone, even in an endless loop', async () => {
    hosts.workspace.write('endless.ts', 'for (;;) {}');
    const program = { program: 'endless.ts#A', metric: 'exactMatch:answer', adapter: 'chat', guided: 'auto' };
    const params = { protocol: 2, workspace: hosts.workspace.folder, ...program, frozen: [], metricRange: [0, 1] };
    const child = spawn(process.execPath, [hosts.bundles.host, hosts.bundles.sdk], {
      cwd: hosts.workspace.folder,
      stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
    });
    const exited = once(child, 'exit');
    const pipes = child.stdio.slice(3) as Duplex[];
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params });
    pipes[0]!.write(`Content-Length: ${body.length}\r\n\r\n${body}`);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(child.exitCode).toBeNull();
    for (const pipe of pipes) pipe.destroy();
    await exited;
  });

  it('does not go on with other code than it began with', async () => {
    const changing = makeWorkspace();
    try {
      const host = await start('unruly.ts#Unruly', { workspace: changing.folder });
      changing.write('unruly.ts', `${readFileSync(join(changing.folder, 'unruly.ts'), 'utf8')}\n// changed\n`);
      await expect(ask(host, 'aborts')).rejects.toThrow(/unruly\.ts changed while the run was under way/);
    } finally {
      changing.dispose();
    }
  });
});

describe('a host that is killed while it loads', () => {
  /** A program that is killed at its loads with these numbers, from 1. */
  function mortal(name: string, killedAt: (load: number) => boolean): { readonly program: string; loads(): number } {
    const log = join(hosts.workspace.folder, `${name}.loads`);
    const loads = Array.from({ length: 20 }, (_, load) => killedAt(load + 1));
    hosts.workspace.write(
      `${name}.ts`,
      `import { appendFileSync, readFileSync } from 'node:fs';
      import { Module, Predict } from 'bettertogether';
      appendFileSync(${JSON.stringify(log)}, 'x');
      const load = readFileSync(${JSON.stringify(log)}, 'utf8').length;
      if (${JSON.stringify(loads)}[load - 1]) process.kill(process.pid, 'SIGKILL');
      export class Mortal extends Module<{ question: string }, { answer: string }> {
        answer = new Predict('question -> answer');
        async forward({ question }: { question: string }) {
          if (question === 'dies') process.kill(process.pid, 'SIGKILL');
          return this.answer.call({ question });
        }
      }`,
    );
    return { program: `${name}.ts#Mortal`, loads: () => readFileSync(log, 'utf8').length };
  }

  it('is started again, at first and when it was restarted', async () => {
    const { program, loads } = mortal('mends', (load) => load !== 3 && load !== 6 && load < 8);
    const host = await start(program);
    expect(loads()).toBe(3);
    const [culprit, innocent] = await Promise.all([ask(host, 'dies'), ask(host, 'lives')]);
    expect(culprit.error).toMatchObject({ kind: 'crash', message: expect.stringContaining('SIGKILL') as string });
    expect(innocent).toMatchObject({ score: 1 });
  });

  it('is given up in the end, with how often and why, at first', async () => {
    const { program, loads } = mortal('never', () => true);
    const failed = start(program);
    await expect(failed).rejects.toThrow(
      /^The program host ended while it loaded never\.ts#Mortal and exactMatch:answer \(signal SIGKILL\), 5 times in a row\. The usual reason is memory/,
    );
    await expect(failed).rejects.toBeInstanceOf(HumanError);
    expect(loads()).toBe(5);
  });

  it('and when it was restarted: then every run says so', async () => {
    const { program, loads } = mortal('once', (load) => load > 1);
    const host = await start(program);
    const both = await Promise.allSettled([ask(host, 'dies'), ask(host, 'lives')]);
    for (const each of both) {
      expect(each.status).toBe('rejected');
      expect(String((each as PromiseRejectedResult).reason)).toContain('5 times in a row');
    }
    expect(loads()).toBe(6);
    await expect(ask(host, 'lives')).rejects.toThrow('5 times in a row');
  });

  it('is not started again once it is closed', async () => {
    const { program, loads } = mortal('closed', (load) => load > 1);
    const host = await start(program);
    const run = ask(host, 'dies').catch((error: unknown) => error);
    await expect.poll(() => loads(), { timeout: 20_000 }).toBe(2);
    await host.close();
    expect(await run).toBeInstanceOf(Cancelled);
    const before = loads();
    await new Promise((resolve) => setTimeout(resolve, 1000));
    expect(loads()).toBe(before);
  });
});
