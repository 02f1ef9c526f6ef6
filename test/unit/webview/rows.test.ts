// @vitest-environment jsdom
import { html, render } from 'lit';
import { describe, expect, it, vi } from 'vitest';
import type { ExampleRow } from '../../../src/viewProtocol/examples.ts';
import { confused, rowsOfCell } from '../../../webview/confusionView.ts';
import { marks, rowMap } from '../../../webview/rowMap.ts';
import { linkedParts, linkedText } from '../../../webview/sourceLinks.ts';

describe('the places that an error names', () => {
  it.each([
    ['boom (metric.py:33)', 'metric.py', 33],
    ['at run (/w/src/my-program.ts:7:12)', '/w/src/my-program.ts', 7],
    ['File "/w/my triage.py", line 5, in forward', '/w/my triage.py', 5],
    ['C:\\w\\metric.py:2', 'C:\\w\\metric.py', 2],
  ])('are found in %j', (text, file, line) => {
    const parts = linkedParts(text);
    expect(parts.filter((part) => typeof part !== 'string')).toMatchObject([{ file, line }]);
    expect(parts.map((part) => (typeof part === 'string' ? part : part.text)).join('')).toBe(text);
  });

  it.each([
    ['boom (nb.ipynb, cell 5, line 3)', 'nb.ipynb', 5, 3],
    ['File "/w/my nb.ipynb, cell 5", line 3', '/w/my nb.ipynb', 5, 3],
    ['work/nb.ipynb, cell 12', 'work/nb.ipynb', 12, 1],
    ['app.py, cell 2, line 4: no', 'app.py', 2, 4],
  ])('are found in %j', (text, file, cell, line) => {
    const parts = linkedParts(text);
    expect(parts.filter((part) => typeof part !== 'string')).toMatchObject([{ file, cell, line }]);
    expect(parts.map((part) => (typeof part === 'string' ? part : part.text)).join('')).toBe(text);
  });

  it.each(['nb.ipynb, cell 0', '12:30', 'http://host:8000/v1', 'a.py:0', 'file.txt:3', '<b>x.py</b>'])(
    'are none in %j',
    (text) => {
      expect(linkedParts(text)).toEqual([text]);
    },
  );

  it('open on a click, and the rest stays text', () => {
    const open = vi.fn();
    const root = document.createElement('p');
    render(linkedText('<img src=x> metric.py:33', open), root);
    expect(root.querySelector('img')).toBeNull();
    root.querySelector('button')!.click();
    expect(open).toHaveBeenCalledWith(expect.objectContaining({ file: 'metric.py', line: 33 }));
  });
});

describe('a long text without a place', () => {
  // Quadratic time would be minutes.
  it.each(['a', 'a.', 'a.ipynb', 'a.ipynb, cell ', 'a.py', '.py', 'a:', 'C:\\', 'File "', 'File "a", line '])(
    'of many %j is read at once',
    (part) => {
      const text = part.repeat(400_000 / part.length);
      expect(linkedParts(text)).toEqual([text]);
    },
  );

  it('is not read again when it is drawn again', () => {
    const read = vi.spyOn(String.prototype, 'matchAll');
    try {
      const root = document.createElement('p');
      for (const text of ['at a.py:3', 'at a.py:3', 'at b.py:3']) render(html`${linkedText(text, vi.fn())}`, root);
      expect(read).toHaveBeenCalledTimes(2);
      expect(root.textContent?.replace(/\s+/g, ' ').trim()).toBe('at b.py:3');
    } finally {
      read.mockRestore();
    }
  });
});

describe('the map of rows', () => {
  const row = (score: number | null, failed = false): ExampleRow => ({
    ...{ example: 0, preview: '', scores: [score], failed: [failed] },
  });

  it('has one mark for neighbours of one grade', () => {
    const rows = [row(1), row(1), row(0), row(0.4), row(1), row(0, true), row(null)];
    expect(marks(rows, 0, 1, 'right')).toBe('M0 0h2v1h-2zM4 0h1v1h-1z');
    expect(marks(rows, 0, 1, 'partly')).toMatch(/^M3 /);
    expect(marks(rows, 0, 1, 'wrong').match(/M/g)).toHaveLength(1);
    expect(marks(rows, 0, 1, 'failed')).toMatch(/^M5 /);
  });

  it('has words alone where a row had less than a pixel', () => {
    const many = (count: number) =>
      rowMap({
        columns: [
          { key: '', text: 'baseline', score: null },
          { key: 'p', text: 'p', score: null },
        ],
        rows: Array.from({ length: count }, (_, example) => ({ ...row(0), example, scores: [0, example % 2] })),
        ...{ from: 0, threshold: 1, open: null, show: vi.fn() },
      });
    const root = document.createElement('div');
    render(many(2000), root);
    expect(root.querySelectorAll('svg')).toHaveLength(2);
    render(many(2002), root);
    expect(root.querySelectorAll('svg')).toHaveLength(0);
    expect(root.textContent).toContain('fixed 1,001, broken 0 of 2,002 rows');
  });
});

describe('the table of labels and predictions', () => {
  const field = {
    field: 'queue',
    values: ['a', 'b', 'A.'],
    rows: [
      [0, 0, 0],
      [1, 1, 2],
      [2, 0, 0],
      [3, 1, null],
      [4, 1, -1],
    ] as [number, number, number | null][],
  };

  it('counts them, with a column for what is no label only where there is such', () => {
    const { labels, predicted, count } = confused(field);
    expect(labels).toEqual([0, 1]);
    expect(predicted).toEqual([0, 1, 2, -1, null]);
    expect([count(0, 0), count(1, 2), count(1, null), count(0, 1)]).toEqual([2, 1, 1, 0]);
    expect(confused({ ...field, rows: field.rows.slice(0, 1) }).predicted).toEqual([0]);
  });

  it('gives the rows of a cell', () => {
    expect(rowsOfCell([field], { field: 'queue', label: 0, predicted: 0 })).toEqual(new Set([0, 2]));
    expect(rowsOfCell([field], { field: 'queue', label: 1, predicted: null })).toEqual(new Set([3]));
    expect(rowsOfCell([field], { field: 'gone', label: 0, predicted: 0 })).toBeNull();
    expect(rowsOfCell([field], null)).toBeNull();
  });
});
