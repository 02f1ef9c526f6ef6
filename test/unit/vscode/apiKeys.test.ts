import { beforeEach, describe, expect, it } from 'vitest';
import type { ResolvedEndpoint } from '../../../src/config/resolved.ts';
import { ApiKeys, keysNeeded } from '../../../src/vscode/keys/apiKeys.ts';
import { keyEnvironment } from '../../../src/vscode/keys/askApiKey.ts';
import { Dismissed } from '../../../src/vscode/base/errors.ts';
import { fake, resetFake } from '../../fakes/fakeVscode.ts';

type OpenAi = Extract<ResolvedEndpoint, { kind: 'openai' }>;

const lab: OpenAi = {
  kind: 'openai',
  name: 'lab',
  baseURL: 'http://lab/v1',
  apiKeyEnv: 'BT_TEST_LAB_KEY',
  revision: null,
  concurrency: 8,
  loraServing: 'none',
  fineTune: { kind: 'openai', baseURL: 'http://lab/v1', apiKeyEnv: 'BT_TEST_LAB_KEY', model: null, pollSeconds: 5 },
  prices: null,
};

function secrets() {
  const kept = new Map<string, string>();
  const keys = new ApiKeys({
    get: (name) => Promise.resolve(kept.get(name)),
    store: (name, value) => Promise.resolve(void kept.set(name, value)),
    delete: (name) => Promise.resolve(void kept.delete(name)),
  });
  return { kept, keys };
}

beforeEach(resetFake);

describe('keys of endpoints', () => {
  it('are asked for once, kept for the base URL, and given to the process under their variable', async () => {
    const { keys } = secrets();
    fake.inputs.push(' secret ');
    expect(await keyEnvironment(keys, { endpoint: lab })).toEqual({ BT_TEST_LAB_KEY: 'secret' });
    expect(await keyEnvironment(keys, { endpoint: lab })).toEqual({ BT_TEST_LAB_KEY: 'secret' });
    expect(fake.asked).toHaveLength(1);
    expect(fake.asked[0]).toMatchObject({ password: true });
  });

  it('are asked for again when the base URL is another, and never sent there', async () => {
    const { keys } = secrets();
    await keys.set({ env: 'BT_TEST_LAB_KEY', baseURL: 'http://lab/v1' }, 'secret');
    const moved = { ...lab, baseURL: 'http://evil/v1', fineTune: { ...lab.fineTune, baseURL: 'http://evil/v1' } };
    fake.inputs.push(undefined);
    await expect(keyEnvironment(keys, { endpoint: moved })).rejects.toThrow(Dismissed);
    expect(fake.asked[0]).toMatchObject({ prompt: expect.stringContaining('was entered for http://lab/v1') as string });
    fake.inputs.push('other');
    expect(await keyEnvironment(keys, { endpoint: moved })).toEqual({ BT_TEST_LAB_KEY: 'other' });
    expect(await keyEnvironment(keys, { endpoint: lab })).toEqual({ BT_TEST_LAB_KEY: 'secret' });
  });

  it('of other endpoints are taken where they are kept or agreed to, and nobody is asked for one', async () => {
    const { keys } = secrets();
    await keys.set({ env: 'BT_TEST_LAB_KEY', baseURL: 'http://lab/v1' }, 'secret');
    const common = { revision: null, concurrency: 8, prices: null };
    const judge = { ...common, name: 'judge', baseURL: 'https://judge.example/v1', apiKeyEnv: 'BT_TEST_JUDGE_KEY' };
    const clash = { ...common, name: 'clash', baseURL: 'https://clash.example/v1', apiKeyEnv: 'BT_TEST_LAB_KEY' };
    const asked = { endpoint: lab, services: [clash, judge] };
    expect(await keyEnvironment(keys, asked)).toEqual({ BT_TEST_LAB_KEY: 'secret' });
    expect([fake.asked, fake.messages]).toEqual([[], []]);
    process.env['BT_TEST_JUDGE_KEY'] = 'from the environment';
    try {
      await expect(keyEnvironment(keys, asked)).rejects.toThrow(Dismissed);
      expect(fake.messages[0]).toContain('BT_TEST_JUDGE_KEY be sent to https://judge.example/v1?');
    } finally {
      delete process.env['BT_TEST_JUDGE_KEY'];
    }
    await keys.set({ env: 'BT_TEST_JUDGE_KEY', baseURL: judge.baseURL }, 'kept');
    expect(await keyEnvironment(keys, asked)).toEqual({ BT_TEST_LAB_KEY: 'secret', BT_TEST_JUDGE_KEY: 'kept' });
  });

  it('come from the environment only where the person agreed to the address', async () => {
    const { keys } = secrets();
    process.env['BT_TEST_LAB_KEY'] = 'from the environment';
    try {
      await expect(keyEnvironment(keys, { endpoint: lab })).rejects.toThrow(Dismissed);
      expect(fake.messages[0]).toContain('BT_TEST_LAB_KEY be sent to http://lab/v1?');
      fake.answers.push('Send');
      expect(await keyEnvironment(keys, { endpoint: lab })).toEqual({});
      expect(await keyEnvironment(keys, { endpoint: lab })).toEqual({});
      expect(fake.messages).toHaveLength(2);
      const moved = { ...lab, baseURL: 'http://evil/v1', fineTune: { ...lab.fineTune, baseURL: 'http://evil/v1' } };
      await expect(keyEnvironment(keys, { endpoint: moved })).rejects.toThrow(Dismissed);
      expect(fake.asked).toEqual([]);
      await keys.set({ env: 'BT_TEST_LAB_KEY', baseURL: 'http://elsewhere/v1' }, 'k');
      await expect(keyEnvironment(keys, { endpoint: lab })).rejects.toThrow(Dismissed);
    } finally {
      delete process.env['BT_TEST_LAB_KEY'];
    }
  });

  it('are taken away by an empty one', async () => {
    const { keys, kept } = secrets();
    const need = { env: 'K', baseURL: 'http://lab/v1' };
    await keys.set(need, 'k');
    await keys.set(need, '');
    expect(kept.size).toBe(0);
  });

  it('are one per service: one variable for two of them is refused', () => {
    expect(keysNeeded(lab)).toEqual([{ env: 'BT_TEST_LAB_KEY', baseURL: 'http://lab/v1' }]);
    const two = { ...lab, fineTune: { ...lab.fineTune, baseURL: 'http://trainer/v1' } };
    expect(() => keysNeeded(two)).toThrow('fineTune.apiKeyEnv');
    const own = { ...two, fineTune: { ...two.fineTune, apiKeyEnv: 'OTHER' } };
    expect(keysNeeded(own)).toHaveLength(2);
    expect(keysNeeded({ kind: 'embedded', name: 'embedded', concurrency: 8, prices: null })).toEqual([]);
  });
});
