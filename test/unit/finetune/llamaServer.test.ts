import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startFakeLlamaRouter } from '../../fakes/fakeLlamaRouter.ts';
import { EndpointRefused, EndpointUnavailable } from '../../../src/engine/errors.ts';
import { FolderUnseen } from '../../../src/finetune/serving/adapterServer.ts';
import { createAdapterServer } from '../../../src/finetune/serving/adapterServers.ts';
import { canBeListed, withAdapter, withoutModel } from '../../../src/finetune/serving/modelsPreset.ts';
import { connect } from '../../../src/lm/connection.ts';
import { defineEndpoint } from '../../../src/lm/endpoint.ts';
import { adapterGguf } from '../../../src/run/services/ggufAdapter.ts';

const never = new AbortController().signal;
const retry = { firstSeconds: 0.001, longestSeconds: 0.01, patienceSeconds: 0.2, firstContactSeconds: 0.2 };
const list = `version = 1
[*]
c = 2048

; the base
[base]
model = /models/base.gguf ; small
alias = small
load-on-startup = true
np = 4
`;

describe('a list of models', () => {
  test('gets a section for an adapter, with what its base says but for its names', () => {
    const listed = withAdapter(list, { name: 'base-ft-1', base: 'base', file: '/jobs/1/adapter.gguf' });
    expect(listed).toBe(
      `${list}\n[base-ft-1]\nmodel = /models/base.gguf ; small\nnp = 4\nlora = /jobs/1/adapter.gguf\n`,
    );
    expect(withoutModel(listed!, 'base-ft-1').trimEnd()).toBe(list.trimEnd());
  });

  test('names an adapter once, wherever its file is now', () => {
    const first = withAdapter(list, { name: 'a', base: 'base', file: '/old' })!;
    const other = withAdapter(first, { name: 'b', base: 'base', file: '/b' })!;
    const moved = withAdapter(other, { name: 'a', base: 'base', file: '/new' })!;
    expect(moved.match(/^\[a\]$/gm)).toHaveLength(1);
    expect(moved).not.toContain('/old');
    expect(moved).toContain('[b]\nmodel = /models/base.gguf ; small\nnp = 4\nlora = /b\n');
    expect(withAdapter(moved, { name: 'a', base: 'base', file: '/new' })).toBe(moved);
  });

  test('of which the base is no section gets none, and lines of Windows are read', () => {
    expect(withAdapter('[other]\nmodel = x\n', { name: 'a', base: 'base', file: '/f' })).toBeNull();
    expect(withAdapter('[ org/base:Q4 ]\r\nmodel = x\r\n', { name: 'a', base: 'org/base:Q4', file: '/f' })).toContain(
      '[a]\nmodel = x\nlora = /f\n',
    );
    expect(withoutModel(list, 'a')).toBe(list);
  });

  test.each(['/a;b', '/a#b', '/a,b', '/a\nb'])('has no words for the path %j', (path) => {
    expect(canBeListed(path)).toBe(false);
  });
});

describe('llama-server', () => {
  let folder: string;
  let preset: string;
  let peft: string;
  let closing: (() => Promise<void>)[] = [];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'bt-llama-'));
    preset = join(folder, 'models.ini');
    writeFileSync(preset, list);
    peft = join(folder, 'job', 'peft');
    mkdirSync(peft, { recursive: true });
  });
  afterEach(async () => {
    for (const close of closing.reverse()) await close();
    closing = [];
    rmSync(folder, { recursive: true, force: true });
  });

  async function serve(readsPreset = true, makes: string | null = null) {
    const fake = await startFakeLlamaRouter(readsPreset ? preset : null);
    const connection = connect(defineEndpoint({ name: 'lab', baseURL: fake.baseURL }));
    closing.push(
      () => fake.close(),
      () => connection.close(),
    );
    const made: string[] = [];
    const gguf = adapterGguf(({ base, out }) => {
      made.push(base);
      if (makes === null) writeFileSync(out, 'gguf');
      return Promise.resolve(makes);
    }, '/models/base.gguf');
    const way = { kind: 'llama-server', preset } as const;
    const place = { folder: peft, served: peft };
    return { fake, made, place, server: createAdapterServer({ way, connection, base: 'base', retry, gguf }) };
  }

  test('is told of an adapter in its list, answers as it, and is told when it goes', async () => {
    writeFileSync(join(folder, 'job', 'adapter.gguf'), 'gguf');
    const { fake, made, place, server } = await serve();
    expect(await server.answers('a-1', never)).toBe(false);
    await server.load('a-1', place, never);
    expect(fake.asked).toContain('GET /v1/models?reload=1');
    expect([...fake.listed]).toEqual([
      ['base', null],
      ['a-1', join(folder, 'job', 'adapter.gguf')],
    ]);
    expect([server.modelOf('a-1'), await server.answers('a-1', never), made]).toEqual(['a-1', true, []]);
    await server.load('a-1', place, never);
    await server.unload('a-1', never);
    expect([...fake.listed.keys()]).toEqual(['base']);
    await server.unload('a-1', never);
  });

  test('is given a GGUF that is made of an adapter that has none, once', async () => {
    const { fake, made, place, server } = await serve();
    await server.load('a-1', place, never);
    await server.load('a-1', place, never);
    expect(made).toEqual(['/models/base.gguf']);
    expect(fake.listed.get('a-1')).toBe(join(peft, 'adapter.gguf'));
  });

  test('sees an adapter where it lies on its own disk', async () => {
    writeFileSync(join(folder, 'job', 'adapter.gguf'), 'gguf');
    const { place, server } = await serve();
    const served = server.load('a-1', { ...place, served: '/mnt/job/peft' }, never);
    // The fake has no such disk: it starts no model with it.
    await expect(served).rejects.toThrow(EndpointUnavailable);
    expect(readFileSync(preset, 'utf8')).toContain('lora = /mnt/job/adapter.gguf\n');
  });

  test('that lists no base, or reads another list, is refused with what to change', async () => {
    const { place, server } = await serve(false);
    await expect(server.load('a-1', place, never)).rejects.toThrow(/does not list the adapter "a-1".*--models-preset/);
    writeFileSync(preset, '[other]\nmodel = x\n');
    const failed = server.load('a-1', place, never);
    await expect(failed).rejects.toThrow(EndpointRefused);
    await expect(failed).rejects.toThrow(/Name the base \[base\] in .*models\.ini/);
  });

  test('that cannot have a GGUF says why; an adapter that is gone is another thing', async () => {
    const { place, server } = await serve(true, 'adapters of gpt2 models cannot be written as GGUF here');
    await expect(server.load('a-1', place, never)).rejects.toThrow(/has none: adapters of gpt2 models/);
    rmSync(peft, { recursive: true });
    await expect(server.load('a-1', place, never)).rejects.toThrow(FolderUnseen);
  });

  test('that is away has its list changed all the same: it would start the adapter again', async () => {
    const { fake, place, server } = await serve();
    await server.load('a-1', place, never);
    await fake.close();
    await expect(server.unload('a-1', never)).rejects.toThrow(EndpointUnavailable);
    expect(readFileSync(preset, 'utf8').trimEnd()).toBe(list.trimEnd());
  });
});
