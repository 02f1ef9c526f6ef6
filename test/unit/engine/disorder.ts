/** Whole optimizations by the engine whose four interfaces answer in a random order, and fail here and there. */
import type { JsonValue } from '../../../src/base/json.ts';
import { contentHash } from '../../../src/base/contentHash.ts';
import type { LmAnswer, LmCall, Rollout } from '../../../src/data/lm.ts';
import type { ProgramOutcome, TrainingRow } from '../../../src/data/trace.ts';
import { Budget } from '../../../src/engine/budget.ts';
import { CallRejected, EndpointUnavailable } from '../../../src/engine/errors.ts';
import type { CallLm, JobStatus, RowRequest, RunRequest, TrainingJob } from '../../../src/engine/interfaces.ts';
import { Optimization } from '../../../src/engine/optimize.ts';
import type { FewShotSettings } from '../../../src/engine/optimizers/fewShot/settings.ts';
import { PythonRandom } from '../../../src/engine/pythonRandom.ts';
import { stateHash } from '../../../src/engine/state.ts';
import { UsageMeter } from '../../../src/engine/usage.ts';
import { examples, FakeJournal, FakeLm, FakeProgram, FakeSurroundings, FakeTrainer, twoPredictors } from './fakes.ts';
import { settingsOf } from './settingsOf.ts';

/** How an optimization is disturbed. None of it may show in what it finds. */
export interface Way {
  readonly name: string;
  readonly inFlight: number;
  /** Share of calls at which the endpoint is gone: the run stops there, and is resumed. */
  readonly gone: number;
}

export const ways: readonly Way[] = [
  { name: 'one in flight', inFlight: 1, gone: 0 },
  { name: '7 in flight', inFlight: 7, gone: 0 },
  { name: '256 in flight', inFlight: 256, gone: 0 },
  { name: '7 in flight, resumed', inFlight: 7, gone: 0.01 },
  { name: '256 in flight, resumed', inFlight: 256, gone: 0.01 },
];

/** What an optimization is for: the same whatever happened on the way. */
export interface Found {
  readonly prefix: string;
  readonly state: string | null;
  readonly dev: number | null;
  readonly test: number | null;
  readonly failed: number | null;
}

/** Lets those who wait go one at a time, in an order that is drawn. */
class Disorder {
  readonly #random: PythonRandom;
  readonly #waiting: (() => void)[] = [];

  constructor(seed: number) {
    this.#random = new PythonRandom(seed);
  }

  draw(share: number): boolean {
    return this.#random.random() < share;
  }

  turn(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      setImmediate(() => {
        const [next] = this.#waiting.splice(Math.floor(this.#random.random() * this.#waiting.length), 1);
        next!();
      });
    });
  }
}

class DisorderlyJournal extends FakeJournal {
  readonly #disorder: Disorder;

  constructor(memory: Map<string, JsonValue>, disorder: Disorder) {
    super(memory);
    this.#disorder = disorder;
  }

  override async recall(key: string) {
    await this.#disorder.turn();
    return super.recall(key);
  }
  override async remember(key: string, value: JsonValue) {
    await this.#disorder.turn();
    return super.remember(key, value);
  }
}

class DisorderlyLm extends FakeLm {
  readonly #disorder: Disorder;
  readonly #gone: number;

  constructor(seed: number, memo: Map<string, string>, disorder: Disorder, gone: number) {
    super(({ call, rollout }) => answerOf(seed, call, rollout), memo);
    this.#disorder = disorder;
    this.#gone = gone;
  }

  override async complete(call: LmCall, rollout: Rollout, signal: AbortSignal): Promise<LmAnswer> {
    await this.#disorder.turn();
    if (this.#disorder.draw(this.#gone)) throw new EndpointUnavailable('The endpoint is gone for a moment.');
    if (chance(seedless(call), 'rejected') < 0.03) throw new CallRejected('The prompt is too long.');
    const answer = await super.complete(call, rollout, signal);
    await this.#disorder.turn();
    return answer;
  }
}

class DisorderlyProgram extends FakeProgram {
  readonly #seed: number;
  readonly #disorder: Disorder;

  constructor(seed: number, disorder: Disorder) {
    super();
    this.#seed = seed;
    this.#disorder = disorder;
  }

  override async run(request: RunRequest, lm: CallLm, signal: AbortSignal): Promise<ProgramOutcome> {
    await this.#disorder.turn();
    if (chance(this.#seed, request.example.inputs, 'throws') >= 0.05) return super.run(request, lm, signal);
    return { prediction: null, score: 0, error: { kind: 'program', message: 'thrown' }, trace: [], seconds: 0 };
  }

  override async renderRows(requests: readonly RowRequest[]): Promise<TrainingRow[]> {
    await this.#disorder.turn();
    return super.renderRows(requests);
  }
}

class DisorderlyTrainer extends FakeTrainer {
  #disorder: Disorder | null = null;
  #polls = 0;

  under(disorder: Disorder): this {
    this.#disorder = disorder;
    return this;
  }

  override async submit(job: TrainingJob, signal: AbortSignal) {
    await this.#disorder?.turn();
    return super.submit(job, signal);
  }
  override async poll(id: string, after: string | null, signal: AbortSignal): Promise<JobStatus> {
    await this.#disorder?.turn();
    if (++this.#polls % 3 !== 0) return { state: 'running', events: [] };
    return super.poll(id, after, signal);
  }
}

/** In [0, 1), decided by what is given alone. */
function chance(...of: readonly unknown[]): number {
  return parseInt(contentHash(of as JsonValue).slice(0, 8), 16) / 2 ** 32;
}

const seedless = ({ prompt }: LmCall): string => (prompt.kind === 'chat' ? prompt.messages[0]!.content : prompt.prompt);

/** Right the more often the better the model and the more demos are shown; decided by the question alone. */
function answerOf(seed: number, call: LmCall, rollout: Rollout): string {
  const lines = seedless(call).split('\n');
  const question = lines.at(-1)!;
  const skill = 0.3 + 0.1 * (lines.length - 2) + (call.model === 'base' ? 0 : 0.2);
  return chance(seed, lines, rollout.round, rollout.repeat) < skill ? `a${question.slice(1)}` : 'wrong';
}

/** Optimizes until nothing stops it any more, and says what was found. */
export async function optimizeInDisorder(
  seed: number,
  way: Way,
  stopping: FewShotSettings['stopping'] = 'exact',
): Promise<readonly Found[]> {
  const memory = new Map<string, JsonValue>();
  const memo = new Map<string, string>();
  const trainer = new DisorderlyTrainer();
  for (let session = 0; session < 1000; session++) {
    const disorder = new Disorder(seed * 1000 + session);
    // Calls that were answered are not asked again, so the endpoint fails in ever fewer of them.
    const lm = new DisorderlyLm(seed, memo, disorder, way.gone / (1 + session / 4));
    const program = new DisorderlyProgram(seed, disorder);
    const journal = new DisorderlyJournal(memory, disorder);
    try {
      return await oneSitting({ seed, way, stopping }, { lm, program, journal, trainer: trainer.under(disorder) });
    } catch (error) {
      if (!(error instanceof EndpointUnavailable)) throw error;
    }
  }
  throw new Error('The endpoint was gone too often.');
}

interface Sitting {
  readonly seed: number;
  readonly way: Way;
  readonly stopping: FewShotSettings['stopping'];
}

async function oneSitting(
  { seed, way: { inFlight }, stopping }: Sitting,
  parts: Pick<ConstructorParameters<typeof Optimization>[0], 'lm' | 'program' | 'journal' | 'trainer'>,
): Promise<readonly Found[]> {
  const prices = { ofAnswer: () => 0, ofTraining: () => 0 };
  const optimization = new Optimization(
    {
      ...parts,
      surroundings: new FakeSurroundings(),
      gate: new Budget({ calls: null, tokens: null, usd: null }, { calls: 0, tokens: 0, usd: 0 }),
      prices,
      meter: new UsageMeter(prices),
      concurrency: inFlight,
      identity: 'identity',
    },
    settingsOf('p -> w -> p', { seed, p: { candidates: 5, stopping }, w: { rounds: 2, roundTemperature: 0.9 } }),
    { train: examples(24), dev: examples(12, 'd'), test: examples(9, 't') },
    twoPredictors,
    { signal: new AbortController().signal, onStage: () => undefined },
  );
  const stages = await optimization.run();
  return stages.map(({ prefix, state, dev, test }) => ({
    prefix,
    state: state === null ? null : stateHash(state),
    dev: dev?.score ?? null,
    test: test?.score ?? null,
    failed: dev?.failed ?? null,
  }));
}
