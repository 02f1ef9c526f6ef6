/** p -> w -> p with a command that trains and a vLLM that takes adapters, from the command line to pruning. */
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { resultSchema } from '../../../src/protocol.ts';
import { startFakeEndpoint, type FakeAnswer, type FakeEndpoint } from '../../fakes/fakeEndpoint.ts';
import { readBody, send } from '../../fakes/fakeHttp.ts';
import { lastJson, studentAnswer, Workspace } from '../workspace.ts';

/** Leaves an adapter whose bytes are those of the rows. */
const trainer = `
import { appendFileSync, copyFileSync, writeFileSync } from 'node:fs';
const [rows, out, log] = process.argv.slice(2);
appendFileSync(log, 'trained\\n');
console.log(JSON.stringify({ type: 'progress', step: 1, steps: 1, epoch: 1, loss: 0.5 }));
copyFileSync(rows, out + '/adapter_model.safetensors');
writeFileSync(out + '/adapter_config.json', '{}');
console.log(JSON.stringify({ type: 'done', trained_tokens: 12 }));
`;

let fake: FakeEndpoint;
let workspace: Workspace;
let loaded: Map<string, string>;

beforeEach(async () => {
  loaded = new Map();
  // Whether an adapter answers is asked as a plain completion.
  const answer: FakeAnswer = (call) => (call.path === 'completions' ? 'a' : studentAnswer(call));
  fake = await startFakeEndpoint({ answer, intercept: takeAdapters });
  const command = [process.execPath, 'train.mjs', '{rows}', '{out}', 'trained.log'];
  workspace = new Workspace({
    baseURL: fake.baseURL,
    endpoint: { loraServing: 'vllm', fineTune: { kind: 'command', command, pollSeconds: 0.1 } },
  });
  workspace.write('train.mjs', trainer);
});
afterEach(async () => {
  workspace.dispose();
  await fake.close();
});

function takeAdapters(request: IncomingMessage, response: ServerResponse): boolean {
  const action = /^\/v1\/(load|unload)_lora_adapter$/.exec(request.url ?? '')?.[1];
  if (action === undefined) return false;
  void readBody(request).then((raw) => {
    const { lora_name: name, lora_path: path } = JSON.parse(raw.toString()) as { lora_name: string; lora_path: string };
    if (action === 'load') loaded.set(name, path);
    else loaded.delete(name);
    fake.setModels(['base', ...loaded.keys()]);
    send(response, 200, 'done');
  });
  return true;
}

const optimize = ['optimize', 'two', '--yes', '--json'];
const trained = () => readFileSync(join(workspace.folder, 'trained.log'), 'utf8').trim().split('\n').length;

describe('a run with a command that trains', { timeout: 300_000 }, () => {
  it('searches on the adapter that it loaded, keeps the rows as sent, trains once, and prune unloads', async () => {
    const run = await workspace.run(optimize);
    expect(run.stderr + String(run.code)).toMatch(/0$/);
    const result = resultSchema.parse(lastJson(run));
    expect(result.scores['p -> w']).toMatchObject({ dev: 100, test: 100 });
    const tuned = result.state.predictors['answer']!.model;
    expect(tuned).toMatch(/^base-ft-[0-9a-f]{16}$/);
    expect([...loaded.keys()]).toEqual([tuned]);
    const models = fake.calls.filter(({ path }) => path === 'chat/completions').map(({ model }) => model);
    expect(models.slice(models.indexOf(tuned)).every((model) => model === tuned)).toBe(true);

    const own = join(workspace.folder, '.bettertogether');
    const rows = readFileSync(join(own, 'runs', readdirSync(join(own, 'runs'))[0]!, 'rows', 'p-w.jsonl'), 'utf8');
    expect(rows).toBe(readFileSync(join(loaded.get(tuned)!, 'adapter_model.safetensors'), 'utf8'));
    expect(Object.keys(JSON.parse(rows.split('\n')[0]!) as object)).toEqual(['messages']);

    // The server was started again: the same adapter is loaded, and neither trained nor asked again.
    loaded.clear();
    fake.setModels(['base']);
    fake.reset();
    const again = resultSchema.parse(lastJson(await workspace.run(optimize)));
    expect(again.scores).toEqual(result.scores);
    expect([...loaded.keys()]).toEqual([tuned]);
    expect(fake.counters.byModel).not.toHaveProperty('base');
    expect(trained()).toBe(1);

    const env = { BETTERTOGETHER_HOME: join(workspace.folder, 'nothing-installed') };
    const exported = await workspace.run(['export', 'latest', '--format', 'json', '--weights', 'taken'], env);
    expect(exported.stderr).toContain(`weights in ${join(workspace.folder, 'taken', tuned)}`);
    expect(exported.stderr).toContain('as PEFT only, no GGUF was made: the trainer is not installed here');
    expect(readFileSync(join(workspace.folder, 'taken', tuned, 'peft', 'adapter_model.safetensors'), 'utf8')).toBe(
      rows,
    );

    const pruned = await workspace.run(['prune', '--older-than', '0', '--yes']);
    expect(pruned.stdout).toContain(`adapter ${tuned}, unloaded from endpoint "fake"`);
    expect([...loaded.keys()]).toEqual([]);
    expect(readdirSync(join(own, 'jobs'))).toEqual([]);
  });

  it('whose trainer fails shows why; once it is mended, resume goes on and trains', async () => {
    workspace.write('train.mjs', `console.log('{"type":"failed","error":"no GPU is free"}'); process.exit(3);`);
    const failed = await workspace.run(optimize);
    expect(failed.code).toBe(1);
    expect(failed.stderr).toContain('no GPU is free');
    workspace.write('train.mjs', trainer);
    const resumed = await workspace.run(['resume', 'latest', '--json']);
    expect(resumed.stderr + String(resumed.code)).toMatch(/0$/);
    expect(resultSchema.parse(lastJson(resumed)).scores['p -> w -> p']).toMatchObject({ dev: 100 });
    expect(trained()).toBe(1);
  });

  it('whose trainer is killed goes on in the same session, with the same job', async () => {
    const once = `import { existsSync, writeFileSync as mark } from 'node:fs';
if (!existsSync('killed')) { mark('killed', ''); process.kill(process.pid, 'SIGKILL'); }`;
    workspace.write('train.mjs', `${once}\n${trainer}`);
    const run = await workspace.run(optimize);
    expect(run.stderr + String(run.code)).toMatch(/0$/);
    const events = run.stdout
      .split('\n')
      .flatMap((line) => (line === '' ? [] : (JSON.parse(line) as { type: string })));
    expect(events.filter(({ type }) => type === 'job.submitted').length).toBe(1);
    expect(events.filter(({ type }) => type === 'job.failed')).toEqual([]);
    expect(run.stdout).toContain('trainer was killed; started again (2 of 3)');
    expect(resultSchema.parse(lastJson(run)).scores['p -> w -> p']).toMatchObject({ dev: 100 });
    const [job] = readdirSync(join(workspace.folder, '.bettertogether', 'jobs'));
    const attempts = readdirSync(join(workspace.folder, '.bettertogether', 'jobs', job!));
    expect(attempts.filter((name) => name.startsWith('attempt-'))).toEqual(['attempt-1']);
  });

  it('and nothing that loads its adapters is refused before anything is asked', async () => {
    const file = join(workspace.folder, 'bettertogether.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace('"loraServing":"vllm"', '"loraServing":"none"'));
    const { code, stderr } = await workspace.run(optimize);
    expect(code).toBe(2);
    expect(stderr).toContain('endpoints.fake.loraServing');
    expect(fake.counters.requests).toBe(0);
  });
});
