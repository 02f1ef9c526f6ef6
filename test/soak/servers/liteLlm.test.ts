/** The LiteLLM proxy before llama.cpp's own server and before vLLM: what is behind it is found out through it, and scores the same. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { baseModel, type BaseModel } from './baseModel.ts';
import { Intents } from './intents.ts';
import { startLiteLlm } from './liteLlm.ts';
import { startLlamaServer } from './llamaServer.ts';
import { say } from './looking.ts';
import type { Server } from './serverProcess.ts';
import { throughputOf } from './throughput.ts';
import { startVllm } from './vllm.ts';

const apiKeyEnv = 'LITELLM_TEST_KEY';
const servers = [
  {
    name: 'llama-server',
    start: ({ file, name }: BaseModel) => {
      const args = ['-m', file, '--alias', name, '-c', '8192', '-t', '1', '-tb', '1', '-np', '8'];
      return startLlamaServer({ model: name, args });
    },
    takes: /takes: .*seed.*response_format json_schema.*opened assistant turns.*\/v1\/completions/,
  },
  {
    name: 'vLLM',
    start: ({ folder, name }: BaseModel) => startVllm({ folder, model: name }),
    takes: /takes: .*seed.*opened assistant turns/,
  },
];

describe.each(servers)('LiteLLM before $name', { timeout: 3_600_000 }, ({ start, takes }) => {
  let base: BaseModel;
  let behind: Server;
  let proxy: Server & { readonly key: string };
  let examples: { readonly proxied: Intents; readonly direct: Intents };

  beforeAll(async () => {
    base = await baseModel();
    behind = await start(base);
    proxy = await startLiteLlm({ behind, models: { [base.name]: base.name, 'lab/with/slashes': base.name } });
    process.env[apiKeyEnv] = proxy.key;
    examples = {
      proxied: new Intents(base, { baseURL: proxy.baseURL, apiKeyEnv }),
      direct: new Intents(base, { baseURL: behind.baseURL }),
    };
  }, 3_600_000);
  afterAll(async () => {
    await proxy?.stop();
    await behind?.stop();
    for (const example of Object.values(examples ?? {})) example.dispose();
  }, 120_000);

  it('lets through what the server behind it takes', async () => {
    const { stdout } = await examples.proxied.run(['endpoint', 'server', '--model', base.name]);
    expect(stdout).toMatch(takes);
  });

  it('gives the scores of the server behind it, also by a name with slashes', async () => {
    const direct = await examples.direct.evaluate('server');
    expect(await examples.proxied.evaluate('server')).toEqual(direct);
    expect(await examples.proxied.evaluate('server', null, ['--model', 'lab/with/slashes'])).toEqual(direct);
    say(`${proxy.name}: ${JSON.stringify(await throughputOf(proxy, 8, 64, apiKeyEnv))}`);
  });

  it.each([
    [['--model', 'nothing'], {}, /does not know model "nothing"/],
    // Rows that are not remembered yet.
    [['--split', 'train'], { [apiKeyEnv]: 'sk-wrong' }, /does not accept the key.*LITELLM_TEST_KEY/],
  ] as const)('ends what cannot be answered: %j', async (more, env, says) => {
    const { code, stderr } = await examples.proxied.run(['evaluate', 'intents', ...more, '--yes', '--json'], env);
    expect(code).not.toBe(0);
    expect(stderr).toMatch(says);
  });
});
