import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { hashOfSource } from '../../../src/editor/sourceHashes.ts';
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
