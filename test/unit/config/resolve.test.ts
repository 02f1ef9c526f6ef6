import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, sep } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { remoteHost } from '../../../src/config/endpoint.ts';
import { parseConfig } from '../../../src/config/load.ts';
import type { LoadedConfig } from '../../../src/config/load.ts';
import { resolveProgram } from '../../../src/config/resolve.ts';
import {
  metricReference,
  programReference,
  resolvedEndpointSchema,
  resolvedProgramSchema,
} from '../../../src/config/resolved.ts';
import { languageNames, languages } from '../../../src/data/language.ts';
import { UsageError } from '../../../src/base/errors.ts';
import { agreementsOf, consequencesOf } from '../../../src/run/work/consequences.ts';

const folder = mkdtempSync(join(tmpdir(), 'bt-resolve-'));
for (const file of ['p.ts', 'm.ts', 'train.jsonl', 'other.jsonl', 'p.py']) writeFileSync(join(folder, file), '');
for (const file of [
  'saved/state.json',
  'saved/dataset_info.json',
  'split/dataset_dict.json',
  'hub/data/train-00000.parquet',
]) {
  mkdirSync(join(folder, file, '..'), { recursive: true });
  writeFileSync(join(folder, file), '');
}
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const least = { program: 'p.ts#P', metric: 'exactMatch:answer', train: 'train.jsonl' };

function loaded(entry: object, endpoints: object = {}): LoadedConfig {
  const file = join(folder, 'bettertogether.json');
  return { workspace: folder, file, config: parseConfig(JSON.stringify({ programs: { a: entry }, endpoints }), file) };
}

const lab = { kind: 'openai', baseURL: 'http://GPU-box:8000/v1/', apiKeyEnv: 'LAB_KEY' };

describe('resolveProgram', () => {
  it('fills in the defaults of the embedded endpoint', async () => {
    const resolved = await resolveProgram(loaded(least), 'a');
    expect(resolved).toMatchObject({
      key: 'a',
      program: { file: join(folder, 'p.ts'), name: 'P' },
      metric: { kind: 'builtin', name: 'exactMatch', field: 'answer' },
      threshold: 1,
      metricRange: [0, 1],
      data: { train: join(folder, 'train.jsonl'), dev: null, test: null },
      inputs: null,
      endpoint: { kind: 'embedded', name: 'embedded', concurrency: 8 },
      model: 'smollm2-135m-instruct',
      adapter: 'chat',
      guided: 'auto',
      frozen: [],
      strategy: ['p', 'w', 'p'],
      seed: 0,
      sampling: { temperature: 0.1, topP: 0.97, maxTokens: 1024 },
      budget: { calls: null, tokens: null, usd: null },
    });
    const { p, w } = resolved.steps;
    const demos = { maxBootstrappedDemos: 3, maxLabeledDemos: 3 };
    expect(p!.settings).toMatchObject({ candidates: 6, ...demos, rounds: 1, roundTemperature: 1, train: null });
    expect(w!.settings).toMatchObject({ epochs: 3, learningRate: 4e-4, schedule: 'linear', batchSize: 4 });
    expect(w!.settings['lora']).toEqual({ rank: 32, alpha: 64, targets: 'all-linear' });
    // What the manifest keeps comes back the same.
    expect(resolvedProgramSchema.parse(JSON.parse(JSON.stringify(resolved)))).toEqual(resolved);
  });

  it('counts as correct, without a threshold, what has the highest value of the metric', async () => {
    const resolved = await resolveProgram(loaded({ ...least, metricRange: [0, 5] }), 'a');
    expect(resolved.threshold).toBe(5);
  });

  it('takes program, metric and rows of notebooks', async () => {
    writeFileSync(join(folder, 'qa.ipynb'), '{}');
    const named = { program: 'qa.ipynb#QA', metric: 'qa.ipynb#metric', train: 'qa.ipynb#rows' };
    const resolved = await resolveProgram(loaded({ ...least, ...named }), 'a');
    expect(resolved.program).toEqual({ file: join(folder, 'qa.ipynb'), name: 'QA' });
    expect(resolved.metric).toEqual({ kind: 'code', file: join(folder, 'qa.ipynb'), name: 'metric' });
    expect(resolved.data.train).toBe(join(folder, 'qa.ipynb#rows'));
  });

  it('keeps what is left out with null, and the further keys of an endpoint', async () => {
    const request = { reasoning_effort: 'low', seed: null };
    const entry = { ...least, endpoint: 'lab', model: 'm', sampling: { temperature: null, topP: null } };
    const resolved = await resolveProgram(loaded(entry, { lab: { ...lab, request } }), 'a');
    expect(resolved.sampling).toEqual({ temperature: null, topP: null, maxTokens: 1024 });
    expect(resolved.endpoint).toMatchObject({ request });
    expect(resolvedProgramSchema.parse(JSON.parse(JSON.stringify(resolved)))).toEqual(resolved);
  });

  it('splits references at the last #, and leaves data files whole', async () => {
    const odd = ['c# code/p#.ts', 'c# code/rows.py#2.jsonl', '#dev.jsonl'];
    mkdirSync(join(folder, 'c# code'));
    for (const file of odd) writeFileSync(join(folder, file), '');
    const entry = { program: `${odd[0]}#P`, metric: `${odd[0]}#m`, train: odd[1], dev: odd[2] };
    const resolved = await resolveProgram(loaded(entry), 'a');
    expect(resolved).toMatchObject({
      program: { file: join(folder, odd[0]!), name: 'P' },
      metric: { kind: 'code', file: join(folder, odd[0]!), name: 'm' },
      data: { train: join(folder, odd[1]!), dev: join(folder, odd[2]!) },
    });
    const said = await resolveProgram(loaded(least), 'a', { train: odd[2] }, folder);
    expect(said.data.train).toBe(join(folder, odd[2]!));
  });

  it('has the other endpoints for the LMs that a DSPy program names itself', async () => {
    const openai = { kind: 'openai', baseURL: 'https://API.openai.com/v1/', apiKeyEnv: 'KEY', concurrency: 4 };
    const again = { kind: 'openai', baseURL: 'https://api.openai.com/v1' };
    const endpoints = { lab, own: { kind: 'embedded' }, openai, again, twin: { ...lab, apiKeyEnv: undefined } };
    const python = { ...least, program: 'p.py#P', endpoint: 'lab', model: 'm' };
    const resolved = await resolveProgram(loaded(python, endpoints), 'a');
    const { name, baseURL, apiKeyEnv, concurrency } = resolved.services![0]!;
    expect([name, baseURL, apiKeyEnv, concurrency]).toEqual(['openai', 'https://api.openai.com/v1', 'KEY', 4]);
    expect(resolved.services).toHaveLength(1);
    expect(resolvedProgramSchema.parse(JSON.parse(JSON.stringify(resolved)))).toEqual(resolved);
    const typescript = await resolveProgram(loaded({ ...least, endpoint: 'lab', model: 'm' }, endpoints), 'a');
    expect(typescript).not.toHaveProperty('services');
    expect(await resolveProgram(loaded(python, { lab }), 'a')).not.toHaveProperty('services');
  });

  it("takes the paper's weight settings elsewhere, and single ones from the file", async () => {
    const entry = { ...least, endpoint: 'lab', model: 'm', w: { epochs: 2, lora: { rank: 8 } } };
    const { steps, endpoint } = await resolveProgram(loaded(entry, { lab }), 'a');
    const { settings } = steps['w']!;
    expect(settings).toMatchObject({ epochs: 2, learningRate: 1e-5, schedule: 'constant', batchSize: 8 });
    expect(settings['lora']).toEqual({ rank: 8, alpha: 64, targets: ['q_proj', 'k_proj'] });
    expect(endpoint).toMatchObject({
      baseURL: 'http://gpu-box:8000/v1',
      apiKeyEnv: 'LAB_KEY',
      concurrency: 32,
      fineTune: { baseURL: 'http://gpu-box:8000/v1', apiKeyEnv: 'LAB_KEY', pollSeconds: 5 },
    });
  });

  it("never sends the endpoint's key to another host that trains", async () => {
    const other = { ...lab, fineTune: { baseURL: 'https://train.example.com/v1' } };
    const entry = { ...least, endpoint: 'lab', model: 'm' };
    const { endpoint } = await resolveProgram(loaded(entry, { lab: other }), 'a');
    expect(endpoint).toMatchObject({ fineTune: { baseURL: 'https://train.example.com/v1', apiKeyEnv: null } });
  });

  it('lets the command line have the last word, paths from where it was called', async () => {
    const resolved = await resolveProgram(
      loaded({ ...least, dev: 'train.jsonl', budget: { calls: 10, tokens: 99 } }),
      'a',
      { train: 'other.jsonl', metric: 'm.ts#score', inputs: ['q'], seed: 7, strategy: 'w', budget: { calls: 5 } },
      folder,
    );
    expect(resolved.data).toMatchObject({ train: join(folder, 'other.jsonl'), dev: join(folder, 'train.jsonl') });
    expect(resolved).toMatchObject({ seed: 7, strategy: ['w'], inputs: ['q'] });
    expect(resolved.budget).toEqual({ calls: 5, tokens: 99, usd: null });
    expect(metricReference(resolved.metric)).toBe(`${join(folder, 'm.ts')}#score`);
  });

  it('takes file#export with --metric and --train, and asks for what is missing', async () => {
    const nothing: LoadedConfig = { workspace: folder, file: null, config: {} };
    const said = { metric: 'f1:answer', train: 'train.jsonl' };
    const resolved = await resolveProgram(nothing, 'p.ts#P', said, folder);
    expect(programReference(resolved.program)).toBe(`${join(folder, 'p.ts')}#P`);
    await expect(resolveProgram(nothing, 'p.ts#P', { metric: 'f1:answer' }, folder)).rejects.toThrow('--train');
    await expect(resolveProgram(nothing, 'p.ts#P', { train: 'train.jsonl' }, folder)).rejects.toThrow('--metric');
  });

  it('takes a program of every ending that a host loads, and a metric beside it', async () => {
    for (const ending of languageNames.flatMap((name) => languages[name].endings)) {
      writeFileSync(join(folder, `any${ending}`), '');
      const entry = { ...least, program: `any${ending}#P`, metric: `any${ending}#m` };
      expect((await resolveProgram(loaded(entry), 'a')).program).toEqual({
        file: join(folder, `any${ending}`),
        name: 'P',
      });
    }
  });

  it('leaves the model of another endpoint behind when moved to the embedded one', async () => {
    const config = loaded({ ...least, endpoint: 'lab', model: 'big-model' }, { lab });
    expect((await resolveProgram(config, 'a', { endpoint: 'embedded' })).model).toBe('smollm2-135m-instruct');
    expect((await resolveProgram(config, 'a')).model).toBe('big-model');
  });

  const wrong: readonly [string, object, object, string][] = [
    ['an unknown endpoint', { ...least, endpoint: 'labb' }, { lab }, 'Did you mean "lab"?'],
    ['an endpoint without a model', { ...least, endpoint: 'lab' }, { lab }, 'add "model" or --model'],
    ['a metric without its field', { ...least, metric: 'exactMatch' }, {}, 'does not say which field'],
    ['an unknown metric', { ...least, metric: 'exactmach:answer' }, {}, 'Did you mean "exactMatch"?'],
    ['a program without an export', { ...least, program: 'p.ts' }, {}, 'which export is meant'],
    [
      'a program that is missing',
      { ...least, program: 'gone.ts#P' },
      {},
      `${join(folder, 'gone.ts')}, which does not exist`,
    ],
    ['data that is missing', { ...least, test: 'gone.csv' }, {}, '"test" of "a"'],
    ['a path with variables', { ...least, train: '${DATA}/t.csv' }, {}, 'variables are not filled in'],
    ['a path from the home', { ...least, train: '~/t.csv' }, {}, '"~" and variables are not filled in'],
    ['a pattern', { ...least, train: 'data/*.csv' }, {}, 'One file is named, and no pattern'],
    ...(sep === '/'
      ? [
          ['a path of Windows', { ...least, train: 'data\\t.csv' }, {}, '"/" is right on both'] as [
            string,
            object,
            object,
            string,
          ],
        ]
      : []),
    ['data that is a folder', { ...least, train: '.' }, {}, 'which is not a file.'],
    ['a data set that was saved', { ...least, train: 'saved' }, {}, '/saved\')`, named as "file.py#rows"'],
    ['several that were saved', { ...least, train: 'split' }, {}, "/split')['train']`, named"],
    ['a folder of tables', { ...least, train: 'hub' }, {}, `such as ${join(folder, 'hub/data/train-00000.parquet')}.`],
    [
      'a Python program with a metric of TypeScript',
      { ...least, program: 'p.py#P', metric: 'm.ts#m' },
      {},
      'a .py or .ipynb file',
    ],
    ['a metric of Python', { ...least, metric: 'p.py#m' }, {}, 'or .cjs file, or a built-in metric'],
    ['a metric that no host loads', { ...least, metric: 'm.rb#m' }, {}, 'm.rb#m is not. Name a function in a .ts, '],
    ['a program that no host loads', { ...least, program: 'p.rb#P' }, {}, 'is not a .ts, .mts, '],
    ['a threshold nothing can reach', { ...least, threshold: 2 }, {}, '"threshold" of "a"'],
    ['a metric range upside down', { ...least, metricRange: [1, 0] }, {}, 'the first has to be the lower'],
    [
      'a dollar cap without a price',
      { ...least, endpoint: 'lab', model: 'm', budget: { usd: 5 } },
      { lab },
      'no price for "m"',
    ],
    [
      'a dollar cap over training without a price of training',
      { ...least, endpoint: 'lab', model: 'm', strategy: 'p → Θ', budget: { usd: 5 } },
      { lab: { ...lab, prices: { m: { input: 1, output: 2 } } } },
      'no price of training for "m"',
    ],
    [
      'a dollar cap over training on the embedded endpoint where it has prices',
      { ...least, budget: { usd: 5 } },
      { embedded: { kind: 'embedded', prices: { '*': { input: 1, output: 2 } } } },
      'no price of training',
    ],
    [
      'a trainer whose adapters nothing loads',
      { ...least, endpoint: 'lab', model: 'm' },
      { lab: { ...lab, fineTune: { kind: 'command', command: ['train', '{rows}'] } } },
      'set endpoints.lab.loraServing to "vllm" or "sglang"',
    ],
    [
      'a step that trains on what the service does not take',
      { ...least, endpoint: 'lab', model: 'm', strategy: 'p -> w -> grpo' },
      { lab: { ...lab, baseURL: 'https://api.openai.com/v1' } },
      'does not take: it takes answers to imitate and pairs of answers.',
    ],
    [
      'a step of pairs without a command for them',
      { ...least, endpoint: 'lab', model: 'm', strategy: 'dpo' },
      { lab: { ...lab, loraServing: 'vllm', fineTune: { kind: 'command', command: ['train', '{rows}'] } } },
      'Step "dpo" trains on pairs of answers, which the endpoint\'s training service does not take',
    ],
    [
      'a password in a URL',
      { ...least, endpoint: 'lab', model: 'm' },
      { lab: { kind: 'openai', baseURL: 'http://me:pw@h/v1' } },
      'carries a user name or password',
    ],
  ];
  it.each(wrong)('refuses %s', async (_, entry, endpoints, message) => {
    const resolving = resolveProgram(loaded(entry, endpoints), 'a');
    await expect(resolving).rejects.toBeInstanceOf(UsageError);
    await expect(resolving).rejects.toThrow(message);
  });

  it('takes such a step where the service takes its rows, or may', async () => {
    const commands = { dpo: ['train', '{rows}', '{beta}'] };
    const command = { kind: 'command', command: ['train', '{rows}'], commands };
    const ray = { kind: 'ray', baseURL: 'http://head:8265', storage: '/s' };
    const at = (strategy: string, more: object) =>
      resolveProgram(loaded({ ...least, endpoint: 'lab', model: 'm', strategy }, { lab: { ...lab, ...more } }), 'a');
    await expect(at('w -> dpo', { loraServing: 'vllm', fineTune: command })).resolves.toBeDefined();
    await expect(at('w -> grpo', { loraServing: 'vllm', fineTune: ray })).resolves.toBeDefined();
    // It may be an embedded endpoint of ours, on another machine.
    await expect(at('w -> grpo', {})).resolves.toBeDefined();
    await expect(resolveProgram(loaded({ ...least, strategy: '(gepa -> grpo)*2' }), 'a')).resolves.toBeDefined();
  });

  it('takes a dollar cap where there is a price', async () => {
    const price = { input: 1, output: 2 };
    const entry = { ...least, endpoint: 'lab', model: 'm', budget: { usd: 5 } };
    const capOf = async (more: object, prices: object) =>
      (await resolveProgram(loaded({ ...entry, ...more }, { lab: { ...lab, prices } }), 'a')).budget.usd;
    expect(await capOf({ strategy: 'p -> p' }, { '*': price })).toBe(5);
    expect(await capOf({ strategy: 'p -> w' }, { m: { ...price, training: 3 } })).toBe(5);
    expect((await resolveProgram(loaded({ ...least, budget: { usd: 5 } }), 'a')).budget.usd).toBe(5);
  });

  it('fills in what trains: a command, a Ray cluster, or a service with settings of its own', async () => {
    const at = async (endpoint: object, entry: object = { endpoint: 'lab', model: 'm' }) =>
      (await resolveProgram(loaded({ ...least, ...entry }, { lab: endpoint, embedded: { kind: 'embedded' } }), 'a'))
        .endpoint;
    const vllm = { ...lab, loraServing: 'vllm', pathMap: { '/a': '/b' } };
    const command = { kind: 'command', command: ['train', '{rows}'] };
    expect(await at({ ...vllm, fineTune: command })).toMatchObject({
      pathMap: { '/a': '/b' },
      fineTune: {
        ...{
          kind: 'command',
          command: ['train', '{rows}'],
          parentArguments: null,
          rowsFormat: 'messages',
          model: null,
        },
        ...{ cwd: folder, folder: join(folder, '.bettertogether', 'jobs'), pollSeconds: 1 },
      },
    });
    const ray = { kind: 'ray', baseURL: 'http://HEAD:8265/', storage: '/shared/', workers: 4, sharedFolder: 'mnt' };
    expect(await at({ ...vllm, fineTune: ray })).toMatchObject({
      fineTune: {
        ...{ kind: 'ray', baseURL: 'http://head:8265', apiKeyEnv: null, storage: '/shared', workers: 4 },
        ...{ sharedFolder: join(folder, 'mnt'), cpusPerWorker: 1, gpusPerWorker: 0, python: 'python', pollSeconds: 5 },
      },
    });
    const service = { extra: { trainingType: 'standard' }, form: 'hyperparameters', checkpoints: 0, stallMinutes: 5 };
    expect(await at({ ...lab, fineTune: service })).toMatchObject({ fineTune: { kind: 'openai', ...service } });
    const own = await at(
      { ...lab, kind: 'embedded', baseURL: undefined, apiKeyEnv: undefined, fineTune: command },
      {
        endpoint: 'lab',
      },
    );
    expect(own).toMatchObject({ kind: 'embedded', fineTune: { kind: 'command' } });
    for (const one of [await at({ ...vllm, fineTune: ray }), own]) {
      expect(resolvedEndpointSchema.parse(JSON.parse(JSON.stringify(one)))).toEqual(one);
    }
  });

  it('asks for adapters to be loaded only where something is trained', async () => {
    const endpoints = { lab: { ...lab, fineTune: { kind: 'command', command: ['t'] } } };
    const entry = { ...least, endpoint: 'lab', model: 'm', strategy: 'p' };
    expect((await resolveProgram(loaded(entry, endpoints), 'a')).strategy).toEqual(['p']);
  });

  it.each([
    [{ kind: 'command' }, 'command'],
    [{ kind: 'command', command: ['t'], rank: 3 }, 'rank'],
    [{ kind: 'ray', baseURL: 'http://h:8265', storage: 'relative' }, 'must be an absolute path'],
    [{ kind: 'command', command: ['t'], files: { '../x': '' } }, 'names of files, without a folder'],
    [{ kind: 'slurm' }, 'kind'],
  ])('names what is wrong with the trainer %j', (fineTune, message) => {
    expect(() => loaded(least, { lab: { ...lab, fineTune } })).toThrow(message);
  });

  it('names the program that was meant', async () => {
    const config = { ...loaded(least), config: { programs: { intents: least } } };
    await expect(resolveProgram(config, 'intent')).rejects.toThrow('Did you mean "intents"?');
  });
});

it.each([
  ['http://localhost:1234/v1', null],
  ['http://127.0.0.1/v1', null],
  ['http://[::1]:9/v1', null],
  ['http://127.0.0.1.example.com/v1', '127.0.0.1.example.com'],
  ['https://api.example.com/v1', 'api.example.com'],
  ['http://gpu-box:8000/v1', 'gpu-box:8000'],
])('remoteHost(%s) is %s', (url, host) => {
  expect(remoteHost(url)).toBe(host);
});

describe('secrets', () => {
  const trainer = (env: object) => ({ kind: 'command', command: ['t', '{rows}'], env });
  const ray = (runtimeEnv: object) => ({ kind: 'ray', baseURL: 'http://head:8265', storage: '/s', runtimeEnv });
  const endpoints = (fineTune: object) => ({ lab: { ...lab, loraServing: 'vllm', fineTune } });

  it.each(['HF_TOKEN', 'WANDB_API_KEY', 'AWS_SECRET_ACCESS_KEY', 'DB_PASSWORD', 'key'])(
    'are refused where they would be kept: %s',
    (name) => {
      expect(() => loaded(least, endpoints(trainer({ [name]: 'hush-hush' })))).toThrow(
        new RegExp(`env\\.${name}.*set it in the environment; the command inherits it`, 's'),
      );
      expect(() => loaded(least, endpoints(ray({ env_vars: { [name]: 'hush-hush' } })))).toThrow(
        new RegExp(`env_vars\\.${name}.*set it in the environment of the nodes`, 's'),
      );
      expect(() => loaded(least, endpoints(trainer({ [name]: 'hush-hush' })))).not.toThrow(/hush-hush/);
    },
  );

  it('are not taken for what only sounds alike', () => {
    const env = { TOKENIZERS_PARALLELISM: 'false', MAX_TOKENS: '8', SSH_KEY_FILE: '/k', KEYBOARD: 'de', HF_TOKEN: '' };
    expect(() => loaded(least, endpoints(trainer(env)))).not.toThrow();
    expect(() => loaded(least, endpoints(ray({ env_vars: env })))).not.toThrow();
  });
});

describe("a model file of one's own", () => {
  it('is served by the embedded endpoint, under its name', async () => {
    writeFileSync(join(folder, 'My Model.Q4.gguf'), '');
    const own = (modelFile: string) => ({ own: { kind: 'embedded', modelFile } });
    const entry = { ...least, endpoint: 'own' };
    const resolved = await resolveProgram(loaded(entry, own('My Model.Q4.gguf')), 'a');
    expect(resolved.model).toBe('my-model.q4');
    expect(resolved.endpoint).toMatchObject({ kind: 'embedded', modelFile: join(folder, 'My Model.Q4.gguf') });
    expect(resolvedProgramSchema.parse(JSON.parse(JSON.stringify(resolved)))).toEqual(resolved);
    await expect(resolveProgram(loaded(entry, own('gone.gguf')), 'a')).rejects.toThrow(/modelFile.*gone\.gguf/);
    expect(() => loaded(entry, own('model.bin'))).toThrow(/\.gguf/);
  });
});

describe('a teacher', () => {
  const taught = { model: 'big', endpoint: 'far' };
  const far = { kind: 'openai', baseURL: 'https://big.example/v1', apiKeyEnv: 'FAR_KEY' };
  const lab = { kind: 'openai', baseURL: 'https://lab.example/v1' };

  it('is agreed to by its host and its key, where a step of the strategy has it', async () => {
    const entry = { ...least, endpoint: 'lab', model: 'base', p: { teacher: taught } };
    const resolved = await resolveProgram(loaded({ ...entry, strategy: 'p' }, { lab, far }), 'a');
    expect(agreementsOf(consequencesOf(resolved))).toEqual(['lab.example', 'big.example', 'FAR_KEY to big.example']);
    const other = await resolveProgram(loaded({ ...entry, strategy: 'w' }, { lab, far }), 'a');
    expect(agreementsOf(consequencesOf(other))).toEqual(['lab.example']);
  });
});

describe('the models of the editor', () => {
  const editor = { kind: 'editor' };
  const lab = { kind: 'openai', baseURL: 'https://lab.example/v1' };
  const mipro = { kind: 'mipro', proposer: { model: 'gpt-4o', endpoint: 'editor' } };
  const asking = { ...least, endpoint: 'lab', model: 'base', strategy: 'mipro', steps: { mipro } };

  it('are an endpoint of steps, cost nothing in dollars, and are agreed to as the place that they are', async () => {
    const resolved = await resolveProgram(loaded({ ...asking, budget: { calls: 100 } }, { lab, editor }), 'a');
    expect(resolved.services).toEqual([
      {
        ...{
          editor: true,
          name: 'editor',
          baseURL: 'http://vscode-models.invalid/v1',
          apiKeyEnv: null,
          revision: null,
        },
        ...{ concurrency: 4, prices: { '*': { input: 0, output: 0 } } },
      },
    ]);
    expect(agreementsOf(consequencesOf(resolved))).toEqual([
      'lab.example',
      'the models of VS Code and their vendors',
      "the program's code to the models of VS Code and their vendors",
    ]);
    expect(resolvedProgramSchema.parse(JSON.parse(JSON.stringify(resolved)))).toEqual(resolved);
  });

  it('stand in the way of no cap in dollars, which holds for the others', async () => {
    const prices = { base: { input: 1, output: 1 } };
    const capped = { ...asking, budget: { usd: 1 } };
    await expect(resolveProgram(loaded(capped, { lab: { ...lab, prices }, editor }), 'a')).resolves.toBeDefined();
    const own = { ...editor, prices: { other: { input: 1, output: 1 } } };
    await expect(resolveProgram(loaded(capped, { lab: { ...lab, prices }, editor: own }), 'a')).rejects.toThrow(
      /no price for "gpt-4o"/,
    );
  });

  it('are no endpoint of a program itself, whatever its strategy', async () => {
    for (const strategy of ['p', 'w', 'mipro']) {
      const entry = { ...asking, strategy, endpoint: 'editor' };
      await expect(resolveProgram(loaded(entry, { lab, editor }), 'a')).rejects.toThrow(
        /Endpoint "editor".*not the program itself.*cannot be trained.*"endpoint": "editor"/,
      );
    }
  });

  it('have no address, no key and no trainer', () => {
    for (const more of [{ baseURL: 'http://a/v1' }, { apiKeyEnv: 'KEY' }, { fineTune: {} }, { request: {} }]) {
      expect(() => loaded(asking, { lab, editor: { ...editor, ...more } })).toThrow(Object.keys(more)[0]);
    }
  });
});
