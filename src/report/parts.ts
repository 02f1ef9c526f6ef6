/** Small pieces that several sections of a report have. */
import * as l10n from '../base/l10n.ts';
import { html, nothing } from '../base/markup.ts';
import type { Markup } from '../base/markup.ts';
import type { Difference } from '../data/pairedDifference.ts';
import type { Score, Usage } from '../protocol.ts';
import { chance, gainRange, verdictOf } from '../view/gain.ts';
import type { RunVerdict } from '../view/gain.ts';
import { count, dollars, percent, short, signed } from '../view/words.ts';

export interface Column {
  readonly head: string;
  readonly number?: true;
}

/** @param rows cells as markup; the first of each is the row's head. */
export function table(
  caption: string,
  columns: readonly Column[],
  rows: readonly { readonly cells: readonly Markup[]; readonly best?: boolean }[],
): Markup {
  const kind = (column: number): string => (columns[column]?.number === true ? 'number' : 'text');
  return html`<div class="wide" role="region" tabindex="0" aria-label="${caption}">
    <table>
      <caption>
        ${caption}
      </caption>
      <thead>
        <tr>
          ${columns.map(({ head }, i) => html`<th scope="col" class="${kind(i)}">${head}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          ({ cells, best = false }) =>
            html`<tr class="${best ? 'best' : ''}">
              ${cells.map((cell, i) =>
                i === 0 ? html`<th scope="row">${cell}</th>` : html`<td class="${kind(i)}">${cell}</td>`,
              )}
            </tr> `,
        )}
      </tbody>
    </table>
  </div>`;
}

export function facts(entries: readonly (readonly [name: string, value: string])[]): Markup {
  return html`<dl class="facts">
    ${entries.map(
      ([name, value]) =>
        html`<div>
          <dt>${name}</dt>
          <dd>${value}</dd>
        </div>`,
    )}
  </dl>`;
}

export const text = (value: string | number): Markup => html`${value}`;

/** `81.1 (75.0–86.0)`; a dash where there is none. */
export function scoreText(score: Score | null | undefined): Markup {
  if (score == null) return html`<span class="muted">–</span>`;
  return html`${percent(score.score)} <span class="muted">(${percent(score.low)}–${percent(score.high)})</span>`;
}

const verdictClass = { better: 'good', worse: 'bad', unclear: 'unclear' } as const;

/** Coloured only where it is clear of chance, and said in words. */
export function gainCell(gain: Difference | null | undefined): Markup {
  if (gain == null) return nothing;
  return html`<span class="${verdictClass[verdictOf(gain)]}">${signed(gain.points)}</span>
    <span class="muted">(${gainRange(gain)}${chance(gain)})</span>`;
}

export function verdictBox(verdict: RunVerdict | null): Markup {
  return verdict === null ? nothing : html`<p class="verdict ${verdictClass[verdict.verdict]}">${verdict.text}</p>`;
}

export function tokensText({ inputTokens, outputTokens }: Usage): string {
  return inputTokens === null || outputTokens === null ? l10n.t('unknown') : short(inputTokens + outputTokens);
}

/** `1,876 paid, 40 from the memo`. */
export function callsText({ calls, cached }: Usage): string {
  return `${l10n.t('{0} paid', count(calls))}, ${l10n.t('{0} from the memo', count(cached))}`;
}

export function costText(usage: Usage): string {
  return `${dollars(usage.usd)}, ${l10n.t('{0} tokens', tokensText(usage))}`;
}
