/** The works of `npm run bench -- dspy`: programs in both languages, rows, and how they are optimized. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface Work {
  readonly name: string;
  readonly what: 'evaluate' | 'search' | 'together';
  readonly program: 'iris' | 'gsm8k' | 'twoHop';
  /** Of 100 answers of the base model, how many are right without demos, and with. */
  readonly right: readonly [number, number];
  readonly latencyMs: number;
  readonly inFlight: number;
  readonly train: number;
  /** Rows that states are scored on between steps. */
  readonly dev: number;
  readonly t: number;
  readonly v: number;
  /** Calls of a program run; each waits for the one before. */
  readonly hops: number;
  /** Calls that wait for each other at least, besides what the endpoint can take at once. */
  readonly chain: number;
}

const none = { train: 10, t: 4, v: 6 };
const paper = { train: 350, t: 100, v: 250, dev: 8 };

/** Sizes and settings as in reference measurements of DSPy 3.4.1: 6 candidates of up to 3 demos. */
export const works: Readonly<Record<string, Work>> = {
  evaluate: {
    ...none,
    name: 'Evaluate 1,000 Iris',
    what: 'evaluate',
    program: 'iris',
    right: [60, 60],
    latencyMs: 50,
    inFlight: 64,
    dev: 1000,
    hops: 1,
    chain: 1,
  },
  evaluateAtOnce: {
    ...none,
    name: 'Evaluate 1,000 Iris, no latency',
    what: 'evaluate',
    program: 'iris',
    right: [60, 60],
    latencyMs: 0,
    inFlight: 64,
    dev: 1000,
    hops: 1,
    chain: 1,
  },
  search: {
    ...paper,
    name: 'BFRS on GSM8K 100/250',
    what: 'search',
    program: 'gsm8k',
    right: [55, 70],
    latencyMs: 50,
    inFlight: 32,
    hops: 1,
    chain: 2,
  },
  rare: {
    ...paper,
    name: 'the same, 9 % of bootstraps succeed',
    what: 'search',
    program: 'gsm8k',
    right: [9, 9],
    latencyMs: 50,
    inFlight: 32,
    hops: 1,
    chain: 2,
  },
  together: {
    name: 'p -> w -> p, two hops, 1,000 rows',
    what: 'together',
    program: 'twoHop',
    right: [30, 45],
    latencyMs: 50,
    inFlight: 32,
    train: 1000,
    dev: 100,
    t: 100,
    v: 250,
    hops: 2,
    chain: 14,
  },
};

export const search = { candidates: 6, maxBootstrappedDemos: 3, maxLabeledDemos: 3 } as const;
/** `"stopping"` of p, as in `bettertogether.json`, by `BENCH_STOPPING`; left out: it is exact. */
export const stopping: unknown =
  process.env['BENCH_STOPPING'] === undefined ? undefined : JSON.parse(process.env['BENCH_STOPPING']);
export const sampling = { temperature: 0.1, topP: 0.97, maxTokens: 256 } as const;

const examples = fileURLToPath(new URL('../examples', import.meta.url));

const twoHop = {
  ts: `import { ChainOfThought, Module } from 'bettertogether';

export class TwoHop extends Module {
  look = new ChainOfThought('question -> query');
  say = new ChainOfThought('context, question -> answer');

  async forward({ question }: { question: string }) {
    const { query } = await this.look({ question });
    return this.say({ context: ['A passage about ' + query, 'Another one'], question });
  }
}
`,
  py: `import dspy


class TwoHop(dspy.Module):
    def __init__(self):
        super().__init__()
        self.look = dspy.ChainOfThought('question -> query')
        self.say = dspy.ChainOfThought('context, question -> answer')

    def forward(self, question):
        query = self.look(question=question).query
        return self.say(context=['A passage about ' + query, 'Another one'], question=question)
`,
} as const;

const programs = {
  iris: { export: 'Iris', inputs: ['petal_length', 'petal_width', 'sepal_length', 'sepal_width'] },
  gsm8k: { export: 'GSM8K', inputs: ['question'] },
  twoHop: { export: 'TwoHop', inputs: ['question'] },
} as const;

/** What the Python driver of native DSPy is told, besides the work itself. */
export interface WorkFiles {
  readonly folder: string;
  /** `file#export`. */
  readonly program: string;
  readonly inputs: readonly string[];
}

/** A workspace for one run of `work`, in the language of `extension`. */
export function writeWork(work: Work, extension: 'ts' | 'py', baseURL: string): WorkFiles {
  const folder = mkdtempSync(join(tmpdir(), 'bettertogether-bench-'));
  const { export: name, inputs } = programs[work.program];
  if (work.program === 'twoHop') writeFileSync(join(folder, `program.${extension}`), twoHop[extension]);
  else cpSync(join(examples, work.program, `program.${extension}`), join(folder, `program.${extension}`));
  mkdirSync(join(folder, 'data'));
  for (const split of ['train', 'dev'] as const) {
    const rows = Array.from({ length: work[split] }, (_, i) => row(work, split === 'train' ? i : 10_000 + i));
    writeFileSync(join(folder, 'data', `${split}.jsonl`), rows.map((each) => JSON.stringify(each)).join('\n'));
  }
  const entry = {
    program: `program.${extension}#${name}`,
    metric: 'exactMatch:answer',
    train: 'data/train.jsonl',
    dev: 'data/dev.jsonl',
    inputs,
    endpoint: 'fake',
    model: 'base',
    strategy: { evaluate: 'vanilla', search: 'p', together: 'p -> w -> p' }[work.what],
    sampling,
    p: { ...search, train: work.t, validation: work.v, ...(stopping === undefined ? {} : { stopping }) },
  };
  const fake = { kind: 'openai', baseURL, concurrency: work.inFlight, fineTune: { pollSeconds: 0.05 } };
  const config = { programs: { bench: entry }, endpoints: { fake } };
  writeFileSync(join(folder, 'bettertogether.json'), JSON.stringify(config));
  return { folder, program: entry.program, inputs };
}

const questions = lines('gsm8k').map(({ question }) => String(question));
const irises = lines('iris');

/** Real rows, told apart by a number; the fake endpoint's `student` reads the rest from the prompt. */
function row({ program, right }: Work, id: number): Readonly<Record<string, string>> {
  const mark = `#${id}/${right.join('/')}`;
  const answer = String(id);
  if (program === 'iris') {
    const { petal_length, petal_width, sepal_length, sepal_width } = irises[id % irises.length]!;
    return { petal_length: `${petal_length} ${mark}`, petal_width, sepal_length, sepal_width, answer } as Record<
      string,
      string
    >;
  }
  return { question: `${questions[id % questions.length]} ${mark}`, answer };
}

function lines(name: string): readonly Readonly<Record<string, string>>[] {
  const text = readFileSync(join(examples, name, 'train.jsonl'), 'utf8');
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, string>);
}
