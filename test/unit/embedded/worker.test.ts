/** What the trainer's process is asked, and what is made of its words; a script speaks in its place. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TrainProgress } from '../../../src/embedded/jobs/worker.ts';
import { Worker } from '../../../src/embedded/jobs/worker.ts';
import { defaults } from '../../../src/embedded/models/hyperParameters.ts';
import type { TrainingMethod } from '../../../src/embedded/models/trainingMethod.ts';

/** Fails each job with the words it was asked in, once it has told a step with these metrics. */
const script = (metrics: unknown) => `#!${process.execPath}
const say = (message) => process.stdout.write(JSON.stringify(message) + '\\n');
say({ type: 'ready' });
require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
  const { job } = JSON.parse(line);
  say({ type: 'progress', job, step: 1, steps: 2, epoch: 0.5, loss: -0.25, metrics: ${JSON.stringify(metrics)} });
  say({ type: 'failed', job, error: line });
});
`;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bt-worker-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

async function train(method: TrainingMethod, metrics?: unknown) {
  const python = join(folder, 'trainer.cjs');
  writeFileSync(python, script(metrics));
  chmodSync(python, 0o755);
  const worker = new Worker({
    ...{ command: { python, sources: folder }, model: '/model.gguf', threads: 1 },
    onLog: () => undefined,
  });
  const steps: TrainProgress[] = [];
  const request = { job: 'j', rows: '/rows.jsonl', out: '/out', parent: null, hyperParameters: defaults, method };
  try {
    const result = await worker.train(request, new AbortController().signal, (step) => steps.push(step));
    return { asked: JSON.parse(result.end === 'failed' ? result.error : '{}') as object, steps };
  } finally {
    worker.close();
  }
}

describe.skipIf(process.platform === 'win32')('the trainer', () => {
  const common = {
    ...{ type: 'train', job: 'j', rows: '/rows.jsonl', out: '/out', parent: null, epochs: 3, batch_size: 4, seed: 0 },
    ...{ learning_rate: 4e-4, schedule: 'linear', rank: 32, alpha: 64, targets: 'all-linear' },
  };

  it.each([
    [{ type: 'supervised' }, {}],
    [
      { type: 'dpo', beta: 0.2 },
      { method: 'dpo', beta: 0.2 },
    ],
    [
      { type: 'grpo', clip: [0.2, 0.28] },
      { method: 'grpo', clip: [0.2, 0.28] },
    ],
  ] satisfies [TrainingMethod, object][])('is told the method, and what that takes: %j', async (method, told) => {
    expect((await train(method)).asked).toEqual({ ...common, ...told });
  });

  it('tells metrics with its steps; of what is no number, none', async () => {
    const step = { type: 'progress', job: 'j', step: 1, steps: 2, epoch: 0.5, loss: -0.25 };
    expect((await train({ type: 'supervised' })).steps).toEqual([step]);
    const metrics = { kl: 0.01, clipped: 0.5, odd: 'x' };
    expect((await train({ type: 'supervised' }, metrics)).steps).toEqual([
      { ...step, metrics: { kl: 0.01, clipped: 0.5 } },
    ]);
  });
});
