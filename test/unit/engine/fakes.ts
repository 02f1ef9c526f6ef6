import { contentHash } from '../../../src/base/contentHash.ts';
import type { JsonValue } from '../../../src/base/json.ts';
import type { LmAnswer, LmCall, Rollout } from '../../../src/data/lm.ts';
import type { Example, ProgramDescription, ProgramState } from '../../../src/data/program.ts';
import { allReads, nameOfRead } from '../../../src/data/reads.ts';
import type { Reads } from '../../../src/data/reads.ts';
import type { ProgramOutcome, TraceCall, TrainingRow } from '../../../src/data/trace.ts';
import type {
  CallLm,
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
import { CannotList, EndpointRefused, UnknownJob } from '../../../src/engine/errors.ts';
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
  exclusively<T>(_key: string, body: () => Promise<T>): Promise<T> {
    return body();
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

  async complete(call: LmCall, rollout: Rollout): Promise<LmAnswer> {
    const asked = { call, rollout };
    this.asked.push(asked);
    const key = contentHash(asked);
    const remembered = this.#memo.get(key);
    const text = remembered ?? (await this.#answer(asked));
    if (remembered === undefined) this.paid.push(asked);
    this.#memo.set(key, text);
    const answer: LmAnswer = {
      text,
      key,
      model: call.model,
      finishReason: 'stop',
      cached: remembered !== undefined,
      seconds: 0.01,
      usage: { inputTokens: 10, cachedInputTokens: 0, outputTokens: 2 },
    };
    this.#onAnswer(answer);
    return answer;
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
  readonly fail?: (request: RunRequest) => ProgramOutcome['error'] | undefined;
  /** The metric asks an LM as well. */
  readonly judge?: true;
  /** What a run depends on besides. */
  readonly reads?: (request: RunRequest) => ProgramRun['reads'];
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

  async run(request: RunRequest, lm: CallLm): Promise<ProgramRun> {
    const outcome = await this.#run(request, lm);
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
    return { prediction: { answer }, score, trace, seconds: 0 };
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
  readonly pollSeconds = 0;
  readonly jobs: TrainingJob[] = [];
  readonly served = new Set<string>();
  outcome: JobStatus['state'] = 'succeeded';
  canList = true;
  refuse = false;
  readonly cancelled: string[] = [];
  onPoll: () => void = () => undefined;

  rowsFile(rows: readonly TrainingRow[]) {
    return rows.map((row) => `${JSON.stringify(row)}\n`).join('');
  }
  async submit(job: TrainingJob) {
    if (this.refuse) throw new EndpointRefused('wrong key');
    this.jobs.push(job);
    return `job-${this.jobs.length}`;
  }
  async find(hash: string): Promise<string | null> {
    if (!this.canList) throw new CannotList('no listing');
    const index = this.jobs.findIndex((job) => job.hash === hash);
    return index < 0 ? null : `job-${index + 1}`;
  }
  async poll(id: string, after: string | null): Promise<JobStatus> {
    this.onPoll();
    const job = this.jobs[Number(id.slice(4)) - 1];
    if (job === undefined) throw new UnknownJob(`no job ${id}`);
    const model = `tuned-${job.hash.slice(0, 8)}`;
    if (this.outcome === 'succeeded') this.served.add(model);
    const events = after === null ? [{ id: 'e1', time: 0, message: 'step 1', step: 1, steps: 1, loss: 0.5 }] : [];
    if (this.outcome !== 'succeeded') return { state: this.outcome, events, error: 'out of memory' };
    return { state: 'succeeded', events, model, trainedTokens: 100 };
  }
  async cancel(id: string) {
    this.cancelled.push(id);
  }
  async serves(model: string) {
    return this.served.has(model);
  }
}
