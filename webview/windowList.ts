/**
 * A table of any length of which only the rows in sight are in the page. Rows have one height; the keyboard moves a
 * cursor (arrows, J and K, page up and down, home, end), Enter opens, and space ticks where rows can be ticked.
 */
import { html, nothing, render } from 'lit';
import type { TemplateResult } from 'lit';

export interface WindowRows {
  /** For screen readers. */
  readonly label: string;
  /** What is listed in which order: where this text is another, the rows in the same places are others. */
  readonly list: string;
  readonly total: number;
  /** CSS `grid-template-columns`. */
  readonly columns: string;
  /** CSS `min-width`: a narrower table scrolls sideways. */
  readonly minWidth?: string;
  /** One element with the role `columnheader` for each column. */
  readonly header: TemplateResult;
  /** One element with the role `gridcell` for each column; `null`: not loaded yet. */
  row(place: number): TemplateResult | null;
  /** The row that is open: when its key becomes another, the cursor goes there. */
  readonly selected: { readonly place: number; readonly key: string } | null;
  /** Whether the row that the keyboard moves to is opened too, a moment later. */
  readonly follows?: boolean;
  /** These places are in sight, or nearly. */
  need?(from: number, count: number): void;
  open(place: number): void;
  /** Any number of rows can be ticked, by space or by a click: what opens a row is then in its cells. */
  readonly ticks?: Ticks;
}

export interface Ticks {
  has(place: number): boolean;
  toggle(place: number): void;
}

/** Height of a row, in CSS pixels; `views.css` has it too. */
export const rowHeight = 26;
/** Rows drawn beyond both ends of what is in sight. */
const margin = 10;
/** How long the cursor has to rest on a row before that is opened (ms): whoever holds a key passes over many. */
const restsFor = 120;

/** The places to draw for a scroll position: pure, so that it can be tested without a page. */
export function placesInSight(scrolled: number, height: number, total: number): { from: number; to: number } {
  const first = Math.floor(scrolled / rowHeight) - margin;
  const last = Math.ceil((scrolled + height) / rowHeight) + margin;
  const to = Math.max(0, Math.min(total, last));
  return { from: Math.max(0, Math.min(first, to)), to };
}

/** Where a key moves the cursor to; `null`: it is not a key of the list. */
export function moved(key: string, cursor: number, total: number, pageRows: number): number | null {
  const steps: Readonly<Record<string, number>> = {
    ArrowDown: cursor + 1,
    ArrowUp: cursor - 1,
    j: cursor + 1,
    k: cursor - 1,
    PageDown: cursor + pageRows,
    PageUp: cursor - pageRows,
    Home: 0,
    End: total - 1,
  };
  const place = steps[key];
  return place === undefined || total === 0 ? null : Math.max(0, Math.min(total - 1, place));
}

let lists = 0;

class WindowList extends HTMLElement {
  readonly #id = `rows-${++lists}`;
  #rows: WindowRows | null = null;
  #cursor = 0;
  #observer: ResizeObserver | null = null;
  #revealed: string | null = null;
  #opening: ReturnType<typeof setTimeout> | undefined;
  /** The row at the cursor is to be opened once it is loaded. */
  #wanted = false;

  set rows(rows: WindowRows) {
    const before = this.#rows;
    this.#rows = rows;
    if (before !== null) this.#follow(before, rows);
    this.#draw();
    this.#reveal(rows);
    this.#openWanted();
  }

  connectedCallback(): void {
    this.#observer = new ResizeObserver(() => this.#draw());
    this.#observer.observe(this);
    this.#draw();
  }

  disconnectedCallback(): void {
    this.#observer?.disconnect();
    clearTimeout(this.#opening);
  }

  get #grid(): HTMLElement | null {
    return this.querySelector<HTMLElement>('[role=grid]');
  }

  #draw(): void {
    const rows = this.#rows;
    if (rows === null) return;
    const grid = this.#grid;
    const { from, to } = placesInSight(grid?.scrollTop ?? 0, grid?.clientHeight || 600, rows.total);
    if (to > from) rows.need?.(from, to - from);
    this.#cursor = Math.min(this.#cursor, Math.max(0, rows.total - 1));
    const inSight = this.#cursor >= from && this.#cursor < to;
    render(
      html`<div
        class="rows"
        role="grid"
        tabindex="0"
        aria-label=${rows.label}
        aria-rowcount=${rows.total + 1}
        aria-multiselectable=${rows.ticks === undefined ? nothing : 'true'}
        aria-activedescendant=${inSight ? this.#rowId(this.#cursor) : nothing}
        .style=${`--columns: ${rows.columns}; --least: ${rows.minWidth ?? '0'}`}
        @scroll=${() => this.#draw()}
        @keydown=${(event: KeyboardEvent) => this.#key(event)}
      >
        <div role="rowgroup" class="rows-head">
          <div role="row" aria-rowindex="1" class="rows-row">${rows.header}</div>
        </div>
        <div role="rowgroup" class="rows-body" .style=${`height: ${rows.total * rowHeight}px`}>
          ${Array.from({ length: to - from }, (_, i) => this.#row(rows, from + i))}
        </div>
      </div>`,
      this,
    );
  }

  #row(rows: WindowRows, place: number): TemplateResult {
    return html`<div
      role="row"
      id=${this.#rowId(place)}
      aria-rowindex=${place + 2}
      aria-selected=${rows.ticks?.has(place) ?? rows.selected?.place === place}
      class="rows-row ${place === this.#cursor ? 'cursor' : ''}"
      .style=${`transform: translateY(${place * rowHeight}px)`}
      @click=${() => {
        this.#cursor = place;
        if (rows.ticks === undefined) this.#open();
        else this.#tick(rows.ticks, place);
        this.#draw();
      }}
    >
      ${rows.row(place) ?? html`<span role="gridcell" class="muted">…</span>`}
    </div>`;
  }

  #key(event: KeyboardEvent): void {
    const rows = this.#rows;
    const grid = this.#grid;
    // A button in the header has keys of its own.
    if (rows === null || grid === null || event.target !== grid) return;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === 'Enter' && rows.total > 0) {
      this.#open();
    } else if (event.key === ' ' && rows.ticks !== undefined && rows.total > 0) {
      rows.ticks.toggle(this.#cursor);
    } else {
      const pageRows = Math.max(1, Math.floor(grid.clientHeight / rowHeight) - 2);
      const place = moved(event.key, this.#cursor, rows.total, pageRows);
      if (place === null) return;
      this.#cursor = place;
      this.#wanted = false;
      this.#scrollTo(grid, place);
      if (rows.follows === true) this.#openSoon();
    }
    event.preventDefault();
    this.#draw();
  }

  /** A box that was clicked leaves the keys to the list. */
  #tick(ticks: Ticks, place: number): void {
    ticks.toggle(place);
    this.#grid?.focus();
  }

  #openSoon(): void {
    clearTimeout(this.#opening);
    this.#opening = setTimeout(() => this.#open(), restsFor);
  }

  #open(): void {
    clearTimeout(this.#opening);
    this.#wanted = true;
    this.#openWanted();
  }

  #openWanted(): void {
    const rows = this.#rows;
    if (!this.#wanted || rows === null || rows.row(this.#cursor) === null) return;
    this.#wanted = false;
    rows.open(this.#cursor);
  }

  /** The cursor stays with the row that is open, wherever that is now; what waited to be opened was a row of the list before. */
  #follow(before: WindowRows, now: WindowRows): void {
    const isOther = before.list !== now.list;
    if (isOther) {
      clearTimeout(this.#opening);
      this.#wanted = false;
    }
    if (now.selected === null) return;
    const wasThere = before.selected?.key === now.selected.key && before.selected.place === this.#cursor;
    if (isOther || wasThere) this.#cursor = now.selected.place;
  }

  #reveal({ selected }: WindowRows): void {
    const key = selected?.key ?? null;
    if (key === this.#revealed) return;
    this.#revealed = key;
    const grid = this.#grid;
    if (selected === null || grid === null) return;
    this.#cursor = selected.place;
    this.#scrollTo(grid, selected.place);
    this.#draw();
  }

  #scrollTo(grid: HTMLElement, place: number): void {
    const top = place * rowHeight;
    // The header is sticky and covers the first rows.
    const head = grid.querySelector<HTMLElement>('.rows-head')?.offsetHeight ?? rowHeight;
    const room = grid.clientHeight - head - rowHeight;
    if (top < grid.scrollTop) grid.scrollTop = top;
    else if (top > grid.scrollTop + room) grid.scrollTop = top - room;
  }

  #rowId(place: number): string {
    return `${this.#id}-${place}`;
  }
}

export function defineWindowList(): void {
  customElements.define('bt-rows', WindowList);
}
