import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startFakeEndpoint, type FakeEndpoint } from '../../fakes/fakeEndpoint.ts';
import type { TrainingRow } from '../../../src/data/trace.ts';
import { CannotList, EndpointRefused, EndpointUnavailable, UnknownJob } from '../../../src/engine/errors.ts';
import type { HyperParameters, JobEvent, Trainer, TrainingJob } from '../../../src/engine/interfaces.ts';
import { jobHash } from '../../../src/engine/training.ts';
import { createOpenAiTrainer, type OpenAiTrainerOptions } from '../../../src/finetune/openai/openaiTrainer.ts';
import { connect } from '../../../src/lm/connection.ts';
import { defineEndpoint } from '../../../src/lm/endpoint.ts';

const never = new AbortController().signal;
const hyperParameters: HyperParameters = {
  epochs: 3,
  learningRate: 4e-4,
  schedule: 'linear',
  batchSize: 4,
  lora: { rank: 32, alpha: 64, targets: 'all-linear' },
  seed: 7,
};
const rows: readonly TrainingRow[] = [
  {
    predictor: 'classify',
    prompt: { kind: 'chat', messages: [{ role: 'user', content: 'Überweisung?' }], opened: 'Domain:' },
    completion: ' banking',
    end: null,
  },
];
const quick = { firstSeconds: 0.001, longestSeconds: 0.01, patienceSeconds: 5, firstContactSeconds: 0.3 };

let fake: FakeEndpoint;
let closing: (() => Promise<void>)[];
let warnings: string[];

beforeEach(async () => {
  closing = [];
  warnings = [];
  fake = await startFakeEndpoint();
  closing.push(() => fake.close());
});
afterEach(async () => {
  for (const close of closing.reverse()) await close();
});

function trainer(more: Partial<OpenAiTrainerOptions> = {}): Trainer {
  const connection = connect(defineEndpoint({ name: 'lab', baseURL: fake.baseURL }), { timeoutSeconds: 0.4 });
  closing.push(() => connection.close());
  return createOpenAiTrainer({
    connection,
    profile: 'embedded',
    rows: { layout: 'apart', textAsChat: false },
    pollSeconds: 1,
    onWarning: (message) => warnings.push(message),
    retry: quick,
    ...more,
  });
}

function job(parent = 'base'): TrainingJob {
  const hash = jobHash({ trainer: 'openai:x', parent, set: { method: 'supervised', rows }, hyperParameters });
  return { hash, parent, set: { method: 'supervised', rows }, hyperParameters };
}

describe('a job', () => {
  test('goes through: rows as sent, hash in file name, suffix and metadata, all hyper-parameters', async () => {
    const { hash } = job();
    const id = await trainer().submit(job(), never);
    const [created] = fake.jobs;
    expect(id).toBe(created!.id);
    expect(created!.file!.filename).toBe(`bettertogether-${hash}.jsonl`);
    expect(created!.file!.content).toBe(
      '{"messages":[{"role":"user","content":"Überweisung?"}],"opened":"Domain:","completion":" banking","end":null}\n',
    );
    expect(created!.body).toEqual({
      model: 'base',
      training_file: 'file-1',
      suffix: `bt-${hash.slice(0, 16)}`,
      metadata: { bettertogether: hash },
      seed: 7,
      method: {
        type: 'supervised',
        supervised: {
          hyperparameters: {
            n_epochs: 3,
            batch_size: 4,
            learning_rate: 4e-4,
            schedule: 'linear',
            lora_r: 32,
            lora_alpha: 64,
            lora_targets: 'all-linear',
            seed: 7,
          },
        },
      },
    });
    expect(warnings).toEqual([]);
  });

  test('says once what the service chooses itself, and uses the name the service has for the base', async () => {
    const hosted = trainer({ profile: 'openai', base: { served: 'base', trainedAs: 'hosted/base' } });
    await hosted.submit(job(), never);
    await hosted.submit(job('other'), never);
    expect(warnings).toEqual([expect.stringContaining('learningRate, schedule, lora')]);
    expect(fake.jobs.map(({ body }) => body['model'])).toEqual(['hosted/base', 'other']);
    const method = fake.jobs[0]!.body['method'] as { supervised: { hyperparameters: object } };
    expect(method.supervised.hyperparameters).toEqual({ n_epochs: 3, batch_size: 4 });
  });

  test('is polled to its end: each event once, oldest first, with step and loss; then its model is served', async () => {
    fake.setFineTuning({ polls: 3 });
    const one = trainer();
    const id = await one.submit(job(), never);
    const events: JobEvent[] = [];
    const states: string[] = [];
    let model: string | undefined;
    for (let i = 0; i < 3; i++) {
      const status = await one.poll(id, events.at(-1)?.id ?? null, never);
      states.push(status.state);
      events.push(...status.events);
      model = status.model;
    }
    expect(states).toEqual(['running', 'running', 'succeeded']);
    expect(events.map((event) => event.id)).toEqual([0, 1, 2, 3].map((n) => `${id}-event-${n}`));
    expect(events.map((event) => event.loss)).toEqual([undefined, 1, 0.5, 0.33]);
    expect(events[2]).toMatchObject({ step: 2, epoch: 1 });
    expect(model).toMatch(/^ft-/);
    expect(await one.serves(model!, never)).toBe(true);
    expect(await one.serves('ft-unknown', never)).toBe(false);
    expect((await one.poll(id, null, never)).events.length).toBe(4);
  });

  test('of more events than fit a page gives them all, in order', async () => {
    fake.setFineTuning({ polls: 250 });
    const one = trainer();
    const id = await one.submit(job(), never);
    for (let i = 0; i < 249; i++) await fetch(`${fake.baseURL}/fine_tuning/jobs/${id}`);
    const { events, state } = await one.poll(id, null, never);
    expect([events.length, state]).toEqual([251, 'succeeded']);
    expect(events.map((event) => event.time)).toEqual(events.map((event) => event.time).sort((a, b) => a - b));
    expect((await one.poll(id, events[200]!.id, never)).events.length).toBe(50);
  }, 30_000);

  test.each([
    ['paused', 'running'],
    ['pending', 'queued'],
    ['validating_files', 'queued'],
    ['completed', 'failed'],
  ])('status %s is %s', async (runningStatus, state) => {
    fake.setFineTuning({ runningStatus });
    const one = trainer();
    // A job that is "completed" and names no model is of no use.
    expect((await one.poll(await one.submit(job(), never), null, never)).state).toBe(state);
  });

  test('that is paused there is said to be', async () => {
    fake.setFineTuning({ runningStatus: 'paused' });
    const one = trainer();
    await one.poll(await one.submit(job(), never), null, never);
    expect(warnings).toContainEqual(expect.stringMatching(/says that job \S+ is "paused".*the run waits for it/));
  });

  async function refusing(name: string, message: string): Promise<Trainer> {
    const service = await startFakeEndpoint({
      intercept: ({ url }, response) => {
        if (url?.includes('/fine_tuning/jobs') !== true) return false;
        response.writeHead(400, { 'content-type': 'application/json' }).end(JSON.stringify({ error: { message } }));
        return true;
      },
    });
    closing.push(() => service.close());
    const connection = connect(defineEndpoint({ name, baseURL: service.baseURL }));
    closing.push(() => connection.close());
    return trainer({ connection });
  }

  test.each(['lab', 'lab.fineTune'])('that is refused says which key to change, trained by "%s"', async (name) => {
    const one = await refusing(name, 'Training file has 6 examples, but must have at least 10 examples');
    await expect(one.submit(job(), never)).rejects.toThrow(/ endpoints\.lab\.fineTune\.minRows\./);
  });

  test('that fails shows what the service said', async () => {
    fake.setFineTuning({ polls: 1, failWith: 'row 3 has no\nassistant turn' });
    const one = trainer();
    const status = await one.poll(await one.submit(job(), never), null, never);
    expect(status).toMatchObject({ state: 'failed', error: 'row 3 has no assistant turn' });
    expect(status).not.toHaveProperty('model');
  });

  test('can be cancelled, and stays so', async () => {
    const one = trainer();
    const id = await one.submit(job(), never);
    await one.cancel(id);
    expect((await one.poll(id, null, never)).state).toBe('cancelled');
  });
});

describe('identity', () => {
  const connectionTo = (revision: string | null) => {
    const made = connect(defineEndpoint({ name: 'lab', baseURL: 'http://box/v1', revision }));
    closing.push(() => made.close());
    return made;
  };
  const base = { served: 'base', trainedAs: 'hosted/base' };
  const id = (more: Partial<OpenAiTrainerOptions> = {}, revision: string | null = null) =>
    trainer({ connection: connectionTo(revision), ...more }).id;

  test('is that of all that decides the weights', () => {
    const different = [
      id(),
      id({}, '2'),
      id({ profile: 'nebius' }),
      id({ rows: { layout: 'joined', textAsChat: false } }),
      id({ rows: { layout: 'apart', textAsChat: true } }),
      id({ base }),
      id({ base: { ...base, trainedAs: 'hosted/base-2' } }),
    ];
    expect(new Set(different).size).toBe(different.length);
  });

  test('is the same for all else', () => {
    expect(id({ pollSeconds: 9, base: { served: 'base', trainedAs: 'base' } })).toBe(id());
  });
});

describe('where tuned models answer', () => {
  async function two() {
    const lab = await startFakeEndpoint();
    closing.push(() => lab.close());
    const inference = connect(defineEndpoint({ name: 'serving', baseURL: lab.baseURL }));
    closing.push(() => inference.close());
    return { lab, one: trainer({ inference }) };
  }

  test('is the endpoint, not the service that trained them', async () => {
    const { lab, one } = await two();
    lab.setModels(['base', 'ft-1']);
    expect(await one.serves('ft-1', never)).toBe(true);
    expect(await one.serves('ft-2', never)).toBe(false);
  });

  test('a model that only the service has is not trained again, but asked for', async () => {
    const { one } = await two();
    fake.setModels(['base', 'ft-1']);
    const failed = one.serves('ft-1', never);
    await expect(failed).rejects.toThrow(EndpointRefused);
    await expect(failed).rejects.toThrow(/"serving".*does not serve "ft-1".*Load it/);
  });

  test('an endpoint that is gone is named, and not the service', async () => {
    const { lab, one } = await two();
    await lab.close();
    await expect(one.serves('ft-1', never)).rejects.toThrow(/^Endpoint "serving".*endpoints\.serving\.baseURL/);
  });
});

describe('finding a job again', () => {
  test.each([
    ['metadata', {}],
    ['suffix', { metadata: false }],
  ])('by %s, over many pages, and no other', async (_by, options) => {
    fake.setFineTuning(options);
    const one = trainer();
    const id = await one.submit(job(), never);
    for (let i = 0; i < 120; i++) {
      await fetch(`${fake.baseURL}/fine_tuning/jobs`, {
        method: 'POST',
        body: JSON.stringify({ model: 'base', training_file: 'file-1', suffix: `other-${i}` }),
      });
    }
    expect(await one.find(job().hash, never)).toBe(id);
    expect(await one.find(job('other').hash, never)).toBeNull();
  });

  test('by the name of its training file, where the service keeps neither metadata nor suffix', async () => {
    const one = trainer();
    await one.submit(job(), never);
    await fetch(`${fake.baseURL}/fine_tuning/jobs`, {
      method: 'POST',
      body: JSON.stringify({ model: 'base', training_file: 'file-1' }),
    });
    await one.cancel('ftjob-1');
    expect(await one.find(job().hash, never)).toBe('ftjob-2');
    expect(await one.find(job('other').hash, never)).toBeNull();
  });

  test('does not take a failed or cancelled job for it', async () => {
    const one = trainer();
    await one.cancel(await one.submit(job(), never));
    expect(await one.find(job().hash, never)).toBeNull();
  });

  test('says so where jobs cannot be listed', async () => {
    fake.setFineTuning({ listing: false });
    await expect(trainer().find(job().hash, never)).rejects.toThrow(CannotList);
  });
});

describe('trouble', () => {
  test.each([429, 500, 503])('%i while uploading, creating and polling is waited out; one job', async (status) => {
    const one = trainer();
    fake.fault({ path: 'files', kind: 'status', status }, { path: 'fine_tuning/jobs', kind: 'status', status });
    const id = await one.submit(job(), never);
    fake.fault({ path: `fine_tuning/jobs/${id}`, kind: 'reset' }, { path: `fine_tuning/jobs/${id}`, kind: 'html' });
    expect((await one.poll(id, null, never)).state).toBe('running');
    expect(fake.jobs.length).toBe(1);
  });

  test('a creation whose answer was lost is found again, not sent twice', async () => {
    fake.fault({ path: 'fine_tuning/jobs', kind: 'lostAnswer' });
    expect(await trainer().submit(job(), never)).toBe('ftjob-1');
    expect(fake.jobs.length).toBe(1);
  });

  test('a lost answer where jobs cannot be listed is not sent again', async () => {
    fake.setFineTuning({ listing: false });
    fake.fault({ path: 'fine_tuning/jobs', kind: 'lostAnswer' });
    await expect(trainer().submit(job(), never)).rejects.toThrow(CannotList);
    expect(fake.jobs.length).toBe(1);
  });

  test('a service that may not be used says why', async () => {
    fake.setFineTuning({ refuseCreate: true });
    const failed = trainer().submit(job(), never);
    await expect(failed).rejects.toThrow(EndpointRefused);
    await expect(failed).rejects.toThrow(/may not create fine-tuning jobs/);
  });

  test('a job that the service does not know is told from a service that refuses', async () => {
    const one = trainer();
    const failed = one.poll('ftjob-9', null, never);
    await expect(failed).rejects.toThrow(UnknownJob);
    await expect(failed).rejects.toThrow(/"lab".*does not know fine-tuning job "ftjob-9"/);
    await one.cancel('ftjob-9');
    fake.fault({ path: 'fine_tuning/jobs', kind: 'status', status: 401 });
    await expect(one.poll('ftjob-9', null, never)).rejects.toThrow(EndpointRefused);
  });

  test('a service that is gone is named', async () => {
    const one = trainer();
    await fake.close();
    const failed = one.poll('ftjob-1', null, never);
    await expect(failed).rejects.toThrow(EndpointUnavailable);
    await expect(failed).rejects.toThrow(/training service of "lab".*endpoints\.lab\.baseURL/);
  });
});
