import Table from 'cli-table3';
import type { RunResult, Score, Usage } from '../../protocol.ts';
import { runVerdict } from '../../view/gain.ts';
import { addUsage } from '../../view/runView.ts';
import type { RunView, Split, StepView } from '../../view/runView.ts';
import { oneLine } from '../../base/visibleText.ts';
import { onScreen, screenBlock, screenLines } from './screenText.ts';
import type { ScreenText } from './screenText.ts';
import {
  brief,
  count,
  dollars,
  duration,
  errorText,
  percent,
  plural,
  short,
  startName,
  stepName,
} from '../../view/words.ts';

const noBorder = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
};

/** A table without lines, columns as wide as they need. No colours, so that it can be piped. A row is one line. */
export function plainTable(head: readonly string[], rows: readonly (readonly string[])[], left = 1): ScreenText {
  const table = new Table({
    head: head.map(oneLine),
    chars: noBorder,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
    colAligns: head.map((_, i) => (i < left ? 'left' : 'right')),
  });
  table.push(...rows.map((row) => row.map(oneLine)));
  const lines = table.toString().split('\n');
  return screenBlock(`${lines.map((line) => line.trimEnd()).join('\n')}\n`);
}

/** A step by the name it has in this run. */
type Name = (prefix: string) => string;

/** What a run reached so far: a row a step, then what to make of it. */
export function resultTable(view: RunView, result: RunResult | null = view.result): ScreenText {
  const name: Name = (prefix) => stepName(prefix, startName(view.started?.from));
  const cutOff = cutOffUsage(view);
  const rows = [...view.steps.map((step) => stepRow(step, result, name)), ...cutOffRow(cutOff)];
  const table = plainTable(['step', 'dev %', 'test %', 'calls', 'from memo', 'tokens', 'seconds', ''], rows);
  const lines = [
    ...reasons(view, name),
    ...failures(view, name),
    ...whichState(result, name),
    ...isItReal(view, result),
    ...smallPrint(view),
    ...(cutOff === null ? [] : ['(cut off): what earlier sessions spent on work that they did not get to the end of']),
    ...paid(view, result),
  ];
  return onScreen`${table}\n${screenLines(lines)}`;
}

function stepRow(step: StepView, result: RunResult | null, name: Name): string[] {
  const usage = stepUsage(step);
  const seconds = stepSeconds(step);
  const ran = usage !== null;
  return [
    name(step.prefix),
    scoreCell(step, 'dev', result),
    scoreCell(step, 'test', result),
    ran ? count(usage.calls) : '–',
    ran ? count(usage.cached) : '–',
    ran ? tokens(usage) : '–',
    ran ? seconds.toFixed(1) : '–',
    marks(step.prefix, result),
  ];
}

function scoreCell(step: StepView, split: 'dev' | 'test', result: RunResult | null): string {
  const evaluation = step.evaluations[split];
  if (evaluation !== undefined && step.status !== 'skipped') return withInterval(evaluation.score);
  const score = result?.scores[step.prefix]?.[split];
  return score === null || score === undefined ? '–' : percent(score);
}

/** `81.1 (75.0–86.0)`. */
export function withInterval({ score, low, high }: Score): string {
  return `${percent(score)} (${percent(low)}–${percent(high)})`;
}

/** A step and its evaluations together; `null` when nothing of it was run. */
function stepUsage(step: StepView): Usage | null {
  const parts = [step.usage, ...Object.values(step.evaluations).map(({ usage }) => usage)];
  const known = parts.filter((usage) => usage !== null);
  return known.length === 0 ? null : known.reduce(addUsage);
}

/** What a run that was resumed took besides what its rows say; `null`: they say all of it. */
function cutOffUsage(view: RunView): Usage | null {
  const known = view.steps.flatMap((step) => stepUsage(step) ?? []);
  if (view.started?.resumed !== true) return null;
  const { usage } = view;
  const rest = (key: keyof Usage): number | null =>
    known.reduce<number | null>((left, each) => {
      const one = each[key];
      return left === null || one === null ? null : left - one;
    }, usage[key]);
  const [calls, cached] = [Math.max(0, rest('calls') ?? 0), Math.max(0, rest('cached') ?? 0)];
  if (calls === 0 && cached === 0) return null;
  return { calls, cached, inputTokens: rest('inputTokens'), outputTokens: rest('outputTokens'), usd: rest('usd') };
}

function cutOffRow(usage: Usage | null): string[][] {
  if (usage === null) return [];
  return [['(cut off)', '–', '–', count(usage.calls), count(usage.cached), tokens(usage), '–', '']];
}

function stepSeconds(step: StepView): number {
  return Object.values(step.evaluations).reduce((sum, { seconds }) => sum + seconds, step.seconds ?? 0);
}

function tokens({ inputTokens, outputTokens }: Usage): string {
  return inputTokens === null || outputTokens === null ? 'unknown' : short(inputTokens + outputTokens);
}

function marks(prefix: string, result: RunResult | null): string {
  if (result === null) return '';
  return [prefix === result.final ? 'final' : '', prefix === result.best ? 'best' : ''].filter(Boolean).join(', ');
}

/** Why a cell has a dash. */
function reasons({ steps, started }: RunView, name: Name): string[] {
  const skipped = steps.flatMap(({ prefix, status, reason }) =>
    status === 'skipped' ? [`${name(prefix)}: – ${brief(reason ?? 'was not run')}`] : [],
  );
  return started?.splits.test === null ? [...skipped, 'test: – the program names no rows under "test"'] : skipped;
}

/** Rows that failed count as 0: a score that is low for their sake says nothing about the program. */
function failures({ steps, started }: RunView, name: Name): string[] {
  const splits: readonly Split[] = ['dev', 'test'];
  const lines = steps.flatMap(({ prefix, evaluations, failing }) =>
    splits.flatMap((split) => {
      const { n = 0, failed = 0 } = evaluations[split]?.score ?? {};
      if (failed === 0) return [];
      const first = failing[split];
      const why = first === undefined ? '' : `; the first, row ${first.example + 1}: ${errorText(first.error)}`;
      return [`${name(prefix)}: ${failed} of ${plural(n, `${split} row`)} failed${why}`];
    }),
  );
  if (lines.length === 0 || started === null) return lines;
  return [...lines, `\`bettertogether show ${started.run} --failures\` lists them`];
}

function isItReal(view: RunView, result: RunResult | null): string[] {
  const verdict = runVerdict(view, result?.best ?? null);
  return verdict === null ? [] : [verdict.text];
}

function whichState(result: RunResult | null, name: Name): string[] {
  if (result === null) return [];
  const { final, best } = result;
  if (final === best) return [`final and best on dev: ${name(final)}`];
  return [
    `final (what the algorithm returns, the last state reached): ${name(final)}; ` +
      `best on dev: ${name(best)} (\`bettertogether export ${result.run} --best\`)`,
  ];
}

/** Few rows make wide intervals: 40 rows are noise. */
function smallPrint(view: RunView): string[] {
  const lines = (['dev', 'test'] as const).flatMap((split) => {
    const scores = view.steps.flatMap((step) => step.evaluations[split]?.score ?? []);
    const half = Math.max(0, ...scores.map(({ low, high }) => (high - low) / 2));
    const n = scores[0]?.n;
    return n === undefined || half < 3
      ? []
      : [`${n} ${split} rows: a score is known to about ±${Math.round(half)} points`];
  });
  return lines.length === 0 ? [] : [`95 % intervals in brackets. ${lines.join('; ')}.`];
}

function paid(view: RunView, result: RunResult | null): string[] {
  if (result === null) return [];
  const { calls, cached, usd } = result.usage;
  const trainedNow = view.steps.some(({ job }) => job !== null && job.status === 'succeeded' && !job.cached);
  if (calls === 0 && !trainedNow) {
    return [`nothing had to be paid again: ${plural(cached, 'call')} answered from the memo, no job started`];
  }
  const cost = usd === null || usd === 0 ? '' : `, ${dollars(usd)}`;
  const more = Math.max(0, view.countedCalls - calls);
  const uncounted = more === 0 ? '' : ` and at most ${count(more)} more, cut off or without an answer`;
  return [
    `${plural(calls, 'call')} paid for${uncounted}, ${count(cached)} from the memo${cost}; ${duration(result.seconds)} in all`,
  ];
}
