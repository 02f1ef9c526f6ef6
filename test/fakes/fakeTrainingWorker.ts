import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TrainProgress, TrainRequest, TrainResult, TrainingWorker } from '../../src/embedded/jobs/worker.ts';

interface UnderWay {
  readonly say: (progress: TrainProgress) => void;
  readonly end: (result: TrainResult) => void;
}

/** A worker whose jobs take a step when they begin, and further ones and their ends when a test says so. */
export class FakeTrainingWorker implements TrainingWorker {
  readonly started: string[] = [];
  /** What was asked of it, in order. */
  readonly requests: TrainRequest[] = [];
  readonly #underWay = new Map<string, UnderWay>();

  readonly train: TrainingWorker['train'] = async (request, signal, onProgress) => {
    this.started.push(request.job);
    this.requests.push(request);
    onProgress({ type: 'progress', job: request.job, step: 1, steps: 2, epoch: 0.5, loss: 1.25 });
    const result = await new Promise<TrainResult>((resolve) => {
      this.#underWay.set(request.job, { say: onProgress, end: resolve });
      const cancel = () => {
        resolve({ end: 'cancelled' });
      };
      signal.addEventListener('abort', cancel);
      if (signal.aborted) cancel();
    });
    if (result.end === 'done') {
      await mkdir(request.out, { recursive: true });
      await writeFile(join(request.out, 'adapter.gguf'), 'GGUF');
    }
    return result;
  };

  readonly converted: string[] = [];
  warmed = 0;
  conversion: TrainResult = {
    end: 'done',
    trainedTokens: 0,
    loss: null,
    shape: { rank: 8, alpha: 16, targets: ['q_proj'] },
  };

  readonly convert: TrainingWorker['convert'] = async ({ peft, out }) => {
    this.converted.push(peft);
    if (this.conversion.end === 'done') {
      await mkdir(out, { recursive: true });
      await writeFile(join(out, 'adapter.gguf'), 'GGUF');
    }
    return this.conversion;
  };

  start(): void {
    this.warmed++;
  }

  step(job: string, step: number, steps: number, more: Pick<TrainProgress, 'metrics'> = {}): void {
    this.#underWay.get(job)?.say({ type: 'progress', job, step, steps, epoch: step / steps, loss: 1 / step, ...more });
  }

  end(job: { readonly id: string }, result: TrainResult): void {
    this.#underWay.get(job.id)?.end(result);
  }

  close(): void {
    for (const { end } of this.#underWay.values()) end({ end: 'failed', error: 'killed' });
  }
}
