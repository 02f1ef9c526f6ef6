/**
 * A comparison: strategies × seeds of one program, every cell an ordinary run (paper, Table 1). Its record on the disk
 * (`.bettertogether/comparisons/<id>/record.json`) is all that command line, editor and webview show of it.
 */
import * as z from 'zod';
import { amountSchema } from './base/counts.ts';
import { comparedAtMost, shownCharactersAtMost } from './base/limits.ts';
import { scoreSchema, usageSchema } from './protocol.ts';

const spentSchema = z.object({ calls: amountSchema, tokens: amountSchema, usd: amountSchema });
export type Spent = z.infer<typeof spentSchema>;

const capsSchema = z.object({
  /** `null`: no cap. */
  calls: z.number().nullable(),
  tokens: z.number().nullable(),
  usd: z.number().nullable(),
});

const estimateSchema = z.object({ expected: z.number(), most: z.number() });

const comparisonCellSchema = z.object({
  /** Canonical: 'p -> w'; '' is the baseline. */
  strategy: z.string().max(shownCharactersAtMost),
  seed: z.number(),
  /**
   * `stopped`: by the budget or by a user; the same command goes on with it. `failed`: why is in `reason`; the same
   * command tries it again.
   */
  status: z.enum(['waiting', 'running', 'done', 'stopped', 'failed']),
  /** The run behind the cell; `null` before it began, and where it was not worth beginning. */
  run: z.string().nullable(),
  /** The state that the strategy ends in (`final`), measured; both `null` with a `reason` where nothing was trained on. */
  dev: scoreSchema.nullable(),
  /** `null` also where there are no test rows. */
  test: scoreSchema.nullable(),
  /** Why there are no scores: nothing to train on (the paper's dash), or what went wrong. */
  reason: z.string().exactOptional(),
  /** Key of the run's state with the best dev score, with its scores where it is not the strategy's last. */
  best: z.object({ prefix: z.string(), dev: z.number().nullable(), test: z.number().nullable() }).nullable(),
  /** What this cell's run paid, and what the memo gave it. */
  usage: usageSchema.nullable(),
  /** What of it counts against the caps. */
  spent: spentSchema,
  seconds: z.number(),
});
export type ComparisonCell = z.infer<typeof comparisonCellSchema>;

/** Every prompt set found × every weight set found with one seed: prompts of one state, weights of another. */
const latticeSchema = z.object({
  seed: z.number(),
  /** The run that measured the lattice. */
  run: z.string().nullable(),
  status: comparisonCellSchema.shape.status,
  reason: z.string().exactOptional(),
  /** Prompts first, then weights: the order in which ties are decided. */
  cells: z.array(
    z.object({
      /** `<prompts prefix> × <weights prefix>`. */
      key: z.string(),
      /** The first strategy, or prefix of one, with these prompts, and with these weights; '' is the baseline. */
      prompts: z.string(),
      weights: z.string(),
      dev: z.number().nullable(),
      /** `null` where it was not measured: of the combinations only the best is run on test. */
      test: z.number().nullable(),
    }),
  ),
  /** Key of the cell with the best dev score; the earlier wins ties. */
  best: z.string().nullable(),
  usage: usageSchema.nullable(),
  spent: spentSchema,
  seconds: z.number(),
});
export type Lattice = z.infer<typeof latticeSchema>;

export const comparisonSchema = z.object({
  v: z.literal(1),
  type: z.literal('comparison'),
  id: z.string(),
  /** ISO 8601. */
  created: z.string(),
  updated: z.string(),
  program: z.string(),
  endpoint: z.string(),
  model: z.string(),
  /** Where the state was found that every strategy starts from: a file, or `Run <id>`. */
  from: z.string().exactOptional(),
  /** Rows of the table, canonical, as they were asked for. */
  strategies: z.array(z.string()).max(comparedAtMost),
  seeds: z.array(z.number()).max(comparedAtMost),
  /** One cap over all cells, however often the comparison is gone on with. */
  budget: capsSchema,
  /** What of the question must be the same for the same comparison to go on: settings, data. */
  question: z.string(),
  /** SHA-256 of the sources of program and metric, by path; `null` before the first cell has loaded them. */
  sources: z.record(z.string(), z.string()).nullable(),
  /** `running` where no process holds the comparison's lock: its process died; the same command goes on. */
  status: z.enum(['running', 'finished', 'stopped']),
  stopped: z
    .object({
      reason: z.enum(['budget', 'cancelled', 'failed']),
      message: z.string(),
      /** What the cells that are left would take; `null` where that is not known. */
      rest: z.object({ calls: estimateSchema, usd: estimateSchema.nullable(), jobs: z.number() }).nullable(),
    })
    .nullable(),
  /** Strategies × seeds, in the order of work: seed by seed, shorter strategies first. */
  cells: z.array(comparisonCellSchema).max(comparedAtMost ** 2),
  /** One a seed, with `--lattice`. */
  lattices: z.array(latticeSchema).max(comparedAtMost),
});
export type Comparison = z.infer<typeof comparisonSchema>;

/** A row of the paper's table: one strategy, a cell a seed in the order of the seeds. */
export interface ComparisonRow {
  readonly strategy: string;
  readonly cells: readonly ComparisonCell[];
  /** Over the seeds that have a score; `null` where none has. */
  readonly dev: Mean | null;
  readonly test: Mean | null;
}

export interface Mean {
  readonly mean: number;
  /** Standard deviation over the seeds (n - 1); `null` for one seed. */
  readonly deviation: number | null;
  /** Seeds that have a score. */
  readonly seeds: number;
}

export function comparisonRows({ strategies, seeds, cells }: Comparison): readonly ComparisonRow[] {
  return strategies.map((strategy) => {
    const own = seeds.flatMap((seed) => cells.find((cell) => cell.strategy === strategy && cell.seed === seed) ?? []);
    const mean = (split: 'dev' | 'test') => meanOf(own.flatMap((cell) => cell[split]?.score ?? []));
    return { strategy, cells: own, dev: mean('dev'), test: mean('test') };
  });
}

function meanOf(values: readonly number[]): Mean | null {
  const seeds = values.length;
  if (seeds === 0) return null;
  const mean = values.reduce((sum, value) => sum + value, 0) / seeds;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: seeds === 1 ? null : Math.sqrt(squares / (seeds - 1)), seeds };
}

/** What all cells and lattices together paid, took from the memo, and count against the caps. */
export function comparisonTotals({ cells, lattices }: Comparison) {
  const parts = [...cells, ...lattices];
  const known = parts.flatMap(({ usage }) => usage ?? []);
  const sum = (pick: (usage: z.infer<typeof usageSchema>) => number | null) =>
    known.reduce<number | null>((total, usage) => plus(total, pick(usage)), 0);
  return {
    usage: {
      calls: sum(({ calls }) => calls) ?? 0,
      cached: sum(({ cached }) => cached) ?? 0,
      inputTokens: sum(({ inputTokens }) => inputTokens),
      outputTokens: sum(({ outputTokens }) => outputTokens),
      usd: sum(({ usd }) => usd),
    },
    spent: parts.reduce((total, { spent }) => addSpent(total, spent), nothingSpent),
    seconds: parts.reduce((total, { seconds }) => total + seconds, 0),
  };
}

export const nothingSpent: Spent = { calls: 0, tokens: 0, usd: 0 };

function addSpent(a: Spent, b: Spent): Spent {
  return { calls: a.calls + b.calls, tokens: a.tokens + b.tokens, usd: a.usd + b.usd };
}

function plus(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : a + b;
}
