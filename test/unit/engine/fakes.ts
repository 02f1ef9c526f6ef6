import { contentHash } from '../../../src/base/contentHash.ts';
import { shown } from '../../../src/base/keys.ts';
import type { JsonValue } from '../../../src/base/json.ts';
import type { LmAnswer, LmCall, Rollout } from '../../../src/data/lm.ts';
import type { Example, ProgramDescription, ProgramState } from '../../../src/data/program.ts';
import { allReads, nameOfRead } from '../../../src/data/reads.ts';
import type { Reads } from '../../../src/data/reads.ts';
import type { ProgramOutcome, TraceCall, TrainingRow } from '../../../src/data/trace.ts';
import { trainingMethods } from '../../../src/data/trainingSet.ts';
import type { TrainingSet } from '../../../src/data/trainingSet.ts';
import type {
  CallLm,
  JobEvent,
  JobStatus,
  Journal,
  LanguageModel,
  Program,
  ProgramRun,
  Reading,
  RowRequest,
  RunRequest,
  Surroundings,
  Trainer,
  TrainingJob,
} from '../../../src/engine/interfaces.ts';
import { CallRejected, CannotList, EndpointRefused, UnknownJob } from '../../../src/engine/errors.ts';
import { stopped } from '../../../src/engine/abort.ts';
import { stateHash } from '../../../src/engine/state.ts';
import type { RunEvent } from '../../../src/protocol.ts';

/** Training rows q0, q1, … as DSPy's recorded schedules name them. */
export function examples(count: number, prefix = 'q'): Example[] {
  return Array.from({ length: count }, (_, id) => ({
    id,
    inputs: { question: `${prefix}${id}` },
    fields: { question: `${prefix}${id}`, answer: `a${id}` },
  }));
}

/** The last turn at each key, by the memory that journals share. */
const turns = new WeakMap<ReadonlyMap<string, JsonValue>, Map<string, Promise<void>>>();

function turnsOf(memory: ReadonlyMap<string, JsonValue>): Map<string, Promise<void>> {
  const known = turns.get(memory) ?? new Map<string, Promise<void>>();
  turns.set(memory, known);
  return known;
}

/** What is waited for, or why it is not waited for any longer. */
function untilStopped<T>(awaited: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      reject(stopped(signal));
    };
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    awaited.then(resolve, reject).finally(() => {
      signal.removeEventListener('abort', stop);
    });
  });
}

export class FakeJournal implements Journal {
  readonly events: RunEvent[] = [];
  readonly memory: Map<string, JsonValue>;
  readonly rowFiles = new Map<string, string>();
  /** By hash. */
  readonly states = new Map<string, ProgramState>();
  traces = 0;

  constructor(memory = new Map<string, JsonValue>()) {
    this.memory = memory;
  }

  append(event: RunEvent) {
    this.events.push(event);
  }
  trace() {
    this.traces++;
  }
  state(state: ProgramState) {
    this.states.set(stateHash(state), state);
  }
  async rows(name: string, content: string) {
    this.rowFiles.set(name, content);
  }
  async recall(key: string) {
    return this.memory.get(key);
  }
  async remember(key: string, value: JsonValue) {
    this.memory.set(key, value);
  }
  async exclusively<T>(key: string, body: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const turns = turnsOf(this.memory);
    const before = turns.get(key) ?? Promise.resolve();
    const mine = untilStopped(before, signal).then(body);
    turns.set(
      key,
      Promise.allSettled([before, mine]).then(() => undefined),
    );
    return mine;
  }

  of<T extends RunEvent['type']>(type: T): Extract<RunEvent, { type: T }>[] {
    return this.events.filter((event): event is Extract<RunEvent, { type: T }> => event.type === type);
  }
}

/** Files that are a text each; what was read of them is told by name and text. */
export class FakeSurroundings implements Surroundings {
  readonly files: Map<string, string>;
  readonly #sets: Map<string, readonly string[]>;

  /** @param sets kept over runs, as the memo keeps them. */
  constructor(files = new Map<string, string>(), sets = new Map<string, readonly string[]>()) {
    this.files = files;
    this.#sets = sets;
  }

  async whenRead(reads: Reads): Promise<Reading> {
    const names = allReads(reads).map((read) => {
      const name = nameOfRead(read);
      return name.kind === 'file' ? name.path : name.kind;
    });
    const set = contentHash(names);
    this.#sets.set(set, names);
    return { set, fingerprint: this.#fingerprint(names) };
  }

  async now(set: string) {
    const names = this.#sets.get(set);
    return names === undefined ? null : this.#fingerprint(names);
  }

  #fingerprint(names: readonly string[]): string {
    return contentHash(names.map((name) => this.files.get(name) ?? null));
  }
}

export interface Asked {
  readonly call: LmCall;
  readonly rollout: Rollout;
}

/** An endpoint with a memo: what was answered once is free. */
export class FakeLm implements LanguageModel {
  readonly asked: Asked[] = [];
  readonly paid: Asked[] = [];
  readonly #memo: Map<string, string>;
  /** One for identical calls at once. */
  readonly #flights = new Map<string, Promise<string>>();
  readonly #answer: (asked: Asked) => string | Promise<string>;
  readonly #onAnswer: (answer: LmAnswer) => void;

  constructor(
    answer: (asked: Asked) => string | Promise<string>,
    memo = new Map<string, string>(),
    onAnswer: (answer: LmAnswer) => void = () => undefined,
  ) {
    this.#answer = answer;
    this.#memo = memo;
    this.#onAnswer = onAnswer;
  }

  async complete(call: LmCall, rollout: Rollout, signal: AbortSignal): Promise<LmAnswer> {
    if (signal.aborted) throw stopped(signal);
    const asked = { call, rollout };
    this.asked.push(asked);
    const key = contentHash(asked);
    const { text, isFree } = await this.#textOf(asked, key, signal);
    const answer: LmAnswer = {
      text,
      key,
      model: call.model,
      finishReason: 'stop',
      cached: isFree,
      seconds: 0.01,
      usage: { inputTokens: 10, cachedInputTokens: 0, outputTokens: 2 },
    };
    this.#onAnswer(answer);
    return answer;
  }

  async #textOf(asked: Asked, key: string, signal: AbortSignal): Promise<{ text: string; isFree: boolean }> {
    const remembered = this.#memo.get(key);
    if (remembered !== undefined) return { text: remembered, isFree: true };
    const shared = this.#flights.get(key);
    if (shared !== undefined) return { text: await untilStopped(shared, signal), isFree: true };
    const flight = this.#pay(asked, key);
    const land = () => this.#flights.delete(key);
    this.#flights.set(key, flight);
    flight.then(land, land);
    return { text: await untilStopped(flight, signal), isFree: false };
  }

  async #pay(asked: Asked, key: string): Promise<string> {
    const text = await this.#answer(asked);
    this.paid.push(asked);
    this.#memo.set(key, text);
    return text;
  }
}

const field = (name: string) => ({
  name,
  type: { kind: 'string' as const },
  prefix: `${name}:`,
  description: `\${${name}}`,
});

/** Two predictors in a row, `a.predict` and `b.predict`; both see the question, `b` also what `a` said. */
export const twoPredictors: ProgramDescription = {
  name: 'two',
  language: 'typescript',
  sources: { 'two.ts': 'hash' },
  predictors: ['a.predict', 'b.predict'].map((name) => ({
    name,
    frozen: false,
    demos: [],
    signature: { instructions: `Do ${name}.`, inputs: [field('question')], outputs: [field('answer')] },
  })),
};

export interface FakeProgramOptions {
  readonly description?: ProgramDescription;
  /** The metric. By default the prediction's answer equals the row's. */
  readonly score?: (request: RunRequest, answer: string) => number;
  /** What the metric says. */
  readonly feedback?: (request: RunRequest) => string;
  readonly fail?: (request: RunRequest) => ProgramOutcome['error'] | undefined;
  /** The metric asks an LM as well. */
  readonly judge?: true;
  /** What a run depends on besides. */
  readonly reads?: (request: RunRequest) => ProgramRun['reads'];
}

/** What a host makes of a call that cannot be answered; other errors of an LM give no result. */
function rejectedOutcome(error: unknown): ProgramOutcome {
  if (!(error instanceof CallRejected)) throw error;
  return { prediction: null, score: 0, error: { kind: 'rejected', message: error.message }, trace: [], seconds: 0 };
}

export class FakeProgram implements Program {
  runs = 0;
  readonly #options: FakeProgramOptions;

  constructor(options: FakeProgramOptions = {}) {
    this.#options = options;
  }

  async describe() {
    return this.#options.description ?? twoPredictors;
  }

  async run(request: RunRequest, lm: CallLm, signal: AbortSignal): Promise<ProgramRun> {
    if (signal.aborted) throw stopped(signal);
    const outcome = await untilStopped(this.#run(request, lm).catch(rejectedOutcome), signal);
    const reads = this.#options.reads?.(request);
    return reads === undefined ? outcome : { ...outcome, reads };
  }

  async #run(request: RunRequest, lm: CallLm): Promise<ProgramOutcome> {
    this.runs++;
    const error = this.#options.fail?.(request);
    if (error !== undefined) return { prediction: null, score: 0, error, trace: [], seconds: 0 };
    const trace: TraceCall[] = [];
    let answer = '';
    for (const predictor of (await this.describe()).predictors.map(({ name }) => name)) {
      const { instructions, demos, model } = request.state.predictors[predictor]!;
      const question = String(request.example.inputs['question']);
      const shown = demos.map(({ fields }) => `${String(fields['question'])}=${String(fields['answer'])}`);
      const content = [instructions, ...shown, question].join('\n');
      const call: LmCall = { model, prompt: { kind: 'chat', messages: [{ role: 'user', content }] }, stop: [] };
      const { text, ...record } = await lm(call);
      answer = text;
      const outputs = { answer: text };
      trace.push({ predictor, inputs: { question }, outputs, lm: [record], path: [], start: 0, seconds: 0 });
    }
    if (this.#options.judge === true) {
      const content = `Is ${answer} right for ${String(request.example.inputs['question'])}?`;
      await lm({ model: 'any', prompt: { kind: 'chat', messages: [{ role: 'user', content }] }, stop: [] }, 'metric');
    }
    const score = this.#options.score?.(request, answer) ?? (answer === request.example.fields['answer'] ? 1 : 0);
    const feedback = this.#options.feedback?.(request);
    const words = feedback === undefined ? {} : { feedback };
    return { prediction: { answer }, score, ...words, trace, seconds: 0 };
  }

  async renderRows(requests: readonly RowRequest[]): Promise<TrainingRow[]> {
    return requests.map(({ predictor, state, inputs, outputs }) => ({
      predictor,
      prompt: {
        kind: 'chat',
        messages: [{ role: 'user', content: [state.instructions, state.demos.length, inputs['question']].join('|') }],
      },
      completion: String(outputs['answer']),
      end: null,
    }));
  }
}

export class FakeTrainer implements Trainer {
  readonly id = 'fake trainer';
  continues = true;
  methods = trainingMethods;
  readonly pollSeconds = 0;
  readonly jobs: TrainingJob[] = [];
  readonly served = new Set<string>();
  /** How jobs stand from the next poll on; one that has ended stays as it is. */
  outcome: JobStatus['state'] = 'succeeded';
  reason = 'out of memory';
  /** Steps that jobs have taken. */
  steps = 1;
  canList = true;
  refuse = false;
  readonly cancelled: string[] = [];
  onPoll: () => void = () => undefined;
  readonly #ended = new Map<string, JobStatus['state']>();

  rowsFile({ rows }: TrainingSet) {
    return rows.map((row) => `${JSON.stringify(row)}\n`).join('');
  }
  async submit(job: TrainingJob, signal: AbortSignal) {
    if (signal.aborted) throw stopped(signal);
    if (this.refuse) throw new EndpointRefused('wrong key');
    this.jobs.push(job);
    return `job-${this.jobs.length}`;
  }
  async find(hash: string, signal: AbortSignal): Promise<string | null> {
    if (signal.aborted) throw stopped(signal);
    if (!this.canList) throw new CannotList('no listing');
    const index = this.jobs.findLastIndex((job) => job.hash === hash);
    return index < 0 ? null : `job-${index + 1}`;
  }
  async poll(id: string, after: string | null, signal: AbortSignal): Promise<JobStatus> {
    if (signal.aborted) throw stopped(signal);
    this.onPoll();
    const job = this.jobs[Number(id.slice(4)) - 1];
    if (job === undefined) throw new UnknownJob(`no job ${id}`);
    const state = this.#ended.get(id) ?? this.outcome;
    if (state !== 'queued' && state !== 'running') this.#ended.set(id, state);
    const events = this.#eventsAfter(after === null ? 0 : Number(after.slice(1)));
    if (state === 'failed') return { state, events, error: shown(this.reason) || 'It gives no reason.' };
    if (state !== 'succeeded') return { state, events };
    const model = `tuned-${job.hash.slice(0, 8)}`;
    this.served.add(model);
    return { state, events, model, trainedTokens: 100 };
  }
  async cancel(id: string) {
    this.cancelled.push(id);
    if (!this.#ended.has(id)) this.#ended.set(id, 'cancelled');
  }
  async serves(model: string, signal: AbortSignal) {
    if (signal.aborted) throw stopped(signal);
    return this.served.has(model);
  }

  #eventsAfter(known: number): JobEvent[] {
    return Array.from({ length: this.steps }, (_, index) => index + 1)
      .slice(known)
      .map((step) => ({ id: `e${step}`, time: 0, message: `step ${step}`, step, steps: this.steps, loss: 0.5 }));
  }
}
