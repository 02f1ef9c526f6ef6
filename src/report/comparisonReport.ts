/** The report of a comparison: the paper's table, what is clear of chance in it, and the numbers of every run. */
import * as l10n from '../base/l10n.ts';
import { html, nothing } from '../base/markup.ts';
import type { Markup } from '../base/markup.ts';
import { comparisonRows, comparisonTotals } from '../comparison.ts';
import type { Comparison, ComparisonCell, ComparisonRow, Mean } from '../comparison.ts';
import { counted } from '../view/counted.ts';
import { cellStatusWord, runStatusWord, stoppedText } from '../view/runRow.ts';
import { dollars, duration, fromText, percent, startName, stepName } from '../view/words.ts';
import { reportDocument } from './document.ts';
import { numbersOf } from './numbers.ts';
import { callsText, facts, gainCell, scoreText, table, text, tokensText } from './parts.ts';
import type { Column } from './parts.ts';
import type { ReportedCell, ReportedComparison } from './readComparison.ts';
import { gainOverSeeds } from './strategyGains.ts';

type Split = 'dev' | 'test';

/** @param made when the report is made; ISO 8601. */
export function comparisonReport({ comparison, cells, problems }: ReportedComparison, made: string): string {
  const splits = splitsOf(comparison);
  return reportDocument({
    title: l10n.t(
      '{0}: {1} with {2}',
      comparison.program,
      counted(comparison.strategies.length, 'strategy'),
      counted(comparison.seeds.length, 'seed'),
    ),
    made,
    csv: numbersOf(cells.map(({ snapshot }) => snapshot)),
    csvName: `${comparison.id}.csv`,
    body: [
      header(comparison),
      ...problems.map((problem) => html`<p class="bad">${problem}</p>`),
      ...splits.map((split) => scoresTable(comparison, split)),
      ...splits.map((split) => gainsTable(comparison, cells, split)),
      runsTable(comparison),
    ],
  });
}

function splitsOf({ cells }: Comparison): readonly Split[] {
  return cells.some(({ test }) => test !== null) ? ['test', 'dev'] : ['dev'];
}

function header(comparison: Comparison): Markup {
  const { id, program, model, endpoint, from, created, status, stopped } = comparison;
  const { usage, seconds } = comparisonTotals(comparison);
  return html`${facts([
    [l10n.t('Comparison'), id],
    [l10n.t('Program'), `${program}${fromText(from)}`],
    [l10n.t('Status'), runStatusWord[status]],
    [l10n.t('Begun'), created],
    [l10n.t('Model'), l10n.t('{0} on {1}', model, endpoint)],
    [l10n.t('Calls'), callsText(usage)],
    [l10n.t('Cost'), `${dollars(usage.usd)}, ${l10n.t('{0} tokens', tokensText(usage))}`],
    [l10n.t('Time'), duration(seconds)],
  ])}${stopped === null ? nothing : html`<p class="bad">${stoppedText(stopped)}</p>`}`;
}

const nameIn =
  ({ from }: Comparison) =>
  (strategy: string): string =>
    stepName(strategy, startName(from));

function scoresTable(comparison: Comparison, split: Split): Markup {
  const { seeds } = comparison;
  const number = true;
  const columns: readonly Column[] = [
    { head: l10n.t('Strategy') },
    ...seeds.map((seed) => ({ head: l10n.t('Seed {0}', seed), number }) as const),
    { head: l10n.t('Mean'), number },
  ];
  const name = nameIn(comparison);
  const rows = comparisonRows(comparison).map((row) => ({
    best: isBest(row, comparison, split),
    cells: [text(name(row.strategy)), ...row.cells.map((cell) => scoreText(cell[split])), meanCell(row[split])],
  }));
  return html`<h2>${split === 'test' ? l10n.t('Test scores') : l10n.t('Dev scores')}</h2>
    ${table(l10n.t('Per cent of the {0} rows, of the state that each strategy ends in; ± is the standard deviation over the seeds', split), columns, rows)}`;
}

function isBest(row: ComparisonRow, comparison: Comparison, split: Split): boolean {
  const means = comparisonRows(comparison).flatMap((each) => each[split]?.mean ?? []);
  return row[split] !== null && row[split].mean === Math.max(...means);
}

function meanCell(mean: Mean | null): Markup {
  if (mean === null) return html`<span class="muted">–</span>`;
  return html`${percent(mean.mean)}${mean.deviation === null ? nothing : html` ± ${percent(mean.deviation)}`}`;
}

/** Each strategy against each before it, over the seeds that both have. */
function gainsTable(comparison: Comparison, cells: readonly ReportedCell[], split: Split): Markup {
  const name = nameIn(comparison);
  const { strategies, seeds } = comparison;
  const rowsOf = (strategy: string, seed: number) =>
    cells.find((cell) => cell.strategy === strategy && cell.seed === seed)?.rows[split];
  const gain = (first: string, second: string) => {
    const both = seeds.flatMap((seed) => {
      const [a, b] = [rowsOf(first, seed), rowsOf(second, seed)];
      return a === undefined || b === undefined ? [] : [{ a, b }];
    });
    return gainOverSeeds(
      both.map(({ a }) => a),
      both.map(({ b }) => b),
    );
  };
  const rows = strategies.slice(1).map((strategy, i) => ({
    cells: [
      text(name(strategy)),
      ...strategies.slice(0, -1).map((against, j) => (j <= i ? gainCell(gain(against, strategy)) : nothing)),
    ],
  }));
  if (rows.length === 0) return nothing;
  const columns = [
    { head: l10n.t('Strategy') },
    ...strategies
      .slice(0, -1)
      .map((against) => ({ head: l10n.t('against {0}', name(against)), number: true }) as const),
  ];
  return html`<h2>${l10n.t('Differences on {0}', split)}</h2>
    ${table(l10n.t("In points on {0}, row by row over all seeds (a row's scores of all seeds count as one), with 95 % intervals that are not corrected for the number of comparisons", split), columns, rows)}`;
}

function runsTable(comparison: Comparison): Markup {
  const number = true;
  const columns = [
    ...[
      { head: l10n.t('Strategy') },
      { head: l10n.t('Seed'), number },
      { head: l10n.t('Run') },
      { head: l10n.t('Status') },
      { head: l10n.t('Calls'), number },
    ],
    ...[
      { head: l10n.t('Cost'), number },
      { head: l10n.t('Time'), number },
    ],
  ] as const;
  const name = nameIn(comparison);
  return html`<h2>${l10n.t('Runs')}</h2>
    ${table(
      l10n.t('Cells of the comparison; steps that they share are paid for once'),
      columns,
      comparison.cells.map((cell) => ({ cells: runCells(cell, name) })),
    )}`;
}

function runCells(cell: ComparisonCell, name: (strategy: string) => string): readonly Markup[] {
  const { strategy, seed, run, status, reason, usage, seconds } = cell;
  return [
    ...[text(name(strategy)), text(seed), text(run ?? '–')],
    text(reason === undefined ? cellStatusWord[status] : `${cellStatusWord[status]}: ${reason}`),
    ...[text(usage === null ? '–' : callsText(usage)), text(usage === null ? '–' : dollars(usage.usd))],
    text(duration(seconds)),
  ];
}
