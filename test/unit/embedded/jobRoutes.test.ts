/** Training jobs as clients of the embedded endpoint ask for them, by each method. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JsonValue } from '../../../src/base/json.ts';
import { defaults } from '../../../src/embedded/models/hyperParameters.ts';
import { startFakeEmbedded } from '../../fakes/fakeEmbedded.ts';
import type { FakeEmbedded } from '../../fakes/fakeEmbedded.ts';

let endpoint: FakeEmbedded;
beforeEach(async () => {
  endpoint = await startFakeEmbedded();
});
afterEach(() => endpoint.close());

interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

async function ask(path: string, body?: JsonValue | FormData): Promise<Answer> {
  const isForm = body instanceof FormData;
  const response = await fetch(`${endpoint.baseURL}${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${endpoint.token}`, ...(isForm ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: isForm ? body : JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

/** Uploads the rows and asks for a job on them. */
async function train(rows: readonly object[], more: Readonly<Record<string, JsonValue>>): Promise<Answer> {
  const form = new FormData();
  form.set('purpose', 'fine-tune');
  form.set('file', new File([rows.map((row) => `${JSON.stringify(row)}\n`).join('')], 'rows.jsonl'));
  const { body } = await ask('/files', form);
  return ask('/fine_tuning/jobs', { model: 'base', training_file: String(body['id']), ...more });
}

const tunedName = async ({ body }: Answer) => (await endpoint.store.find(String(body['id']))).tunedName;

const row = { prompt: 'p', completion: 'x', end: '.' };
const pairs = [{ ...row, rejected: 'y' }];
const rewarded = [
  { ...row, advantage: 0.5 },
  { ...row, completion: 'y', advantage: -0.5 },
];
const dpo = (hyperparameters: JsonValue) => ({ method: { type: 'dpo', dpo: { hyperparameters } } });
const grpo = (hyperparameters: JsonValue) => ({ method: { type: 'grpo', grpo: { hyperparameters } } });

describe('a job', () => {
  it('of preferences is trained on both answers, says its method, and leaves it with the model', async () => {
    const answer = await train(pairs, dpo({ n_epochs: 1, beta: 0.5 }));
    const hyperparameters = { ...defaults, n_epochs: 1, learning_rate: 1e-4 };
    expect(answer).toMatchObject({
      status: 200,
      body: {
        hyperparameters,
        method: { type: 'dpo', dpo: { hyperparameters: { ...hyperparameters, beta: 0.5 } } },
      },
    });
    await expect.poll(() => endpoint.worker.requests).toHaveLength(1);
    const [request] = endpoint.worker.requests;
    expect(request).toMatchObject({ method: { type: 'dpo', beta: 0.5 }, hyperParameters: hyperparameters });
    expect(await readFile(request!.rows, 'utf8')).toBe('{"prompt":[112],"completion":[120,46],"rejected":[121,46]}\n');
    const id = String(answer.body['id']);
    endpoint.worker.step(id, 2, 2, { metrics: { margin: 0.25, accuracy: 1 } });
    endpoint.worker.end({ id }, { end: 'done', trainedTokens: 4, loss: 0.5 });
    await expect.poll(async () => (await ask(`/fine_tuning/jobs/${id}`)).body['status']).toBe('succeeded');
    const { body } = await ask(`/fine_tuning/jobs/${id}/events`);
    expect((body['data'] as object[])[1]).toMatchObject({
      type: 'metrics',
      message: 'Step 2/2: training loss=0.5000, margin=0.2500, accuracy=1.0000',
      data: { step: 2, steps: 2, epoch: 1, loss: 0.5, metrics: { margin: 0.25, accuracy: 1 } },
    });
    const { meta } = await endpoint.models.find(await tunedName(answer));
    expect(meta).toMatchObject({ method: { type: 'dpo', beta: 0.5 }, hyperParameters: hyperparameters });
    // It goes on from the tuned model, in that one's shape.
    const { status, body: next } = await train(rewarded, { ...grpo({}), model: await tunedName(answer) });
    expect([status, next['model']]).toEqual([200, await tunedName(answer)]);
  });

  it('with rewards keeps them in the order of its rows', async () => {
    const { status } = await train(rewarded, grpo({ clip: [0.2, 0.28], seed: 3 }));
    expect(status).toBe(200);
    await expect.poll(() => endpoint.worker.requests).toHaveLength(1);
    const [request] = endpoint.worker.requests;
    expect(request).toMatchObject({ method: { type: 'grpo', clip: [0.2, 0.28] }, hyperParameters: { seed: 3 } });
    expect(await readFile(request!.rows, 'utf8')).toBe(
      '{"prompt":[112],"completion":[120,46],"advantage":0.5}\n{"prompt":[112],"completion":[121,46],"advantage":-0.5}\n',
    );
  });

  it.each([
    [pairs, dpo({ beta: 'auto' }), { beta: 0.1 }],
    [pairs, { method: { type: 'dpo' } }, { beta: 0.1 }],
    [rewarded, grpo({ clip: null }), { clip: [0.2, 0.2] }],
  ])('decides what is left open: %j by %j', async (rows, method, decided) => {
    const { body } = await train(rows, method);
    const said = body['method'] as Readonly<Record<string, unknown>>;
    expect(said[String(said['type'])]).toEqual({
      hyperparameters: { ...defaults, n_epochs: 1, learning_rate: 1e-4, ...decided },
    });
  });

  it("takes OpenAI's rows of preferences", async () => {
    const answer = (content: string) => [{ role: 'assistant', content }];
    const input = { messages: [{ role: 'user', content: 'p' }] };
    const openai = { input, preferred_output: answer('x'), non_preferred_output: answer('y') };
    expect((await train([openai], dpo({ beta: 0.1 }))).status).toBe(200);
    await expect.poll(() => endpoint.worker.requests).toHaveLength(1);
    const rows = await readFile(endpoint.worker.requests[0]!.rows, 'utf8');
    expect(rows).toBe('{"prompt":[112],"completion":[120,0],"rejected":[121,0]}\n');
  });

  it.each([
    ['another method', pairs, { method: { type: 'rlhf' } }, 'method.type', /supervised, dpo, grpo/],
    ['beta of nothing', pairs, dpo({ beta: 0 }), 'method.dpo.hyperparameters.beta', />0/],
    ['beta of another method', pairs, grpo({ beta: 0.1 }), 'method.grpo.hyperparameters.beta', /beta/],
    ['half a clip', rewarded, grpo({ clip: [0.2] }), 'method.grpo.hyperparameters.clip', /\[low, high\]/],
    ['rows of one answer', [row], dpo({}), 'training_file', /line 1: rejected/],
    ['a row without its advantage', [rewarded[0]!, row], grpo({}), 'training_file', /line 2: advantage/],
  ])('is refused with %s, by the key or the line', async (_, rows, more, param, message) => {
    const { status, body } = await train(rows, more);
    expect([status, body['error']]).toEqual([400, expect.objectContaining({ param })]);
    expect((body['error'] as { message: string }).message).toMatch(message);
    expect(await endpoint.store.list()).toEqual([]);
  });
});

describe('the name of a tuned model', () => {
  it('of a supervised job is what it was before there were other methods', async () => {
    expect(await tunedName(await train([row], {}))).toBe('base-ft-eac0e4f0f9ee');
    const method = { type: 'supervised', supervised: { hyperparameters: {} } };
    expect(await tunedName(await train([row], { method }))).toBe('base-ft-eac0e4f0f9ee');
  });

  it('is another one for each method and what that is told', async () => {
    const jobs = [
      await train(pairs, dpo({ beta: 0.1 })),
      await train(pairs, dpo({ beta: 0.2 })),
      await train(pairs, {}),
      await train(rewarded, grpo({ clip: [0.2, 0.2] })),
      await train(rewarded, grpo({ clip: [0.2, 0.28] })),
      await train(rewarded.toReversed(), grpo({ clip: [0.2, 0.2] })),
    ];
    const names = await Promise.all(jobs.map(tunedName));
    expect(new Set(names).size).toBe(jobs.length);
    expect(await tunedName(await train(pairs, dpo({ beta: 'auto' })))).toBe(names[0]);
  });
});

it('what earlier versions have written down is read: models, and jobs that are under way', async () => {
  const { models, store } = endpoint;
  const meta = {
    ...{ v: 1, name: 'base-ft-1', parent: 'base', modelHash: 'abc', hyperParameters: defaults },
    ...{ rows: 1, trainedTokens: 2, loss: null, created: 3 },
  };
  await mkdir(models.folder('base-ft-1'), { recursive: true });
  await writeFile(join(models.folder('base-ft-1'), 'meta.json'), JSON.stringify(meta));
  expect((await models.find('base-ft-1')).meta).toEqual(meta);
  const { body } = await train([row], {});
  const id = String(body['id']);
  const file = join(store.folder(id), 'job.json');
  const { method, ...before } = JSON.parse(await readFile(file, 'utf8')) as Readonly<Record<string, unknown>>;
  expect(method).toEqual({ type: 'supervised' });
  await writeFile(file, JSON.stringify(before));
  expect((await store.find(id)).method).toEqual({ type: 'supervised' });
});
