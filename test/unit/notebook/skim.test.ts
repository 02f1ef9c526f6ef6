import { describe, expect, it } from 'vitest';
import { NotebookSkim } from '../../../src/notebook/skim.ts';

function skimmed(text: string, piece = text.length, most = 1_000_000): string {
  const skim = new NotebookSkim(most);
  const bytes = Buffer.from(text);
  const reused = Buffer.alloc(piece);
  for (let at = 0; at < bytes.length; at += piece) {
    const length = bytes.copy(reused, 0, at, Math.min(at + piece, bytes.length));
    skim.push(reused.subarray(0, length));
  }
  return skim.end().toString('utf8');
}

const odd = {
  cells: [
    {
      cell_type: 'markdown',
      attachments: { 'a.png': { 'image/png': 'iVBORw0KGgo=' } },
      source: ['A "quoted" \\ title: "outputs": [1]\n', '\\'],
    },
    {
      cell_type: 'code',
      execution_count: 1,
      outputs: [{ 'text/html': '<a href=\\"x\\">}]</a>', nested: [[{ outputs: [1, 2] }]] }, 'ends in \\', 3.5e-7],
      source: ['x = "outputs"\n', 'y = {"outputs": 1} # 日本語 🙂'],
      metadata: { outputs: 'text', tags: [] },
    },
  ],
  metadata: { widgets: { state: { a: { b: [] } } }, language_info: { name: 'python' } },
  nbformat: 4,
};

describe('a notebook without what its cells put out', () => {
  const without = {
    ...odd,
    cells: [
      { ...odd.cells[0], attachments: null },
      { ...odd.cells[1], outputs: null, metadata: { outputs: null, tags: [] } },
    ],
    metadata: { ...odd.metadata, widgets: null },
  };

  it.each([1, 2, 3, 7, 64, 100_000])('keeps all else as it is, read in pieces of %d bytes', (piece) => {
    for (const space of [undefined, 1, '\t']) {
      expect(JSON.parse(skimmed(JSON.stringify(odd, null, space), piece))).toEqual(without);
    }
    expect(JSON.parse(skimmed(JSON.stringify(odd, null, 1).replaceAll('\n', '\r\n'), piece))).toEqual(without);
  });

  it('leaves the bytes of what it keeps alone, also of what is no JSON', () => {
    for (const text of ['', '[]', '{"cells": [', 'not json "', '{"a" : "\\\\\\""}', '\uFEFF{}']) {
      expect(skimmed(text, 1)).toBe(text);
    }
    expect(skimmed('{"outputs": [{"a": 1}', 2)).toBe('{"outputs":null');
    expect(() => JSON.parse(skimmed(JSON.stringify(odd).slice(0, -40)))).toThrow(SyntaxError);
  });

  it('reads no further than is kept', () => {
    const skim = new NotebookSkim(10);
    for (let i = 0; i < 5; i++) skim.push(Buffer.from('"source" '));
    expect(skim.isFull).toBe(true);
    expect(skim.end().length).toBeLessThan(30);
  });
});
