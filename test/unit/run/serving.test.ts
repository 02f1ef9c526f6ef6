/** What is said to serve a result with, for each back end. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { ResolvedEndpoint, ResolvedProgram } from '../../../src/config/resolved.ts';
import { namingOf } from '../../../src/finetune/fireworks/names.ts';
import { adapterDigest } from '../../../src/finetune/base/adapterFolder.ts';
import { AdapterLedger } from '../../../src/finetune/serving/adapterLedger.ts';
import type { LedgerEntry } from '../../../src/finetune/serving/adapterLedger.ts';
import type { ResolvedTrainer } from '../../../src/finetune/settings.ts';
import { sampleConfig as config } from '../../fakes/sampleConfig.ts';
import { modelOf } from '../../../src/finetune/together/names.ts';
import { adaptersFolder } from '../../../src/run/record/runFolder.ts';
import { servingOf } from '../../../src/run/weights/serving.ts';
import type { Serving } from '../../../src/run/weights/serving.ts';
import { temporaryFolder } from './folder.ts';

let workspace: string;
beforeEach(() => {
  workspace = temporaryFolder();
});

const common = { model: 'meta-llama/Llama-3.1-8B', pollSeconds: 1 };
const command: ResolvedTrainer = {
  ...{ kind: 'command', ...common, command: ['train'], parentArguments: null, rowsFormat: 'messages' },
  ...{ files: {}, env: {}, cwd: '/', folder: '/jobs' },
};
const service = { ...common, baseURL: 'https://train.example/v1', apiKeyEnv: null };

function endpointOf(fineTune: ResolvedTrainer, more: Partial<ResolvedEndpoint> = {}): ResolvedEndpoint {
  return {
    ...{ kind: 'openai', name: 'lab', baseURL: 'http://gpu:8000/v1', apiKeyEnv: null, revision: null, concurrency: 8 },
    ...{ loraServing: 'none', fineTune, prices: null },
    ...more,
  } as ResolvedEndpoint;
}

const servers = {
  vllm: { kind: 'vllm', endpoint: 'lab', baseURL: 'http://gpu:8000/v1', apiKeyEnv: null },
  sglang: { kind: 'sglang', endpoint: 'lab', baseURL: 'http://gpu:8000/v1', apiKeyEnv: null },
  'llama-server': {
    ...{ kind: 'llama-server', preset: '/srv/my models.ini' },
    ...{ endpoint: 'lab', baseURL: 'http://gpu:8000/v1', apiKeyEnv: null },
  },
} as const;

async function loaded(
  kind: keyof typeof servers,
  name: string,
  model = name,
  folder = `/jobs/${name}`,
): Promise<string> {
  const server = servers[kind] as LedgerEntry['server'];
  const place = { base: 'base', folder, served: `/mnt/jobs/${name}/peft` };
  const entry = { v: 1, model, name, ...place, server, created: new Date(0).toISOString() } as const;
  await new AdapterLedger(adaptersFolder(workspace), workspace).put(entry);
  return model;
}

function serving(
  endpoint: ResolvedEndpoint,
  models: readonly string[],
  more: Partial<ResolvedProgram> = {},
  platform: NodeJS.Platform = 'linux',
): Promise<Serving | null> {
  const predictors = Object.fromEntries(models.map((model, i) => [`p${i}`, { instructions: '', demos: [], model }]));
  const asked = { ...config, model: 'base', endpoint, ...more };
  return servingOf({ workspace, state: { predictors }, manifest: { asked, program: null }, platform });
}

const rank = (r: number) => ({ steps: { w: { kind: 'w', settings: { lora: { rank: r } } } } }) as never;

describe('the embedded endpoint', () => {
  const embedded: ResolvedEndpoint = { kind: 'embedded', name: 'embedded', concurrency: 8, prices: null };

  it('serves what is trained there and its base with one command, which names a model file of one’s own', async () => {
    expect(await serving(embedded, ['base-ft-1'])).toEqual({
      command: 'bettertogether serve --port 8123',
      note: 'It serves base-ft-1 at http://127.0.0.1:8123/v1, and says how to set the key.',
    });
    expect((await serving(embedded, ['base']))?.note).toContain('It serves the model at');
    const own = { ...embedded, modelFile: "/my models/it's.gguf" };
    expect((await serving(own, ['base']))?.command).toBe(
      `bettertogether serve --port 8123 --model '/my models/it'\\''s.gguf'`,
    );
    const there = { ...embedded, modelFile: "C:\\my models\\it's.gguf" };
    expect((await serving(there, ['base'], {}, 'win32'))?.command).toBe(
      `bettertogether serve --port 8123 --model 'C:\\my models\\it''s.gguf'`,
    );
  });
});

describe('servers that are given adapters', () => {
  it('vLLM: base, names and folders as it sees them, the rank that it takes', async () => {
    const models = [await loaded('vllm', 'base-ft-1'), await loaded('vllm', 'base-ft-2')];
    const { command: line, note } = (await serving(endpointOf(command, { loraServing: 'vllm' }), models, rank(48)))!;
    expect(line).toBe(
      'vllm serve meta-llama/Llama-3.1-8B --served-model-name base --port 8000 --enable-lora --max-loras 2 ' +
        '--max-lora-rank 64 --lora-modules base-ft-1=/mnt/jobs/base-ft-1/peft base-ft-2=/mnt/jobs/base-ft-2/peft',
    );
    expect(note).toBe('The state names base-ft-1 and base-ft-2. Run it where the server runs.');
  });

  it.each([
    [4, 8],
    [32, 32],
    [400, 512],
    [1000, 1000],
  ])('vLLM: rank %i is served with %i', async (asked, most) => {
    const models = [await loaded('vllm', 'base-ft-1')];
    expect((await serving(endpointOf(command), models, rank(asked)))!.command).toContain(`--max-lora-rank ${most} `);
  });

  it('vLLM: the rank that an adapter on this machine has, whatever was asked; of its modules the greatest', async () => {
    const folder = join(workspace, 'jobs', 'base-ft-1');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'adapter_config.json'), JSON.stringify({ r: 16, rank_pattern: { q_proj: 100 } }));
    writeFileSync(join(folder, 'adapter_model.safetensors'), 'weights');
    const name = `base-ft-${(await adapterDigest(folder)).slice(0, 16)}`;
    const models = [await loaded('vllm', name, name, folder)];
    expect((await serving(endpointOf(command), models, rank(8)))!.command).toContain('--max-lora-rank 128 ');
  });

  it('name the models whose adapters nobody knows any more', async () => {
    const known = await loaded('vllm', 'base-ft-1');
    const { note } = (await serving(endpointOf(command), [known, 'base-ft-8', 'base-ft-9']))!;
    expect(note).toContain('The state names base-ft-1.');
    expect(note).toContain('Where the adapters of base-ft-8 and base-ft-9 lie is not known any more: resume the run');
  });

  it('SGLang: the state names the adapter behind its base', async () => {
    const models = [await loaded('sglang', 'base-ft-1', 'base:base-ft-1')];
    const endpoint = endpointOf({ ...command, model: null }, { baseURL: 'https://lab.example/v1' });
    expect(await serving(endpoint, models)).toEqual({
      command:
        'python -m sglang.launch_server --model-path base --enable-lora --lora-paths base-ft-1=/mnt/jobs/base-ft-1/peft',
      note: 'The state names base:base-ft-1. Run it where the server runs.',
    });
  });

  it('llama-server: the list that it was put into', async () => {
    const models = [await loaded('llama-server', 'base-ft-1')];
    expect((await serving(endpointOf(command), models))!.command).toBe(
      "llama-server --models-preset '/srv/my models.ini' --port 8000",
    );
  });

  it('say so where nobody knows any more where the adapter lies', async () => {
    const { command: line, note } = (await serving(endpointOf(command), ['base-ft-9']))!;
    expect([line, note]).toEqual([null, expect.stringMatching(/adapter of base-ft-9 .* resume the run/)]);
  });
});

describe('services that keep what they train', () => {
  it('OpenAI answers by the name of the model: nothing is started', async () => {
    const openai = endpointOf({ kind: 'openai', ...service }, { baseURL: 'https://api.openai.com/v1' });
    expect(await serving(openai, ['ft:gpt-4.1-nano:me::1'])).toEqual({
      command: null,
      note: 'Nothing has to be started: endpoint "lab" (https://api.openai.com/v1) answers as ft:gpt-4.1-nano:me::1.',
    });
    expect(await serving(openai, ['base'])).toBeNull();
  });

  it('Fireworks: the deployment that calls name, or one of the model', async () => {
    const deploy = { usdPerHour: 7, idleMinutes: 30, shape: 'default' };
    const of = (how: 'none' | typeof deploy) =>
      endpointOf({ kind: 'fireworks', ...service, account: 'me', deploy: how });
    const deployed = namingOf('me', true).modelOf('bt-1');
    const [, id] = deployed.split('#accounts/me/deployments/');
    expect((await serving(of(deploy), [deployed]))!.command).toBe(
      `firectl deployment create accounts/me/models/bt-1 --deployment-id ${id}`,
    );
    const { command: line, note } = (await serving(of('none'), ['accounts/me/models/bt-1']))!;
    expect(line).toBe('firectl deployment create accounts/me/models/bt-1');
    expect(note).toContain('costs by the time');
  });

  it.each(['openai', 'services.ai', 'cognitiveservices'])('Azure (%s) answers once it is deployed', async (host) => {
    const baseURL = `https://me.${host}.azure.com/openai/v1`;
    const { command: line, note } = (await serving(endpointOf({ kind: 'openai', ...service, baseURL }, { baseURL }), [
      'gpt-4.1-nano.ft-1',
    ]))!;
    expect(line).toBeNull();
    expect(note).toMatch(/^Azure answers as gpt-4\.1-nano\.ft-1 only once it is deployed .*deploy it/);
    expect(note).not.toContain('Nothing has to be started');
  });

  it('one that trains elsewhere: the endpoint that calls go to answers', async () => {
    const elsewhere = endpointOf({ kind: 'openai', ...service }, { baseURL: 'https://serve.example/v1' });
    expect((await serving(elsewhere, ['ft:1']))!.note).toBe(
      'Nothing has to be started: endpoint "lab" (https://serve.example/v1) answers as ft:1.',
    );
  });

  it('Together: the model of the job is looked up, then deployed; the name that this gives is for the state', async () => {
    const deploy = { usdPerHour: 7, idleMinutes: 30 };
    const together = endpointOf({ kind: 'together', ...service, deploy });
    const model = modelOf('me', 'ft-12');
    const { command: line, note } = (await serving(together, [model]))!;
    expect(line).toBe(
      'tg fine-tuning retrieve ft-12\n' +
        "tg beta endpoints deploy '<model_object_id of ft-12>' --endpoint served-ft-12",
    );
    expect(note).toContain(`put that into the state in place of ${model}`);
    expect(note).toContain('costs by the time');
  });
});
