import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { checkNoLinks } from '../../base/plainFile.ts';
import { replaceFile } from '../../base/replaceFile.ts';
import { HumanError, UsageError, messageOf } from '../../base/errors.ts';
import { killedEachTime, startsAtMost } from '../../base/killed.ts';
import { contentHash } from '../../base/contentHash.ts';
import { jobEventsAtMost } from '../../base/limits.ts';
import type { TrainingMethod, TrainingSet } from '../../data/trainingSet.ts';
import { stopped } from '../../engine/abort.ts';
import { UnknownJob } from '../../engine/errors.ts';
import type { JobEvent, Trainer } from '../../engine/interfaces.ts';
import { adapterDigest, findAdapter } from '../base/adapterFolder.ts';
import type { JobProcesses } from '../base/jobProcesses.ts';
import { messageIn } from '../base/progress.ts';
import type { AdapterJob, AdapterStatus, AdapterTrainer } from '../serving/servedTrainer.ts';
import { trainingFile, type RowLayout } from '../base/trainingFile.ts';
import {
  jobFiles,
  lastLines,
  linesAfter,
  readExit,
  readStart,
  readStarts,
  writeExit,
  writeStart,
} from './jobFolder.ts';
import type { Exit } from './jobFolder.ts';
import { readLine } from './outputLines.ts';
import { fillFile } from './fileKinds.ts';
import { methodsOfCommands } from './settings.ts';
import { checkPlaceholders, fillArguments, type PlaceholderValues } from './placeholders.ts';

export interface CommandTrainerOptions {
  /** The endpoint's name in bettertogether.json, for messages. */
  readonly endpoint: string;
  readonly command: readonly string[];
  /** For other sets than answers to imitate. */
  readonly commands?: { readonly dpo?: readonly string[]; readonly grpo?: readonly string[] };
  /** Added where a job goes on from an adapter; `null`: none does. */
  readonly parentArguments: readonly string[] | null;
  readonly rowsFormat: 'messages' | 'prompt-completion' | 'apart';
  readonly textAsChat: boolean;
  readonly files: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** Where jobs lie. */
  readonly folder: string;
  /** The base model as the trainer knows it. */
  readonly model: string;
  readonly pollSeconds: number;
  readonly stallSeconds: number;
  readonly leastRows?: number;
  readonly processes: JobProcesses;
}

const layouts = {
  messages: 'joined',
  'prompt-completion': 'pair',
  apart: 'apart',
} as const satisfies Record<string, RowLayout>;

/** Trains by a command on this machine: rows in a file, events on its output, an adapter in a folder. */
export function createCommandTrainer(options: CommandTrainerOptions): AdapterTrainer {
  const where = `endpoints.${options.endpoint}.fineTune`;
  checkPlaceholders(options.command, `${where}.command`);
  for (const [method, command] of Object.entries(options.commands ?? {})) {
    checkPlaceholders(command, `${where}.commands.${method}`);
  }
  checkRows(options, where);
  checkPlaceholders(options.parentArguments ?? [], `${where}.parentArguments`);
  return new CommandTrainer(options);
}

/** Rewards have a place in one format alone. */
function checkRows({ commands, rowsFormat }: CommandTrainerOptions, where: string): void {
  if (commands?.grpo === undefined || rowsFormat === 'apart') return;
  throw new UsageError(
    `${where}.commands.grpo in bettertogether.json needs rows with their rewards: set ${where}.rowsFormat to "apart".`,
  );
}

function objectiveValues(set: TrainingSet): Pick<PlaceholderValues, 'beta' | 'clipLow' | 'clipHigh'> {
  const none = { beta: '', clipLow: '', clipHigh: '' };
  if (set.method === 'dpo') return { ...none, beta: String(set.beta) };
  return set.method === 'grpo' ? { ...none, clipLow: String(set.clip.low), clipHigh: String(set.clip.high) } : none;
}

class CommandTrainer implements AdapterTrainer {
  readonly id: string;
  readonly ids: NonNullable<Trainer['ids']>;
  readonly methods: readonly TrainingMethod[];
  readonly continues: boolean;
  readonly pollSeconds: number;
  readonly stallSeconds: number;
  readonly leastRows: number;
  readonly #options: CommandTrainerOptions;
  /** How far the logs of an attempt were looked through, bytes of each, by its folder. */
  readonly #read = new Map<string, { readonly after: string; readonly to: readonly [number, number] }>();

  constructor(options: CommandTrainerOptions) {
    const { command, commands = {}, parentArguments, rowsFormat, textAsChat, files, env, model } = options;
    this.#options = options;
    const idOf = (each: readonly string[]) =>
      `command:${contentHash({ command: each, parentArguments, rowsFormat, textAsChat, files, env, model })}`;
    this.id = idOf(command);
    // A job counts whatever other jobs' commands become.
    this.ids = Object.fromEntries(Object.entries(commands).map(([method, each]) => [method, idOf(each)]));
    this.methods = methodsOfCommands(commands);
    this.continues = parentArguments !== null;
    this.pollSeconds = options.pollSeconds;
    this.stallSeconds = options.stallSeconds;
    this.leastRows = options.leastRows ?? 1;
  }

  rowsFile(set: TrainingSet): string {
    const { rowsFormat, textAsChat } = this.#options;
    return trainingFile(set, { layout: layouts[rowsFormat], textAsChat });
  }

  /** A job that is under way under this hash is the same one: it is not started again. */
  async submit(job: AdapterJob, signal: AbortSignal): Promise<string> {
    if (signal.aborted) throw stopped(signal);
    const { processes } = this.#options;
    const folder = this.#folderOf(job.hash);
    const last = await readStart(folder);
    if (last !== null && processes.isRunning(folder)) {
      if ((await readExit(folder, last.attempt)) === null) return idOf(job.hash, last.attempt);
      // The canceller died before it was ended.
      await processes.stop(folder);
    }
    const attempt = (last?.attempt ?? 0) + 1;
    await this.#prepare(folder, job, attempt);
    await processes.start(folder);
    return idOf(job.hash, (await readStart(folder))?.attempt ?? attempt);
  }

  async #prepare(folder: string, job: AdapterJob, attempt: number): Promise<void> {
    const { parentArguments, files, env, cwd } = this.#options;
    const command = this.#commandFor(job.set.method);
    const place = jobFiles(folder, attempt);
    const where = `endpoints.${this.#options.endpoint}.fineTune.files`;
    const values = this.#values(folder, job, attempt);
    const added = job.parentFolder === null ? [] : (parentArguments ?? []);
    for (const path of [place.data, place.attempt]) checkNoLinks(path, this.#options.folder);
    try {
      await mkdir(place.data, { recursive: true });
      await replaceFile(place.rows, this.rowsFile(job.set));
      await replaceFile(place.datasetInfo, `${JSON.stringify(llamaFactoryInfo, null, 2)}\n`);
      for (const [name, text] of Object.entries(files)) {
        await replaceFile(join(folder, name), fillFile(name, text, values, where));
      }
      const full = [...fillArguments([...command, ...added], values)];
      await writeStart(folder, { v: 1, attempt, command: full, cwd, env: { ...env } });
    } catch (error) {
      if (error instanceof UsageError) throw error;
      throw new HumanError(`The training job's folder ${folder} could not be written: ${messageOf(error)}.`, {
        cause: error,
      });
    }
  }

  #commandFor(method: TrainingMethod): readonly string[] {
    const { command, commands } = this.#options;
    return method === 'supervised' ? command : commands![method]!;
  }

  #values(folder: string, job: AdapterJob, attempt: number): PlaceholderValues {
    const { epochs, learningRate, schedule, batchSize, lora, seed } = job.hyperParameters;
    const { rows, data, out } = jobFiles(folder, attempt);
    return {
      rows,
      data,
      out,
      folder,
      model: this.#options.model,
      parent: job.parentFolder ?? '',
      hash: job.hash,
      seed: String(seed),
      epochs: String(epochs),
      learningRate: String(learningRate),
      schedule,
      batchSize: String(batchSize),
      rank: String(lora.rank),
      alpha: String(lora.alpha),
      targets: lora.targets,
      ...objectiveValues(job.set),
    };
  }

  async find(hash: string, signal: AbortSignal): Promise<string | null> {
    if (signal.aborted) throw stopped(signal);
    const last = await readStart(this.#folderOf(hash));
    return last === null ? null : idOf(hash, last.attempt);
  }

  async poll(jobId: string, afterEvent: string | null, signal: AbortSignal): Promise<AdapterStatus> {
    if (signal.aborted) throw stopped(signal);
    const place = this.#placeOf(jobId);
    if (place === null) throw new UnknownJob(`"${jobId}" is not a job of the command in bettertogether.json.`);
    const { folder, attempt } = place;
    const last = await readStart(folder);
    if (last === null || last.attempt < attempt)
      throw new UnknownJob(`There is no training job ${jobId} in ${folder}.`);
    // In this order: a supervisor takes note of the end before it goes.
    const running = last.attempt === attempt && this.#options.processes.isRunning(folder);
    const exit = await readExit(folder, attempt);
    const { events, ...told } = await this.#news(folder, attempt, afterEvent);
    // What it said last may have been read before it was known to have ended.
    const { tokens, error } = exit === null ? told : await this.#news(folder, attempt, null);
    const trained = tokens === null ? {} : { trainedTokens: tokens };
    if (exit === null && running) return { state: 'running', events };
    if (exit === null && last.attempt === attempt) return { ...(await this.#goOn(folder, attempt)), events };
    if (exit === null) return { state: 'failed', events, error: `It was killed. Its logs: ${folder}` };
    if (exit.cancelled === true) return { state: 'cancelled', events };
    if (exit.code === 0) return { ...(await this.#result(folder, attempt)), ...trained, events };
    return {
      state: 'failed',
      events,
      error: messageIn(error ?? (await this.#lastWords(folder, attempt, exit))),
    };
  }

  /**
   * The supervisor was killed, as by a restart of the machine: the job goes on under another one, which ends what is
   * left of it and begins again, as often as a job may be begun.
   */
  async #goOn(folder: string, attempt: number): Promise<Pick<AdapterStatus, 'state' | 'error'>> {
    const { processes } = this.#options;
    const starts = await readStarts(folder, attempt);
    if (starts < startsAtMost) {
      await processes.start(folder);
      return { state: 'running' };
    }
    await processes.stop(folder);
    return { state: 'failed', error: `${killedEachTime(starts, null)} (${jobFiles(folder, attempt).attempt})` };
  }

  async #result(folder: string, attempt: number): Promise<Pick<AdapterStatus, 'state' | 'error' | 'adapter'>> {
    const { out } = jobFiles(folder, attempt);
    const found = await findAdapter(out);
    if (found === null) {
      return {
        state: 'failed',
        error: `The command ended well, but left no PEFT adapter (adapter_config.json and weights) in {out}: ${out}`,
      };
    }
    return { state: 'succeeded', adapter: { folder: found, sha256: await adapterDigest(found) } };
  }

  /** Events as an id that is a place in both logs: what comes after it is new. */
  async #news(folder: string, attempt: number, after: string | null) {
    const place = jobFiles(folder, attempt);
    const known =
      after !== null && this.#read.get(place.attempt)?.after === after ? this.#read.get(place.attempt) : null;
    let [output = 0, errors = 0] = known?.to ?? (after ?? '').split(':').map((part) => Number(part) || 0);
    const time = (await stat(place.output).catch(() => null))?.mtimeMs ?? 0;
    const events: JobEvent[] = [];
    let tokens: number | null = null;
    let error: string | null = null;
    const take = (text: string) => {
      const said = readLine(text);
      if (said === null) return;
      const { trainedTokens, error: failed, ...event } = said;
      tokens = trainedTokens ?? tokens;
      error = failed ?? error;
      const message = messageIn(event.message);
      if (events.length < jobEventsAtMost) events.push({ id: `${output}:${errors}`, time, ...event, message });
    };
    for await (const line of linesAfter(place.output, output)) {
      output = line.end;
      take(line.text);
    }
    for await (const line of linesAfter(place.errors, errors)) {
      errors = line.end;
      take(line.text);
    }
    // A log may be gigabytes of no news: what was looked through is not read again.
    const last = events.at(-1)?.id ?? after;
    if (last !== null) this.#read.set(place.attempt, { after: last, to: [output, errors] });
    return { events, tokens, error };
  }

  async #lastWords(folder: string, attempt: number, { code, signal, error, kills = 1 }: Exit): Promise<string> {
    const place = jobFiles(folder, attempt);
    if (error !== undefined) return `The command could not be started: ${error}`;
    const words = (await lastLines(place.errors, 6)) || (await lastLines(place.output, 6));
    if (code === null) return `${killedEachTime(kills, signal, words)} (${place.attempt})`;
    return `The command ended with code ${code}.${words === '' ? '' : ` ${words}`} (${place.attempt})`;
  }

  /** Ends everything that the job has started; one that has ended or is not known is as good as cancelled. */
  async cancel(jobId: string): Promise<void> {
    const place = this.#placeOf(jobId);
    if (place === null) return;
    const { folder, attempt } = place;
    const { processes } = this.#options;
    if ((await readExit(folder, attempt)) !== null) return;
    const last = await readStart(folder);
    if (last?.attempt !== attempt) return;
    await writeExit(folder, attempt, { code: null, signal: null, cancelled: true });
    await processes.stop(folder);
  }

  #folderOf(hash: string): string {
    return join(this.#options.folder, hash.slice(0, 32));
  }

  /** `null`: the id is not a command's. */
  #placeOf(jobId: string): { readonly folder: string; readonly attempt: number } | null {
    const [, hash, attempt] = /^command-([0-9a-f]{32})-(\d+)$/.exec(jobId) ?? [];
    if (hash === undefined) return null;
    return { folder: this.#folderOf(hash), attempt: Number(attempt) };
  }
}

function idOf(hash: string, attempt: number): string {
  return `command-${hash.slice(0, 32)}-${attempt}`;
}

const llamaFactoryInfo = {
  bettertogether: {
    file_name: 'train.jsonl',
    formatting: 'sharegpt',
    columns: { messages: 'messages' },
    tags: {
      role_tag: 'role',
      content_tag: 'content',
      user_tag: 'user',
      assistant_tag: 'assistant',
      system_tag: 'system',
    },
  },
};
