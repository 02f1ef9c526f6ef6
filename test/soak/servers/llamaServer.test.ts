/** p -> w -> p of the example `intents` on llama.cpp's own server, which is given a trained adapter while it runs. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { baseModel, type BaseModel } from './baseModel.ts';
import { embeddedScore } from './embeddedScore.ts';
import { Intents } from './intents.ts';
import { startLlamaServer } from './llamaServer.ts';
import { adapterOf, modelsAt, say } from './looking.ts';
import { freePort, type Server } from './serverProcess.ts';
import { throughputOf } from './throughput.ts';

let base: BaseModel;
let server: Server;
let example: Intents;
let preset: string;

beforeAll(async () => {
  base = await baseModel();
  const port = await freePort();
  const loraServing = { kind: 'llama-server', preset: 'models.ini' };
  const endpoint = { baseURL: `http://127.0.0.1:${port}/v1`, concurrency: 8, loraServing };
  // It has no structured choice, so the embedded endpoint is asked without one too.
  example = new Intents(base, endpoint, { sampling: { temperature: 0, maxTokens: 8, guided: 'off' } });
  preset = join(example.folder, 'models.ini');
  const settings = ['ctx-size = 8192', 'threads = 1', 'threads-batch = 1', 'parallel = 8'].join('\n');
  writeFileSync(preset, `version = 1\n[*]\n${settings}\n\n[${base.name}]\nmodel = ${base.file}\n`);
  server = await startLlamaServer({ model: base.name, port, args: ['--models-preset', preset] });
}, 3_600_000);
afterAll(async () => {
  await server?.stop();
  example?.dispose();
}, 120_000);

describe('llama-server', { timeout: 3_600_000 }, () => {
  it('is known for what it takes', async () => {
    const { stdout, code } = await example.run(['endpoint', 'server', '--model', base.name]);
    expect(stdout).toMatch(/takes: .*response_format json_schema.*opened assistant turns/);
    expect(code).toBe(0);
  });

  it('runs p -> w -> p on the adapter of its list, and scores it as the embedded endpoint does', async () => {
    const result = await example.optimize('p -> w -> p');
    const tuned = result.state.predictors['classify']!.model;
    expect(readFileSync(preset, 'utf8')).toMatch(
      new RegExp(`\\[${tuned}\\]\\nmodel = .*\\nlora = .*adapter\\.gguf\\n$`),
    );
    expect(await modelsAt(server)).toEqual(expect.arrayContaining([base.name, tuned]));
    const trained = await example.optimize('p -> w');
    expect(trained.usage.calls).toBe(0);
    const state = await example.exportState('trained.json');
    const here = await example.evaluate('server', state);
    const embedded = await embeddedScore(example, state, tuned, await adapterOf(example, tuned));
    say(
      `p -> w on dev: llama-server ${here.score}, embedded ${embedded.score} (${[embedded.low, embedded.high].join('–')})`,
    );
    expect(here.score).toBeGreaterThanOrEqual(embedded.low);
    expect(here.score).toBeLessThanOrEqual(embedded.high);
    expect(here.score).toBeGreaterThan(result.scores['']!.dev!);
    say(`${server.name}: ${JSON.stringify(await throughputOf(server, 8, 64))}`);
  });

  it('lists no adapter any more that prune has taken away', async () => {
    const pruned = await example.run(['prune', '--older-than', '0', '--yes']);
    expect(pruned.stdout).toMatch(/adapter .*-ft-.*, unloaded from endpoint "server"/);
    expect(await modelsAt(server)).toEqual([base.name]);
  });
});
