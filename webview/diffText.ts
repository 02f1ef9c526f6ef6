/** Two texts word by word. What is gone and what was added is marked by a line too, and said, not shown by colour alone. */
import * as l10n from '../src/base/l10n.ts';
import { html } from 'lit';
import type { TemplateResult } from 'lit';
import { guard } from 'lit/directives/guard.js';
import type { DirectiveResult } from 'lit/directive.js';
import { wordDiff } from '../src/view/wordDiff.ts';
import type { DiffPart } from '../src/view/wordDiff.ts';

/** Both texts in one. */
export function diffText(before: string, after: string): DirectiveResult {
  // The page is drawn again for every event of a run; texts stay.
  return guard([before, after], () => wordDiff(before, after).map(marked));
}

/** One of the two texts, with what is not in the other marked. @param other `undefined`: there is no other. */
export function sideText(text: string, other: string | undefined, side: 'before' | 'after'): DirectiveResult | string {
  if (other === undefined) return text;
  const left = side === 'before' ? 'added' : 'gone';
  return guard([text, other, side], () => {
    const parts = side === 'before' ? wordDiff(text, other) : wordDiff(other, text);
    return parts.filter(({ kind }) => kind !== left).map(marked);
  });
}

/** In one line: in a `pre` every space counts. */
function marked({ kind, text }: DiffPart): TemplateResult | string {
  if (kind === 'same') return text;
  return kind === 'gone'
    ? html`<del><span class="hidden">${l10n.t('removed:')} </span>${text}</del>`
    : html`<ins><span class="hidden">${l10n.t('added:')} </span>${text}</ins>`;
}
