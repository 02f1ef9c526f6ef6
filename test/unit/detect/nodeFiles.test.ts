import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDetector } from '../../../src/detect/detectFolder.ts';
import { isSource, listSources } from '../../../src/detect/nodeFiles.ts';

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'bettertogether-list-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(files: Readonly<Record<string, string>>): void {
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  }
}

describe('listSources', () => {
  it('lists sources alone, without other people’s and generated folders', async () => {
    write({
      'b.ts': '',
      'a/x.py': '',
      'a/readme.md': '',
      'a/types.d.ts': '',
      'node_modules/p/i.js': '',
      '.venv/lib/m.py': '',
      'a/venv/m.py': '',
      'a/__pycache__/m.py': '',
      '.bettertogether/runs/m.py': '',
      'dist/m.js': '',
      'out/m.js': '',
    });
    symlinkSync(root, join(root, 'loop'));
    expect(await listSources(root)).toEqual(['a/x.py', 'b.ts']);
  });

  it('obeys .gitignore files, the nearest one first', async () => {
    write({
      '.gitignore': 'build/\n*.gen.py\n/only.py\n',
      'build/a.py': '',
      'a.gen.py': '',
      'only.py': '',
      'in/only.py': '',
      'in/.gitignore': '!keep.gen.py\nlocal.py\n',
      'in/keep.gen.py': '',
      'in/other.gen.py': '',
      'in/local.py': '',
    });
    expect(await listSources(root)).toEqual(['in/keep.gen.py', 'in/only.py']);
  });

  it('agrees with isSource about every file', async () => {
    const files = ['a.py', 'in/b.ts', 'in/c.py', 'in/deep/d.py', 'out/e.js', 'in/venv/f.py', 'g.md', 'in/deep/h.d.ts'];
    write({
      ...Object.fromEntries(files.map((file) => [file, ''])),
      '.gitignore': 'c.py\n',
      'in/.gitignore': '/deep/\n',
    });
    const said = await Promise.all(files.map((file) => isSource(root, file)));
    expect(files.filter((_, i) => said[i])).toEqual(await listSources(root));
    expect(await listSources(root)).toEqual(['a.py', 'in/b.ts']);
  });

  it('keeps a changed file of an ignored folder out of the detector', async () => {
    write({
      'a.py': 'import dspy\na = dspy.Predict("a -> b")\n',
      'venv/b.py': 'import dspy\nb = dspy.Predict("a -> b")\n',
    });
    const detector = createDetector(root);
    await detector.scan();
    expect(await detector.update('venv/b.py')).toEqual([]);
    expect(detector.found().programs.map(({ name }) => name)).toEqual(['a']);
    write({ 'c.py': 'import dspy\nc = dspy.Predict("a -> b")\n' });
    expect(await detector.update('c.py')).toEqual(['c.py']);
  });

  it('is empty for a folder that is not there', async () => {
    expect(await listSources(join(root, 'nowhere'))).toEqual([]);
  });
});
