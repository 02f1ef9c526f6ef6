import type { ProgramDescription, ProgramState } from '../../../src/data/program.ts';
import type { Plan } from '../../../src/engine/plan.ts';
import type { LoggedEvent, RunEvent, RunResult, Score, Usage } from '../../../src/protocol.ts';
import type { RunPlan } from '../../../src/run/work/request.ts';

export const usage: Usage = { calls: 4, cached: 1, inputTokens: 100, outputTokens: 10, usd: 0 };

export const scoreOf = (score: number, n = 40): Score => ({ score, low: score - 10, high: score + 9, n, failed: 0 });

const field = (name: string, prefix: string) =>
  ({ name, type: { kind: 'string' }, prefix, description: `\${${name}}` }) as const;

export const description: ProgramDescription = {
  name: 'Intents',
  language: 'typescript',
  predictors: [
    {
      name: 'classify.predict',
      signature: {
        instructions: 'Classify.',
        inputs: [field('utterance', 'Utterance:')],
        outputs: [field('reasoning', 'Reasoning:'), field('answer', 'Domain:')],
      },
      demos: [],
      frozen: false,
    },
  ],
  sources: { '/w/program.ts': 'aaa' },
};

export const state: ProgramState = {
  predictors: {
    'classify.predict': {
      instructions: 'Classify well.',
      demos: [
        { augmented: true, fields: { utterance: 'pay', reasoning: 'money', answer: 'banking' } },
        { augmented: false, fields: { utterance: 'fly', answer: 'travel' } },
      ],
      model: 'base-ft-1',
    },
  },
};

export const result: RunResult = {
  type: 'result',
  run: 'r1',
  program: 'intents',
  strategy: 'p -> w',
  seed: 0,
  scores: { '': { dev: 50, test: null }, p: { dev: 60, test: null }, 'p -> w': { dev: 80, test: null } },
  final: 'p -> w',
  best: 'p -> w',
  state: state as RunResult['state'],
  usage,
  seconds: 12,
};

/** Numbers and dates events as the log does. */
export function logged(events: readonly RunEvent[]): LoggedEvent[] {
  return events.map((event, seq) => ({
    v: 1,
    seq,
    time: new Date(Date.UTC(2026, 10, 23, 12, 0, seq)).toISOString(),
    ...event,
  }));
}

export const started: RunEvent = {
  type: 'run.started',
  run: 'r1',
  program: 'intents',
  strategy: 'p -> w',
  steps: [
    { name: 'p', kind: 'p', title: 'prompt search', changes: 'prompts' },
    { name: 'w', kind: 'w', title: 'fine-tuning', changes: 'weights' },
  ],
  seed: 0,
  endpoint: 'embedded',
  model: 'base',
  splits: { train: 148, dev: 40, test: null },
  predictors: ['classify.predict'],
  resumed: false,
};

/** A whole run: baseline, a prompt step with an early stop, a weight step. */
export const wholeRun: readonly RunEvent[] = [
  started,
  example('', 'dev', null, 0, 1),
  example('', 'dev', null, 1, 0),
  { type: 'evaluated', prefix: '', split: 'dev', score: scoreOf(50), seconds: 1, usage },
  { type: 'step.started', prefix: 'p', kind: 'p', index: 0, examples: 140 },
  candidate(0, 'zeroShot', 0),
  candidate(1, 'bootstrap', 3),
  example('p', 'validate', 0, 3, 1),
  { type: 'candidate.finished', prefix: 'p', candidate: 0, score: scoreOf(55), scored: 40, of: 40 },
  { type: 'candidate.finished', prefix: 'p', candidate: 1, score: null, scored: 12, of: 40 },
  { type: 'step.finished', prefix: 'p', kind: 'p', state: 'h1', candidate: 0, seconds: 3, usage },
  { type: 'evaluated', prefix: 'p', split: 'dev', score: scoreOf(60), seconds: 1, usage },
  { type: 'step.started', prefix: 'p -> w', kind: 'w', index: 1, examples: 148 },
  {
    type: 'rows.collected',
    prefix: 'p -> w',
    tried: 148,
    correct: 100,
    rows: 100,
    byPredictor: {},
    file: 'rows/p-w.jsonl',
  },
  { type: 'job.intended', prefix: 'p -> w', hash: 'jh', parent: 'base', rows: 100 },
  { type: 'job.submitted', prefix: 'p -> w', hash: 'jh', job: 'j-1', adopted: false },
  { type: 'job.progress', prefix: 'p -> w', job: 'j-1', message: 'step', step: 5, steps: 75, loss: 0.5 },
  { type: 'job.finished', prefix: 'p -> w', hash: 'jh', job: 'j-1', model: 'base-ft-1', cached: false, seconds: 40 },
  { type: 'step.finished', prefix: 'p -> w', kind: 'w', state: 'h2', candidate: null, seconds: 60, usage },
  { type: 'evaluated', prefix: 'p -> w', split: 'dev', score: scoreOf(80), seconds: 1, usage },
  { type: 'usage', usage: { ...usage, calls: 24 } },
  { type: 'run.finished', result },
];

/** The whole run, with what each state gained on dev: so many points, give or take `half`. */
export function runWithGains(half: number): readonly RunEvent[] {
  return wholeRun.map((event) => {
    if (event.type !== 'evaluated' || event.prefix === '') return event;
    const points = event.score.score - 50;
    return { ...event, gain: { points, low: points - half, high: points + half, n: 40, differing: 12 } };
  });
}

/** The same with test rows, on which the last state gained 5 points, give or take 20. */
export function testedToo(events: readonly RunEvent[]): readonly RunEvent[] {
  const gain = { points: 5, low: -15, high: 25, n: 40, differing: 12 };
  const at = events.findLastIndex(({ type }) => type === 'evaluated') + 1;
  const evaluated: RunEvent = {
    type: 'evaluated',
    prefix: 'p -> w',
    split: 'test',
    score: scoreOf(55),
    seconds: 1,
    usage,
    gain,
  };
  return events.toSpliced(at, 0, evaluated);
}

function candidate(number: number, source: 'zeroShot' | 'bootstrap', demos: number): RunEvent {
  return {
    type: 'candidate.started',
    prefix: 'p',
    candidate: number,
    state: `c${number}`,
    about: { source, seed: number - 3, demos, attempts: 9, correct: demos, speculative: 1 },
  };
}

export function example(
  prefix: string,
  purpose: 'dev' | 'test' | 'bootstrap' | 'validate' | 'collect' | 'rollout',
  candidateNumber: number | null,
  number: number,
  score: number,
): RunEvent {
  return {
    type: 'example',
    prefix,
    candidate: candidateNumber,
    purpose,
    example: number,
    round: 0,
    score,
    cached: number % 2 === 1,
    seconds: 0.1,
  };
}

const estimate = { expected: 1200, most: 3400 };

/** Scores a program and trains it once, at two services. */
export function runPlan(change: Partial<Plan> = {}): RunPlan {
  const step = { calls: estimate, inputTokens: estimate, outputTokens: null, usd: { expected: 0.5, most: 2 } };
  const plan = {
    sample: { runs: 5, paidCalls: 4, correct: 0.6, predictors: 1, calls: 1, inputTokens: 1, outputTokens: null },
    steps: [
      {
        ...step,
        calls: { expected: 100, most: 100 },
        prefix: '',
        work: 'score' as const,
        kind: 'score',
        title: 'score',
      },
      {
        ...step,
        prefix: 'w',
        work: 'step' as const,
        kind: 'w',
        title: 'fine-tuning',
        job: { rows: { expected: 90, most: 148 }, tokens: { expected: 900, most: 1480 }, usd: null },
      },
    ],
    ...step,
    jobs: 1,
    ...change,
  };
  const where = { promptsTo: 'api.example.com', rowsTo: 'train.example.com' };
  return { program: 'remote', strategy: 'w', plan, devRows: 12, seconds: null, ...where };
}
