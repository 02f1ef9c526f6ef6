/** Small pieces that several views draw. */
import * as l10n from '../src/base/l10n.ts';
import { html, nothing, svg } from 'lit';
import type { SVGTemplateResult, TemplateResult } from 'lit';
import { live } from 'lit/directives/live.js';
import type { StepRow } from '../src/viewProtocol/snapshot.ts';
import { secondsLeft } from '../src/view/activity.ts';
import { counted } from '../src/view/counted.ts';
import { duration, percent } from '../src/view/words.ts';
import { secondsBetween } from '../src/view/workTime.ts';

type Score = NonNullable<StepRow['evaluations']['dev']>['score'];

/** A score in per cent with its interval, as a bar from 0 to 100: bars of one width can be compared. */
export function scoreBar(score: Score): TemplateResult {
  const { low, high } = score;
  const words = l10n.t('{0} %, 95 % interval {1}', percent(score.score), scoreRange(score));
  return html`<span class="score-bar" role="img" aria-label=${words} title=${words}>
    <svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true" focusable="false">
      ${bar('track', 0, 100, 4.5, 1)} ${bar('interval', low, high, 2, 6)}
      ${bar('value', score.score - 0.6, score.score + 0.6, 0, 10)}
    </svg>
  </span>`;
}

/** `52.9 to 77.1, 60 rows`. */
export function scoreRange({ low, high, n }: Score): string {
  return `${l10n.t('{0} to {1}', percent(low), percent(high))}, ${counted(n, 'row')}`;
}

/** How many rows failed, where any did; a click shows them. */
export function failedRows({ failed }: Pick<Score, 'failed'>, show: () => void): TemplateResult | typeof nothing {
  if (failed === 0) return nothing;
  return html`<button type="button" class="link bad" title=${l10n.t('Show the rows that failed')} @click=${show}>
    ${l10n.t('{0} failed', failed)}
  </button>`;
}

/** The toolkit names the field by its text, which is there for screen readers alone. */
export function searchField(label: string, value: string, search: (text: string) => void): TemplateResult {
  return html`<vscode-text-field
    type="text"
    placeholder=${label}
    .value=${value}
    @input=${(event: Event) => search((event.target as HTMLInputElement).value)}
    ><span class="hidden">${label}</span></vscode-text-field
  >`;
}

function bar(name: string, from: number, to: number, y: number, height: number): SVGTemplateResult {
  const x = Math.max(0, from);
  return svg`<rect class=${name} x=${x} y=${y} width=${Math.max(0.5, Math.min(100, to) - x)} height=${height}></rect>`;
}

/** `, 12 s left`; nothing where that cannot be said. @param since when the first of `done` was, as ISO 8601. */
export function leftText(since: string | null, done: number, of: number | null): string {
  if (since === null) return '';
  const left = secondsLeft(secondsBetween(since, new Date().toISOString()), done, of);
  return left === null ? '' : `, ${l10n.t('{0} left', duration(left))}`;
}

/** How far something is; `of` is `null` where it is unknown. */
export function progressBar(done: number, of: number | null, label: string, left = ''): TemplateResult {
  if (of === null || of === 0) return html`<span class="muted">${label}: ${done}</span>`;
  return html`<span class="progress">
    <progress max=${of} .value=${Math.min(done, of)} aria-label=${label}></progress>
    <span>${label} ${l10n.t('{0} of {1}', done, of)}${left}</span>
  </span>`;
}

/** Named facts, side by side. */
export function facts(entries: readonly (readonly [name: string, value: unknown] | null)[]): TemplateResult {
  const known = entries.filter((entry) => entry !== null);
  return html`<dl class="facts">
    ${known.map(
      ([name, value]) =>
        html`<div>
          <dt>${name}</dt>
          <dd>${value}</dd>
        </div>`,
    )}
  </dl>`;
}

/** A table that may be wider than the page: it scrolls, the page does not. */
export function wide(label: string, table: TemplateResult): TemplateResult {
  return html`<div class="wide" role="region" aria-label=${label} tabindex="0">${table}</div>`;
}

/** A button that is a picture; `said` names it for everybody. */
export function iconButton(picture: SVGTemplateResult, said: string, press: () => void): TemplateResult {
  return html`<vscode-button appearance="icon" aria-label=${said} title=${said} @click=${press}>
    <svg class="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">${picture}</svg>
  </vscode-button>`;
}

/** A choice from a few; the values are `''`-safe by being numbered. */
export function choice(
  label: string,
  options: readonly { readonly value: string; readonly text: string }[],
  chosen: string,
  choose: (value: string) => void,
  /** For screen readers, where no label is shown. */
  said = label,
): TemplateResult {
  return html`<label class="choice"
    >${label === '' ? nothing : html`<span>${label}</span>`}
    <vscode-dropdown
      aria-label=${said}
      .value=${live(String(options.findIndex(({ value }) => value === chosen)))}
      @change=${(event: Event) => {
        const option = options[Number((event.target as HTMLInputElement).value)];
        if (option !== undefined) choose(option.value);
      }}
    >
      ${options.map(
        ({ value, text }, i) =>
          html`<vscode-option .value=${String(i)} ?selected=${value === chosen}>${text}</vscode-option>`,
      )}
    </vscode-dropdown>
  </label>`;
}

/** Fields by name. Values are what a model or a data file wrote: always text. */
export function fieldList(fields: Readonly<Record<string, unknown>>, text: (value: unknown) => string): TemplateResult {
  const entries = Object.entries(fields);
  if (entries.length === 0) return html`<p class="muted">${l10n.t('none')}</p>`;
  return html`<dl class="fields">
    ${entries.map(
      ([name, value]) =>
        html`<div>
          <dt>${name}</dt>
          <dd><pre>${text(value)}</pre></dd>
        </div>`,
    )}
  </dl>`;
}
