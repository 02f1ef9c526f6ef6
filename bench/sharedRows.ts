/**
 * Searches for instructions in a world of rules, no LM: how good is the candidate that is chosen, where the rows that it was
 * made from are those it is chosen on. An instruction states rules, which are good for all rows, or holds rows by heart.
 */
import { createHash } from 'node:crypto';
import { mean } from '../src/engine/optimizers/gepa/search/front.ts';
import { search } from '../src/engine/optimizers/gepa/search/search.ts';
import { winnerOnSharedRows } from '../src/engine/optimizers/gepa/search/sharedRows.ts';
import type { SearchSetup, SearchTask } from '../src/engine/optimizers/gepa/search/terms.ts';

interface World {
  readonly name: string;
  readonly rows: number;
  /** Chances that a row is right without its rule, and with it. */
  readonly bare: number;
  readonly stated: number;
  /** Shares of the proposals that state a rule, and that hold the rows by heart that they were made from. */
  readonly general: number;
  readonly byHeart: number;
  /** What any row loses for each time that rows were learned by heart. */
  readonly harm: number;
}

interface Instruction {
  readonly rules: readonly number[];
  readonly rows: readonly number[];
  readonly harms: number;
  readonly wording: string;
}

const rules = 8;
const ofRules = { rows: 30, bare: 0.12, stated: 0.94, general: 0.35, byHeart: 0, harm: 0 };
const worlds: readonly World[] = [
  { name: '30 rows, all proposals general', ...ofRules },
  { name: '30 rows, half by heart', ...ofRules, byHeart: 0.35, harm: 0.03 },
  { name: '30 rows, most by heart', ...ofRules, general: 0.1, byHeart: 0.7, harm: 0.02 },
  { name: '30 rows, a good start', ...ofRules, bare: 0.6, byHeart: 0.35, harm: 0.03 },
  { name: '12 rows, all proposals general', ...ofRules, rows: 12 },
  { name: '12 rows, half by heart', ...ofRules, rows: 12, byHeart: 0.35, harm: 0.03 },
  { name: '60 rows, half by heart', ...ofRules, rows: 60, byHeart: 0.35, harm: 0.03 },
];
/** What a row counts that a candidate learned from; almost nothing, for there may be no others. */
const choices = { 'by the others': 1e-6, 'a quarter': undefined, 'all alike': 1 };

export async function sharedRows(): Promise<void> {
  const searches = Number(process.env['BENCH_SEARCHES'] ?? '200');
  console.log(`What the chosen candidate scores on all rows there could be, per cent, on average of ${searches} searches of GEPA's in which the rows
to learn from are those to choose on: rows that it or its ancestors learned from count nothing, a quarter (as our search has
it), or what others count (as dspy.GEPA has it without a valset); beside it the best of all candidates.
`);
  console.log(`${''.padEnd(32)}${[...Object.keys(choices), 'the best'].map((head) => head.padStart(15)).join('')}`);
  for (const world of worlds) {
    const all = await Promise.all(Array.from({ length: searches }, (_, seed) => scoresOf(world, seed)));
    const means = all[0]!.map((_, column) => 100 * mean(all.map((scores) => scores[column]!)));
    console.log(`${world.name.padEnd(32)}${means.map((score) => score.toFixed(1).padStart(15)).join('')}`);
  }
}

/** What each choice takes, and the best there is. */
async function scoresOf(world: World, seed: number): Promise<readonly number[]> {
  const shared = Array.from({ length: world.rows }, (_, row) => row);
  const first: Instruction = { rules: [], rows: [], harms: 0, wording: '' };
  const setup: SearchSetup = {
    texts: { instruction: JSON.stringify(first) },
    rows: { train: world.rows, validation: world.rows },
    minibatch: 3,
    perfectScore: 1,
    metricCalls: world.rows + 5 * (world.rows + 36),
    overshoot: false,
    merge: null,
    sharedRows: shared,
    seed,
  };
  const { pool } = await search(setup, taskOf(world, seed));
  const scores = pool.map(({ texts }) => truth(world, read(texts)));
  const chosen = Object.values(choices).map((shown) => scores[winnerOnSharedRows(pool, shared, shown)]!);
  return [...chosen, Math.max(...scores)];
}

function taskOf(world: World, seed: number): SearchTask<number> {
  return {
    evaluate: (texts, { rows }) =>
      Promise.resolve(rows.map((row) => ({ score: isRight(world, read(texts), row, seed) ? 1 : 0, trajectory: row }))),
    propose: ({ texts, outcomes }) => {
      const wrong = outcomes.filter(({ score }) => score === 0).map(({ trajectory }) => trajectory);
      const text = JSON.stringify(rewritten(world, read(texts), wrong, seed));
      return Promise.resolve({ kind: 'instruction', text });
    },
  };
}

function rewritten(
  world: World,
  { rules: known, rows, harms }: Instruction,
  wrong: readonly number[],
  seed: number,
): Instruction {
  const said = JSON.stringify([known, rows, harms, wrong, seed]);
  const unknown = wrong.map(ruleOf).filter((rule) => !known.includes(rule));
  const [which, wording] = [chance('which', said), String(chance('wording', said))];
  if (which < world.general && unknown.length > 0) return { rules: [...known, unknown[0]!], rows, harms, wording };
  if (which >= world.general && which < world.general + world.byHeart) {
    return { rules: known, rows: [...rows, ...wrong], harms: harms + 1, wording };
  }
  return { rules: known, rows, harms, wording };
}

function isRight(world: World, instruction: Instruction, row: number, seed: number): boolean {
  if (instruction.rows.includes(row)) return true;
  // Most rows are as easy under every instruction, how hard the others are depends on it.
  const isSteady = chance('steady', row, seed) < 0.75;
  return chance('hard', row, seed, isSteady ? '' : instruction) < likely(world, instruction, ruleOf(row));
}

function truth(world: World, instruction: Instruction): number {
  return mean(Array.from({ length: rules }, (_, rule) => likely(world, instruction, rule)));
}

function likely({ bare, stated, harm }: World, { rules: known, harms }: Instruction, rule: number): number {
  return Math.max(0, (known.includes(rule) ? stated : bare) - harm * harms);
}

function ruleOf(row: number): number {
  return row % rules;
}

function read(texts: Readonly<Record<string, string>>): Instruction {
  return JSON.parse(texts['instruction']!) as Instruction;
}

/** From 0 to below 1, decided by `parts`. */
function chance(...parts: readonly unknown[]): number {
  return createHash('sha256').update(JSON.stringify(parts)).digest().readUInt32BE(0) / 2 ** 32;
}
