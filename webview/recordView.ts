/** A comparison: the paper's table of strategies × seeds, and what it took. */
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { comparisonRows, comparisonTotals } from '../src/comparison.ts';
import type { Comparison, ComparisonCell, ComparisonRow, Lattice, Mean } from '../src/comparison.ts';
import type { CompareActions } from './compareController.ts';
import type { CompareKept } from './compareModel.ts';
import { count, dollars, duration, percent, short, startName, stepName } from '../src/view/words.ts';
import { choice, facts, progressBar } from './parts.ts';

const statusName = { running: 'Running', finished: 'Finished', stopped: 'Stopped' } as const;

export function recordView(record: Comparison, kept: CompareKept, actions: CompareActions): TemplateResult {
  const { usage, seconds } = comparisonTotals(record);
  const done = record.cells.filter(({ status }) => status === 'done').length;
  const { budget } = record;
  return html`<section aria-label="Strategies and seeds">
    ${facts([
      ['Status', statusName[record.status]],
      record.status === 'finished' ? null : ['Cells', progressBar(done, record.cells.length, 'done')],
      ['Calls', `${count(usage.calls)} paid${capOf(budget.calls)}, ${count(usage.cached)} from the memo`],
      ['Cost', `${dollars(usage.usd)}${budget.usd === null ? '' : ` of at most ${dollars(budget.usd)}`}`],
      ['Time', duration(seconds)],
    ])}
    ${stopped(record)}
    <table class="strategies">
      <caption>
        Test score of the state that each strategy ends in (dev score where there are no test rows), per cent
      </caption>
      <thead>
        <tr>
          <th scope="col">Strategy</th>
          ${record.seeds.map((seed) => html`<th scope="col" class="number">Seed ${seed}</th>`)}
          <th scope="col" class="number">Mean</th>
          <th scope="col" class="number">Mean on dev</th>
        </tr>
      </thead>
      <tbody>
        ${rows(record).map(({ row, best }) => strategyRow(row, record, best, actions))}
      </tbody>
    </table>
    ${record.lattices.map((one) => lattice(one, record.from))} ${seedChoice(record, kept, actions)}
  </section>`;
}

const capOf = (cap: number | null): string => (cap === null ? '' : ` of at most ${count(cap)}`);

function stopped({ stopped: why }: Comparison): TemplateResult | typeof nothing {
  if (why === null) return nothing;
  const left = why.rest === null ? '' : ` What is left takes about ${short(why.rest.calls.expected)} calls.`;
  return html`<p class="message bad" role="alert">Stopped (${why.reason}): ${why.message}${left}</p>`;
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
    const words = status === 'done' ? '–' : status;
    return html`<span class=${status === 'failed' ? 'bad' : 'muted'} title=${reason ?? ''}>${words}</span>
      ${reason === undefined ? nothing : html`<span class="hidden">${reason}</span>`}`;
  }
  const interval = `95 % interval ${percent(score.low)} to ${percent(score.high)}, ${score.n} rows`;
  const text = html`${percent(score.score)}`;
  if (run === null) return html`<span title=${interval}>${text}</span>`;
  return html`<button
    type="button"
    class="link"
    title=${`${interval}; opens the run`}
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
      Seed ${seed}: prompts of one state (rows) with the weights of another (columns), on
      dev${reason === undefined ? '' : `; ${reason}`}
    </caption>
    <thead>
      <tr>
        <th scope="col">Prompts</th>
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
  return html`<h2>Side by side</h2>
    ${
      seeds.length < 2
        ? nothing
        : html`<div class="toolbar" role="group" aria-label="Seed">
            ${choice('Seed', options, String(chosen), (value) => actions.keep({ seed: Number(value) }))}
          </div>`
    }`;
}
