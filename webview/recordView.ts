/** A comparison: the paper's table of strategies × seeds, and what it took. */
import * as l10n from '../src/base/l10n.ts';
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import type { Usage } from '../src/protocol.ts';
import { comparisonRows, comparisonTotals } from '../src/comparison.ts';
import type { Comparison, ComparisonCell, ComparisonRow, Lattice, Mean } from '../src/comparison.ts';
import type { CompareActions } from './compareController.ts';
import type { CompareKept } from './compareModel.ts';
import { counted } from '../src/view/counted.ts';
import { cellStatusWord, stoppedText } from '../src/view/runRow.ts';
import { count, dollars, duration, percent, short, startName, stepName } from '../src/view/words.ts';
import { choice, facts, progressBar, wide } from './parts.ts';

const statusName = {
  running: l10n.t('Running'),
  finished: l10n.t('Finished'),
  stopped: l10n.t('Stopped'),
} as const;

export function recordView(record: Comparison, kept: CompareKept, actions: CompareActions): TemplateResult {
  const { usage, seconds } = comparisonTotals(record);
  const done = record.cells.filter(({ status }) => status === 'done').length;
  const { budget } = record;
  return html`<section aria-label=${l10n.t('Strategies and seeds')}>
    ${facts([
      [l10n.t('Status'), statusName[record.status]],
      record.status === 'finished' ? null : [l10n.t('Cells'), progressBar(done, record.cells.length, l10n.t('done'))],
      [l10n.t('Calls'), callsText(usage, budget.calls)],
      [l10n.t('Cost'), `${dollars(usage.usd)}${capOf(budget.usd, dollars)}`],
      [l10n.t('Time'), duration(seconds)],
    ])}
    ${stopped(record)} ${wide(l10n.t('Scores by strategy and seed'), strategiesTable(record, actions))}
    ${record.lattices.map((one) => wide(l10n.t('Prompts with weights, seed {0}', one.seed), lattice(one, record.from)))}
    ${seedChoice(record, kept, actions)}
  </section>`;
}

function strategiesTable(record: Comparison, actions: CompareActions): TemplateResult {
  return html`<table class="strategies">
    <caption>
      ${l10n.t('Test score of the state that each strategy ends in (dev score where there are no test rows), per cent')}
    </caption>
    <thead>
      <tr>
        <th scope="col">${l10n.t('Strategy')}</th>
        ${record.seeds.map((seed) => html`<th scope="col" class="number">${l10n.t('Seed {0}', seed)}</th>`)}
        <th scope="col" class="number">${l10n.t('Mean')}</th>
        <th scope="col" class="number">${l10n.t('Mean on dev')}</th>
      </tr>
    </thead>
    <tbody>
      ${rows(record).map(({ row, best }) => strategyRow(row, record, best, actions))}
    </tbody>
  </table>`;
}

const capOf = (cap: number | null, text: (value: number) => string): string =>
  cap === null ? '' : ` ${l10n.t('of at most {0}', text(cap))}`;

function callsText({ calls, cached }: Pick<Usage, 'calls' | 'cached'>, cap: number | null): string {
  return `${l10n.t('{0} paid', count(calls))}${capOf(cap, count)}, ${l10n.t('{0} from the memo', count(cached))}`;
}

function stopped({ stopped: why }: Comparison): TemplateResult | typeof nothing {
  if (why === null) return nothing;
  const left =
    why.rest === null ? '' : ` ${l10n.t('What is left takes about {0} calls.', short(why.rest.calls.expected))}`;
  return html`<p class="message bad" role="alert">${stoppedText(why)}${left}</p>`;
}

function rows(record: Comparison): readonly { readonly row: ComparisonRow; readonly best: boolean }[] {
  const all = comparisonRows(record);
  const value = ({ test, dev }: ComparisonRow): number => (test ?? dev)?.mean ?? Number.NEGATIVE_INFINITY;
  const most = Math.max(...all.map(value));
  return all.map((row) => ({ row, best: Number.isFinite(most) && value(row) === most }));
}

function strategyRow(
  { strategy, cells, dev, test }: ComparisonRow,
  { from }: Comparison,
  best: boolean,
  actions: CompareActions,
) {
  return html`<tr class=${best ? 'best' : ''}>
    <th scope="row">${stepName(strategy, startName(from))}</th>
    ${cells.map((one) => html`<td class="number">${cell(one, actions)}</td>`)}
    <td class="number">${mean(test ?? dev)}</td>
    <td class="number">${mean(dev)}</td>
  </tr>`;
}

function cell(one: ComparisonCell, actions: CompareActions): TemplateResult {
  const { run, reason, status } = one;
  const score = one.test ?? one.dev;
  if (score === null) {
    return html`<span class=${status === 'failed' ? 'bad' : 'muted'} title=${reason ?? ''}
        >${status === 'done' ? '–' : cellStatusWord[status]}</span
      >
      ${reason === undefined ? nothing : html`<span class="hidden">${reason}</span>`}`;
  }
  const interval = l10n.t(
    '95 % interval {0}',
    `${l10n.t('{0} to {1}', percent(score.low), percent(score.high))}, ${counted(score.n, 'row')}`,
  );
  const text = html`${percent(score.score)}`;
  if (run === null) return html`<span title=${interval}>${text}</span>`;
  return html`<button
    type="button"
    class="link"
    title=${`${interval}; ${l10n.t('opens the run')}`}
    @click=${() => actions.openRun(run)}
  >
    ${text}
  </button>`;
}

function mean(value: Mean | null): string {
  if (value === null) return '–';
  return `${percent(value.mean)}${value.deviation === null ? '' : ` ± ${percent(value.deviation)}`}`;
}

/** Prompts of one state with the weights of another. */
function lattice({ seed, cells, best, reason }: Lattice, from: Comparison['from']): TemplateResult {
  const start = startName(from);
  const prompts = [...new Set(cells.map((one) => one.prompts))];
  const weights = [...new Set(cells.map((one) => one.weights))];
  return html`<table class="strategies">
    <caption>
      ${l10n.t('Seed {0}: prompts of one state (rows) with the weights of another (columns), on dev', seed)}${reason === undefined ? '' : `; ${reason}`}
    </caption>
    <thead>
      <tr>
        <th scope="col">${l10n.t('Prompts')}</th>
        ${weights.map((one) => html`<th scope="col" class="number">${stepName(one, start)}</th>`)}
      </tr>
    </thead>
    <tbody>
      ${prompts.map(
        (row) =>
          html`<tr>
            <th scope="row">${stepName(row, start)}</th>
            ${weights.map((column) => {
              const found = cells.find((one) => one.prompts === row && one.weights === column);
              const dev = found?.dev ?? null;
              return html`<td class=${`number ${found !== undefined && found.key === best ? 'best' : ''}`}>
                ${dev === null ? '–' : percent(dev)}
              </td>`;
            })}
          </tr>`,
      )}
    </tbody>
  </table>`;
}

function seedChoice({ seeds }: Comparison, { seed }: CompareKept, actions: CompareActions): TemplateResult {
  const options = seeds.map((one) => ({ value: String(one), text: String(one) }));
  const chosen = seed !== null && seeds.includes(seed) ? seed : (seeds[0] ?? 0);
  return html`<h2>${l10n.t('Side by side')}</h2>
    ${
      seeds.length < 2
        ? nothing
        : html`<div class="toolbar" role="group" aria-label=${l10n.t('Seed')}>
            ${choice(l10n.t('Seed'), options, String(chosen), (value) => actions.keep({ seed: Number(value) }))}
          </div>`
    }`;
}
