/** Runs side by side: what each scored with its interval and cost, and the rows on which they differ. */
import * as l10n from '../src/base/l10n.ts';
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { pairedDifference } from '../src/viewProtocol/fromData.ts';
import type { Answer } from '../src/viewProtocol/answers.ts';
import type { ComparedRun, SideBySide } from '../src/viewProtocol/comparison.ts';
import type { ExampleRow } from '../src/viewProtocol/examples.ts';
import type { CompareActions } from './compareController.ts';
import { comparedPlaces, shownRuns, stepOf, subjectsOf } from './compareModel.ts';
import type { CompareModel } from './compareModel.ts';
import { shownRows } from './exampleFilter.ts';
import { filterBar } from './examplesView.ts';
import { gainDoubt } from '../src/view/gain.ts';
import { runStatusWord } from '../src/view/runRow.ts';
import { count, dollars, duration, percent, signed, startName, stepName } from '../src/view/words.ts';
import { lastCall } from './lastCall.ts';
import { valueOf } from './model.ts';
import { recordView } from './recordView.ts';
import { choice, facts, failedRows, scoreBar, scoreRange, searchField, wide } from './parts.ts';
import { scoreTable } from './scoreTable.ts';
import { toneOf } from './verdictView.ts';

export function compareView(model: CompareModel, actions: CompareActions): TemplateResult {
  const comparison = model.comparison!;
  return html`<main>
    <header>
      <h1>
        ${comparison.title}
        ${comparison.complete ? nothing : html`<span class="muted" role="status">${l10n.t('reading the logs…')}</span>`}
      </h1>
      ${facts([
        [l10n.t('Program'), [...new Set(comparison.runs.map(({ program }) => program))].join(', ')],
        [l10n.t('Metric'), comparison.metric],
        sameFact(l10n.t('Model'), comparison, ({ model: name, endpoint }) => l10n.t('{0} on {1}', name, endpoint)),
      ])}
      ${comparison.problem === null ? nothing : html`<p class="message bad" role="alert">${comparison.problem}</p>`}
    </header>
    ${comparison.record === null ? nothing : recordView(comparison.record, model.kept, actions)}
    ${shownRuns(comparison, model.kept).length === 0 ? nothing : sideBySide(model, comparison, actions)}
    <p class="notice" role="status" aria-live="polite">${model.notice ?? ''}</p>
  </main>`;
}

function sideBySide(model: CompareModel, comparison: SideBySide, actions: CompareActions): TemplateResult {
  return html`${wide(l10n.t('Scores and cost'), scoresTable(model, comparison, actions))}
    <section aria-label=${l10n.t('Rows')}>
      <h2>${l10n.t('Rows')}</h2>
      ${rowsPart(model, comparison, actions)}
    </section>`;
}

/** Said once where it is the same everywhere. */
function sameFact(
  name: string,
  { runs }: SideBySide,
  of: (run: ComparedRun) => string,
): readonly [string, string] | null {
  const values = new Set(runs.map(of));
  return values.size === 1 ? [name, [...values][0]!] : null;
}

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
const letterOf = (place: number): string => letters[place] ?? String(place + 1);

const noRows: readonly ExampleRow[] = [];

function scoresTable(model: CompareModel, comparison: SideBySide, actions: CompareActions): TemplateResult {
  const { hasTest } = comparison;
  const runs = shownRuns(comparison, model.kept);
  const { from } = comparedPlaces(runs, model.kept);
  const differences = differencesTo(from, valueOf(model.rows)?.rows ?? noRows, runs.length);
  const split = model.kept.split;
  return html`<table class="compared">
    <thead>
      <tr>
        <th scope="col"><span class="hidden">${l10n.t('Letter')}</span></th>
        <th scope="col">${l10n.t('Run')}</th>
        <th scope="col">${l10n.t('State')}</th>
        <th scope="col">${l10n.t('Dev')}</th>
        ${hasTest ? html`<th scope="col">${l10n.t('Test')}</th>` : nothing}
        <th scope="col" class="against">
          ${split === 'dev' ? l10n.t('Dev, against {0}, row by row', letterOf(from)) : l10n.t('Test, against {0}, row by row', letterOf(from))}
        </th>
        <th scope="col" class="number">${l10n.t('Calls paid')}</th>
        <th scope="col" class="number">${l10n.t('Cost')}</th>
        <th scope="col" class="number">${l10n.t('Time')}</th>
      </tr>
    </thead>
    <tbody>
      ${runs.map((run, place) => scoresRow({ run, place, from, difference: differences[place] ?? null, hasTest, split, model, actions, runs }))}
    </tbody>
  </table>`;
}

interface RowParts {
  readonly run: ComparedRun;
  readonly runs: readonly ComparedRun[];
  readonly place: number;
  readonly from: number;
  readonly difference: ReturnType<typeof pairedDifference>;
  readonly hasTest: boolean;
  readonly split: 'dev' | 'test';
  readonly model: CompareModel;
  readonly actions: CompareActions;
}

function scoresRow(parts: RowParts): TemplateResult {
  const { run, place, hasTest, model, actions } = parts;
  const step = stepOf(run, model.kept);
  const options = run.steps.map(({ prefix }) => ({ value: prefix, text: stateName(prefix, run) }));
  return html`<tr>
    <td class="letter">${letterOf(place)}</td>
    <th scope="row">
      <button type="button" class="link" title=${l10n.t('Open the run')} @click=${() => actions.openRun(run.run)}>
        ${nameOf(run, model.comparison!)}
      </button>
      <span class="muted sub">${aboutRun(run, parts.runs, model.comparison!)}</span>
    </th>
    <td>
      ${
        options.length === 0
          ? html`<span class="muted">${l10n.t('nothing scored yet')}</span>`
          : choice(
              '',
              options,
              step?.prefix ?? '',
              (prefix) => actions.chooseStep(run.run, prefix),
              l10n.t('State of {0}', letterOf(place)),
            )
      }
    </td>
    <td>${scoreCell(step?.dev ?? null, () => actions.showFailed(run.run, 'dev'))}</td>
    ${hasTest ? html`<td>${scoreCell(step?.test ?? null, () => actions.showFailed(run.run, 'test'))}</td>` : nothing}
    <td class="against">${differenceCell(parts)}</td>
    <td class="number">
      ${count(run.usage.calls)}<span class="muted sub">${l10n.t('{0} memo', count(run.usage.cached))}</span>
    </td>
    <td class="number">${dollars(run.usage.usd)}</td>
    <td class="number">${run.seconds === null ? '' : duration(run.seconds)}</td>
  </tr>`;
}

function stateName(prefix: string, { best, final, from }: ComparedRun): string {
  const marks = [...(prefix === best ? [l10n.t('best on dev')] : []), ...(prefix === final ? [l10n.t('final')] : [])];
  return `${stepName(prefix, startName(from))}${marks.length === 0 ? '' : ` (${marks.join(', ')})`}`;
}

/** In a comparison the strategy is the name. */
function nameOf(run: ComparedRun, { record }: SideBySide): string {
  return record === null ? run.name : stepName(run.strategy, startName(run.from));
}

/** How the run differs from the others: what is the same in all is in the head of the page. */
function aboutRun(run: ComparedRun, runs: readonly ComparedRun[], { record }: SideBySide): string {
  const models = new Set(runs.map(({ model, endpoint }) => l10n.t('{0} on {1}', model, endpoint)));
  const parts = [
    ...(record === null ? [stepName(run.strategy, startName(run.from))] : []),
    l10n.t('seed {0}', run.seed),
  ];
  if (run.from !== null && (record === null || run.strategy === '')) parts.push(l10n.t('from {0}', run.from));
  if (models.size > 1) parts.push(l10n.t('{0} on {1}', run.model, run.endpoint));
  if (run.status !== 'finished') parts.push(runStatusWord[run.status]);
  return parts.join(', ');
}

function scoreCell(score: ComparedRun['steps'][number]['dev'], showFailed: () => void): TemplateResult {
  if (score === null) return html`<span class="muted">–</span>`;
  return html`<span class="figure">${percent(score.score)} %</span> ${scoreBar(score)}
    <span class="muted sub">${scoreRange(score)} ${failedRows(score, showFailed)}</span>`;
}

function differenceCell({ run, place, from, difference, split }: RowParts): TemplateResult | string {
  if (place === from) return html`<span class="muted">${l10n.t('the others are compared with it')}</span>`;
  const why = run.unlike[split];
  if (why !== null) return html`<span class="muted">${l10n.t('{0}: not comparable', why)}</span>`;
  if (difference === null) return html`<span class="muted">–</span>`;
  return html`<span class=${`figure ${toneOf(difference)}`}>${signed(difference.points)}</span>
    <span class="muted sub">${gainDoubt(difference)}</span>`;
}

/** Of each run to the one in place `from`, on the rows that both have scores of. */
const differencesTo = lastCall((from: number, rows: readonly ExampleRow[], runs: number) => {
  const of = (place: number): (number | null)[] => rows.map(({ scores }) => scores[place] ?? null);
  const base = of(from);
  return Array.from({ length: runs }, (_, place) => (place === from ? null : pairedDifference(base, of(place))));
});

function rowsPart(model: CompareModel, comparison: SideBySide, actions: CompareActions): TemplateResult {
  const { kept, rows: loaded } = model;
  const answer = valueOf(loaded);
  if (loaded.state === 'failed') return html`<p class="bad" role="alert">${loaded.message}</p>`;
  if (answer === undefined) return html`<p class="muted" role="status">${l10n.t('Reading the rows…')}</p>`;
  const { threshold } = comparison;
  const runs = shownRuns(comparison, kept);
  const compared = comparedPlaces(runs, kept);
  const unlike = runs.find((run) => run.unlike[kept.split] !== null)?.unlike[kept.split];
  const shown = shownRows(answer, kept, compared, threshold);
  return html`${toolbar(model, comparison, compared, actions)}
  ${filterBar({
    rows: answer.rows,
    shown: shown.length,
    filter: kept.filter,
    compared,
    threshold,
    choose: (filter) => actions.keep({ filter }),
  })}
  ${answer.problem === null ? nothing : html`<p class="message">${answer.problem}</p>`}
  ${
    unlike === undefined
      ? nothing
      : html`<p class="message">
          ${l10n.t('Not all runs answer the same question ({0}): rows of the same number are not the same row.', unlike ?? '')}
        </p>`
  }
  ${table(answer, shown, compared.to, model, comparison, actions)}`;
}

function toolbar(
  { kept }: CompareModel,
  comparison: SideBySide,
  { from, to }: { readonly from: number; readonly to: number },
  actions: CompareActions,
): TemplateResult {
  const { hasTest } = comparison;
  const runs = shownRuns(comparison, kept);
  const options = runs.map((run, place) => ({
    value: run.run,
    text: `${letterOf(place)}: ${nameOf(run, comparison)}`,
  }));
  const splits = [{ value: 'dev', text: l10n.t('Dev') }, ...(hasTest ? [{ value: 'test', text: l10n.t('Test') }] : [])];
  return html`<div class="toolbar" role="group" aria-label=${l10n.t('Which rows')}>
    ${choice(l10n.t('Rows of'), splits, kept.split, (split) => actions.keep({ split: split === 'test' ? 'test' : 'dev' }))}
    ${choice(l10n.t('From'), options, runs[from]?.run ?? '', (base) => actions.keep({ base }))}
    ${choice(l10n.t('to'), options, runs[to]?.run ?? '', (other) => actions.keep({ other }))}
    ${searchField(l10n.t('Search the inputs'), kept.search, (search) => actions.keep({ search }))}
  </div>`;
}

function table(
  answer: Answer<'compared'>,
  rows: readonly ExampleRow[],
  to: number,
  { kept, predictions }: CompareModel,
  comparison: SideBySide,
  actions: CompareActions,
): TemplateResult {
  const runs = shownRuns(comparison, kept);
  const subjects = subjectsOf(runs, kept);
  const columns = answer.columns.map((key, place) => ({
    key,
    text: `${letterOf(place)} ${stepName(subjects[place]?.step ?? '', startName(runs[place]?.from))}`,
    score: runs[place] === undefined ? null : (stepOf(runs[place], kept)?.[kept.split] ?? null),
  }));
  return html`<bt-rows
    class="fill"
    .rows=${scoreTable({
      label: l10n.t('Rows with what each run gave and scored'),
      list: JSON.stringify([subjects, kept.split, kept.filter, kept.search, kept.sort, kept.base, kept.other]),
      ...{ columns, all: answer.rows, rows, labelled: answer.labelled, predictions, to, open: null },
      sort: kept.sort,
      threshold: comparison.threshold,
      sortBy: (sort) => actions.keep({ sort }),
      need: (wanted) => actions.needPredictions(wanted),
      show: (row, column) => actions.openRow(subjects[column]!, row.example),
      showFailed: (column) => actions.showFailed(subjects[column]!.run, kept.split),
    })}
  ></bt-rows>`;
}
