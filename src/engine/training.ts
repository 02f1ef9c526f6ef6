import { contentHash } from '../data/json.ts';
import type { JsonValue } from '../data/json.ts';
import { HumanError } from '../data/errors.ts';
import { stopped } from './budget.ts';
import type { BudgetGate } from './budget.ts';
import { CannotList } from './errors.ts';
import type { HyperParameters, JobEvent, JobStatus, Journal, Trainer, TrainingJob } from './interfaces.ts';
import type { TrainingRow } from '../data/trace.ts';
import type { Scope } from './scope.ts';
import type { Prices, UsageMeter } from './usage.ts';

export interface TrainingParts {
  readonly trainer: Trainer;
  readonly journal: Journal;
  readonly meter: UsageMeter;
  readonly gate: BudgetGate;
  readonly prices: Prices;
  /** The user's answer about a job whose id was lost on a service that cannot list: its id, or `none` to send anew. */
  readonly lostJob?: string;
}

/** What the memo keeps of a job: `intended` before the POST, `submitted` with its id, `done` with its model. */
type JobMemory =
  | { readonly phase: 'intended' }
  | { readonly phase: 'submitted'; readonly job: string }
  | {
      readonly phase: 'done';
      readonly job: string | null;
      readonly model: string;
      readonly trainedTokens: number | null;
    };

/**
 * The identity of a training job: equal back end, parent, rows and hyper-parameters give equal weights, so a job with
 * this hash is never paid for twice. SHA-256, hex.
 */
export function jobHash(job: {
  /** `Trainer.id`. */
  readonly trainer: string;
  /** The base model, or the tuned one to go on from. */
  readonly parent: string;
  readonly rows: readonly TrainingRow[];
  readonly hyperParameters: HyperParameters;
}): string {
  const { trainer, parent, rows, hyperParameters } = job;
  return contentHash(['training job', { trainer, parent, rows, hyperParameters }]);
}

/**
 * Trains once for each (back end, base or parent, rows, hyper-parameters). A job trained before counts while its model
 * still answers; one that was sent before a crash is found again and adopted, never sent twice (DESIGN section 5, Jobs).
 * @returns the served name of the tuned model.
 */
export async function train(
  parts: TrainingParts,
  request: {
    readonly parent: string;
    readonly rows: readonly TrainingRow[];
    readonly hyperParameters: HyperParameters;
  },
  scope: Scope,
): Promise<string> {
  const { trainer, journal } = parts;
  const hash = jobHash({ trainer: trainer.id, ...request });
  const key = contentHash(['training memory', hash]);
  const job: TrainingJob = { hash, ...request };
  const started = performance.now();
  return journal.exclusively(
    key,
    async () => {
      const memory = (await journal.recall(key)) as JobMemory | undefined;
      const { prefix } = scope;
      if (memory?.phase === 'done' && (await trainer.serves(memory.model, scope.signal))) {
        const { model, job: id } = memory;
        journal.append({ type: 'job.finished', prefix, hash, job: id, model, cached: true, seconds: 0 });
        return model;
      }
      const reservation = await parts.gate.reserve(worstCost(parts, job), scope.signal);
      try {
        const id = await findOrSubmit(parts, job, key, memory, scope);
        const status = await follow(parts, id, scope);
        const model = modelOf(status, id, hash, parts, scope);
        const trainedTokens = status.trainedTokens ?? null;
        const usd = trainedTokens === null ? null : parts.prices.ofTraining(request.parent, trainedTokens);
        reservation.settle({ inputTokens: 0, outputTokens: 0, usd });
        if (trainedTokens !== null) {
          scope.meter.trained(request.parent, trainedTokens);
          parts.meter.trained(request.parent, trainedTokens);
        }
        await journal.remember(key, { phase: 'done', job: id, model, trainedTokens } satisfies JobMemory as JsonValue);
        journal.append({
          type: 'job.finished',
          prefix,
          hash,
          job: id,
          model,
          cached: false,
          ...(trainedTokens === null ? {} : { trainedTokens }),
          seconds: (performance.now() - started) / 1000,
        });
        return model;
      } finally {
        reservation.release();
      }
    },
    scope.signal,
  );
}

async function findOrSubmit(
  parts: TrainingParts,
  job: TrainingJob,
  key: string,
  memory: JobMemory | undefined,
  scope: Scope,
): Promise<string> {
  const { trainer, journal } = parts;
  const { prefix } = scope;
  const adopt = (id: string) => {
    journal.append({ type: 'job.submitted', prefix, hash: job.hash, job: id, adopted: true });
    return id;
  };
  if (memory?.phase === 'submitted' && (await isAlive(trainer, memory.job, scope.signal))) return adopt(memory.job);
  if (memory?.phase === 'intended') {
    const found = await findLost(parts, job.hash, scope.signal);
    if (found !== null) return adopt(found);
  }
  await journal.remember(key, { phase: 'intended' });
  journal.append({ type: 'job.intended', prefix, hash: job.hash, parent: job.parent, rows: job.rows.length });
  const id = await trainer.submit(job, scope.signal).catch((error: unknown) => {
    throw error instanceof CannotList ? perhapsSent(job.hash, error) : error;
  });
  await journal.remember(key, { phase: 'submitted', job: id });
  journal.append({ type: 'job.submitted', prefix, hash: job.hash, job: id, adopted: false });
  return id;
}

/** Training is charged at most for every byte of every row in every epoch: no tokenizer makes more tokens of it. */
function worstCost({ prices }: TrainingParts, job: TrainingJob) {
  const bytes = job.rows.reduce((total, row) => total + Buffer.byteLength(JSON.stringify(row)), 0);
  return { calls: 0, tokens: 0, usd: prices.ofTraining(job.parent, bytes * job.hyperParameters.epochs) };
}

/** A job that failed or was cancelled elsewhere is not gone on with: it is sent anew. */
async function isAlive(trainer: Trainer, id: string, signal: AbortSignal): Promise<boolean> {
  const { state } = await trainer.poll(id, null, signal);
  return state !== 'failed' && state !== 'cancelled';
}

async function findLost(parts: TrainingParts, hash: string, signal: AbortSignal): Promise<string | null> {
  if (parts.lostJob !== undefined) return parts.lostJob === 'none' ? null : parts.lostJob;
  try {
    const id = await parts.trainer.find(hash, signal);
    return id !== null && (await isAlive(parts.trainer, id, signal)) ? id : null;
  } catch (error) {
    throw error instanceof CannotList ? perhapsSent(hash, error) : error;
  }
}

function perhapsSent(hash: string, cause: CannotList): HumanError {
  return new HumanError(
    `A training job (${hash.slice(0, 12)}) may have been sent without an answer, and the service cannot list its jobs. ` +
      'Look there, then `resume --job <id>` to go on with it, or `resume --job none` to send it again.',
    { cause },
  );
}

/** Polls until the job has ended and passes its events on. */
async function follow({ trainer, journal }: TrainingParts, id: string, scope: Scope): Promise<JobStatus> {
  let last: string | null = null;
  for (;;) {
    const status: JobStatus = await trainer.poll(id, last, scope.signal);
    for (const event of status.events) {
      last = event.id;
      journal.append({ type: 'job.progress', prefix: scope.prefix, job: id, ...progressOf(event) });
    }
    if (status.state !== 'queued' && status.state !== 'running') return status;
    await sleep(trainer.pollSeconds * 1000, scope.signal);
  }
}

function progressOf({ message, step, steps, epoch, loss }: JobEvent) {
  return {
    message,
    ...(step === undefined ? {} : { step }),
    ...(steps === undefined ? {} : { steps }),
    ...(epoch === undefined ? {} : { epoch }),
    ...(loss === undefined ? {} : { loss }),
  };
}

function modelOf(status: JobStatus, id: string, hash: string, { journal }: TrainingParts, scope: Scope): string {
  if (status.state === 'succeeded' && status.model !== undefined) return status.model;
  const error = status.error ?? (status.state === 'succeeded' ? 'it names no model' : `it was ${status.state}`);
  journal.append({ type: 'job.failed', prefix: scope.prefix, hash, job: id, error });
  throw new HumanError(`Step "${scope.prefix}": the training job ${id} did not give a model: ${error}`);
}

function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      clearTimeout(timer);
      reject(stopped(signal));
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    }, milliseconds);
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
}
