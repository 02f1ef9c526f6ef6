import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { ResolvedEndpoint } from '../../../src/config/resolved.ts';
import type { ResolvedTrainer } from '../../../src/finetune/settings.ts';
import { UsageError } from '../../../src/base/errors.ts';
import { venvPython } from '../../../src/embedded/setup/python.ts';
import { adapterDigest } from '../../../src/finetune/base/adapterFolder.ts';
import { AdapterLedger } from '../../../src/finetune/serving/adapterLedger.ts';
import { adaptersFolder } from '../../../src/run/record/runFolder.ts';
import { copyWeights } from '../../../src/run/weights/copyWeights.ts';
import { findWeights, tunedModels } from '../../../src/run/weights/findWeights.ts';
import type { WeightsRequest } from '../../../src/run/weights/findWeights.ts';
import { ggufMaker } from '../../../src/run/services/ggufAdapter.ts';
import type { GgufMaker, GgufRequest } from '../../../src/run/services/ggufAdapter.ts';
import { temporaryFolder } from './folder.ts';
import { description, state as sample } from './samples.ts';

let folder: string;
beforeEach(() => {
  folder = temporaryFolder();
});

const common = { model: null, pollSeconds: 1 };
const command: ResolvedTrainer = {
  ...{ kind: 'command', ...common, command: ['train'], parentArguments: null, rowsFormat: 'messages' },
  ...{ files: {}, env: {}, cwd: '/', folder: '/jobs' },
};
const ray: ResolvedTrainer = {
  ...{ kind: 'ray', ...common, model: '/models/llama', baseURL: 'http://ray:8265', apiKeyEnv: null, workers: 1 },
  ...{ cpusPerWorker: 1, gpusPerWorker: 0, dtype: 'auto', storage: '/mnt/shared', sharedFolder: null },
  ...{ python: 'python', runtimeEnv: {} },
};
const openai: ResolvedTrainer = { kind: 'openai', ...common, baseURL: 'https://train.example/v1', apiKeyEnv: null };

function endpointOf(fineTune: ResolvedTrainer, pathMap?: Record<string, string>): ResolvedEndpoint {
  return {
    ...{ kind: 'openai', name: 'lab', baseURL: 'http://gpu:8000/v1', apiKeyEnv: null, revision: null, concurrency: 8 },
    ...{ loraServing: 'vllm', fineTune, prices: null, ...(pathMap === undefined ? {} : { pathMap }) },
  };
}
const embedded: ResolvedEndpoint = { kind: 'embedded', name: 'embedded', concurrency: 8, prices: null };

const stateOf = (model: string) => ({ predictors: { p: { instructions: '', demos: [], model } } });

function request(endpoint: ResolvedEndpoint, model: string, more: Partial<WeightsRequest> = {}): WeightsRequest {
  const home = { tuned: join(folder, 'home', 'tuned') };
  return { workspace: folder, state: stateOf(model), endpoint, model: 'base', program: null, home, ...more };
}

function leaveAdapter(at: string): void {
  mkdirSync(join(at, 'checkpoint-1'), { recursive: true });
  writeFileSync(join(at, 'adapter_config.json'), '{}');
  writeFileSync(join(at, 'adapter_model.safetensors'), 'weights');
  writeFileSync(join(at, 'optimizer.pt'), 'state');
}

/** An adapter of a run: lies in `at`, was trained as `folder`, and is called by its content. */
async function trained(at: string, more: { folder?: string; served?: string; model?: string } = {}): Promise<string> {
  leaveAdapter(at);
  const name = `base-ft-${(await adapterDigest(at)).slice(0, 16)}`;
  const model = more.model ?? name;
  await new AdapterLedger(adaptersFolder(folder), folder).put({
    ...{ v: 1, model, name, base: 'base', folder: more.folder ?? at, served: more.served ?? more.folder ?? at },
    server: { kind: 'vllm', endpoint: 'lab', baseURL: 'http://gpu:8000/v1', apiKeyEnv: null },
    created: new Date(0).toISOString(),
  });
  return model;
}

const noGguf: GgufMaker = () => Promise.resolve('no trainer here');

describe('the weights of the embedded endpoint', () => {
  it('are copied with every file, and a note says how to serve them', async () => {
    const home = { tuned: join(folder, 'tuned') };
    const from = join(home.tuned, 'base-ft-1');
    mkdirSync(join(from, 'peft'), { recursive: true });
    writeFileSync(join(from, 'adapter.gguf'), 'g');
    writeFileSync(join(from, 'peft', 'adapter_config.json'), '{}');
    const found = await findWeights(request(embedded, 'base-ft-1', { home }));
    const [copied] = await copyWeights(found, join(folder, 'out'), noGguf);
    const to = join(folder, 'out', 'base-ft-1');
    expect(copied).toEqual({ folder: to, noGguf: null });
    expect(readFileSync(join(to, 'adapter.gguf'), 'utf8')).toBe('g');
    expect(readFileSync(join(to, 'peft', 'adapter_config.json'), 'utf8')).toBe('{}');
    const note = readFileSync(join(to, 'README.md'), 'utf8');
    expect(note).toContain('vllm serve <base model> --enable-lora --lora-modules base-ft-1=<this folder>/peft');
    expect(note).toContain('--lora-paths base-ft-1=<this folder>/peft');
    expect(note).toContain('PeftModel.from_pretrained(');
    expect(note).toContain('--lora adapter.gguf');
    expect(note).toContain('bettertogether serve');
  });

  it('that are none, or gone, are told from each other', async () => {
    await expect(findWeights(request(embedded, 'base'))).rejects.toThrow('there are no weights');
    await expect(findWeights(request(embedded, 'base-ft-1'))).rejects.toThrow('Resume the run');
  });

  it('are not looked for outside of their folder', async () => {
    const hostile = request(embedded, '../../secret');
    expect(tunedModels(hostile)).toEqual(['../../secret']);
    await expect(findWeights(hostile)).rejects.toThrow("cannot be a folder's");
  });
});

it("a model that the program's author chose is none that was tuned", () => {
  const [predictor] = description.predictors;
  const judge = { ...predictor!, name: 'judge', model: 'gpt-5' };
  const program = { predictors: [predictor!, judge] };
  const state = { predictors: { ...sample.predictors, judge: { instructions: '', demos: [], model: 'gpt-5' } } };
  expect(tunedModels({ state, model: 'base', program })).toEqual(['base-ft-1']);
});

describe('the weights of a trainer of adapters', () => {
  it('are copied from its folder: the adapter alone, and the reason why there is no GGUF', async () => {
    const model = await trained(join(folder, 'job', 'out'));
    const found = await findWeights(request(endpointOf(command), model));
    const asked: GgufRequest[] = [];
    const [copied] = await copyWeights(found, join(folder, 'w'), (one) => {
      asked.push(one);
      return noGguf(one);
    });
    const to = join(folder, 'w', model);
    expect(copied).toEqual({ folder: to, noGguf: 'no trainer here' });
    expect(asked).toEqual([{ peft: join(to, 'peft'), base: 'base', out: join(to, 'adapter.gguf') }]);
    expect(readdirSync(to).sort()).toEqual(['README.md', 'peft']);
    expect(readdirSync(join(to, 'peft')).sort()).toEqual(['adapter_config.json', 'adapter_model.safetensors']);
    const note = readFileSync(join(to, 'README.md'), 'utf8');
    expect(note).toContain('There is no GGUF of it: no trainer here');
    expect(note).toContain(`vllm serve base --enable-lora --lora-modules ${model}=`);
    expect(note).not.toContain('llama-server');
  });

  it('come with the GGUF that our own trainer left beside them', async () => {
    const model = await trained(join(folder, 'out', 'peft'));
    writeFileSync(join(folder, 'out', 'adapter.gguf'), 'g');
    const found = await findWeights(request(endpointOf(command), model));
    const [copied] = await copyWeights(found, join(folder, 'w'), noGguf);
    expect(copied!.noGguf).toBeNull();
    expect(readFileSync(join(copied!.folder, 'adapter.gguf'), 'utf8')).toBe('g');
  });

  it("of SGLang go into a folder by the adapter's own name", async () => {
    const model = await trained(join(folder, 'out'), { model: 'meta-llama/Llama:base-ft-x' });
    const [found] = await findWeights(request(endpointOf(command), model));
    expect(found).toMatchObject({ model, name: expect.stringMatching(/^base-ft-[0-9a-f]{16}$/) as string });
  });

  it('are found where the configuration says that this machine has them', async () => {
    const model = await trained(join(folder, 'here', 'bt-1', 'peft'), { folder: '/mnt/shared/bt-1/peft' });
    const mapped = { ...ray, sharedFolder: join(folder, 'here') };
    const [found] = await findWeights(request(endpointOf(mapped), model));
    expect(found).toMatchObject({
      base: '/models/llama',
      adapter: { kind: 'peft', folder: join(folder, 'here', 'bt-1', 'peft') },
    });
    const [other] = await findWeights(request(endpointOf(ray, { '/mnt/shared': join(folder, 'here') }), model));
    expect(other!.adapter).toEqual(found!.adapter);
  });

  it('are found by a map that was added after the run', async () => {
    const model = await trained(join(folder, 'here', 'bt-1', 'peft'), { folder: '/mnt/shared/bt-1/peft' });
    const asked = request(endpointOf(ray), model);
    await expect(findWeights(asked)).rejects.toThrow('endpoints.lab.fineTune.sharedFolder');
    const fineTune = { kind: 'ray', baseURL: 'http://ray:8265', storage: '/mnt/shared', sharedFolder: 'here' };
    const lab = { kind: 'openai', baseURL: 'http://gpu:8000/v1', loraServing: 'vllm', fineTune };
    writeFileSync(join(folder, 'bettertogether.json'), JSON.stringify({ programs: {}, endpoints: { lab } }));
    expect((await findWeights(asked)).length).toBe(1);
  });

  it('are found where the server has them, when that is here', async () => {
    const at = join(folder, 'served');
    const model = await trained(at, { folder: '/trainer/out', served: at });
    expect((await findWeights(request(endpointOf(ray), model)))[0]!.adapter).toMatchObject({ folder: at });
  });

  it('with another content under the same path are not taken for them', async () => {
    const at = join(folder, 'out');
    const model = await trained(at);
    writeFileSync(join(at, 'adapter_model.safetensors'), 'of another machine');
    await expect(findWeights(request(endpointOf(command), model))).rejects.toThrow('Resume the run');
    // A service names its folder; what that holds is in no name.
    expect((await findWeights(request(endpointOf(openai), model))).length).toBe(1);
  });

  it('that are gone say what to do, by who trained them', async () => {
    const at = join(folder, 'out');
    const model = await trained(at);
    rmSync(at, { recursive: true });
    const why = (fineTune: ResolvedTrainer) => findWeights(request(endpointOf(fineTune), model));
    await expect(why(command)).rejects.toThrow(`${at} is not there on this machine. Resume the run`);
    await expect(why(ray)).rejects.toThrow(/fineTune\.sharedFolder.*or copy the folder/);
    await expect(why(openai)).rejects.toThrow(/Copy it from the machine of the service/);
    await expect(findWeights(request(endpointOf(command), 'base-ft-forgotten'))).rejects.toThrow('not known any more');
  });

  it('stay with a hosted service, which says so', async () => {
    const asked = findWeights(request(endpointOf(openai), 'ft:gpt-4o-mini:org::1'));
    await expect(asked).rejects.toThrow(UsageError);
    await expect(asked).rejects.toThrow(/https:\/\/train\.example\/v1\) keeps the weights of "ft:gpt-4o-mini:org::1"/);
  });
});

describe('the maker of GGUF adapters', () => {
  /** A Python that writes what it was called with, or fails. */
  function home(script: string): { venv: string } {
    const venv = join(folder, 'venv');
    const python = venvPython(venv);
    mkdirSync(dirname(python), { recursive: true });
    writeFileSync(python, `#!/bin/sh\n${script}\n`);
    chmodSync(python, 0o755);
    return { venv };
  }
  const one = { peft: '/p', base: 'llama', out: '/o.gguf' };

  it('asks the trainer, offline', async () => {
    const make = ggufMaker(home(`echo "$@ $HF_HUB_OFFLINE" > ${join(folder, 'said')}`), process.env);
    expect(await make(one)).toBeNull();
    const said = readFileSync(join(folder, 'said'), 'utf8').trim();
    expect(said).toBe('-m bettertogether_trainer.export_gguf --base llama --out /o.gguf /p 1');
  });

  it('says why there is none', async () => {
    expect(await ggufMaker({ venv: join(folder, 'none') }, process.env)(one)).toContain('not installed here');
    const failing = home('echo noise >&2; echo "adapters of gpt2 models cannot" >&2; exit 1');
    expect(await ggufMaker(failing, process.env)(one)).toBe('adapters of gpt2 models cannot');
    expect(existsSync(one.out)).toBe(false);
  });
});
