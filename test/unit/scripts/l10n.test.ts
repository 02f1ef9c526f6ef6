/** The bundles of translations: all that the editor and its pages say, and nothing that they no longer say. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

type Bundle = Readonly<Record<string, unknown>>;

const script = new URL('../../../scripts/l10n.mjs', import.meta.url).href;
const { faults, readJson, sourceStrings, translations } = (await import(script)) as {
  faults(english: Bundle, translated: Bundle): unknown;
  readJson(file: string): Bundle;
  sourceStrings(): Promise<Bundle>;
  translations(): readonly { readonly language: string; readonly file: string; readonly english: string }[];
};
const root = join(import.meta.dirname, '../../..');

describe('translations', () => {
  it('are made of an English bundle that is what the sources say (npm run l10n)', async () => {
    expect(readJson(join(root, 'l10n/bundle.l10n.json'))).toEqual(await sourceStrings());
  });

  it('are there in German', () => {
    expect(translations().map(({ language }) => language)).toEqual(['de', 'de']);
  });

  it.each(translations())('are complete: $file', ({ file, english }) => {
    expect(faults(readJson(english), readJson(file))).toEqual({ missing: [], unknown: [], placeholders: [] });
  });

  it('tell what is missing, what is too much, and a placeholder that was lost', () => {
    const english = { 'a {0}': 'a {0}', b: 'b', 'c/why': { message: 'c', comment: ['why'] } };
    expect(faults(english, { 'a {0}': 'A', d: 'D', 'c/why': 'C' })).toEqual({
      missing: ['b'],
      unknown: ['d'],
      placeholders: ['a {0}'],
    });
  });
});
