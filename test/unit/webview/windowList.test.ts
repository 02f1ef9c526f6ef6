// @vitest-environment jsdom
import { html } from 'lit';
import { describe, expect, it, vi } from 'vitest';
import { defineWindowList, moved, placesInSight, rowHeight } from '../../../webview/windowList.ts';
import type { WindowRows } from '../../../webview/windowList.ts';

describe('the rows in sight', () => {
  it('are few, wherever one has scrolled to', () => {
    for (const scrolled of [0, 1000, 50_000 * rowHeight, 100_000 * rowHeight]) {
      const { from, to } = placesInSight(scrolled, 520, 100_000);
      expect(to - from).toBeLessThanOrEqual(41);
      expect(from).toBeGreaterThanOrEqual(0);
      expect(to).toBeLessThanOrEqual(100_000);
    }
  });

  it('cover what the window shows', () => {
    const { from, to } = placesInSight(500 * rowHeight, 20 * rowHeight, 100_000);
    expect(from).toBeLessThan(500);
    expect(to).toBeGreaterThan(520);
  });

  it('are none of an empty list, and none beyond a list that became shorter', () => {
    expect(placesInSight(0, 500, 0)).toEqual({ from: 0, to: 0 });
    expect(placesInSight(90_000, 500, 5)).toEqual({ from: 5, to: 5 });
  });
});

describe('the keys of a list', () => {
  it.each([
    ['ArrowDown', 5, 6],
    ['ArrowUp', 5, 4],
    ['PageDown', 5, 15],
    ['PageUp', 5, 0],
    ['Home', 5, 0],
    ['End', 5, 99],
    ['ArrowDown', 99, 99],
    ['j', 5, 6],
    ['k', 5, 4],
    ['k', 0, 0],
    ['a', 5, null],
  ])('%s moves from %i to %s', (key, from, to) => {
    expect(moved(key, from, 100, 10)).toBe(to);
  });

  it('move nothing in an empty list', () => {
    expect(moved('ArrowDown', 0, 0, 10)).toBeNull();
  });
});

describe('a list', () => {
  const key = (list: Element, name: string): void =>
    void list.querySelector('[role=grid]')!.dispatchEvent(new KeyboardEvent('keydown', { key: name, bubbles: true }));

  function listOf(loaded: () => boolean, follows: boolean, more: Partial<WindowRows> = {}) {
    vi.stubGlobal(
      'ResizeObserver',
      class {
        observe(): void {}
        disconnect(): void {}
      },
    );
    if (customElements.get('bt-rows') === undefined) defineWindowList();
    const open = vi.fn<(place: number) => void>();
    const list = document.createElement('bt-rows') as HTMLElement & { rows: WindowRows };
    document.body.replaceChildren(list);
    const rows = (): WindowRows => ({
      ...{ label: 'l', list: '', total: 50, columns: '1fr', header: html``, selected: null, follows, open },
      row: () => (loaded() ? html`<span role="gridcell"></span>` : null),
      ...more,
    });
    list.rows = rows();
    return { list, open, again: () => (list.rows = rows()) };
  }

  it('opens the row that the keyboard rests on, not those that it passes over', () => {
    vi.useFakeTimers();
    try {
      const { list, open } = listOf(() => true, true);
      for (const name of ['j', 'j', 'ArrowDown', 'k']) key(list, name);
      expect(open).not.toHaveBeenCalled();
      vi.runAllTimers();
      expect(open.mock.calls).toEqual([[2]]);
    } finally {
      vi.useRealTimers();
    }
  });

  it('opens nothing before Enter where it does not follow', () => {
    const { list, open } = listOf(() => true, false);
    for (const name of ['j', 'Enter']) key(list, name);
    expect(open.mock.calls).toEqual([[1]]);
  });

  it('ticks with space or a click, opens with Enter alone, and says what is ticked', () => {
    const ticked = new Set<number>();
    const toggle = (place: number): void => void (ticked.has(place) ? ticked.delete(place) : ticked.add(place));
    const ticks = { has: (place: number) => ticked.has(place), toggle };
    const { list, open } = listOf(() => true, false, { ticks });
    for (const name of ['j', ' ', 'j', ' ', ' ']) key(list, name);
    expect([...ticked]).toEqual([1]);
    list.querySelector<HTMLElement>('[aria-rowindex="6"]')!.click();
    expect([...ticked]).toEqual([1, 4]);
    expect(document.activeElement).toBe(list.querySelector('[role=grid]'));
    expect(open).not.toHaveBeenCalled();
    const selected = [...list.querySelectorAll('.rows-body [aria-selected=true]')];
    expect(selected.map((row) => row.getAttribute('aria-rowindex'))).toEqual(['3', '6']);
    expect(list.querySelector('[role=grid]')!.getAttribute('aria-multiselectable')).toBe('true');
    key(list, 'Enter');
    expect(open.mock.calls).toEqual([[4]]);
  });

  it('opens a row that is not loaded yet once it is', () => {
    let loaded = false;
    const { list, open, again } = listOf(() => loaded, false);
    for (const name of ['End', 'Enter']) key(list, name);
    expect(open).not.toHaveBeenCalled();
    loaded = true;
    again();
    again();
    expect(open.mock.calls).toEqual([[49]]);
  });

  /** A list of names, of which the one that is opened is selected. */
  function namedList() {
    const { list } = listOf(() => true, false);
    const shown = { names: 'abcdefgh', list: '', open: 'b', follows: true };
    const opened: string[] = [];
    const draw = (change: Partial<typeof shown> = {}): void => {
      Object.assign(shown, change);
      const { names, open, ...parts } = shown;
      const place = names.indexOf(open);
      list.rows = {
        ...{ label: 'l', total: names.length, columns: '1fr', header: html``, ...parts },
        selected: place < 0 ? null : { place, key: open },
        row: (at) => (names[at] === '.' ? null : html`<span role="gridcell"></span>`),
        open: (at) => {
          opened.push(names[at]!);
          draw({ open: names[at]! });
        },
      };
    };
    draw();
    return { draw, opened, key: (name: string) => key(list, name) };
  }

  it.each([
    ['sorted otherwise', { list: 'down', names: 'hgfedcba' }, 'b'],
    ['longer at the top', { names: 'xyzabcdefgh' }, 'd'],
  ])('goes on from the row that is open when it is %s', (_, change, next) => {
    const { draw, opened, key: press } = namedList();
    for (const name of ['j', 'Enter']) press(name);
    draw(change);
    for (const name of ['j', 'Enter']) press(name);
    expect(opened).toEqual(['c', next]);
  });

  it('opens nothing of another list in the place of a row that was to be opened', () => {
    const { draw, opened, key: press } = namedList();
    draw({ names: 'ab......', follows: false });
    press('End');
    press('Enter');
    draw({ list: 'down', names: 'hgfedcba' });
    expect(opened).toEqual([]);
  });

  it('opens nothing of another list where the cursor rested', () => {
    vi.useFakeTimers();
    try {
      const { draw, opened, key: press } = namedList();
      press('j');
      draw({ list: 'down', names: 'hgfedcba' });
      vi.runAllTimers();
      expect(opened).toEqual([]);
    } finally {
      vi.useRealTimers();
    }
  });
});
