import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { createDetector } from '../../../src/detect/detectFolder.ts';
import type { Found } from '../../../src/detect/base/found.ts';
import { isModule, isPredictor } from '../../../src/program/brands.ts';
import { namedPredictors } from '../../../src/program/predictors.ts';
import * as inherits from '../../fixtures/detect/typescript/inherits.ts';
import * as base from '../../fixtures/detect/typescript/lib/base.ts';
import * as shapes from '../../fixtures/detect/typescript/shapes.ts';
import * as tops from '../../fixtures/detect/typescript/tops.ts';

const corpus = fileURLToPath(new URL('../../fixtures/detect/typescript', import.meta.url));
const modules: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'inherits.ts': inherits,
  'lib/base.ts': base,
  'shapes.ts': shapes,
  'tops.ts': tops,
};

type Constructor = new () => unknown;

/** Names of the predictors of everything exported, asked of the objects themselves. */
function really(): Record<string, readonly string[]> {
  const all: Record<string, readonly string[]> = {};
  for (const [file, module] of Object.entries(modules)) {
    for (const [name, value] of Object.entries(module)) {
      const key = `${file}#${name}`;
      if (isPredictor(value) || isModule(value)) all[key] = namedPredictors(value).map((each) => each.name);
      else if (typeof value === 'function' && isModule(value.prototype)) {
        all[key] = namedPredictors(new (value as Constructor)()).map((each) => each.name);
      }
    }
  }
  return all;
}

let found: Found;

beforeAll(async () => {
  const detector = createDetector(corpus);
  await detector.scan();
  found = detector.found();
});

describe('detection beside the SDK itself', () => {
  it('finds every exported program and predictor with the names that the objects have, in their order', () => {
    const said = found.programs
      .filter(({ file, name }) => file in modules && name in modules[file]!)
      .map(({ file, name, predictors }) => [`${file}#${name}`, predictors.map((each) => each.name)]);
    expect(Object.fromEntries(said)).toEqual(really());
    expect(said.length).toBeGreaterThanOrEqual(15);
  });

  it('finds only what is not exported besides', () => {
    const others = found.programs.filter(({ file, name }) => file in modules && !(name in modules[file]!));
    expect(others.map(({ file, name, runnable }) => [file, name, runnable])).toEqual([
      ['shapes.ts', 'Unexported', false],
    ]);
  });
});
