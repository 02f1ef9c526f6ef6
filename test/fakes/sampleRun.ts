/**
 * Writes a run's folder as a run process would, of any size and without calling any model: for tests, pictures and
 * measurements of the run view.
 */
import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { contentHash } from '../../src/base/contentHash.ts';
import type { JsonValue } from '../../src/base/json.ts';
import type { PredictorState, ProgramState } from '../../src/data/program.ts';
import type { ProgramOutcome, TraceCall, TrainingRow } from '../../src/data/trace.ts';
import type { TraceRecord } from '../../src/engine/interfaces.ts';
import { stepsIn } from '../../src/data/strategy.ts';
import { stateHash } from '../../src/engine/state.ts';
import { trainingFile } from '../../src/finetune/base/trainingFile.ts';
import type { RowLayout } from '../../src/finetune/base/trainingFile.ts';
import { openMemo } from '../../src/lm/memo.ts';
import type { Memo } from '../../src/lm/memo.ts';
import type { RunEvent, Score, Usage } from '../../src/protocol.ts';
import { EventLog } from '../../src/run/record/eventLog.ts';
import { KeptStates } from '../../src/run/record/keptStates.ts';
import { adopted, writeManifest } from '../../src/run/record/manifest.ts';
import { cacheFolder, createRunFolder, runFiles } from '../../src/run/record/runFolder.ts';
import type { RunLocation } from '../../src/run/record/runFolder.ts';
import { writeStates } from '../../src/run/record/stateFile.ts';
import { TraceStore } from '../../src/run/record/traceStore.ts';
import { sampleTree } from './sampleTree.ts';
import { samplePredictors as predictors, sampleManifest } from './sampleManifest.ts';

export interface SampleOptions {
  readonly workspace: string;
  readonly dev?: number;
  readonly test?: number;
  readonly candidates?: number;
  readonly validation?: number;
  /** Text put wherever a model or a data file can write. */
  readonly texts?: readonly string[];
  /** Stop in the middle of the last step, as a run that works does. */
  readonly open?: boolean;
  /** Keep requests in the memo (default). */
  readonly memo?: boolean;
  /** Default: the longest of them. */
  readonly strategy?: '' | 'p' | 'p -> w' | 'p -> w -> p' | typeof treeStep;
  readonly seed?: number;
  /** Some rows are partly right (default: each is right or wrong). */
  readonly partly?: boolean;
  /** How training rows are written (default: as the embedded endpoint takes them). */
  readonly rows?: RowLayout;
}

/** A step whose candidates are made from each other, of no kind that this version has; its metric gives words too. */
export const treeStep = 'rewrite';

type Purpose = TraceRecord['purpose'];
interface Task {
  readonly prefix: string;
  readonly purpose: Purpose;
  readonly candidate: number | null;
  readonly example: number;
  readonly state: ProgramState;
  readonly score: number;
}

const base = 'small-model';
const treeStepInfo = { name: treeStep, kind: treeStep, title: 'reflective search', changes: 'prompts' } as const;

export async function writeSampleRun(options: SampleOptions): Promise<RunLocation> {
  const writer = await SampleWriter.open(options);
  try {
    await writer.write();
  } finally {
    await writer.close();
  }
  return writer.run;
}

class SampleWriter {
  readonly run: RunLocation;
  readonly #options: Required<SampleOptions>;
  readonly #log: EventLog;
  readonly #traces: TraceStore;
  readonly #states: KeptStates;
  readonly #memo: Memo;
  #clock = Date.UTC(2026, 10, 23, 9, 0, 0);
  #usage: Usage = { calls: 0, cached: 0, inputTokens: 0, outputTokens: 0, usd: 0 };
  #random: number;
  #puts: Promise<void>[] = [];

  private constructor(run: RunLocation, options: Required<SampleOptions>, memo: Memo) {
    this.run = run;
    this.#options = options;
    this.#random = 1 + 7919 * options.seed;
    const files = runFiles(run.folder);
    this.#log = new EventLog(files.events, () => new Date((this.#clock += 40)));
    this.#traces = new TraceStore(files.traces);
    this.#states = new KeptStates(files.states);
    this.#memo = memo;
  }

  static async open(asked: SampleOptions): Promise<SampleWriter> {
    const options = {
      dev: 40,
      test: 60,
      candidates: 6,
      validation: 20,
      texts: ['the Nile', 'a river in Africa', 'Lake Victoria'],
      open: false,
      memo: true,
      strategy: 'p -> w -> p' as const,
      seed: 0,
      partly: false,
      rows: 'apart' as const,
      ...asked,
    };
    const run = await createRunFolder(options.workspace, 'rivers', new Date(Date.UTC(2026, 10, 23, 9, 0, 0)));
    const manifest = sampleManifest(options.workspace, run.id);
    const { strategy, seed } = options;
    const data = await writeData(options);
    await writeManifest(
      run.folder,
      adopted({ ...manifest, asked: { ...manifest.asked, strategy: [...stepsIn(strategy)], seed }, data }),
    );
    return new SampleWriter(run, options, await openMemo(cacheFolder(options.workspace)));
  }

  async close(): Promise<void> {
    this.#log.close();
    this.#traces.close();
    this.#states.close();
    await this.#written();
    await this.#memo.close();
  }

  async write(): Promise<void> {
    const { dev, test, open, strategy, seed } = this.#options;
    this.#tell({
      type: 'run.started',
      run: this.run.id,
      program: 'rivers',
      strategy,
      ...(strategy === treeStep && { steps: [treeStepInfo] }),
      seed,
      endpoint: 'lab',
      model: base,
      splits: { train: 100, dev, test },
      predictors: [...predictors],
      resumed: false,
    });
    this.#tell({
      type: 'warning',
      message: 'Endpoint "lab": it has no structured choice, so answers are not constrained.',
    });
    const states: Record<string, ProgramState> = { '': this.#state(base, 0) };
    await this.#score('', states['']!, 0.45);
    if (strategy.startsWith('p')) {
      states['p'] = (await this.#search('p', base, 0.6, 0))!;
      await this.#score('p', states['p'], 0.6);
    }
    if (strategy === treeStep) {
      states[treeStep] = await this.#rewrite();
      await this.#score(treeStep, states[treeStep], 0.8);
    }
    if (strategy.startsWith('p -> w')) {
      states['p -> w'] = this.#state(`${base}:tuned-3f2a9c`, 0);
      await this.#train('p -> w', states['p -> w'], 1);
      await this.#score('p -> w', states['p -> w'], 0.75);
    }
    if (strategy === 'p -> w -> p') {
      const last = await this.#search('p -> w -> p', `${base}:tuned-3f2a9c`, 0.8, 2, open);
      if (last !== null) states['p -> w -> p'] = last;
    }
    const prefix = Object.keys(states).at(-1)!;
    const end = { prefix, state: states[prefix]! };
    await writeStates(this.run.folder, { final: end, best: end, steps: states });
    if (open) return;
    if (strategy === 'p -> w -> p') await this.#score(prefix, end.state, 0.8);
    const scores = {
      '': { dev: 45, test: 44 },
      p: { dev: 60, test: 58 },
      'p -> w': { dev: 75, test: 71 },
      'p -> w -> p': { dev: 80, test: 77 },
      [treeStep]: { dev: 80, test: 77 },
    };
    this.#tell({
      type: 'run.finished',
      result: {
        type: 'result',
        run: this.run.id,
        program: 'rivers',
        strategy,
        seed,
        scores: Object.fromEntries(Object.entries(scores).filter(([one]) => one in states)),
        final: prefix,
        best: prefix,
        state: JSON.parse(JSON.stringify(end.state)),
        usage: this.#usage,
        seconds: 120,
      },
    });
  }

  async #score(prefix: string, state: ProgramState, right: number): Promise<void> {
    for (const split of ['dev', 'test'] as const) {
      const rows = this.#options[split];
      let sum = 0;
      let failed = 0;
      for (let example = 0; example < rows; example++) {
        const outcome = await this.#program({
          prefix,
          purpose: split,
          candidate: null,
          example,
          state,
          score: this.#draw(right),
        });
        sum += outcome.score;
        failed += outcome.error === undefined ? 0 : 1;
      }
      const score = scoreOf(sum, rows, failed);
      this.#tell({ type: 'usage', usage: this.#usage });
      this.#tell({ type: 'evaluated', prefix, split, score, seconds: rows / 8, usage: usageOf(rows * 2) });
    }
  }

  /** The state of the best candidate; `null`: the search is left open. */
  async #search(prefix: string, model: string, right: number, index: number, open = false) {
    const { candidates, validation } = this.#options;
    this.#tell({ type: 'step.started', prefix, kind: 'p', index, examples: 100 });
    const favoured = index === 0 ? 1 : 2;
    let winner = { candidate: 0, score: -1, state: this.#state(model, 0) };
    for (let candidate = 0; candidate < candidates; candidate++) {
      const bootstrap = candidate > 0;
      const demos = bootstrap ? 1 + (candidate % 3) : 0;
      const state = this.#state(model, demos, candidate);
      this.#states.keep(state);
      this.#tell({
        type: 'candidate.started',
        prefix,
        candidate,
        state: stateHash(state),
        about: {
          source: bootstrap ? 'bootstrap' : 'zeroShot',
          seed: candidate - 3,
          demos,
          attempts: bootstrap ? 6 : 0,
          correct: bootstrap ? 4 : 0,
          speculative: candidate === 2 ? 1 : 0,
        },
      });
      const early = candidate === 3;
      const running = open && candidate === candidates - 1;
      const rows = early || running ? Math.floor(validation / 2) : validation;
      let sum = 0;
      for (let example = 0; example < rows; example++) {
        const score = this.#draw(candidate === favoured ? right + 0.2 : right - 0.25);
        sum += (await this.#program({ prefix, purpose: 'validate', candidate, example, state, score })).score;
      }
      if (running) return null;
      const score = early ? null : scoreOf(sum, rows, 0);
      if (score !== null && score.score > winner.score) winner = { candidate, score: score.score, state };
      this.#tell({ type: 'usage', usage: this.#usage });
      this.#tell({ type: 'candidate.finished', prefix, candidate, score, scored: rows, of: validation });
    }
    this.#finish(prefix, 'p', winner.state, winner.candidate);
    return winner.state;
  }

  /** A search that makes its candidates from each other. The last is chosen. */
  async #rewrite(): Promise<ProgramState> {
    const { validation } = this.#options;
    const prefix = treeStep;
    this.#tell({ type: 'step.started', prefix, kind: treeStep, index: 0, examples: 100 });
    let state = this.#state(base, 0);
    const pool = sampleTree(predictors, this.#text(1));
    for (const [candidate, { parents, instructions, component, right }] of pool.entries()) {
      state = withInstructions(this.#state(base, 0), instructions);
      this.#states.keep(state);
      const about = { component };
      const from = parents.length === 0 ? {} : { parents: [...parents] };
      this.#tell({ type: 'candidate.started', prefix, candidate, state: stateHash(state), ...from, about });
      let sum = 0;
      for (let example = 0; example < validation; example++) {
        const score = this.#draw(right);
        sum += (await this.#program({ prefix, purpose: 'validate', candidate, example, state, score })).score;
      }
      const score = scoreOf(sum, validation, 0);
      this.#tell({ type: 'candidate.finished', prefix, candidate, score, scored: validation, of: validation });
    }
    this.#finish(prefix, treeStep, state, pool.length - 1);
    return state;
  }

  async #train(prefix: string, state: ProgramState, index: number): Promise<void> {
    this.#tell({ type: 'step.started', prefix, kind: 'w', index, examples: 100 });
    const rows = Array.from({ length: 64 }, (_, i) => this.#trainingRow(i));
    const { rows: folder } = runFiles(this.run.folder);
    await mkdir(folder, { recursive: true });
    await writeFile(
      join(folder, 'p-w.jsonl'),
      trainingFile({ method: 'supervised', rows }, { layout: this.#options.rows, textAsChat: false }),
    );
    const byPredictor = { [predictors[0]]: 32, [predictors[1]]: 32 };
    this.#tell({
      type: 'rows.collected',
      prefix,
      tried: 100,
      correct: 32,
      rows: 64,
      byPredictor,
      file: 'rows/p-w.jsonl',
    });
    const hash = contentHash('job');
    this.#tell({ type: 'job.intended', prefix, hash, parent: base, rows: 64 });
    this.#tell({ type: 'job.submitted', prefix, hash, job: 'ftjob-17', adopted: false });
    for (let step = 1; step <= 48; step++) {
      const loss = 1.9 * Math.exp(-step / 14) + 0.18 + 0.06 * Math.sin(step * 1.7);
      const message = `step ${step} of 48, ${this.#text(step)}`;
      this.#tell({ type: 'job.progress', prefix, job: 'ftjob-17', message, step, steps: 48, epoch: step / 16, loss });
    }
    const model = state.predictors[predictors[1]]!.model;
    this.#tell({
      type: 'job.finished',
      prefix,
      hash,
      job: 'ftjob-17',
      model,
      cached: false,
      trainedTokens: 6120,
      seconds: 93,
    });
    this.#finish(prefix, 'w', state, null);
  }

  #finish(prefix: string, kind: 'p' | 'w' | typeof treeStep, state: ProgramState, candidate: number | null): void {
    const usage = usageOf(120);
    this.#tell({ type: 'step.finished', prefix, kind, state: stateHash(state), candidate, seconds: 31, usage });
  }

  async #program(task: Task): Promise<ProgramOutcome> {
    const { prefix, purpose, candidate, example, state, score } = task;
    const failed = purpose === 'dev' && example % 13 === 5 && score < 1;
    const trace: TraceCall[] = [];
    for (const [i, predictor] of predictors.entries())
      trace.push(await this.#call(task, predictor, i, failed && i === 1));
    const outcome: ProgramOutcome = {
      prediction: failed ? null : { answer: this.#text(score === 1 ? example : example + 2) },
      score: failed ? 0 : this.#options.partly && score === 0 && example % 4 === 2 ? 0.3 : score,
      ...(this.#options.strategy === treeStep && !failed && { feedback: this.#feedback(example, score) }),
      ...(failed && { error: { kind: 'parse', message: `no field "answer" in: ${this.#text(example)}` } }),
      trace,
      seconds: 0.9,
    };
    const { error, seconds } = outcome;
    this.#tell({
      type: 'example',
      prefix,
      candidate,
      purpose,
      example,
      round: 0,
      score: outcome.score,
      cached: example % 5 === 0,
      seconds,
      ...(error !== undefined && { error }),
    });
    const record = { step: prefix, candidate, purpose, example, round: 0, state: stateHash(state), outcome };
    this.#traces.append(record);
    if (this.#options.memo) await this.#remember(contentHash(record), outcome as unknown as JsonValue);
    return outcome;
  }

  async #call(task: Task, predictor: string, i: number, failed: boolean): Promise<TraceCall> {
    const { prefix, purpose, candidate, example, state } = task;
    const { instructions, model } = state.predictors[predictor]!;
    const question = `Which river is row ${example} about? ${this.#text(example)}`;
    const body = {
      model,
      messages: [
        { role: 'system', content: instructions },
        { role: 'user', content: `[[ ## question ## ]]\n${question}\n\nRespond with [[ ## answer ## ]].` },
      ],
      temperature: 0.1,
      max_tokens: 256,
    };
    // Of every program run its own, as many as a run without repeats has.
    const key = contentHash([body, i, prefix, purpose, candidate]);
    const cached = example % 5 === 0;
    const usage = { inputTokens: 212, cachedInputTokens: 128, outputTokens: 14 };
    const text = `[[ ## answer ## ]]\n${this.#text(example + i)}\n\n[[ ## completed ## ]]`;
    if (this.#options.memo) {
      const answer = { text, whyNoText: null, finishReason: 'stop', usage, seconds: 0.4 };
      await this.#remember(key, { request: { path: '/chat/completions', body }, answer } as JsonValue);
    }
    this.#usage = { ...this.#usage, ...added(this.#usage, cached) };
    return {
      predictor,
      inputs: i === 0 ? { question } : { question, passages: [this.#text(1), this.#text(2)] },
      outputs: failed ? null : { answer: this.#text(example + i) },
      ...(failed && { error: `no field "answer": ${this.#text(example)}` }),
      lm: [{ finishReason: 'stop', usage, key, model, cached, seconds: 0.4 }],
      path: i === 0 ? ['Rivers', 'write_query'] : ['Rivers'],
      start: i * 0.45,
      seconds: 0.42,
    };
  }

  /** Many at a time: the memo writes those of one turn together. */
  async #remember(key: string, value: JsonValue): Promise<void> {
    this.#puts.push(this.#memo.put(key, value));
    if (this.#puts.length >= 1000) await this.#written();
  }

  async #written(): Promise<void> {
    await Promise.all(this.#puts);
    this.#puts = [];
  }

  #trainingRow(i: number): TrainingRow {
    return {
      predictor: predictors[i % 2]!,
      prompt: {
        kind: 'chat',
        messages: [
          { role: 'system', content: 'Answer the question about a river.' },
          { role: 'user', content: `Question: ${this.#text(i)}` },
        ],
        opened: 'Answer:',
      },
      completion: ` ${this.#text(i + 1)}`,
      end: null,
    };
  }

  /** @param draw other demos for every number. */
  #state(model: string, demos: number, draw = 0): ProgramState {
    const predictor = (name: string): PredictorState => ({
      instructions:
        demos === 0
          ? `Answer the question about a river (${name}).`
          : `Answer briefly and name the river. ${this.#text(demos)}`,
      demos: Array.from({ length: demos }, (_, i) => ({
        fields: { question: `Where does river ${i + draw} begin? ${this.#text(i)}`, answer: this.#text(i + draw + 1) },
        augmented: i % 2 === 0,
      })),
      model,
    });
    return { predictors: Object.fromEntries(predictors.map((name) => [name, predictor(name)])) };
  }

  /** The words of a metric. */
  #feedback(example: number, score: number): string {
    if (score === 1) return 'Right.';
    return `Wrong: the river is ${this.#text(example + 1)}.\nThe passages name it, in their second sentence.`;
  }

  #text(i: number): string {
    return this.#options.texts[i % this.#options.texts.length]!;
  }

  /** 1 with the probability given, else 0; the same each time. */
  #draw(right: number): number {
    this.#random = (this.#random * 48271) % 2147483647;
    return this.#random / 2147483647 < right ? 1 : 0;
  }

  #tell(event: RunEvent): void {
    this.#log.append(event);
  }
}

function withInstructions({ predictors }: ProgramState, instructions: Readonly<Record<string, string>>): ProgramState {
  const entries = Object.entries(predictors).map(([name, state]) => [
    name,
    { ...state, instructions: instructions[name] ?? state.instructions },
  ]);
  return { predictors: Object.fromEntries(entries) as ProgramState['predictors'] };
}

function added({ calls, cached, inputTokens, outputTokens, usd }: Usage, hit: boolean): Usage {
  if (hit) return { calls, cached: cached + 1, inputTokens, outputTokens, usd };
  return {
    calls: calls + 1,
    cached,
    inputTokens: (inputTokens ?? 0) + 212,
    outputTokens: (outputTokens ?? 0) + 14,
    usd: (usd ?? 0) + 0.00005,
  };
}

function usageOf(calls: number): Usage {
  return {
    calls,
    cached: Math.floor(calls / 5),
    inputTokens: calls * 212,
    outputTokens: calls * 14,
    usd: calls * 5e-5,
  };
}

function scoreOf(sum: number, n: number, failed: number): Score {
  const p = sum / Math.max(1, n);
  const half = 196 * Math.sqrt((p * (1 - p)) / Math.max(1, n));
  return { score: 100 * p, low: Math.max(0, 100 * p - half), high: Math.min(100, 100 * p + half), n, failed };
}

async function writeData({ workspace, dev, test, texts }: Required<SampleOptions>) {
  const write = async (name: string, rows: number) => {
    const lines = Array.from({ length: rows }, (_, i) => {
      const text = texts[i % texts.length]!;
      return `${JSON.stringify({ question: `Which river is row ${i} about? ${text}`, answer: text })}\n`;
    }).join('');
    const file = join(workspace, name);
    await writeFile(file, lines);
    return { file, sha256: createHash('sha256').update(lines).digest('hex') };
  };
  return {
    train: await write('train.jsonl', 100),
    dev: await write('dev.jsonl', dev),
    test: await write('test.jsonl', test),
  };
}
