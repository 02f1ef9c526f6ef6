/** Data sets in TypeScript: what is marked in the corpus, what the objects are, and what detection says. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { createDetector } from '../../../src/detect/detectFolder.ts';
import type { Found } from '../../../src/detect/base/found.ts';
import { toJson } from '../../../src/program/values/toJson.ts';
import { isPredictor } from '../../../src/program/brands.ts';
import * as beside from '../../fixtures/detect/typescript/data/beside.ts';
import * as rows from '../../fixtures/detect/typescript/data/rows.ts';

const corpus = fileURLToPath(new URL('../../fixtures/detect/typescript', import.meta.url));
const modules: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'data/beside.ts': beside,
  'data/rows.ts': rows,
};
/** Rows whose name says nothing, in a file that does not name the SDK. */
const leftOut = new Set(['data/rows.ts#quiz']);

/** `file:line name` of each name after `// data:`. */
function marked(): readonly string[] {
  const files = readdirSync(corpus, { recursive: true, encoding: 'utf8' }).filter((file) => /\.[cm]?[jt]s$/.test(file));
  return files.flatMap((file) =>
    readFileSync(join(corpus, file), 'utf8')
      .split('\n')
      .flatMap((line, i) => {
        const names = /\/\/ data: (.+)$/.exec(line)?.[1]?.split(', ') ?? [];
        return names.map((name) => `${file}:${i + 1} ${name}`);
      }),
  );
}

/** What the program host would get: whether it is rows. */
async function isRows(exported: unknown): Promise<boolean> {
  if (typeof exported === 'function' && (exported.length > 0 || isPredictor(exported))) return false;
  const made: unknown = await (typeof exported === 'function' ? (exported as () => unknown)() : exported);
  if (!Array.isArray(made) || made.length === 0) return false;
  return made.every((row: unknown) => {
    try {
      return typeof row === 'object' && row !== null && toJson(row, 'row') !== undefined;
    } catch {
      return false;
    }
  });
}

let found: Found;

beforeAll(async () => {
  const detector = createDetector(corpus);
  await detector.scan();
  found = detector.found();
});

describe('data sets in TypeScript', () => {
  it('finds all that are marked and nothing else', () => {
    const really = new Set(marked());
    const said = new Set(found.datasets.map(({ file, line, name }) => `${file}:${line} ${name}`));
    const right = [...said].filter((each) => really.has(each));
    console.log(`data sets: recall ${right.length}/${really.size}, precision ${right.length}/${said.size}`);
    expect([...said].sort()).toEqual([...really].sort());
    expect(really.size).toBe(17);
  });

  it('marks are right: whoever loads a name gets rows, and of no other', async () => {
    const names = new Set(marked().map((each) => each.replace(/:\d+ /, '#')));
    for (const [file, module] of Object.entries(modules)) {
      for (const [name, exported] of Object.entries(module)) {
        const key = `${file}#${name}`;
        if (!leftOut.has(key)) expect([key, await isRows(exported)]).toEqual([key, names.has(key)]);
      }
    }
  });
});
