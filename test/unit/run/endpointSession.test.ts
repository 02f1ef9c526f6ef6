import { rmSync, writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { startFakeEndpoint } from '../../fakes/fakeEndpoint.ts';
import type { FakeEndpoint, FakeEndpointOptions } from '../../fakes/fakeEndpoint.ts';
import type { JsonValue } from '../../../src/base/json.ts';
import type { ResolvedProgram } from '../../../src/config/resolved.ts';
import { UsageError } from '../../../src/base/errors.ts';
import type { EmbeddedEndpoint, EmbeddedOptions } from '../../../src/embedded/embedded.ts';
import type { LmAnswer } from '../../../src/data/lm.ts';
import { Budget } from '../../../src/engine/budget.ts';
import { BudgetExhausted, EndpointRefused } from '../../../src/engine/errors.ts';
import { homeAt } from '../../../src/home/home.ts';
import { ownToken } from '../../../src/home/token.ts';
import { createLanguageModel } from '../../../src/lm/languageModel.ts';
import { openMemo } from '../../../src/lm/memo.ts';
import { startFakeRay } from '../../fakes/fakeRay.ts';
import { whyNoTraining } from '../../../src/run/services/trainingService.ts';
import { openEndpoint } from '../../../src/run/services/endpointSession.ts';
import type { EndpointRequest } from '../../../src/run/services/endpointSession.ts';
import { temporaryFolder } from './folder.ts';
import { sampleConfig as config } from '../../fakes/sampleConfig.ts';

const folder = temporaryFolder();
const advertise = { completions: true, continueFinal: true, structuredChoice: true, jsonSchema: true };
let closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.reverse()) await close();
  closing = [];
});

/** A fake that knows whether its clients have hung up. */
async function fakeWithSockets(options: FakeEndpointOptions = {}) {
  const sockets = new Set<Socket>();
  const intercept = ({ socket }: { readonly socket: Socket }) => {
    sockets.add(socket);
    return false;
  };
  const fake = await startFakeEndpoint({ ...options, intercept });
  closing.push(() => fake.close());
  return { fake, connected: () => [...sockets].filter(({ destroyed }) => !destroyed).length };
}

type Remote = Extract<ResolvedProgram['endpoint'], { kind: 'openai' }>;

function remote(
  { baseURL }: FakeEndpoint,
  fineTune: Partial<Extract<Remote['fineTune'], { kind: 'openai' }>> = {},
  more: Partial<Remote> = {},
): ResolvedProgram {
  const service = { kind: 'openai', baseURL, apiKeyEnv: null, model: null, pollSeconds: 1, ...fineTune } as const;
  const common = { name: 'lab', concurrency: 8, prices: null, apiKeyEnv: null, revision: null } as const;
  return {
    ...config,
    endpoint: { kind: 'openai', ...common, baseURL, loraServing: 'none', fineTune: service, ...more },
  };
}

function request(of: ResolvedProgram, warnings: string[] = []): EndpointRequest {
  const warn = (message: string) => void warnings.push(message);
  const { signal } = new AbortController();
  const { account } = accountOf();
  return {
    workspace: folder,
    config: of,
    trains: true,
    account,
    signal,
    log: () => undefined,
    warn,
    memo: memoryMemo(),
  };
}

/** Where a probe's calls go, under a cap. */
function accountOf(calls: number | null = null) {
  const budget = new Budget({ calls, tokens: null, usd: null }, { calls: 0, tokens: 0, usd: 0 });
  const paid: LmAnswer[] = [];
  const account = { gate: budget, prices: null, onPaid: (answer: LmAnswer) => void paid.push(answer) };
  return { budget, paid, account };
}

function memoryMemo(): EndpointRequest['memo'] {
  const kept = new Map<string, JsonValue>();
  return {
    get: (key) => Promise.resolve(kept.get(key)),
    put: (key, value) => Promise.resolve(void kept.set(key, value)),
  };
}

describe('a remote endpoint', () => {
  it('is asked nothing while the key of its training service is missing', async () => {
    const { fake } = await fakeWithSockets();
    const opening = openEndpoint(request(remote(fake, { apiKeyEnv: 'BETTERTOGETHER_TEST_NO_SUCH_KEY' })));
    await expect(opening).rejects.toBeInstanceOf(UsageError);
    await expect(opening).rejects.toThrow('BETTERTOGETHER_TEST_NO_SUCH_KEY');
    expect(fake.counters.requests).toBe(0);
  });

  it('is probed once: the next run in this workspace knows what it can do', async () => {
    const { fake } = await fakeWithSockets();
    const asked = request(remote(fake));
    const first = await openEndpoint(asked);
    closing.push(() => first.close());
    const probes = fake.counters.completions;
    expect(probes).toBeGreaterThan(0);
    const second = await openEndpoint(asked);
    closing.push(() => second.close());
    expect(second.capabilities).toEqual(first.capabilities);
    expect(fake.counters.completions).toBe(probes);
  });

  it('without /v1 in its base URL is asked under it, its trainer at the same address too, and that is said once', async () => {
    const fake = await startFakeEndpoint({
      advertise,
      intercept: ({ url = '' }, response) => {
        if (url.startsWith('/v1/')) return false;
        response.writeHead(404, { 'content-type': 'application/json' }).end('{"detail":"Not Found"}');
        return true;
      },
    });
    closing.push(() => fake.close());
    const baseURL = fake.baseURL.replace('/v1', '');
    const warnings: string[] = [];
    const session = await openEndpoint(request(remote(fake, { baseURL }, { baseURL }), warnings));
    closing.push(() => session.close());
    expect(session.capabilities).toEqual(advertise);
    expect(session.connection.endpoint.baseURL).toBe(fake.baseURL);
    expect(warnings).toEqual([expect.stringContaining(`answers under ${fake.baseURL}, and not under ${baseURL}`)]);
    expect(await session.trainer!.find('hash', new AbortController().signal)).toBeNull();
  });

  it('with other further keys is another endpoint, for its answers and for what it can do', async () => {
    const { fake } = await fakeWithSockets({ answer: () => 'Hello there!' });
    const asked = request(remote(fake));
    const plain = await openEndpoint(asked);
    closing.push(() => plain.close());
    const more = { reasoning_effort: 'low' };
    const keyed = await openEndpoint({ ...asked, config: remote(fake, {}, { request: more }) });
    closing.push(() => keyed.close());
    expect(keyed.connection.endpoint.identity).not.toBe(plain.connection.endpoint.identity);
    expect(fake.calls.slice(-4).every(({ body }) => body['reasoning_effort'] === 'low')).toBe(true);
    expect(fake.counters.completions).toBe(8);
  });

  it('has the calls of its probe in the budget, in the usage and in the log', async () => {
    const { fake } = await fakeWithSockets({ answer: () => 'Hello there!' });
    const { account, budget, paid } = accountOf();
    const said: string[] = [];
    const asked = { ...request(remote(fake)), account, log: (line: string) => void said.push(line) };
    const session = await openEndpoint(asked);
    closing.push(() => session.close());
    expect(fake.counters.answered).toBe(4);
    expect(budget.spent.calls).toBe(4);
    expect(paid.map(({ usage, cached }) => [usage !== null, cached])).toEqual([1, 2, 3, 4].map(() => [true, false]));
    expect(budget.spent.tokens).toBe(
      paid.reduce((sum, { usage }) => sum + usage!.inputTokens + usage!.outputTokens, 0),
    );
    expect(said).toEqual(['endpoint "lab": 4 calls to find out what it can do, counted with the others']);
  });

  it('is asked no more than the cap allows to find out what it can do, and what it refused cost nothing', async () => {
    const { fake } = await fakeWithSockets({ answer: () => 'Hello there!' });
    const { account } = accountOf(2);
    await expect(openEndpoint({ ...request(remote(fake)), account })).rejects.toBeInstanceOf(BudgetExhausted);
    expect(fake.counters.completions).toBe(2);
    const refusing = await fakeWithSockets({ completions: false, answer: () => 'Hello there!' });
    const free = accountOf();
    const session = await openEndpoint({ ...request(remote(refusing.fake)), account: free.account });
    closing.push(() => session.close());
    expect([refusing.fake.counters.completions, free.budget.spent.calls, free.paid.length]).toEqual([4, 3, 3]);
  });

  it('whose probe fails leaves no connection open', async () => {
    const { fake, connected } = await fakeWithSockets({ apiKey: 'another' });
    await expect(openEndpoint(request(remote(fake)))).rejects.toBeInstanceOf(EndpointRefused);
    expect(fake.counters.requests).toBeGreaterThan(0);
    await expect.poll(connected).toBe(0);
  });

  it("names revision and the trainer's base in the trainer's identity", async () => {
    const { fake } = await fakeWithSockets({ advertise });
    const idOf = async (of: ResolvedProgram) => {
      const session = await openEndpoint(request(of));
      closing.push(() => session.close());
      return session.trainer!.id;
    };
    const ids = [
      await idOf(remote(fake)),
      await idOf(remote(fake, {}, { revision: '2' })),
      await idOf(remote(fake, { model: 'hosted/base' })),
    ];
    expect(new Set(ids).size).toBe(3);
  });

  it('is the one asked whether a tuned model answers, where another service trains', async () => {
    const [{ fake }, service] = [await fakeWithSockets({ advertise }), await fakeWithSockets()];
    fake.setModels(['base', 'ft-1']);
    const session = await openEndpoint(request(remote(fake, { baseURL: service.fake.baseURL })));
    closing.push(() => session.close());
    const before = service.fake.counters.requests;
    expect(await session.trainer!.serves('ft-1', new AbortController().signal)).toBe(true);
    expect(service.fake.counters.requests).toBe(before);
  });
});

describe('what trains', () => {
  const command: Remote['fineTune'] = {
    kind: 'command',
    command: ['node', '{rows}'],
    parentArguments: null,
    rowsFormat: 'messages',
    files: {},
    env: {},
    cwd: folder,
    folder,
    model: null,
    pollSeconds: 1,
  };
  const ray = (baseURL: string, apiKeyEnv: string | null): Remote['fineTune'] => ({
    kind: 'ray',
    baseURL,
    apiKeyEnv,
    model: null,
    pollSeconds: 1,
    workers: 1,
    cpusPerWorker: 1,
    gpusPerWorker: 0,
    dtype: 'auto',
    storage: '/s',
    sharedFolder: null,
    python: 'python',
    runtimeEnv: {},
  });

  it('is a command or a cluster, whose adapters go into the endpoint', async () => {
    const { fake } = await fakeWithSockets({ advertise });
    const cluster = await startFakeRay();
    closing.push(() => cluster.close());
    const idOf = async (more: Partial<Remote>) => {
      const session = await openEndpoint(request(remote(fake, {}, more)));
      closing.push(() => session.close());
      return session.trainer!.id;
    };
    expect(await idOf({ loraServing: 'vllm', fineTune: command })).toMatch(/^command:[0-9a-f]{64} for vllm$/);
    expect(await idOf({ loraServing: 'sglang', fineTune: ray(cluster.baseURL, null) })).toMatch(
      /^ray:http:\/\/127\.0\.0\.1:\d+ .* for sglang$/,
    );
    expect(await idOf({ loraServing: 'vllm' })).toMatch(/^openai:.* for vllm$/);
  });

  it('asks nobody anything while the key of a cluster is missing', async () => {
    const { fake } = await fakeWithSockets();
    const fineTune = ray('http://head:8265', 'BETTERTOGETHER_TEST_NO_SUCH_KEY');
    const opening = openEndpoint(request(remote(fake, {}, { loraServing: 'vllm', fineTune })));
    await expect(opening).rejects.toThrow('BETTERTOGETHER_TEST_NO_SUCH_KEY');
    expect(fake.counters.requests).toBe(0);
  });

  it.each([
    [
      { command: ['no-such-trainer', '{rows}'] },
      /fineTune\.command: the trainer "no-such-trainer" is not found\. .*PATH/,
    ],
    [
      { command: ['./train.sh'] },
      /fineTune\.command: the trainer "\.\/train\.sh" is not found\. There is no such file/,
    ],
    [{ command: [join(folder, 'plain.txt')] }, /fineTune\.command: .*plain\.txt is not executable\. .*chmod \+x/],
    [{ command: ['node'], env: { PATH: folder } }, /the trainer "node" is not found/],
    [{ cwd: join(folder, 'gone') }, /fineTune\.cwd: there is no folder .*gone/],
  ])('says before anything is asked that a command cannot be started: %j', async (wrong, says) => {
    writeFileSync(join(folder, 'plain.txt'), '', { mode: 0o600 });
    const { fake } = await fakeWithSockets({ advertise });
    const program = remote(fake, {}, { loraServing: 'vllm', fineTune: { ...command, ...wrong } });
    await expect(openEndpoint(request(program))).rejects.toThrow(says);
    expect(fake.counters.completions).toBe(0);
    expect(await whyNoTraining(program.endpoint, { signal: new AbortController().signal })).toMatch(says);
  });

  it('says before anything is paid that no Ray cluster is at the address', async () => {
    const { fake } = await fakeWithSockets({ advertise });
    const program = remote(fake, {}, { loraServing: 'vllm', fineTune: ray(fake.baseURL, null) });
    const says = /has no Jobs API: .*No route.*endpoints\.lab\.fineTune\.baseURL/;
    await expect(openEndpoint(request(program))).rejects.toThrow(says);
    expect(fake.counters.completions).toBe(0);
    expect(await whyNoTraining(program.endpoint, { signal: new AbortController().signal })).toMatch(says);
  });

  it('says so where nothing answers there', async () => {
    const { fake } = await fakeWithSockets({ advertise });
    const fineTune = ray('http://127.0.0.1:1', null);
    const program = remote(fake, {}, { loraServing: 'vllm', fineTune, patienceSeconds: 0.1 });
    await expect(openEndpoint(request(program))).rejects.toThrow(/ECONNREFUSED.*endpoints\.lab\.fineTune\.baseURL/);
    expect(fake.counters.completions).toBe(0);
  });

  it('names a placeholder that stands for nothing before anything is paid', async () => {
    const { fake } = await fakeWithSockets({ advertise });
    const fineTune = { ...command, command: ['node', '{row}'] };
    const opening = openEndpoint(request(remote(fake, {}, { loraServing: 'vllm', fineTune })));
    await expect(opening).rejects.toThrow(/endpoints\.lab\.fineTune\.command.*\{row\}/);
  });
});

describe('the embedded endpoint', () => {
  /** Each start is another fake; `crash` ends the latest. */
  function processes() {
    const home = homeAt(join(temporaryFolder(), 'home'));
    const fakes: FakeEndpoint[] = [];
    const ended: number[] = [];
    let end: (code: number | null) => void = () => undefined;
    const start = async (options: EmbeddedOptions = {}): Promise<EmbeddedEndpoint> => {
      options.signal?.throwIfAborted();
      const fake = await startFakeEndpoint({ advertise, apiKey: ownToken(home) });
      fakes.push(fake);
      const { baseURL, port } = fake;
      const exited = new Promise<number | null>((resolve) => (end = resolve));
      const close = async () => {
        await fake.close();
        ended.push(port);
        end(0);
      };
      const model = { modelName: 'base', modelHash: 'hash', modelPath: '/m.gguf' };
      return { baseURL, tokenFile: home.token, port, ...model, pid: 1, exited, close };
    };
    const crash = async () => {
      await fakes.at(-1)!.close();
      end(null);
    };
    return { home, fakes, ended, start, crash };
  }

  it('that crashes is started again, and calls go on at its new address', async () => {
    const { fakes, start, crash } = processes();
    const warnings: string[] = [];
    const session = await openEndpoint(request(config, warnings), start);
    closing.push(() => session.close());
    const memo = await openMemo(folder);
    closing.push(() => memo.close());
    const lm = createLanguageModel({
      ...session,
      memo,
      sampling: config.sampling,
      gate: { reserve: () => Promise.resolve({ settle: () => undefined, release: () => undefined }) },
      retry: { firstSeconds: 0.01, longestSeconds: 0.05 },
      onWarning: () => undefined,
    });
    const ask = (content: string) =>
      lm.complete(
        { model: 'base', prompt: { kind: 'chat', messages: [{ role: 'user', content }] }, stop: [] },
        { round: 0, repeat: 0 },
        new AbortController().signal,
      );
    await ask('a');
    const crashing = crash();
    expect((await ask('b')).cached).toBe(false);
    await crashing;
    expect((await ask('a')).cached).toBe(true);
    expect(fakes.map(({ counters }) => counters.answered)).toEqual([1, 1]);
    expect(warnings).toEqual([expect.stringContaining('started again')]);
  });

  it('is sent its key, also another one after it was started again', async () => {
    const { home, fakes, start, crash } = processes();
    const session = await openEndpoint(request(config), async (options) => {
      rmSync(home.token, { force: true });
      return start(options);
    });
    closing.push(() => session.close());
    await crash();
    await expect.poll(() => session.connection.openai.get('/models').catch(() => null)).toBeTruthy();
    expect(fakes.map(({ counters }) => counters.requests > 0)).toEqual([true, true]);
  });

  it('that serves another model is ended', async () => {
    const { ended, start } = processes();
    await expect(openEndpoint(request({ ...config, model: 'other' }), start)).rejects.toThrow('serves "base"');
    expect(ended.length).toBe(1);
  });
});
