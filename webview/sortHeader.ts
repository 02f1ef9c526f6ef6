/** The head of a column by which a table can be sorted. */
import { html } from 'lit';
import type { TemplateResult } from 'lit';

export interface Sort {
  readonly by: string;
  readonly descending: boolean;
}

/** @param below what else stands in the head. */
export function sortHeader(
  { key, text }: { readonly key: string; readonly text: string },
  { by, descending }: Sort,
  sortBy: (sort: Sort) => void,
  below: unknown = '',
): TemplateResult {
  const active = by === key;
  const order = !active ? 'none' : descending ? 'descending' : 'ascending';
  return html`<span role="columnheader" aria-sort=${order}
    ><button
      type="button"
      class="cut"
      title=${text}
      @click=${() => sortBy({ by: key, descending: active && !descending })}
    >
      ${text} <span aria-hidden="true">${active ? (descending ? '▼' : '▲') : ''}</span></button
    >${below}</span
  >`;
}
