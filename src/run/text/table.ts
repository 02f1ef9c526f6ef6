import Table from 'cli-table3';
import type { RunResult, Score, Usage } from '../../protocol.ts';
import type { RunView, StepView } from '../runView.ts';
import { count, duration, harmless, plural, short, stepName } from './words.ts';

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

/** A table without lines, columns as wide as they need; no colours, so that it can be piped. */
export function plainTable(head: readonly string[], rows: readonly (readonly string[])[], left = 1): string {
  const table = new Table({
    head: [...head],
    chars: noBorder,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
    colAligns: head.map((_, i) => (i < left ? 'left' : 'right')),
  });
  table.push(...rows.map((row) => [...row]));
  return `${table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')}\n`;
}

/** What a run reached so far: a row a step, then what to make of it. */
export function resultTable(view: RunView, result: RunResult | null = view.result): string {
  const rows = view.steps.map((step) => stepRow(step, result));
  const table = plainTable(['step', 'dev %', 'test %', 'calls', 'from memo', 'tokens', 'seconds', ''], rows);
  return `${table}\n${[...reasons(view), ...verdict(result), ...smallPrint(view), ...paid(view, result)].join('\n')}\n`;
}

function stepRow(step: StepView, result: RunResult | null): string[] {
  const usage = stepUsage(step);
  const seconds = stepSeconds(step);
  const ran = usage !== null;
  return [
    stepName(step.prefix),
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
  return score === null || score === undefined ? '–' : score.toFixed(1);
}

/** `81.1 (75.0–86.0)`. */
export function withInterval({ score, low, high }: Score): string {
  return `${score.toFixed(1)} (${low.toFixed(1)}–${high.toFixed(1)})`;
}

/** A step and its evaluations together; `null` when nothing of it was run. */
function stepUsage(step: StepView): Usage | null {
  const parts = [step.usage, ...Object.values(step.evaluations).map(({ usage }) => usage)];
  const known = parts.filter((usage) => usage !== null);
  return known.length === 0 ? null : known.reduce(addUsage);
}

function addUsage(a: Usage, b: Usage): Usage {
  const both = (x: number | null, y: number | null): number | null => (x === null || y === null ? null : x + y);
  return {
    calls: a.calls + b.calls,
    cached: a.cached + b.cached,
    inputTokens: both(a.inputTokens, b.inputTokens),
    outputTokens: both(a.outputTokens, b.outputTokens),
    usd: both(a.usd, b.usd),
  };
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
function reasons(view: RunView): string[] {
  return view.steps.flatMap(({ prefix, status, reason }) =>
    status === 'skipped' ? [`${stepName(prefix)}: – ${harmless(reason ?? 'was not run')}`] : [],
  );
}

function verdict(result: RunResult | null): string[] {
  if (result === null) return [];
  const { final, best } = result;
  if (final === best) return [`final and best on dev: ${stepName(final)}`];
  return [
    `final (what the algorithm returns, the last state reached): ${stepName(final)}; ` +
      `best on dev: ${stepName(best)} (\`bettertogether export ${result.run} --best\`)`,
  ];
}

/** Few rows make wide intervals: 40 rows are noise (DESIGN section 5). */
function smallPrint(view: RunView): string[] {
  const lines = (['dev', 'test'] as const).flatMap((split) => {
    const scores = view.steps.flatMap((step) => step.evaluations[split]?.score ?? []);
    const half = Math.max(0, ...scores.map(({ low, high }) => (high - low) / 2));
    const n = scores[0]?.n;
    return n === undefined || half < 3
      ? []
      : [`${n} ${split} rows: a score is known to about ±${Math.round(half)} points`];
  });
  return lines.length === 0
    ? []
    : [`95 % intervals in brackets. ${lines.join('; ')}; smaller differences may be chance.`];
}

function paid(view: RunView, result: RunResult | null): string[] {
  if (result === null) return [];
  const { calls, cached, usd } = result.usage;
  const trainedNow = view.steps.some(({ job }) => job !== null && job.status === 'succeeded' && !job.cached);
  if (calls === 0 && !trainedNow) {
    return [`nothing had to be paid again: ${plural(cached, 'call')} answered from the memo, no job started`];
  }
  const cost = usd === null || usd === 0 ? '' : `, $${usd.toFixed(4)}`;
  return [
    `${plural(calls, 'call')} paid for, ${count(cached)} from the memo${cost}; ${duration(result.seconds)} in all`,
  ];
}
