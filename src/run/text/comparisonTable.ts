/** The paper's table (Table 1) of a comparison, for a terminal and as Markdown. */
import type { Comparison, ComparisonCell, ComparisonRow, Lattice, Mean } from '../../comparison.ts';
import { comparisonRows, comparisonTotals } from '../../comparison.ts';
import { markdownText } from '../code/markdown.ts';
import { joined, onScreen, screenLines } from './screenText.ts';
import type { ScreenText } from './screenText.ts';
import { plainTable } from './table.ts';
import {
  brief,
  count,
  dollars,
  duration,
  fromText,
  percent,
  plural,
  short,
  startName,
  stepName,
} from '../../view/words.ts';

type Split = 'dev' | 'test';

/** Rows are strategies, columns seeds and their mean, dev and test side by side; then what there is to say about it. */
export function comparisonTable(comparison: Comparison): ScreenText {
  const { head, rows } = table(comparison);
  const lattices = comparison.lattices.map((lattice) => latticeOf(lattice, namesIn(comparison)));
  const sections = [
    onScreen`${title(comparison)}\n`,
    plainTable(head, rows),
    screenLines(notes(comparison)),
    ...lattices.flatMap((lattice) => [
      ...(lattice.rows.length === 0 ? [] : [plainTable(lattice.head, lattice.rows)]),
      onScreen`${lattice.words}\n`,
    ]),
    plainTable(runsHead, runRows(comparison), 3),
  ];
  return joined(sections, onScreen`\n`);
}

/** The same as Markdown. */
export function comparisonMarkdown(comparison: Comparison): ScreenText {
  const { head, rows } = table(comparison);
  const lattices = comparison.lattices.map((lattice) => latticeOf(lattice, namesIn(comparison)));
  const lines = [
    `**${markdownText(title(comparison))}**`,
    '',
    ...markdownTable(head, rows, 1),
    '',
    ...notes(comparison).map((note) => `- ${markdownText(note)}`),
    '',
    ...lattices.flatMap((lattice) => [
      ...(lattice.rows.length === 0 ? [] : [...markdownTable(lattice.head, lattice.rows, 1), '']),
      markdownText(lattice.words),
      '',
    ]),
    ...markdownTable(runsHead, runRows(comparison), 3),
  ];
  return screenLines(lines);
}

type Name = (prefix: string) => string;

const namesIn =
  ({ from }: Comparison): Name =>
  (prefix) =>
    stepName(prefix, startName(from));

interface LatticeTable {
  readonly head: readonly string[];
  /** None: nothing of it was measured. */
  readonly rows: readonly (readonly string[])[];
  readonly words: string;
}

/** Rows are prompt sets, columns weight sets, the numbers from dev. */
function latticeOf(lattice: Lattice, name: Name): LatticeTable {
  const { seed, cells, status, reason } = lattice;
  const weights = [...new Set(cells.map((cell) => cell.weights))];
  const prompts = [...new Set(cells.map((cell) => cell.prompts))];
  const at = (prompt: string, weight: string) =>
    cells.find((cell) => cell.prompts === prompt && cell.weights === weight)?.dev ?? null;
  const head = [`lattice, seed ${seed}: prompts of`, ...weights.map((weight) => `weights of ${name(weight)}`)];
  const rows = prompts.map((prompt) => [name(prompt), ...weights.map((weight) => number(at(prompt, weight)))]);
  if (status !== 'done') {
    const why = reason === undefined ? '' : `: ${reason}`;
    return { head, rows: [], words: brief(`Lattice, seed ${seed}: ${status}${why}`) };
  }
  const best = cells.find(({ key }) => key === lattice.best)!;
  const words = `Best on dev: prompts of ${name(best.prompts)}, weights of ${name(best.weights)}: dev ${number(best.dev)}, test ${number(best.test)} (run ${lattice.run}).`;
  return { head, rows, words };
}

function title({ program, model, endpoint, seeds, from }: Comparison): string {
  return `${program}, ${model} on ${endpoint}, ${plural(seeds.length, 'seed')}${fromText(from)}`;
}

function table(comparison: Comparison): { readonly head: string[]; readonly rows: string[][] } {
  const splits = splitsOf(comparison);
  const { seeds } = comparison;
  const name = namesIn(comparison);
  const columns = (split: Split) => [
    ...seeds.map((seed) => `${split} ${seed}`),
    ...(seeds.length > 1 ? [`${split} mean`] : []),
  ];
  const rows = comparisonRows(comparison).map((row) => [
    name(row.strategy),
    ...splits.flatMap((split) => scoresOf(row, split, seeds.length)),
  ]);
  return { head: ['strategy', ...splits.flatMap(columns)], rows };
}

/** Without test rows there is only dev to show. */
function splitsOf({ cells }: Comparison): readonly Split[] {
  return cells.some(({ test }) => test !== null) ? ['dev', 'test'] : ['dev'];
}

function scoresOf(row: ComparisonRow, split: Split, seeds: number): string[] {
  const cells = row.cells.map((cell) => scoreText(cell, split));
  return seeds > 1 ? [...cells, meanText(row[split])] : cells;
}

/** A dash: there is no such state. Three dots: not measured yet. */
function scoreText(cell: ComparisonCell, split: Split): string {
  const score = cell[split];
  if (score !== null) return percent(score.score);
  if (cell.status === 'done') return '–';
  return cell.status === 'failed' ? 'failed' : '…';
}

function meanText(mean: Mean | null): string {
  if (mean === null) return '–';
  return mean.deviation === null ? percent(mean.mean) : `${percent(mean.mean)} ± ${percent(mean.deviation)}`;
}

function notes(comparison: Comparison): string[] {
  return [
    'Scores are those of the final state, which the strategy ends in. The mean is over the seeds that have a score, ± their standard deviation.',
    ...intervals(comparison),
    ...reasons(comparison),
    ...whereBestDiffers(comparison),
    ...open(comparison),
    paid(comparison),
  ].map((note) => brief(note, 1000));
}

/** Scores shown to people carry an interval. */
function intervals({ cells }: Comparison): string[] {
  const parts = (['dev', 'test'] as const).flatMap((split) => {
    const scores = cells.flatMap((cell) => cell[split] ?? []);
    const half = Math.max(0, ...scores.map(({ low, high }) => (high - low) / 2));
    const n = scores[0]?.n;
    return n === undefined
      ? []
      : [`a score on ${plural(n, `${split} row`)} is known to about ±${half.toFixed(0)} points`];
  });
  return parts.length === 0 ? [] : [`95 % intervals: ${parts.join(', ')}.`];
}

/** Each reason once, with the cells that it is the reason of. */
function reasons(comparison: Comparison): string[] {
  const { cells } = comparison;
  const name = namesIn(comparison);
  const byReason = new Map<string, string[]>();
  for (const { strategy, seed, status, reason, dev } of cells) {
    if (reason === undefined || dev !== null) continue;
    const text = `${status === 'done' ? '–' : status}: ${brief(reason, 400)}`;
    byReason.set(text, [...(byReason.get(text) ?? []), `${name(strategy)} (seed ${seed})`]);
  }
  return [...byReason].map(([text, which]) => `${which.join(', ')}: ${text}`);
}

function whereBestDiffers(comparison: Comparison): string[] {
  const { cells } = comparison;
  const name = namesIn(comparison);
  const differing = cells.flatMap(({ strategy, seed, best }) =>
    best === null || best.prefix === strategy
      ? []
      : [`${name(strategy)} (seed ${seed}): ${name(best.prefix)}, dev ${number(best.dev)}, test ${number(best.test)}`],
  );
  return differing.length === 0
    ? []
    : [`Best on dev is an earlier state (ties go to the earlier) in: ${differing.join('; ')}.`];
}

function open({ cells, status, stopped }: Comparison): string[] {
  const left = cells.filter((cell) => cell.status !== 'done').length;
  if (left === 0) return [];
  const lines = [`${left} of ${plural(cells.length, 'cell')} not done; the same command goes on with them.`];
  if (status === 'stopped' && stopped !== null) lines.unshift(`stopped (${stopped.reason}): ${stopped.message}`);
  const rest = restInWords(stopped);
  return rest === null ? lines : [...lines, rest];
}

/** What the cells that are left would take. */
export function restInWords(stopped: Comparison['stopped']): string | null {
  if (stopped?.reason !== 'budget') return null;
  const { rest } = stopped;
  if (rest === null) return 'What the rest would take cannot be estimated yet.';
  const { calls, usd, jobs } = rest;
  const cost = usd === null || usd.most === 0 ? '' : `, ${dollars(usd.expected)} (at most ${dollars(usd.most)})`;
  return (
    `The rest would take about ${short(calls.expected)} calls (at most ${short(calls.most)})${cost} and ` +
    `${plural(jobs, 'training job')}; what the memo knows of them is free.`
  );
}

function paid(comparison: Comparison): string {
  const { usage, seconds } = comparisonTotals(comparison);
  const { calls, cached, usd } = usage;
  const cost = usd === null || usd === 0 ? '' : `, ${dollars(usd)}`;
  return `${plural(calls, 'call')} paid for, ${count(cached)} from the memo${cost}; ${duration(seconds)} in all. Comparison ${comparison.id}.`;
}

const runsHead = ['strategy', 'seed', 'run', 'paid', 'from memo', 'seconds'];

/** The runs behind the cells. */
function runRows(comparison: Comparison): string[][] {
  const { cells } = comparison;
  const name = namesIn(comparison);
  return cells.map(({ strategy, seed, run, usage, seconds }) => [
    name(strategy),
    String(seed),
    run ?? '–',
    usage === null ? '–' : count(usage.calls),
    usage === null ? '–' : count(usage.cached),
    seconds === 0 ? '–' : seconds.toFixed(1),
  ]);
}

function number(value: number | null): string {
  return value === null ? '–' : percent(value);
}

function markdownTable(head: readonly string[], rows: readonly (readonly string[])[], left: number): string[] {
  const line = (cells: readonly string[]) => `| ${cells.map(markdownText).join(' | ')} |`;
  const rule = head.map((_, i) => (i < left ? '---' : '---:'));
  return [line(head), `| ${rule.join(' | ')} |`, ...rows.map(line)];
}
