import { execFile } from 'node:child_process';
import { lstat, readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import OpenAI, { BadRequestError } from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EmbeddedEndpoint } from '../../src/embedded/embedded.ts';
import { startEmbedded } from '../../src/embedded/embedded.ts';
import { readToken } from '../../src/home/token.ts';
import type { Home } from '../../src/home/home.ts';
import type { Setup } from '../../src/embedded/setup.ts';
import { testHome } from './embeddedHome.ts';
import { facts, rows as taught } from './training/facts.ts';

const run = promisify(execFile);
const model = 'smollm2-135m-instruct';
let home: Home;
let setup: Setup;
let remove: () => Promise<void>;
let endpoint: EmbeddedEndpoint;
let client: OpenAI;

async function start(): Promise<void> {
  endpoint = await startEmbedded({ home });
  client = new OpenAI({ baseURL: endpoint.baseURL, apiKey: readToken(endpoint.tokenFile), maxRetries: 0 });
}

beforeAll(async () => {
  ({ home, setup, remove } = await testHome());
  await start();
});
afterAll(async () => {
  await endpoint.close();
  await remove();
});

/** As lines of the file that is uploaded. */
const rows = taught.map(({ prompt: { messages, opened }, completion, end }) => ({ messages, opened, completion, end }));

async function upload(lines: readonly unknown[]): Promise<string> {
  const text = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line)) + '\n').join('');
  return (await client.files.create({ file: new File([text], 'rows.jsonl'), purpose: 'fine-tune' })).id;
}

interface JobRequest {
  readonly lines?: readonly unknown[];
  readonly model?: string;
  readonly hyper?: object;
  readonly metadata?: Record<string, string>;
}

async function submit(request: JobRequest = {}): Promise<OpenAI.FineTuning.FineTuningJob> {
  const hyperparameters = { n_epochs: 12, learning_rate: 1e-3, batch_size: 4, ...request.hyper };
  return await client.fineTuning.jobs.create({
    model: request.model ?? model,
    training_file: await upload(request.lines ?? rows),
    method: { type: 'supervised', supervised: { hyperparameters } },
    ...(request.metadata && { metadata: request.metadata }),
  });
}

async function finished(id: string): Promise<OpenAI.FineTuning.FineTuningJob> {
  for (;;) {
    const job = await client.fineTuning.jobs.retrieve(id);
    if (job.finished_at !== null) return job;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

async function answers(of: string): Promise<string[]> {
  const ask = async (question: string): Promise<string> => {
    const answer = await client.chat.completions.create({
      model: of,
      temperature: 0,
      max_tokens: 8,
      messages: [
        { role: 'user', content: question },
        { role: 'assistant', content: 'Answer:' },
      ],
      ...{ continue_final_message: true },
    });
    return answer.choices[0]!.message.content!;
  };
  return await Promise.all(facts.map(([question]) => ask(question)));
}

const right = (given: readonly string[]): number => given.filter((text, i) => text === ` ${facts[i]![1]}`).length;

let tuned: string;
let before: string[];

describe('a fine-tuning job', () => {
  it('teaches the model what the rows say; the base stays as it was', { timeout: 400_000 }, async () => {
    before = await answers(model);
    expect(right(before)).toBe(0);
    const job = await submit({ metadata: { hash: 'h1' } });
    expect(job).toMatchObject({ status: 'queued', model, object: 'fine_tuning.job' });
    const over = await finished(job.id);
    expect(over).toMatchObject({ status: 'succeeded', error: null });
    expect(over.trained_tokens).toBeGreaterThan(facts.length);
    tuned = over.fine_tuned_model!;
    expect(tuned).toMatch(/^smollm2-135m-instruct-ft-[0-9a-f]{12}$/);
    expect(right(await answers(tuned))).toBe(facts.length);
    expect(await answers(model)).toEqual(before);
    expect((await client.models.list()).data.map(({ id }) => id)).toEqual([model, tuned]);
  });

  it('reports its steps with a loss that falls', async () => {
    const [job] = (await client.fineTuning.jobs.list({ metadata: { hash: 'h1' } })).data;
    const events = (await client.fineTuning.jobs.listEvents(job!.id, { limit: 1000 })).data;
    const steps = events
      .filter((event) => event.type === 'metrics')
      .map((event) => event.data as { step: number; loss: number });
    // Newest first; 8 rows in batches of 4 for 12 epochs.
    expect(steps.map(({ step }) => step)).toEqual(Array.from({ length: 24 }, (_, i) => 24 - i));
    expect(steps[0]!.loss).toBeLessThan(0.2 * steps.at(-1)!.loss);
    const two = await client.fineTuning.jobs.listEvents(job!.id, { limit: 2 });
    const next = await client.fineTuning.jobs.listEvents(job!.id, { limit: 1, after: two.data[1]!.id });
    expect(next.data[0]!.id).toBe(events[2]!.id);
  });

  it('is found by metadata, and by no other', async () => {
    expect((await client.fineTuning.jobs.list({ metadata: { hash: 'h2' } })).data).toEqual([]);
  });

  it('is not trained again when it is the same', async () => {
    const again = await finished((await submit()).id);
    expect(again).toMatchObject({ status: 'succeeded', fine_tuned_model: tuned });
    const events = (await client.fineTuning.jobs.listEvents(again.id)).data;
    expect(events.filter((event) => event.type === 'metrics')).toEqual([]);
  });

  it('serves what transformers and PEFT compute, from the same tokens', { timeout: 300_000 }, async () => {
    const script = [
      'import sys, json',
      'from transformers import AutoTokenizer',
      't = AutoTokenizer.from_pretrained(sys.argv[1], gguf_file=sys.argv[2])',
      'for question, answer in json.loads(sys.argv[3]):',
      '    chat = [{"role": "user", "content": question}]',
      '    text = t.apply_chat_template(chat, tokenize=False, add_generation_prompt=True) + "Answer:"',
      '    ids = lambda text: t(text, add_special_tokens=False)["input_ids"]',
      '    print(json.dumps({"prompt": ids(text), "completion": ids(" " + answer + "<|im_end|>")}))',
    ].join('\n');
    const { python, sources } = setup.trainer;
    const env = { ...process.env, PYTHONPATH: sources, HF_HUB_OFFLINE: '1', PYTHONDONTWRITEBYTECODE: '1' };
    const gguf = basename(setup.model.path);
    const { stdout } = await run(python, ['-c', script, home.models, gguf, JSON.stringify(facts)], { env });
    const lines = stdout.trim().split('\n');

    // The template: the server knows these very tokens from the chats asked before, and answers the same.
    expect(right(await answers(tuned))).toBe(facts.length);
    for (const [i, line] of lines.entries()) {
      const { prompt } = JSON.parse(line) as { prompt: number[] };
      const answer = await client.completions.create({ model: tuned, prompt, temperature: 0, max_tokens: 8 });
      expect(answer.choices[0]!.text).toBe(` ${facts[i]![1]}`);
      expect(answer.usage!.prompt_tokens_details!.cached_tokens).toBe(prompt.length - 1);
    }

    // The weights: at every place of every served answer, its end included, the reference's likeliest token is the
    // one that was served. The reference is not quantised arithmetic, so a near tie may fall the other way.
    const file = join(home.root, 'served.jsonl');
    await writeFile(file, lines.join('\n') + '\n');
    const flags = [
      '--model',
      setup.model.path,
      '--adapter',
      join(home.tuned, tuned, 'peft'),
      '--prompts',
      file,
      '--forced',
    ];
    const verified = await run(python, ['-m', 'bettertogether_trainer.verify', ...flags], { env });
    const last = JSON.parse(verified.stdout.trim().split('\n').at(-1)!) as { agreement: number; total: number };
    expect(last.total).toBeGreaterThan(20);
    expect(last.agreement).toBeGreaterThanOrEqual(0.95);
  });

  it('is found again by the next server', async () => {
    await endpoint.close();
    await start();
    expect((await client.models.list()).data.map(({ id }) => id)).toEqual([model, tuned]);
    expect(right(await answers(tuned))).toBe(facts.length);
  });

  it('goes on from an adapter', { timeout: 300_000 }, async () => {
    const more = { messages: [{ role: 'user', content: 'Who rules Ibb?' }], opened: 'Answer:', completion: ' nobody' };
    const job = await submit({ model: tuned, lines: [...rows, more], hyper: { n_epochs: 3, learning_rate: 5e-4 } });
    const over = await finished(job.id);
    expect(over).toMatchObject({ status: 'succeeded', model: tuned });
    const events = (await client.fineTuning.jobs.listEvents(job.id, { limit: 1000 })).data;
    const first = events.filter((event) => event.type === 'metrics').at(-1)!.data as { loss: number };
    // From the base the first loss is above 3: eight of these nine rows are known already.
    expect(first.loss).toBeLessThan(2);
    expect(right(await answers(over.fine_tuned_model!))).toBeGreaterThanOrEqual(facts.length - 1);
  });

  it('can be cancelled while it runs and while it waits', { timeout: 300_000 }, async () => {
    const long = await submit({ hyper: { n_epochs: 500 } });
    const waiting = await submit({ hyper: { n_epochs: 501 } });
    for (;;) {
      const events = (await client.fineTuning.jobs.listEvents(long.id)).data;
      if (events.some((event) => event.type === 'metrics')) break;
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
    expect((await client.fineTuning.jobs.cancel(waiting.id)).status).toBe('cancelled');
    await client.fineTuning.jobs.cancel(long.id);
    expect(await finished(long.id)).toMatchObject({ status: 'cancelled', fine_tuned_model: null });
  });

  it('survives the death of its server', { timeout: 400_000 }, async () => {
    const job = await submit({ hyper: { n_epochs: 2, seed: 5 } });
    for (;;) {
      if ((await client.fineTuning.jobs.retrieve(job.id)).status === 'running') break;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    process.kill(endpoint.pid, 'SIGKILL');
    await endpoint.exited;
    await start();
    const over = await finished(job.id);
    expect(over.status).toBe('succeeded');
    const events = (await client.fineTuning.jobs.listEvents(job.id, { limit: 1000 })).data;
    expect(events.map((event) => event.message)).toContain('Queued again: the server that had it stopped.');
  });
});

describe.skipIf(process.platform === 'win32')('what others of this machine see of it', () => {
  it('is no file of its home, whoever wrote it, and no key in a list of processes or an environment', async () => {
    // After the jobs before: files, events, adapters of the trainer.
    expect((await lstat(home.root)).mode & 0o077).toBe(0);
    const names = await readdir(home.root, { recursive: true });
    // What is installed is as its installers leave it, in folders that nobody else can enter the home to.
    const data = names.filter((name) => !/^(?:venv|runtime|dspy)(?:\/|$)/.test(name));
    const open = [];
    for (const name of data) {
      const found = await lstat(join(home.root, name));
      if (!found.isSymbolicLink() && (found.mode & 0o077) !== 0) open.push(name);
    }
    expect(names.some((name) => name.endsWith(join('peft', 'adapter_model.safetensors')))).toBe(true);
    expect(open).toEqual([]);
    const token = readToken(home.token);
    const { stdout } = await run('ps', ['-A', '-ww', '-o', 'args'], { maxBuffer: 2 ** 24 });
    expect(stdout).toContain('bettertogether_trainer');
    expect(stdout).not.toContain(token);
    if (process.platform !== 'linux') return;
    expect(await readFile(`/proc/${endpoint.pid}/environ`, 'latin1')).not.toContain(token);
  });
});

describe('what cannot be trained', () => {
  it.each([
    ['no rows', { lines: [] }, /no rows/],
    ['a broken line', { lines: [rows[0], '{"messages": ['] }, /line 2: it is not JSON/],
    ['a row without a completion', { lines: [{ messages: [{ role: 'user', content: 'x' }] }] }, /line 1/],
    ['a wrong hyper-parameter', { hyper: { n_epochs: 0 } }, /method\.supervised\.hyperparameters\.n_epochs/],
    ['an unknown hyper-parameter', { hyper: { warmup: 1 } }, /method\.supervised\.hyperparameters\.warmup/],
  ])('%s is refused at once, and named', async (_name, request, message) => {
    await expect(submit(request)).rejects.toThrow(BadRequestError);
    await expect(submit(request)).rejects.toThrow(message);
  });

  it('an unknown model or file is refused', async () => {
    await expect(submit({ model: 'gpt-9' })).rejects.toThrow(/gpt-9/);
    await expect(client.fineTuning.jobs.create({ model, training_file: 'file-0' })).rejects.toThrow(BadRequestError);
  });
});
