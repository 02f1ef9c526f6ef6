/** The prompt that a TypeScript program's host shows is the one that it asks. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { UsageError } from '../../src/data/errors.ts';
import type { LmCall } from '../../src/data/lm.ts';
import type { ProgramHost } from '../../src/host/hostClient.ts';
import { startNodeHost } from '../../src/host/nodeHost.ts';
import type { FormatName } from '../../src/program/runtime.ts';
import { bundleHost } from './bundle.ts';
import type { Bundles } from './bundle.ts';
import { fakeLm, makeWorkspace, request, startState } from './hostTools.ts';
import type { Workspace } from './hostTools.ts';

let bundles: Bundles;
let workspace: Workspace;
let open: ProgramHost[] = [];

beforeAll(async () => {
  bundles = await bundleHost();
  workspace = makeWorkspace();
});
afterAll(() => {
  bundles.dispose();
  workspace.dispose();
});
afterEach(async () => {
  await Promise.all(open.map((host) => host.close()));
  open = [];
});

async function start(adapter: FormatName): Promise<ProgramHost> {
  const host = await startNodeHost({
    entry: bundles.host,
    sdkPath: bundles.sdk,
    workspace: workspace.folder,
    program: 'hops.ts#Hops',
    metric: 'exactMatch:answer',
    adapter,
    guided: 'auto',
    frozen: [],
    metricRange: [0, 1],
  });
  open.push(host);
  return host;
}

describe('renderPrompt', () => {
  it.each<FormatName>(['chat', 'json', 'text', 'plain'])('in the format %s', async (adapter) => {
    const host = await start(adapter);
    const state = startState(await host.describe(), 'tuned');
    const asked: LmCall[] = [];
    const answer = fakeLm((_field, question) => question);
    const lm = (call: LmCall) => {
      asked.push(call);
      return answer(call);
    };
    await host.run(request(state, 'who', { labels: { answer: 'who' } }), lm, new AbortController().signal);
    const name = 'generate_query[0].predict';
    const inputs = { context: '', question: 'who' };
    expect(await host.renderPrompt({ predictor: name, state: state.predictors[name]!, inputs })).toEqual(asked[0]);
    expect(asked[0]!.model).toBe('tuned');
  });

  it('names the predictors there are, and what input is no input', async () => {
    const host = await start('chat');
    const [state] = Object.values(startState(await host.describe()).predictors);
    const none = host.renderPrompt({ predictor: 'none', state: state!, inputs: {} });
    await expect(none).rejects.toBeInstanceOf(UsageError);
    await expect(none).rejects.toThrow('no predictor "none". It has: generate_query[0].predict');
  });
});
