import * as z from 'zod';
import { HumanError, UsageError } from '../base/errors.ts';
import { contentHash } from '../base/contentHash.ts';
import type { TrainingSet } from '../data/trainingSet.ts';
import { sleep } from './abort.ts';
import type { ChargingGate, Cost } from './budget.ts';
import { CallRejected, Cancelled, CannotList, EndpointRefused, EndpointUnavailable } from './errors.ts';
import { JobNotSent, UnknownJob } from './errors.ts';
import type { Checkpoint, HyperParameters, JobEvent, JobStatus, Journal, Trainer, TrainingJob } from './interfaces.ts';
import { recallAs, rememberAs } from './memory.ts';
import { MetricMeans } from './metricMeans.ts';
import type { Scope } from './scope.ts';
import type { Prices, UsageMeter } from './usage.ts';

export interface TrainingParts {
  readonly trainer: Trainer;
  readonly journal: Journal;
  readonly meter: UsageMeter;
  readonly gate: ChargingGate;
  readonly prices: Prices;
  /** The user's answer about a job whose id was lost on a service that cannot list: its id, or `none` to send again. */
  readonly lostJob?: string;
}

/** What the memo keeps of a job. */
const jobMemorySchema = z.discriminatedUnion('phase', [
  /** Written before the POST. */
  z.object({ phase: z.literal('intended') }),
  /** The service did not get as far as the job. */
  z.object({ phase: z.literal('unsent') }),
  /** The service said no: nothing was started. */
  z.object({ phase: z.literal('refused') }),
  z.object({ phase: z.literal('submitted'), job: z.string() }),
  z.object({
    phase: z.literal('done'),
    job: z.string(),
    model: z.string(),
    trainedTokens: z.number().nullable(),
    checkpoints: z.array(z.object({ model: z.string(), step: z.number() })).optional(),
    /** Left out by versions before they were kept. */
    metrics: z.record(z.string(), z.number()).optional(),
  }),
]);
type JobMemory = z.infer<typeof jobMemorySchema>;

/**
 * The identity of a training job: equal back end, parent, training set and hyper-parameters give equal weights, so a job with
 * this hash is never paid for twice. SHA-256, hex.
 */
export function jobHash(job: {
  /** `Trainer.id`. */
  readonly trainer: string;
  /** The base model, or the tuned one to go on from. */
  readonly parent: string;
  readonly set: TrainingSet;
  readonly hyperParameters: HyperParameters;
}): string {
  const { trainer, parent, set, hyperParameters } = job;
  return contentHash(['training job', { trainer, parent, ...identityOf(set), hyperParameters }]);
}

/** Of a supervised set its rows, as ever: what was trained before there were others counts on. */
function identityOf(set: TrainingSet): Partial<TrainingSet> {
  return set.method === 'supervised' ? { rows: set.rows } : set;
}

/** What a job gave. */
export interface Trained {
  /** Its model's served name. */
  readonly model: string;
  /** The latest first. */
  readonly checkpoints: readonly Checkpoint[];
  /** What the trainer reports beside the loss, by name: the mean over the job's steps. */
  readonly metrics: Readonly<Record<string, number>>;
}

/** One job on its way: what it is, and where its phases are kept. */
interface Errand {
  readonly job: TrainingJob;
  readonly key: string;
  readonly scope: Scope;
}

/** A job that the service has. */
interface Sent {
  readonly id: string;
  /** What it may cost at most. */
  readonly worst: Cost;
  /** When this session began with it, by `performance.now`. */
  readonly started: number;
}

/**
 * Trains once for each (back end, base or parent, training set, hyper-parameters). A job trained before counts while its model
 * still answers; one that was sent before a crash is found again and adopted, never sent twice.
 */
export async function train(
  parts: TrainingParts,
  request: {
    readonly parent: string;
    readonly set: TrainingSet;
    readonly hyperParameters: HyperParameters;
  },
  scope: Scope,
): Promise<Trained> {
  const { trainer, journal } = parts;
  const hash = jobHash({ trainer: trainer.ids?.[request.set.method] ?? trainer.id, ...request });
  const errand: Errand = { job: { hash, ...request }, key: contentHash(['training memory', hash]), scope };
  return journal.exclusively(errand.key, () => trainOnce(parts, errand), scope.signal);
}

async function trainOnce(parts: TrainingParts, errand: Errand): Promise<Trained> {
  const { trainer, journal } = parts;
  const { job, key, scope } = errand;
  const memory = await recallAs(journal, key, jobMemorySchema);
  if (memory?.phase === 'done') {
    const { model, job: id, checkpoints = [], metrics = {} } = memory;
    if (await trainer.serves(model, scope.signal)) {
      journal.append({ type: 'job.finished', ...about(errand), job: id, model, cached: true, seconds: 0 });
      return { model, checkpoints, metrics };
    }
    journal.append({ type: 'warning', message: trainedAgain(scope.prefix, model, id) });
  }
  const started = performance.now();
  const worst = worstCost(parts, job);
  const earlier = await findEarlier(parts, job.hash, memory, scope.signal);
  if (earlier !== null) {
    await rememberAs<JobMemory>(journal, key, { phase: 'submitted', job: earlier });
    journal.append({ type: 'job.submitted', ...about(errand), job: earlier, adopted: true });
    // It was sent, so it is owed, whether or not it fits under the cap now.
    return finish(parts, errand, { id: earlier, worst, started });
  }
  const reservation = await parts.gate.reserve(worst, scope.signal);
  try {
    return await finish(parts, errand, { id: await submit(parts, errand), worst, started });
  } finally {
    reservation.release();
  }
}

function trainedAgain(prefix: string, model: string, job: string): string {
  return `Step "${prefix}": "${model}", which training job ${job} gave, does not answer any more: it is trained again.`;
}

const about = ({ job, scope }: Errand) => ({ prefix: scope.prefix, hash: job.hash });

/** A job under this hash that an interrupted run sent, and that still runs or has ended well. */
async function findEarlier(
  { trainer, lostJob }: TrainingParts,
  hash: string,
  memory: JobMemory | undefined,
  signal: AbortSignal,
): Promise<string | null> {
  if (memory?.phase === 'submitted' && (await isAlive(trainer, memory.job, signal))) return memory.job;
  if (memory?.phase !== 'intended') return null;
  if (lostJob === 'none') return null;
  // Entered only once the service knows it: a mistyped id must not make the next session send the job again.
  if (lostJob !== undefined) {
    if (await isAlive(trainer, lostJob, signal)) return lostJob;
    throw new UsageError(
      `The service does not know the training job "${lostJob}", or it failed there. Check the id, or \`resume --job none\` ` +
        'to send the job again.',
    );
  }
  try {
    const id = await trainer.find(hash, signal);
    return id !== null && (await isAlive(trainer, id, signal)) ? id : null;
  } catch (error) {
    throw error instanceof CannotList ? perhapsSent(hash, error) : error;
  }
}

/** A job that failed, was cancelled elsewhere or is not known any more is not gone on with: it is sent again. */
async function isAlive(trainer: Trainer, id: string, signal: AbortSignal): Promise<boolean> {
  try {
    const { state } = await trainer.poll(id, null, signal);
    return state !== 'failed' && state !== 'cancelled';
  } catch (error) {
    if (error instanceof UnknownJob) return false;
    throw error;
  }
}

async function submit({ trainer, journal }: TrainingParts, errand: Errand): Promise<string> {
  const { job, key, scope } = errand;
  const remember = (memory: JobMemory) => rememberAs<JobMemory>(journal, key, memory);
  await remember({ phase: 'intended' });
  journal.append({ type: 'job.intended', ...about(errand), parent: job.parent, rows: job.set.rows.length });
  try {
    const id = await trainer.submit(job, scope.signal);
    await remember({ phase: 'submitted', job: id });
    journal.append({ type: 'job.submitted', ...about(errand), job: id, adopted: false });
    return id;
  } catch (error) {
    if (error instanceof CannotList) throw perhapsSent(job.hash, error);
    if (error instanceof JobNotSent) await remember({ phase: 'unsent' });
    if (error instanceof EndpointRefused || error instanceof CallRejected) {
      await remember({ phase: 'refused' });
      journal.append({ type: 'job.failed', ...about(errand), job: null, error: error.message });
    }
    throw error;
  }
}

function perhapsSent(hash: string, cause: CannotList): HumanError {
  return new HumanError(
    `A training job (${hash.slice(0, 12)}) may have been sent without an answer, and the service cannot list its jobs. ` +
      'Look there, then `resume --job <id>` to go on with it, or `resume --job none` to send it again.',
    { cause },
  );
}

/** Training is charged at most for every byte of every row in every epoch: no tokenizer makes more tokens of it. */
function worstCost({ prices }: TrainingParts, { set, parent, hyperParameters }: TrainingJob): Cost {
  const bytesOf = (value: unknown) => Buffer.byteLength(JSON.stringify(value));
  // The prompt of a pair is read with each of its answers.
  const again = (row: TrainingSet['rows'][number]) => (set.method === 'dpo' ? bytesOf(row.prompt) : 0);
  const bytes = set.rows.reduce((total: number, row) => total + bytesOf(row) + again(row), 0);
  const tokens = bytes * hyperParameters.epochs;
  return { calls: 0, tokens, usd: prices.ofTraining(parent, tokens) };
}

/** Follows the job to its end, charges it and records the model. */
async function finish(parts: TrainingParts, errand: Errand, { id, worst, started }: Sent): Promise<Trained> {
  const { journal, prices, meter, gate } = parts;
  const { job, key, scope } = errand;
  const means = new MetricMeans();
  const status = await follow(parts, id, scope, means);
  const model = modelOf(parts, errand, id, status);
  const trainedTokens = status.trainedTokens ?? null;
  const usd = trainedTokens === null ? null : prices.ofTraining(job.parent, trainedTokens);
  scope.meter.trained(usd);
  meter.trained(usd);
  // Before the job is known to be done: a crash in between finds it again, and it is charged once.
  gate.charge(id, { calls: 0, tokens: trainedTokens ?? worst.tokens, usd: usd ?? worst.usd });
  await untilServed(parts, id, model, scope);
  const kept = await checkpointsOf(parts, id, scope);
  const checkpoints = kept.filter((checkpoint) => checkpoint.model !== model);
  const metrics = means.means();
  await rememberAs<JobMemory>(journal, key, { phase: 'done', job: id, model, trainedTokens, checkpoints, metrics });
  journal.append({
    type: 'job.finished',
    ...about(errand),
    job: id,
    model,
    cached: false,
    ...(trainedTokens === null ? {} : { trainedTokens }),
    seconds: (performance.now() - started) / 1000,
  });
  return { model, checkpoints, metrics };
}

/**
 * Waits for a new model to answer: services say that a job has ended before its model is there. Until then the job counts
 * as sent, so that resume goes on with it.
 *
 * @throws EndpointUnavailable when it does not answer for as long as a job may be silent.
 */
async function untilServed(
  { trainer, journal }: TrainingParts,
  id: string,
  model: string,
  { prefix, signal }: Scope,
): Promise<void> {
  const began = performance.now();
  for (let isTold = false; !(await trainer.serves(model, signal)); isTold = true) {
    const seconds = (performance.now() - began) / 1000;
    if (seconds > (trainer.stallSeconds ?? Infinity)) throw notServed(id, model, seconds);
    const message = `Step "${prefix}": training job ${id} has ended, and its model "${model}" does not answer yet: it is waited for.`;
    if (!isTold) journal.append({ type: 'warning', message });
    await sleep(trainer.pollSeconds * 1000, signal);
  }
}

function notServed(id: string, model: string, seconds: number): EndpointUnavailable {
  return new EndpointUnavailable(
    `Training job ${id} has ended, and its model "${model}" has not answered for ${minutesOf(seconds)}. Look at the ` +
      'training service, and whether the endpoint serves its models. `bettertogether resume` waits for it again, and sends ' +
      'no other job.',
  );
}

/** The job has given its model and is paid for: what it kept besides is no reason to stop. */
async function checkpointsOf(
  { trainer, journal }: TrainingParts,
  id: string,
  { prefix, signal }: Scope,
): Promise<readonly Checkpoint[]> {
  try {
    return (await trainer.checkpoints?.(id, signal)) ?? [];
  } catch (error) {
    if (signal.aborted || !(error instanceof HumanError)) throw error;
    const message = `Step "${prefix}": the checkpoints of training job ${id} are not known, and not tried: ${error.message}`;
    journal.append({ type: 'warning', message });
    return [];
  }
}

/**
 * Polls until the job has ended and passes its events on.
 *
 * @throws EndpointUnavailable when there was no news of it for too long: it may still end well, and resume adopts it.
 */
async function follow(
  { trainer, journal }: TrainingParts,
  id: string,
  scope: Scope,
  means: MetricMeans,
): Promise<JobStatus> {
  let last: string | null = null;
  let state: JobStatus['state'] | null = null;
  let news = performance.now();
  try {
    for (;;) {
      const status: JobStatus =
        state === null ? await firstStatus(trainer, id, scope.signal) : await trainer.poll(id, last, scope.signal);
      if (status.events.length > 0 || status.state !== state) news = performance.now();
      state = status.state;
      for (const event of status.events) {
        last = event.id;
        means.add(event.metrics ?? {});
        journal.append({ type: 'job.progress', prefix: scope.prefix, job: id, ...progressOf(event) });
      }
      if (status.state !== 'queued' && status.state !== 'running') return status;
      const silent = (performance.now() - news) / 1000;
      if (silent > (trainer.stallSeconds ?? Infinity)) throw stalled(id, status.state, silent);
      await sleep(trainer.pollSeconds * 1000, scope.signal);
    }
  } catch (error) {
    await leave(trainer, journal, id, error);
    throw error;
  }
}

/** Looks at a job that may be unknown for so long. */
const looksAtUnknown = 12;

/** A service may answer for a while that it does not know a job which it has just taken: sent again it would be paid twice. */
async function firstStatus(trainer: Trainer, id: string, signal: AbortSignal): Promise<JobStatus> {
  for (let look = 1; ; look++) {
    try {
      return await trainer.poll(id, null, signal);
    } catch (error) {
      if (!(error instanceof UnknownJob) || look === looksAtUnknown) throw error;
    }
    await sleep(trainer.pollSeconds * 1000, signal);
  }
}

function stalled(id: string, state: JobStatus['state'], seconds: number): EndpointUnavailable {
  return new EndpointUnavailable(
    `Training job ${id} is "${state}" and has shown nothing new for ${minutesOf(seconds)}. ` +
      'Look at the training service. `bettertogether resume` waits for the job again, or sends it anew once it was ' +
      'cancelled there; "stallMinutes" of the endpoint\'s "fineTune" says how long to wait.',
  );
}

/** `2 minutes`, for people. */
export function minutesOf(seconds: number): string {
  const minutes = Math.round(seconds / 60);
  if (minutes < 1) return 'less than a minute';
  return minutes === 1 ? '1 minute' : `${minutes} minutes`;
}

/** No one waits for the job any more: it is cancelled where requested, otherwise the user is notified. */
async function leave(trainer: Trainer, journal: Journal, id: string, error: unknown): Promise<void> {
  if (error instanceof UnknownJob) return;
  const cancel = error instanceof Cancelled && error.jobs === 'cancel';
  const cancelled =
    cancel &&
    (await trainer.cancel(id).then(
      () => true,
      () => false,
    ));
  const message = cancelled
    ? `Training job ${id} was cancelled.`
    : `Training job ${id} was not cancelled and may go on at the service; resume adopts it.`;
  journal.append({ type: 'warning', message });
}

function progressOf({ message, step, steps, epoch, loss, metrics }: JobEvent) {
  return {
    message,
    ...(step === undefined ? {} : { step }),
    ...(steps === undefined ? {} : { steps }),
    ...(epoch === undefined ? {} : { epoch }),
    ...(loss === undefined ? {} : { loss }),
    ...(metrics === undefined ? {} : { metrics }),
  };
}

function modelOf({ journal }: TrainingParts, errand: Errand, id: string, status: JobStatus): string {
  if (status.state === 'succeeded' && status.model !== undefined) return status.model;
  const error = status.error ?? (status.state === 'succeeded' ? 'it names no model' : `it was ${status.state}`);
  journal.append({ type: 'job.failed', ...about(errand), job: id, error });
  throw new HumanError(`Step "${errand.scope.prefix}": the training job ${id} did not give a model: ${error}`);
}
