import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { hashOfSource, SourceHashes } from '../../../src/editor/sourceHashes.ts';
import { temporaryFolder } from '../run/folder.ts';

it('of a notebook is that of its code: running it changes nothing, another line does', async () => {
  const file = join(temporaryFolder(), 'qa.ipynb');
  const hash = (code: string, outputs: readonly unknown[], text: string) => {
    const cells = [
      { cell_type: 'markdown', source: text },
      { cell_type: 'code', source: code, outputs, execution_count: outputs.length },
    ];
    writeFileSync(file, JSON.stringify({ cells, metadata: {}, nbformat: 4 }));
    return hashOfSource(file);
  };
  const before = await hash('x = 1', [], 'a');
  expect(await hash('x = 1', [{ text: '1' }], 'b')).toBe(before);
  expect(await hash('x = 2', [], 'a')).not.toBe(before);
  writeFileSync(file, 'no notebook');
  expect(await hashOfSource(file)).toMatch(/^[0-9a-f]{64}$/);
});

it('compares notebooks by their own code, where a program host reported what it gathered of them', async () => {
  const folder = temporaryFolder();
  const [jupyter, marimo, plain] = ['qa.ipynb', 'app.py', 'plain.py'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  const cell = (source: string) =>
    writeFileSync(
      jupyter,
      JSON.stringify({ cells: [{ cell_type: 'code', source, outputs: [] }], metadata: {}, nbformat: 4 }),
    );
  cell('x = 1');
  writeFileSync(marimo, 'import marimo\n\napp = marimo.App()\n\n\n@app.cell\ndef _():\n    x = 1\n    return (x,)\n');
  writeFileSync(plain, 'x = 1\n');
  const hashes = new SourceHashes();
  const gathered = 'f'.repeat(64);
  const gone = join(folder, 'gone.ipynb');
  const before = await hashes.comparable({
    ...{ [jupyter]: gathered, [marimo]: gathered, [gone]: gathered },
    [plain]: (await hashes.of(plain))!,
  });
  expect(Object.keys(before)).toEqual([jupyter, marimo, plain]);
  expect(await hashes.differ(before)).toBe(false);
  cell('x = 2');
  expect(await hashes.differ(before)).toBe(true);
  expect(await hashes.comparable({ [plain]: gathered })).toEqual({ [plain]: gathered });
});
