import type { ChildProcessByStdio } from 'node:child_process';
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import * as z from 'zod';
import { metricsAmong } from '../../base/counts.ts';
import { withoutKeys } from '../../base/keys.ts';
import { withPrivateFiles } from '../../home/private.ts';
import type { TrainerCommand } from '../setup/trainer.ts';
import type { HyperParameters } from '../models/hyperParameters.ts';
import { ownHyperParameters } from '../models/trainingMethod.ts';
import type { TrainingMethod } from '../models/trainingMethod.ts';

const job = z.string();
const messageSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ready') }),
  z.object({
    type: z.literal('progress'),
    job,
    step: z.int(),
    steps: z.int(),
    epoch: z.number(),
    loss: z.number(),
    /** What the method measures beside the loss: dpo `margin` and `accuracy`, grpo `kl` and `clipped`. */
    metrics: z.unknown().transform(metricsAmong).exactOptional(),
  }),
  z.object({
    type: z.literal('done'),
    job,
    trained_tokens: z.int(),
    seconds: z.number(),
    loss: z.number().nullable(),
    /** Of a conversion: the shape of the adapter. */
    rank: z.int().optional(),
    alpha: z.number().optional(),
    targets: z.array(z.string()).optional(),
  }),
  z.object({ type: z.literal('failed'), job: job.nullable(), error: z.string() }),
  z.object({ type: z.literal('cancelled'), job }),
]);
type WorkerMessage = z.infer<typeof messageSchema>;

export type TrainProgress = Extract<WorkerMessage, { readonly type: 'progress' }>;

export type TrainResult =
  | {
      readonly end: 'done';
      readonly trainedTokens: number;
      readonly loss: number | null;
      readonly shape?: AdapterShape;
    }
  | { readonly end: 'failed'; readonly error: string }
  /** By a signal that was not ours. */
  | { readonly end: 'killed'; readonly signal: string; readonly words: string }
  | { readonly end: 'cancelled' };

export interface AdapterShape {
  readonly rank: number;
  readonly alpha: number;
  readonly targets: readonly string[];
}

export interface ConvertRequest {
  readonly job: string;
  /** PEFT folder to take over. */
  readonly peft: string;
  /** The folder to make. */
  readonly out: string;
}

export interface TrainRequest {
  readonly job: string;
  /** JSONL of `{"prompt": [ids], "completion": [ids]}`, with `"rejected": [ids]` (dpo) or `"advantage": number` (grpo). */
  readonly rows: string;
  /** The folder to make. */
  readonly out: string;
  /** PEFT folder to go on from. */
  readonly parent: string | null;
  readonly hyperParameters: HyperParameters;
  readonly method: TrainingMethod;
}

/** What trains; the process behind it is started when it is first needed. */
export interface TrainingWorker {
  train: Worker['train'];
  convert: Worker['convert'];
  start(): void;
  close(): void;
}

export interface WorkerOptions {
  readonly command: TrainerCommand;
  /** The base's GGUF. */
  readonly model: string;
  readonly threads?: number;
  readonly onLog: (line: string) => void;
}

/** How long a cancelled job may take to stop before its process is killed. */
const cancelMs = 15_000;

/**
 * The trainer's process, started with the first upload or job and kept: loading torch and the model takes seconds. One job
 * at a time. When it dies, its job ends with what it wrote to stderr last, and the next exchange starts another.
 */
export class Worker {
  readonly #options: WorkerOptions;
  #child: ChildProcessByStdio<Writable, Readable, Readable> | null = null;
  #current: { readonly id: string; readonly take: (message: WorkerMessage) => void } | null = null;
  #lastWords: string[] = [];

  constructor(options: WorkerOptions) {
    this.#options = options;
  }

  /** Begins to load torch and the model, for a job that is about to come. */
  start(): void {
    this.#child ??= this.#start();
  }

  /** Trains to the end, or until `signal` asks to cancel. */
  train(
    request: TrainRequest,
    signal: AbortSignal,
    onProgress: (progress: TrainProgress) => void,
  ): Promise<TrainResult> {
    return this.#exchange(request.job, wire(request), signal, onProgress);
  }

  /** Makes of an adapter that was trained elsewhere what is served here. */
  convert(request: ConvertRequest, signal: AbortSignal): Promise<TrainResult> {
    return this.#exchange(request.job, { type: 'convert', ...request }, signal, () => undefined);
  }

  async #exchange(
    job: string,
    message: object,
    signal: AbortSignal,
    onProgress: (progress: TrainProgress) => void,
  ): Promise<TrainResult> {
    const child = (this.#child ??= this.#start());
    let killer: NodeJS.Timeout | undefined;
    const cancel = (): void => {
      this.#send({ type: 'cancel', job });
      killer = setTimeout(() => child.kill('SIGKILL'), cancelMs);
    };
    const over = new Promise<TrainResult>((resolve) => {
      const died = (_code: number | null, by: NodeJS.Signals | null): void => {
        const words = this.#lastWords.join('\n');
        if (signal.aborted) resolve({ end: 'cancelled' });
        else if (by !== null) resolve({ end: 'killed', signal: by, words });
        else resolve({ end: 'failed', error: `The trainer stopped. ${words}` });
      };
      child.once('close', died);
      const take = (message: WorkerMessage): void => {
        if (message.type === 'progress') onProgress(message);
        const result = resultOf(message);
        if (result === null) return;
        child.off('close', died);
        resolve(result);
      };
      this.#current = { id: job, take };
    });
    this.#send(message);
    signal.addEventListener('abort', cancel, { once: true });
    if (signal.aborted) cancel();
    try {
      return await over;
    } finally {
      this.#current = null;
      clearTimeout(killer);
      signal.removeEventListener('abort', cancel);
    }
  }

  /** Ends the process; a job under way is lost and will be queued again. */
  close(): void {
    this.#child?.kill('SIGKILL');
    this.#child = null;
  }

  #start(): ChildProcessByStdio<Writable, Readable, Readable> {
    const { command, model, threads = availableParallelism() } = this.#options;
    const args = ['-m', 'bettertogether_trainer', '--model', model, '--threads', String(threads)];
    const child = withPrivateFiles(() =>
      spawn(command.python, args, {
        stdio: ['pipe', 'pipe', 'pipe'],
        windowsHide: true,
        env: {
          ...process.env,
          PYTHONPATH: command.sources,
          PYTHONDONTWRITEBYTECODE: '1',
          PYTHONUNBUFFERED: '1',
          HF_HUB_OFFLINE: '1',
          // Waiting threads sleep instead of spinning: the server needs the cores too.
          OMP_WAIT_POLICY: 'PASSIVE',
        },
      }),
    );
    this.#lastWords = [];
    createInterface({ input: child.stdout }).on('line', (line) => {
      this.#take(line);
    });
    createInterface({ input: child.stderr }).on('line', (said) => {
      const line = withoutKeys(said);
      this.#lastWords = [...this.#lastWords, line].slice(-12);
      this.#options.onLog(line);
    });
    // A dead process: the write to it fails ('close' reports its job), and the next job starts another.
    child.stdin.on('error', () => undefined);
    child.on('error', (error) => {
      this.#lastWords.push(`${command.python} could not be started: ${error.message}`);
    });
    child.on('close', () => {
      if (this.#child === child) this.#child = null;
    });
    return child;
  }

  #send(message: object): void {
    this.#child?.stdin.write(JSON.stringify(message) + '\n');
  }

  #take(line: string): void {
    let message: WorkerMessage;
    try {
      message = messageSchema.parse(JSON.parse(line));
    } catch {
      this.#options.onLog(`trainer: ${line}`);
      return;
    }
    if (message.type === 'ready') return;
    if (message.job === null || message.job === this.#current?.id) this.#current?.take(message);
  }
}

function wire({ job, rows, out, parent, hyperParameters: hyper, method }: TrainRequest): object {
  return {
    type: 'train',
    job,
    rows,
    out,
    parent,
    epochs: hyper.n_epochs,
    learning_rate: hyper.learning_rate,
    schedule: hyper.schedule,
    batch_size: hyper.batch_size,
    rank: hyper.lora_r,
    alpha: hyper.lora_alpha,
    targets: hyper.lora_targets,
    seed: hyper.seed,
    ...(method.type === 'supervised' ? {} : { method: method.type, ...ownHyperParameters(method) }),
  };
}

function shapeOf({ rank, alpha, targets }: Extract<WorkerMessage, { type: 'done' }>): { shape?: AdapterShape } {
  return rank === undefined || alpha === undefined || targets === undefined ? {} : { shape: { rank, alpha, targets } };
}

function resultOf(message: WorkerMessage): TrainResult | null {
  switch (message.type) {
    case 'done':
      return { end: 'done', trainedTokens: message.trained_tokens, loss: message.loss, ...shapeOf(message) };
    case 'failed':
      return { end: 'failed', error: message.error };
    case 'cancelled':
      return { end: 'cancelled' };
    case 'ready':
    case 'progress':
      return null;
  }
}
