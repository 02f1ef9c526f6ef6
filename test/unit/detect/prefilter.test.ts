import { describe, expect, it } from 'vitest';
import { fileWords, importWords, mayHold } from '../../../src/detect/prefilter.ts';

const words = (text: string, language: 'python' | 'typescript') => importWords(Buffer.from(text), language);

describe('mayHold', () => {
  it('wants the framework or the parameters of a metric', () => {
    expect(mayHold(Buffer.from('import dspy'), 'python')).toBe(true);
    expect(mayHold(Buffer.from("from 'bettertogether'"), 'python')).toBe(false);
    expect(mayHold(Buffer.from('def m(gold, pred):'), 'python')).toBe(true);
    expect(mayHold(Buffer.from('def m(\n    a,\n    b,\n    trace=None,\n):'), 'python')).toBe(true);
    expect(mayHold(Buffer.from('def m(example: dict, prediction: dict) -> bool:'), 'python')).toBe(true);
    expect(mayHold(Buffer.from('import traceback\nprediction = model(x)'), 'python')).toBe(false);
    expect(mayHold(Buffer.from('(example: Row, prediction: Row) => true'), 'typescript')).toBe(true);
  });

  it('in TypeScript, or an export with the name of a data set', () => {
    const held = [
      'export const train: Row[] = [];',
      'export async function loadTestRows() {}',
      'export const [trainset, devset] = split(rows);',
      'export const { rows, dev } = split(rows);',
      'export { a, b as EXAMPLES };',
      'module.exports = { a, dataset };',
      'exports.validationData = rows;',
    ];
    expect(held.filter((text) => !mayHold(Buffer.from(text), 'typescript'))).toEqual([]);
    const others = [
      'const train = [];',
      "test('export const', () => train);",
      'export const trainer = [];',
      'export function testRunner() {}',
      'export { a, b as examplesOf };\nconst examples = 1;',
      "import { train } from './train';",
    ];
    expect(others.filter((text) => mayHold(Buffer.from(text), 'typescript'))).toEqual([]);
    expect(mayHold(Buffer.from(held[0]!), 'python')).toBe(false);
  });
});

describe('importWords', () => {
  it('Python: the names that are imported, and modules where all of a module is', () => {
    expect(
      words(
        'from a.b import (\n  C as D,\n  E,\n)\nimport f.g, h as i\nfrom .j import *\nfrom . import k  # l\n',
        'python',
      ),
    ).toEqual(['C', 'E', 'g', 'h', 'j', 'k']);
  });

  it('TypeScript: the files that are imported', () => {
    const text = `import { A } from './a.js';\nexport * from "../b";\nconst c = require('@/lib/c');\nimport fs from 'node:fs';\nimport d from '..';`;
    expect(words(text, 'typescript')).toEqual(['a', 'b', 'c', 'index']);
  });

  it('meet the words of the file that is meant', () => {
    expect(fileWords('app/core/__init__.py')).toContain('core');
    expect(fileWords('lib/index.ts')).toEqual(['index', 'lib']);
    expect(fileWords('base.py')).toEqual(['base']);
  });
});
