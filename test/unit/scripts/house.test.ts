/** What ARCHITECTURE.md says of whole folders, and no single import shows. */
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { House, Import } from '../../../scripts/house/imports.ts';
import { circles, folderIn, houseAt, importsOf, pythonHouseAt, roomIn } from '../../../scripts/house/imports.ts';

const src = fileURLToPath(new URL('../../../src', import.meta.url));

/** Files that would do without VS Code: they import neither it nor a value of a file that belongs to it. */
function strangers(house: House): readonly string[] {
  const belongs = ({ from, typeOnly }: Import): boolean => from === 'vscode' || (!typeOnly && house.has(from));
  return [...house].filter(([, imports]) => !imports.some(belongs)).map(([file]) => file);
}

describe('the house', () => {
  it('has nothing in src/vscode that would do without VS Code', () => {
    const folder = join(src, 'vscode');
    expect(strangers(houseAt(folder)).map((file) => relative(folder, file))).toEqual([]);
  });

  it('has no circle among folders or files of src, types included', { timeout: 60_000 }, () => {
    const house = houseAt(src);
    expect(circles(house, roomIn(src))).toEqual([]);
    expect(circles(house, (file) => relative(src, file))).toEqual([]);
  });

  it.each(['python/host', 'python/trainer'])('has no circle in %s, late imports included', (folder) => {
    expect(circles(pythonHouseAt(join(src, '..', folder)), (file) => file)).toEqual([]);
  });
});

/** Documents that a text names in capitals (`ARCHITECTURE.md`, `DESIGN section 4`), and files of docs by path. */
function documentsIn(text: string): readonly string[] {
  const named = [...text.matchAll(/\b([A-Z]{4,}\.md|docs\/[\w./-]+\.md)\b/g)].map(([, name]) => name!);
  const cited = [...text.matchAll(/\b([A-Z]{4,}),? sections? \d/g)].map(([, name]) => `${name!}.md`);
  return [...new Set([...named, ...cited])];
}

describe('what comments cite', () => {
  it('is in the repository', () => {
    const root = fileURLToPath(new URL('../../..', import.meta.url));
    const code = ['src', 'webview', 'bench', 'scripts', 'python', 'test'].flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
        .filter((name) => /\.(ts|mjs|py)$/.test(name) && !name.includes('node_modules'))
        .map((name) => join(root, folder, name)),
    );
    const here = fileURLToPath(import.meta.url);
    const missing = code
      .filter((file) => file !== here)
      .flatMap((file) => documentsIn(readFileSync(file, 'utf8')).map((name) => ({ file: relative(root, file), name })))
      .filter(({ name }) => !existsSync(join(root, name)));
    expect(missing).toEqual([]);
  });

  it('is seen, by file and by section', () => {
    expect(documentsIn('see DESIGN section 4, SECURITY.md and docs/dspy.md')).toEqual([
      ...['SECURITY.md', 'docs/dspy.md', 'DESIGN.md'],
    ]);
  });
});

describe('the look at the house', () => {
  it('sees circles of Python modules, also through an import inside a function', () => {
    const folder = mkdtempSync(join(tmpdir(), 'house-'));
    writeFileSync(join(folder, 'a.py'), 'from . import (\n    b as other,\n)\n');
    writeFileSync(join(folder, 'b.py'), 'def late():\n    from .c import thing\n');
    writeFileSync(join(folder, 'c.py'), 'from .a import other, one as two\n');
    writeFileSync(join(folder, 'd.py'), 'from .a import other\nimport c\n');
    const found = circles(pythonHouseAt(folder), (file) => relative(folder, file));
    rmSync(folder, { recursive: true });
    expect(found).toEqual(['a.py and b.py', 'a.py and c.py', 'b.py and c.py']);
  });

  const house = (files: Readonly<Record<string, string>>): House =>
    new Map(Object.entries(files).map(([name, text]) => [resolve('/', name), importsOf(resolve('/', name), text)]));

  it('sees who would do without VS Code, also where a type comes from one who would not', () => {
    const files = {
      'a.ts': "import type * as vscode from 'vscode';",
      'b.ts': "import { a } from './a.ts';",
      'c.ts': "import type { A } from './a.ts';",
      'd.ts': 'export const d = 1;',
      'e.ts': "import { type A } from './a.ts';",
    };
    expect(strangers(house(files))).toEqual([resolve('/c.ts'), resolve('/d.ts'), resolve('/e.ts')]);
  });

  it('sees circles that only types close, over any number of folders, and those with the files beside them', () => {
    const long = {
      'a/a.ts': "import { b } from '../b/b.ts';",
      'b/b.ts': "export * from '../c/c.ts';",
      'c/c.ts': "export type A = import('../a/a.ts').A;",
    };
    expect(circles(house(long), folderIn(resolve('/')))).toEqual(['a and b', 'a and c', 'b and c']);
    const beside = { 'root.ts': "void import('./a/a.ts');", 'a/a.ts': "import type { R } from '../root.ts';" };
    expect(circles(house(beside), folderIn(resolve('/')))).toEqual(['. and a']);
    expect(circles(house(beside), (file) => relative(resolve('/'), file))).toEqual([
      `${join('a', 'a.ts')} and root.ts`,
    ]);
    const oneWay = { 'root.ts': "import './a/a.ts';", 'a/a.ts': "import '../b/b.ts';", 'b/b.ts': '' };
    expect(circles(house(oneWay), folderIn(resolve('/')))).toEqual([]);
  });
});
