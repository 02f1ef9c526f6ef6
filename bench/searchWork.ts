/** The works of `npm run bench -- optimizers`: DSPy programs, rows that rules label, and how instructions are searched. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PythonRandom } from '../src/engine/pythonRandom.ts';
import { labelOf } from '../test/fakes/ruleScript.ts';

export interface SearchWork {
  readonly optimizer: Optimizer;
  readonly program: ProgramName;
  /** Whether candidates are compared on the rows that are learned from, as DSPy does it without a `valset`. */
  readonly rows: 'apart' | 'shared';
  readonly latencyMs: number;
  readonly seed: number;
}
export type Optimizer = 'gepa' | 'mipro';

/** Rows to learn from and to validate on, by optimizer; MIPROv2 has enough of them for minibatches. */
export const rowsOf: Readonly<Record<Optimizer, { readonly train: number; readonly validation: number }>> = {
  gepa: { train: 30, validation: 30 },
  mipro: { train: 30, validation: 100 },
};
/** Rows that results are scored on, and kinds of rows. */
export const sizes = { dev: 100, rules: 8 } as const;

/** GEPA's budget is what DSPy's `auto="light"` makes of these validation rows and one predictor. */
export const gepaSettings = { rollouts: 500, minibatch: 3 } as const;
/**
 * Our budget holds, while DSPy begins its last iteration with one run left. In this one we do the same iterations: the most
 * that DSPy's may come to.
 */
export const ourRollouts = gepaSettings.rollouts - 1 + 2 * gepaSettings.minibatch + rowsOf.gepa.validation;
const steps = {
  gepa: { rollouts: ourRollouts, minibatch: gepaSettings.minibatch },
  mipro: { auto: 'light' },
} as const;
/** Of rows that are shared; their number makes no difference here. */
const folds = 5;
export const inFlight = 32;
export const sampling = { temperature: 0.7, topP: 1, maxTokens: 1000 } as const;

const programs = {
  onePredictor: `import dspy


class Program(dspy.Module):
    def __init__(self):
        super().__init__()
        self.decide = dspy.Predict(dspy.Signature('text -> label', 'Label the text.'))

    def forward(self, text):
        return self.decide(text=text)
`,
  twoPredictors: `import dspy


class Program(dspy.Module):
    def __init__(self):
        super().__init__()
        self.look = dspy.Predict(dspy.Signature('text -> note', 'Note what matters.'))
        self.decide = dspy.Predict(dspy.Signature('text, note -> label', 'Label the text.'))

    def forward(self, text):
        return self.decide(text=text, note=self.look(text=text).note)
`,
} as const;
export type ProgramName = keyof typeof programs;

/** Metrics for both sides: GEPA's says what was wrong, MIPROv2's gives a score alone. */
const metrics: Readonly<Record<Optimizer, string>> = {
  mipro: `def metric(example, prediction, trace=None):
    return float(example.label == prediction.label)
`,
  gepa: `import re

import dspy


def metric(example, prediction, trace=None, pred_name=None, pred_trace=None):
    if example.label == prediction.label:
        return dspy.Prediction(score=1.0, feedback='Right.')
    rule = re.search(r'#\\d+/(\\d+)', example.text).group(1)
    return dspy.Prediction(score=0.0, feedback=f'It is {example.label}. Missing: rule {rule}.')
`,
};

/** A workspace of one search. */
export interface WorkFiles {
  readonly folder: string;
  /** `file#export`. */
  readonly program: string;
  readonly metric: string;
  readonly inputs: readonly string[];
  /** Numbers of the rows that are learned from and validated on, in their order; `null`: on those that are learned from. */
  readonly train: readonly number[];
  readonly validation: readonly number[] | null;
}

/** Numbers of dev's rows begin here. */
export const firstOfDev = 10_000;

export function writeWork({ optimizer, program, rows: use, seed }: SearchWork, baseURL: string): WorkFiles {
  const rows = rowsOf[optimizer];
  const shared = use === 'shared';
  const folder = mkdtempSync(join(tmpdir(), 'bettertogether-bench-'));
  const numbers = numbersFrom(0, shared ? rows.validation : rows.train + rows.validation);
  writeFileSync(join(folder, 'program.py'), programs[program]);
  writeFileSync(join(folder, 'metric.py'), metrics[optimizer]);
  mkdirSync(join(folder, 'data'));
  writeRows(join(folder, 'data', 'train.jsonl'), numbers);
  writeRows(join(folder, 'data', 'dev.jsonl'), numbersFrom(firstOfDev, sizes.dev));
  const files = { program: 'program.py#Program', metric: 'metric.py#metric', inputs: ['text'] };
  const entry = {
    ...files,
    train: 'data/train.jsonl',
    dev: 'data/dev.jsonl',
    endpoint: 'fake',
    model: 'base',
    strategy: optimizer,
    seed,
    sampling,
    steps: { [optimizer]: { kind: optimizer, ...steps[optimizer], ...(shared ? { folds } : rows) } },
  };
  const config = {
    programs: { bench: entry },
    endpoints: { fake: { kind: 'openai', baseURL, concurrency: inFlight } },
  };
  writeFileSync(join(folder, 'bettertogether.json'), JSON.stringify(config));
  // As a first step of a run gets them: the first to learn from.
  const shuffled = new PythonRandom(seed).shuffle(numbers);
  const split = { train: shuffled.slice(0, rows.train), validation: shuffled.slice(rows.train) };
  return { folder, ...files, ...(shared ? { train: shuffled, validation: null } : split) };
}

/** The rule that labels a row. */
export function ruleOf(number: number): string {
  return String(number % sizes.rules);
}

function numbersFrom(first: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, i) => first + i);
}

function writeRows(file: string, numbers: readonly number[]): void {
  const rows = numbers.map((number) => ({
    text: `Something that was written down, one of many of its kind: #${number}/${ruleOf(number)}`,
    label: labelOf(number),
    number,
  }));
  writeFileSync(file, rows.map((row) => JSON.stringify(row)).join('\n'));
}
