/** The report of a run: one HTML file to send to somebody who has neither the editor nor the run. */
import * as l10n from '../base/l10n.ts';
import { html, nothing } from '../base/markup.ts';
import type { Markup } from '../base/markup.ts';
import { candidateEnd } from '../view/candidateEnd.ts';
import { addUsage } from '../view/runView.ts';
import { counted } from '../view/counted.ts';
import { runStatusWord, stoppedText } from '../view/runRow.ts';
import { count, duration, rowScore, shownNumber, startName, stepName, stepTitle } from '../view/words.ts';
import type { Snapshot, StepRow } from '../viewProtocol/snapshot.ts';
import type { ChangedRow, ChangedRows } from './changedRows.ts';
import { reportDocument } from './document.ts';
import { numbersOf } from './numbers.ts';
import { callsText, costText, facts, gainCell, scoreText, table, text, tokensText, verdictBox } from './parts.ts';
import { promptsSection } from './promptsSection.ts';
import type { ReportedRun } from './readRun.ts';
import { scoreChart } from './scoreChart.ts';

/** @param made when the report is made; ISO 8601. */
export function runReport(run: ReportedRun, made: string): string {
  const { snapshot, states, changed } = run;
  const { asked, best, steps, warnings } = snapshot;
  const name = nameIn(snapshot);
  const state = (prefix: string | null) => states.find((row) => row.name === prefix);
  return reportDocument({
    title: `${asked.program}: ${name(asked.strategy)}`,
    made,
    csv: numbersOf([snapshot]),
    csvName: `${snapshot.run}.csv`,
    body: [
      header(run),
      verdictBox(snapshot.verdict),
      html`<h2>${l10n.t('Scores')}</h2>`,
      scoreChart(scoredSteps(snapshot)),
      stepsTable(snapshot),
      ...steps.filter(({ candidates }) => candidates.length > 0).map((step) => candidatesPart(step, name)),
      promptsSection(state(''), state(best), name(best ?? '')),
      changedPart(changed.dev, 'dev', name(best ?? '')),
      changedPart(changed.test, 'test', name(best ?? '')),
      warnings.length === 0
        ? nothing
        : html`<h2>${l10n.t('Warnings')}</h2>
            <ul>
              ${warnings.map((each) => html`<li>${each}</li>`)}
            </ul>`,
    ],
  });
}

type Name = (prefix: string) => string;

const nameIn =
  ({ asked: { from } }: Snapshot): Name =>
  (prefix) =>
    stepName(prefix, startName(from));

function header({ snapshot, created }: ReportedRun): Markup {
  const { run, asked, status, splits, usage, stopped, problem } = snapshot;
  const rows =
    splits === null
      ? l10n.t('unknown')
      : [`${splits.train} train, ${splits.dev} dev`, splits.test === null ? [] : `${splits.test} test`]
          .flat()
          .join(', ');
  return html`${facts([
    [l10n.t('Run'), run],
    [l10n.t('Status'), runStatusWord[status]],
    [l10n.t('Begun'), created],
    [l10n.t('Model'), l10n.t('{0} on {1}', asked.model, asked.endpoint)],
    [l10n.t('Metric'), asked.metric],
    [l10n.t('Seed'), String(asked.seed)],
    [l10n.t('Rows'), rows],
    [l10n.t('Calls'), callsText(usage)],
    [l10n.t('Cost'), costText(usage)],
  ])}
  ${stopped === null ? nothing : html`<p class="bad">${stoppedText(stopped)}</p>`}
  ${problem === null ? nothing : html`<p class="bad">${problem}</p>`}`;
}

function scoredSteps(snapshot: Snapshot) {
  const name = nameIn(snapshot);
  return snapshot.steps
    .filter(({ evaluations: { dev, test } }) => dev !== undefined || test !== undefined)
    .map(({ prefix, evaluations: { dev, test } }) => ({
      name: name(prefix),
      dev: dev?.score ?? null,
      test: test?.score ?? null,
    }));
}

function stepsTable(snapshot: Snapshot): Markup {
  const { steps, best, final } = snapshot;
  const number = true;
  const columns = [
    ...[
      { head: l10n.t('Step') },
      { head: l10n.t('What it is') },
      { head: l10n.t('Dev %'), number },
      { head: l10n.t('Gain on dev'), number },
    ],
    ...[
      { head: l10n.t('Test %'), number },
      { head: l10n.t('Gain on test'), number },
      { head: l10n.t('Calls paid'), number },
    ],
    ...[{ head: l10n.t('Tokens'), number }, { head: l10n.t('Time'), number }, { head: l10n.t('Note') }],
  ] as const;
  const name = nameIn(snapshot);
  const rows = steps.map((step) => {
    const { prefix, evaluations, reason } = step;
    const { dev, test } = evaluations;
    const marks = [
      ...(prefix === best ? [l10n.t('best on dev')] : []),
      ...(prefix === final ? [l10n.t('final')] : []),
    ].join(', ');
    const parts = [step.usage, dev?.usage, test?.usage].filter((usage) => usage != null);
    const usage = parts.length === 0 ? null : parts.reduce(addUsage);
    const seconds = (step.seconds ?? 0) + (dev?.seconds ?? 0) + (test?.seconds ?? 0);
    return {
      best: prefix === best,
      cells: [
        ...[text(name(prefix)), text(stepTitle(step.step, snapshot.asked.from))],
        ...[scoreText(dev?.score), gainCell(dev?.gain), scoreText(test?.score), gainCell(test?.gain)],
        text(usage === null ? '–' : count(usage.calls)),
        text(usage === null ? '–' : tokensText(usage)),
        text(usage === null ? '–' : duration(seconds)),
        text(reason ?? marks),
      ],
    };
  });
  return table(l10n.t('Each state that the run reached, with 95 % intervals'), columns, rows);
}

function candidatesPart(step: StepRow, name: Name): Markup {
  const labels = [...new Set(step.candidates.flatMap((one) => one.facts.map(({ label }) => label)))];
  const columns = [
    ...[
      { head: l10n.t('Candidate') },
      ...labels.map((head) => ({ head })),
      { head: l10n.t('Score %'), number: true as const },
    ],
    { head: l10n.t('Status') },
  ];
  const rows = step.candidates.map((candidate) => ({
    best: candidate.candidate === step.chosen,
    cells: [
      html`${shownNumber(candidate.candidate)} <span class="muted">${candidate.name}</span>`,
      ...labels.map((label) => text(candidate.facts.find((fact) => fact.label === label)?.text ?? '')),
      scoreText(candidate.score),
      text(candidateEnd(candidate, step)),
    ],
  }));
  return html`<details>
    <summary>${name(step.prefix)}: ${counted(step.candidates.length, 'candidate')}</summary>
    ${table(l10n.t('Candidates of {0}', name(step.prefix)), columns, rows)}
  </details>`;
}

function changedPart(changed: ChangedRows | null, split: 'dev' | 'test', name: string): Markup {
  if (changed === null) return nothing;
  const { fixed, broken, rows, problem } = changed;
  const columns = [
    { head: l10n.t('Row') },
    { head: l10n.t('Inputs') },
    { head: l10n.t('Label') },
    { head: l10n.t('Baseline') },
    { head: name },
  ];
  const more = fixed + broken - rows.length;
  const counts = l10n.t('{0} better, {1} worse', counted(fixed, 'row'), count(broken));
  const caption = more > 0 ? `${counts}; ${l10n.t('the first {0}', count(rows.length))}` : counts;
  return html`<h2>${l10n.t('What changed on {0} rows', split)}</h2>
    ${problem === null ? nothing : html`<p class="muted">${problem}</p>`}
    ${rows.length === 0 ? html`<p class="muted">${l10n.t('No row scores otherwise.')}</p>` : table(caption, columns, rows.map(changedRow))}`;
}

function changedRow({ example, inputs, labels, before, after }: ChangedRow) {
  const kind = after.score > before.score ? 'good' : 'bad';
  return {
    cells: [
      text(shownNumber(example)),
      text(inputs ?? ''),
      text(labels ?? ''),
      html`${before.text} <span class="muted">(${rowScore(before.score)})</span>`,
      html`${after.text}
        <span class="${kind}"
          >(${rowScore(after.score)}, ${kind === 'good' ? l10n.t('better') : l10n.t('worse')})</span
        >`,
    ],
  };
}
