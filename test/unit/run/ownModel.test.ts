import { afterEach, describe, expect, it } from 'vitest';
import { startFakeEndpoint } from '../../fakes/fakeEndpoint.ts';
import type { FakeEndpoint } from '../../fakes/fakeEndpoint.ts';
import type { ResolvedProgram } from '../../../src/config/resolved.ts';
import type { JsonValue } from '../../../src/base/json.ts';
import type { EmbeddedOptions } from '../../../src/embedded/embedded.ts';
import { requestedSchema } from '../../../src/embedded/models/hyperParameters.ts';
import { homeAt } from '../../../src/home/home.ts';
import { ownToken } from '../../../src/home/token.ts';
import { openEndpoint } from '../../../src/run/services/endpointSession.ts';
import type { EndpointRequest } from '../../../src/run/services/endpointSession.ts';
import { temporaryFolder } from './folder.ts';
import { sampleConfig as config } from '../../fakes/sampleConfig.ts';

const folder = temporaryFolder();
const advertise = {
  capabilities: { completions: true, continueFinal: true, structuredChoice: true, jsonSchema: true },
};
let closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.reverse()) await close();
  closing = [];
});

async function fake(advertises: boolean): Promise<FakeEndpoint> {
  const started = await startFakeEndpoint(advertises ? { advertise } : {});
  closing.push(() => started.close());
  return started;
}

function request(endpoint: ResolvedProgram['endpoint'], kept = new Map<string, JsonValue>()): EndpointRequest {
  return {
    ...{ workspace: folder, trains: true, config: { ...config, endpoint }, signal: new AbortController().signal },
    memo: {
      get: (key) => Promise.resolve(kept.get(key)),
      put: (key, value) => Promise.resolve(void kept.set(key, value)),
    },
    account: {
      gate: { reserve: () => Promise.resolve({ settle: () => undefined, release: () => undefined }) },
      prices: null,
      onPaid: () => undefined,
    },
    log: () => undefined,
    warn: () => undefined,
  };
}

function remote({ baseURL }: FakeEndpoint, dialect?: 'nebius'): ResolvedProgram['endpoint'] {
  const common = { name: 'lab', concurrency: 8, prices: null, apiKeyEnv: null, revision: null, baseURL } as const;
  const fineTune = { kind: 'openai', baseURL, apiKeyEnv: null, model: null, pollSeconds: 1 } as const;
  return {
    ...{ kind: 'openai', ...common, loraServing: 'none' },
    fineTune: { ...fineTune, ...(dialect === undefined ? {} : { dialect }) },
  };
}

/** The hyper-parameters of a job as a service of that kind is sent them. */
async function sent(server: FakeEndpoint, asked: EndpointRequest): Promise<unknown> {
  const session = await openEndpoint(asked);
  closing.push(() => session.close());
  const prompt = { kind: 'chat', messages: [{ role: 'user', content: 'a' }] } as const;
  const rows = [{ predictor: 'p', prompt, completion: 'b', end: null }];
  const hyperParameters = {
    ...{ epochs: 1, learningRate: 1e-4, schedule: 'linear' as const, batchSize: 2, seed: 0 },
    lora: { rank: 4, alpha: 8, targets: 'all-linear' as const },
  };
  const { signal } = new AbortController();
  await session.trainer!.submit(
    { hash: `h${server.jobs.length}`, parent: 'base', set: { method: 'supervised', rows }, hyperParameters },
    signal,
  );
  const method = server.jobs.at(-1)!.body['method'] as { supervised: { hyperparameters: unknown } };
  return method.supervised.hyperparameters;
}

describe('a served model of one’s own', () => {
  it('is trained with what its endpoint takes, as it says that it is ours; it is asked once', async () => {
    const [ours, kept] = [await fake(true), new Map<string, JsonValue>()];
    const hyperParameters = await sent(ours, request(remote(ours), kept));
    expect(hyperParameters).not.toHaveProperty('lora');
    expect(requestedSchema.safeParse(hyperParameters).error).toBeUndefined();
    const before = ours.counters.requests;
    const session = await openEndpoint(request(remote(ours), kept));
    closing.push(() => session.close());
    expect(ours.counters.requests).toBe(before);
  });

  it('of another server is trained as before, and a dialect that is named is spoken', async () => {
    const [theirs, ours] = [await fake(false), await fake(true)];
    expect(await sent(theirs, request(remote(theirs)))).toMatchObject({ lora: true });
    expect(await sent(ours, request(remote(ours, 'nebius')))).toMatchObject({ lora: true });
  });

  it('is what the embedded endpoint is started with', async () => {
    const server = await fake(true);
    const home = homeAt(temporaryFolder());
    ownToken(home);
    const started: (string | undefined)[] = [];
    const start = (options: EmbeddedOptions = {}) => {
      started.push(options.model);
      const { baseURL, port } = server;
      const exited = new Promise<null>(() => undefined);
      const own = { modelName: 'base', modelHash: 'h', modelPath: '/m/base.gguf', pid: 1, exited };
      return Promise.resolve({ baseURL, tokenFile: home.token, port, ...own, close: () => Promise.resolve() });
    };
    const embedded = { kind: 'embedded', name: 'own', concurrency: 8, prices: null } as const;
    for (const endpoint of [{ ...embedded, modelFile: '/m/base.gguf' }, embedded]) {
      const session = await openEndpoint(request(endpoint), start);
      closing.push(() => session.close());
    }
    expect(started).toEqual(['/m/base.gguf', undefined]);
  });
});
