import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
  renameSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startFakeLoraServer, type FakeLoraOptions } from '../../fakes/fakeLoraServer.ts';
import type { TrainingJob } from '../../../src/engine/interfaces.ts';
import { EndpointRefused, EndpointUnavailable, UnknownJob } from '../../../src/engine/errors.ts';
import { adapterDigest, findAdapter } from '../../../src/finetune/base/adapterFolder.ts';
import { AdapterLedger } from '../../../src/finetune/serving/adapterLedger.ts';
import {
  createServedTrainer,
  type AdapterJob,
  type AdapterStatus,
} from '../../../src/finetune/serving/servedTrainer.ts';
import type { AdapterServer } from '../../../src/finetune/serving/adapterServer.ts';
import { createAdapterServer } from '../../../src/finetune/serving/adapterServers.ts';
import { adaptersOf } from '../../../src/finetune/serving/folderModels.ts';
import { mapPath } from '../../../src/finetune/serving/pathMap.ts';
import { connect } from '../../../src/lm/connection.ts';
import { defineEndpoint } from '../../../src/lm/endpoint.ts';

const never = new AbortController().signal;
const retry = { firstSeconds: 0.001, longestSeconds: 0.01, patienceSeconds: 0.2, firstContactSeconds: 0.2 };
let folder: string;
let closing: (() => Promise<void>)[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bt-serving-'));
});
afterEach(async () => {
  for (const close of closing.reverse()) await close();
  closing = [];
  rmSync(folder, { recursive: true, force: true });
});

async function serve(kind: 'vllm' | 'sglang', options: FakeLoraOptions = {}) {
  const fake = await startFakeLoraServer(kind, options);
  const connection = connect(defineEndpoint({ name: 'lab', baseURL: fake.baseURL }));
  closing.push(
    () => fake.close(),
    () => connection.close(),
  );
  return { fake, server: createAdapterServer({ way: { kind }, connection, base: 'base', retry }) };
}

const kinds = ['vllm', 'sglang'] as const;
const at = (served: string) => ({ folder: `/trainer${served}`, served });
const disk = { '/mnt/a': 8, '/mnt/big': 128 };

describe.each(kinds)('%s', (kind) => {
  const loadRoute = kind === 'vllm' ? '/v1/load_lora_adapter' : '/load_lora_adapter';

  test('loads an adapter under its name, answers as it, and unloads it', async () => {
    const { fake, server } = await serve(kind, { disk });
    expect(await server.answers('a-1', never)).toBe(false);
    await server.load('a-1', at('/mnt/a'), never);
    expect(fake.asked).toEqual([{ path: loadRoute, body: { lora_name: 'a-1', lora_path: '/mnt/a' } }]);
    expect(server.modelOf('a-1')).toBe(kind === 'vllm' ? 'a-1' : 'base:a-1');
    expect(await server.answers('a-1', never)).toBe(true);
    await server.unload('a-1', never);
    expect(fake.loaded.size).toBe(0);
    await server.unload('a-1', never);
  });

  test('takes one that is loaded already for the same', async () => {
    const { server } = await serve(kind, { disk });
    await server.load('a-1', at('/mnt/a'), never);
    await server.load('a-1', at('/mnt/a'), never);
  });

  const refusals: readonly [string, FakeLoraOptions, string, RegExp][] = [
    [
      'a rank that is too large',
      { maxRank: 64 },
      '/mnt/big',
      /rank 128 is greater than max_lora_rank 64.*--max-lora-rank/,
    ],
    ['a folder it does not see', {}, '/home/me/a', /endpoints\.lab\.pathMap/],
    [
      'an adapter it then does not know',
      { mute: true },
      '/mnt/a',
      /says that it loaded the adapter "a-1", but does not answer/,
    ],
    [
      'no adapters at run time',
      { runtimeUpdates: 404 },
      '/mnt/a',
      kind === 'vllm' ? /VLLM_ALLOW_RUNTIME_LORA_UPDATING=True/ : /--enable-lora/,
    ],
  ];
  test.each(refusals)('says what to do about %s', async (_, options, path, message) => {
    const { server } = await serve(kind, { disk, ...options });
    const failed = server.load('a-1', at(path), never);
    await expect(failed).rejects.toThrow(EndpointRefused);
    await expect(failed).rejects.toThrow(message);
  });

  test('that is away is named', async () => {
    const { fake, server } = await serve(kind, { disk });
    await fake.close();
    await expect(server.load('a-1', at('/mnt/a'), never)).rejects.toThrow(EndpointUnavailable);
  });
});

test('vLLM behind a gateway that forbids loading says so too', async () => {
  const { server } = await serve('vllm', { disk, runtimeUpdates: 403 });
  await expect(server.load('a-1', at('/mnt/a'), never)).rejects.toThrow(/VLLM_ALLOW_RUNTIME_LORA_UPDATING/);
});

test.each([
  ['/home/me/jobs/x/out', { '/home/me': '/mnt' }, '/mnt/jobs/x/out'],
  ['/home/me/jobs/x', { '/home': '/no', '/home/me/jobs/': '/mnt/jobs/' }, '/mnt/jobs/x'],
  ['/home/me', { '/home/me': '/' }, '/'],
  ['/home/meadow/x', { '/home/me': '/mnt' }, '/home/meadow/x'],
  ['/elsewhere/x', {}, '/elsewhere/x'],
])('%s under %j is %s', (path, map, mapped) => {
  expect(mapPath(path, map)).toBe(mapped);
});

function adapter(name: string, weights = 'w'): string {
  const place = join(folder, name);
  mkdirSync(place, { recursive: true });
  writeFileSync(join(place, 'adapter_config.json'), '{}');
  writeFileSync(join(place, 'adapter_model.safetensors'), weights);
  return place;
}

describe('an adapter folder', () => {
  test('is found where trainers leave it, and only when it is whole', async () => {
    expect(await findAdapter(folder)).toBeNull();
    mkdirSync(join(folder, 'peft'));
    writeFileSync(join(folder, 'peft', 'adapter_config.json'), '{}');
    writeFileSync(join(folder, 'peft', 'adapter_model.safetensors'), '');
    expect(await findAdapter(folder)).toBeNull();
    adapter('checkpoint-9');
    const last = adapter('checkpoint-12');
    expect(await findAdapter(folder)).toBe(last);
    const peft = adapter('peft');
    expect(await findAdapter(folder)).toBe(peft);
    adapter('.');
    expect(await findAdapter(folder)).toBe(folder);
  });

  test('has a hash of its content', async () => {
    const hashes = await Promise.all([adapter('a'), adapter('b'), adapter('c', 'other')].map(adapterDigest));
    expect(hashes[0]).toBe(hashes[1]);
    expect(hashes[2]).not.toBe(hashes[0]);
    // What `adapter_digest` of the Python trainer gives for these very files (test_digest.py).
    expect(hashes[0]).toBe('d8b95caa71020e95cb9a00b3b5a9269f3a8a266c00d79f59e94fef2ee30bc29e');
  });
});

class FakeAdapterTrainer {
  readonly id = 'fake';
  readonly continues = true;
  readonly pollSeconds = 0;
  readonly jobs: AdapterJob[] = [];
  status: AdapterStatus = { state: 'running', events: [] };
  rowsFile = () => 'rows\n';
  submit = async (job: AdapterJob) => `job-${this.jobs.push(job)}`;
  find = async () => null;
  poll = async () => this.status;
  cancel = async () => undefined;
}

describe('a trainer of adapters and a server', () => {
  const job = {
    hash: 'h',
    parent: 'base',
    set: { method: 'supervised', rows: [] },
    hyperParameters: {},
  } as unknown as TrainingJob;

  function together(server: AdapterServer, pathMap = {}) {
    const trainer = new FakeAdapterTrainer();
    const ledger = new AdapterLedger(join(folder, 'ledger'), folder);
    const endpoint = { name: 'lab', baseURL: 'http://x/v1', apiKeyEnv: 'LAB_KEY' };
    const options = { trainer, server, ledger, base: 'org/Base Model', pathMap, endpoint };
    return { trainer, ledger, served: createServedTrainer(options) };
  }

  test('learn from what the trainer learns from', async () => {
    const { server } = await serve('vllm');
    expect(together(server).served.methods).toEqual(['supervised']);
    const endpoint = { name: 'lab', baseURL: 'http://x/v1', apiKeyEnv: 'LAB_KEY' };
    const trainer = Object.assign(new FakeAdapterTrainer(), { methods: ['supervised', 'dpo'] as const });
    const ledger = new AdapterLedger(join(folder, 'ledger'), folder);
    const served = createServedTrainer({ trainer, server, ledger, base: 'base', pathMap: {}, endpoint });
    expect(served.methods).toEqual(['supervised', 'dpo']);
    expect(adaptersOf(served, 'endpoints.lab').methods).toEqual(['supervised', 'dpo']);
  });

  test('give a model under a name of its content, at the path the server knows', async () => {
    const { fake, server } = await serve('vllm', { disk: { '/mnt/out/1': 8 } });
    const { trainer, ledger, served } = together(server, { '/trainer': '/mnt' });
    expect(await served.poll('job-1', null, never)).toEqual({ state: 'running', events: [] });
    const sha256 = 'c0ffee'.repeat(10) + 'abcd';
    trainer.status = {
      state: 'succeeded',
      events: [],
      trainedTokens: 5,
      adapter: { folder: '/trainer/out/1', sha256 },
    };
    const status = await served.poll('job-1', null, never);
    expect(status).toEqual({
      state: 'succeeded',
      events: [],
      trainedTokens: 5,
      model: 'base-model-ft-c0ffeec0ffeec0ff',
    });
    expect([...fake.loaded]).toEqual([['base-model-ft-c0ffeec0ffeec0ff', '/mnt/out/1']]);
    expect(await ledger.list()).toMatchObject([
      { folder: '/trainer/out/1', served: '/mnt/out/1', server: { kind: 'vllm' } },
    ]);
    expect(readdirSync(join(folder, 'ledger')).length).toBe(1);
  });

  test('load again what lies in a project that was renamed', async () => {
    const { fake, server } = await serve('vllm', { disk });
    const { trainer, ledger, served } = together(server);
    const adapter = { folder: join(folder, 'jobs', '1', 'out'), sha256: 'ab'.repeat(32) };
    fake.configure({ disk: { [adapter.folder]: 8 } });
    trainer.status = { state: 'succeeded', events: [], adapter };
    const { model } = await served.poll('job-1', null, never);
    expect(readFileSync(ledger.path({ name: model! }), 'utf8')).not.toContain(folder);
    const elsewhere = `${folder}-renamed`;
    const moved = { ...adapter, folder: join(elsewhere, 'jobs', '1', 'out') };
    expect(await new AdapterLedger(join(folder, 'ledger'), elsewhere).find(model!)).toMatchObject({
      folder: moved.folder,
      served: moved.folder,
    });
  });

  test('are told in a file each, whatever their names, and where an earlier version put them', async () => {
    const ledger = new AdapterLedger(join(folder, 'ledger'), folder);
    const server = { kind: 'vllm', endpoint: 'lab', baseURL: 'http://x/v1', apiKeyEnv: null } as const;
    const common = { v: 1, base: 'b', folder: '/mnt/a', served: '/mnt/a', server, created: '2026-01-01' } as const;
    const names = ['a_b', 'a:b', 'a@b', 'A_b', 'A:B', 'a-b', 'a.b'];
    for (const name of names) await ledger.put({ ...common, model: `m ${name}`, name });
    expect((await ledger.list()).map(({ name }) => name).sort()).toEqual([...names].sort());
    const files = names.map((name) => ledger.path({ name }).toLowerCase());
    expect(new Set(files).size).toBe(names.length);
    expect(ledger.path({ name: 'a/b' })).not.toBe(ledger.path({ name: 'a_b' }));

    const before = join(folder, 'ledger', 'x_y.json');
    renameSync(ledger.path({ name: 'a:b' }), join(folder, 'ledger', 'a_b.old'));
    await ledger.put({ ...common, model: 'm x:y', name: 'x:y' });
    renameSync(ledger.path({ name: 'x:y' }), before);
    expect(await ledger.find('m x:y')).toMatchObject({ name: 'x:y' });
    expect(ledger.path({ name: 'x:y' })).toBe(before);
    await ledger.remove({ name: 'x:y' });
    expect(existsSync(before)).toBe(false);
  });

  test('load again what a restarted server forgot, and train again what is gone from the disk', async () => {
    const { fake, server } = await serve('sglang', { disk });
    const { trainer, served } = together(server);
    trainer.status = { state: 'succeeded', events: [], adapter: { folder: '/mnt/a', sha256: 'ab'.repeat(32) } };
    const { model } = await served.poll('job-1', null, never);
    expect(model).toMatch(/^base:base-model-ft-/);
    fake.forget();
    expect(await served.serves(model!, never)).toBe(true);
    expect(fake.loaded.size).toBe(1);
    fake.forget();
    fake.configure({ disk: {} });
    expect(await served.serves(model!, never)).toBe(false);
    expect(await served.serves('base:unknown', never)).toBe(false);
  });

  test('go on from the folder of a tuned model', async () => {
    const { server } = await serve('vllm', { disk });
    const { trainer, served } = together(server);
    trainer.status = { state: 'succeeded', events: [], adapter: { folder: '/mnt/a', sha256: 'ab'.repeat(32) } };
    const { model } = await served.poll('job-1', null, never);
    await served.submit({ ...job, parent: 'org/Base Model' }, never);
    await served.submit({ ...job, parent: model! }, never);
    expect(trainer.jobs.map(({ parentFolder }) => parentFolder)).toEqual([null, '/mnt/a']);
    await expect(served.submit({ ...job, parent: 'other' }, never)).rejects.toThrow(UnknownJob);
  });

  test('a server that refuses is told, and the adapter is not lost', async () => {
    const { server } = await serve('vllm', { disk, runtimeUpdates: 404 });
    const { trainer, ledger, served } = together(server);
    trainer.status = { state: 'succeeded', events: [], adapter: { folder: '/mnt/a', sha256: 'ab'.repeat(32) } };
    await expect(served.poll('job-1', null, never)).rejects.toThrow(EndpointRefused);
    expect((await ledger.list()).length).toBe(1);
    expect(existsSync(join(folder, 'ledger'))).toBe(true);
  });
});
