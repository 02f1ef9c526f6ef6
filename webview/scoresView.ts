/** What the run's scores took to come about: a chart, and its numbers as a table. */
import * as l10n from '../src/base/l10n.ts';
import { html, nothing, svg } from 'lit';
import type { SVGTemplateResult, TemplateResult } from 'lit';
import type { Snapshot } from '../src/viewProtocol/snapshot.ts';
import { counted } from '../src/view/counted.ts';
import { percent } from '../src/view/words.ts';
import type { Actions } from './actions.ts';
import type { Model } from './model.ts';
import { choice, wide } from './parts.ts';
import { scaleName, scaleText } from './scales.ts';
import type { Scale } from './scales.ts';
import { scalesOf, scoreChartData } from './scorePoints.ts';
import type { Picked, ScoreChartData, ScorePoint } from './scorePoints.ts';

export function scoresView({ kept }: Model, snapshot: Snapshot, actions: Actions): TemplateResult | typeof nothing {
  const possible = scalesOf(snapshot);
  const scale = possible.includes(kept.scale) ? kept.scale : possible[0];
  if (scale === undefined) return nothing;
  const data = scoreChartData(snapshot, scale);
  if (data.points.length < 2) return nothing;
  return html`<figure class="scores" aria-label=${l10n.t('Scores over the run')}>
    <figcaption class="toolbar">
      ${legend(data)}
      ${choice(
        l10n.t('over'),
        possible.map((value) => ({ value, text: scaleName[value] })),
        scale,
        (value) => actions.keep({ scale: value as Scale }),
        l10n.t('What the scores are drawn over'),
      )}
    </figcaption>
    <bt-score-chart
      role="img"
      aria-label=${l10n.t('Scores over {0}: {1}, in the table below', scaleName[scale], counted(data.points.length, 'point'))}
      .onPick=${(picked: Picked) => open(picked, actions)}
      .chart=${data}
    ></bt-score-chart>
    <details
      ?open=${kept.numbers}
      @toggle=${({ target }: Event) => actions.keep({ numbers: (target as HTMLDetailsElement).open })}
    >
      <summary>${l10n.t('The scores as a table')}</summary>
      ${kept.numbers ? numbers(data) : nothing}
    </details>
  </figure>`;
}

function legend({ points }: ScoreChartData): TemplateResult {
  const has = (kind: ScorePoint['kind']): boolean => points.some((point) => point.kind === kind);
  return html`<span>${mark(svg`<circle class="dev" cx="5.5" cy="5.5" r="4.5"></circle>`)} dev</span>
    ${has('test') ? html`<span>${mark(svg`<path class="test" d="M5.5 0 11 5.5 5.5 11 0 5.5z"></path>`)} test</span>` : nothing}
    ${has('candidate') ? html`<span class="muted">· ${l10n.t('candidate, ringed: the chosen one')}</span>` : nothing}
    <span class="muted">${l10n.t('bars: 95 % intervals')}</span>`;
}

function mark(shape: SVGTemplateResult): TemplateResult {
  return html`<svg class="mark" viewBox="0 0 11 11" aria-hidden="true" focusable="false">${shape}</svg>`;
}

/** Details of a step, or the rows of a candidate. */
function open({ step, candidate }: Picked, actions: Actions): void {
  if (candidate === null) return actions.keep({ step });
  actions.filterTraces({ step, candidate });
  actions.goTo('traces');
}

function numbers({ points, scale }: ScoreChartData): TemplateResult {
  return wide(
    l10n.t('Scores over the run'),
    html`<table>
      <thead>
        <tr>
          <th scope="col">${l10n.t('Of')}</th>
          <th scope="col" class="number">${l10n.t('Score')}</th>
          <th scope="col" class="number">${l10n.t('95 % interval')}</th>
          <th scope="col" class="number">${l10n.t('After, {0}', scaleName[scale])}</th>
        </tr>
      </thead>
      <tbody>
        ${points.map(
          ({ name, x, y, low, high }) =>
            html`<tr>
              <th scope="row">${name}</th>
              <td class="number">${percent(y)} %</td>
              <td class="number">${l10n.t('{0} to {1}', percent(low), percent(high))}</td>
              <td class="number">${scaleText[scale](x)}</td>
            </tr>`,
        )}
      </tbody>
    </table>`,
  );
}
