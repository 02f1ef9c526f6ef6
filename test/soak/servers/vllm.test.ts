/** p -> w -> p of the example `intents` on a real vLLM, into which a trained adapter is loaded while it runs. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { baseModel, type BaseModel } from './baseModel.ts';
import { embeddedScore } from './embeddedScore.ts';
import { Intents } from './intents.ts';
import { adapterOf, modelsAt, say } from './looking.ts';
import type { Server } from './serverProcess.ts';
import { throughputOf } from './throughput.ts';
import { startVllm } from './vllm.ts';

let base: BaseModel;
let server: Server;
let example: Intents;

beforeAll(async () => {
  base = await baseModel();
  server = await startVllm({ folder: base.folder, model: base.name });
  example = new Intents(base, { baseURL: server.baseURL, loraServing: 'vllm' });
}, 3_600_000);
afterAll(async () => {
  await server?.stop();
  example?.dispose();
}, 120_000);

describe('vLLM', { timeout: 3_600_000 }, () => {
  it('is known for what it takes', async () => {
    const { stdout, code } = await example.run(['endpoint', 'server', '--model', base.name]);
    expect(stdout).toMatch(/takes: .*seed.*structured choice, opened assistant turns/);
    expect(code).toBe(0);
  });

  it('runs p -> w -> p on the adapter that it loaded, and scores it as the embedded endpoint does', async () => {
    const result = await example.optimize('p -> w -> p');
    const tuned = result.state.predictors['classify']!.model;
    expect(tuned).toMatch(/-ft-[0-9a-f]{16}$/);
    expect(await modelsAt(server)).toContain(tuned);
    // What was found is remembered: this run asks for nothing.
    const trained = await example.optimize('p -> w');
    expect(trained.usage.calls).toBe(0);
    const state = await example.exportState('trained.json');
    const here = await example.evaluate('server', state);
    const embedded = await embeddedScore(example, state, tuned, await adapterOf(example, tuned));
    say(
      `p -> w on dev: ${server.name} ${here.score}, embedded ${embedded.score} (${[embedded.low, embedded.high].join('–')})`,
    );
    expect(here.score).toBeGreaterThanOrEqual(embedded.low);
    expect(here.score).toBeLessThanOrEqual(embedded.high);
    // The model has learned: otherwise equal scores would say nothing.
    expect(here.score).toBeGreaterThan(result.scores['']!.dev!);
  });

  it('samples what a command learns from: each update by the adapter of the one before', async () => {
    const { run, scores } = await example.optimize('grpo');
    const updates = example.policyUpdates(run);
    expect(updates.map(({ update }) => update)).toEqual([1, 2, 3]);
    const learned = updates.filter(({ rows }) => rows > 0).map(({ model }) => model);
    expect(learned.length).toBeGreaterThan(0);
    expect(new Set([base.name, ...learned]).size).toBe(learned.length + 1);
    expect(await modelsAt(server)).toContain(learned.at(-1));
    // Three updates teach little, and the step keeps what is no worse on dev.
    expect(scores['grpo']!.dev).toBeGreaterThanOrEqual(scores['']!.dev!);
    say(updates.map((update) => JSON.stringify(update)).join('\n'));
  });

  it('is asked with seeds at a temperature above 0, many at once, and answers on', async () => {
    const asked = Array.from({ length: 64 }, async (_, i) => {
      const messages = [{ role: 'user', content: `Say ${i % 5}.` }];
      const body = {
        model: base.name,
        messages,
        max_tokens: 4,
        temperature: (i % 3) / 2,
        ...(i % 2 ? { seed: i } : {}),
      };
      const headers = { 'content-type': 'application/json' };
      return (
        await fetch(`${server.baseURL}/chat/completions`, { method: 'POST', headers, body: JSON.stringify(body) })
      ).status;
    });
    expect([...new Set(await Promise.all(asked))]).toEqual([200]);
    say(`${server.name}: ${JSON.stringify(await throughputOf(server, 16, 64))}`);
  });

  it('that was started again has its adapter loaded again, and nothing is trained or asked', async () => {
    const { port } = new URL(server.baseURL);
    await server.stop();
    server = await startVllm({ folder: base.folder, model: base.name, port: Number(port) });
    expect(await modelsAt(server)).toEqual([base.name]);
    const again = await example.optimize('p -> w -> p');
    expect(again.usage.calls).toBe(0);
    expect(await modelsAt(server)).toContain(again.state.predictors['classify']!.model);
  });
});
