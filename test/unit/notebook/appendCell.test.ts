import { describe, expect, it } from 'vitest';
import { appendCell } from '../../../src/notebook/appendCell.ts';

const code = (source: string[]) => ({ cell_type: 'code', execution_count: 1, metadata: {}, outputs: [], source });
const notebook = (cells: object[], minor = 5, indent: number | string = 1) =>
  `${JSON.stringify({ cells, metadata: {}, nbformat: 4, nbformat_minor: minor }, null, indent)}\n`;
const load = "qa = QA()\nqa.load('qa.json')\n";
const cellsIn = (text: string) =>
  (JSON.parse(text.replace(/^\uFEFF/, '')) as { cells: { source: string[]; id?: string }[] }).cells;

describe('a cell that is put behind the others', () => {
  it('is a code cell like Jupyter writes it, and the rest stays as it is written', () => {
    const before = notebook([code(['1 + 1'])]).replace(
      '"metadata": {},\n "nbformat"',
      '"metadata": {"n": 1.0e3},\n "nbformat"',
    );
    const after = appendCell('a.ipynb', before, load);
    expect(cellsIn(after).at(-1)).toMatchObject({
      cell_type: 'code',
      execution_count: null,
      outputs: [],
      source: ['qa = QA()\n', "qa.load('qa.json')"],
    });
    expect(cellsIn(after).at(-1)!.id).toMatch(/^[0-9a-f]{8}$/);
    expect(after).toContain('{"n": 1.0e3}');
    expect(after.startsWith(before.slice(0, before.indexOf(' ],\n "metadata"') - 1))).toBe(true);
    expect(after).toContain('\n  {\n   "cell_type": "code",\n   "execution_count": null');
  });

  it('has no id before nbformat 4.5', () => {
    expect(cellsIn(appendCell('a.ipynb', notebook([], 4), load))[0]).not.toHaveProperty('id');
  });

  it('is not put there twice', () => {
    const once = appendCell('a.ipynb', notebook([code(['1'])]), load);
    expect(appendCell('a.ipynb', once, load)).toBe(once);
    expect(cellsIn(appendCell('a.ipynb', once, 'other')).map(({ id }) => id)).toHaveLength(3);
  });

  it('keeps line ends, tabs and a byte order mark', () => {
    const before = `\uFEFF${notebook([code(['1'])], 5, '\t').replaceAll('\n', '\r\n')}`;
    const after = appendCell('a.ipynb', before, load);
    expect(after.startsWith('\uFEFF')).toBe(true);
    expect(after.match(/(?<!\r)\n/g)).toBeNull();
    expect(after).toContain('\r\n\t\t\t"cell_type": "code",\r\n\t\t\t"execution_count": null');
  });

  it('is refused for nbformat 3, and for a notebook of another language', () => {
    const old = JSON.stringify({ nbformat: 3, worksheets: [{ cells: [] }], metadata: {} });
    expect(() => appendCell('old.ipynb', old, load)).toThrow(/old\.ipynb is in an old format/);
    const r = JSON.stringify({
      nbformat: 4,
      nbformat_minor: 5,
      cells: [],
      metadata: { kernelspec: { language: 'R' } },
    });
    expect(() => appendCell('r.ipynb', r, load)).toThrow(/notebook of R/);
  });
});
